// A page that shows how an attempt ended asks now and then whether staff let it go on, but only while somebody looks at it.
import * as api from "./api.js";

const EVERY = 60000;
const SOON = 3000;

// Thousands who finished together do not ask together.
const pause = (wait) => new Promise((resolve) => { setTimeout(resolve, wait * (0.8 + Math.random() * 0.4)); });

const hidden = () => document.visibilityState === "hidden";
const shown = () => new Promise((resolve) => { document.addEventListener("visibilitychange", resolve, { once: true }); });

/** Resolves when the attempt runs again; never, when it does not or when the session has ended. */
export async function reopened(attempt) {
  for (let wait = EVERY; ;) {
    await pause(wait);
    while (hidden()) {
      await shown();
      // Who comes back to the page after a while hears of it soon.
      await pause(SOON);
    }
    wait = EVERY;
    try {
      const { state } = await api.contact(attempt);
      if (state === "in_progress") return;
    } catch (error) {
      if (!api.passing(error)) return new Promise(() => {});
      wait = Math.max(EVERY, error.waitMs ?? 0);
    }
  }
}

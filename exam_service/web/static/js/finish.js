// The end of an attempt: handing in, with what is still open in plain sight, and the moment when time is up.
import * as api from "./api.js";
import { dialog } from "./dialogs.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./texts.js";
import { minutes } from "./time.js";
import { notice, sentence } from "./trouble.js";

const OVER = ["deadline-passed", "attempt-ended", "attempt-voided"];
const AT_THE_END = 4000; // between tries while what waits could still be accepted; what the service asks for is longer
const PATIENT = 15000;
const TRIES_AT_THE_END = 40;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Ask before handing in. `done()` is called when the attempt has ended; `moved()` when another device has it; `queue()` when it must wait for a connection. */
export function submitDialog({ attempt, runner, outbox, left, look, done, moved, queue }) {
  if (document.querySelector("dialog.submit")) return;
  const message = h("div", { "aria-live": "assertive" });
  const jump = (item) => h("button", { type: "button", class: "cell", "aria-label": t("attempt.question", { number: runner.number(item) }), onclick: () => { close(); runner.go(item); } }, String(runner.number(item)));
  const group = (key, items, kind) => items.length ? h("div", { class: `summary-group ${kind}` }, h("h3", {}, t(key), " ", h("span", { class: "quiet" }, t("common.questions", { n: items.length }))), h("div", { class: "cells" }, items.map(jump))) : null;
  const summary = h("div", { class: "summary" });
  const draw = () => {
    const { unanswered, flagged } = runner.lists();
    const fact = (key, n, kind) => h("div", { class: `fact ${kind}` }, h("dt", {}, t(key)), h("dd", { class: "numbers" }, String(n)));
    fill(summary,
      h("dl", { class: "facts" },
        fact("attempt.submit_answered", runner.answered, "good"),
        fact("attempt.submit_unanswered", unanswered.length, unanswered.length ? "warn" : ""),
        fact("attempt.submit_flagged", flagged.length, flagged.length ? "now" : ""),
        fact("attempt.submit_unsaved", outbox.unsaved, outbox.unsaved ? "bad" : "")),
      unanswered.length ? group("attempt.submit_unanswered", unanswered, "open") : h("p", { class: "notice good" }, icon("check"), h("span", {}, t("attempt.submit_all_answered"))),
      group("attempt.submit_flagged", flagged, "flagged"));
  };
  const hand = async (button, without) => {
    await sure;
    const going = (await outbox.flush()) || without;
    draw();
    if (outbox.stopped === "moved") return close(), moved();
    if (["ended", "voided"].includes(outbox.stopped)) return done();
    if (!going && outbox.state.reason !== "rejected") return close(), queue();
    if (!going) {
      fill(message, h("div", { class: "notice bad" }, icon("alert"), h("div", {}, h("p", {}, t("attempt.submit_blocked", { n: outbox.unsaved })),
        h("button", { type: "button", class: "button", "data-action": "submit-without", onclick: () => hand(button, true) }, t("attempt.submit_without")))));
      return;
    }
    fill(message, h("p", { class: "notice" }, icon("sync"), h("span", {}, t("attempt.submit_sending"))));
    const error = await handIn(attempt, outbox, 3);
    if (error === null) return done();
    if (error.code === "moved-to-other-device") return close(), moved();
    if (api.passing(error) || error.status === 401) return close(), queue();
    fill(message, notice(error));
  };
  const seconds = left();
  const { close } = dialog({
    title: t("attempt.submit_title"), kind: "submit",
    content: [summary, h("p", {}, t("attempt.submit_what")),
      seconds ? h("p", { class: "quiet" }, t("attempt.submit_time", { span: seconds < 60 ? t("common.seconds", { n: Math.floor(seconds) }) : minutes(Math.floor(seconds / 60)) })) : null, message],
    actions: [
      { label: t("attempt.submit_back"), name: "back" },
      { label: t("attempt.submit"), primary: true, icon: icon("send"), name: "confirm", act: async (button) => { await hand(button, false); return false; } },
    ],
  });
  draw();
  // Whether the service still has all that it acknowledged is known before it is handed in.
  const sure = look().then(draw);
  if (outbox.unsaved) {
    fill(message, h("p", { class: "notice" }, icon("sync"), h("span", {}, t("attempt.submit_saving"))));
    outbox.flush().then(() => { draw(); fill(message); });
  }
}

/**
 * Deliver what waits, hand in, and go on trying until the attempt is known to be over: when time is up, and when handing in was `asked` for
 * without a connection. `look()` asks how the attempt stands; `resume()` goes on with it, after a change of mind or when time was given.
 */
export async function handingIn({ attempt, outbox, asked, left, look, resume, done, moved }) {
  const words = h("p", {}, t(asked ? "attempt.queued_text" : "attempt.time_up_sending"));
  const unsaved = h("p", { class: "quiet" });
  let [wake, stopped, told] = [() => {}, false, 0];
  const again = { label: t("attempt.trouble_now"), name: "again", primary: true, icon: icon("sync"), act: () => { wake(); return false; } };
  const back = { label: t("attempt.submit_back"), name: "back", act: () => { stopped = true; outbox.hurry(null); wake(); resume(); } };
  const { element, close } = dialog({
    title: t(asked ? "attempt.queued_title" : "attempt.time_up_title"), kind: `handing ${asked ? "asked" : "time-up"}`, fixed: true,
    mark: h("div", { class: "mark warn" }, icon(asked ? "send" : "clock")),
    content: [h("div", { "aria-live": "polite" }, words, unsaved)], actions: asked ? [back, again] : [again],
  });
  const online = () => wake();
  addEventListener("online", online);
  const step = async () => {
    told = 0;
    await outbox.flush();
    if (stopped) return;
    if (outbox.stopped === "moved") return moved;
    if (["ended", "voided"].includes(outbox.stopped)) return done;
    unsaved.textContent = outbox.unsaved ? t("attempt.time_up_unsaved", { n: outbox.unsaved }) : "";
    const inTime = left() === null || left() > 0;
    element.querySelector("[data-action=back]")?.toggleAttribute("hidden", !inTime);
    // While an answer that could still count waits for the network, handing in would only shut it out.
    if (outbox.trouble) {
      const { reason } = outbox.trouble;
      words.textContent = t(["signed-out", "unknown"].includes(reason) ? `attempt.trouble_${reason}` : !asked ? "attempt.time_up_offline" : inTime ? "attempt.queued_text" : "attempt.queued_late");
      return;
    }
    const known = outbox.unsaved;
    const view = await look();
    if (!asked && view?.state === "in_progress" && (view.seconds_left === null || view.seconds_left > 0)) return resume;
    // The service has less than it acknowledged: that goes first.
    if (outbox.unsaved > known) return;
    const error = await handIn(attempt, outbox, 1);
    if (error === null) return done;
    if (error.code === "moved-to-other-device") return moved;
    if (error.waitMs) told = error.waitMs + Math.random() * 1000;
    words.textContent = error instanceof api.Unreachable ? t(asked && inTime ? "attempt.queued_text" : "attempt.time_up_offline") : sentence(error);
  };
  for (let n = 0; !stopped; n += 1) {
    const longest = n < TRIES_AT_THE_END ? AT_THE_END : PATIENT;
    outbox.hurry(longest);
    const next = await step();
    if (next) {
      close();
      outbox.hurry(null);
      removeEventListener("online", online);
      return next();
    }
    const pause = Math.max(Math.min(longest, 1000 * 2 ** n) * (0.5 + Math.random() / 2), outbox.state.waitMs ?? 0, told);
    if (!stopped) await Promise.race([sleep(pause), new Promise((resolve) => { wake = resolve; })]);
  }
  removeEventListener("online", online);
}

// Null when the attempt is over, by this call or before it; else the error.
async function handIn(attempt, outbox, tries) {
  for (let n = 1; ; n += 1) {
    try {
      await api.submit(attempt, outbox.epoch);
      return null;
    } catch (error) {
      if (error.code === "attempt-voided") outbox.stop("voided");
      if (OVER.includes(error.code)) return null;
      if (n >= tries || !api.passing(error)) return error;
    }
    await sleep(800 * 2 ** n);
  }
}

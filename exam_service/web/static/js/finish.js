// The end of an attempt: handing in, with what is still open in plain sight, and the moment when time is up.
import * as api from "./api.js";
import { dialog } from "./dialogs.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./texts.js";
import { minutes } from "./time.js";
import { notice, sentence } from "./trouble.js";

const OVER = ["deadline-passed", "attempt-ended", "attempt-voided"];
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Ask before handing in. `done()` is called when the attempt has ended; `moved()` when another device has it. */
export function submitDialog({ attempt, runner, outbox, left, done, moved }) {
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
    const going = (await outbox.flush()) || without;
    draw();
    if (outbox.stopped === "moved") return close(), moved();
    if (outbox.stopped === "ended") return done();
    if (!going) {
      fill(message, h("div", { class: "notice bad" }, icon("alert"), h("div", {}, h("p", {}, t("attempt.submit_blocked", { n: outbox.unsaved })),
        outbox.state.reason === "rejected" ? h("button", { type: "button", class: "button", "data-action": "submit-without", onclick: () => hand(button, true) }, t("attempt.submit_without")) : null)));
      return;
    }
    fill(message, h("p", { class: "notice" }, icon("sync"), h("span", {}, t("attempt.submit_sending"))));
    const error = await handIn(attempt, outbox.epoch, 3);
    if (error === null) return done();
    if (error.code === "moved-to-other-device") return close(), moved();
    fill(message, api.passing(error) ? h("div", { class: "notice bad" }, icon("alert"), h("div", {}, t("attempt.submit_failed"))) : notice(error));
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
  if (outbox.unsaved) {
    fill(message, h("p", { class: "notice" }, icon("sync"), h("span", {}, t("attempt.submit_saving"))));
    outbox.flush().then(() => { draw(); fill(message); });
  }
}

/** Nothing is left: deliver what waits while the service still takes it, hand in, and go on trying until it is known to be over. */
export async function timeUp({ attempt, outbox, done, moved }) {
  const words = h("p", {}, t("attempt.time_up_sending"));
  const unsaved = h("p", { class: "quiet" });
  const { close } = dialog({ title: t("attempt.time_up_title"), kind: "time-up", content: [h("div", { "aria-live": "polite" }, words, unsaved)], actions: [], fixed: true });
  for (let n = 0; ; n += 1) {
    await outbox.flush();
    if (outbox.stopped === "moved") return close(), moved();
    unsaved.textContent = outbox.unsaved ? t("attempt.time_up_unsaved", { n: outbox.unsaved }) : "";
    // While an answer that could still count waits for the network, handing in would only shut it out.
    if (outbox.trouble) words.textContent = t(outbox.trouble.reason === "signed-out" ? "attempt.trouble_signed-out" : "attempt.time_up_offline");
    else {
      const error = await handIn(attempt, outbox.epoch, 1);
      if (error === null) return done();
      if (error.code === "moved-to-other-device") return close(), moved();
      words.textContent = error instanceof api.Unreachable ? t("attempt.time_up_offline") : sentence(error);
    }
    await sleep(Math.min(15000, 1000 * 2 ** n) * (0.5 + Math.random() / 2));
  }
}

// Null when the attempt is over, by this call or before it; else the error.
async function handIn(attempt, epoch, tries) {
  for (let n = 1; ; n += 1) {
    try {
      await api.submit(attempt, epoch);
      return null;
    } catch (error) {
      if (OVER.includes(error.code)) return null;
      if (n >= tries || !api.passing(error)) return error;
    }
    await sleep(800 * 2 ** n);
  }
}

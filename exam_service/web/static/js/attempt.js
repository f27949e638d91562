// The attempt page: enters the attempt, wires the screen to the outbox and the clock, and leaves when the attempt is over.
import * as api from "./api.js";
import { Countdown } from "./countdown.js";
import { dialog } from "./dialogs.js";
import { announce, app, h, page } from "./dom.js";
import { submitDialog, timeUp } from "./finish.js";
import { icon } from "./icons.js";
import { listenToKeys } from "./keyboard.js";
import { Memory, shortcuts, wayBack } from "./memory.js";
import { Outbox } from "./outbox.js";
import { Runner } from "./runner.js";
import { enter, restore, takeOver } from "./session.js";
import { t } from "./texts.js";
import { fail, sentence } from "./trouble.js";

const { attempt } = page();
const memory = new Memory(attempt);
let runner = null;
let outbox = null;
let ending = false;

const countdown = new Countdown({
  tick: (left) => runner?.tick(left),
  mark: (seconds) => { runner?.mark(seconds); resync(); },
  ended: () => runner && end(),
  stale: () => runner && !ending && resync(),
});

async function boot(openHere = false) {
  try {
    const { view, moved } = openHere ? { view: await takeOver(attempt, memory), moved: false } : await enter(attempt, memory);
    if (view.state !== "in_progress") return leave();
    if (moved) return showMoved(memory.unsent);
    run(view, await api.paper(attempt));
  } catch (error) {
    if (["attempt-ended", "deadline-passed", "attempt-voided"].includes(error.code)) return leave();
    fail(error, { retry: api.passing(error) ? () => location.reload() : null, returnUrl: wayBack.url });
  }
}

function run(view, paper) {
  const draft = restore(view, memory);
  outbox = new Outbox({
    epoch: view.epoch, draft,
    send: (body, { leaving }) => api.save(attempt, body, { keepalive: leaving }),
    keep: (kept) => memory.keepDraft(view.epoch, kept),
    tell: heard,
  });
  const waiting = outbox.waiting;
  const responses = new Map(Object.entries({ ...view.responses, ...waiting }));
  runner = new Runner({
    paper, responses, memory, outbox,
    on: { changed: (item, value) => outbox.put(item, value), moved: () => outbox.trouble || outbox.flush(), submit, help, again: () => outbox.flush() },
  });
  runner.thaw();
  countdown.sync(view.seconds_left);
  runner.tick(countdown.left);
  const count = Object.keys(waiting).length;
  if (count) outbox.flush().then((all) => all && announce(t("attempt.resent", { n: count })));
}

function heard(state, ack) {
  if (ack) countdown.sync(ack.seconds_left);
  runner?.saving.show(state);
  if (state.phase !== "stopped" || ending) return;
  if (state.reason === "moved") showMoved(state.unsaved);
  if (state.reason === "ended") leave();
  if (state.reason === "reopen") boot(true);
}

// Ask how much time is left: after a sleep, and when little seems to be.
async function resync() {
  try {
    const view = await api.attempt(attempt);
    if (view.state !== "in_progress") return end();
    if (outbox && view.epoch !== outbox.epoch) return outbox.stop("moved");
    countdown.sync(view.seconds_left);
  } catch (error) {
    if (!api.passing(error) && error.status !== 401) console.warn(sentence(error));
  }
}

async function end() {
  if (ending) return;
  ending = true;
  runner.freeze();
  document.querySelectorAll("dialog[open]").forEach((open) => open.close());
  // Staff may have given more time; the service knows.
  const view = await api.attempt(attempt).catch(() => null);
  if (view?.state === "in_progress" && view.seconds_left > 0) {
    ending = false;
    runner.thaw();
    return countdown.sync(view.seconds_left);
  }
  await timeUp({ attempt, outbox, done: leave, moved: () => { ending = false; showMoved(outbox.unsaved); } });
}

function submit() {
  submitDialog({ attempt, runner, outbox, left: () => countdown.left, done: leave, moved: () => showMoved(outbox.unsaved) });
}

function leave() {
  ending = true;
  countdown.stop();
  const late = memory.unsent;
  if (late) memory.late = late;
  outbox?.stop("ended");
  memory.clear();
  location.replace(`/exam/attempts/${attempt}/result`);
}

function showMoved(unsaved) {
  if (document.querySelector("dialog.moved")) return;
  runner?.freeze();
  document.querySelectorAll("dialog[open]").forEach((open) => open.close());
  dialog({
    title: t("attempt.moved_title"), kind: "moved full", fixed: true,
    mark: h("div", { class: "mark warn" }, icon("device")),
    content: [h("p", {}, t("attempt.moved_text")),
      unsaved ? h("p", { class: "notice warn" }, icon("alert"), h("span", {}, t("attempt.moved_unsaved", { n: unsaved }))) : null,
      h("p", { class: "quiet" }, t("attempt.moved_clock"))],
    actions: [
      { label: t("common.back_home"), act: () => { location.assign("/exam"); return false; } },
      { label: t("attempt.continue_here"), primary: true, icon: icon("arrow"), name: "continue", act: () => boot(true) },
    ],
  });
}

function help() {
  const key = (...keys) => h("dt", {}, keys.flatMap((one, n) => [n ? " " : "", h("kbd", {}, one)]));
  const box = h("input", { type: "checkbox", checked: shortcuts.on, onchange: () => { shortcuts.on = box.checked; } });
  const line = (name, words) => h("li", {}, icon(name), h("span", {}, t(words)));
  dialog({
    title: t("attempt.help_title"),
    content: [
      h("ul", { class: "list" }, line("cloud", "attempt.help_saving"), line("clock", "attempt.help_clock"), line("book", "attempt.help_language")),
      h("div", { class: "for-keys" }, h("h3", {}, t("attempt.help_keys")), h("dl", { class: "keys" },
        key("1", "2", "3", "…", "ก", "ข", "ค"), h("dd", {}, t("attempt.key_choice")), key("N", "→"), h("dd", {}, t("attempt.key_next")),
        key("P", "←"), h("dd", {}, t("attempt.key_previous")), key("F"), h("dd", {}, t("attempt.key_flag")), key("?"), h("dd", {}, t("attempt.key_help"))),
      h("label", { class: "check" }, box, h("span", {}, t("attempt.help_keys_on")))),
    ],
  });
}

listenToKeys({
  next: () => runner?.step(1), previous: () => runner?.step(-1), flag: () => runner?.pressFlag(), help, choose: (number) => runner?.choose(number),
});
addEventListener("online", () => outbox?.flush());
document.addEventListener("visibilitychange", () => outbox?.flush({ leaving: document.visibilityState === "hidden" }));
addEventListener("pagehide", () => outbox?.flush({ leaving: true }));
addEventListener("beforeunload", (event) => {
  if (outbox?.unsaved && !ending) event.preventDefault();
});
// A page that comes back out of the browser's cache has lost its lock and its clock.
addEventListener("pageshow", (event) => event.persisted && location.reload());

app().setAttribute("aria-busy", "true");
boot();

// The attempt page: enters the attempt, wires the screen to the outbox and the clock, and leaves when the attempt is over.
import * as api from "./api.js";
import { Contact } from "./contact.js";
import { Countdown } from "./countdown.js";
import { announce, app, page } from "./dom.js";
import { since } from "./evidence.js";
import { handingIn, submitDialog } from "./finish.js";
import { help } from "./help.js";
import { listenToKeys } from "./keyboard.js";
import { Memory } from "./memory.js";
import { Messages } from "./messages.js";
import { conflictDialog, movedDialog } from "./moved.js";
import { forgetPage, keepPage } from "./offline.js";
import { Outbox } from "./outbox.js";
import { fates, wayBack, who } from "./prefer.js";
import { Runner } from "./runner.js";
import { enter, forgotten, known, responsesOf, restore, takeOver } from "./session.js";
import { chosen, current, readIn, t } from "./texts.js";
import { fail } from "./trouble.js";

const OVER = ["attempt-ended", "deadline-passed", "attempt-voided"];

// The page that is kept for use without network was written for no attempt in particular.
const attempt = page().attempt ?? location.pathname.split("/")[3];
const person = who();
let [memory, runner, outbox, contact, messages, deadline] = [null, null, null, null, null, null];
let [ending, gone] = [false, false];

const countdown = new Countdown({
  tick: (left, sure) => runner?.tick(left, sure),
  mark: (seconds) => { runner?.mark(seconds); resync(); },
  ended: () => runner && end(),
  stale: () => runner && !ending && resync(),
});

async function boot(openHere = false) {
  try {
    memory ??= await Memory.open(person, attempt);
    // The kept page does not know what the launch said of the reader's language.
    if (!page().attempt && !chosen && memory.notes.language) readIn(memory.notes.language);
    const before = memory.epoch;
    // What waited while the attempt was voided begins a device session of its own: the old one's numbers were used for it meanwhile.
    const { view, moved, offline } = openHere || memory.notes.voided ? { view: await takeOver(attempt, memory) } : await enter(attempt, memory);
    if (view.state !== "in_progress") return over(view);
    // Handing in was asked for before another device went on; that order does not hold for what was done there.
    if (before !== null && view.epoch !== before) memory.note({ asked: false });
    if (moved) return showMoved();
    const paper = memory.paper ?? (await api.paper(attempt));
    if (!memory.paper) memory.keepPaper(paper);
    run(view, paper, offline ?? false);
    keepPage();
  } catch (error) {
    if (OVER.includes(error.code)) return over({ state: error.code === "attempt-voided" ? "voided" : "ended" });
    if (error.status === 404 && memory?.epoch && who() === person) await unknown();
    const kept = memory?.unsent.length;
    const more = kept ? t(error.status === 404 ? "attempt.unknown_count" : "attempt.kept_count", { n: kept }) : null;
    fail(error, { retry: api.passing(error) ? () => location.reload() : null, returnUrl: wayBack.url, more });
  }
}

function begin(view) {
  outbox?.stop("replaced");
  contact?.stop();
  const session = memory.sessions.get(view.epoch) ?? {};
  // Without an answer until now, the last one that the device remembers is what evidence starts from.
  api.link.heard ??= session.heard?.stamp ?? null;
  api.link.time ??= session.heard?.time ?? null;
  outbox = new Outbox({
    epoch: view.epoch, draft: restore(view, memory), sure: () => countdown.within,
    contactAgo: () => (api.link.heard ? since(api.link.heard).ms : null),
    send, keep: (draft) => (gone ? null : memory.keep(view.epoch, draft)), tell: (state, ack) => heard(state, ack),
  });
  contact = new Contact({ attempt, epoch: () => view.epoch, news: session.news ?? 0, acked: () => memory.sessions.get(view.epoch)?.acked ?? 0, told, unknown });
  return session;
}

function send(body, { leaving }) {
  // Somebody else has come in on this device since: what is written here is not theirs to send.
  if (who() !== person) return Promise.reject(new api.Refused(401, {}));
  return api.save(attempt, body, { keepalive: leaving });
}

function run(view, paper, offline) {
  memory.note({ voided: false, language: current() });
  const { conflicts = {}, news = 0 } = begin(view);
  const waiting = outbox.unsaved;
  messages ??= new Messages({ seen: memory.notes.seen, list: memory.notes.letters, note: (change) => memory.note(change) });
  runner = new Runner({
    paper, memory, outbox, messages, responses: new Map(Object.entries(responsesOf(view, memory))),
    on: { changed: (item, value) => outbox.put(item, value), moved: () => outbox.trouble || outbox.flush(), submit, help, again: () => outbox.flush() },
  });
  runner.thaw();
  deadline = view.deadline ?? null;
  countdown.sync(view.seconds_left, !offline);
  runner.tick(countdown.left, countdown.sure);
  if (!offline) remember({ base: view.responses, ...known(view), left: view.seconds_left, deadline });
  contact.heard();
  if (!offline && (view.news ?? news) > 0) contact.ask();
  if (Object.keys(conflicts).length) return decide(conflicts);
  if (memory.notes.asked) handIn();
  else if (waiting) outbox.flush().then((all) => all && announce(t("attempt.resent", { n: waiting })));
}

// Until it is decided, what is undecided stays kept, and nothing is handed in.
function decide(conflicts) {
  conflictDialog({
    conflicts, runner,
    decided: (mine) => {
      for (const [item, one] of mine) {
        outbox.putEarlier(item, one);
        runner.show(item, one.mine);
      }
      memory.keep(outbox.epoch, { conflicts: {} });
      if (memory.notes.asked) handIn();
    },
  });
}

const remember = (change) => !gone && memory.keep(outbox.epoch, { ...change, heard: { stamp: api.link.heard, time: api.link.time } });

function heard(state, ack) {
  if (ack) {
    settle(ack, ack.acknowledged);
    const { acked = 0, counted = 0 } = memory.sessions.get(outbox.epoch) ?? {};
    if (!ack.held && outbox.seq > counted) memory.keep(outbox.epoch, { acked: acked + 1 });
    contact.heard();
    contact.news(ack.news ?? 0);
  }
  if (state.reason === "unknown") unknown();
  runner?.saving.show(state);
  if (state.phase !== "stopped" || ending) return;
  if (state.reason === "moved") showMoved();
  if (["ended", "voided"].includes(state.reason)) leave();
  if (state.reason === "reopen") boot(true);
}

// What every answer tells: the time left, the end, and what the service has now.
function settle({ seconds_left: left, deadline: now, news }, acknowledged = {}) {
  countdown.sync(left);
  if (now && deadline && Math.abs(Date.parse(now) - Date.parse(deadline)) > 1000) messages?.deadline(deadline, now);
  deadline = now || deadline;
  const { base, ...session } = memory.sessions.get(outbox.epoch) ?? {};
  remember({ base: { ...base, ...acknowledged }, left: left ?? null, deadline, news: news ?? session.news ?? 0 });
}

async function told(answer, acked) {
  if (gone) return;
  messages?.show(answer.messages ?? []);
  if (answer.epoch === outbox.epoch && answer.saves < acked) await sendAgain();
  if (answer.state !== "in_progress") return ending || over(answer);
  settle(answer);
  if (!ending && answer.writes_here === false) outbox.stop("moved");
}

// The service does not have what it once acknowledged: it came back from a backup. Nothing of it may be shown as saved until it is.
async function sendAgain() {
  const view = await api.attempt(attempt);
  const { epoch } = outbox;
  if (view.epoch !== epoch) return;
  const lost = forgotten(view, memory.sessions.get(epoch));
  memory.keep(epoch, known(view));
  if (lost.length) outbox.putBack(lost);
}

// There is no such attempt, maybe as one that began after the backup: nothing of it is saved, whatever was acknowledged.
async function unknown() {
  const epoch = outbox?.epoch ?? memory.epoch;
  if (gone || who() !== person) return;
  const session = memory.sessions.get(epoch);
  const lost = forgotten({ saves: -1, responses: {} }, session);
  const kept = memory.keep(epoch, { acked: -1, base: {}, ...(outbox ? {} : { queue: [...lost, ...(session?.queue ?? [])] }) });
  if (lost.length) outbox?.putBack(lost);
  await kept;
}

const resync = async () => contact?.ask();

// Staff may have given more time; that is asked for while the page already says that time is up.
function end() {
  if (ending) return;
  ending = true;
  runner.freeze();
  closeDialogs();
  finish(false);
}

// Handing in was asked for without a connection; that is remembered, so that a reload goes on with it.
function handIn() {
  ending = true;
  runner.freeze();
  memory.note({ asked: true });
  finish(true);
}

const finish = (asked) => handingIn({ attempt, outbox, asked, left: () => countdown.left, look: resync, resume, done: leave, moved: () => { ending = false; showMoved(); } });

function resume() {
  ending = false;
  memory.note({ asked: false });
  runner?.thaw();
  // Time may have run out in between, or the service may have said that there is more.
  if (countdown.over && countdown.left === 0) end();
}

function submit() {
  submitDialog({ attempt, runner, outbox, left: () => countdown.left, look: resync, done: leave, moved: showMoved, queue: handIn });
}

// It ended without us. What this device still holds is delivered all the same: the exam's policy decides about it.
async function over(view) {
  if (gone) return;
  if (!memory.unsent.length) return leave(view);
  ending = true;
  if (!outbox) begin({ epoch: memory.epoch, saved_seq: 0, responses: {} });
  runner?.freeze();
  closeDialogs();
  if (view.state === "voided") {
    await outbox.flush();
    return leave(view);
  }
  handingIn({ attempt, outbox, asked: false, left: () => 0, look: resync, resume: () => location.reload(), done: leave, moved: leave });
}

async function leave(view) {
  if (gone) return;
  [ending, gone] = [true, true];
  countdown.stop();
  contact?.stop();
  outbox?.stop(outbox.stopped ?? "ended");
  const voided = view?.state === "voided" || outbox?.stopped === "voided";
  const count = (items) => new Set(items).size;
  const { refused = [], held = [], accepted = [] } = outbox?.fate ?? {};
  const lost = count(outbox ? outbox.items : memory.unsent.filter((item) => !memory.undecided.includes(item)));
  // Staff may undo the voiding, and then what was not sent is offered again.
  const kept = voided ? memory.unsent.length : 0;
  const undecided = count(memory.undecided);
  const fate = { refused: count(refused), held: count(held), accepted: count(accepted), lost, undecided, asked: memory.notes.asked };
  fates.set(attempt, kept ? { kept } : !voided && Object.values(fate).some(Boolean) ? fate : null);
  if (kept) await memory.note({ asked: false, voided: true });
  else if (await memory.clear()) await forgetPage();
  location.replace(`/exam/attempts/${attempt}/result`);
}

function showMoved() {
  if (document.querySelector("dialog.moved")) return;
  runner?.freeze();
  closeDialogs();
  movedDialog({ unsent: memory.unsent, paper: memory.paper, here: () => boot(true) });
}

const closeDialogs = () => document.querySelectorAll("dialog[open]").forEach((open) => open.close());

listenToKeys({
  next: () => runner?.step(1), previous: () => runner?.step(-1), flag: () => runner?.pressFlag(), help, choose: (number) => runner?.choose(number),
});
api.link.changed = () => {
  if (outbox) runner?.saving.show(outbox.state);
  if (!api.link.lost && !countdown.sure && !ending) resync();
};
// A school's network comes back for everybody at one moment.
addEventListener("online", () => setTimeout(() => { if (!gone) outbox?.flush().then(() => api.link.lost && resync()); }, Math.random() * 1500));
document.addEventListener("visibilitychange", () => outbox?.flush({ leaving: document.visibilityState === "hidden" }));
addEventListener("pagehide", () => outbox?.flush({ leaving: true }));
addEventListener("beforeunload", (event) => {
  if (outbox?.unsaved && !gone && (!ending || memory.kind === "page")) event.preventDefault();
});
// A page that comes back out of the browser's cache has lost its lock and its clock.
addEventListener("pageshow", (event) => event.persisted && location.reload());

app().setAttribute("aria-busy", "true");
boot();

// Decides whether this page goes on in the device session it had, or opens the attempt anew.
//
// A tab keeps its session in sessionStorage, so a reload goes on. A copied tab carries a copy of it: a lock tells the two apart, and the
// copy opens the attempt like another device would.
import * as api from "./api.js";

/** {view, moved}: the attempt, and whether another device writes now. */
export async function enter(attempt, memory) {
  const epoch = memory.epoch;
  if (epoch === null || !(await alone(attempt, epoch))) return { view: await takeOver(attempt, memory), moved: false };
  const view = await api.attempt(attempt);
  return { view, moved: view.epoch !== epoch && view.state === "in_progress" };
}

/** Open the attempt here; every other device is told at its next save. */
export async function takeOver(attempt, memory) {
  const view = await api.open(attempt);
  memory.epoch = view.epoch;
  await alone(attempt, view.epoch);
  return view;
}

/** What the outbox starts with: its own kept answers, over those that earlier sessions of this browser left. */
export function restore(view, memory) {
  const own = memory.draft(view.epoch);
  const changed = { ...memory.adoptDrafts(view.epoch), ...own?.changed };
  const draft = { seq: own?.flight ? own.flight.seq - 1 : view.saved_seq, flight: own?.flight ?? null, changed };
  memory.keepDraft(view.epoch, draft);
  return draft;
}

// Holds the lock of this session for as long as the page lives. Without locks (plain http) a page is never sure to be alone.
function alone(attempt, epoch) {
  if (!navigator.locks) return Promise.resolve(false);
  return new Promise((resolve) => {
    navigator.locks
      .request(`exam:${attempt}:${epoch}`, { ifAvailable: true }, (lock) => {
        resolve(lock !== null);
        return lock ? new Promise(() => {}) : null;
      })
      .catch(() => resolve(false));
  });
}

// Decides whether this page goes on in the device session that this browser had, or opens the attempt anew.
//
// A lock is held for as long as a page writes in a session: after a reload, a closed tab or a crash it is free again and the session goes on,
// with the same numbers. A second tab finds it taken, and opens the attempt like another device would.
import * as api from "./api.js";
import { since, stamp } from "./evidence.js";
import { batchesOf, same } from "./memory.js";

/** {view, moved, offline}: the attempt, whether another device writes now, and whether it is only what this device remembers. */
export async function enter(attempt, memory) {
  const { epoch } = memory;
  const free = epoch !== null && (await alone(attempt, epoch));
  try {
    if (!free) return { view: await takeOver(attempt, memory) };
    const view = await api.attempt(attempt);
    if (view.epoch === epoch) {
      const session = memory.sessions.get(epoch);
      const queue = [...forgotten(view, session), ...(session.queue ?? [])];
      await memory.keep(epoch, { queue, base: view.responses, ...known(view) });
    }
    return { view, moved: view.epoch !== epoch && view.state === "in_progress" };
  } catch (error) {
    if (!api.passing(error) || !memory.paper || !(free || (epoch !== null && !navigator.locks))) throw error;
    return { view: remembered(memory.sessions.get(epoch), epoch), offline: true };
  }
}

/** Open the attempt here; every other device is told at its next save. */
export async function takeOver(attempt, memory) {
  const view = await api.open(attempt);
  await alone(attempt, view.epoch);
  await memory.begin(view);
  return view;
}

/** What the outbox starts with. */
export function restore(view, memory) {
  const { seq = 0, flight = null, queue = [], rejected = [] } = memory.sessions.get(view.epoch) ?? {};
  return { seq: flight ? flight.seq - 1 : Math.max(seq, view.saved_seq), flight, queue, rejected };
}

/** The responses as the candidate gave them: what the service has, and over it what waits here. */
export function responsesOf(view, memory) {
  return Object.assign({}, view.responses, ...batchesOf(memory.sessions.get(view.epoch)).map((batch) => batch.responses));
}

/** What is compared later with what the service has: how many saves, and up to which number of ours they are among them. */
export const known = ({ saves = 0, saved_seq: counted = 0 }) => ({ acked: saves, counted });

/**
 * What the service had acknowledged and does not have any more, because a backup was restored: a batch that waits, or none. It goes with the time
 * of the last answer that this device had, before which all of it was given.
 * Of an attempt that is over nobody tells the responses, so it is everything; the exam's policy decides about it.
 */
export function forgotten(view, session) {
  const { acked = 0, base = {}, heard } = session ?? {};
  if (view.saves >= acked) return [];
  const newer = new Set(batchesOf(session).flatMap((batch) => Object.keys(batch.responses)));
  const responses = {};
  for (const item of new Set([...Object.keys(base), ...Object.keys(view.responses)])) {
    if (!newer.has(item) && !same(base[item], view.responses[item])) responses[item] = base[item] ?? null;
  }
  const last = heard?.stamp ?? stamp();
  return Object.keys(responses).length ? [{ responses, first: last, last, waited: true }] : [];
}

// The attempt as this device knew it last. The time that passed since is read on the wall clock, for want of a better one.
function remembered({ seq, base, left = null, deadline, heard }, epoch) {
  const passed = heard ? since(heard.stamp).ms / 1000 : 0;
  return {
    state: "in_progress", epoch, saved_seq: seq, responses: base ?? {}, deadline,
    seconds_left: left === null ? null : Math.max(0, left - passed),
  };
}

// Holds the lock of this session for as long as the page lives. Without locks (plain http) a page is never sure to be alone.
const held = new Set();
function alone(attempt, epoch) {
  const name = `exam:${attempt}:${epoch}`;
  if (held.has(name)) return Promise.resolve(true);
  if (!navigator.locks) return Promise.resolve(false);
  return new Promise((resolve) => {
    navigator.locks
      .request(name, { ifAvailable: true }, (lock) => {
        if (lock) held.add(name);
        resolve(lock !== null);
        return lock ? new Promise(() => {}) : null;
      })
      .catch(() => resolve(false));
  });
}

// What this device keeps of one person's attempt until the service has acknowledged it, and what it takes to open its page without network.
//
// Under `who/attempt/`: `paper`; `notes` {place, flags, seen, letters, language, asked, voided}; `epoch/N`, one for each device session of this browser:
// {seq, flight, queue, rejected, conflicts, base, acked, counted, left, deadline, heard}. `base` is what the service was known to have, `acked` how
// many saves, those of this session up to the number `counted` among them; `conflicts` are
// {item: {mine, theirs, first, last}} for the candidate to decide, and unsent until then.
import { Store } from "./store.js";

const OLD = 45 * 86400000;
/** Whether two responses are the same; none and null are. */
export const same = (a, b) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/** The responses that a device session holds unacknowledged, in the order in which they were given: [{responses, first, last}]. */
export function batchesOf(session) {
  const { flight, queue = [], rejected = [] } = session ?? {};
  const sent = flight ? [{ responses: JSON.parse(flight.responses), first: flight.last, last: flight.last }] : [];
  return [...sent, ...rejected, ...queue];
}

const itemsOf = (sessions) =>
  new Set(sessions.flatMap((session) => [...batchesOf(session).flatMap((batch) => Object.keys(batch.responses)), ...Object.keys(session.conflicts ?? {})]));

export class Memory {
  static async open(who, attempt) {
    const store = await Store.open();
    const memory = new Memory(store, who, attempt);
    const kept = await store.entries(memory.prefix);
    for (const [key, value] of Object.entries(kept)) memory.#take(key.slice(memory.prefix.length), value);
    return memory;
  }

  constructor(store, who, attempt) {
    this.store = store;
    this.prefix = `${who}/${attempt}/`;
    this.paper = null;
    this.notes = { place: null, flags: [], seen: [], asked: false };
    this.sessions = new Map();
  }

  /** "database", "storage", or "page" when closing the page would lose what is not saved. */
  get kind() { return this.store.kind; }

  /** The newest device session of this browser, or null. */
  get epoch() { return this.sessions.size ? Math.max(...this.sessions.keys()) : null; }

  /** The question shown last. */
  get place() { return this.notes.place; }
  set place(value) { this.note({ place: value }); }

  get flags() { return new Set(this.notes.flags); }
  set flags(value) { this.note({ flags: [...value] }); }

  note(change) {
    Object.assign(this.notes, change);
    return this.store.change({ [`${this.prefix}notes`]: this.notes });
  }

  keepPaper(paper) {
    this.paper = paper;
    return this.store.change({ [`${this.prefix}paper`]: paper });
  }

  /** Remember a change of a device session; resolves when it is kept. */
  keep(epoch, change) {
    const session = { ...this.sessions.get(epoch), ...change, kept: Date.now() };
    this.sessions.set(epoch, session);
    return this.store.change({ [`${this.prefix}epoch/${epoch}`]: session });
  }

  /** The items that this device holds unacknowledged. */
  get unsent() { return [...itemsOf([...this.sessions.values()])]; }

  /** The items for which the candidate has not decided yet which device's answer counts. */
  get undecided() { return [...this.sessions.values()].flatMap(({ conflicts = {} }) => Object.keys(conflicts)); }

  /**
   * Begin a device session that the service has opened, with what earlier ones of this browser left.
   *
   * Only what is newer than what the service has goes along: a response counts as newer where the service still has what this device
   * last knew it to have. Where another device has changed the item since, both are kept as a conflict for the candidate to decide.
   *
   * A session with this number or a higher one, or with more saves than the service has, is from before a backup was restored: what it knew acknowledged may be gone as well.
   */
  async begin(view) {
    const older = [...this.sessions].sort(([a], [b]) => a - b);
    const [queue, conflicts] = [[], {}];
    for (const [epoch, { conflicts: undecided = {}, ...session }] of older) {
      let { base = {} } = session;
      const lost = epoch >= view.epoch || (session.acked ?? 0) > view.saves;
      if (lost && session.heard) {
        session.queue = [{ responses: base, first: session.heard.stamp, last: session.heard.stamp }, ...(session.queue ?? [])];
        base = {};
      }
      for (const [item, one] of Object.entries(undecided)) {
        const has = view.responses[item];
        if (!same(has, one.mine)) conflicts[item] = { ...one, theirs: has ?? null };
      }
      for (const batch of batchesOf(session)) {
        const responses = {};
        // Receipts are numbered anew in each device session; of this one there is none yet.
        const [first, last] = [batch.first, batch.last].map((one) => ({ ...one, receipt: 0 }));
        for (const [item, value] of Object.entries(batch.responses)) {
          const has = view.responses[item];
          if (same(has, value)) delete conflicts[item];
          else if (same(has, base[item])) responses[item] = value;
          else conflicts[item] = { mine: value, theirs: has ?? null, first, last };
        }
        if (Object.keys(responses).length) queue.push({ responses, first, last, waited: true });
      }
    }
    const session = { seq: view.saved_seq, flight: null, queue, rejected: [], conflicts, base: view.responses, acked: view.saves, counted: view.saved_seq, kept: Date.now() };
    const gone = older.map(([epoch]) => epoch);
    for (const epoch of gone) this.sessions.delete(epoch);
    this.sessions.set(view.epoch, session);
    const dropped = gone.filter((epoch) => epoch !== view.epoch).map((epoch) => `${this.prefix}epoch/${epoch}`);
    await this.store.change({ [`${this.prefix}epoch/${view.epoch}`]: session }, dropped);
  }

  /** The attempt is over: nothing of it stays on this device. True when nothing else is kept here either. */
  async clear() {
    const kept = Object.keys(await this.store.entries());
    const mine = kept.filter((key) => key.startsWith(this.prefix));
    this.sessions.clear();
    await this.store.change({}, mine);
    return kept.length === mine.length;
  }

  #take(name, value) {
    if (name === "paper") this.paper = value;
    else if (name === "notes") Object.assign(this.notes, value);
    else this.sessions.set(Number(name.split("/")[1]), value);
  }
}

/**
 * {mine: [{attempt, unsent}], empty}: what a person has on this device, and whether nobody has anything. What was left for weeks is dropped,
 * but never what was not sent: the device's clock, by which the weeks are counted, may have been wrong then or now.
 */
export async function kept(who) {
  const store = await Store.open();
  const attempts = new Map();
  for (const [key, value] of Object.entries(await store.entries())) {
    const [owner, attempt, kind] = key.split("/");
    const prefix = `${owner}/${attempt}/`;
    const one = attempts.get(prefix) ?? { owner, attempt, keys: [], sessions: [] };
    attempts.set(prefix, one);
    one.keys.push(key);
    if (kind === "epoch") one.sessions.push(value);
  }
  const mine = [];
  for (const [prefix, { owner, attempt, keys, sessions }] of attempts) {
    const unsent = itemsOf(sessions).size;
    if (!unsent && sessions.some((session) => Date.now() - session.kept > OLD)) {
      await store.change({}, keys);
      attempts.delete(prefix);
    } else if (owner === who) mine.push({ attempt, unsent });
  }
  return { mine, empty: !attempts.size };
}

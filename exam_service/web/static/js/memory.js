// What this browser remembers of one attempt: answers not yet acknowledged, flags, the place, and which device session it is.

const spare = { local: new Map(), session: new Map() };

// Storage may be forbidden or full; the page then remembers as long as it is open.
function read(kind, key) {
  try {
    const found = window[`${kind}Storage`].getItem(key);
    if (found !== null) return JSON.parse(found);
  } catch { /* falls through */ }
  return spare[kind].get(key) ?? null;
}

function write(kind, key, value) {
  try {
    window[`${kind}Storage`].setItem(key, JSON.stringify(value));
    spare[kind].delete(key);
  } catch {
    spare[kind].set(key, value);
  }
}

function forget(kind, key) {
  spare[kind].delete(key);
  try {
    window[`${kind}Storage`].removeItem(key);
  } catch { /* nothing was kept there */ }
}

function keys(kind) {
  try {
    return [...new Set([...Object.keys(window[`${kind}Storage`]), ...spare[kind].keys()])];
  } catch {
    return [...spare[kind].keys()];
  }
}

const answersOf = (draft) => ({ ...(draft?.flight ? JSON.parse(draft.flight.body).responses : {}), ...draft?.changed });

export class Memory {
  constructor(attempt) {
    this.prefix = `exam:${attempt}:`;
  }

  /** The device session that this tab writes in; another tab has its own. */
  get epoch() { return read("session", `${this.prefix}epoch`); }
  set epoch(value) {
    if (value === null) forget("session", `${this.prefix}epoch`);
    else write("session", `${this.prefix}epoch`, value);
  }

  /** The question shown last. */
  get place() { return read("local", `${this.prefix}place`); }
  set place(value) { write("local", `${this.prefix}place`, value); }

  get flags() { return new Set(read("local", `${this.prefix}flags`) ?? []); }
  set flags(value) { write("local", `${this.prefix}flags`, [...value]); }

  /** How many answers did not arrive in time; the result page says so. */
  get late() { return read("local", `${this.prefix}late`) ?? 0; }
  set late(value) { write("local", `${this.prefix}late`, value); }

  /** Answers not acknowledged in a device session: {seq, flight, changed}. */
  draft(epoch) { return read("local", `${this.prefix}draft:${epoch}`); }

  keepDraft(epoch, draft) {
    if (draft.flight || Object.keys(draft.changed).length) write("local", `${this.prefix}draft:${epoch}`, draft);
    else forget("local", `${this.prefix}draft:${epoch}`);
  }

  get #sessions() {
    const mine = keys("local").filter((key) => key.startsWith(`${this.prefix}draft:`));
    return mine.map((key) => Number(key.split(":").pop())).sort((a, b) => a - b);
  }

  /** Take over what earlier device sessions of this browser left unsaved, oldest first. */
  adoptDrafts(epoch) {
    const adopted = {};
    for (const one of this.#sessions.filter((other) => other < epoch)) {
      Object.assign(adopted, answersOf(this.draft(one)));
      forget("local", `${this.prefix}draft:${one}`);
    }
    return adopted;
  }

  /** How many answers this browser holds that were not acknowledged. */
  get unsent() {
    return new Set(this.#sessions.flatMap((epoch) => Object.keys(answersOf(this.draft(epoch))))).size;
  }

  /** The attempt is over: nothing of it stays in this browser. */
  clear() {
    for (const kind of ["local", "session"]) {
      for (const key of keys(kind).filter((one) => one.startsWith(this.prefix) && !one.endsWith(":late"))) forget(kind, key);
    }
  }
}

/** Where the candidate came from, for when the session has ended. */
export const wayBack = {
  get url() { return read("local", "exam:way-back"); },
  set url(value) { write("local", "exam:way-back", value); },
};

/** Whether single keys are shortcuts; the reader may switch them off. */
export const shortcuts = {
  get on() { return read("local", "exam:shortcuts") ?? true; },
  set on(value) { write("local", "exam:shortcuts", value); },
};

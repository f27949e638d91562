// Small things that this browser remembers by itself: nothing in here is an answer.

const spare = new Map();

function read(key) {
  try {
    const found = localStorage.getItem(key);
    if (found !== null) return JSON.parse(found);
  } catch { /* storage is forbidden: remembered as long as the page is open */ }
  return spare.get(key) ?? null;
}

function write(key, value) {
  spare.set(key, value);
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch { /* as above */ }
}

/** Where the candidate came from, for when the session has ended. */
export const wayBack = {
  get url() { return read("exam:way-back"); },
  set url(value) { write("exam:way-back", value); },
};

/** Whether single keys are shortcuts; the reader may switch them off. */
export const shortcuts = {
  get on() { return read("exam:shortcuts") ?? true; },
  set on(value) { write("exam:shortcuts", value); },
};

/** What became of the answers of an attempt that did not arrive in time: {refused, held, accepted, lost, asked}; the result page says it. */
export const fates = {
  of: (attempt) => read(`exam:fate:${attempt}`),
  set: (attempt, fate) => write(`exam:fate:${attempt}`, fate),
};

/** This person has signed out: the next one on this browser is nobody's follower. */
export function forgetMe() {
  write("exam:who", null);
  write("exam:way-back", null);
}

/** Whose session this browser has: a word that means nothing elsewhere. It keeps apart what two people leave on one device. */
export function who() {
  // A device whose clock jumps ahead drops its cookies; the word is kept here too, so that its work is found all the same.
  const word = /(?:^|; )exam_who=([^;]*)/.exec(document.cookie)?.[1] ?? read("exam:who") ?? "";
  if (word !== read("exam:who")) write("exam:who", word);
  return word;
}

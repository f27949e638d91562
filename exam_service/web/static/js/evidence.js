// When something happened, told so that it can still be weighed when the device's clock was changed or the device slept.

const SLEPT = 3000; // by which the two clocks may part before they tell different stories
const TOGETHER = 60000;
const MOST = 31 * 86400000;

// One running page clock; performance.now() of another page means nothing here.
const CLOCK = `${performance.timeOrigin}:${Math.random()}`;

/** Now, with the seq of the last receipt that this device session has. */
export const stamp = (receipt = 0) => ({ clock: CLOCK, ran: performance.now(), at: Date.now(), receipt });

/** {ms, monotonic}: how long ago that was, and whether one running page clock measured it. */
export function since(one) {
  const wall = Math.min(MOST, Math.max(0, Math.round(Date.now() - one.at)));
  if (one.clock !== CLOCK) return { ms: wall, monotonic: false };
  const ran = Math.round(performance.now() - one.ran);
  // The page clock stands still while some devices sleep. Whether this one slept, or was only told another time, nobody can say.
  return wall > ran + SLEPT ? { ms: wall, monotonic: false } : { ms: ran, monotonic: true };
}

/** Whether two stamps may share one save without the evidence for either becoming untrue. */
export const together = (first, last) =>
  first.clock === last.clock && first.receipt === last.receipt && last.ran - first.ran < TOGETHER && Math.abs(last.at - first.at) < TOGETHER;

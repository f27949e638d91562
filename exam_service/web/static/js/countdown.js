// Counts down from the seconds that the service said are left. The device's date and time are never believed.

const MARKS = [600, 300, 60];
const SLEPT = 3; // seconds by which the two clocks may part before we ask again

export class Countdown {
  /**
   * tick(seconds, sure)  every second
   * mark(seconds)        once when 10, 5 and 1 minutes are left
   * ended()              when nothing is left, and this is sure
   * stale()              the device slept or its clock was changed, so what is left must be asked for
   */
  constructor({ tick, mark, ended, stale }) {
    Object.assign(this, { tick, mark, ended, stale });
    this.until = null;
    this.known = false;
    this.sure = false;
    this.over = false;
    this.said = new Set();
    this.apart = null;
    this.timer = setInterval(() => this.#look(), 250);
    this.wake = () => document.visibilityState === "visible" && this.stale();
    document.addEventListener("visibilitychange", this.wake);
  }

  get left() {
    return this.until === null ? null : Math.max(0, (this.until - performance.now()) / 1000);
  }

  /** Whether a response given now is certainly before the deadline. */
  get within() {
    return this.sure && (this.until === null || this.left > 30);
  }

  /** So many seconds are left now; null when time is not limited. Not `sure` when nobody could be asked since the clock stopped running. */
  sync(seconds, sure = true) {
    this.apart = Date.now() - performance.now();
    this.known = true;
    this.sure = sure;
    this.until = seconds === null || seconds === undefined ? null : performance.now() + seconds * 1000;
    if (this.until === null) return;
    this.over = false;
    // More time may have been given: marks that lie ahead again will be said again.
    for (const mark of MARKS) {
      if (seconds > mark) this.said.delete(mark);
      else if (seconds < mark - 5) this.said.add(mark);
    }
    this.#look();
  }

  stop() {
    clearInterval(this.timer);
    document.removeEventListener("visibilitychange", this.wake);
  }

  #look() {
    if (!this.known || this.over) return;
    // Some machines stop performance.now() while they sleep; the wall clock then jumps against it.
    const apart = Date.now() - performance.now();
    if (Math.abs(apart - this.apart) > SLEPT * 1000) {
      this.apart = apart;
      this.sure = false;
      this.stale();
    }
    if (this.until === null) return;
    const left = this.left;
    this.tick(left, this.sure);
    const reached = MARKS.filter((mark) => left <= mark && !this.said.has(mark));
    for (const mark of reached) this.said.add(mark);
    if (reached.length && left > 0) this.mark(Math.min(...reached));
    // The service decides when time is up; a clock that nobody has confirmed must not shut anybody out.
    if (left <= 0 && this.sure) {
      this.over = true;
      this.ended();
    }
  }
}

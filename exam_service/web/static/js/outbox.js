// Every changed answer stays here until the service has acknowledged it.
//
// One save is under way at a time. A save that got no answer is sent again with the same number and the same bytes, so the service
// recognises it; newer changes wait for their turn. What waits is also kept outside (`keep`), so that a reload loses nothing.

const PAUSE = 800; // after the last change
const LONGEST_PAUSE = 4000; // while somebody keeps typing
const FIRST_WAIT = 1000; // after a failed save; doubles, with jitter
const LONGEST_WAIT = 30000;

const ENDED = ["deadline-passed", "attempt-ended", "attempt-voided"];

export class Outbox {
  /**
   * send(body, {leaving}) -> acknowledgement; throws an error that may carry `status`, `code`, `faults`, `retryAt`
   * keep(draft)           remembers {seq, flight, changed}
   * tell(state, ack)      hears every change of state, with the acknowledgement that caused it
   * draft                 what `keep` remembered, when going on after a reload
   */
  constructor({ send, keep, tell, epoch, draft = {}, timers = globalThis, random = Math.random, now = Date.now }) {
    Object.assign(this, { send, keep, tell, epoch, random });
    this.wait = (f, ms) => timers.setTimeout(f, ms);
    this.forget = (timer) => timers.clearTimeout(timer);
    this.now = now;
    this.seq = draft.seq ?? 0;
    this.flight = draft.flight ?? null;
    this.changed = new Map(Object.entries(draft.changed ?? {}));
    this.rejected = new Map();
    this.savedAt = null;
    this.stopped = null;
    this.trouble = null;
    this.failures = 0;
    this.working = null;
    this.drain = false;
    this.timer = null;
    this.firstChange = null;
    if (this.flight || this.changed.size) this.#later(0);
  }

  /** How many answers the service has not acknowledged. */
  get unsaved() {
    return new Set([...this.#flying(), ...this.changed.keys(), ...this.rejected.keys()]).size;
  }

  /** {phase: "idle" | "saved" | "saving" | "trouble" | "stopped", unsaved, savedAt, reason, retryAt, rejected} */
  get state() {
    const unsaved = this.unsaved;
    let phase = this.savedAt ? "saved" : "idle";
    if (this.stopped) phase = "stopped";
    else if (this.trouble || this.rejected.size) phase = "trouble";
    else if (unsaved) phase = "saving";
    const { reason = this.rejected.size ? "rejected" : null, retryAt = null } = this.trouble ?? {};
    return {
      phase, unsaved, savedAt: this.savedAt, reason: this.stopped ?? reason, retryAt,
      sending: this.working !== null, rejected: [...this.rejected.keys()],
    };
  }

  /** The answers that wait, newest over older. */
  get waiting() {
    const flying = this.flight ? JSON.parse(this.flight.body).responses : {};
    return { ...flying, ...Object.fromEntries(this.rejected), ...Object.fromEntries(this.changed) };
  }

  /** An answer has changed; null clears it. */
  put(item, value) {
    this.rejected.delete(item);
    this.changed.set(item, value);
    this.firstChange ??= this.now();
    this.#remember();
    if (!this.stopped && !this.working && !this.trouble) {
      this.#later(Math.max(0, Math.min(PAUSE, this.firstChange + LONGEST_PAUSE - this.now())));
    }
    this.#say();
  }

  /** Send everything now. True when nothing is unsaved any more; false when a try failed. */
  async flush({ leaving = false } = {}) {
    this.#stopTimer();
    this.leaving = leaving;
    this.drain = true;
    const joined = this.working;
    if (joined) await joined;
    const tried = joined && this.trouble;
    if (!this.stopped && !tried && (this.flight || this.changed.size)) {
      this.drain = true;
      await this.#run();
    }
    return this.unsaved === 0;
  }

  /** Send nothing more; what waits stays kept. */
  stop(reason) {
    this.stopped = reason;
    this.#stopTimer();
    this.#say();
  }

  #run() {
    if (this.working) return this.working;
    this.working = this.#work().finally(() => {
      this.working = null;
      this.drain = false;
      this.leaving = false;
      this.#say();
    });
    this.#say();
    return this.working;
  }

  async #work() {
    while (!this.stopped && (this.flight || this.changed.size)) {
      if (!this.flight) this.#take();
      try {
        this.#landed(await this.send(this.flight.body, { leaving: this.leaving }));
      } catch (error) {
        if (!this.#failed(error)) return;
      }
      if (this.changed.size && !this.drain) return this.#later(PAUSE);
    }
  }

  #take() {
    const seq = this.seq + 1;
    const body = JSON.stringify({ epoch: this.epoch, seq, responses: Object.fromEntries(this.changed) });
    this.flight = { seq, body };
    this.changed.clear();
    this.firstChange = null;
    this.#remember();
    this.#say();
  }

  #landed(ack) {
    this.seq = this.flight.seq;
    this.flight = null;
    this.trouble = null;
    this.failures = 0;
    this.savedAt = ack.received_at;
    this.#remember();
    this.#say(ack);
  }

  // Whether the work can go on at once.
  #failed(error) {
    if (error.code === "moved-to-other-device") this.stop("moved");
    else if (ENDED.includes(error.code)) this.stop("ended");
    else if (error.code === "sequence-reused") this.stop("reopen");
    else if (error.code === "invalid-input") {
      this.#setAside(error);
      return true;
    } else this.#again(error);
    return false;
  }

  // One answer that is refused must not hold up the others: it is set aside, still unsaved, and the rest goes under the same number.
  #setAside(error) {
    const { responses } = JSON.parse(this.flight.body);
    const named = error.faults.flatMap((fault) => fault.path?.match(/\bi[0-9]+\b/g) ?? []).filter((item) => item in responses);
    const bad = new Set(named.length ? named : Object.keys(responses));
    this.flight = null;
    this.trouble = null;
    for (const [item, value] of Object.entries(responses)) {
      if (this.changed.has(item)) continue;
      (bad.has(item) ? this.rejected : this.changed).set(item, value);
    }
    this.#remember();
  }

  #again(error) {
    this.failures += 1;
    const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (this.failures - 1));
    let delay = longest * (0.5 + this.random() / 2);
    if (error.retryAt) delay = Math.max(delay, Math.min(LONGEST_WAIT, Date.parse(error.retryAt) - this.now()));
    const reason = error.status === 401 ? "signed-out" : error.status ? "server" : "unreachable";
    this.trouble = { reason, retryAt: this.now() + delay };
    this.#later(delay);
  }

  #later(ms) {
    this.#stopTimer();
    this.timer = this.wait(() => {
      this.timer = null;
      if (!this.working && !this.stopped) this.#run();
    }, ms);
  }

  #stopTimer() {
    if (this.timer !== null) this.forget(this.timer);
    this.timer = null;
  }

  #flying() {
    return this.flight ? Object.keys(JSON.parse(this.flight.body).responses) : [];
  }

  #remember() {
    const changed = { ...Object.fromEntries(this.rejected), ...Object.fromEntries(this.changed) };
    this.keep({ seq: this.seq, flight: this.flight, changed });
  }

  #say(ack = null) {
    this.tell(this.state, ack);
  }
}

// Every changed answer stays here until the service has acknowledged it.
//
// One save is under way at a time. A save that got no answer is sent again with the same number and the same responses, so the service
// recognises it; newer changes wait for their turn. What waits is also kept outside (`keep`), before it is sent, so that neither a reload
// nor a dead battery loses it or sends it twice.
import * as evidence from "./evidence.js";

const PAUSE = 800; // after the last change
const LONGEST_PAUSE = 4000; // while somebody keeps typing
const FIRST_WAIT = 1000; // after a failed save; doubles, with jitter
const LONGEST_WAIT = 30000;
const LONGEST_ASKED = 600000; // a service that asks for more patience than this is asked again
const AT_ONCE = 10000; // a save that goes out within this time needs no evidence

const WHY = { 401: "signed-out", 403: "signed-out", 404: "unknown" };

export class Outbox {
  /**
   * send(body, {leaving}) -> acknowledgement; throws an error that may carry `status`, `code`, `faults`, `waitMs`
   * keep(draft)           remembers {seq, flight, queue, rejected}; may answer with a promise
   * tell(state, ack)      hears every change of state, with the acknowledgement that caused it
   * draft                 what `keep` remembered, when going on after a reload
   * sure()                whether time is certainly left, so that responses of any age may share a save
   * contactAgo()          ms since the service was last heard, or null
   */
  constructor({
    send, keep, tell, epoch, draft = {}, sure = () => true, contactAgo = () => null,
    timers = globalThis, random = Math.random, now = () => performance.now(), clock = evidence,
  }) {
    Object.assign(this, { send, keep, tell, epoch, sure, contactAgo, random, now, clock });
    this.wait = (f, ms) => timers.setTimeout(f, ms);
    this.forget = (timer) => timers.clearTimeout(timer);
    this.seq = draft.seq ?? 0;
    this.flight = draft.flight ? { ...draft.flight, tried: true } : null;
    this.queue = [...(draft.rejected ?? []), ...(draft.queue ?? [])];
    this.rejected = new Map();
    this.aside = []; // sent to a voided attempt, under the numbers up to `seq`
    this.fate = { refused: [], held: [], accepted: [] };
    this.savedAt = null;
    this.stopped = null;
    this.trouble = null;
    this.failures = 0;
    this.hurry(null);
    this.working = null;
    this.drain = false;
    this.timer = null;
    this.firstChange = null;
    if (this.#pending) this.#later(0);
  }

  /** The items whose response the service has not acknowledged. */
  get items() {
    return [...new Set([...this.#flying(), ...[...this.aside, ...this.queue].flatMap((batch) => Object.keys(batch.responses)), ...this.rejected.keys()])];
  }

  get unsaved() { return this.items.length; }

  /** {phase: "idle" | "saved" | "saving" | "trouble" | "stopped", unsaved, items, savedAt, reason, waitMs, rejected} */
  get state() {
    const items = this.items;
    let phase = this.savedAt ? "saved" : "idle";
    if (this.stopped) phase = "stopped";
    else if (this.trouble || this.rejected.size) phase = "trouble";
    else if (items.length) phase = "saving";
    const { reason = this.rejected.size ? "rejected" : null, until = null } = this.trouble ?? {};
    return {
      phase, unsaved: items.length, items, savedAt: this.savedAt, reason: this.stopped ?? reason,
      waitMs: until === null ? null : Math.max(0, until - this.now()), sending: this.working !== null, rejected: [...this.rejected.keys()],
    };
  }

  /** The answers that wait, newest over older. */
  get waiting() {
    const flying = this.flight ? JSON.parse(this.flight.responses) : {};
    const rejected = Object.fromEntries([...this.rejected].map(([item, one]) => [item, one.value]));
    return Object.assign({}, flying, rejected, ...this.queue.map((batch) => batch.responses));
  }

  /** An answer has changed; null clears it. */
  put(item, value) {
    this.rejected.delete(item);
    const stamp = this.clock.stamp(this.seq);
    let batch = this.queue.at(-1);
    if (!batch || !this.clock.together(batch.first, stamp)) this.queue.push(batch = { responses: {}, first: stamp });
    batch.responses[item] = value;
    batch.last = stamp;
    batch.waited ||= this.trouble !== null;
    this.firstChange ??= this.now();
    this.#remember();
    if (!this.stopped && !this.working && !this.trouble) {
      this.#later(Math.max(0, Math.min(PAUSE, this.firstChange + LONGEST_PAUSE - this.now())));
    }
    this.#say();
  }

  /** An answer given earlier goes out after all, with the stamps of then. What is put later is newer. */
  putEarlier(item, { mine, first, last }) {
    this.queue.unshift({ responses: { [item]: mine }, first, last, waited: true });
    this.#remember();
    if (!this.stopped && !this.working && !this.trouble) this.#later(PAUSE);
    this.#say();
  }

  /** What the service had acknowledged and has no longer goes out once more, before all that waits. */
  putBack(batches) {
    this.queue.unshift(...batches);
    this.#remember();
    if (!this.stopped && !this.working && !this.trouble) this.#later(0);
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
    if (!this.stopped && !tried && this.#pending) {
      this.drain = true;
      await this.#run();
    }
    return this.unsaved === 0;
  }

  /** Wait no longer than so many ms between tries, because what waits may soon not count any more; null: as long as is kind. */
  hurry(longest) { this.longest = longest ?? LONGEST_WAIT; }

  /** Send nothing more; what waits stays kept. */
  stop(reason) {
    this.stopped = reason;
    this.#stopTimer();
    this.#say();
  }

  get #pending() { return this.flight !== null || this.queue.length > 0; }

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
    while (!this.stopped && this.#pending) {
      if (!this.flight) {
        const kept = this.#take();
        // A page that is being left has no time to wait for the disk.
        if (!this.leaving) await kept;
      }
      try {
        const body = this.#body();
        this.flight.tried = true;
        this.#landed(await this.send(body, { leaving: this.leaving }));
      } catch (error) {
        if (!this.#failed(error)) return;
      }
      if (this.queue.length && !this.drain) return this.#later(PAUSE);
    }
  }

  // While time is certainly left, one save takes all: it arrives before the deadline, whenever its responses were given. Else only what was
  // given together goes together, so that a late response does not make an earlier one late.
  #take() {
    const batches = this.queue.splice(0, this.sure() ? this.queue.length : 1);
    const responses = JSON.stringify(Object.assign({}, ...batches.map((batch) => batch.responses)));
    this.flight = { seq: this.seq + 1, responses, last: batches.at(-1).last, waited: batches.some((batch) => batch.waited), tried: false };
    this.firstChange = null;
    const kept = this.#remember();
    this.#say();
    return kept;
  }

  // The responses are the same bytes at every try; the evidence says how long they have waited by now.
  #body() {
    const { seq, responses, last, waited, tried } = this.flight;
    const { ms, monotonic } = this.clock.since(last);
    const offline = { answered_ago_ms: ms, monotonic, after_receipt: last.receipt, contact_ago_ms: this.contactAgo(), queued: this.queue.length + 1 };
    const late = waited || tried || ms > AT_ONCE || !monotonic ? `,"offline":${JSON.stringify(offline)}` : "";
    return `{"epoch":${this.epoch},"seq":${seq},"responses":${responses}${late}}`;
  }

  #landed(ack) {
    if (ack.held) this.fate.held.push(...this.#flying());
    else if (ack.late) this.fate.accepted.push(...this.#flying());
    const acknowledged = JSON.parse(this.flight.responses);
    this.savedAt = ack.received_at;
    this.#over();
    this.#say({ ...ack, acknowledged });
  }

  #over() {
    this.seq = this.flight.seq;
    this.flight = null;
    this.trouble = null;
    this.failures = 0;
    this.#remember();
  }

  // Whether the work can go on at once.
  #failed(error) {
    if (error.code === "moved-to-other-device") this.stop("moved");
    else if (error.code === "attempt-ended") this.stop("ended");
    else if (error.code === "attempt-voided") {
      // The service keeps it beside the attempt; here it stays for the case that staff undo the voiding. So with all the rest.
      const { responses, last } = this.flight;
      this.aside.push({ responses: JSON.parse(responses), first: last, last, waited: true });
      this.#over();
      if (!this.queue.length) this.stop("voided");
      return true;
    }
    else if (error.code === "deadline-passed") {
      // Refused by the exam's policy, and kept there for staff to see; so they shall see the rest too.
      this.fate.refused.push(...this.#flying());
      this.#over();
      if (!this.queue.length) this.stop("ended");
      return true;
    } else if (error.code === "sequence-reused") this.stop("reopen");
    else if (error.code === "invalid-input") {
      this.#setAside(error);
      return true;
    } else this.#again(error);
    return false;
  }

  // One answer that is refused must not hold up the others: it is set aside, still unsaved, and the rest goes under the same number.
  #setAside(error) {
    const { responses: sent, last, waited } = this.flight;
    const responses = JSON.parse(sent);
    const named = error.faults.flatMap((fault) => fault.path?.match(/\bi[0-9]+\b/g) ?? []).filter((item) => item in responses);
    const bad = new Set(named.length ? named : Object.keys(responses));
    const newer = new Set(this.queue.flatMap((batch) => Object.keys(batch.responses)));
    const again = {};
    this.flight = null;
    this.trouble = null;
    for (const [item, value] of Object.entries(responses)) {
      if (newer.has(item)) continue;
      if (bad.has(item)) this.rejected.set(item, { value, last });
      else again[item] = value;
    }
    if (Object.keys(again).length) this.queue.unshift({ responses: again, first: last, last, waited });
    this.#remember();
  }

  // After an outage thousands come back: each waits a time of its own, and no shorter than the service asked for.
  #again(error) {
    this.failures += 1;
    const longest = Math.min(this.longest, FIRST_WAIT * 2 ** (this.failures - 1));
    let delay = longest * (0.5 + this.random() / 2);
    if (error.waitMs) delay = Math.max(delay, Math.min(LONGEST_ASKED, error.waitMs) + this.random() * FIRST_WAIT);
    const reason = WHY[error.status] ?? (error.status ? "server" : "unreachable");
    this.trouble = { reason, until: this.now() + delay };
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
    return this.flight ? Object.keys(JSON.parse(this.flight.responses)) : [];
  }

  #remember() {
    const rejected = [...this.rejected].map(([item, { value, last }]) => ({ responses: { [item]: value }, first: last, last }));
    return this.keep({ seq: this.seq - this.aside.length, flight: this.flight, queue: [...this.aside, ...this.queue], rejected });
  }

  #say(ack = null) {
    this.tell(this.state, ack);
  }
}

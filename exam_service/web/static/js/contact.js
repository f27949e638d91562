// Asks the service how the attempt stands: when nothing was sent for a while, when staff did something, and when the clock is in doubt.
// A service without this address is asked for the attempt itself.
import * as api from "./api.js";

const IDLE = 45000;
const SURE = 300000; // also while saves go on: what the service has is compared with what it acknowledged

export class Contact {
  /**
   * `told({state, writes_here, saves, deadline, seconds_left, news, messages}, acked)` hears each answer, with what `acked()` was when it was
   * asked for; `epoch()` is the device session of now. `unknown()` hears that there is no such attempt.
   */
  constructor({ attempt, epoch, news = 0, acked = () => 0, told, unknown = () => {} }) {
    Object.assign(this, { attempt, epoch, acked, told, unknown });
    this.asked = performance.now();
    this.known = news;
    this.there = true;
    this.asking = null;
    this.timer = null;
  }

  /** The service was heard: the next question can wait. Who waits at once with thousands asks at a time of their own. */
  heard() {
    clearTimeout(this.timer);
    if (performance.now() - this.asked > SURE) this.ask();
    this.timer = this.there ? setTimeout(() => this.ask().finally(() => this.heard()), IDLE * (0.8 + Math.random() * 0.4)) : null;
  }

  /** The counter of what staff did, as an answer told it. */
  news(count) {
    if (count > this.known) this.ask();
  }

  /** The answer, or null when there was none. One question is under way at a time. */
  ask() {
    this.asking ??= this.#ask().finally(() => { this.asking = null; });
    return this.asking;
  }

  stop() {
    clearTimeout(this.timer);
    this.there = false;
  }

  async #ask() {
    this.asked = performance.now();
    const acked = this.acked();
    try {
      const answer = await this.#answer();
      this.known = Math.max(this.known, answer.news ?? 0);
      await this.told(answer, acked);
      return answer;
    } catch (error) {
      if (error.status === 404) this.unknown();
      else if (!api.passing(error) && error.status !== 401) console.warn(error);
      return null;
    }
  }

  async #answer() {
    try {
      if (this.there) return await api.contact(this.attempt, this.epoch());
    } catch (error) {
      if (error.status !== 404 && error.status !== 405) throw error;
    }
    const view = await api.attempt(this.attempt);
    this.there = false;
    return { ...view, writes_here: view.epoch === this.epoch() };
  }
}

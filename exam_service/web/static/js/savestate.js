// Says how saving goes. "Saved" is only ever said of what the service has acknowledged.
import { link } from "./api.js";
import { announce, fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./texts.js";
import { clock } from "./time.js";

const MOST = 8; // numbers of questions in one sentence

export class SaveState {
  /** `bar` holds the short words at the top; `strip` the sentences that stand out while something is not as it should be. `kind()` is where answers are kept. */
  constructor({ numberOf, again, kind = () => "database" }) {
    Object.assign(this, { numberOf, again, kind });
    this.bar = h("div", { class: "save", "data-save": "idle" });
    this.strip = h("div", { class: "strip", hidden: true });
    this.wait = h("span", { class: "numbers" });
    this.button = h("button", { type: "button", class: "button plain", "data-action": "again", onclick: () => this.again() });
    this.state = { phase: "idle", unsaved: 0, items: [] };
    this.phase = "idle";
    this.sure = true;
    this.shown = null;
    setInterval(() => this.#count(), 500);
  }

  show(state) {
    const was = this.phase;
    this.state = state;
    // Without a connection nothing is wrong as long as everything is saved, but it must be said.
    const phase = link.lost && ["idle", "saved"].includes(state.phase) ? "offline" : state.phase;
    this.phase = phase;
    this.bar.dataset.save = phase;
    this.bar.dataset.unsaved = state.unsaved;
    const not = ["alert", t("attempt.save_not"), t("common.questions", { n: state.unsaved })];
    const [name, words, more] = {
      idle: ["cloud", t("attempt.save_idle")],
      saving: ["sync", t("attempt.save_saving")],
      saved: ["cloud", t("attempt.save_saved"), state.savedAt && clock(state.savedAt, { seconds: true })],
      offline: ["offline", t("attempt.save_offline")],
      trouble: not,
      stopped: state.unsaved ? not : ["cloud", t("attempt.save_idle")],
    }[phase];
    fill(this.bar, icon(name), h("span", {}, h("span", {}, words), more ? [" ", h("span", {}, more)] : null));
    this.#strip();
    if (phase === was) return;
    if (phase === "trouble") announce(`${t("attempt.save_trouble", { n: state.unsaved })}. ${this.#why(state)}`);
    else if (phase === "offline") announce(t("attempt.offline_saved"));
    else if (phase === "saved" && ["trouble", "offline"].includes(was)) announce(t("attempt.back_saved"));
  }

  /** Whether the time left is known, or only reckoned. */
  known(sure) {
    if (sure === this.sure) return;
    this.sure = sure;
    this.#strip();
  }

  #strip() {
    const { phase, state } = this;
    const trouble = phase === "trouble";
    const lines = [
      trouble ? [h("strong", {}, t("attempt.save_trouble", { n: state.unsaved })), this.#which(state), " · ", this.#why(state)] : null,
      phase === "offline" ? h("strong", {}, t("attempt.offline_saved")) : null,
      link.lost && link.time ? t("attempt.offline_since", { when: clock(link.time) }) : null,
      // What is only in this page is lost with it, and that is said before it happens.
      this.kind() === "page" ? h("strong", {}, t("attempt.kept_page")) : trouble ? t("attempt.kept_device") : null,
      this.sure ? null : t("attempt.time_about"),
      trouble ? this.wait : null,
    ].filter(Boolean);
    this.strip.hidden = !lines.length;
    this.strip.classList.toggle("calm", !trouble);
    const key = JSON.stringify([phase, state.reason, state.items, state.rejected, link.lost, this.kind(), this.sure, document.documentElement.lang]);
    if (key === this.shown) return;
    this.shown = key;
    fill(this.button, t("attempt.trouble_now"));
    fill(this.strip, icon(link.lost ? "offline" : trouble ? "alert" : "info"), h("div", {}, lines.map((line) => [line, " "])),
      trouble && state.reason !== "rejected" ? this.button : null);
    this.#count();
  }

  #which({ items }) {
    const numbers = items.map(this.numberOf).sort((a, b) => a - b);
    const some = numbers.length > MOST ? [...numbers.slice(0, MOST), "…"] : numbers;
    return ` (${t("attempt.save_which", { numbers: some.join(", ") })})`;
  }

  #why({ reason, rejected }) {
    return t(`attempt.trouble_${reason}`, { numbers: (rejected ?? []).map(this.numberOf).join(", ") });
  }

  #count() {
    if (this.phase !== "trouble") return;
    const { waitMs, sending, shownAt } = this.state;
    this.state.shownAt ??= performance.now();
    const left = waitMs === null ? null : Math.max(1, Math.ceil((waitMs - (performance.now() - (shownAt ?? performance.now()))) / 1000));
    this.wait.textContent = sending ? t("attempt.trouble_trying") : left === null ? "" : t("attempt.trouble_retry", { n: left });
  }
}

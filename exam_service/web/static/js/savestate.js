// Says how saving goes. "Saved" is only ever said of what the service has acknowledged.
import { announce, fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./texts.js";
import { clock } from "./time.js";

export class SaveState {
  /** `bar` holds the short words at the top; `strip` the sentence that stands out while something is not saved. */
  constructor({ numberOf, again }) {
    Object.assign(this, { numberOf, again });
    this.bar = h("div", { class: "save", "data-save": "idle" });
    this.strip = h("div", { class: "strip", hidden: true });
    this.wait = h("span", { class: "numbers" });
    this.button = h("button", { type: "button", class: "button plain", onclick: () => this.again() });
    this.state = { phase: "idle", unsaved: 0 };
    this.shown = null;
    setInterval(() => this.#count(), 500);
  }

  show(state) {
    const was = this.state;
    this.state = state;
    this.bar.dataset.save = state.phase;
    this.bar.dataset.unsaved = state.unsaved;
    const [name, words, more] = {
      idle: ["cloud", t("attempt.save_idle")],
      saving: ["sync", t("attempt.save_saving")],
      saved: ["cloud", t("attempt.save_saved"), state.savedAt && clock(state.savedAt, { seconds: true })],
      trouble: ["alert", t("attempt.save_not"), t("common.questions", { n: state.unsaved })],
      stopped: state.unsaved ? ["alert", t("attempt.save_not"), t("common.questions", { n: state.unsaved })] : ["cloud", t("attempt.save_idle")],
    }[state.phase];
    fill(this.bar, icon(name), h("span", {}, h("span", {}, words), more ? [" ", h("span", {}, more)] : null));
    this.#strip(state);
    if (state.phase === "trouble" && was.phase !== "trouble") announce(`${t("attempt.save_trouble", { n: state.unsaved })}. ${this.#why(state)}`);
    if (was.phase === "trouble" && state.phase === "saved") announce(t("attempt.back_saved"));
  }

  #strip(state) {
    const trouble = state.phase === "trouble";
    this.strip.hidden = !trouble;
    const key = trouble ? `${state.reason}:${state.unsaved}:${state.rejected}:${document.documentElement.lang}` : null;
    if (trouble && key !== this.shown) {
      fill(this.button, t("attempt.trouble_now"));
      fill(this.strip, icon("alert"),
        h("div", {}, h("strong", {}, t("attempt.save_trouble", { n: state.unsaved })), " · ", this.#why(state), " ", h("strong", {}, t("attempt.trouble_keep_open")), " ", this.wait),
        state.reason === "rejected" ? null : this.button);
    }
    this.shown = key;
    this.#count();
  }

  #why({ reason, rejected }) {
    return t(`attempt.trouble_${reason}`, { numbers: (rejected ?? []).map(this.numberOf).join(", ") });
  }

  #count() {
    if (this.state.phase !== "trouble") return;
    const { retryAt, sending } = this.state;
    const left = retryAt === null ? 0 : Math.max(1, Math.ceil((retryAt - Date.now()) / 1000));
    this.wait.textContent = sending ? t("attempt.trouble_trying") : retryAt === null ? "" : t("attempt.trouble_retry", { n: left });
  }
}

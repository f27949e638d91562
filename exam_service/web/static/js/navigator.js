// The grid of all questions: which is current, answered, flagged. Said in words as well, never by colour alone.
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { pick, t } from "./texts.js";

/** `describe(item)` -> {answered, flagged, current, unsaved}; `go(item)` is called with the question chosen. */
export class Navigator {
  constructor({ sections, describe, go }) {
    Object.assign(this, { sections, describe, go });
    this.buttons = new Map();
    this.element = h("div", { class: "navigator" });
    this.build();
  }

  /** Draw it anew, as after a change of language. */
  build() {
    this.buttons.clear();
    let number = 0;
    fill(this.element, this.sections.map(({ title, items }) => [
      this.sections.length > 1 ? h("h3", {}, pick(title)) : null,
      h("ol", { class: "cells" }, items.map((item) => {
        const button = h("button", { type: "button", class: "cell", onclick: () => this.go(item.item), "data-go": item.item });
        this.buttons.set(item.item, { button, number: ++number });
        return h("li", {}, button);
      })),
    ]), h("ul", { class: "legend", "aria-hidden": "true" }, ["answered", "unanswered", "flagged"].map((state) =>
      h("li", {}, h("span", { class: `cell ${state}` }, state === "answered" ? icon("check") : state === "flagged" ? icon("flag") : null), t(`attempt.state_${state}`)))));
    this.update();
  }

  update() {
    for (const [item, { button, number }] of this.buttons) {
      const { answered, flagged, current } = this.describe(item);
      button.className = `cell ${answered ? "answered" : "unanswered"} ${flagged ? "flagged" : ""}`;
      if (current) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
      const words = [
        t("attempt.question", { number }), t(answered ? "attempt.state_answered" : "attempt.state_unanswered"),
        flagged && t("attempt.state_flagged"), current && t("attempt.state_current"),
      ];
      button.setAttribute("aria-label", words.filter(Boolean).join(", "));
      fill(button, String(number), answered ? icon("check") : null, flagged ? icon("flag") : null);
    }
  }
}

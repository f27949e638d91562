// One question on the screen: its number, stem, answer, flag. Each type brings its own template.
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { blocks } from "./markup.js";
import * as gap_text from "./questions/gap_text.js";
import * as matching from "./questions/matching.js";
import * as multiple_response from "./questions/multiple_response.js";
import * as numeric from "./questions/numeric.js";
import * as ordering from "./questions/ordering.js";
import * as short_text from "./questions/short_text.js";
import * as single_choice from "./questions/single_choice.js";
import * as true_false from "./questions/true_false.js";
import { pick, t } from "./texts.js";

export const TYPES = { single_choice, multiple_response, true_false, numeric, short_text, matching, ordering, gap_text };

/** The question as a section; `change(value)` hears every change, null when it is cleared. */
export function questionView({ item, number, count, section, value, flagged, rejected, change, flag }) {
  const stem = blocks(item.stem, "div", { class: "stem", id: `${item.item}-stem` });
  const place = h("div", {});
  const clear = h("button", { type: "button", class: "button plain", hidden: value === null, onclick: () => { show(null); changed(null); heading.focus(); } },
    icon("cross"), t("attempt.clear"));
  const changed = (next) => {
    clear.hidden = next === null;
    change(next);
  };
  const show = (now) => {
    const answer = TYPES[item.type].answer(item, now, changed);
    if (answer.localName === "fieldset") answer.setAttribute("aria-labelledby", `${item.item}-stem ${item.item}-hint`);
    else answer.querySelector("input").setAttribute("aria-labelledby", `${item.item}-stem ${item.item}-hint-label`);
    const label = answer.querySelector("label.hint");
    if (label) label.id = `${item.item}-hint-label`;
    place.replaceChildren(answer);
  };
  const heading = h("h2", { class: "question-number", tabindex: "-1", id: "question" },
    t("attempt.question", { number }), h("span", { class: "quiet" }, " ", t("attempt.of", { count })));
  show(value);
  const element = h("section", { class: "card question", "aria-labelledby": "question", "data-item": item.item },
    section ? h("p", { class: "section-title" }, pick(section)) : null,
    h("div", { class: "question-head" }, heading, flagButton(flagged, flag)),
    stem, place, clear,
    rejected ? h("div", { class: "notice bad", role: "alert" }, icon("alert"), h("div", {}, t("attempt.rejected"))) : null);
  return { element, heading };
}

function flagButton(flagged, flag) {
  const button = h("button", { type: "button", class: "button flag", "aria-pressed": String(flagged), "data-action": "flag", onclick: () => {
    button.setAttribute("aria-pressed", String(flag()));
  } }, icon("flag"), t("attempt.flag"));
  return button;
}

// What the types with choices share: real radios or checkboxes while answering, marked choices in a review.
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../texts.js";

/** `choices` are [{id, content}], `picked` their ids now; `change(ids)` hears the new ones. */
export function choiceInputs({ name, kind, legend, choices, picked, change }) {
  const read = () => [...list.querySelectorAll("input:checked")].map((input) => input.value);
  const list = h("div", { class: "choices" }, choices.map(({ id, content }, n) =>
    h("label", { class: "choice" },
      h("input", { type: kind, name, value: id, checked: picked.includes(id), onchange: () => change(read()), "data-choice": n + 1 }),
      h("span", { class: "letter", "aria-hidden": "true" }, t("question.letters")[n] ?? n + 1),
      h("span", { class: "choice-text" }, content))));
  return h("fieldset", { class: "answer" }, h("legend", { id: `${name}-hint`, class: "hint" }, legend), list);
}

/** The same choices when the attempt is over: which were picked, and which are the key if that is open. */
export function choiceReview({ choices, picked, key, words }) {
  return h("ul", { class: "choices reviewed" }, choices.map(({ id, content }, n) => {
    const [mine, right] = [picked?.includes(id) ?? false, key?.includes(id) ?? false];
    const tags = [
      mine && h("span", { class: "chip now" }, words.yours),
      right && h("span", { class: "chip good" }, icon("check"), words.key),
    ];
    const state = `${mine ? "mine" : ""} ${right ? "right" : ""} ${mine && key && !right ? "wrong" : ""}`.trim();
    return h("li", { class: `choice ${state}` },
      h("span", { class: "letter", "aria-hidden": "true" }, t("question.letters")[n] ?? n + 1),
      h("span", { class: "choice-text" }, content, mine || right ? h("span", { class: "tags" }, tags) : null));
  }));
}

// A word or a few; a response is the text as typed.
import { h } from "../dom.js";
import { t } from "../texts.js";
import { writtenReview } from "./written.js";

export function answer(item, value, change) {
  const id = `${item.item}-input`;
  const input = h("input", {
    id, type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false", maxlength: "500", enterkeyhint: "done", value: value ?? "",
    oninput: () => change(input.value.trim() ? input.value : null), "data-typed": item.item,
  });
  return h("div", { class: "answer" }, h("label", { class: "hint", for: id }, t("question.type_text")), h("div", { class: "field long" }, input));
}

export const reviewed = (item, value, key, words) => writtenReview({ value, key, words });

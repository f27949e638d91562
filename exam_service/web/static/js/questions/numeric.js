// A number; a response is the text as typed, which the service reads (Thai digits and commas too).
import { h } from "../dom.js";
import { pick, t } from "../texts.js";
import { writtenReview } from "./written.js";

const NUMBER = /^[+\-−–]?(?=[\d๐-๙.])[\d๐-๙,\s]*(?:\.[\d๐-๙]*)?$/;
const BEFORE_UNIT = /^(.*[\d๐-๙.])\s*[^\d๐-๙]*$/;

export function answer(item, value, change) {
  const unit = pick(item.unit);
  const units = item.units?.join(", ");
  const id = `${item.item}-input`;
  const doubt = h("p", { id: `${id}-doubt`, class: "small doubt", hidden: true }, t("question.number_doubt"));
  const number = (text) => (units ? BEFORE_UNIT.exec(text)?.[1] ?? text : text);
  const judge = (text) => { doubt.hidden = !text.trim() || NUMBER.test(number(text.trim())); };
  const input = h("input", {
    id, type: "text", inputmode: units ? "text" : "decimal", autocomplete: "off", maxlength: "64", enterkeyhint: "done", value: value ?? "",
    "aria-describedby": `${id}-hint ${id}-doubt`,
    oninput: () => change(input.value.trim() ? input.value : null), onchange: () => judge(input.value), "data-typed": item.item,
  });
  judge(value ?? "");
  return h("div", { class: "answer" },
    h("label", { class: "hint", for: id }, unit ? t("question.type_number_unit", { unit }) : t("question.type_number")),
    h("div", { class: "field" }, input, unit ? h("span", { class: "unit", "aria-hidden": "true" }, unit) : null),
    h("p", { id: `${id}-hint`, class: "small quiet" }, t("question.number_hint"),
      units ? ` ${t(item.unit_needed ? "question.unit_needed" : "question.unit_allowed", { units })}` : null), doubt);
}

export const reviewed = (item, value, key, words) => writtenReview({ value, key, unit: pick(item.unit), words });

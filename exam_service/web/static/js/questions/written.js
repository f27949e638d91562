// What the typed answers share in a review: what was written, and the key if that is open.
import { h } from "../dom.js";

export function writtenReview({ value, key, unit, words }) {
  const with_unit = (text) => [h("span", { class: "written" }, text), unit ? ` ${unit}` : ""];
  return h("dl", { class: "pairs" },
    value === undefined ? null : [h("dt", {}, words.yours), h("dd", {}, value === null ? words.blank : with_unit(value))],
    key === undefined ? null : [h("dt", {}, words.key), h("dd", {}, with_unit(Array.isArray(key) ? key.join(" / ") : String(key)))]);
}

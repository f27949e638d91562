// Learning as a step: what the learning system has reported so far.
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { said, t } from "../texts.js";
import { happened } from "../time.js";

const settled = (value) => value !== null && value !== undefined && value !== false;

export function state(facts) {
  return facts.every(({ value }) => settled(value))
    ? { key: "home.state_done", kind: "good", icon: "check", done: true }
    : { key: "home.state_in_learning", kind: "now", icon: "book", done: false };
}

export function content(facts, { returnUrl, current }) {
  return [
    h("ul", { class: "list facts-list" }, facts.map(({ label, value }) =>
      h("li", { class: settled(value) ? "met" : "" }, icon(settled(value) ? "check" : "dot"), h("span", {}, said("span", label), ": ", h("strong", {}, words(value)))))),
    h("p", { class: "small quiet" }, t("home.facts_by_lms")),
    returnUrl && !state(facts).done ? h("div", { class: "actions" }, h("a", { class: `button ${current ? "primary" : ""}`, href: returnUrl }, icon("book"), t("home.go_learning"))) : null,
  ];
}

function words(value) {
  if (value === null || value === undefined) return t("home.fact_none");
  if (value === true) return t("home.fact_yes");
  if (value === false) return t("home.fact_no");
  if (Array.isArray(value)) return value.join(", ");
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT/.test(value)) return happened(value);
  return String(value);
}

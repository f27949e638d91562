// The frame of every step of the course: its place, name, state in words, and what it holds.
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../texts.js";

/** `state` is {key, kind, icon, done}; the step that is to be done next is `current`. */
export function step({ number, title, sort, state, current, content }) {
  return h("li", { class: `step ${state.done ? "done" : ""} ${current ? "current" : ""}`, "aria-current": current ? "step" : null },
    h("div", { class: "bead", "aria-hidden": "true" }, state.done ? icon("check") : icon(sort)),
    h("section", { class: "card" },
      h("div", { class: "step-head" },
        h("div", {}, h("p", { class: "small quiet" }, t("home.step", { n: number })), h("h2", {}, title)),
        h("span", { class: `chip ${state.kind}` }, icon(state.icon), t(state.key))),
      content));
}

/** Sentences of what is still missing. */
export function missing(texts, say) {
  return texts.length ? h("div", { class: "missing" }, h("h3", {}, t("home.missing")),
    h("ul", { class: "list" }, texts.map((text) => h("li", {}, icon("dot"), say("span", text))))) : null;
}

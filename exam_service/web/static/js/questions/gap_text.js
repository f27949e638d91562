// A text with gaps, each filled where it stands; a response is {gap: choice or what was typed} of those that are filled so far.
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { blocks, line, plain } from "../markup.js";
import { t } from "../texts.js";

export function answer(item, value, change) {
  const fields = item.gaps.map((gap, n) => field(gap, { name: `${item.item}-${gap.id}`, label: t("question.gap", { n: n + 1, count: item.gaps.length }), value: value?.[gap.id] ?? "", tell: () => tell() }));
  const tell = () => {
    const filled = item.gaps.map(({ id }, n) => [id, fields[n].value]).filter(([, given]) => given.trim());
    change(filled.length ? Object.fromEntries(filled) : null);
  };
  const text = withGaps(item, (n) => fields[n]);
  return h("fieldset", { class: "answer" }, h("legend", { id: `${item.item}-hint`, class: "hint" }, t("question.fill_gaps")), text);
}

function field({ id, kind, choices }, { name, label, value, tell }) {
  const shared = { id: name, class: "gap", "aria-label": label, "data-gap": id };
  if (kind !== "choice") {
    return h("input", { ...shared, type: "text", inputmode: kind === "number" ? "decimal" : "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
      maxlength: kind === "number" ? "64" : "500", size: kind === "number" ? 7 : 14, value, oninput: tell });
  }
  const list = h("select", { ...shared, onchange: tell }, h("option", { value: "" }, t("question.choose_here")), choices.map((one) => h("option", { value: one.id }, plain(one.text))));
  list.value = value;
  return list;
}

/** The text as blocks, with `make(n)` in the place of each gap. */
function withGaps(item, make) {
  const text = blocks(item.text, "div", { class: "gapped" });
  const numbers = new Map(item.gaps.map(({ id }, n) => [id, n]));
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (walker.nextNode()) nodes.push(walker.currentNode);
  for (const node of nodes) {
    const parts = node.data.split(/\[\[(g[0-9]+)\]\]/);
    if (parts.length > 1) node.replaceWith(...parts.map((part, n) => (n % 2 && numbers.has(part) ? make(numbers.get(part)) : part)));
  }
  return text;
}

export function reviewed(item, value, key, words) {
  const shown = ({ kind, choices }, given) => {
    const chosen = kind === "choice" ? choices.find(({ id }) => id === given) : null;
    return chosen ? line(chosen.text) : [given].flat().join(" / ");
  };
  return withGaps(item, (n) => {
    const gap = item.gaps[n];
    const [mine, right] = [value?.[gap.id] ?? null, key?.[gap.id]];
    return h("span", { class: "gap filled" },
      h("span", { class: "unseen" }, t("question.gap", { n: n + 1, count: item.gaps.length }), ": "),
      value === undefined ? null : h("span", { class: "chip now" }, h("span", { class: "unseen" }, words.yours, ": "), mine === null ? words.blank : shown(gap, mine)),
      right === undefined ? null : h("span", { class: "chip good" }, icon("check"), h("span", { class: "unseen" }, words.key, ": "), shown(gap, right)));
  });
}

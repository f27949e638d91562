// Prompts to be matched with choices; a response is {prompt: choice} of those that are matched so far.
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { line, plain } from "../markup.js";
import { pick, t } from "../texts.js";

const LONGEST = 40;

/** A list to choose from shows no mathematics and no long text, so such choices are written out above, each with its letter. */
const needsList = (item) => item.choices.some(({ text }) => plain(text, LONGEST) !== pick(text).trim());
const letter = (n) => t("question.letters")[n] ?? String(n + 1);
const named = (text, n) => (pick(text).includes("$") ? letter(n) : `${letter(n)}. ${plain(text, LONGEST)}`);

export function answer(item, value, change) {
  const written = needsList(item);
  const lists = item.prompts.map(({ id, text }) => {
    const list = h("select", { id: `${item.item}-${id}`, class: "pick", "data-prompt": id, onchange: () => tell() },
      h("option", { value: "" }, t("question.choose_here")),
      item.choices.map((choice, n) => h("option", { value: choice.id }, written ? named(choice.text, n) : plain(choice.text))));
    list.value = value?.[id] ?? "";
    return h("li", { class: "match" }, h("label", { for: list.id }, line(text)), list);
  });
  const tell = () => {
    const chosen = lists.map((one) => one.querySelector("select")).filter((list) => list.value).map((list) => [list.dataset.prompt, list.value]);
    change(chosen.length ? Object.fromEntries(chosen) : null);
  };
  return h("fieldset", { class: "answer" }, h("legend", { id: `${item.item}-hint`, class: "hint" }, t("question.match_each")),
    written ? lettered(item) : null, h("ul", { class: "matches" }, lists));
}

const lettered = (item) => h("ul", { class: "choices lettered" }, item.choices.map(({ text }, n) =>
  h("li", { class: "choice" }, h("span", { class: "letter" }, letter(n)), h("span", { class: "choice-text" }, line(text)))));

export function reviewed(item, value, key, words) {
  const texts = new Map(item.choices.map(({ id, text }) => [id, text]));
  const shown = (id) => (id ? line(texts.get(id)) : words.blank);
  return h("ul", { class: "matches reviewed" }, item.prompts.map(({ id, text }) => {
    const [mine, right] = [value?.[id], key?.[id]];
    const state = key === undefined || value === undefined ? "" : mine === right ? "right" : "wrong";
    return h("li", { class: `match ${state}` }, h("div", {}, line(text)),
      h("dl", { class: "pairs" },
        value === undefined ? null : [h("dt", {}, words.yours), h("dd", {}, state ? icon(state === "right" ? "check" : "cross") : null, " ", shown(mine))],
        key === undefined ? null : [h("dt", {}, words.key), h("dd", {}, shown(right))]));
  }));
}

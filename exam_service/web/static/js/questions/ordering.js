// Choices to be put in order; a response is the list of those that are placed so far. Each is tapped when it is its turn, and can be
// moved and taken out again: nothing has to be dragged.
import { announce, fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { line, plain } from "../markup.js";
import { t } from "../texts.js";

export function answer(item, value, change) {
  const texts = new Map(item.choices.map(({ id, text }) => [id, text]));
  let placed = [...(value ?? [])];
  const sequence = h("ol", { class: "sequence" });
  const pool = h("ul", { class: "choices pool" });
  const rest = h("p", { class: "small quiet" });
  /** The first of these that is there has the focus after, so that who uses keys can go on. */
  const set = (next, ...focus) => {
    placed = next;
    draw();
    change(placed.length ? [...placed] : null);
    [...focus, "button:not([disabled])"].map((one) => place.querySelector(one)).find(Boolean)?.focus();
  };
  const move = (at, by) => {
    const next = [...placed];
    [next[at], next[at + by]] = [next[at + by], next[at]];
    const mine = `[data-placed="${next[at + by]}"]`;
    set(next, `${mine} [data-move$="${by < 0 ? "-up" : "-down"}"]:not([disabled])`, `${mine} button:not([disabled])`);
    announce(t("question.order_placed", { n: at + by + 1, text: plain(texts.get(next[at + by])) }));
  };
  const button = (id, name, key, does, disabled = false) =>
    h("button", { type: "button", class: "button plain small-button", disabled, "data-move": `${id}-${name}`, onclick: does,
      "aria-label": t(key, { text: plain(texts.get(id)) }) }, icon(name));
  const draw = () => {
    fill(sequence, placed.map((id, at) => h("li", { class: "choice placed", "data-placed": id },
      h("span", { class: "letter" }, at + 1), h("span", { class: "choice-text" }, line(texts.get(id))),
      h("span", { class: "moves" },
        button(id, "up", "question.order_up", () => move(at, -1), at === 0),
        button(id, "down", "question.order_down", () => move(at, 1), at === placed.length - 1),
        button(id, "cross", "question.order_out", () => set(placed.filter((one) => one !== id), `[data-add="${id}"]`))))));
    const left = item.choices.filter(({ id }) => !placed.includes(id));
    fill(pool, left.map(({ id, text }, n) => h("li", {},
      h("button", { type: "button", class: "choice", "data-add": id, "data-choice": n + 1, onclick: () => {
        announce(t("question.order_placed", { n: placed.length + 1, text: plain(text) }));
        const next = left.filter((one) => one.id !== id)[Math.min(n, left.length - 2)];
        set([...placed, id], next ? `[data-add="${next.id}"]` : `[data-placed="${id}"] button:not([disabled])`);
      } }, h("span", { class: "letter", "aria-hidden": "true" }, icon("plus")), h("span", { class: "choice-text" }, line(text))))));
    fill(rest, left.length ? t("question.order_left", { n: left.length }) : t("question.order_done"));
  };
  const place = h("fieldset", { class: "answer" }, h("legend", { id: `${item.item}-hint`, class: "hint" }, t("question.order_tap")), sequence, rest, pool);
  draw();
  return place;
}

export function reviewed(item, value, key, words) {
  const texts = new Map(item.choices.map(({ id, text }) => [id, text]));
  const list = (title, ids, against) => h("div", {}, h("h3", { class: "list-title" }, title),
    ids?.length ? h("ol", { class: "sequence reviewed" }, ids.map((id, n) => h("li", { class: `choice ${against ? (against[n] === id ? "right" : "wrong") : ""}` },
      h("span", { class: "letter", "aria-hidden": "true" }, n + 1), h("span", { class: "choice-text" }, line(texts.get(id)))))) : h("p", {}, words.blank));
  return h("div", { class: "orders" }, value === undefined ? null : list(words.yours, value, key), key === undefined ? null : list(words.key, key));
}

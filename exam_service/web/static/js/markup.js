// The small Markdown that question texts may use: paragraphs, lists, line breaks, **bold**, *italic*, `code` and $math$.
// Everything else, HTML included, is shown as it is written: only text nodes and the elements named here are ever made.
import { h } from "./dom.js";
import { math } from "./math.js";
import { foreign, pick } from "./texts.js";

const BULLET = /^\s*[-*•]\s+(.*)$/;
const NUMBER = /^\s*([0-9]{1,3})[.)]\s+(.*)$/;

/** A text of the bank as blocks, in an element that carries its language. */
export function blocks(text, tag = "div", properties = {}) {
  return h(tag, { ...properties, class: `content ${properties.class ?? ""}`.trim(), lang: foreign(text) }, parse(pick(text)));
}

/** A text of the bank for one line, as in an option. */
export function line(text, tag = "span", properties = {}) {
  return h(tag, { ...properties, lang: foreign(text) }, spans(pick(text)));
}

/** The same text without marks, for names that are only heard or fit on one short line. */
export function plain(text, longest = 80) {
  const words = pick(text).replace(/\*\*|`|\$|\\(?=[a-z])/g, "").replace(/\s+/g, " ").trim();
  return words.length > longest ? `${words.slice(0, longest - 1)}…` : words;
}

function parse(source) {
  const found = [];
  let list = null;
  let paragraph = [];
  const close = () => {
    if (paragraph.length) found.push(h("p", {}, paragraph.flatMap((one, n) => (n ? [h("br"), spans(one)] : [spans(one)]))));
    paragraph = [];
    list = null;
  };
  for (const one of source.replace(/\r\n?/g, "\n").split("\n")) {
    const [bullet, number] = [BULLET.exec(one), NUMBER.exec(one)];
    if (!one.trim()) close();
    else if (bullet || number) {
      const tag = bullet ? "ul" : "ol";
      if (list?.localName !== tag) {
        close();
        list = h(tag, number ? { start: number[1] } : {});
        found.push(list);
      }
      list.append(h("li", {}, spans(bullet ? bullet[1] : number[2])));
    } else if (list) {
      list.lastChild.append(" ", ...[spans(one.trim())].flat());
    } else paragraph.push(one.trim());
  }
  close();
  return found;
}

// Tried in this order at each place. A dollar begins math only when it hugs what follows, as in $x$, so prices stay prices.
const MARKS = [
  [/^\\([\\`*$_])/, (m) => m[1]],
  [/^`([^`\n]+)`/, (m) => h("code", {}, m[1])],
  [/^\$(?![\s$])((?:\\.|[^$\\\n])*(?:\\.|[^\s$\\]))\$(?![0-9])/, (m) => math(m[1])],
  [/^\*\*(?=\S)((?:[^*]|\*(?!\*))+?)\*\*/, (m) => h("strong", {}, spans(m[1]))],
  [/^\*(?![\s*])([^*\n]*[^\s*])\*/, (m) => h("em", {}, spans(m[1]))],
];

function spans(source) {
  const found = [];
  let text = "";
  let at = 0;
  while (at < source.length) {
    const rest = source.slice(at);
    const hit = "\\`$*".includes(rest[0]) && MARKS.map(([mark, make]) => [mark.exec(rest), make]).find(([match]) => match);
    if (hit) {
      if (text) found.push(text);
      text = "";
      found.push(hit[1](hit[0]));
      at += hit[0][0].length;
    } else {
      text += source[at];
      at += 1;
    }
  }
  if (text) found.push(text);
  return found;
}

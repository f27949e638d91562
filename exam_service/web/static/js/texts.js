// The words of the page in both languages, and the language that is read now.
import { h } from "./dom.js";

const data = JSON.parse(document.getElementById("texts").textContent);
// A page that was kept for use without network was written for nobody in particular; the reader's own choice is in the cookie.
export const chosen = new URLSearchParams(location.search).get("lang") ?? /(?:^|; )exam_lang=(th|en)/.exec(document.cookie)?.[1];
let language = ["th", "en"].includes(chosen) ? chosen : data.language;
document.documentElement.lang = language;

export const current = () => language;
export const other = () => (language === "th" ? "en" : "th");

/** The entry in the reader's language: places filled, `one form|other form` chosen by `n`. */
export function t(key, values = {}) {
  let text = pick(data.texts[key]);
  if (text.includes("|")) text = text.split("|")[values.n === 1 ? 0 : 1];
  return text.replace(/\{([a-z_]+)\}/g, (place, name) => (name in values ? String(values[name]) : place));
}

/** A text that came as data, in the reader's language or the one there is. */
export function pick(text) {
  if (!text) return "";
  return text[language] || text[other()] || "";
}

/** The language in which `pick` gives this text, when it is not the page's. */
export function foreign(text) {
  return text && !text[language] && text[other()] ? other() : null;
}

/** An element holding a text that came as data, marked with its language when that differs from the page's. */
export function said(tag, text, properties = {}) {
  return h(tag, { ...properties, lang: foreign(text) }, pick(text));
}

/** Read this page on in that language. */
export function readIn(next) {
  language = next;
  document.documentElement.lang = next;
}

/** Read on in the other language; the next pages follow. */
export function setLanguage(next) {
  readIn(next);
  document.cookie = `exam_lang=${next}; path=/; max-age=31536000; samesite=lax`;
}

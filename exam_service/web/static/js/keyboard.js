// Single keys that act like buttons, for who works without a mouse. They are off while typing, and can be switched off altogether.
import { app } from "./dom.js";
import { shortcuts } from "./prefer.js";
import { t } from "./texts.js";

const THAI_DIGITS = "๐๑๒๓๔๕๖๗๘๙";
const THAI = /^[\u0e00-\u0e7f]$/;

/** `act` holds next, previous, flag, help and choose(number). */
export function listenToKeys(act) {
  document.addEventListener("keydown", (event) => {
    if (!shortcuts.on || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    // A page that takes no answers takes none by keys either.
    if (app().inert || document.querySelector("dialog[open]") || typing(event.target)) return;
    const does = meaning(event, act);
    if (!does) return;
    event.preventDefault();
    does();
  });
}

function meaning(event, act) {
  const { key, code, target } = event;
  const choice = choiceNumber(key, code);
  if (choice) return () => act.choose(choice);
  // On a Thai keyboard the same places give Thai letters, so the place counts.
  const letter = THAI.test(key) ? code.replace(/^Key/, "").toLowerCase() : key.toLowerCase();
  if (letter === "n") return act.next;
  if (letter === "p") return act.previous;
  if (letter === "f") return act.flag;
  if (key === "?") return act.help;
  // Among radios the arrows choose; they belong to the browser there.
  const free = !target.matches?.("input, select, summary");
  if (key === "ArrowRight" && free) return act.next;
  if (key === "ArrowLeft" && free) return act.previous;
  return null;
}

function choiceNumber(key, code) {
  const letter = key.length === 1 ? t("question.letters").indexOf(THAI.test(key) ? key : "-") + 1 : 0;
  if (letter) return letter;
  if (/^[1-9]$/.test(key)) return Number(key);
  if (THAI_DIGITS.indexOf(key) > 0) return THAI_DIGITS.indexOf(key);
  const place = /^Digit([1-9])$/.exec(code);
  return place && THAI.test(key) ? Number(place[1]) : 0;
}

function typing(target) {
  return target.matches?.("input:not([type=radio]):not([type=checkbox]), textarea, select") || target.isContentEditable;
}

// What the QR code carries behind `#` never reaches a server by itself: this page sends it to be checked, checks its signature itself as
// well, and then shows the full name.
import { keepPage } from "./offline.js";
import { checkText } from "./verify/check.js";
import { scanned } from "./verify/token.js";

const at = (id) => document.getElementById(id);
const text = scanned();

// The other language is another request, and would lose the QR's part of the address.
const keep = () => {
  const link = document.querySelector("a.language");
  link.href = `?lang=${link.dataset.language}${location.hash}`;
};

// Each word in its own element: a name breaks between its words, not where a dictionary finds a word in it.
function word(text) {
  const element = document.createElement("span");
  element.textContent = text;
  return element;
}

async function asked() {
  const response = await fetch("/v1/verify", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ qr: text }),
    credentials: "omit",
    cache: "no-store",
    signal: AbortSignal.timeout(15000),
  });
  if (response.status === 422) return null;
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
}

function name(facts) {
  at("name").replaceChildren(...facts.recipient_name.split(" ").flatMap((part) => [word(part), " "]));
  at("name-masked")?.remove();
  at("name-form").hidden = true;
}

// The number is real, the paper is not: its facts must not stand beside a green mark.
function bad() {
  at("qr-bad").hidden = false;
  for (const id of ["answer", "facts", "steps"]) at(id)?.remove();
}

function show(theirs, here) {
  const answered = theirs.status === "fulfilled";
  if ((answered && theirs.value?.outcome !== "genuine") || here?.outcome === "not_genuine") return bad();
  const facts = answered ? theirs.value.facts : here?.outcome === "genuine" ? here.facts : null;
  if (!facts) {
    at("qr-failed").hidden = false;
    return null;
  }
  name(facts);
  at(answered ? "qr-good" : "qr-kept").hidden = false;
  at("qr-here").hidden = here?.outcome !== "genuine";
  return null;
}

if (text) {
  keep();
  const [theirs, here] = await Promise.allSettled([asked(), checkText(text)]);
  show(theirs, here.value?.met ? here.value.verdict : null);
}
// Another code of the same number, opened in this tab, changes the address and loads nothing by itself.
addEventListener("hashchange", () => scanned() && location.reload());
keepPage("/v/worker.js");

// The page of one candidate for programme staff: the time goes on, and the page says when what it shows is old.
import { h } from "./dom.js";
import { t } from "./texts.js";
import { clock, digits } from "./time.js";

const page = JSON.parse(document.getElementById("page").textContent);
const by = (id) => document.getElementById(id);
// What was done is said once: not again when the page is loaded anew, or from a bookmark.
const address = new URL(location.href);
address.searchParams.delete("done");
history.replaceState(null, "", address);
const EVERY_MS = 10_000;
// Two answers that did not come: what is shown is no longer what is.
const SILENCE_MS = 25_000;

let now = page.first;
let arrived = Date.now();
let over = false;
let told = false;

async function ask() {
  if (over || document.hidden) return;
  try {
    const answer = await fetch(page.now, { headers: { accept: "application/json" }, signal: AbortSignal.timeout(EVERY_MS) });
    if ([401, 403, 404].includes(answer.status)) return end();
    if (!answer.ok) return;
    now = await answer.json();
    arrived = Date.now();
    show();
  } catch {
    // No network: the silence is noticed below.
  }
}

function show() {
  put(by("saves"), String(now.saves));
  tick();
  // What was loaded stays as it is, for somebody may be writing in a form of it; what is new is a link away.
  if (now.mark === page.first.mark || told) return;
  told = true;
  by("news").hidden = false;
  by("announcer").append(h("p", {}, t("staff.person_changed")));
}

function tick() {
  if (over) return;
  const left = by("left");
  if (left) put(left, digits((now.seconds_left ?? 0) - Math.floor((Date.now() - arrived) / 1000)));
  const lost = Date.now() - arrived > SILENCE_MS;
  const time = clock(now.at, { seconds: true });
  by("stream").dataset.state = lost ? "lost" : "live";
  put(by("stream-says"), t("staff.as_of", { time }));
  trouble(lost ? t("staff.stream_lost", { time }) : "");
}

function end() {
  over = true;
  by("stream").dataset.state = "over";
  trouble(t("staff.stream_over"));
}

function trouble(words) {
  const element = by("trouble");
  if (words) put(element.querySelector("span"), words);
  element.hidden = !words;
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

setInterval(tick, 1000);
setInterval(ask, EVERY_MS);
// Who comes back to the page sees at once what is so now.
document.addEventListener("visibilitychange", ask);
window.addEventListener("online", ask);
ask();

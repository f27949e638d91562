// The live page of programme staff: what the server sends is put where the page already shows it.
import { fill, h } from "./dom.js";
import { t } from "./texts.js";
import { clock, digits } from "./time.js";

const page = JSON.parse(document.getElementById("page").textContent);
const by = (id) => document.getElementById(id);
// What was done is said once: not again when the page is loaded anew, or from a bookmark.
const address = new URL(location.href);
address.searchParams.delete("done");
history.replaceState(null, "", address);
const ANNOUNCE_MS = 30_000;
// The server says something at least every 15 seconds; twice that in silence is no connection, whatever the browser thinks.
const SILENCE_MS = 32_000;
const AGAIN_MS = 5_000;

let view = null;
let arrived = 0;
let heard = Date.now();
let events = null;
let announced = { lost: null, at: 0 };
let { undecided, deeds } = page;
const rows = new Map();

function connect() {
  events?.close();
  heard = Date.now();
  const query = new URLSearchParams();
  if (page.only) query.set("only", page.only);
  if (page.after) query.set("after", page.after);
  events = new EventSource(`${page.events}?${query}`);
  events.addEventListener("open", () => { heard = Date.now(); });
  events.addEventListener("live", (event) => {
    view = JSON.parse(event.data);
    arrived = heard = Date.now();
    stream("live");
    show();
  });
  events.addEventListener("still", (event) => {
    heard = Date.now();
    if (view) view.at = JSON.parse(event.data).at;
    stream("live");
  });
  events.addEventListener("over", over);
  events.addEventListener("error", () => {
    // A broken stream is opened again by the browser; one that was refused is not.
    if (events.readyState === EventSource.CLOSED) check();
    else stream("lost");
  });
}

/** Why the stream was refused: the session may be over, or the service away for a moment. */
async function check() {
  stream("lost");
  try {
    const answer = await fetch(page.base, { redirect: "manual" });
    if (answer.status === 401 || answer.status === 403 || answer.status === 404) return over();
  } catch {
    // No network: it is tried again below.
  }
  setTimeout(connect, AGAIN_MS);
}

function over() {
  events.close();
  events = null;
  stream("over");
}

/** Say whether the numbers are live, and since when they are not. */
function stream(state) {
  const element = by("stream");
  if (element.dataset.state !== state) element.dataset.state = state;
  const time = clock(view?.at ?? new Date().toISOString(), { seconds: true });
  fill(by("stream-says"), state === "live" ? `${t("staff.stream_live")} · ${time}` : t("staff.as_of", { time }));
  const trouble = by("trouble");
  const words = { lost: t("staff.stream_lost", { time }), over: t("staff.stream_over") }[state];
  if (words) fill(trouble.querySelector("span"), words);
  trouble.hidden = !words;
}

function show() {
  const counts = { ...view.counts, done: view.counts.submitted + view.counts.expired + view.counts.graded };
  for (const element of document.querySelectorAll("[data-count]")) put(element, String(counts[element.dataset.count]));
  document.querySelector(".big.lost").classList.toggle("none", counts.lost_contact === 0);
  showBar(counts);
  showPeople();
  showNews();
  announce(counts.lost_contact);
}

function showBar(counts) {
  const parts = {
    working: counts.started + counts.saving + counts.idle, lost: counts.lost_contact, done: counts.done,
    voided: counts.voided, waiting: counts.not_started,
  };
  let start = 0;
  for (const [name, number] of Object.entries(parts)) {
    const width = counts.enrolled ? (1000 * number) / counts.enrolled : 0;
    const rect = document.querySelector(`.part-${name}`);
    rect.setAttribute("x", String(start));
    rect.setAttribute("width", String(width));
    start += width;
  }
  put(by("bar-says"), t("staff.bar_says", { enrolled: counts.enrolled }));
}

/** What waits for a decision, and what others have done: said where it belongs, and to who listens. */
function showNews() {
  const late = t("staff.late_news", { n: view.undecided });
  notice("late-news", view.undecided > 0, late);
  if (view.undecided > undecided) say(late);
  undecided = view.undecided;
  const done = t("staff.trail_news", { n: view.deeds - page.deeds });
  notice("trail-news", view.deeds > page.deeds, done);
  if (view.deeds > deeds) say(done);
  deeds = Math.max(deeds, view.deeds);
}

function notice(id, wanted, words) {
  const element = by(id);
  element.hidden = !wanted;
  if (wanted) put(element.querySelector("span span"), words);
}

function showPeople() {
  put(by("people-number"), t("staff.people_number", { n: view.total }));
  by("people-table").hidden = view.people.length === 0;
  const none = by("people-none");
  none.hidden = view.people.length > 0;
  put(none, t(view.counts.enrolled ? "staff.people_none_here" : "staff.people_none"));
  const shown = new Set(view.people.map((person) => person.enrolment));
  for (const [enrolment, row] of rows) {
    if (!shown.has(enrolment)) {
      // Who leaves the list with the focus on them: it goes to the heading, never to another person's button.
      if (row.element.contains(document.activeElement)) by("people").focus();
      row.element.remove();
      rows.delete(enrolment);
    }
  }
  arrange(by("rows"), view.people.map((person) => {
    if (!rows.has(person.enrolment)) rows.set(person.enrolment, newRow());
    const row = rows.get(person.enrolment);
    update(row, person);
    return row.element;
  }));
}

/** Bring the rows into this order. A row that is moved loses the focus, so the others are moved around it. */
function arrange(body, wanted) {
  if (wanted.length === 0) return;
  const still = Math.max(0, wanted.findIndex((row) => row.contains(document.activeElement)));
  if (wanted[still].parentNode !== body) body.prepend(wanted[still]);
  for (let place = still - 1; place >= 0; place -= 1) {
    if (wanted[place].nextElementSibling !== wanted[place + 1]) wanted[place + 1].before(wanted[place]);
  }
  for (let place = still + 1; place < wanted.length; place += 1) {
    if (wanted[place].previousElementSibling !== wanted[place - 1]) wanted[place - 1].after(wanted[place]);
  }
}

/** The rows that the page came with are kept: somebody may already be on one of them. */
function adopt() {
  for (const element of by("rows").rows) rows.set(element.dataset.enrolment, rowOf(element));
}

function newRow() {
  const cell = (name, label) => h("td", { role: "cell", class: `col-${name}${label ? " numbers" : ""}`, "data-label": label });
  return rowOf(h("tr", { role: "row" },
    h("th", { role: "rowheader", scope: "row", class: "col-name" }),
    cell("state"), cell("contact", t("staff.col_contact")), cell("saves", t("staff.col_saves")),
    cell("left", t("staff.col_left")), cell("more"),
  ));
}

function rowOf(element) {
  const [name, state, contact, saves, left, more] = element.cells;
  return { element, name, state, contact, saves, left, more, saved: null };
}

/** Only what has changed is touched; the link stays the same element, for it may have the focus. */
function update(row, person) {
  if (row.name.textContent !== person.name + person.candidate) {
    fill(row.name, person.name, h("small", {}, person.candidate));
  }
  const state = t(`staff.state_${person.state}`);
  if (row.state.textContent !== state) fill(row.state, h("span", { class: `chip ${page.tones[person.state]}` }, state));
  act(row, person);
  put(row.contact, person.last_contact ? clock(person.last_contact, { seconds: true }) : t("staff.nothing"));
  put(row.saves, person.attempt ? String(person.saves) : t("staff.nothing"));
  row.contact.classList.toggle("nil", !person.last_contact);
  row.saves.classList.toggle("nil", !person.attempt);
  row.left.classList.toggle("nil", person.seconds_left === null);
  if (row.saved !== null && row.saved !== person.saves) {
    row.element.classList.remove("changed");
    // The next frame, so that the animation begins anew.
    requestAnimationFrame(() => row.element.classList.add("changed"));
  }
  row.saved = person.saves;
  row.person = person;
  left(row);
}

function act(row, person) {
  if (!person.attempt) return void fill(row.more);
  let link = row.more.querySelector("a");
  if (!link) fill(row.more, (link = h("a", { class: "button small" }, t("staff.open_person"), h("span", { class: "unseen" }))));
  const address = `${page.base}/attempts/${person.attempt}`;
  if (link.getAttribute("href") !== address) link.setAttribute("href", address);
  put(link.querySelector(".unseen"), ` ${person.name}`);
}

/** The time that is left goes on between two events; the server's seconds are the beginning of each count. */
function left(row) {
  const { seconds_left: seconds, extra_seconds: extra } = row.person;
  if (seconds === null) {
    if (row.leftShown !== "none") fill(row.left, t("staff.nothing"));
    row.leftShown = "none";
    return;
  }
  const shown = digits(seconds - Math.floor((Date.now() - arrived) / 1000));
  const key = `${shown}/${extra}`;
  if (row.leftShown === key) return;
  row.leftShown = key;
  fill(row.left, shown, extra > 0 && h("small", {}, t("staff.extra", { n: Math.floor(extra / 60) })));
}

/** Lost contact is what staff must hear of; not more often than every half minute. */
function announce(lost) {
  const now = Date.now();
  if (announced.lost === null) announced = { lost, at: 0 };
  if (lost === announced.lost || now - announced.at < ANNOUNCE_MS) return;
  announced = { lost, at: now };
  say(t("staff.announce_lost", { n: lost }));
}

/** One paragraph for each sentence, so that two at once are both heard, and the same one twice. */
function say(sentence) {
  const said = by("announcer").appendChild(h("p", {}, sentence));
  setTimeout(() => said.remove(), ANNOUNCE_MS);
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

setInterval(() => {
  if (events === null) return;
  // Until the first event nobody's time is known but as the page came with it.
  if (view) for (const row of rows.values()) left(row);
  if (Date.now() - heard > SILENCE_MS) {
    stream("lost");
    connect();
  }
}, 1000);

// A computer that slept, or a network that swallows everything, leaves a stream that is open and dead.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && events !== null && by("stream").dataset.state !== "live") connect();
});
window.addEventListener("offline", () => events !== null && stream("lost"));
window.addEventListener("online", () => events !== null && connect());

adopt();
connect();

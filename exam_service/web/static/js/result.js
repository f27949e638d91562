// The result page: how it went, why, what comes next, and the receipts to keep.
import * as api from "./api.js";
import { announce, app, fill, h, page } from "./dom.js";
import { icon, ring } from "./icons.js";
import { fates, wayBack } from "./prefer.js";
import { receiptsCard } from "./receipts.js";
import { reopened } from "./reopened.js";
import { offerSignOut } from "./signout.js";
import { pick, said, t } from "./texts.js";
import { dateTime, happened, percent } from "./time.js";
import { fail } from "./trouble.js";

const { attempt } = page();

async function show() {
  try {
    const result = await api.result(attempt);
    const [me, receipts] = await Promise.all([api.me().catch(() => null), api.receipts(attempt).catch(() => null)]);
    if (result.state === "in_progress") return location.replace(`/exam/attempts/${attempt}`);
    draw(result, me, receipts?.receipts ?? null);
    if (["submitted", "expired"].includes(result.state)) setTimeout(show, 3000);
  } catch (error) {
    if (error.code === "attempt-running") return location.replace(`/exam/attempts/${attempt}`);
    if (error.code === "attempt-voided") return voided(await api.me().catch(() => null));
    fail(error, { retry: api.passing(error) ? show : null, returnUrl: wayBack.url });
  }
}

// The service has no result of a voided attempt, but the page has something to say of it.
function voided(me) {
  const exam = me?.exams.find(({ attempts }) => attempts.some((one) => one.attempt === attempt));
  const one = exam?.attempts.find((past) => past.attempt === attempt);
  document.title = t("result.title");
  app().removeAttribute("aria-busy");
  fill(app(),
    h("header", { class: "result-head" },
      h("h1", {}, t("result.title")), exam ? h("p", { class: "quiet" }, said("span", exam.title), " · ", t("result.attempt", { n: one.number })) : null),
    late({ state: "voided" }),
    h("section", { class: "card outcome" }, h("div", { class: "outcome-words" }, h("p", { class: "verdict" }, icon("alert"), t("result.voided")))),
    next({ review_open: false }, exam));
}

function draw(result, me, receipts) {
  const exam = me?.exams.find(({ code }) => code === result.exam) ?? null;
  if (me) document.querySelector(".brand span").replaceChildren(pick(me.organisation));
  document.title = `${t("result.title")} · ${pick(result.title)}`;
  app().removeAttribute("aria-busy");
  fill(app(),
    h("header", { class: "result-head" },
      h("h1", {}, t("result.title")), h("p", { class: "quiet" }, said("span", result.title), " · ", t("result.attempt", { n: result.number }))),
    late(result),
    outcome(result, exam), conditions(result.pass_decision), sections(result.sections ?? []), next(result, exam),
    receipts ? receiptsCard(attempt, receipts) : null);
}

// Staff let the attempt go on while this page was open; whoever reads it decides when to leave it.
function goOn() {
  announce(t("result.reopened"));
  app().prepend(h("div", { class: "notice good reopened" }, icon("clock"), h("div", {}, h("p", {}, t("result.reopened")),
    h("a", { class: "button primary", href: `/exam/attempts/${attempt}`, "data-action": "go-on" }, t("result.go_on")))));
}

// What became of answers, and of a request to hand in, that arrived after the end.
function late({ state, ended_by: by, late: told }) {
  const fate = fates.of(attempt);
  // What staff has decided since is known to the service; what never reached it only to this device.
  const counts = state === "voided" ? { kept: fate?.kept } : { ...fate, ...told, kept: 0 };
  const lines = ["refused", "held", "accepted", "lost", "undecided", "kept"].filter((one) => counts[one]).map((one) => t(`result.late_${one}`, { n: counts[one] }));
  if (fate?.asked && by === "expired") lines.push(t("result.late_asked"));
  return lines.length ? h("div", { class: "notice warn", role: "alert" }, icon("alert"), h("div", {}, lines.map((line) => h("p", {}, line)))) : null;
}

function outcome(result, exam) {
  const { percent: value, passed } = result;
  const graded = result.state === "graded";
  const known = passed === true || passed === false;
  const verdict = known
    ? h("p", { class: `verdict ${passed ? "good" : "bad"}` }, icon(passed ? "check" : "cross"), t(passed ? "result.passed" : "result.failed"))
    : h("p", { class: "verdict" }, icon(result.state === "voided" ? "alert" : "check"), t(result.state === "voided" ? "result.voided" : "result.received"));
  const score = value != null;
  return h("section", { class: `card outcome ${known ? (passed ? "good" : "bad") : ""}` },
    score ? h("div", { class: "dial" }, ring(value), h("p", { class: "dial-number numbers" }, percent(value), h("span", {}, "%"))) : null,
    h("div", { class: "outcome-words" },
      verdict,
      graded && !score ? h("p", {}, hidden(result, exam)) : null,
      graded || result.state === "voided" ? null : h("p", { role: "status" }, t("result.grading")),
      score && result.possible ? h("p", {}, t("result.points", { earned: percent(result.earned), possible: percent(result.possible) })) : null,
      h("p", { class: "quiet" }, t("result.answered", { answered: result.answered, questions: result.questions })),
      result.ended_at ? h("p", { class: "quiet" }, t(result.ended_by === "expired" ? "result.expired" : "result.ended", { when: happened(result.ended_at) })) : null));
}

function hidden(result, exam) {
  const closes = exam?.window?.closes_at;
  if (result.score_opens === "after_window" && closes) return t("result.hidden_after_window", { when: dateTime(closes) });
  return t(result.score_opens === "after_pass_or_last" ? "result.hidden_after_last" : "result.hidden");
}

// The leaves of the decision, each met or not. A choice between several is one line, as it was weighed.
function conditions(because) {
  if (!because) return null;
  const leaves = (node) => (node.of?.length && !["any", "at_least"].includes(node.rule) ? node.of.flatMap(leaves) : [node]);
  return h("section", { class: "card" }, h("h2", {}, t("result.conditions")),
    h("ul", { class: "list conditions" }, leaves(because).map((leaf) => h("li", { class: leaf.met ? "met" : "unmet" }, icon(leaf.met ? "check" : "cross"),
      h("span", {}, said("span", leaf.sentence), h("span", { class: "unseen" }, ` (${t(leaf.met ? "result.met" : "result.unmet")})`))))));
}

function sections(list) {
  if (list.length < 2) return null;
  return h("section", { class: "card" }, h("h2", {}, t("result.sections")),
    h("ul", { class: "sections" }, list.map((one) => h("li", {},
      h("div", { class: "section-line" }, said("span", one.title), h("strong", { class: "numbers" }, t("common.percent", { value: percent(one.percent) }))),
      h("meter", { min: 0, max: 100, value: one.percent, "aria-label": pick(one.title) }, `${percent(one.percent)} %`),
      h("p", { class: "small quiet numbers" }, t("result.points", { earned: percent(one.earned), possible: percent(one.possible) }))))));
}

function next(result, exam) {
  const no = exam?.refusal;
  const left = exam?.attempts_limit == null ? null : exam.attempts_limit - exam.attempts_used;
  let words;
  if (result.passed || !exam || (result.passed == null && !exam.can_start)) words = h("p", {}, t(result.passed ? "result.next_passed" : "result.next_course"));
  else if (exam.can_start) words = h("p", {}, t("result.next_retake"), left == null ? "" : ` (${t("result.next_left", { n: left })})`);
  else if (no?.retry_at) words = [h("p", {}, h("strong", {}, t("result.retry_at", { when: dateTime(no.retry_at) }))), left == null ? null : h("p", { class: "quiet" }, t("result.next_left", { n: left }))];
  else if (no?.missing?.length) words = h("ul", { class: "list" }, no.missing.map((text) => h("li", {}, icon("dot"), said("span", text))));
  else words = no ? said("p", no.message) : h("p", {}, t("result.next_course"));
  return h("section", { class: "card next" }, h("h2", {}, t("result.next")), words,
    h("div", { class: "actions" },
      h("a", { class: "button primary", href: "/exam", "data-action": "home" }, icon("back"), t("common.back_home")),
      result.review_open ? h("a", { class: "button", href: `/exam/attempts/${attempt}/review`, "data-action": "review" }, icon("book"), t("result.review")) : null));
}

show();
reopened(attempt).then(goOn);
offerSignOut();

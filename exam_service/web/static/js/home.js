// The course page: pre-test, learning, post-test, certificate as steps, each with its state and what can be done now.
import * as api from "./api.js";
import { app, fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { kept } from "./memory.js";
import { forgetPage } from "./offline.js";
import { wayBack, who } from "./prefer.js";
import * as certificateStep from "./steps/certificate.js";
import * as examStep from "./steps/exam.js";
import * as learningStep from "./steps/learning.js";
import { step } from "./steps/step.js";
import { offerSignOut } from "./signout.js";
import { pick, said, t } from "./texts.js";
import { fail } from "./trouble.js";

async function show() {
  try {
    const me = await api.me();
    wayBack.url = me.return_url;
    const began = Date.parse(me.now) - performance.now();
    draw(me, () => began + performance.now(), await left(me));
  } catch (error) {
    fail(error, { retry: show, home: false, returnUrl: wayBack.url });
  }
}

// What this device still holds of this person. With nothing under way and nothing held, the page that was kept for offline use goes too.
async function left(me) {
  const { mine, empty } = await kept(who());
  if (empty && !me.exams.some((exam) => exam.running)) forgetPage();
  return mine.filter(({ unsent }) => unsent);
}

function draw(me, since, unsent) {
  const steps = stepsOf(me);
  const voided = me.exams.flatMap((exam) => exam.attempts).filter(({ state }) => state === "voided").map((one) => one.attempt);
  const next = steps.findIndex(({ state }) => !state.done);
  document.title = pick(me.course.title);
  document.querySelector(".brand span").replaceChildren(pick(me.organisation));
  app().removeAttribute("aria-busy");
  fill(app(),
    h("header", { class: "course" },
      said("h1", me.course.title),
      h("p", { class: "quiet" }, me.candidate.name, me.course.hours ? ` · ${t("home.hours", { n: me.course.hours })}` : ""),
      me.course.description ? said("p", me.course.description) : null),
    unsent.map(({ attempt, unsent: n }) => h("div", { class: "notice warn", "data-unsent": attempt }, icon("alert"), h("div", {}, h("p", {}, t("home.unsent", { n })),
      voided.includes(attempt) ? h("p", {}, t("home.unsent_voided")) : h("a", { class: "button", href: `/exam/attempts/${attempt}` }, icon("send"), t("home.unsent_send"))))),
    h("ol", { class: "steps-list", "aria-label": t("home.steps") }, steps.map((one, n) => step({
      ...one, number: n + 1, current: n === next,
      content: one.content({ current: n === next, since, reload: show, returnUrl: me.return_url }),
    }))),
    me.return_url ? h("p", { class: "way-back" }, h("a", { class: "button plain", href: me.return_url }, icon("back"), t("common.back_learning"))) : null);
}

function stepsOf(me) {
  const exams = me.exams.map((exam) => ({
    title: pick(exam.title), sort: "pencil", state: examStep.state(exam), content: (around) => examStep.content(exam, around), kind: exam.kind,
  }));
  const learning = me.facts.length
    ? [{ title: t("home.learning"), sort: "book", state: learningStep.state(me.facts), content: (around) => learningStep.content(me.facts, around) }]
    : [];
  const certificate = me.certificate
    ? [{ title: t("home.certificate"), sort: "award", state: certificateStep.state(me.certificate), content: (around) => certificateStep.content(me.certificate, around) }]
    : [];
  const before = exams.filter(({ kind }) => kind === "pre_test");
  return [...before, ...learning, ...exams.filter((exam) => !before.includes(exam)), ...certificate];
}

// Coming back from an attempt shows how things stand now.
addEventListener("pageshow", (event) => event.persisted && show());
show();
offerSignOut();

// A pre-test or post-test as a step: its rules, where it stands, why it may not start, and its attempts.
import * as api from "../api.js";
import { dialog } from "../dialogs.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { Memory } from "../memory.js";
import { who } from "../prefer.js";
import { pick, said, t } from "../texts.js";
import { dateTime, digits, happened, minutes, percent, until } from "../time.js";
import { notice } from "../trouble.js";
import { missing } from "./step.js";

const REFUSED = {
  "cooling-down": ["home.state_cooling", "warn", "clock"], "window-closed": ["home.state_closed", "", "lock"],
  "attempts-exhausted": ["home.state_not_passed", "bad", "cross"],
};

export function state(exam) {
  const passed = exam.counted?.passed;
  if (exam.running) return { key: "home.state_running", kind: "now", icon: "pencil", done: false };
  if (passed) return { key: "home.state_passed", kind: "good", icon: "check", done: true };
  if (exam.counted && passed !== false) return { key: "home.state_taken", kind: "good", icon: "check", done: true };
  const [key, kind, name] = REFUSED[exam.refusal?.code] ?? (exam.can_start
    ? exam.counted ? ["home.state_not_passed", "warn", "sync"] : ["home.state_ready", "now", "arrow"]
    : ["home.state_waiting", "", "lock"]);
  return { key, kind, icon: name, done: false };
}

/** `since` gives the service's time now, in milliseconds. */
export function content(exam, { current, since, reload }) {
  return [
    current ? h("dl", { class: "pairs" }, rules(exam)) : h("p", { class: "quiet brief" }, brief(exam)),
    exam.counted ? score(exam) : null,
    refusal(exam, since, reload),
    actions(exam, current),
    attempts(exam),
  ];
}

function rules(exam) {
  const pair = (key, value) => [h("dt", {}, t(key)), h("dd", {}, value)];
  const { opens_at: opens, closes_at: closes } = exam.window ?? {};
  const window = { opens: opens && dateTime(opens), closes: closes && until(closes) };
  return [
    pair("home.questions", t("common.questions", { n: exam.questions })),
    pair("home.time", time(exam)),
    pair("home.attempts", used(exam)),
    opens || closes ? pair("home.window", t(opens && closes ? "home.window_both" : opens ? "home.window_from" : "home.window_until", window)) : null,
  ];
}

const used = (exam) => (exam.attempts_limit == null
  ? t("home.attempts_free", { used: exam.attempts_used })
  : t("home.attempts_used", { used: exam.attempts_used, limit: exam.attempts_limit }));

const brief = (exam) => [t("common.questions", { n: exam.questions }), exam.time_limit_minutes == null ? t("home.brief_no_limit") : time(exam), used(exam)].join(" · ");

function time(exam) {
  if (exam.time_limit_minutes == null) return t("home.time_none");
  const [extra, whole] = [exam.extra_minutes ?? 0, exam.time_limit_minutes + (exam.extra_minutes ?? 0)];
  return extra ? t("home.time_extra", { span: minutes(whole), extra: minutes(extra) }) : minutes(whole);
}

function score(exam) {
  const { percent: value, passed } = exam.counted;
  return h("div", { class: "score" },
    h("div", { class: "score-number numbers" }, value == null ? "–" : percent(value), value == null ? null : h("span", {}, "%")),
    h("div", {},
      h("p", {}, t("home.counted"), " ", h("span", { class: "quiet" }, value == null ? `(${t("home.hidden")})` : exam.attempts_limit === 1 ? "" : `(${t(`home.counts_${exam.counts}`)})`)),
      passed == null ? null : h("span", { class: `chip ${passed ? "good" : "bad"}` }, icon(passed ? "check" : "cross"), t(passed ? "common.passed" : "common.failed"))));
}

function refusal(exam, since, reload) {
  const no = exam.refusal;
  if (!no || exam.running || state(exam).done) return null;
  if (no.missing?.length) return missing(no.missing, said);
  const wait = no.retry_at ? h("p", {}, t("home.retry_at", { when: dateTime(no.retry_at) }), " ", live(no.retry_at, since, reload)) : null;
  return h("div", { class: "notice warn" }, icon(no.retry_at ? "clock" : "info"), h("div", {}, wait ?? said("p", no.message)));
}

// A live countdown in the last hour, then a button in place of the sentence.
function live(iso, since, reload) {
  const place = h("strong", { class: "numbers" });
  const show = () => {
    const left = (Date.parse(iso) - since()) / 1000;
    if (left > 3600) return;
    if (left > 0) fill(place, t("home.retry_in", { time: digits(left) }));
    else {
      clearInterval(timer);
      reload();
    }
  };
  const timer = setInterval(() => (place.isConnected ? show() : clearInterval(timer)), 1000);
  show();
  return place;
}

function actions(exam, current) {
  if (exam.running) {
    const left = exam.running.seconds_left;
    return h("div", { class: "actions" },
      h("a", { class: "button primary", href: `/exam/attempts/${exam.running.attempt}`, "data-action": "resume" }, icon("arrow"), t("home.resume")),
      left == null ? null : h("p", { class: "quiet beside" }, t("home.resume_left", { time: minutes(Math.max(1, Math.floor(left / 60))) })));
  }
  if (!exam.can_start) return null;
  return h("div", { class: "actions" },
    h("button", { type: "button", class: `button ${current ? "primary" : ""}`, "data-action": "start", onclick: () => confirm(exam) },
      icon("pencil"), t(exam.attempts_used ? "home.restart" : "home.start")));
}

function confirm(exam) {
  const left = exam.attempts_limit == null ? t("home.confirm_left_free") : t("home.confirm_left_n", { n: exam.attempts_limit - exam.attempts_used - 1 });
  const message = h("div", { "aria-live": "assertive" });
  const line = (name, words) => h("li", {}, icon(name), h("span", {}, words));
  dialog({
    title: t("home.confirm_title", { exam: pick(exam.title) }), kind: "confirm",
    content: [
      h("dl", { class: "pairs" },
        h("dt", {}, t("home.questions")), h("dd", {}, t("common.questions", { n: exam.questions })),
        h("dt", {}, t("home.time")), h("dd", {}, time(exam)),
        h("dt", {}, t("home.confirm_left")), h("dd", {}, left)),
      h("ul", { class: "list warns" },
        exam.time_limit_minutes == null ? null : line("clock", h("strong", {}, t("home.confirm_clock"))),
        exam.window?.closes_at ? line("lock", t("home.confirm_window", { closes: until(exam.window.closes_at) })) : null,
        line("cloud", t("home.confirm_saved"))),
      message],
    actions: [
      { label: t("home.confirm_later"), name: "later" },
      { label: t("home.confirm_start"), primary: true, name: "confirm", act: async () => {
        try {
          const view = await api.start(exam.code);
          await (await Memory.open(who(), view.attempt)).begin(view);
          location.assign(`/exam/attempts/${view.attempt}`);
        } catch (error) {
          fill(message, notice(error));
        }
        return false;
      } },
    ],
  });
}

function attempts(exam) {
  const ended = exam.attempts.filter((one) => one.state !== "in_progress");
  if (!ended.length) return null;
  return h("details", { class: "attempts", open: ended.length <= 3 },
    h("summary", {}, t("home.attempt_list"), h("span", { class: "quiet" }, ` (${ended.length})`)),
    h("ol", {}, ended.map((one) => h("li", {},
      h("div", { class: "attempt-what" }, h("strong", {}, t("home.attempt_n", { n: one.number })), " ", outcome(one),
        h("p", { class: "small quiet" }, happened(one.ended_at ?? one.started_at), one.ended_by === "expired" ? ` · ${t("home.attempt_expired")}` : "")),
      one.state === "voided" ? null : h("div", { class: "attempt-links" },
        h("a", { class: "button plain", href: `/exam/attempts/${one.attempt}/result` }, t("home.attempt_result")),
        one.review_open ? h("a", { class: "button plain", href: `/exam/attempts/${one.attempt}/review` }, t("home.attempt_review")) : null)))));
}

function outcome(one) {
  if (one.state === "voided") return h("span", { class: "chip" }, t("home.attempt_voided"));
  if (one.state !== "graded") return h("span", { class: "chip" }, t("home.attempt_grading"));
  return [
    one.percent == null ? h("span", { class: "quiet" }, t("home.hidden")) : h("span", { class: "numbers" }, t("common.percent", { value: percent(one.percent) })), " ",
    one.passed == null ? null : h("span", { class: `chip ${one.passed ? "good" : "bad"}` }, icon(one.passed ? "check" : "cross"), t(one.passed ? "common.passed" : "common.failed")),
  ];
}


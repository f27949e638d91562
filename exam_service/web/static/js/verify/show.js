// A verdict of this browser as people read it: the same looks as the page of the service (templates/verify.html).
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { foreign, pick, t } from "../texts.js";
import { date, happened } from "../time.js";

const LOOKS = {
  stands: ["good", "check"], revoked: ["bad", "cross"], expired: ["warn", "clock"], unknown: ["warn", "help"], untold: ["warn", "help"], compromised: ["warn", "help"],
  not_genuine: ["bad", "cross"], no_keys: ["warn", "help"],
};
const SIGNS = { true: ["passed", "check", "good"], false: ["failed", "cross", "bad"], null: ["untold", "dash", ""] };
const instant = (value) => (value instanceof Date ? value.toISOString() : value);

/** The sections of a page about `{verdict, kept, met}` (check.js). */
export function answer({ verdict, kept, met }) {
  const state = stateOf(verdict, met);
  const { facts } = verdict;
  const issuer = facts?.organisation_name ? pick(facts.organisation_name) : "";
  const withdrawn = state === "revoked" ? verdict.steps.find((step) => step.code === "withdrawn") : null;
  const own = `verify.here_says_${state}`;
  const says = withdrawn ? sentence(withdrawn) : state === "no_keys" ? t("verify.here_no_keys") : t(["stands", "expired", "unknown"].includes(state) ? own : `verify.says_${state}`, { issuer });
  const [tone, sign] = LOOKS[state];
  return [
    h("section", { class: `answer ${tone}`, id: "answer", "data-state": state, role: "status" },
      h("div", { class: "answer-mark" }, icon(sign)),
      h("h1", { tabindex: "-1" }, state === "no_keys" ? t("verify.here_no_keys_heading") : t(`headline.${verdict.headline}`)),
      h("p", {}, says),
      verdict.as_of && h("p", { class: "answer-time numbers" }, t("verify.as_of", { when: happened(instant(verdict.as_of)) }))),
    h("p", { class: `notice ${kept ? "warn" : "good"}`, id: "here" }, icon(kept ? "offline" : "shield"), h("span", {}, t(kept ? "verify.here_kept" : "verify.here_by_device"))),
    verdict.outcome === "genuine" && shownFacts(facts),
    state !== "no_keys" && steps(verdict, state),
  ];
}

function stateOf(verdict, met) {
  if (verdict.outcome === "genuine") return verdict.status;
  if (verdict.outcome === "not_genuine") return "not_genuine";
  if (!met) return "no_keys";
  return verdict.headline.startsWith("key-") ? "compromised" : "untold";
}

function shownFacts(facts) {
  const row = (label, ...what) => h("div", {}, h("dt", {}, t(`verify.${label}`)), h("dd", {}, ...what));
  const name = facts.recipient_name.split(" ").flatMap((word) => [h("span", {}, word), " "]);
  const organisation = facts.organisation_name;
  return h("section", { class: "card facts", id: "facts" },
    h("h2", {}, t("verify.facts")),
    h("dl", {},
      h("div", {}, h("dt", {}, t("verify.name")), h("dd", { class: "who" }, h("span", { id: "name" }, name))),
      facts.kind && row("kind", t(`common.${facts.kind}`)),
      row("course", facts.course_title, h("small", {}, facts.course_code)),
      facts.hours ? row("hours_label", t("verify.hours", { n: facts.hours })) : null,
      row("issuer", h("span", { lang: foreign(organisation) }, pick(organisation))),
      row("issued_at", h("span", { class: "numbers" }, date(instant(facts.issued_at)))),
      row("valid_until", h("span", { class: "numbers" }, facts.valid_until ? date(instant(facts.valid_until)) : t("verify.no_expiry"))),
      row("number", h("span", { class: "serial" }, facts.id.replace(/(.{4})(?=.)/g, "$1 "))),
      facts.supersedes && row("replaces", h("span", { class: "serial" }, facts.supersedes))));
}

function steps(verdict, state) {
  const lines = verdict.steps.map((step) => {
    const [kind, sign, chip] = SIGNS[step.passed];
    return h("li", { class: kind }, icon(sign), h("div", {},
      h("strong", {}, `${step.number}. ${t(`verify.step_${step.name}`)}`), " ", h("span", { class: `chip ${chip}` }, t(`verify.step_${kind}`)), h("p", {}, sentence(step))));
  });
  const open = ["not_genuine", "untold", "compromised"].includes(state);
  return h("details", { class: "card", id: "steps", open }, h("summary", {}, t("verify.steps")), h("ol", { class: "steps" }, lines));
}

function sentence(step) {
  const spoken = Object.entries(step.values).map(([name, value]) => [name, value instanceof Date ? happened(value.toISOString()) : typeof value === "object" ? pick(value) : value]);
  return t(`step.${step.code}`, Object.fromEntries(spoken));
}

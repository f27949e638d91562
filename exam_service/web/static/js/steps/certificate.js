// The certificate as a step: what is missing, the request, and what has been issued.
import * as api from "../api.js";
import { press } from "../dialogs.js";
import { announce, fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { said, t } from "../texts.js";
import { date } from "../time.js";
import { notice } from "../trouble.js";
import { missing } from "./step.js";

const STANDS = ["stands", "active", "valid"];

export function state(certificate) {
  if (certificate.issued.some((one) => STANDS.includes(one.state))) return { key: "home.state_issued", kind: "good", icon: "award", done: true };
  if (certificate.met) return { key: "home.state_earned", kind: "now", icon: "award", done: false };
  return { key: "home.state_waiting", kind: "", icon: "lock", done: false };
}

export function content(certificate, { current, reload }) {
  // One that has expired is renewed by the organisation, not asked for again.
  const got = certificate.issued.filter((one) => STANDS.includes(one.state) || one.state === "expired").map((one) => one.kind);
  const offered = certificate.kinds.filter((kind) => !got.includes(kind));
  return [
    certificate.issued.length ? h("ul", { class: "papers" }, certificate.issued.map(paper)) : null,
    certificate.met && offered.length ? request(offered, current, reload) : null,
    certificate.met ? null : missing(certificate.missing, said),
    !certificate.met && certificate.issue === "at_once" ? h("p", { class: "small quiet" }, t("home.certificate_at_once")) : null,
  ];
}

function paper(one) {
  const stands = STANDS.includes(one.state);
  const key = stands ? "stands" : ["revoked", "superseded", "suspended", "expired"].includes(one.state) ? one.state : "unknown";
  return h("li", { class: "paper" }, icon("award"),
    h("div", {}, h("h3", {}, t(`common.${one.kind}`), " ", h("span", { class: `chip ${stands ? "good" : "bad"}` }, icon(stands ? "check" : "alert"), t(`home.certificate_${key}`))),
      h("p", { class: "small quiet" }, t("home.certificate_issued", { when: date(one.issued_at) }), one.valid_until ? ` · ${t("home.certificate_until", { when: date(one.valid_until) })}` : "", " · ", h("span", { class: "numbers" }, one.id)),
      h("div", { class: "actions" },
        h("a", { class: "button", href: one.page, "data-action": "certificate" }, t("home.certificate_open")),
        h("a", { class: "button plain", href: one.verify_url }, t("home.certificate_verify")))));
}

function request(kinds, current, reload) {
  let chosen = kinds[0];
  const message = h("div", { "aria-live": "assertive" });
  const words = h("span", {}, t("home.certificate_request", { kind: t(`common.${chosen}`) }));
  const radio = (kind) => h("label", { class: "check" },
    h("input", { type: "radio", name: "kind", value: kind, checked: kind === chosen, onchange: () => {
      chosen = kind;
      words.textContent = t("home.certificate_request", { kind: t(`common.${kind}`) });
    } }), h("span", {}, t(`common.${kind}`)));
  const ask = press(async () => {
    try {
      const issued = await api.certificate(chosen);
      await reload();
      announce(t("home.certificate_new", { kind: t(`common.${issued.kind}`) }));
    } catch (error) {
      fill(message, notice(error));
    }
  });
  return h("div", { class: "request" },
    h("p", {}, t("home.certificate_met")),
    kinds.length > 1 ? h("fieldset", { class: "kinds" }, h("legend", { class: "quiet small" }, t("home.certificate_choose")), kinds.map(radio)) : null,
    h("div", { class: "actions" }, h("button", { type: "button", class: `button ${current ? "primary" : ""}`, "data-action": "request", onclick: ask }, icon("award"), words)),
    message);
}

// What a page says when it could not do something: the service's own sentence, or that nobody answered.
import { Unreachable } from "./api.js";
import { app, fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { pick, t } from "./texts.js";

/** One sentence for an error of the API. */
export function sentence(error) {
  if (error instanceof Unreachable) return t("common.offline");
  if (error.status === 401) return t("common.signed_out");
  return pick(error.text) || t("common.server_trouble");
}

/** A notice with that sentence, announced at once. */
export function notice(error) {
  return h("div", { class: "notice bad", role: "alert" }, icon("alert"), h("div", {}, sentence(error)));
}

/** The whole page gives way to the sentence, with what can be done about it. */
export function fail(error, { retry, home = true, returnUrl = null, more = null } = {}) {
  if (!("status" in error) && !(error instanceof Unreachable)) console.error(error);
  app().removeAttribute("aria-busy");
  fill(app(), h("section", { class: "card sole" },
    h("div", { class: "mark warn" }, icon("alert")),
    h("h1", {}, t("common.failed_title")),
    h("p", { role: "alert" }, sentence(error)),
    more ? h("p", { class: "notice" }, icon("info"), h("span", {}, more)) : null,
    h("div", { class: "actions" },
      retry && error.status !== 401 ? h("button", { type: "button", class: "button primary", onclick: retry }, icon("sync"), t("common.retry")) : null,
      home && error.status !== 401 ? h("a", { class: "button", href: "/exam" }, t("common.back_home")) : null,
      returnUrl ? h("a", { class: "button", href: returnUrl }, icon("back"), t("common.back_learning")) : null)));
}

// The verify page that needs nothing but files: it checks what is scanned, pasted or dropped, in the browser, also without network.
// Behind a QR code it is what opens when the service does not answer; exported, it is the verify page (docs/how-to/outlive.md).
import { app, fill, h, page } from "../dom.js";
import { onDrop } from "../drop.js";
import { icon } from "../icons.js";
import { keepPage } from "../offline.js";
import { current, other, setLanguage, t } from "../texts.js";
import { checkFile, checkText } from "./check.js";
import { NOTHING_TO_JUDGE } from "./judge.js";
import { answer } from "./show.js";
import { idIn, scanned } from "./token.js";

const here = location.origin + location.pathname;
let shown = null; // what is shown: {checked}, {sentence} or nothing

async function show(checking) {
  fill(document.getElementById("found"), h("p", { class: "quiet", role: "status" }, t("verify.here_busy")));
  try {
    const checked = await checking;
    shown = !checked ? { key: "verify.here_unable" } : NOTHING_TO_JUDGE.includes(checked.verdict.steps[0].code) ? { key: "verify.here_unreadable" } : { checked };
  } catch (error) {
    console.warn(error);
    shown = { key: "verify.here_unreadable" };
  }
  draw();
  document.querySelector("#found h1, #found .notice")?.focus();
}

/** A number alone says nothing here; everything else is judged. */
function judge(text) {
  const id = idIn(text);
  if (id && !/#[0-9]/.test(text)) {
    shown = { key: "verify.here_number_only", values: { id } };
    draw();
  } else {
    show(checkText(text));
  }
}

function found() {
  if (!shown) return null;
  return shown.checked ? answer(shown.checked) : h("p", { class: "notice warn", id: "said", role: "alert", tabindex: "-1" }, icon("info"), h("span", {}, t(shown.key, shown.values)));
}

function form() {
  const text = h("textarea", { id: "text", rows: 2, maxlength: 4000, autocomplete: "off", spellcheck: "false", "aria-describedby": "text-hint" });
  const file = h("input", { id: "file", type: "file", accept: "application/pdf,.pdf,image/png,image/jpeg,image/svg+xml,application/json,.json", "aria-describedby": "file-hint" });
  const given = (chosen) => chosen && show(checkFile(chosen));
  file.addEventListener("change", () => given(file.files[0]));
  const whole = h("form", {
    class: "card evidence",
    onsubmit: (event) => {
      event.preventDefault();
      if (text.value.trim()) judge(text.value.trim());
      else given(file.files[0]);
    },
  },
  h("label", { for: "text" }, t("verify.here_text")), text, h("p", { class: "small quiet", id: "text-hint" }, t("verify.here_text_hint")),
  h("p", { class: "or" }, h("span", {}, t("verify.form_or"))),
  h("label", { for: "file" }, t("verify.here_file")), file, h("p", { class: "small quiet", id: "file-hint" }, t("verify.here_file_hint")),
  h("button", { class: "button primary big wide", type: "submit" }, icon("shield"), " ", t("verify.form_go")));
  return whole;
}

function site() {
  return h("details", { class: "card" }, h("summary", {}, t("verify.site")), h("p", {}, t("verify.site_says")), h("p", { class: "address" }, `${page().public_url}/`),
    h("p", {}, t("verify.site_then")), h("p", {}, t("verify.site_issuer")));
}

function draw() {
  document.title = t("verify.title");
  document.querySelector(".brand span").textContent = t("verify.title");
  const link = document.querySelector("a.language");
  link.textContent = t("common.switch");
  link.lang = link.hreflang = other();
  link.href = `?lang=${other()}${location.hash}`;
  fill(app(), h("div", { id: "found" }, found()), shown?.checked ? h("h2", {}, t("verify.again")) : h("h1", {}, t("verify.title")), h("p", { class: "lead" }, t("verify.here_lead")), form(), site());
  app().removeAttribute("aria-busy");
}

document.querySelector("a.language").addEventListener("click", (event) => {
  event.preventDefault();
  setLanguage(other());
  history.replaceState(null, "", `${location.pathname}${location.hash}`);
  draw();
});
addEventListener("hashchange", () => scanned() && judge(scanned()));
onDrop((file) => show(checkFile(file)));
document.documentElement.lang = current();
draw();
if (idIn(scanned() ?? here)) judge(scanned() ?? here);
keepPage("/v/worker.js");

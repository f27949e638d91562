// How the attempt page is used, and its keys.
import { dialog } from "./dialogs.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { shortcuts } from "./prefer.js";
import { t } from "./texts.js";

export function help() {
  const key = (...keys) => h("dt", {}, keys.flatMap((one, n) => [n ? " " : "", h("kbd", {}, one)]));
  const box = h("input", { type: "checkbox", checked: shortcuts.on, onchange: () => { shortcuts.on = box.checked; } });
  const line = (name, words) => h("li", {}, icon(name), h("span", {}, t(words)));
  dialog({
    title: t("attempt.help_title"),
    content: [
      h("ul", { class: "list" }, line("cloud", "attempt.help_saving"), line("offline", "attempt.help_offline"), line("clock", "attempt.help_clock"), line("book", "attempt.help_language")),
      h("div", { class: "for-keys" }, h("h3", {}, t("attempt.help_keys")), h("dl", { class: "keys" },
        key("1", "2", "3", "…", "ก", "ข", "ค"), h("dd", {}, t("attempt.key_choice")), key("N", "→"), h("dd", {}, t("attempt.key_next")),
        key("P", "←"), h("dd", {}, t("attempt.key_previous")), key("F"), h("dd", {}, t("attempt.key_flag")), key("?"), h("dd", {}, t("attempt.key_help"))),
      h("label", { class: "check" }, box, h("span", {}, t("attempt.help_keys_on")))),
    ],
  });
}

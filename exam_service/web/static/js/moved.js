// The attempt is written on another device now: what this one could not send is shown, and is not lost.
import { dialog } from "./dialogs.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./texts.js";

/** `unsent` are items that wait here; `here()` brings the attempt back to this device. */
export function movedDialog({ unsent, paper, here }) {
  const order = paper?.sections.flatMap((section) => section.items.map(({ item }) => item)) ?? [];
  const numbers = unsent.map((item) => order.indexOf(item) + 1).filter(Boolean).sort((a, b) => a - b);
  dialog({
    title: t("attempt.moved_title"), kind: "moved full", fixed: true,
    mark: h("div", { class: "mark warn" }, icon("device")),
    content: [h("p", {}, t("attempt.moved_text")),
      unsent.length ? h("div", { class: "notice warn" }, icon("alert"), h("div", {}, h("p", {}, t("attempt.moved_unsaved", { n: unsent.length })),
        numbers.length ? h("p", {}, t("attempt.save_which", { numbers: numbers.join(", ") })) : null)) : null,
      h("p", { class: "quiet" }, t("attempt.moved_clock"))],
    actions: [
      { label: t("common.back_home"), act: () => { location.assign("/exam"); return false; } },
      { label: t("attempt.continue_here"), primary: true, icon: icon("arrow"), name: "continue", act: here },
    ],
  });
}

/** Both devices answered the same questions: the candidate says which counts. `decided([[item, {mine, first, last}]])` hears what this device's are to replace. */
export function conflictDialog({ conflicts, runner, decided }) {
  const items = Object.keys(conflicts).sort((a, b) => runner.number(a) - runner.number(b));
  dialog({
    title: t("attempt.conflict_title"), kind: "conflict", fixed: true, mark: h("div", { class: "mark warn" }, icon("device")),
    content: [h("p", {}, t("attempt.conflict_text", { numbers: items.map((item) => runner.number(item)).join(", ") })), h("p", { class: "quiet" }, t("attempt.conflict_after"))],
    actions: [
      { label: t("attempt.conflict_mine"), name: "mine", act: () => decided(items.map((item) => [item, conflicts[item]])) },
      { label: t("attempt.conflict_theirs"), primary: true, name: "theirs", act: () => decided([]) },
    ],
  });
}

// Dialogs on the browser's own <dialog>: it holds the focus, gives it back, and closes with Escape.
import { h } from "./dom.js";
import { t } from "./texts.js";

let count = 0;

/**
 * Show a dialog. `content` are nodes; `actions` are [{label, primary, act}], where act may return false (or a promise of it) to keep it open.
 * Returns {element, close}. `fixed` dialogs cannot be dismissed.
 */
export function dialog({ title, mark = null, content = [], actions = null, fixed = false, kind = "", closed = () => {} }) {
  const id = `dialog-${++count}`;
  const close = () => element.close();
  const buttons = (actions ?? [{ label: t("common.close"), primary: true }]).map(({ label, primary, icon, act = () => true, name }) =>
    h("button", { type: "button", class: `button ${primary ? "primary" : ""}`, "data-action": name, onclick: press(act, close) }, icon, label));
  const element = h("dialog", { class: kind, "aria-labelledby": id },
    h("div", { class: "dialog-in" }, mark, h("h2", { id, tabindex: "-1" }, title), content, buttons.length ? h("div", { class: "actions" }, buttons) : null));
  element.addEventListener("cancel", (event) => fixed && event.preventDefault());
  // Browsers let a second Escape through a prevented cancel.
  element.addEventListener("keydown", (event) => fixed && event.key === "Escape" && event.preventDefault());
  element.addEventListener("close", () => {
    element.remove();
    closed();
  });
  document.body.append(element);
  element.showModal();
  element.querySelector("h2").focus();
  return { element, close };
}

/** A button's work: shown as busy while it lasts, and not startable twice. */
export function press(act, done = () => {}) {
  return async (event) => {
    const button = event.currentTarget;
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    try {
      if ((await act(button)) !== false) done();
    } finally {
      button.removeAttribute("aria-busy");
    }
  };
}

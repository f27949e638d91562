// Signing out, for computers that several people use. What was not sent stays here for its owner, and that is said before.
import { dialog } from "./dialogs.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { kept } from "./memory.js";
import { forgetMe, who } from "./prefer.js";
import { t } from "./texts.js";

/** Ask first where answers are kept that were not sent; else the form just goes. */
export function offerSignOut() {
  const form = document.querySelector("form.sign-out");
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { mine } = await kept(who());
    const n = mine.reduce((sum, { unsent }) => sum + unsent, 0);
    const go = () => {
      forgetMe();
      form.submit();
    };
    if (!n) return go();
    dialog({
      title: t("common.sign_out"), kind: "signing-out", mark: h("div", { class: "mark warn" }, icon("alert")),
      content: [h("p", {}, t("common.sign_out_unsent", { n }))],
      actions: [
        { label: t("common.sign_out_anyway"), name: "leave", act: go },
        { label: t("common.sign_out_stay"), name: "stay", primary: true },
      ],
    });
  });
}

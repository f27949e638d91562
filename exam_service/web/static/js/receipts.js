// The receipts of an attempt: listed in words, and to be downloaded exactly as the service signed them.
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./texts.js";
import { clock, date } from "./time.js";

export function receiptsCard(attempt, receipts) {
  if (!receipts.length) return h("section", { class: "card receipts" }, h("h2", {}, t("result.receipts")), h("p", { class: "quiet" }, t("result.receipts_none")));
  return h("section", { class: "card receipts no-print" }, h("h2", {}, t("result.receipts")),
    h("p", { class: "quiet" }, t("result.receipts_explain")),
    h("div", { class: "actions" }, h("button", { type: "button", class: "button", "data-action": "receipts", onclick: () => download(attempt, receipts) },
      icon("download"), t("result.receipts_download", { n: receipts.length }))),
    h("details", {}, h("summary", {}, t("result.receipts_show")), h("ol", { class: "receipt-list" }, receipts.map(line))));
}

function line(receipt) {
  const said = read(receipt);
  if (!said) return h("li", {}, t("result.receipt_unreadable"));
  return h("li", {},
    h("span", {}, said.seq ? t("result.receipt_save", { seq: said.seq }) : t(said.saves ? "result.receipt_submit_of" : "result.receipt_submit", { n: said.saves }), h("span", { class: "quiet" }, ` · ${t("result.receipt_device", { n: said.session })}`)),
    h("span", { class: "numbers" }, `${date(said.received_at)} ${clock(said.received_at, { seconds: true })}`, said.in_grace ? ` (${t("result.receipt_grace")})` : ""));
}

// What a receipt says; its signature is for others to check.
function read(receipt) {
  try {
    // In a group: what is signed for all, what this receipt says, its place, its proof.
    const payload = receipt.split("~")[1] ?? receipt.split(".")[1];
    const bytes = atob(payload.replace(/-/g, "+").replace(/_/g, "/"));
    const said = JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0))));
    return Number.isNaN(Date.parse(said.received_at)) ? null : said;
  } catch {
    return null;
  }
}

function download(attempt, receipts) {
  const address = URL.createObjectURL(new Blob([`${receipts.join("\n")}\n`], { type: "text/plain" }));
  const link = h("a", { href: address, download: `receipts-${attempt}.jws.txt` });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

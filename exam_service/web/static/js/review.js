// The review page: every question with one's own answer, whether it was right, the key and why, as far as the policy opens each.
import * as api from "./api.js";
import { app, fill, h, page } from "./dom.js";
import { icon } from "./icons.js";
import { blocks } from "./markup.js";
import { TYPES } from "./question.js";
import { offerSignOut } from "./signout.js";
import { said, t } from "./texts.js";
import { percent } from "./time.js";
import { fail } from "./trouble.js";

const { attempt } = page();
const words = { yours: t("review.yours"), key: t("review.key"), blank: t("review.blank") };

const graded = (one) => one.earned !== undefined && one.earned !== null;
const right = (one) => graded(one) && one.earned >= one.possible;

async function show() {
  try {
    draw(await api.review(attempt));
  } catch (error) {
    fail(error, { retry: api.passing(error) ? show : null });
  }
}

function draw({ title, opened, items: given }) {
  // What is kept back is not there; a blank response is not there either, so `opened` tells the two apart.
  const items = given.map((one) => ({ ...one, response: opened.responses ? one.response ?? null : undefined, key: opened.key ? one.key : undefined }));
  const list = h("ol", { class: "reviews" }, items.map(reviewOf));
  const closed = [!opened.responses && "review.closed_responses", !opened.correctness && "review.closed_correctness", !opened.key && "review.closed_key"].filter(Boolean);
  app().removeAttribute("aria-busy");
  fill(app(),
    h("header", { class: "review-head" },
      h("a", { class: "button plain no-print", href: `/exam/attempts/${attempt}/result` }, icon("back"), t("review.back_result")),
      h("h1", {}, t("review.title")), said("p", title, { class: "quiet" }),
      opened.correctness ? h("p", {}, t("review.summary", { right: items.filter(right).length, count: items.length })) : null,
      closed.length ? h("ul", { class: "list quiet" }, closed.map((key) => h("li", {}, icon("lock"), h("span", {}, t(key))))) : null,
      opened.correctness && items.some((one) => !right(one)) ? filter(list) : null),
    list);
}

function filter(list) {
  const box = h("input", { type: "checkbox", onchange: () => list.classList.toggle("only-wrong", box.checked) });
  return h("label", { class: "check no-print" }, box, h("span", {}, t("review.filter_wrong")));
}

function reviewOf(one, n) {
  const blank = one.response === null;
  return h("li", { class: `card keep review ${right(one) ? "is-right" : ""}`, "data-item": one.item },
    h("div", { class: "question-head" }, h("h2", { class: "question-number" }, t("review.question", { number: n + 1 })), mark(one)),
    blocks(one.stem, "div", { class: "stem" }),
    h("div", { class: "review-answer" }, TYPES[one.type].reviewed(one, one.response, one.key, words)),
    blank && one.choices?.length ? h("p", { class: "quiet" }, words.blank) : null,
    one.rationale ? h("div", { class: "why" }, h("h3", {}, t("review.rationale")), blocks(one.rationale)) : null,
    one.source ? h("p", { class: "small quiet" }, t("review.source"), ": ", typeof one.source === "string" ? one.source : said("span", one.source)) : null);
}

function mark(one) {
  if (!graded(one)) return null;
  const [key, kind, name] = right(one) ? ["review.right", "good", "check"] : one.earned > 0 ? ["review.partly", "warn", "check"] : ["review.wrong", "bad", "cross"];
  return h("p", { class: "mark-line" }, h("span", { class: `chip ${kind}` }, icon(name), t(key)), " ",
    h("span", { class: "small quiet numbers" }, t("review.points", { earned: percent(one.earned), possible: percent(one.possible) })));
}

show();
offerSignOut();

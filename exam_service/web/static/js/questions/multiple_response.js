// Any number of choices; a response is the list of their ids, in the order shown.
import { line } from "../markup.js";
import { t } from "../texts.js";
import { choiceInputs, choiceReview } from "./choices.js";

const choices = (item) => item.choices.map(({ id, text }) => ({ id, content: line(text) }));

export const answer = (item, value, change) =>
  choiceInputs({
    name: item.item, kind: "checkbox", legend: t("question.choose_several"), choices: choices(item),
    picked: value ?? [], change: (ids) => change(ids.length ? ids : null),
  });

export const reviewed = (item, value, key, words) =>
  choiceReview({ choices: choices(item), picked: value, key: key ?? null, words });

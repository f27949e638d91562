// One choice out of several; a response is the choice's id.
import { line } from "../markup.js";
import { t } from "../texts.js";
import { choiceInputs, choiceReview } from "./choices.js";

const choices = (item) => item.choices.map(({ id, text }) => ({ id, content: line(text) }));

export const answer = (item, value, change) =>
  choiceInputs({
    name: item.item, kind: "radio", legend: t("question.choose_one"), choices: choices(item),
    picked: value ? [value] : [], change: ([id]) => change(id ?? null),
  });

export const reviewed = (item, value, key, words) =>
  choiceReview({ choices: choices(item), picked: value == null ? null : [value], key: key === undefined ? null : [key], words });

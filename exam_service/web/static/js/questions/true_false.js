// A statement that is true or false; a response is a truth value.
import { t } from "../texts.js";
import { choiceInputs, choiceReview } from "./choices.js";

const choices = () => ["true", "false"].map((id) => ({ id, content: t(`question.${id}`) }));

export const answer = (item, value, change) =>
  choiceInputs({
    name: item.item, kind: "radio", legend: t("question.choose_truth"), choices: choices(),
    picked: typeof value === "boolean" ? [String(value)] : [], change: ([id]) => change(id === undefined ? null : id === "true"),
  });

export const reviewed = (item, value, key, words) =>
  choiceReview({
    choices: choices(), picked: value == null ? null : [String(value)], key: key === undefined ? null : [String(key)], words,
  });

// What the browser's modules (exam_service/web/static/js/verify, whose folder is the argument) say of each case on standard input: one JSON
// object `{trusts: {name: text}, cases: [{face: "qr"|"credential"|"both", given, trust, now, proof}]}`; an array of verdicts on standard output.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const { judgeCredential, judgeQr, sounded, together } = await import(pathToFileURL(join(process.argv[2], "judge.js")));
const { trusts, cases } = JSON.parse(readFileSync(0, "utf8"));
const trusted = Object.fromEntries(await Promise.all(Object.entries(trusts).map(async ([name, text]) => [name, await sounded(JSON.parse(text))])));
const verdicts = [];
for (const { face, given, trust, now, proof } of cases) {
  const by = [trusted[trust], new Date(now)];
  if (face === "both") verdicts.push(together([await judgeCredential(given[0], ...by, proof), await judgeQr(given[1], ...by)]));
  else verdicts.push(face === "qr" ? await judgeQr(given, ...by) : await judgeCredential(given, ...by, proof));
}
process.stdout.write(JSON.stringify(verdicts));

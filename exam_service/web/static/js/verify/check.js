// One certificate checked in this browser, by whatever of it is at hand: the text of its QR code or a file.
import { Unreadable } from "./bytes.js";
import { able, judgeCredential, judgeQr, together } from "./judge.js";
import { parse } from "./token.js";
import { trustFor } from "./trust.js";

const MOST = 8; // faces that are looked at
const NOBODY = { issuers: [] };

/** `{verdict, kept}` on a QR text; null when this browser cannot check signatures. `kept`: keys and list are from before. */
export async function checkText(text) {
  return (await able()) ? judged([face(text)]) : null;
}

/** The same on a file; throws Unreadable when nothing of a certificate is in it. */
export async function checkFile(file) {
  const { evidenceIn } = await import("./files.js");
  const { credentials, texts, proofs = [] } = await evidenceIn(file);
  const faces = [...credentials.slice(0, MOST).map((text, at) => document(text, proofs[at] ?? null)), ...texts.slice(0, MOST).map(face)];
  if (!faces.length) throw new Unreadable("not-a-certificate");
  return (await able()) ? judged(faces) : null;
}

async function judged(faces) {
  const verdicts = [];
  let [kept, met] = [false, true];
  for (const { kid, did, judge, given } of faces) {
    const found = kid || did ? await trustFor(kid, did) : null;
    kept ||= Boolean(found?.kept);
    met &&= Boolean(found) || !(kid || did);
    verdicts.push(await judge(given, found?.trust ?? NOBODY));
  }
  return { verdict: together(verdicts), kept, met };
}

function face(text) {
  try {
    return { kid: parse(text).kid, did: null, judge: judgeQr, given: text };
  } catch {
    return { kid: null, did: null, judge: judgeQr, given: text };
  }
}

function document(text, proof) {
  let did = null;
  try {
    did = JSON.parse(text).issuer?.id ?? null;
  } catch {
    // The judge says what is wrong with it.
  }
  return { kid: null, did: typeof did === "string" ? did : null, judge: (given, trust) => judgeCredential(given, trust, new Date(), proof), given: text };
}

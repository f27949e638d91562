// The numbered steps of a verification, as core/certificates/verify.py: (1) parse (2) key known (3) key good at that time (4) signature
// (5) status (6) expiry (7) faces (8) log. The same codes; what each says is in core/certificates/words.py.
import { fromBase64, hex, sha256, Unreadable } from "./bytes.js";
import { bitsOf, divided, readCredential, readList } from "./credential.js";
import { parse } from "./token.js";

export const STEPS = ["parse", "key_known", "key_good", "signature", "status", "expiry", "faces", "log"];
/** Codes of step 1 of which "not genuine" would say too much: nothing of a certificate could be read. */
export const NOTHING_TO_JUDGE = ["not-a-certificate", "no-token", "not-json"];
const SKEW = 5 * 60 * 1000;
const STOLEN = ["key-compromised", "key-compromised-since"];

/** Whether this browser can check an Ed25519 signature; older ones cannot, nor does any on an address without https. */
export async function able() {
  try {
    await crypto.subtle.importKey("raw", new Uint8Array(32), "Ed25519", false, ["verify"]);
    return true;
  } catch {
    return false;
  }
}

async function check(key, message, signature) {
  try {
    const imported = await crypto.subtle.importKey("raw", fromBase64(key.public), "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", imported, signature, message);
  } catch {
    return false;
  }
}

/** The verdict on a QR text, by a trust file as `/.well-known/trust.json` (core/certificates/trust.py). */
export async function judgeQr(text, trust, now = new Date()) {
  let token;
  try {
    token = parse(text);
  } catch (error) {
    return unread(error);
  }
  const { signed, signature, ...facts } = token;
  const known = keysOf(trust).filter(([, key]) => key.kid === facts.kid && key.purpose === "certificates" && key.sound);
  if (!known.length) return stopped([passed("parse", "parsed"), failed("key_known", "key-unknown")], "unknown", { ...facts, did: null, kind: null });
  // Two keys could share the short name: the one under which the signature is right is meant.
  let [signer, right] = [known[0], false];
  for (const one of known) {
    if (!right && await check(one[1], signed, signature)) [signer, right] = [one, true];
  }
  return afterKey({ ...facts, did: null, kind: null }, signer, right, facts.issued_at, trust, now);
}

/** The verdict on a credential in JSON; with `proof` it is known since when the issuance log has had it. */
export async function judgeCredential(text, trust, now = new Date(), proof = null) {
  let found;
  try {
    found = await readCredential(text);
  } catch (error) {
    return unread(error);
  }
  const { facts, did, method, made_at, message, signature } = found;
  const signer = keysOf(trust).find(([issuer, key]) => issuer.did === did && key.kid === facts.kid && key.purpose === "certificates" && key.sound);
  if (!signer) return stopped([passed("parse", "parsed"), failed("key_known", "key-unknown")], "unknown", facts);
  if (method !== `${did}#${facts.kid}`) return stopped([passed("parse", "parsed"), failed("key_known", "key-of-other-issuer")], "not_genuine", facts);
  const right = await check(signer[1], message, signature);
  const [log, since] = proof === null ? [null, null] : await inLog(proof, signer[0], message, signature);
  const verdict = await afterKey(facts, signer, right, made_at, trust, now, since);
  if (!log) return verdict;
  return log.passed === false ? { ...added(verdict, log), outcome: "not_genuine", status: "unknown", headline: "not_genuine", as_of: null, facts: null } : added(verdict, log);
}

async function inLog(proof, issuer, message, signature) {
  const { logged } = await import("./log.js");
  try {
    const found = await logged(proof, issuer.did, message, signature, issuer.keys, check, faultAt);
    return found ? [passed("log", "logged", found), found.at] : [untold("log", "log-unknown"), null];
  } catch (error) {
    return [failed("log", error.code), null];
  }
}

/** The verdict on several faces of one certificate: of the worst, and (7) whether they say the same (core/certificates/faces.py). */
export function together(verdicts) {
  const signed = verdicts.filter((one) => !NOTHING_TO_JUDGE.includes(one.steps[0].code));
  const judged = signed.length ? signed : verdicts.slice(0, 1);
  if (judged.length === 1) return judged[0];
  // What the log vouches for is vouched for on every face that says the same.
  const logged = judged.some((one) => one.steps.some((step) => step.code === "key-logged"));
  const stolen = (one) => one.steps[2].code === "key-compromised-since" && one.steps[3].code === "signature-good";
  const doubted = judged.filter((one) => !(logged && stolen(one)));
  const worst = ["not_genuine", "unknown"].map((outcome) => doubted.find((one) => one.outcome === outcome)).find(Boolean);
  if (worst) return added(worst, untold("faces", "not-checked"));
  const whole = judged.find((one) => one.facts.kind) ?? judged[0];
  const unlike = new Set(judged.flatMap((one) => unequal(one.facts, whole.facts)));
  if (unlike.size) return { ...added(whole, failed("faces", "faces-differ", { fields: [...unlike].sort().join(", ") })), outcome: "not_genuine", status: "unknown", headline: "not_genuine", as_of: null, facts: null };
  return added(whole, passed("faces", "faces-agree"));
}

/** Every key of a trust file with its issuer, once `sound` was looked at: a short name must be that of the key. */
export async function sounded(trust) {
  for (const [, key] of keysOf(trust)) {
    const bytes = fromBase64(key.public);
    key.sound = bytes.length === 32 && hex((await sha256(bytes)).subarray(0, 8)) === key.kid;
  }
  return trust;
}

const keysOf = (trust) => (trust.issuers ?? []).flatMap((issuer) => (issuer.keys ?? []).map((key) => [issuer, key]));

async function afterKey(unsure, [issuer, key], right, madeAt, trust, now, loggedAt = null) {
  const steps = [passed("parse", "parsed"), passed("key_known", "key-known", { issuer: issuer.name })];
  let fault = faultAt(key, madeAt);
  // Nobody who has the key could have put it there: the log has a key of its own.
  const saved = fault === "key-compromised-since" && loggedAt && loggedAt < new Date(key.compromised_at);
  if (saved) fault = null;
  steps.push(saved ? passed("key_good", "key-logged", { at: loggedAt }) : !fault ? passed("key_good", "key-good") : fault === "key-compromised-since" ? untold("key_good", fault) : failed("key_good", fault));
  steps.push(right ? passed("signature", "signature-good") : failed("signature", "signature-wrong"));
  if (!right) return stopped(steps, "not_genuine", null);
  const facts = { ...unsure, did: issuer.did, organisation_name: issuer.name };
  if (fault && !STOLEN.includes(fault)) return stopped(steps, "not_genuine", facts);
  // Whoever has the key could have made it, and so could the issuer: only the issuer's record can tell, which is not here.
  if (fault) return stopped(steps, "unknown", facts, fault);
  let [step, status, asOf] = await statusOf(facts, issuer, trust, now);
  steps.push(step);
  const lasts = expiry(facts, now);
  steps.push(lasts);
  if (lasts.code === "expired" && ["stands", "unknown"].includes(status)) [status, asOf] = ["expired", now];
  else if (lasts.code === "not-yet-valid" && status === "stands") [status, asOf] = ["unknown", null];
  const headline = step.code === "withdrawn" ? "withdrawn" : status === "unknown" ? "unknown-status" : status;
  return { outcome: "genuine", status, headline, as_of: asOf, facts, steps };
}

function faultAt(key, when) {
  const cut = new Date(Math.floor(Date.parse(key.created_at) / 1000) * 1000);
  if (when < cut) return "key-not-yet-valid";
  if (key.compromised_at) return when >= new Date(key.compromised_at) ? "key-compromised" : "key-compromised-since";
  if (key.retired_at && when > new Date(key.retired_at)) return "key-retired";
  return null;
}

// What the newest rightly signed list says. A set bit counts even in an old one; a clear one must be fresh (P11).
async function statusOf(facts, issuer, trust, now) {
  let [newest, broken] = [null, false];
  for (const text of trust.status_lists ?? []) {
    try {
      const found = await inList(text, facts, issuer);
      if (found && found.made_at <= now.getTime() + SKEW && (!newest || found.made_at > newest.made_at)) newest = found;
    } catch {
      broken = true;
    }
  }
  if (!newest) return [untold("status", broken ? "status-list-broken" : "status-unknown"), "unknown", null];
  const values = { as_of: newest.made_at, until: newest.until };
  if (newest.withdrawn) return [failed("status", "withdrawn", values), "revoked", newest.made_at];
  if (now >= newest.until) return [untold("status", "status-list-stale", values), "unknown", null];
  return [passed("status", "stands", values), "stands", newest.made_at];
}

async function inList(text, facts, issuer) {
  const found = await readList(text);
  const slug = issuer.did.slice(issuer.did.lastIndexOf(":orgs:") + 6);
  if (found.did !== issuer.did || !found.id.endsWith(`/orgs/${decodeURIComponent(slug)}/status/${facts.status_list}`)) return null;
  const [did, kid] = divided(found.method);
  const key = did === issuer.did && issuer.keys.find((one) => one.kid === kid && one.sound && ["certificates", "status"].includes(one.purpose));
  if (!key || faultAt(key, found.made_at) || !(await check(key, found.message, found.signature))) throw new Unreadable("signature-wrong");
  const bits = await bitsOf(found.encoded);
  if (facts.status_index >= bits.length * 8) throw new Unreadable("unknown-shape");
  return { made_at: found.made_at, until: found.until, withdrawn: Boolean(bits[facts.status_index >> 3] & (0x80 >> (facts.status_index & 7))) };
}

function expiry(facts, now) {
  if (facts.issued_at > now.getTime() + SKEW) return failed("expiry", "not-yet-valid", { issued_at: facts.issued_at });
  if (!facts.valid_until) return passed("expiry", "no-expiry");
  const values = { valid_until: facts.valid_until };
  return now >= facts.valid_until ? failed("expiry", "expired", values) : passed("expiry", "not-expired", values);
}

const step = (name, ok, code, values = {}) => ({ number: STEPS.indexOf(name) + 1, name, passed: ok, code, values });
const passed = (name, code, values) => step(name, true, code, values);
const failed = (name, code, values) => step(name, false, code, values);
const untold = (name, code, values) => step(name, null, code, values);
const added = (verdict, one) => ({ ...verdict, steps: [...verdict.steps, one].sort((a, b) => a.number - b.number) });

function unread(error) {
  if (!(error instanceof Unreadable)) throw error;
  return stopped([failed("parse", error.code)], "not_genuine", null);
}

function stopped(steps, outcome, facts, headline = outcome) {
  const rest = STEPS.slice(steps.length, 6).map((name) => untold(name, "not-checked"));
  return { outcome, status: "unknown", headline, as_of: null, facts, steps: [...steps, ...rest] };
}

const shortened = (short, whole) => short === whole || (short.endsWith("…") && short.length > 1 && whole.startsWith(short.slice(0, -1)));

function unequal(one, other) {
  const exact = ["id", "issued_at", "valid_until", "status_list", "status_index", "kid", "did"].filter((name) => String(one[name]) !== String(other[name]));
  const texts = ["recipient_name", "course_title", "course_code"].filter((name) => !shortened(one[name], other[name]) && !shortened(other[name], one[name]));
  return [...exact, ...texts];
}

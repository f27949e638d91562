// Our Open Badges credentials and status lists as JSON: exactly their shape, and nothing beside it (core/certificates/credential.py, status.py).
// A member that the canonical form leaves out would be shown and not signed, so there may be none.
import { fromBase58, Unreadable, utf8 } from "./bytes.js";
import { toBeSigned } from "./quads.js";

const MAX_DOCUMENT = 256 * 1024;
const VC_CONTEXT = "https://www.w3.org/ns/credentials/v2";
const OB_CONTEXT = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json";
const KINDS = { Certificate: "certificate", CertificateOfCompletion: "attestation" };

// What a member may be: a text, a number, one of several values, a list of exactly these, an object with these members (`?` may be missing).
const TEXT = (value) => typeof value === "string" && !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(value);
const NUMBER = (value) => typeof value === "number" && Number.isFinite(value);
const one = (...values) => (value) => values.includes(value);
const list = (...items) => (value) => Array.isArray(value) && value.length === items.length && items.every((fits, at) => fits(value[at]));
const shape = (members) => (value) => value !== null && typeof value === "object" && !Array.isArray(value)
  && Object.keys(value).every((name) => Object.hasOwn(members, name) || Object.hasOwn(members, `${name}?`))
  && Object.entries(members).every(([name, fits]) => (name.endsWith("?") ? !Object.hasOwn(value, name.slice(0, -1)) || fits(value[name.slice(0, -1)]) : Object.hasOwn(value, name) && fits(value[name])));

const PROOF = shape({
  type: one("DataIntegrityProof"), cryptosuite: one("eddsa-rdfc-2022"), created: TEXT, verificationMethod: TEXT, proofPurpose: one("assertionMethod"), proofValue: TEXT,
});
const CREDENTIAL = shape({
  "@context": list(one(VC_CONTEXT), one(OB_CONTEXT)),
  id: TEXT,
  type: list(one("VerifiableCredential"), one("OpenBadgeCredential")),
  name: TEXT,
  issuer: shape({ id: TEXT, type: list(one("Profile")), name: TEXT, "description?": TEXT, "url?": TEXT }),
  validFrom: TEXT,
  "validUntil?": TEXT,
  credentialSubject: shape({
    type: list(one("AchievementSubject")),
    identifier: list(shape({ type: one("IdentityObject"), hashed: one(false), identityHash: TEXT, identityType: one("name") })),
    achievement: shape({
      id: TEXT, type: list(one("Achievement")), achievementType: one(...Object.keys(KINDS)), name: TEXT, description: TEXT, humanCode: TEXT, inLanguage: one("th", "en"),
      criteria: shape({ narrative: TEXT }), "creditsAvailable?": NUMBER, "tag?": (value) => list()(value) || list(TEXT)(value),
    }),
    "creditsEarned?": NUMBER,
  }),
  credentialStatus: shape({
    id: TEXT, type: one("BitstringStatusListEntry"), statusPurpose: one("revocation"), statusListIndex: (value) => TEXT(value) && /^(0|[1-9][0-9]{0,6})$/.test(value), statusListCredential: TEXT,
  }),
  "evidence?": list(shape({ id: TEXT, type: list(one("Evidence")), name: TEXT, genre: one("superseded certificate") })),
  proof: list(PROOF),
});
const LIST = shape({
  "@context": list(one(VC_CONTEXT)),
  id: TEXT,
  type: list(one("VerifiableCredential"), one("BitstringStatusListCredential")),
  issuer: TEXT,
  validFrom: TEXT,
  validUntil: TEXT,
  credentialSubject: shape({ id: TEXT, type: one("BitstringStatusList"), statusPurpose: one("revocation"), encodedList: TEXT }),
  proof: list(PROOF),
});

/** The facts of a credential, who signed it and what: `{facts, did, method, made_at, message, signature}`. Throws Unreadable. */
export async function readCredential(text) {
  const document = parsed(text);
  if (!CREDENTIAL(document)) throw new Unreadable(document.proof === undefined ? "no-proof" : "unknown-shape");
  const { credentialSubject: subject, credentialStatus: status, issuer, evidence } = document;
  const tail = /\/v\/([A-Z2-7]{16})$/.exec(document.id);
  const number = /.*\/status\/([0-9]+)$/.exec(status.statusListCredential);
  const signed = await signedIn(document);
  const [did, kid] = divided(signed.method);
  if (!tail || !number || signed.made_at < stamp(document.validFrom) || status.id !== `${status.statusListCredential}#${status.statusListIndex}`) throw new Unreadable("unknown-shape");
  const facts = {
    id: tail[1],
    recipient_name: subject.identifier[0].identityHash,
    course_title: subject.achievement.name,
    course_code: subject.achievement.humanCode,
    issued_at: stamp(document.validFrom),
    valid_until: "validUntil" in document ? stamp(document.validUntil) : null,
    status_list: Number(number[1]),
    status_index: Number(status.statusListIndex),
    kid,
    did,
    kind: KINDS[subject.achievement.achievementType],
    hours: subject.creditsEarned ?? 0,
    supersedes: evidence ? evidence[0].id.slice(evidence[0].id.lastIndexOf("/v/") + 3) : null,
  };
  return { facts, did: issuer.id, ...signed };
}

/** A signed status list: `{did, id, made_at, until, encoded, method, message, signature}`. Throws Unreadable. */
export async function readList(text) {
  const document = parsed(text);
  if (!LIST(document)) throw new Unreadable("unknown-shape");
  const until = stamp(document.validUntil);
  const signed = await signedIn(document);
  if (signed.made_at < stamp(document.validFrom)) throw new Unreadable("key-unknown");
  return { did: document.issuer, id: document.id, until, encoded: document.credentialSubject.encodedList, ...signed, made_at: stamp(document.validFrom) };
}

/** The bits of an encoded list, of exactly 2^20. */
export async function bitsOf(encoded) {
  if (!/^u[A-Za-z0-9_-]{1,262143}$/.test(encoded)) throw new Unreadable("unknown-shape");
  const packed = Uint8Array.from(atob(encoded.slice(1).replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
  const bits = new Uint8Array(2 ** 17);
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  let at = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (at + part.value.length > bits.length) throw new Unreadable("unknown-shape");
    bits.set(part.value, at);
    at += part.value.length;
  }
  if (at !== bits.length) throw new Unreadable("unknown-shape");
  return bits;
}

/** The one key's short name in `did#kid`, and whose it is. */
export function divided(method) {
  const at = method.indexOf("#");
  return at < 0 ? [method, ""] : [method.slice(0, at), method.slice(at + 1)];
}

function parsed(text) {
  if (utf8(text).length > MAX_DOCUMENT) throw new Unreadable("too-long");
  let document;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new Unreadable("not-json", String(error));
  }
  if (document === null || typeof document !== "object" || Array.isArray(document)) throw new Unreadable("not-json");
  return document;
}

async function signedIn({ proof: [proof], ...document }) {
  const { proofValue, ...config } = proof;
  let [signature, message] = [new Uint8Array(), null];
  try {
    if (proofValue.startsWith("z")) signature = fromBase58(proofValue.slice(1));
    message = await toBeSigned(document, config);
  } catch (error) {
    throw new Unreadable("unknown-shape", String(error));
  }
  if (signature.length !== 64) throw new Unreadable("unknown-shape");
  return { method: proof.verificationMethod, made_at: stamp(proof.created), message, signature };
}

function stamp(text) {
  const when = /^[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) ? new Date(text) : null;
  if (!when || Number.isNaN(when.getTime()) || when.toISOString().replace(".000", "") !== text) throw new Unreadable("unknown-shape");
  return when;
}

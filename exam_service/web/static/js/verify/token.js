// What a QR code holds: `https://HOST/v/<16 base32>#1<digits>`, a COSE_Sign1 in digits. The same rules as core/certificates/qr_token.py.
import { base32, hex, Unreadable } from "./bytes.js";
import { decode, encodeStrings, Tag } from "./cbor.js";

const MAX_BYTES = 260;
const [ALG, KID, EDDSA] = [1, 4, -8];
const [EXP, IAT, CTI, FACTS] = [4, 6, 7, -70000];
const TAIL_BYTES = { 0: 0, 3: 1, 5: 2, 8: 3, 10: 4, 13: 5, 15: 6 };

/** What a QR code led here with; null without its part of the address, or when that names a place on this page, as after "skip to content". */
export function scanned() {
  const { origin, pathname, hash } = location;
  return hash.length > 1 && !document.getElementById(hash.slice(1)) ? origin + pathname + hash : null;
}

/** The certificate id in a scanned address or a typed number, or null. */
export function idIn(text) {
  const found = /^(?:https?:\/\/[^/?#\s]+(?:\/[^?#\s]*)?\/v\/)?([A-Za-z2-7]{16})\/?(?:#[0-9]*)?$/i.exec(text.trim());
  return found ? found[1].toUpperCase() : null;
}

/** The token in a scanned text: a whole address, only its `#…`, or only the digits. Throws Unreadable. */
export function parse(given) {
  const text = given.trim();
  if (text.length > 4000) throw new Unreadable("too-long");
  const alone = /^#?[0-9]+$/.test(text);
  const named = alone ? null : idIn(text);
  if (!alone && named === null) throw new Unreadable("not-a-certificate");
  const fragment = alone ? text.replace(/^#/, "") : text.split("#")[1] ?? "";
  if (!fragment) throw new Unreadable("no-token");
  if (!fragment.startsWith("1")) throw new Unreadable("unknown-version");
  const raw = unDigits(fragment.slice(1));
  if (raw.length > 2 * MAX_BYTES) throw new Unreadable("too-long");
  const found = read(raw);
  if (named !== null && named !== found.id) throw new Unreadable("id-mismatch");
  return found;
}

function unDigits(text) {
  const found = [];
  if (!(text.length % 17 in TAIL_BYTES)) throw new Unreadable("broken-digits");
  for (let at = 0; at < text.length; at += 17) {
    const group = text.slice(at, at + 17);
    const size = group.length === 17 ? 7 : TAIL_BYTES[group.length];
    const number = BigInt(group);
    if (number >> BigInt(8 * size)) throw new Unreadable("broken-digits");
    for (let n = size - 1; n >= 0; n -= 1) found.push(Number((number >> BigInt(8 * n)) & 255n));
  }
  return Uint8Array.from(found);
}

function read(raw) {
  try {
    return claimsOf(...sign1(decode(raw)));
  } catch (error) {
    throw new Unreadable("broken-token", String(error));
  }
}

const need = (condition, what) => {
  if (!condition) throw new Error(what);
};

function sign1(outer) {
  need(outer instanceof Tag && outer.number === 18 && Array.isArray(outer.value) && outer.value.length === 4, "no COSE_Sign1");
  const [guarded, unguarded, claims, signature] = outer.value;
  need(unguarded instanceof Map && unguarded.size === 0 && claims instanceof Uint8Array && signature instanceof Uint8Array && signature.length === 64, "a COSE_Sign1 of another form");
  const header = guarded instanceof Uint8Array ? decode(guarded) : null;
  need(header instanceof Map && header.size === 2 && header.get(ALG) === EDDSA && header.has(KID), "the header must name EdDSA and a key, and nothing else");
  const kid = header.get(KID);
  need(kid instanceof Uint8Array && kid.length === 8, "the key's name must have 8 bytes");
  return [hex(kid), guarded, claims, signature];
}

function claimsOf(kid, guarded, claims, signature) {
  const found = decode(claims);
  need(found instanceof Map && [IAT, CTI, FACTS].every((key) => found.has(key)) && [...found.keys()].every((key) => [EXP, IAT, CTI, FACTS].includes(key)), "claims are missing or unknown");
  const [facts, cti] = [found.get(FACTS), found.get(CTI)];
  need(Array.isArray(facts) && facts.length === 6 && facts[0] === 1, "facts of another version");
  need(cti instanceof Uint8Array && cti.length === 10 && facts.slice(4).every((n) => Number.isSafeInteger(n) && n >= 0), "a claim of the wrong type");
  return {
    id: base32(cti),
    kid,
    issued_at: time(found.get(IAT)),
    valid_until: found.has(EXP) ? time(found.get(EXP)) : null,
    recipient_name: unpack(facts[1]),
    course_title: unpack(facts[2]),
    course_code: unpack(facts[3]),
    status_list: facts[4],
    status_index: facts[5],
    signed: Uint8Array.from(encodeStrings("Signature1", guarded, new Uint8Array(), claims)),
    signature,
  };
}

function unpack(value) {
  if (typeof value === "string") return value;
  need(value instanceof Uint8Array, "a text is missing");
  const text = new TextDecoder("windows-874", { fatal: true }).decode(value);
  // Some decoders have characters of their own for the bytes that windows-874 leaves free.
  need(/^[\0-\x7f\xa0\u0e01-\u0e3a\u0e3f-\u0e5b€…•‘’“”–—]*$/.test(text), "a byte that windows-874 does not have");
  return text;
}

function time(seconds) {
  // The years 1 to 9999, as the service reads them.
  need(Number.isSafeInteger(seconds) && seconds >= -62135596800 && seconds <= 253402300799, "a time must be whole seconds");
  return new Date(seconds * 1000);
}

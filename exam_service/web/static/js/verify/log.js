// A proof of the issuance log (c2sp.org tlog-proof, tlog-checkpoint, tlog-cosignature), as core/certificates/issuance_log.py reads it.
import { fromBase64, joined, sha256, Unreadable, utf8 } from "./bytes.js";

const LONGEST = 20_000;
const FIRST = "c2sp.org/tlog-proof@v1";
const [ED25519, COSIGNATURE] = [1, 4];

/** Since when the log of `did` has had a credential, by the keys of its issuer: `{number, at}`; null when none of them signed the
 *  checkpoint and was good then. Throws Unreadable when it is no proof of this credential. */
export async function logged(text, did, message, signature, keys, check, faultAt) {
  const proof = readProof(text);
  const checkpoint = readNote(proof.note);
  if (proof.salt.length !== 32) throw wrong("an entry is made of 32, 64 and 64 bytes");
  const entry = await sha256(joined(proof.salt, message, signature));
  const root = await rootFrom(entry, proof.index, checkpoint.size, proof.path);
  if (!root || !same(root, checkpoint.root)) throw wrong("the proof does not lead to the checkpoint");
  const at = await signedAt(checkpoint, did, keys, check, faultAt);
  return at && { number: proof.index, at };
}

async function signedAt(checkpoint, did, keys, check, faultAt) {
  const origin = `${did.replace(/^did:web:/, "").replaceAll(":", "/").replaceAll("%3A", ":")}/log`;
  if (checkpoint.origin !== origin) throw wrong("the checkpoint is another log's");
  for (const key of keys.filter((one) => one.purpose === "log" && one.did === did && one.sound)) {
    const mark = fromBase64(key.public);
    const timed = await signatureOf(checkpoint, `${origin}/clock`, COSIGNATURE, mark, 72);
    const plain = await signatureOf(checkpoint, origin, ED25519, mark, 64);
    if (!timed || !plain) continue;
    const seconds = timed.subarray(0, 8).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    const body = utf8(checkpoint.body);
    const right = (await check(key, body, plain)) && (await check(key, joined(utf8(`cosignature/v1\ntime ${seconds}\n`), body), timed.subarray(8)));
    if (!right || seconds > 253402300799n) throw wrong("a signature of the checkpoint is wrong");
    const at = new Date(Number(seconds) * 1000);
    return faultAt(key, at) ? null : at;
  }
  return null;
}

async function signatureOf(checkpoint, name, kind, mark, length) {
  const id = (await sha256(joined(utf8(`${name}\n`), Uint8Array.of(kind), mark))).subarray(0, 4);
  return checkpoint.lines.find((line) => line.name === name && same(line.id, id) && line.signature.length === length)?.signature ?? null;
}

function readProof(text) {
  const [head, note] = halves(text);
  const [first, extra, index, ...hashes] = head.split("\n");
  const number = /^index (0|[1-9][0-9]{0,15})$/.exec(index ?? "");
  if (utf8(text).length > LONGEST || first !== FIRST || !extra?.startsWith("extra ") || !number) throw wrong("not in this form");
  return { salt: base64(extra.slice(6)), index: Number(number[1]), path: hashes.map((hash) => base64(hash, 32)), note };
}

function readNote(note) {
  const [body, signatures] = halves(note);
  const [origin, size, root, ...more] = body.split("\n");
  if (more.length || !/^(0|[1-9][0-9]{0,15})$/.test(size ?? "") || !signatures.endsWith("\n")) throw wrong("no checkpoint");
  const lines = signatures.slice(0, -1).split("\n").map((line) => {
    const [dash, name, encoded, ...rest] = line.split(" ");
    const bytes = base64(encoded ?? "");
    if (dash !== "—" || rest.length || bytes.length < 5) throw wrong("no signature line");
    return { name, id: bytes.subarray(0, 4), signature: bytes.subarray(4) };
  });
  return { origin, size: Number(size), root: base64(root, 32), body: `${body}\n`, lines };
}

// RFC 9162, section 2.1.3.2.
async function rootFrom(entry, index, size, path) {
  if (index >= size) return null;
  const node = (left, right) => sha256(joined(Uint8Array.of(1), left, right));
  let [fn, sn, hash] = [index, size - 1, await sha256(joined(Uint8Array.of(0), entry))];
  for (const sibling of path) {
    if (sn === 0) return null;
    if (fn % 2 || fn === sn) {
      hash = await node(sibling, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
    } else {
      hash = await node(hash, sibling);
    }
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 ? hash : null;
}

function halves(text) {
  const at = text.indexOf("\n\n");
  if (at < 0) throw wrong("not in this form");
  return [text.slice(0, at), text.slice(at + 2)];
}

function base64(text, length = null) {
  let bytes = null;
  try {
    bytes = fromBase64(text);
  } catch {
    throw wrong("not base64");
  }
  // Two texts can stand for the same bytes; only the one that is written is read.
  if (btoa(String.fromCharCode(...bytes)) !== text || (length !== null && bytes.length !== length)) throw wrong("not base64");
  return bytes;
}

const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

const wrong = (why) => new Unreadable("log-proof-wrong", why);

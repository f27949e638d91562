// Deterministic CBOR, the small part that a QR token needs: the same rules as core/certificates/cbor.py (RFC 8949, 4.2.1).
// Maps come as Map; integers as Number where exact, else BigInt.
import { hex } from "./bytes.js";

const MAX_DEPTH = 8;
const MAX_ITEMS = 64;

export class Tag {
  constructor(number, value) {
    this.number = number;
    this.value = value;
  }
}

/** The value of exactly one item in its one deterministic form; throws for anything else. */
export function decode(bytes) {
  const [value, end] = item(bytes, 0, MAX_DEPTH);
  if (end !== bytes.length) throw new Error(`CBOR: something follows the item at byte ${end}`);
  return value;
}

/** The encoding of an array of a text and byte strings: all that a Sig_structure is made of. */
export function encodeStrings(...strings) {
  const parts = [Uint8Array.of(0x80 | strings.length)];
  for (const one of strings) {
    const text = typeof one === "string";
    const bytes = text ? new TextEncoder().encode(one) : one;
    parts.push(head(text ? 3 : 2, bytes.length), bytes);
  }
  return parts.flatMap((part) => [...part]);
}

function head(major, number) {
  const first = major << 5;
  if (number < 24) return Uint8Array.of(first | number);
  if (number < 256) return Uint8Array.of(first | 24, number);
  return Uint8Array.of(first | 25, number >> 8, number & 255);
}

function item(bytes, at, depth) {
  if (depth === 0) throw new Error(`CBOR: nested too deeply at byte ${at}`);
  const [major, number, pos] = readHead(bytes, at);
  switch (major) {
    case 0: return [number, pos];
    case 1: return [typeof number === "bigint" ? -1n - number : -1 - number, pos];
    case 2: case 3: return string(bytes, at, major, Number(number), pos);
    case 4: return array(bytes, at, Number(number), pos, depth);
    case 5: return map(bytes, at, Number(number), pos, depth);
    case 6: {
      const [inner, end] = item(bytes, pos, depth - 1);
      return [new Tag(number, inner), end];
    }
  }
  const simple = { 20: false, 21: true, 22: null };
  if (!((bytes[at] & 31) in simple)) throw new Error(`CBOR: a value at byte ${at} that is not used here`);
  return [simple[bytes[at] & 31], pos];
}

function readHead(bytes, at) {
  if (at >= bytes.length) throw new Error(`CBOR: ends at byte ${at}`);
  const [major, info] = [bytes[at] >> 5, bytes[at] & 31];
  if (info < 24) return [major, info, at + 1];
  if (info > 27 || major === 7) throw new Error(`CBOR: a form at byte ${at} that is not used here`);
  const size = 1 << (info - 24);
  const raw = bytes.subarray(at + 1, at + 1 + size);
  if (raw.length !== size) throw new Error("CBOR: ends in the middle of an item");
  const number = BigInt(`0x${hex(raw)}`);
  if (number < [24n, 1n << 8n, 1n << 16n, 1n << 32n][info - 24]) throw new Error(`CBOR: the number at byte ${at} is not in its shortest form`);
  return [major, number <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(number) : number, at + 1 + size];
}

function string(bytes, at, major, length, pos) {
  const raw = bytes.subarray(pos, pos + length);
  if (raw.length !== length) throw new Error(`CBOR: a string at byte ${at} runs over the end`);
  return [major === 2 ? raw : new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw), pos + length];
}

function array(bytes, at, count, start, depth) {
  if (count > MAX_ITEMS) throw new Error(`CBOR: too many items at byte ${at}`);
  const items = [];
  let [value, pos] = [null, start];
  for (let n = 0; n < count; n += 1) {
    [value, pos] = item(bytes, pos, depth - 1);
    items.push(value);
  }
  return [items, pos];
}

function map(bytes, at, count, start, depth) {
  if (count > MAX_ITEMS) throw new Error(`CBOR: too many items at byte ${at}`);
  const found = new Map();
  let [value, pos, before] = [null, start, ""];
  for (let n = 0; n < count; n += 1) {
    const [key, end] = item(bytes, pos, depth - 1);
    if (!["number", "bigint", "string"].includes(typeof key) && !(key instanceof Uint8Array)) throw new Error(`CBOR: a map key at byte ${pos} is no number or string`);
    // Sorted and without doubles in one comparison: each encoded key is greater than the one before.
    const encoded = hex(bytes.subarray(pos, end));
    if (encoded <= before) throw new Error(`CBOR: map keys at byte ${pos} are not sorted or are repeated`);
    before = encoded;
    [value, pos] = item(bytes, end, depth - 1);
    found.set(key, value);
  }
  return [found, pos];
}

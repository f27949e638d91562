// Bytes and the texts that stand for them. Whatever is not in its one form throws.

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** What was given is no certificate's; `code` is one of step 1's codes (core/certificates/words.py). */
export class Unreadable extends Error {
  constructor(code, detail = "") {
    super(detail ? `${code}: ${detail}` : code);
    this.code = code;
  }
}

export const utf8 = (text) => new TextEncoder().encode(text);

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

export function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function fromBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

export function fromBase58(text) {
  if (text.length > 200) throw new Error("base58 text is too long");
  let number = 0n;
  for (const character of text) {
    const digit = BASE58.indexOf(character);
    if (digit < 0) throw new Error("a character that base58 does not have");
    number = number * 58n + BigInt(digit);
  }
  const digits = number ? number.toString(16) : "";
  const bytes = (digits.length % 2 ? `0${digits}` : digits).match(/../g) ?? [];
  return Uint8Array.from([...Array(/^1*/.exec(text)[0].length).fill(0), ...bytes.map((byte) => parseInt(byte, 16))]);
}

/** 16 characters of base32 for the ten bytes of a certificate's id. */
export function base32(bytes) {
  let bits = 0n;
  for (const byte of bytes) bits = (bits << 8n) | BigInt(byte);
  return Array.from({ length: 16 }, (_, at) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[Number((bits >> BigInt(75 - 5 * at)) & 31n)]).join("");
}

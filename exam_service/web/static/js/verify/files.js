// What of a certificate a file holds, found without sending it anywhere: the credential that a PDF or a badge carries, JSON itself, and QR
// codes of pictures where the browser reads them.

const LARGEST = 20_000_000;
const ATTACHMENTS = 20;
const LARGEST_DOCUMENT = 300_000;

/** `{credentials: [JSON texts], texts: [QR texts], proofs: [of the issuance log, each of the credential in the same place]}` of a file. */
export async function evidenceIn(file) {
  if (file.size > LARGEST) return { credentials: [], texts: [] };
  const bytes = new Uint8Array(await file.arrayBuffer());
  // One character for each byte; browsers read the upper half as windows-1252.
  const latin = new TextDecoder("latin1").decode(bytes);
  if (latin.startsWith("%PDF-")) return { ...(await inPdf(bytes, latin)), texts: [] };
  if (latin.slice(1, 8) === "PNG\r\n\x1a\n") return { credentials: inPng(bytes), texts: await codesIn(file) };
  const text = new TextDecoder().decode(bytes);
  if (/^\s*\{/.test(text)) return { credentials: [text], texts: [] };
  const baked = /<openbadges:credential[^>]*>\s*<!\[CDATA\[([\s\S]*?)\]\]>/.exec(text);
  if (baked) return { credentials: [baked[1]], texts: [] };
  return { credentials: [], texts: file.type.startsWith("image/") ? await codesIn(file) : text.length < 4000 ? [text.trim()] : [] };
}

// Attached files of a PDF (ISO 32000-1, 7.11.4): streams whose dictionary says `EmbeddedFile`.
async function inPdf(bytes, latin) {
  const [credentials, proofs] = [[], []];
  for (const match of latin.matchAll(/<<(?:[^<>]|<<[^<>]*>>|<[^<>]*>)*?\/EmbeddedFile(?:[^<>]|<<[^<>]*>>|<[^<>]*>)*?>>\s*stream\r?\n/g)) {
    const length = /\/Length\s+(\d+)(?!\s+\d+\s+R)/.exec(match[0]);
    if (!length || credentials.length + proofs.length === ATTACHMENTS) continue;
    const start = match.index + match[0].length;
    const packed = bytes.subarray(start, start + Number(length[1]));
    const content = /\/FlateDecode/.test(match[0]) ? await inflated(packed) : packed;
    const text = content && content.length <= LARGEST_DOCUMENT ? new TextDecoder().decode(content) : "";
    if (/^\s*\{/.test(text)) credentials.push(text);
    else if (text.startsWith("c2sp.org/tlog-proof@v1\n")) proofs.push(text);
  }
  return { credentials, proofs };
}

async function inflated(packed) {
  const parts = [];
  let size = 0;
  try {
    const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      size += part.value.length;
      if (size > LARGEST_DOCUMENT) return null;
      parts.push(part.value);
    }
  } catch {
    return null;
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

// A baked badge: the credential as an uncompressed iTXt chunk (Open Badges 3.0, section 5.3; PNG specification, 11.3.3.4).
function inPng(bytes) {
  const view = new DataView(bytes.buffer);
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    const kind = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (at + 12 + length > bytes.length) break;
    if (kind === "iTXt") {
      const chunk = bytes.subarray(at + 8, at + 8 + length);
      const word = "openbadgecredential\0\0\0";
      if (new TextDecoder("latin1").decode(chunk.subarray(0, word.length)) === word) {
        // Language and translated keyword follow, each ended by a nought.
        const rest = chunk.subarray(word.length);
        const text = rest.indexOf(0, rest.indexOf(0) + 1) + 1;
        return [new TextDecoder().decode(rest.subarray(text))];
      }
    }
    at += 12 + length;
  }
  return [];
}

async function codesIn(file) {
  if (!("BarcodeDetector" in globalThis)) return [];
  try {
    const codes = await new BarcodeDetector({ formats: ["qr_code"] }).detect(await createImageBitmap(file));
    return codes.map((code) => code.rawValue);
  } catch {
    return [];
  }
}

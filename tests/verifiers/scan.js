// In a browser: from a picture of a QR code to whether its signature is right, with jsQR and WebCrypto, and with nothing of the service but its
// published keys. Written from docs/reference/qr-token.md alone.
async ({picture, keys}) => {
  const image = new Image();
  image.src = picture;
  await image.decode();
  const canvas = Object.assign(document.createElement('canvas'), {width: image.naturalWidth, height: image.naturalHeight});
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  const text = jsQR(pixels.data, pixels.width, pixels.height)?.data ?? null;
  const [, version, digits] = /#(\d)(\d+)$/.exec(text ?? '') ?? [];
  if(version !== '1') return {text, right: null, kid: null};

  const LENGTHS = {17: 7, 3: 1, 5: 2, 8: 3, 10: 4, 13: 5, 15: 6};
  const bytes = (digits.match(/\d{1,17}/g) ?? []).flatMap(group => {
    let number = BigInt(group);
    const found = [];
    for(let left = LENGTHS[group.length]; left > 0; left--, number >>= 8n) found.unshift(Number(number & 255n));
    return found;
  });

  // CBOR, as much of it as a COSE_Sign1 needs: each item as [value, where it ends].
  const head = at => {
    const low = bytes[at] & 31;
    const size = low < 24 ? 0 : 1 << (low - 24);
    return [bytes[at] >> 5, size ? bytes.slice(at + 1, at + 1 + size).reduce((sum, byte) => sum * 256 + byte, 0) : low, at + 1 + size];
  };
  const byteString = at => {
    const [major, length, start] = head(at);
    if(major !== 2) throw new Error('no byte string');
    return [bytes.slice(start, start + length), start + length];
  };
  const wrapped = content => [...(content.length < 24 ? [0x40 + content.length] : [0x58, content.length]), ...content];

  const parts = () => {
    if(bytes[0] !== 0xd2 || bytes[1] !== 0x84) throw new Error('no COSE_Sign1');
    const [protectedHeader, afterHeader] = byteString(2);
    const [payload, afterPayload] = byteString(afterHeader + 1);
    return [protectedHeader, payload, byteString(afterPayload)[0]];
  };
  let read;
  try {
    read = parts();
  } catch(error) {
    return {text, right: null, kid: null, unreadable: error.message};
  }
  const [protectedHeader, payload, signature] = read;
  const signed = [0x84, 0x6a, ...new TextEncoder().encode('Signature1'), ...wrapped(protectedHeader), 0x40, ...wrapped(payload)];
  const kid = protectedHeader.slice(-8).map(byte => byte.toString(16).padStart(2, '0')).join('');
  const named = keys.find(key => key.kid === kid);
  if(!named) return {text, right: null, kid};
  const {kty, crv, x} = named;
  const key = await crypto.subtle.importKey('jwk', {kty, crv, x}, 'Ed25519', false, ['verify']);
  return {text, kid, right: await crypto.subtle.verify('Ed25519', key, new Uint8Array(signature), new Uint8Array(signed))};
}

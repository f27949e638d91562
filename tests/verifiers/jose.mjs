// Verifies JSON Web Signatures with `jose`, by the keys of a JWK Set alone.
//
// stdin:  {"jwks": {...}, "tokens": [compact JWS]}
// stdout: [{"kid", "typ", "payload"} or null for what it refuses]
import {compactVerify, createLocalJWKSet} from 'jose';
import {readFileSync} from 'node:fs';

const {jwks, tokens} = JSON.parse(readFileSync(0, 'utf8'));
const keys = createLocalJWKSet(jwks);
const answers = [];
for(const token of tokens) {
  try {
    const {payload, protectedHeader: {kid, typ}} = await compactVerify(token, keys);
    answers.push({kid, typ, payload: new TextDecoder().decode(payload)});
  } catch {
    answers.push(null);
  }
}
process.stdout.write(JSON.stringify(answers));

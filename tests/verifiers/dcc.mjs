// Verifies credentials with the Digital Credentials Consortium's verifier. It asks the web for what it needs, and gets what stands here.
//
// stdin:  {"cases": [{"credential", "web": {address: document}}]}
// stdout: {"answers": [{"valid", "revoked", "expired", "error"}], "asked": [address]}: what its log says of each step; `error` when it gave up
import {readFileSync} from 'node:fs';

let web = {};
const asked = [];
globalThis.fetch = async request => {
  const address = typeof request === 'string' ? request : request.url ?? String(request);
  asked.push(address);
  const document = web[address];
  return document ?
    new Response(JSON.stringify(document), {headers: {'content-type': 'application/json'}}) : new Response('', {status: 404});
};

const {verifyCredential} = await import('@digitalcredentials/verifier-core');

async function verify(one) {
  web = one.web;
  const found = await verifyCredential({credential: one.credential, knownDIDRegistries: []});
  const step = id => found.log?.find(entry => entry.id === id)?.valid ?? null;
  return {
    valid: step('valid_signature'), expired: step('expiration') === false, revoked: step('revocation_status') === false,
    error: found.errors?.map(({name, message}) => name ?? message) ?? null};
}

// What it says of schemas it could not fetch is no part of the answer.
console.log = () => {};
const {cases} = JSON.parse(readFileSync(0, 'utf8'));
const answers = [];
for(const one of cases) {
  answers.push(await verify(one));
}
process.stdout.write(JSON.stringify({answers, asked: [...new Set(asked)]}));

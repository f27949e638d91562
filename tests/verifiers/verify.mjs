// Verifies credentials with Digital Bazaar's libraries; nothing here comes from the issuer but the JSON-LD contexts, which are W3C's and 1EdTech's.
//
// stdin:  {"contexts": {address: document}, "cases": [{"credential", "didDocuments": {did: document}, "statusLists": {address: document}, "now"}]}
// stdout: [{"verified", "error", "status": [{"purpose", "set"}]}]
//
// `checkStatus` of vc-bitstring-status-list says verified: true for a revoked credential; the bit itself is in results[].status.

import {readFileSync} from 'node:fs';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';
import * as vc from '@digitalbazaar/vc';

const MULTIKEY = 'https://w3id.org/security/multikey/v1';

function loaderFor(contexts, {didDocuments = {}, statusLists = {}}) {
  return async address => {
    const [did, fragment] = address.split('#');
    let document = contexts[address] ?? statusLists[address] ?? didDocuments[address];
    if(!document && fragment && didDocuments[did]) {
      const method = didDocuments[did].verificationMethod.find(({id}) => id === address);
      document = method && {'@context': MULTIKEY, ...method};
    }
    if(!document) {
      throw new Error(`not at hand: ${address}`);
    }
    return {contextUrl: null, documentUrl: address, document: structuredClone(document)};
  };
}

function reasons(error) {
  if(!error) {
    return null;
  }
  return [error.message, ...(error.errors ?? []).flatMap(reasons)].filter(Boolean);
}

async function verify(contexts, one) {
  const documentLoader = loaderFor(contexts, one);
  const suite = new DataIntegrityProof({cryptosuite});
  const now = one.now ? new Date(one.now) : new Date();
  try {
    const result = await vc.verifyCredential({credential: one.credential, suite, documentLoader, now, checkStatus});
    const status = (result.statusResult?.results ?? []).map(
      ({credentialStatus, status}) => ({purpose: credentialStatus.statusPurpose, set: status}));
    return {verified: result.verified, error: reasons(result.error), status};
  } catch(error) {
    return {verified: false, error: reasons(error), status: []};
  }
}

const {contexts, cases} = JSON.parse(readFileSync(0, 'utf8'));
const answers = [];
for(const one of cases) {
  answers.push(await verify(contexts, one));
}
process.stdout.write(JSON.stringify(answers));

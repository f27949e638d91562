// Issues credentials and presentations with Digital Bazaar's libraries under a did:key, for our VC-API to verify.
//
// stdin:  {"contexts": {address: document}, "seed": hex, "credentials": [credential without issuer], "challenge", "domain"}
// stdout: {"issued": [credential], "presented": presentation of them all, by the same key}

import {readFileSync} from 'node:fs';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as vc from '@digitalbazaar/vc';

const {contexts, seed, credentials, challenge, domain} = JSON.parse(readFileSync(0, 'utf8'));

async function documentLoader(address) {
  if(!contexts[address]) {
    throw new Error(`not at hand: ${address}`);
  }
  return {contextUrl: null, documentUrl: address, document: structuredClone(contexts[address])};
}

const key = await Ed25519Multikey.generate({seed: new Uint8Array(Buffer.from(seed, 'hex'))});
const did = `did:key:${key.publicKeyMultibase}`;
const signer = {...key.signer(), id: `${did}#${key.publicKeyMultibase}`};

const issued = [];
for(const credential of credentials) {
  const suite = new DataIntegrityProof({signer, cryptosuite});
  issued.push(await vc.issue({credential: {...credential, issuer: did}, suite, documentLoader}));
}
const presentation = vc.createPresentation({verifiableCredential: issued, holder: did, verify: false});
const suite = new DataIntegrityProof({signer, cryptosuite});
const presented = await vc.signPresentation({presentation, suite, challenge, domain, documentLoader});
process.stdout.write(JSON.stringify({issued, presented}));

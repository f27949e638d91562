// The form of Open Badges 3.0 as a wallet reads it: LearnCard's own description of it, in zod.
//
// stdin:  {"credentials": [credential]}
// stdout: [[where something is wrong]]: empty for one that has the form
import {AchievementCredentialValidator, BitstringStatusListEntryValidator} from '@learncard/types';
import {readFileSync} from 'node:fs';

const {credentials} = JSON.parse(readFileSync(0, 'utf8'));
const wrong = (found, at) => (found.success ? [] : found.error.issues.map(({path}) => [...at, ...path].join('/')));
console.log(JSON.stringify(credentials.map(one => [
  ...wrong(AchievementCredentialValidator.safeParse(one), []),
  ...wrong(BitstringStatusListEntryValidator.safeParse(one.credentialStatus), ['credentialStatus'])
])));

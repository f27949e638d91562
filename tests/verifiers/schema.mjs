// node schema.mjs SCHEMA FILE…: whether each credential has the form that a JSON schema (draft 2019-09) asks for.
// 1EdTech's for Open Badges 3.0 lies at https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json
import addFormats from 'ajv-formats';
import Ajv from 'ajv/dist/2019.js';
import {readFileSync} from 'node:fs';

const [schema, ...files] = process.argv.slice(2);
if (!files.length) {
  console.error('usage: node schema.mjs SCHEMA FILE…');
  process.exit(2);
}
// Its keywords are documentation in places (`$comment` beside `$ref`), which is no fault.
const ajv = new Ajv({allErrors: true, strict: false});
addFormats(ajv);
const valid = ajv.compile(JSON.parse(readFileSync(schema, 'utf8')));
for (const file of files) {
  const good = valid(JSON.parse(readFileSync(file, 'utf8')));
  console.log(`${file}: ${good ? 'valid' : 'not valid'}`);
  for (const {instancePath, message} of valid.errors ?? []) console.log(`  ${instancePath || '/'} ${message}`);
  if (!good) process.exitCode = 1;
}

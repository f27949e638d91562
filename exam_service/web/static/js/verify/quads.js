// The canonical RDF (RDFC-1.0, N-Quads) of our credentials, their proofs and status lists, which have one shape: as core/certificates/quads.py.
import { hex, joined, sha256, utf8 } from "./bytes.js";

const TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>";
const DATE_TIME = "http://www.w3.org/2001/XMLSchema#dateTime";
const XSD_OF_OB = "https://www.w3.org/2001/XMLSchema#";
const VC = "https://www.w3.org/2018/credentials#";
const STATUS = "https://www.w3.org/ns/credentials/status#";
const OB = "https://purl.imsglobal.org/spec/vc/ob/vocab.html#";
const SCHEMA = "https://schema.org/";
const SECURITY = "https://w3id.org/security#";
const [SUBJECT, IDENTITY, CRITERIA, PROOF] = ["_:subject", "_:identity", "_:criteria", "_:proof"];
const ESCAPED = { "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\" };

/** The 64 bytes that an eddsa-rdfc-2022 proof signs: the hashes of the proof without its value and of the document without its proof. */
export async function toBeSigned(document, proof) {
  const isList = document.type[1] === "BitstringStatusListCredential";
  const parts = [proofTriples(proof), isList ? listTriples(document) : credentialTriples(document)];
  return joined(...(await Promise.all(parts.map(async (triples) => sha256(utf8(await canonical(triples)))))));
}

const proofTriples = (config) => [
  [PROOF, TYPE, `<${SECURITY}${config.type}>`],
  [PROOF, "<http://purl.org/dc/terms/created>", typed(config.created, DATE_TIME)],
  [PROOF, `<${SECURITY}cryptosuite>`, typed(config.cryptosuite, `${SECURITY}cryptosuiteString`)],
  [PROOF, `<${SECURITY}proofPurpose>`, `<${SECURITY}${config.proofPurpose}>`],
  [PROOF, `<${SECURITY}verificationMethod>`, address(config.verificationMethod)],
];

function listTriples(document) {
  const [whole, list] = [address(document.id), address(document.credentialSubject.id)];
  return [
    [whole, TYPE, `<${VC}VerifiableCredential>`],
    [whole, TYPE, `<${STATUS}BitstringStatusListCredential>`],
    [whole, `<${VC}issuer>`, address(document.issuer)],
    [whole, `<${VC}credentialSubject>`, list],
    ...dates(whole, document),
    [list, TYPE, `<${STATUS}BitstringStatusList>`],
    [list, `<${STATUS}encodedList>`, typed(document.credentialSubject.encodedList, `${SECURITY}multibase`)],
    ...texts(list, STATUS, document.credentialSubject, "statusPurpose"),
  ];
}

function credentialTriples(document) {
  const { issuer, credentialStatus, credentialSubject } = document;
  const [whole, status] = [address(document.id), address(credentialStatus.id)];
  return [
    [whole, TYPE, `<${VC}VerifiableCredential>`],
    [whole, TYPE, `<${OB}OpenBadgeCredential>`],
    [whole, `<${SCHEMA}name>`, text(document.name)],
    [whole, `<${VC}issuer>`, address(issuer.id)],
    [whole, `<${VC}credentialSubject>`, SUBJECT],
    [whole, `<${VC}credentialStatus>`, status],
    ...dates(whole, document),
    [address(issuer.id), TYPE, `<${OB}Profile>`],
    ...texts(address(issuer.id), SCHEMA, issuer, "name", "description"),
    ...("url" in issuer ? [[address(issuer.id), `<${SCHEMA}url>`, typed(issuer.url, `${XSD_OF_OB}anyURI`)]] : []),
    ...subject(credentialSubject),
    [status, TYPE, `<${STATUS}BitstringStatusListEntry>`],
    [status, `<${STATUS}statusListCredential>`, address(credentialStatus.statusListCredential)],
    ...texts(status, STATUS, credentialStatus, "statusListIndex", "statusPurpose"),
    ...(document.evidence ?? []).flatMap((one) => [
      [whole, `<${VC}evidence>`, address(one.id)],
      [address(one.id), TYPE, `<${OB}Evidence>`],
      ...texts(address(one.id), SCHEMA, one, "name", "genre"),
    ]),
  ];
}

function subject({ identifier: [identity], achievement, ...rest }) {
  const node = address(achievement.id);
  return [
    [SUBJECT, TYPE, `<${OB}AchievementSubject>`],
    [SUBJECT, `<${OB}achievement>`, node],
    [SUBJECT, `<${OB}identifier>`, IDENTITY],
    ...numbers(SUBJECT, rest, "creditsEarned"),
    [IDENTITY, TYPE, `<${OB}IdentityObject>`],
    [IDENTITY, `<${OB}hashed>`, typed(String(identity.hashed), `${XSD_OF_OB}boolean`)],
    ...texts(IDENTITY, OB, identity, "identityHash", "identityType"),
    [node, TYPE, `<${OB}Achievement>`],
    ...texts(node, OB, achievement, "achievementType", "humanCode"),
    ...texts(node, SCHEMA, achievement, "name", "description", "inLanguage"),
    [node, `<${OB}Criteria>`, CRITERIA],
    [CRITERIA, `<${OB}narrative>`, text(achievement.criteria.narrative)],
    ...numbers(node, achievement, "creditsAvailable"),
    ...(achievement.tag ?? []).map((tag) => [node, `<${SCHEMA}keywords>`, text(tag)]),
  ];
}

const dates = (node, thing) => ["validFrom", "validUntil"].filter((member) => member in thing).map((member) => [node, `<${VC}${member}>`, typed(thing[member], DATE_TIME)]);

const texts = (node, vocabulary, thing, ...members) => members.filter((member) => member in thing).map((member) => [node, `<${vocabulary}${member}>`, text(thing[member])]);

const numbers = (node, thing, member) => (member in thing ? [[node, `<${OB}${member}>`, typed(number(thing[member]), `${XSD_OF_OB}float`)]] : []);

// Nameless nodes are numbered in the order of their hashes (RDFC-1.0, 4.4.3); no two of ours are alike.
async function canonical(triples) {
  const seen = new Map();
  for (const triple of triples) {
    for (const node of new Set(triple.filter((part) => part.startsWith("_:")))) {
      const line = triple.map((part) => (part.startsWith("_:") ? (part === node ? "_:a" : "_:z") : part));
      seen.set(node, [...(seen.get(node) ?? []), `${line.join(" ")} .\n`]);
    }
  }
  const hashed = await Promise.all([...seen].map(async ([node, lines]) => [hex(await sha256(utf8(byCodePoint(lines).join("")))), node]));
  const names = new Map(byCodePoint(hashed.map(([hash, node]) => `${hash} ${node}`)).map((one, n) => [one.slice(65), `_:c14n${n}`]));
  const lines = triples.map((triple) => `${triple.map((part) => names.get(part) ?? part).join(" ")} .\n`);
  return byCodePoint([...new Set(lines)]).join("");
}

// JavaScript sorts by UTF-16 units; canonical RDF, by code points, which is the order of their UTF-8.
function byCodePoint(lines) {
  const points = lines.map((line) => [Array.from(line, (character) => character.codePointAt(0)), line]);
  const least = ([one], [other]) => {
    let at = 0;
    while (at < one.length && one[at] === other[at]) at += 1;
    return (one[at] ?? -1) - (other[at] ?? -1);
  };
  return points.sort(least).map(([, line]) => line);
}

function address(name) {
  // What no address holds would end the name, and go on as something that nobody wrote.
  if (!name.includes(":") || /[\x00-\x20<>"{}|\\^`]/.test(name)) throw new Error(`\`${name}\` is no absolute address`);
  return `<${name}>`;
}

const text = (value) => `"${value.replace(/[\x00-\x1f"\\\x7f]/g, (found) => ESCAPED[found] ?? `\\u${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`)}"`;

const typed = (value, kind) => `${text(value)}^^<${kind}>`;

function number(value) {
  if (Number.isInteger(value)) return BigInt(value).toString();
  // As JSON-LD 1.1 writes a number that is no integer: 15 digits behind the point, without the noughts at the end.
  const [digits, exponent] = value.toExponential(15).split("e");
  const [whole, rest] = digits.split(".");
  return `${whole}.${rest.replace(/0+$/, "") || "0"}E${Number(exponent)}`;
}

"""The canonical RDF of our own credentials and their proofs, written directly (RDFC-1.0, W3C, canonical N-Quads).

A general canonicaliser reads the contexts, expands the document and names its nameless nodes; that is milliseconds. Our
credentials have one shape, so what each member means is written here once, and it takes a fortieth of that.
Tests hold it against the general one over arbitrary texts, and other programs' verifiers against both.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_RDF_TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
_DATE_TIME = "http://www.w3.org/2001/XMLSchema#dateTime"
_XSD_OF_OB = "https://www.w3.org/2001/XMLSchema#"
"""As the context of Open Badges writes it, with an s."""
_VC = "https://www.w3.org/2018/credentials#"
_STATUS = "https://www.w3.org/ns/credentials/status#"
_OB = "https://purl.imsglobal.org/spec/vc/ob/vocab.html#"
_SCHEMA = "https://schema.org/"
_SECURITY = "https://w3id.org/security#"

_SUBJECT, _IDENTITY, _CRITERIA, _PROOF = "_:subject", "_:identity", "_:criteria", "_:proof"
"""Nameless nodes, until they have their canonical names."""

_ESCAPED = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
_NEVER_IN_AN_ADDRESS = re.compile(r'[\x00-\x20<>"{}|\\^`]')
_TO_ESCAPE = re.compile(r'[\x00-\x1f"\\\x7f]')

Triple = tuple[str, str, str]
"""Subject, predicate and object, as N-Quads write them."""


def to_be_signed(document: Mapping[str, Any], config: Mapping[str, Any]) -> bytes:
    """The 64 bytes that an eddsa-rdfc-2022 proof of a credential signs: the hashes of proof and credential."""
    return b"".join(hashlib.sha256(part.encode()).digest() for part in (proof(config), credential(document)))


def credential(document: Mapping[str, Any]) -> str:
    """The canonical N-Quads of a credential without its proof, of the shape that `credential.Credential` has."""
    return _canonical(_credential(document))


def proof(config: Mapping[str, Any]) -> str:
    """The canonical N-Quads of a proof without its value (`credential.new_proof_config`)."""
    return _canonical(
        [
            (_PROOF, _RDF_TYPE, f"<{_SECURITY}{config['type']}>"),
            (_PROOF, "<http://purl.org/dc/terms/created>", _typed(config["created"], _DATE_TIME)),
            (_PROOF, f"<{_SECURITY}cryptosuite>", _typed(config["cryptosuite"], _SECURITY + "cryptosuiteString")),
            (_PROOF, f"<{_SECURITY}proofPurpose>", f"<{_SECURITY}{config['proofPurpose']}>"),
            (_PROOF, f"<{_SECURITY}verificationMethod>", _address(config["verificationMethod"])),
        ]
    )


def _credential(document: Mapping[str, Any]) -> Iterator[Triple]:
    whole, issuer, status = _address(document["id"]), document["issuer"], document["credentialStatus"]
    yield whole, _RDF_TYPE, f"<{_VC}VerifiableCredential>"
    yield whole, _RDF_TYPE, f"<{_OB}OpenBadgeCredential>"
    yield whole, f"<{_SCHEMA}name>", _text(document["name"])
    yield whole, f"<{_VC}issuer>", _address(issuer["id"])
    yield whole, f"<{_VC}credentialSubject>", _SUBJECT
    yield whole, f"<{_VC}credentialStatus>", _address(status["id"])
    for member in ("validFrom", "validUntil"):
        if member in document:
            yield whole, f"<{_VC}{member}>", _typed(document[member], _DATE_TIME)
    yield from _profile(issuer)
    yield from _subject(document["credentialSubject"])
    yield from _status(status)
    for evidence in document.get("evidence", ()):
        yield whole, f"<{_VC}evidence>", _address(evidence["id"])
        yield from _evidence(evidence)


def _profile(profile: Mapping[str, Any]) -> Iterator[Triple]:
    node = _address(profile["id"])
    yield node, _RDF_TYPE, f"<{_OB}Profile>"
    yield from _texts(node, _SCHEMA, profile, "name", "description")
    if "url" in profile:
        yield node, f"<{_SCHEMA}url>", _typed(profile["url"], _XSD_OF_OB + "anyURI")


def _subject(subject: Mapping[str, Any]) -> Iterator[Triple]:
    achievement = subject["achievement"]
    yield _SUBJECT, _RDF_TYPE, f"<{_OB}AchievementSubject>"
    yield _SUBJECT, f"<{_OB}achievement>", _address(achievement["id"])
    yield _SUBJECT, f"<{_OB}identifier>", _IDENTITY
    if "creditsEarned" in subject:
        yield _SUBJECT, f"<{_OB}creditsEarned>", _number(subject["creditsEarned"])
    (identity,) = subject["identifier"]
    yield _IDENTITY, _RDF_TYPE, f"<{_OB}IdentityObject>"
    yield _IDENTITY, f"<{_OB}hashed>", _typed("true" if identity["hashed"] else "false", _XSD_OF_OB + "boolean")
    yield from _texts(_IDENTITY, _OB, identity, "identityHash", "identityType")
    yield from _achievement(achievement)


def _achievement(achievement: Mapping[str, Any]) -> Iterator[Triple]:
    node = _address(achievement["id"])
    yield node, _RDF_TYPE, f"<{_OB}Achievement>"
    yield from _texts(node, _OB, achievement, "achievementType", "humanCode")
    yield from _texts(node, _SCHEMA, achievement, "name", "description", "inLanguage")
    yield node, f"<{_OB}Criteria>", _CRITERIA
    yield _CRITERIA, f"<{_OB}narrative>", _text(achievement["criteria"]["narrative"])
    if "creditsAvailable" in achievement:
        yield node, f"<{_OB}creditsAvailable>", _number(achievement["creditsAvailable"])
    for tag in achievement.get("tag", ()):
        yield node, f"<{_SCHEMA}keywords>", _text(tag)


def _status(status: Mapping[str, Any]) -> Iterator[Triple]:
    node = _address(status["id"])
    yield node, _RDF_TYPE, f"<{_STATUS}BitstringStatusListEntry>"
    yield node, f"<{_STATUS}statusListCredential>", _address(status["statusListCredential"])
    yield from _texts(node, _STATUS, status, "statusListIndex", "statusPurpose")


def _evidence(evidence: Mapping[str, Any]) -> Iterator[Triple]:
    node = _address(evidence["id"])
    yield node, _RDF_TYPE, f"<{_OB}Evidence>"
    yield from _texts(node, _SCHEMA, evidence, "name", "genre")


def _texts(node: str, vocabulary: str, thing: Mapping[str, Any], *members: str) -> Iterator[Triple]:
    """These members of a thing, as far as it has them; each means the term of its own name."""
    for member in members:
        if member in thing:
            yield node, f"<{vocabulary}{member}>", _text(thing[member])


def _canonical(triples: Iterable[Triple]) -> str:
    """Nameless nodes are numbered in the order of their hashes (RDFC-1.0, 4.4.3); no two of ours are alike.

    In what is hashed of one, `_:a` is it and `_:z` another; none of ours is joined to itself.
    """
    lines: set[str] = set()
    nameless: list[Triple] = []
    seen: defaultdict[str, list[str]] = defaultdict(list)
    for triple in triples:
        subject, predicate, thing = triple
        if subject[0] != "_":
            if thing[0] != "_":
                lines.add(f"{subject} {predicate} {thing} .\n")
                continue
            seen[thing].append(f"{subject} {predicate} _:a .\n")
        elif thing[0] != "_":
            seen[subject].append(f"_:a {predicate} {thing} .\n")
        else:
            seen[subject].append(f"_:a {predicate} _:z .\n")
            seen[thing].append(f"_:z {predicate} _:a .\n")
        nameless.append(triple)
    order = sorted(seen, key=lambda node: hashlib.sha256("".join(sorted(seen[node])).encode()).hexdigest())
    names = {node: f"_:c14n{number}" for number, node in enumerate(order)}
    lines |= {f"{names.get(one, one)} {predicate} {names.get(other, other)} .\n" for one, predicate, other in nameless}
    return "".join(sorted(lines))


def _address(name: str) -> str:
    """Raises ValueError for what no address holds: it would end the name, and go on as something that nobody wrote."""
    if ":" not in name or _NEVER_IN_AN_ADDRESS.search(name):
        raise ValueError(f"`{name}` is no absolute address")
    return f"<{name}>"


def _text(value: str) -> str:
    return f'"{_TO_ESCAPE.sub(_escape, value)}"' if _TO_ESCAPE.search(value) else f'"{value}"'


def _typed(value: str, kind: str) -> str:
    return f"{_text(value)}^^<{kind}>"


def _number(value: float) -> str:
    return _typed(str(int(value)) if float(value).is_integer() else _double(value), _XSD_OF_OB + "float")


def _double(value: float) -> str:
    """As JSON-LD 1.1 writes a number that is no integer: 15 digits behind the point, without the noughts at the end."""
    digits, _, exponent = f"{value:.15E}".partition("E")
    whole, _, rest = digits.partition(".")
    return f"{whole}.{rest.rstrip('0') or '0'}E{int(exponent)}"


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    return _ESCAPED.get(character) or f"\\u{ord(character):04X}"

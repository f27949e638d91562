"""What W3C Verifiable Credentials Data Model 2.0 asks of anybody's credential or presentation: every fault at once.

Our own certificates have one shape (`credential.Credential`); this is for the VC-API, which takes any. Whether terms
are defined by the contexts is the canonicaliser's to say.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from exam_service.core.certificates.credential import VC_CONTEXT
from exam_service.core.certificates.vc_faults import fault
from exam_service.core.errors import Fault

Digest = Callable[[str, str], bytes | None]
"""`digest(address, algorithm)`: of a resource that is at hand; None of any other."""

V1_CONTEXT = "https://www.w3.org/2018/credentials/v1"
"""Of data model 1.1, which W3C's suite for Data Integrity still speaks."""
PROOF_CONTEXT = "https://w3id.org/security/data-integrity/v2"

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)?", re.ASCII
)
_INDEX = re.compile(r"0|[1-9][0-9]{0,18}")
_SRI = re.compile(r"(sha256|sha384|sha512)-([A-Za-z0-9+/]+={0,2})")
_TYPED = ("credentialStatus", "termsOfUse", "evidence", "refreshService", "credentialSchema")
_MULTIHASH = {0x12: ("sha256", 32), 0x13: ("sha512", 64), 0x20: ("sha384", 48)}
_ALGORITHM_OF = {32: "sha256", 48: "sha384", 64: "sha512"}


def is_url(value: object) -> bool:
    """Whether it is one absolute URL (a DID and a URN are such too)."""
    return isinstance(value, str) and _URL.fullmatch(value) is not None


def time_of(value: object, *, offset: bool = True) -> datetime | None:
    """The moment of an XML Schema dateTimeStamp; None when it is none. Without `offset` it may lack its own: then it is
    UTC, as the data model says of times that were written wrongly.
    """
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None or (offset and found[8] is None):
        return None
    digits, fraction = f"{value}"[:19], (found[7] or "")[:7]
    try:
        when = datetime.fromisoformat(digits + fraction + (found[8] or "Z"))
        return when.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def listed(value: object) -> list[Any]:
    """One or several, as a list."""
    return value if isinstance(value, list) else [value]


def is_v1(document: Mapping[str, Any]) -> bool:
    """Whether it is of data model 1.1; everything else is held to 2.0."""
    contexts = document.get("@context")
    return isinstance(contexts, list) and contexts[:1] == [V1_CONTEXT]


def with_proof_context(contexts: list[Any]) -> list[Any]:
    """The contexts of data model 1.1 with the one that defines Data Integrity proofs, which 1.1 lacks."""
    return contexts if PROOF_CONTEXT in contexts else [*contexts, PROOF_CONTEXT]


def period_of(document: Mapping[str, Any]) -> dict[str, datetime | None]:
    """When it is in force from and until, by the member that says so; None for a time that is none."""
    v1 = is_v1(document)
    members = ("issuanceDate", "expirationDate") if v1 else ("validFrom", "validUntil")
    return {name: time_of(document[name], offset=not v1) for name in members if name in document}


def issuer_of(document: Mapping[str, Any]) -> str | None:
    """The issuer's URL, whichever way it is written."""
    return _id_or_url(document.get("issuer"))


def holder_of(document: Mapping[str, Any]) -> str | None:
    """The holder's URL, whichever way it is written."""
    return _id_or_url(document.get("holder"))


def _id_or_url(value: object) -> str | None:
    value = value.get("id") if isinstance(value, dict) else value
    return value if isinstance(value, str) and is_url(value) else None


def credential_faults(document: Mapping[str, Any], digest: Digest, at: str = "") -> list[Fault]:
    """What is wrong with a credential, secured or not; empty when nothing is."""
    return list(_credential(document, digest, at))


def presentation_faults(document: Mapping[str, Any], digest: Digest) -> list[Fault]:
    """What is wrong with a presentation and the credentials in it; empty when nothing is."""
    return list(_presentation(document, digest))


def _credential(document: Mapping[str, Any], digest: Digest, at: str) -> Iterator[Fault]:
    types = listed(document.get("type"))
    if "EnvelopedVerifiableCredential" in types:
        yield fault("enveloped", at or "type")
        return
    yield from _contexts(document, at)
    yield from _id(document, at)
    yield from _types(document, f"{at}type", "VerifiableCredential")
    if "issuer" not in document:
        yield fault("missing", f"{at}issuer")
    elif issuer_of(document) is None:
        yield fault("not-a-url", f"{at}issuer")
    else:
        yield from _names(document["issuer"], f"{at}issuer.")
    yield from _names(document, at)
    yield from _subjects(document, at)
    yield from _period(document, at)
    for member in _TYPED:
        for one, place in _objects(document, member, at):
            yield from _thing(one, member, place) if isinstance(one, dict) else (fault("not-an-object", place),)
    yield from _related(document, digest, at)


def _presentation(document: Mapping[str, Any], digest: Digest) -> Iterator[Fault]:
    if "EnvelopedVerifiablePresentation" in listed(document.get("type")):
        yield fault("enveloped", "type")
        return
    yield from _contexts(document, "")
    yield from _id(document, "")
    yield from _types(document, "type", "VerifiablePresentation")
    if "holder" in document and holder_of(document) is None:
        yield fault("not-a-url", "holder")
    for one, place in _objects(document, "termsOfUse", ""):
        yield from _thing(one, "termsOfUse", place) if isinstance(one, dict) else (fault("not-an-object", place),)
    for one, place in _objects(document, "verifiableCredential", ""):
        if isinstance(one, dict):
            yield from _credential(one, digest, f"{place}.")
        else:
            yield fault("not-a-credential", place)


def _objects(document: Mapping[str, Any], member: str, at: str) -> Iterator[tuple[Any, str]]:
    if member in document:
        value = document[member]
        several = isinstance(value, list)
        yield from ((one, f"{at}{member}[{n}]" if several else f"{at}{member}") for n, one in enumerate(listed(value)))


def _contexts(document: Mapping[str, Any], at: str) -> Iterator[Fault]:
    contexts = document.get("@context")
    if not isinstance(contexts, list) or contexts[:1] not in ([VC_CONTEXT], [V1_CONTEXT]):
        yield fault("no-base-context", f"{at}@context", VC_CONTEXT)
        return
    for n, one in enumerate(contexts):
        if not (is_url(one) or isinstance(one, dict)):
            yield fault("not-a-context", f"{at}@context[{n}]")


def _id(document: Mapping[str, Any], at: str) -> Iterator[Fault]:
    if "id" in document and not is_url(document["id"]):
        yield fault("not-a-url", f"{at}id")


def _types(document: Mapping[str, Any], place: str, wanted: str = "") -> Iterator[Fault]:
    if "type" not in document:
        yield fault("missing", place)
        return
    types = listed(document["type"])
    if not types or not all(isinstance(one, str) and one for one in types):
        yield fault("not-a-type", place)
    elif wanted and wanted not in types:
        yield fault("no-base-type", place, wanted)


def _names(document: object, at: str) -> Iterator[Fault]:
    if not isinstance(document, dict):
        return
    for member in ("name", "description"):
        for one, place in _objects(document, member, at):
            if not isinstance(one, str) and not _is_language_value(one):
                yield fault("not-a-language-value", place)


def _is_language_value(value: object) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() <= {"@value", "@language", "@direction"}
        and isinstance(value.get("@value"), str)
        and isinstance(value.get("@language", ""), str)
        and value.get("@direction", "ltr") in ("ltr", "rtl")
    )


def _subjects(document: Mapping[str, Any], at: str) -> Iterator[Fault]:
    if "credentialSubject" not in document:
        yield fault("missing", f"{at}credentialSubject")
        return
    if document["credentialSubject"] == []:
        yield fault("empty", f"{at}credentialSubject")
    for one, place in _objects(document, "credentialSubject", at):
        if not isinstance(one, dict):
            yield fault("not-an-object", place)
        elif not one:
            yield fault("empty", place)
        else:
            yield from _id(one, f"{place}.")


def _period(document: Mapping[str, Any], at: str) -> Iterator[Fault]:
    times = period_of(document)
    yield from (fault("not-a-time", f"{at}{member}") for member, when in times.items() if when is None)
    if is_v1(document) and "issuanceDate" not in document:
        yield fault("missing", f"{at}issuanceDate")
    if len(times) == 2:
        (_, first), (member, last) = times.items()
        if first and last and last < first:
            yield fault("ends-before-it-begins", f"{at}{member}")


def _thing(one: Mapping[str, Any], member: str, place: str) -> Iterator[Fault]:
    """A status, schema, term of use, evidence or refresh service: each has a type, and at most one id."""
    yield from _types(one, f"{place}.type")
    yield from _id(one, f"{place}.")
    if member == "credentialSchema" and "id" not in one:
        yield fault("missing", f"{place}.id")
    if member == "credentialStatus" and "BitstringStatusListEntry" in listed(one.get("type")):
        yield from _status(one, place)


def _status(one: Mapping[str, Any], place: str) -> Iterator[Fault]:
    if not isinstance(one.get("statusPurpose"), str):
        yield fault("not-a-text", f"{place}.statusPurpose")
    index = one.get("statusListIndex")
    if not isinstance(index, str) or not _INDEX.fullmatch(index):
        yield fault("not-an-index", f"{place}.statusListIndex")
    if not is_url(one.get("statusListCredential")):
        yield fault("not-a-url", f"{place}.statusListCredential")
    elif one.get("id") == one["statusListCredential"]:
        yield fault("twice", f"{place}.id")
    size = one.get("statusSize", 1)
    if not isinstance(size, int) or isinstance(size, bool) or not 0 < size <= 16:
        yield fault("not-a-size", f"{place}.statusSize")
        return
    messages = one.get("statusMessage")
    if (messages is not None or size > 1) and not _are_messages(messages, 2**size):
        yield fault("wrong-messages", f"{place}.statusMessage")
    if not all(is_url(reference) for _, reference in _each(one, "statusReference")):
        yield fault("not-a-url", f"{place}.statusReference")


def _each(one: Mapping[str, Any], member: str) -> Iterable[tuple[int, Any]]:
    return enumerate(listed(one[member])) if member in one else ()


def _are_messages(messages: object, wanted: int) -> bool:
    return (
        isinstance(messages, list)
        and len(messages) == wanted
        and all(
            isinstance(m, dict) and isinstance(m.get("status"), str) and isinstance(m.get("message"), str)
            for m in messages
        )
    )


def _related(document: Mapping[str, Any], digest: Digest, at: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for one, place in _objects(document, "relatedResource", at):
        if not isinstance(one, dict):
            yield fault("not-an-object", place)
            continue
        address = one.get("id")
        if not isinstance(address, str) or not is_url(address):
            yield fault("missing" if "id" not in one else "not-a-url", f"{place}.id")
            continue
        if address in seen:
            yield fault("twice", f"{place}.id")
        seen.add(address)
        if not one.keys() & {"digestSRI", "digestMultibase"}:
            yield fault("no-digest", place)
        if "digestSRI" in one:
            yield from _sri(one["digestSRI"], address, digest, f"{place}.digestSRI")
        if "digestMultibase" in one:
            yield from _multibase(one["digestMultibase"], address, digest, f"{place}.digestMultibase")


def _sri(value: object, address: str, digest: Digest, place: str) -> Iterator[Fault]:
    found = _SRI.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        yield fault("not-a-digest", place)
        return
    known = digest(address, found[1])
    if known is not None and base64.b64encode(known).decode() != found[2]:
        yield fault("other-digest", place)


def _multibase(value: object, address: str, digest: Digest, place: str) -> Iterator[Fault]:
    """Base64url only: the other bases of a digest are not known here, and so refused."""
    try:
        text = value.removeprefix("u") if isinstance(value, str) and value.startswith("u") else ""
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raw = b""
    if not raw:
        yield fault("not-a-digest", place)
        return
    algorithm, size = _MULTIHASH.get(raw[0], ("", 0))
    if len(raw) == size + 2 and raw[1] == size:
        raw = raw[2:]
    elif len(raw) in _ALGORITHM_OF:
        # Without the two bytes that say which: the published suites write it so.
        algorithm = _ALGORITHM_OF[len(raw)]
    else:
        yield fault("not-a-digest", place)
        return
    known = digest(address, algorithm or "sha256")
    if known is not None and known != raw:
        yield fault("other-digest", place)

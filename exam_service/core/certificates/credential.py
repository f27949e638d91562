"""The portable face: an Open Badges 3.0 `OpenBadgeCredential` (W3C Verifiable Credentials 2.0).

The Structs below are the document's one definition: what is issued is built from them, and only what they describe is
accepted again. Verification signs an RDF graph but a reader reads JSON; because every member is known and none may be
added, both say the same.
"""

import json
import re
from typing import Annotated, Any, Literal

import msgspec

from exam_service.core.certificates import did as dids
from exam_service.core.certificates.model import KIND_TEXTS, CertificateId, Issuance, Kind, stamp
from exam_service.core.certificates.words import Unreadable

VC_CONTEXT = "https://www.w3.org/ns/credentials/v2"
OB_CONTEXT = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
MAX_DOCUMENT = 256 * 1024

_ACHIEVEMENT_TYPES: dict[Kind, str] = {"certificate": "Certificate", "attestation": "CertificateOfCompletion"}


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """A member object of the credential; unknown members are refused."""


class Profile(_Part, frozen=True, kw_only=True):
    id: str
    type: Annotated[list[Literal["Profile"]], msgspec.Meta(min_length=1, max_length=1)]
    name: str
    description: str | None = None
    url: str | None = None


class Identity(_Part, frozen=True, kw_only=True):
    """The recipient by printed name: Open Badges has no other place for it."""

    type: Literal["IdentityObject"]
    hashed: Literal[False]
    identity_hash: str
    identity_type: Literal["name"]


class Criteria(_Part, frozen=True, kw_only=True):
    narrative: str


class Achievement(_Part, frozen=True, kw_only=True):
    id: str
    type: Annotated[list[Literal["Achievement"]], msgspec.Meta(min_length=1, max_length=1)]
    achievement_type: Literal["Certificate", "CertificateOfCompletion"]
    name: str
    description: str
    human_code: str
    in_language: Literal["th", "en"]
    criteria: Criteria
    credits_available: float | None = None
    # Ours has one. Canonical forms of many take a time that grows with their square.
    tag: Annotated[list[str], msgspec.Meta(max_length=1)] | None = None


class Subject(_Part, frozen=True, kw_only=True):
    type: Annotated[list[Literal["AchievementSubject"]], msgspec.Meta(min_length=1, max_length=1)]
    identifier: Annotated[list[Identity], msgspec.Meta(min_length=1, max_length=1)]
    achievement: Achievement
    credits_earned: float | None = None


class StatusEntry(_Part, frozen=True, kw_only=True):
    id: str
    type: Literal["BitstringStatusListEntry"]
    status_purpose: Literal["revocation"]
    status_list_index: Annotated[str, msgspec.Meta(pattern=r"^(0|[1-9][0-9]{0,6})$")]
    status_list_credential: str


class Evidence(_Part, frozen=True, kw_only=True):
    """The certificate that this one replaces: Open Badges has no term of its own for that."""

    id: str
    type: Annotated[list[Literal["Evidence"]], msgspec.Meta(min_length=1, max_length=1)]
    name: str
    genre: Literal["superseded certificate"]


class Proof(_Part, frozen=True, kw_only=True):
    type: Literal["DataIntegrityProof"]
    cryptosuite: Literal["eddsa-rdfc-2022"]
    created: str
    verification_method: str
    proof_purpose: Literal["assertionMethod"]
    proof_value: str


class Credential(_Part, frozen=True, kw_only=True):
    """The whole document. `proof` is an array of one, which the 1EdTech schema asks for."""

    context: list[str] = msgspec.field(name="@context")
    id: str
    type: list[str]
    name: str
    issuer: Profile
    valid_from: str
    valid_until: str | None = None
    credential_subject: Subject
    credential_status: StatusEntry
    evidence: Annotated[list[Evidence], msgspec.Meta(min_length=1, max_length=1)] | None = None
    proof: Annotated[list[Proof], msgspec.Meta(min_length=1, max_length=1)] | None = None


_CONTEXTS = [VC_CONTEXT, OB_CONTEXT]
_TYPES = ["VerifiableCredential", "OpenBadgeCredential"]


def address(base_url: str, certificate_id: str) -> str:
    """`BASE/v/<ID>`: the credential's own id, and the page that shows it."""
    return f"{base_url.rstrip('/')}/v/{certificate_id}"


def unsigned(issuance: Issuance, base_url: str, status_list_url: str) -> dict[str, Any]:
    """The credential without its proof, a function of the frozen facts only."""
    base = base_url.rstrip("/")
    language: Literal["th", "en"] = "th" if issuance.course_title.th else "en"
    title = issuance.course_title.within("th")
    hours = _number(issuance.hours)
    both = issuance.organisation_name.th and issuance.organisation_name.en
    document = Credential(
        context=list(_CONTEXTS),
        id=address(base, issuance.id),
        type=list(_TYPES),
        name=title,
        issuer=Profile(
            id=issuance.did,
            type=["Profile"],
            name=issuance.organisation_name.within("th"),
            description=issuance.organisation_name.en if both else None,
            url=base,
        ),
        valid_from=stamp(issuance.issued_at),
        valid_until=stamp(issuance.valid_until) if issuance.valid_until else None,
        credential_subject=Subject(
            type=["AchievementSubject"],
            identifier=[
                Identity(
                    type="IdentityObject", hashed=False, identity_hash=issuance.recipient_name, identity_type="name"
                )
            ],
            achievement=Achievement(
                id=f"{base}/orgs/{issuance.organisation_slug}/courses/{issuance.course_code}",
                type=["Achievement"],
                achievement_type=_ACHIEVEMENT_TYPES[issuance.kind],  # type: ignore[arg-type]
                name=title,
                description=_description(issuance),
                human_code=issuance.course_code,
                in_language=language,
                criteria=Criteria(narrative=_criteria(issuance)),
                credits_available=hours or None,
                tag=[issuance.objective] if issuance.objective else None,
            ),
            credits_earned=hours or None,
        ),
        credential_status=StatusEntry(
            id=f"{status_list_url}#{issuance.status_index}",
            type="BitstringStatusListEntry",
            status_purpose="revocation",
            status_list_index=str(issuance.status_index),
            status_list_credential=status_list_url,
        ),
        evidence=None
        if issuance.supersedes is None
        else [
            Evidence(
                id=address(base, issuance.supersedes),
                type=["Evidence"],
                name=f"ออกแทนฉบับเลขที่ {issuance.supersedes} / Replaces certificate {issuance.supersedes}",
                genre="superseded certificate",
            )
        ],
    )
    built: dict[str, Any] = msgspec.to_builtins(document)
    return built


def _number(hours: float) -> float:
    # A whole number is written without a fraction: JSON-LD makes different literals of 12 and 12.0 in different
    # languages.
    return int(hours) if hours == int(hours) else hours


def _description(issuance: Issuance) -> str:
    kind, title, name = KIND_TEXTS[issuance.kind], issuance.course_title, issuance.organisation_name
    hours = _number(issuance.hours)
    th = f"{kind.th} หลักสูตร “{title.within('th')}” {hours} ชั่วโมง ออกโดย{name.within('th')}"
    en = f"{kind.en} for “{title.within('en')}”, {hours} hours, issued by {name.within('en')}"
    return f"{th}\n{en}"


def _criteria(issuance: Issuance) -> str:
    return (
        f"ผ่านเงื่อนไขทุกข้อของหลักสูตร {issuance.course_code} ตามที่ผู้ออกกำหนด\n"
        f"Met every condition that the issuer set for course {issuance.course_code}."
    )


def canonical_bytes(document: dict[str, Any]) -> bytes:
    """The form that is stored and served: UTF-8 JSON, members sorted, no spaces. It is never written again."""
    return msgspec.json.encode(document, order="sorted")


# Reading


def read(document: bytes) -> tuple[dict[str, Any], Credential]:
    """A signed credential as JSON and as Struct; Unreadable unless it has exactly this form."""
    raw = read_json(document)
    try:
        found = msgspec.convert(raw, Credential)
    except msgspec.ValidationError as error:
        raise Unreadable("no-proof" if "proof" not in raw else "unknown-shape", str(error)) from error
    if found.context != _CONTEXTS or found.type != _TYPES:
        raise Unreadable("unknown-shape", "another context or type")
    if found.proof is None:
        raise Unreadable("no-proof")
    return raw, found


def read_json(document: bytes) -> dict[str, Any]:
    """A JSON object with no member given twice and no NaN; Unreadable for anything else, or over 256 kB."""
    if len(document) > MAX_DOCUMENT:
        raise Unreadable("too-long", f"more than {MAX_DOCUMENT} bytes")
    try:
        raw = json.loads(document.decode(), object_pairs_hook=_without_doubles, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Unreadable("not-json", str(error)) from error
    if not isinstance(raw, dict):
        raise Unreadable("not-json", "not an object")
    return raw


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member is given twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def kid_of(document: bytes) -> str | None:
    """The short name of the key that a document says it was signed with; None when it can say nothing."""
    try:
        _, found = read(document)
    except Unreadable:
        return None
    kid = found.proof[0].verification_method.partition("#")[2] if found.proof else ""
    return kid if re.fullmatch(r"[0-9a-f]{16}", kid) else None


def id_of(document: Credential) -> CertificateId:
    """The certificate id at the end of the credential's own address; Unreadable when there is none."""
    _, mark, tail = document.id.rpartition("/v/")
    if not mark or len(tail) != 16 or not set(tail) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"):
        raise Unreadable("unknown-shape", "`id` does not end in /v/ and 16 characters")
    return tail


def kind_of(document: Credential) -> Kind:
    """Certificate or letter of attestation, from the achievement type."""
    kinds: dict[str, Kind] = {value: key for key, value in _ACHIEVEMENT_TYPES.items()}
    return kinds[document.credential_subject.achievement.achievement_type]


def proof_config(document: Credential) -> dict[str, Any]:
    """The proof without its value: what is hashed beside the document."""
    proof = document.proof[0] if document.proof else None
    if proof is None:
        raise Unreadable("no-proof")
    built: dict[str, Any] = msgspec.to_builtins(proof)
    return {key: value for key, value in built.items() if key != "proofValue"}


def new_proof_config(did: str, kid: str, created: str) -> dict[str, Any]:
    """The proof to be made by that key at that time (ISO 8601), before it has its value."""
    return {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": created,
        "verificationMethod": dids.method_id(did, kid),
        "proofPurpose": "assertionMethod",
    }


def with_proof(document: dict[str, Any], config: dict[str, Any], signature: bytes) -> dict[str, Any]:
    """The document with its proof: an array of one, the signature in base58 multibase."""
    return {**document, "proof": [{**config, "proofValue": "z" + dids.base58(signature)}]}

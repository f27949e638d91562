"""w3c/vc-di-eddsa-test-suite, with what it runs of data-integrity-test-suite-assertion: eddsa-rdfc-2022."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from exam_service.adapters.crypto import ed25519
from exam_service.core.certificates import did
from tests.support.stranger import OPEN, V2, Stranger, credential
from tests.web.vc_api.conftest import Api, unverified, verified

SOMEBODY = Stranger()
# The XML Schema dateTimeStamp as the specification of Data Integrity gives it, the years and hours that there are.
STAMP = re.compile(r"\d{4}-(0[1-9]|1[0-2])-\d\dT([01]\d|2[0-3])(:[0-5]\d){2}(\.\d+)?(Z|[+-]\d\d:\d\d)")


# What is issued (create, data model, algorithms)


async def test_the_proof_of_what_is_issued(api: Api) -> None:
    made = await api.issued(credential(id="urn:uuid:86294362-4254-4f36-854f-3952fe42555d"))
    proof = made["proof"]
    # `proof` exists and is one object; its type, cryptosuite and purpose are texts of these values.
    assert proof["type"] == "DataIntegrityProof"
    assert proof["cryptosuite"] == "eddsa-rdfc-2022"
    assert proof["proofPurpose"] == "assertionMethod"
    assert V2 in made["@context"]
    assert STAMP.fullmatch(proof["created"])
    # None of the members that may be left out is there with a value that it must not have.
    assert proof.keys() == {"type", "cryptosuite", "created", "verificationMethod", "proofPurpose", "proofValue"}
    # The method is a did:key, which the suite can dereference to a Multikey of 34 bytes in base58btc.
    name, _, fragment = proof["verificationMethod"].removeprefix("did:key:").partition("#")
    assert name == fragment
    assert len(did.from_base58(name[1:])) == 34
    public = did.from_multikey(name)
    assert len(public) == 32
    # `proofValue` is base58btc of 64 bytes, an Ed25519 signature over the hashes of the canonical forms.
    assert re.fullmatch(r"z[1-9A-HJ-NP-Za-km-z]+", proof["proofValue"])
    signature = did.from_base58(proof["proofValue"][1:])
    assert len(signature) == 64
    unsecured = {name: value for name, value in made.items() if name != "proof"}
    config = {name: value for name, value in proof.items() if name != "proofValue"}
    assert ed25519.verify(public, OPEN.hash_data(unsecured, config), signature)
    # The literal of the cryptosuite has the type that the specification gives it.
    assert "^^<https://w3id.org/security#cryptosuiteString>" in OPEN.canonical({**config, "@context": made["@context"]})
    verified(await api.verify(made))


async def test_what_has_a_proof_is_not_secured_again(api: Api) -> None:
    answer = await api.issue(await api.issued(credential()))
    assert answer.json()["faults"][0]["code"] == "already-secured"


# What is verified


async def test_a_valid_credential_of_somebody_is_verified(api: Api) -> None:
    assert verified(await api.verify(SOMEBODY.issued()))["checks"] == ["proof"]
    verified(await api.verify(SOMEBODY.issued(credentialSubject={"name": "นางสาวน้ำผึ้ง เปี๊ยกสำราญ"})))
    verified(await api.verify(SOMEBODY.issued(issuer={"id": SOMEBODY.did, "name": {"@value": "ก", "@language": "th"}})))


def changed(**proof: Any) -> dict[str, Any]:
    """Rightly signed, and then its proof is changed; None takes a member out."""
    made = SOMEBODY.issued()
    made["proof"] = {name: value for name, value in {**made["proof"], **proof}.items() if value is not None}
    return made


def signed(**options: Any) -> dict[str, Any]:
    """Rightly signed with these options of its proof."""
    return SOMEBODY.secured(credential(issuer=SOMEBODY.did), **options)


def not_verified() -> Iterator[tuple[str, Any, str]]:
    right = SOMEBODY.issued()
    raw = did.from_base58(right["proof"]["proofValue"][1:])
    hashed = OPEN.hash_data(
        {k: v for k, v in right.items() if k != "proof"}, {k: v for k, v in right["proof"].items() if k != "proofValue"}
    )
    yield "the proof is missing", {k: v for k, v in right.items() if k != "proof"}, "no-proof"
    yield "the proof is null", {**right, "proof": None}, "no-proof"
    yield "the proof is empty", {**right, "proof": []}, "no-proof"
    yield "the proof is a text", {**right, "proof": "z"}, "not-an-object"
    for member in ("type", "cryptosuite", "proofPurpose", "verificationMethod", "proofValue"):
        yield f"{member} is missing after signing", changed(**{member: None}), "not-a-text"
        yield f"{member} is null", {**right, "proof": {**right["proof"], member: None}}, "not-a-text"
        yield f"{member} is a number", changed(**{member: 5}), "not-a-text"
    for member in ("type", "cryptosuite", "proofPurpose", "verificationMethod"):
        yield f"{member} is missing, signed so", signed(**{member: None}), "not-a-text"
    yield "another type", signed(type="UnknownProofType"), "unknown-suite"
    yield "another cryptosuite", signed(cryptosuite="unknown-cryptosuite-2017"), "unknown-suite"
    yield "jcs for rdfc", changed(cryptosuite="eddsa-jcs-2022"), "unknown-suite"
    yield "another purpose", signed(proofPurpose="authentication"), "other-purpose"
    yield "an unknown purpose", signed(proofPurpose="invalidPurpose"), "other-purpose"
    yield "a method that is none", signed(verificationMethod="did:key:invalidVm"), "not-a-did-key"
    yield "a method with another fragment", signed(verificationMethod=f"{SOMEBODY.did}#x"), "not-a-did-key"
    yield "a method without its fragment", signed(verificationMethod=SOMEBODY.did), "not-a-did-key"
    yield "another key's method", changed(verificationMethod=Stranger("another").method), "signature-wrong"
    yield (
        "a P-256 did:key",
        signed(verificationMethod="did:key:zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP"),
        "not-a-did-key",
    )
    yield "a DID that nobody here knows", signed(verificationMethod="did:web:example.org#key-1"), "unknown-did"
    yield "an address for a method", signed(verificationMethod="https://example.org/#key-1"), "unknown-did"
    yield "created is no time", signed(created="invalidDate"), "not-a-time"
    yield "expires is no time", signed(expires="invalidDate"), "not-a-time"
    yield "it has expired", signed(expires="2026-11-22T01:59:59Z"), "proof-expired"
    yield "a part of a chain", signed(previousProof="urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc45"), "no-previous-proof"
    yield "its id is no URL", signed(id="456321"), "not-a-url"
    yield "challenge is no text", changed(challenge=5), "not-a-text"
    yield "domain is no text", changed(domain=[5]), "not-a-text"
    value = right["proof"]["proofValue"]
    for name, wrong in (
        ("no header", value[1:]), ("another header", "u" + value[1:]), ("nothing", ""), ("only the header", "z"),
        ("longer", "z" + did.base58(raw + bytes(32))), ("shorter", "z" + did.base58(raw[:63])),
        ("a character that base58 lacks", value[:-1] + "0"), ("with a blank", value + " "),
    ):  # fmt: skip
        yield f"proofValue: {name}", changed(proofValue=wrong), "not-a-proof-value"
    for name, message in (
        ("SHA-512 for SHA-256", hashed * 2), ("JCS for RDFC", json.dumps(right, sort_keys=True).encode()),
        ("the document before the proof", hashed[32:] + hashed[:32]),
    ):  # fmt: skip
        other = "z" + did.base58(ed25519.sign(SOMEBODY.seed, message))
        yield f"canonical form or hash: {name}", changed(proofValue=other), "signature-wrong"
    subject = right["credentialSubject"]
    yield (
        "a term that nobody defines",
        {**right, "credentialSubject": {**subject, "undefinedTerm": "x"}},
        "no-canonical-form",
    )
    yield "a type that nobody defines", {**right, "type": [*right["type"], "UndefinedType"]}, "no-canonical-form"
    based = {
        **right,
        "@context": [V2, {"@base": "https://invalid.example.com/"}],
        "type": [*right["type"], "Undefined"],
    }
    yield "a base for relative names", based, "no-canonical-form"
    yield "a claim was added", {**right, "credentialSubject": {**subject, "name": "x"}}, "signature-wrong"
    yield "another issuer's name over it", SOMEBODY.issued(issuer=Stranger("another").did), "key-of-another"
    yield "an issuer without a DID", SOMEBODY.issued(issuer="https://vc.example/issuers/5678"), "key-of-another"
    yield "too many proofs", {**right, "proof": [right["proof"]] * 5}, "too-many-proofs"
    yield (
        "one proof of two is wrong",
        {**right, "proof": [right["proof"], changed(proofValue=value[:-1] + "z")["proof"]]},
        "signature-wrong",
    )
    yield "it is not valid yet", SOMEBODY.issued(validFrom="2027-01-01T00:00:00Z"), "not-yet-valid"
    yield "it is valid no more", SOMEBODY.issued(validUntil="2026-01-01T00:00:00Z"), "expired"
    jwt = "data:application/vc+jwt,eyJhbGciOiJub25lIn0.e30."
    yield "an enveloped one", {"@context": V2, "type": "EnvelopedVerifiableCredential", "id": jwt}, "enveloped"
    yield "not an object", ["x"], "not-an-object"
    yield "nothing", None, "not-an-object"


async def test_what_the_suites_want_refused_is(api: Api) -> None:
    wrong = []
    for name, document, code in not_verified():
        answer = await api.verify(document)
        if answer.status_code != 400 or code not in unverified(answer):
            wrong.append((name, answer.status_code, answer.text))
    assert not wrong


async def test_the_options_are_held_against_the_proof(api: Api) -> None:
    right = SOMEBODY.issued()
    assert unverified(await api.verify(right, checks=["proof"], expectedProofPurpose="authentication")) == [
        "other-purpose"
    ]
    assert unverified(await api.verify(right, domain="domain.example")) == ["other-domain"]
    assert unverified(await api.verify(right, challenge="1235abcd6789")) == ["other-challenge"]
    assert unverified(await api.verify(right, checks=5)) == ["wrong-options"]
    bound = signed(domain=["domain.example", "other.example"], challenge="abc")
    verified(await api.verify(bound, domain="domain.example", challenge="abc"))
    assert unverified(await api.verify(bound, domain="invalid.example", challenge="abc")) == ["other-domain"]
    assert unverified(await api.verify(bound, domain="domain.example", challenge="abcd")) == ["other-challenge"]
    verified(await api.verify(signed(proofPurpose="authentication"), expectedProofPurpose="authentication"))


async def test_proofs_may_be_several_and_their_times_without_an_offset(api: Api) -> None:
    one = signed()
    two = SOMEBODY.secured({k: v for k, v in one.items() if k != "proof"}, created="2026-11-22T02:00:00")
    verified(await api.verify({**one, "proof": [one["proof"], two["proof"]]}))
    verified(await api.verify(signed(created=None)))
    verified(await api.verify(signed(expires="2026-11-22T02:00:01Z", nonce="x", id="urn:uuid:1")))


async def test_every_changed_byte_is_refused(api: Api) -> None:
    """Language tags are compared without case in RDF, so there is none in this sample."""
    made = await api.issued(credential(id="urn:uuid:1", validUntil="2027-01-01T00:00:00Z", name="วุฒิบัตร"))
    document = json.dumps(made, ensure_ascii=False).encode()
    body = b'{"verifiableCredential": %b, "options": {}}'
    assert (await api.http.post("/credentials/verify", content=body % document)).status_code == 200
    taken = []
    for at in range(len(document)):
        altered = bytearray(document)
        altered[at] ^= 0x01
        answer = await api.http.post("/credentials/verify", content=body % bytes(altered))
        if answer.status_code != 400:
            taken.append((at, bytes(altered[max(at - 20, 0) : at + 20]), answer.status_code))
    assert not taken


@pytest.mark.parametrize("path", ["/credentials/verify", "/presentations/verify"])
async def test_bodies_that_cannot_be_read(api: Api, path: str) -> None:
    for content in (
        b"",
        b"{",
        b"[]",
        b"5",
        b'{"a": NaN}',
        b'{"a": 1, "a": 2}',
        b'{"a": "\\ud800"}',
        b"\xff",
        b"[" * 5000,
    ):
        answer = await api.http.post(path, content=content)
        assert answer.status_code == 400, content[:20]
        assert unverified(answer) in (["not-json"], ["missing"])
    large = b'{"verifiableCredential": {"a": "' + b"x" * 70_000 + b'"}}'
    assert (await api.http.post(path, content=large)).status_code == 413


JUNK: list[Any] = [
    None,
    True,
    5,
    1e400,
    "",
    "x",
    "urn:x",
    [],
    [[]],
    {},
    [None],
    ["urn:x", 5],
    {"id": 5},
    {"@value": {}},
]


def replaced(value: Any) -> Iterator[Any]:
    """The document with each of its parts in turn changed for junk."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from ({**value, name: junk} for junk in JUNK)
            yield from ({**value, name: other} for other in replaced(one))
    elif isinstance(value, list):
        for n, one in enumerate(value):
            yield from ([*value[:n], other, *value[n + 1 :]] for other in replaced(one))


async def test_no_document_makes_it_fall_over(api: Api) -> None:
    """Whatever stands in its place, the answer is a verdict or a refusal with its place."""
    entry = {
        "type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "5",
        "statusListCredential": "https://exam.example.ac.th/credentials/status/first",
    }  # fmt: skip
    made = SOMEBODY.issued(
        id="urn:a", name={"@value": "x", "@language": "en"}, credentialStatus=entry, validFrom="2026-01-01T00:00:00Z",
        relatedResource=[{"id": V2, "digestSRI": "sha256-" + "A" * 43 + "="}], evidence=[{"type": "https://x.org/#X"}],
        **{"@context": [V2, {"X": {"@id": "https://x.org/#X", "@type": "@id"}}]},
    )  # fmt: skip
    presented = SOMEBODY.presented(SOMEBODY.issued())
    unsigned = {name: value for name, value in made.items() if name != "proof"}
    fell = []
    for path, member, document, key in (
        ("/credentials/verify", "verifiableCredential", made, False),
        ("/presentations/verify", "verifiablePresentation", presented, False),
        ("/credentials/issue", "credential", unsigned, True),
    ):
        headers = {"Authorization": f"Bearer {api.world.key}"} if key else {}
        for one in replaced(document):
            content = json.dumps({member: one}).replace("Infinity", "1e400").encode()
            answer = await api.http.post(path, content=content, headers=headers)
            if answer.status_code not in (200, 201, 400, 422):
                fell.append((path, one, answer.status_code))
    assert not fell

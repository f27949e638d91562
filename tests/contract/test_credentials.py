"""Verifiers that share no code with this service accept what it issues, and refuse it when one character differs."""

import copy
import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from exam_service.adapters.crypto.contexts import load
from exam_service.core.certificates import did, jws, status
from exam_service.core.certificates.keys import KeyState
from exam_service.core.text import Text
from tests.support.issuing import BASE, DID, SLUG, Issuer, issuance
from tests.support.optional import optional

VERIFIERS = Path(__file__).parent.parent / "verifiers"
ISSUER = Issuer()
LIST_URL = status.url(BASE, SLUG, 1)


@pytest.fixture(scope="module")
def now() -> datetime:
    # vc-bitstring-status-list asks the real clock whether a list is fresh, and takes no other.
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def facts(now: datetime) -> Any:
    return issuance(issued_at=now - timedelta(minutes=1), valid_until=now + timedelta(days=365))


@pytest.fixture(scope="module")
def document(facts: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ISSUER.credential(facts))
    return found


# Digital Bazaar's libraries, from npm


@pytest.fixture(scope="module")
def node() -> str:
    program = shutil.which("node")
    if program is None:
        optional("there is no `node`")
    if not (VERIFIERS / "node_modules").is_dir():
        optional("tests/verifiers/node_modules is not there: run `npm ci --prefix tests/verifiers`")
    return program


def ask(node: str, repository: Path, cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    contexts = load(repository / "certs" / "contexts")
    done = subprocess.run(
        [node, "verify.mjs"],
        cwd=VERIFIERS,
        input=json.dumps({"contexts": contexts, "cases": cases}),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    assert len(answers) == len(cases)
    return answers


def case(document: dict[str, Any], status_list: str, issuer: Issuer = ISSUER, **changes: Any) -> dict[str, Any]:
    return {
        "credential": document,
        "didDocuments": {DID: did.did_document(DID, [issuer.key])},
        "statusLists": {LIST_URL: json.loads(status_list)},
        **changes,
    }


def test_digital_bazaar_accepts_the_credential_and_reads_its_status(
    node: str, repository: Path, document: dict[str, Any], now: datetime
) -> None:
    retired = msgspec.structs.replace(ISSUER.key, state=KeyState.retired, retired_at=now)
    documents = {DID: did.did_document(DID, [Issuer("next key").key, retired])}
    before, after = ISSUER.status_list([4710, 4712], now), ISSUER.status_list([4711], now)
    cases = [case(document, before), case(document, after), case(document, before, didDocuments=documents)]
    clear, revoked, rotated = ask(node, repository, cases)
    assert clear == {"verified": True, "error": None, "status": [{"purpose": "revocation", "set": False}]}
    assert revoked["status"] == [{"purpose": "revocation", "set": True}]
    assert rotated == clear, "after the key was rotated, what it signed must verify as before"


def test_digital_bazaar_accepts_every_kind_of_certificate(
    node: str, repository: Path, facts: Any, now: datetime
) -> None:
    clear = ISSUER.status_list([], now)
    variants: list[dict[str, Any]] = [
        {"kind": "attestation", "valid_until": None, "objective": ""},
        {"hours": 12.5, "supersedes": "AAAAAAAAAAAAAAAA"},
        {"hours": 0, "course_title": Text(en="Only English"), "organisation_name": Text(en="Office")},
        {"recipient_name": "ดร. José “Pepe” Ñandú \\ <b>"},
    ]
    documents = [json.loads(ISSUER.credential(msgspec.structs.replace(facts, **change))) for change in variants]
    answers = ask(node, repository, [case(one, clear) for one in documents])
    assert [(a["verified"], a["error"]) for a in answers] == [(True, None)] * len(variants)


def test_digital_bazaar_refuses_a_change_anywhere(
    node: str, repository: Path, document: dict[str, Any], now: datetime
) -> None:
    clear = ISSUER.status_list([], now)
    changed = list(changes_of(document))
    assert len(changed) > 30
    answers = ask(node, repository, [case(one, clear) for _, one in changed])
    accepted = [path for (path, _), answer in zip(changed, answers, strict=True) if answer["verified"]]
    assert accepted == []


def test_digital_bazaar_refuses_another_key_a_compromised_key_and_a_changed_status_list(
    node: str, repository: Path, document: dict[str, Any], now: datetime
) -> None:
    clear = ISSUER.status_list([], now)
    stolen = msgspec.structs.replace(ISSUER.key, state=KeyState.compromised, compromised_at=now)
    set_bit = json.loads(clear)
    set_bit["credentialSubject"]["encodedList"] = status.encode(status.bits([7]))
    answers = ask(
        node,
        repository,
        [
            case(document, clear, Issuer("somebody else")),
            case(document, clear, didDocuments={DID: did.did_document(DID, [stolen])}),
            case(document, json.dumps(set_bit)),
            case(document, clear, now=(now + timedelta(days=400)).isoformat()),
        ],
    )
    assert [answer["verified"] for answer in answers] == [False] * 4


def changes_of(document: dict[str, Any]) -> Any:
    """The document with one character changed, a value flipped or a member removed: every place, one at a time."""
    for path in places(document):
        altered = copy.deepcopy(document)
        holder: Any = altered
        for step in path[:-1]:
            holder = holder[step]
        value = holder[path[-1]]
        if isinstance(value, str):
            middle = len(value) // 2
            other = "x" if value[middle] != "x" else "y"
            holder[path[-1]] = value[:middle] + other + value[middle + 1 :]
        elif isinstance(value, bool):
            holder[path[-1]] = not value
        elif isinstance(value, int | float):
            holder[path[-1]] = value + 1
        else:
            del holder[path[-1]]
        yield "/".join(map(str, path)), altered


def places(value: Any, path: tuple[Any, ...] = ()) -> Any:
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*path, index))


# openbadgeslib, from PyPI


@pytest.fixture(scope="module")
def badge_verifier() -> Any:
    return badge_verifier_for(ISSUER)


def badge_verifier_for(issuer: Issuer) -> Any:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from openbadgeslib.ob3.ldp import OB3LdpVerifier

    pem = Ed25519PublicKey.from_public_bytes(issuer.key.public).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return OB3LdpVerifier(pubkey_pem=pem)


def test_openbadgeslib_accepts_the_credential(badge_verifier: Any, facts: Any) -> None:
    found = badge_verifier.verify(ISSUER.credential(facts))
    assert found.id == f"{BASE}/v/{facts.id}"
    assert found.issuer.id == DID
    assert found.achievement.name == facts.course_title.th
    assert found.identifiers[0].identity_hash == facts.recipient_name
    assert found.credits_earned == 12
    assert found.expiration_date == facts.valid_until


def test_openbadgeslib_finds_the_key_in_the_did_document(facts: Any) -> None:
    from openbadgeslib.ob3.ldp import OB3LdpVerifier

    asked = []

    def download(address: str, *_: Any, **__: Any) -> bytes:
        asked.append(address)
        return json.dumps(did.did_document(DID, [Issuer("next key").key, ISSUER.key])).encode()

    OB3LdpVerifier.for_issuer_did(DID, download=download).verify(ISSUER.credential(facts), download=download)
    assert set(asked) == {f"{BASE}/orgs/{SLUG}/did.json"}


def test_openbadgeslib_refuses_a_change_anywhere(badge_verifier: Any, document: dict[str, Any]) -> None:
    from openbadgeslib.ob3.verifier import OB3VerificationError

    for path, altered in changes_of(document):
        try:
            badge_verifier.verify(json.dumps(altered))
        except OB3VerificationError:
            continue
        pytest.fail(f"accepted with {path} changed")


def test_openbadgeslib_refuses_another_key(facts: Any) -> None:
    from openbadgeslib.ob3.verifier import OB3VerificationError

    with pytest.raises(OB3VerificationError):
        badge_verifier_for(Issuer("somebody else")).verify(ISSUER.credential(facts))


@pytest.mark.parametrize("typ", ["vc+jwt", "JWT"])
@pytest.mark.parametrize("indexes, revoked", [([], False), ([4711], True)])
def test_openbadgeslib_reads_the_status_list_as_a_signed_jwt(
    badge_verifier: Any, facts: Any, now: datetime, indexes: list[int], revoked: bool, typ: str
) -> None:
    from openbadgeslib.ob3.verifier import OB3VerificationError

    as_json = json.loads(ISSUER.status_list(indexes, now))
    signed = jws.signing_input(typ, did.method_id(DID, ISSUER.key.kid), status.jwt_payload(as_json))
    token = jws.compact(signed, ISSUER.sign(signed)).encode()

    def download(address: str, *_: Any, **__: Any) -> bytes:
        assert address == LIST_URL
        return token

    def check() -> Any:
        return badge_verifier.verify(ISSUER.credential(facts), check_status=True, download=download)

    if revoked:
        with pytest.raises(OB3VerificationError, match="'revocation' is set at index 4711"):
            check()
    else:
        assert check().id.endswith(facts.id)

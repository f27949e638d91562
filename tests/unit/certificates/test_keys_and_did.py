import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_service.core.certificates import did
from exam_service.core.certificates.keys import KeyRecord, KeyState, fault_at, kid_of, may_sign
from tests.support.issuing import DID, Issuer

KEY = Issuer().key
MADE = KEY.created_at
DAY = timedelta(days=1)
LATER = MADE + 100 * DAY
RETIRED = msgspec.structs.replace(KEY, state=KeyState.retired, retired_at=LATER)
COMPROMISED = msgspec.structs.replace(KEY, state=KeyState.compromised, compromised_at=LATER)


@pytest.mark.parametrize(
    "key, when, fault",
    [
        (KEY, MADE - DAY, "key-not-yet-valid"),
        (KEY, MADE, None),
        (KEY, LATER, None),
        (RETIRED, LATER - DAY, None),
        (RETIRED, LATER, None),
        (RETIRED, LATER + DAY, "key-retired"),
        (COMPROMISED, LATER - DAY, "key-compromised-since"),
        (COMPROMISED, LATER, "key-compromised"),
        (msgspec.structs.replace(COMPROMISED, retired_at=LATER - 50 * DAY), LATER - 80 * DAY, "key-compromised-since"),
    ],
)
def test_a_key_is_good_between_its_dates(key: KeyRecord, when: datetime, fault: str | None) -> None:
    assert fault_at(key, when) == fault


def test_only_an_active_key_may_sign() -> None:
    assert may_sign(KEY)
    made = msgspec.structs.replace(KEY, state=KeyState.created)
    assert not any(map(may_sign, (RETIRED, COMPROMISED, made)))


def test_a_key_record_must_agree_with_itself() -> None:
    for change in (
        {"kid": "00" * 8},
        {"public": b"short"},
        {"state": KeyState.retired},
        {"state": KeyState.compromised},
    ):
        with pytest.raises(ValueError, match=r"."):
            msgspec.structs.replace(KEY, **change)
    assert msgspec.json.decode(msgspec.json.encode(KEY), type=KeyRecord) == KEY
    assert KEY.kid == kid_of(KEY.public)
    assert len(KEY.kid) == 16


@pytest.mark.parametrize(
    "base, service, organisation",
    [
        ("https://exam.example.go.th", "did:web:exam.example.go.th", "did:web:exam.example.go.th:orgs:otepc"),
        ("http://localhost:8000/", "did:web:localhost%3A8000", "did:web:localhost%3A8000:orgs:otepc"),
        ("https://x.y/exams", "did:web:x.y:exams", "did:web:x.y:exams:orgs:otepc"),
    ],
)
def test_did_web_of_an_address(base: str, service: str, organisation: str) -> None:
    assert did.service_did(base) == service
    assert did.organisation_did(base, "otepc") == organisation
    assert did.slug_of(organisation) == "otepc"
    assert did.slug_of(service) == ""


@pytest.mark.parametrize("base", ["exam.example", "ftp://x.y", "https://", "https://user@x.y"])
def test_what_is_no_address_has_no_did(base: str) -> None:
    with pytest.raises(ValueError, match="address"):
        did.service_did(base)


def test_the_did_document_keeps_every_key_and_a_compromised_one_asserts_nothing() -> None:
    others = [msgspec.structs.replace(Issuer(n).key, did=DID) for n in ("second", "third")]
    retired = msgspec.structs.replace(others[0], state=KeyState.retired, retired_at=LATER)
    stolen = msgspec.structs.replace(others[1], state=KeyState.compromised, compromised_at=LATER)
    foreign = msgspec.structs.replace(Issuer("foreign").key, did="did:web:elsewhere.example")
    document = did.did_document(DID, [KEY, retired, stolen, foreign])
    methods = {method["id"]: method for method in document["verificationMethod"]}
    assert list(methods) == [f"{DID}#{key.kid}" for key in (KEY, retired, stolen)]
    assert document["assertionMethod"] == [f"{DID}#{KEY.kid}", f"{DID}#{retired.kid}"]
    assert methods[f"{DID}#{stolen.kid}"]["revoked"] == "2026-04-11T00:00:00Z"
    assert did.from_multikey(methods[f"{DID}#{KEY.kid}"]["publicKeyMultibase"]) == KEY.public
    assert "private" not in json.dumps(document).lower()


def test_the_jwks_lists_every_key_with_its_dates() -> None:
    keys = did.jwks([KEY, RETIRED, COMPROMISED])["keys"]
    assert [key["state"] for key in keys] == ["active", "retired", "compromised"]
    assert {key["kty"] for key in keys} == {"OKP"}
    assert all("d" not in key for key in keys)
    assert keys[1]["retired"] == keys[2]["compromised"] == "2026-04-11T00:00:00Z"


def test_a_multikey_from_the_w3c_vectors() -> None:
    text = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
    assert did.multikey(did.from_multikey(text)) == text


@pytest.mark.parametrize("text", ["", "z", "6Mk", "z6Mk0", "zO", "uAQID", "z" + "2" * 300])
def test_what_is_no_multikey_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        did.from_multikey(text)


@given(st.binary(max_size=80))
def test_base58_comes_back(data: bytes) -> None:
    assert did.from_base58(did.base58(data)) == data


def test_created_fractions_of_a_second_do_not_refuse_the_first_certificate() -> None:
    key = msgspec.structs.replace(KEY, created_at=datetime(2026, 1, 1, 0, 0, 0, 900_000, UTC))
    assert fault_at(key, datetime(2026, 1, 1, 0, 0, 0, tzinfo=UTC)) is None

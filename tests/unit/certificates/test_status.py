import base64
import gzip
import json
import zlib
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_service.core.certificates import status
from exam_service.core.certificates.words import Unreadable
from tests.support.issuing import NOW, Issuer


@settings(max_examples=20)
@given(st.sets(st.integers(0, status.SIZE - 1), max_size=30))
def test_exactly_the_given_indexes_are_set(indexes: set[int]) -> None:
    raw = status.decode(status.encode(status.bits(indexes)))
    assert len(raw) == 131_072
    assert {i for i in indexes if status.is_set(raw, i)} == indexes
    assert sum(byte.bit_count() for byte in raw) == len(indexes)


def test_bit_0_is_the_leftmost_one() -> None:
    assert status.bits([0])[0] == 0b1000_0000
    assert status.bits([7])[0] == 0b0000_0001
    assert status.bits([8])[1] == 0b1000_0000


def test_an_encoded_list_is_gzip_behind_multibase_u_and_has_no_time_in_it() -> None:
    text = status.encode(status.bits([3]))
    packed = base64.urlsafe_b64decode(text[1:] + "==")
    assert text[0] == "u"
    assert packed[4:8] == bytes(4)
    assert gzip.decompress(packed) == status.bits([3])
    assert status.encode(status.bits([3])) == text


@pytest.mark.parametrize("index", [-1, status.SIZE])
def test_an_index_outside_is_refused(index: int) -> None:
    with pytest.raises(ValueError, match="index"):
        status.bits([index])
    with pytest.raises(ValueError, match="index"):
        status.is_set(status.bits([]), index)


def packed(raw: bytes) -> str:
    return "u" + base64.urlsafe_b64encode(gzip.compress(raw)).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "zabc",
        "u!!!",
        "u" + base64.urlsafe_b64encode(zlib.compress(bytes(status.BYTES))).decode(),
        packed(bytes(16)),
        packed(bytes(status.BYTES + 1)),
        packed(bytes(200_000_000)),
        status.encode(status.bits([]))[:-8],
    ],
    ids=["empty", "no u", "no base64", "no gzip", "too small", "too large", "bomb", "cut"],
)
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"list"):
        status.decode(text)


def test_a_list_credential_is_read_only_in_its_own_form() -> None:
    good = Issuer().status_list([1], NOW).encode()
    _, found = status.read_list(good)
    assert found.valid_until == "2026-11-23T03:00:00Z"
    document = json.loads(good)
    subject = document["credentialSubject"]
    changes: list[dict[str, Any]] = [
        {"extra": 1},
        {"@context": ["https://evil.example"]},
        {"type": ["VerifiableCredential"]},
        {"proof": []},
        {"credentialSubject": {**subject, "statusPurpose": "message"}},
    ]
    for change in changes:
        with pytest.raises(Unreadable):
            status.read_list(json.dumps({**document, **change}).encode())


def test_the_jwt_form_carries_the_same_list_and_no_proof() -> None:
    document = json.loads(Issuer().status_list([1], NOW))
    claims = json.loads(status.jwt_payload(document))
    assert claims["iss"] == document["issuer"]
    assert claims["credentialSubject"] == document["credentialSubject"]
    assert claims["exp"] - claims["nbf"] == timedelta(hours=24).total_seconds()
    assert "proof" not in claims

import base64
import hashlib
import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_service.adapters.crypto import ed25519
from exam_service.core.certificates import jws, receipt
from exam_service.core.certificates.receipt import Receipt
from exam_service.core.certificates.words import Unreadable
from tests.support.issuing import NOW, Issuer

ISSUER = Issuer(purpose="receipts")
FACTS = Receipt(
    attempt="att_01h00000000000000000000000",
    session=2,
    seq=7,
    digest=base64.urlsafe_b64encode(hashlib.sha256(b"body").digest()).rstrip(b"=").decode(),
    received_at=NOW,
    seconds_left=912.25,
)


def text_of(facts: Receipt = FACTS) -> str:
    signed = receipt.to_be_signed(facts, ISSUER.key.kid)
    return jws.compact(signed, ISSUER.sign(signed))


def test_a_receipt_comes_back_and_anybody_can_check_it() -> None:
    facts, found = receipt.parse(text_of())
    assert facts == FACTS
    assert found.kid == ISSUER.key.kid
    assert ed25519.verify(ISSUER.key.public, found.signed, found.signature)


def test_pyjwt_verifies_it_too() -> None:
    import jwt
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key = Ed25519PublicKey.from_public_bytes(ISSUER.key.public)
    claims = jwt.decode(text_of(), key, algorithms=["EdDSA"])
    assert claims["seq"] == 7
    assert jwt.get_unverified_header(text_of())["typ"] == "exam-receipt+jwt"


def test_in_grace_is_said_only_when_it_is_so() -> None:
    late = Receipt(**{f: getattr(FACTS, f) for f in FACTS.__struct_fields__ if f != "in_grace"}, in_grace=True)
    assert receipt.parse(text_of(late))[0].in_grace
    assert "in_grace" not in json.loads(jws.parse(text_of(), receipt.TYP).payload)


@given(st.integers(0, 10_000), st.sampled_from("AaZz09-_.~"))
def test_a_changed_character_anywhere_is_unreadable_or_wrongly_signed(place: int, other: str) -> None:
    text = text_of()
    place %= len(text)
    if text[place] == other:
        return
    try:
        _, found = receipt.parse(text[:place] + other + text[place + 1 :])
    except Unreadable:
        return
    assert not ed25519.verify(ISSUER.key.public, found.signed, found.signature)


def test_other_tokens_are_no_receipts() -> None:
    signed = jws.signing_input("JWT", ISSUER.key.kid, b"{}")
    header, payload, signature = text_of().split(".")
    unsecured = base64.urlsafe_b64encode(b'{"alg":"none","kid":"x","typ":"exam-receipt+jwt"}').rstrip(b"=").decode()
    for wrong in (
        jws.compact(signed, ISSUER.sign(signed)),
        f"{unsecured}.{payload}.{signature}",
        f"{header}.{payload}",
        f"{header}.{payload}.",
        f"{header}.e30.{signature}",
        "",
        "a.b.c",
        "x" * 600_000,
    ):
        with pytest.raises(Unreadable):
            receipt.parse(wrong)


def test_the_time_has_a_zone() -> None:
    assert receipt.parse(text_of())[0].received_at.utcoffset() == timedelta(0)

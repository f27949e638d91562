import base64
import hashlib
import json
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_service.adapters.crypto import ed25519
from exam_service.core.certificates import jws, receipt
from exam_service.core.certificates.receipt import Receipt
from exam_service.core.certificates.words import Unreadable
from exam_service.core.exams.journal import InGroup
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


def group_of(size: int) -> list[str]:
    facts = [msgspec.structs.replace(FACTS, seq=n) for n in range(1, size + 1)]
    return list(receipt.together([receipt.encode(one) for one in facts], ISSUER.key.kid, ISSUER.sign).texts)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 256])
def test_receipts_of_a_group_each_stand_alone(size: int) -> None:
    texts = group_of(size)
    for seq, text in enumerate(texts, 1):
        facts, found = receipt.parse(text)
        assert facts.seq == seq
        assert found.kid == ISSUER.key.kid
        assert ed25519.verify(ISSUER.key.public, found.signed, found.signature)
    assert len({text.split("~")[0] for text in texts}) == 1, "one signature for all"


@given(st.integers(1, 20), st.integers(0, 10_000), st.sampled_from("AaZz019-_.~"))
def test_a_changed_character_of_a_receipt_in_a_group_is_noticed(size: int, place: int, other: str) -> None:
    text = group_of(size)[size // 2]
    place %= len(text)
    if text[place] == other:
        return
    try:
        _, found = receipt.parse(text[:place] + other + text[place + 1 :])
    except Unreadable:
        return
    assert not ed25519.verify(ISSUER.key.public, found.signed, found.signature)


def test_a_receipt_does_not_pass_with_the_proof_of_another() -> None:
    first, second = group_of(2)
    head, leaf, index, proof = first.split("~")
    _, other_leaf, other_index, other_proof = second.split("~")
    for wrong in (
        (head, other_leaf, index, proof),
        (head, leaf, other_index, proof),
        (head, leaf, index, other_proof),
        (head, leaf, "0" + index, proof),
        (head, leaf, index, proof + proof),
        (head, leaf, index, ""),
        (head, leaf, index),
        (head, leaf, "2", proof),
        (head, leaf, "-1", proof),
    ):
        with pytest.raises(Unreadable):
            receipt.parse("~".join(wrong))


@given(st.integers(1, 40), st.data())
def test_a_receipt_is_made_again_from_its_group_byte_for_byte_or_not_at_all(size: int, data: st.DataObject) -> None:
    payloads = [receipt.encode(msgspec.structs.replace(FACTS, seq=n)) for n in range(size)]
    given_first = receipt.together(payloads, ISSUER.key.kid, ISSUER.sign)
    place = data.draw(st.integers(0, size - 1))
    parts = InGroup(given_first.head, given_first.leaves, place)
    assert receipt.again(payloads[place], parts) == given_first.texts[place]
    assert receipt.again(payloads[place] + b" ", parts) is None
    other = data.draw(st.integers(0, size + 3).filter(lambda n: n != place))
    assert receipt.again(payloads[place], msgspec.structs.replace(parts, place=other)) is None
    for leaves in (b"", parts.leaves[:-1], parts.leaves[32:], parts.leaves + bytes(32)):
        # Its own leaf is no part of its proof, so a loss there need not show; another receipt never comes of it.
        made = receipt.again(payloads[place], msgspec.structs.replace(parts, leaves=leaves))
        assert made in (None, given_first.texts[place])
    assert receipt.again(payloads[place], msgspec.structs.replace(parts, head="no.jws.here")) is None

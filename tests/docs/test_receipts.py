"""The check that docs/reference/receipts.md shows works on a receipt of the service, and on no other."""

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from exam_service.core.certificates import jws
from exam_service.core.certificates.receipt import GROUP_TYP, TYP, Receipt, to_be_signed, together
from tests.docs import pages

PAGE = "docs/reference/receipts.md"
KID = "ba115e8f5dd56985"
RESPONSES = b'{"i1": "c2"}'


def shown(example: str, name: str) -> Callable[..., Any]:
    """The function that the page defines."""
    (block,) = pages.blocks(PAGE, "python", example)
    names: dict[str, Any] = {}
    exec(block.text, names)
    function: Callable[..., Any] = names[name]
    return function


def unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.fixture
def signed() -> tuple[str, dict[str, Any]]:
    """A receipt, and the JWK set with its key."""
    key = Ed25519PrivateKey.generate()
    receipt = Receipt(
        attempt="att_01m80ntst0s6txphq34ptfjjhj",
        session=1,
        seq=7,
        digest=unpadded(hashlib.sha256(RESPONSES).digest()),
        received_at=datetime(2026, 11, 22, 3, 47, tzinfo=UTC),
        seconds_left=900,
    )
    message = to_be_signed(receipt, KID)
    jwk = {"kid": KID, "purpose": "receipts", "x": unpadded(key.public_key().public_bytes_raw())}
    return jws.compact(message, key.sign(message)), {"keys": [{"kid": "0", "purpose": "certificates", "x": ""}, jwk]}


def test_a_receipt_is_checked(signed: tuple[str, dict[str, Any]]) -> None:
    payload = shown("check", "check_receipt")(*signed)
    assert (payload["seq"], payload["received_at"]) == (7, "2026-11-22T03:47:00Z")
    assert payload["digest"] == shown("digest", "digest_of")(RESPONSES)
    assert set(payload) <= set(Receipt.__struct_fields__)


def test_a_changed_receipt_is_refused(signed: tuple[str, dict[str, Any]]) -> None:
    receipt, jwks = signed
    header, payload, signature = receipt.split(".")
    other = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).replace(b'"seq":7', b'"seq":8')
    with pytest.raises(InvalidSignature):
        shown("check", "check_receipt")(f"{header}.{unpadded(other)}.{signature}", jwks)


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 11, 64])
def test_receipts_of_a_group_are_checked(size: int) -> None:
    key = Ed25519PrivateKey.generate()
    jwk = {"kid": KID, "purpose": "receipts", "x": unpadded(key.public_key().public_bytes_raw())}
    payloads = [b'{"seq":%d}' % n for n in range(size)]
    receipts = together(payloads, KID, key.sign).texts
    check = shown("check", "check_receipt")
    assert [check(receipt, {"keys": [jwk]})["seq"] for receipt in receipts] == list(range(size))
    head, _, index, proof = receipts[-1].split("~")
    with pytest.raises(ValueError, match="not in the group"):
        check("~".join((head, unpadded(b'{"seq":99}'), index, proof)), {"keys": [jwk]})
    with pytest.raises(InvalidSignature):
        check(
            receipts[0],
            {"keys": [{**jwk, "x": unpadded(Ed25519PrivateKey.generate().public_key().public_bytes_raw())}]},
        )


def test_every_field_of_a_receipt_is_described() -> None:
    text = pages.read(PAGE)
    assert [field for field in Receipt.__struct_fields__ if f"| `{field}` |" not in text] == []
    assert TYP in text
    assert GROUP_TYP in text

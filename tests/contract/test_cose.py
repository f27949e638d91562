"""pycose, cwt and cbor2, from PyPI, verify and read the token of the QR, and refuse it when one byte differs."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2
import cwt
import pytest
from pycose.algorithms import EdDSA
from pycose.keys.curves import Ed25519
from pycose.keys.okp import OKPKey
from pycose.messages.sign1message import Sign1Message

from tests.support.issuing import Issuer, issuance

ISSUER = Issuer()
# cwt asks the real clock.
NOW = datetime.now(UTC).replace(microsecond=0)
FACTS = issuance(issued_at=NOW - timedelta(minutes=1), valid_until=NOW + timedelta(days=365))

PUBLIC, KID = ISSUER.key.public, ISSUER.key.kid

Says = Callable[[bytes, bytes, str], Any]


def pycose_says(token: bytes, public: bytes, kid: str) -> Any:
    """The claims of a COSE_Sign1 that pycose finds rightly signed."""
    outer = cbor2.loads(token)
    assert outer.tag == Sign1Message.cbor_tag
    protected, unprotected, payload, signature = outer.value
    assert cbor2.loads(protected)[4] == bytes.fromhex(kid)
    # cbor2 6 gives unchangeable values inside a tag, where pycose 1.1 insists on a list and a dict.
    message = Sign1Message.from_cose_obj([protected, dict(unprotected), payload, signature], True)
    message.key = OKPKey(crv=Ed25519, x=public, optional_params={"ALG": EdDSA})
    assert message.verify_signature()
    return cbor2.loads(payload)


def cwt_says(token: bytes, public: bytes, kid: str) -> Any:
    """The claims of a CWT that cwt finds rightly signed by the key that it names, and in force."""
    # RFC 9053: kty OKP, crv Ed25519, x; alg EdDSA, kid.
    key = {1: 1, -1: 6, -2: public, 3: -8, 2: bytes.fromhex(kid)}
    return cwt.decode(token, cwt.COSEKey.new(key))


BOTH = pytest.mark.parametrize("says", [pycose_says, cwt_says], ids=["pycose", "cwt"])


@BOTH
def test_it_is_verified_and_its_facts_are_read(says: Says) -> None:
    claims = says(ISSUER.token(FACTS), PUBLIC, KID)
    assert FACTS.valid_until is not None
    assert (claims[4], claims[6]) == (int(FACTS.valid_until.timestamp()), int(FACTS.issued_at.timestamp()))
    version, name, title, code, number, index = claims[-70000]
    assert (version, number, index) == (1, 1, 4711)
    assert [part.decode("cp874") for part in (name, title, code)] == [
        FACTS.recipient_name,
        FACTS.course_title.th,
        FACTS.course_code,
    ]


@BOTH
def test_another_key_is_refused_also_under_the_same_name(says: Says) -> None:
    stranger = Issuer("somebody else").key
    for kid in (stranger.kid, KID):
        refused(says, ISSUER.token(FACTS), stranger.public, kid)
    refused(says, ISSUER.token(FACTS), PUBLIC, stranger.kid)


@BOTH
@pytest.mark.parametrize("bit", [0x01, 0x80])
def test_every_changed_byte_is_refused(says: Says, bit: int) -> None:
    token = ISSUER.token(FACTS)
    assert len(token) > 150
    for at in range(len(token)):
        altered = bytearray(token)
        altered[at] ^= bit
        refused(says, bytes(altered), PUBLIC, KID)


def test_cwt_says_that_one_has_expired() -> None:
    past = issuance(issued_at=NOW - timedelta(days=9), valid_until=NOW - timedelta(days=1))
    with pytest.raises(cwt.VerifyError, match="expired"):
        cwt_says(ISSUER.token(past), PUBLIC, KID)


def refused(says: Says, token: bytes, public: bytes, kid: str) -> None:
    """Each refuses in its own way."""
    try:
        found = says(token, public, kid)
    except Exception:  # noqa: BLE001
        return
    pytest.fail(f"taken: {found}")

"""What the QR code carries: an address that opens anywhere, and behind its `#` a signed token that needs no network.

`https://HOST/v/<16 base32>#1<digits>`; the digits are a COSE_Sign1 (RFC 9052 section 4.4) over a CWT (RFC 8392). See
docs/reference/qr-token.md. The fragment never reaches a server.
"""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Any

import msgspec

from exam_service.core.certificates import cbor
from exam_service.core.certificates.digits import digits_for, from_digits, to_digits
from exam_service.core.certificates.model import Issuance, id_bytes, new_id
from exam_service.core.certificates.spoken import from_spoken
from exam_service.core.certificates.words import Unreadable

VERSION = "1"
MAX_BYTES = 260
MAX_QR_BITS = 2672
"""Data bits of QR version 13 at level M, the largest that is printed (ISO/IEC 18004 table 7)."""

_ALG, _KID, _EDDSA = 1, 4, -8
_EXP, _IAT, _CTI, _FACTS = 4, 6, 7, -70000
"""CWT claims; -70000 lies in the range for private use of the IANA registry."""
_LEAST_LETTERS = 12
_CODE_LETTERS = 24
_MAX_TEXT = 4_000


class QrToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token as it was read: its facts, and the bytes that were signed."""

    id: str
    kid: str
    issued_at: datetime
    valid_until: datetime | None
    name: str
    title: str
    course_code: str
    status_list: int
    status_index: int
    signed: bytes
    """The Sig_structure: what the signature is over."""
    signature: bytes


# Making


def payload(issuance: Issuance, budget: int = MAX_BYTES) -> bytes:
    """The CWT claims in deterministic CBOR, short enough that the finished token has at most `budget` bytes.

    When it would be longer, the title and then the name are cut where a letter ends and `…` shows it; only the QR is
    cut, never the credential. ValueError when even that does not help.
    """
    title = issuance.course_title.within("th")
    name, code = issuance.recipient_name, shorten(issuance.course_code, _CODE_LETTERS)
    room = budget - _overhead()
    # The last round may cut both below the comfortable length: a QR that cannot be printed helps nobody.
    claims = b""
    for least in (_LEAST_LETTERS, 4):
        title_letters, name_letters = len(title), len(name)
        while True:
            claims = _claims(issuance, shorten(name, name_letters), shorten(title, title_letters), code)
            if _bytes_with_head(claims) <= room:
                return claims
            if title_letters > least:
                title_letters -= 1
            elif name_letters > least:
                name_letters -= 1
            else:
                break
    raise ValueError(
        f"a QR token cannot be made smaller than {_bytes_with_head(claims) + _overhead()} bytes; {budget} are free"
    )


def _claims(issuance: Issuance, name: str, title: str, code: str) -> bytes:
    claims: dict[Any, Any] = {
        _IAT: int(issuance.issued_at.timestamp()),
        _CTI: id_bytes(issuance.id),
        _FACTS: [1, _pack(name), _pack(title), _pack(code), issuance.status_list, issuance.status_index],
    }
    if issuance.valid_until is not None:
        claims[_EXP] = int(issuance.valid_until.timestamp())
    return cbor.encode(claims)


def to_be_signed(kid: str, claims: bytes) -> bytes:
    """The Sig_structure of RFC 9052 section 4.4: what Ed25519 signs."""
    return cbor.encode(["Signature1", _protected(kid), b"", claims])


def token(kid: str, claims: bytes, signature: bytes) -> bytes:
    """The tagged COSE_Sign1."""
    if len(signature) != 64:
        raise ValueError("an Ed25519 signature has 64 bytes")
    return cbor.encode(cbor.Tag(18, [_protected(kid), {}, claims, signature]))


def url(base_url: str, certificate_id: str, signed_token: bytes) -> str:
    """What is drawn as QR: the address, `#`, the version digit and the token in digits."""
    return f"{base_url.rstrip('/')}/v/{certificate_id}#{VERSION}{to_digits(signed_token)}"


def budget_for(base_url: str) -> int:
    """How many bytes a token may have so that, behind this address, QR version 13 at level M still holds it.

    ValueError when the address is too long for any useful token.
    """
    address = len(f"{base_url.rstrip('/')}/v/{'A' * 16}#{VERSION}")
    # A byte segment (4 + 16 + 8 n bits), then a numeric one (4 + 12 + 10 bits for three digits); 4 bits end it.
    free = MAX_QR_BITS - (4 + 16 + 8 * address) - (4 + 12) - 4
    size = MAX_BYTES
    while digits_for(size) * 10 / 3 + 7 > free:
        size -= 1
    if size < _overhead() + 64:
        raise ValueError(f"the public address {base_url} is too long to be printed in a QR code")
    return size


def _protected(kid: str) -> bytes:
    return cbor.encode({_ALG: _EDDSA, _KID: bytes.fromhex(kid)})


def _overhead() -> int:
    return len(cbor.encode(cbor.Tag(18, [_protected("00" * 8), {}, b"", bytes(64)]))) - 1


def _bytes_with_head(claims: bytes) -> int:
    return len(cbor.encode(claims))


# Text


def _pack(text: str) -> bytes | str:
    """A byte string in windows-874 (one byte for a Thai letter) when that holds the text, else UTF-8 text."""
    try:
        return text.encode("cp874")
    except UnicodeEncodeError:
        return text


def _unpack(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("cp874")
    if isinstance(value, str):
        return value
    raise ValueError("a text is missing")


def shorten(text: str, letters: int) -> str:
    """At most so many characters; where it was cut stands `…`, not between a letter (but the first) and its marks."""
    if len(text) <= letters:
        return text
    end = letters - 1
    # What follows the cut must not belong to the letter before it, and a vowel written before its consonant must not
    # stay alone.
    while end > 1 and (
        unicodedata.category(text[end]).startswith("M") or text[end] == "ำ" or text[end - 1] in "เแโใไ "
    ):
        end -= 1
    return text[:end] + "…"


def is_shortened(short: str, whole: str) -> bool:
    """Whether `short` is `whole`, or the part of it that a QR had room for."""
    return short == whole or (short.endswith("…") and len(short) > 1 and whole.startswith(short[:-1]))


# Reading


def parse(text: str) -> QrToken:
    """The token in a scanned text: a whole address, only its `#…`, or only the digits; else Unreadable."""
    text = text.strip()
    if len(text) > _MAX_TEXT:
        raise Unreadable("too-long")
    named, fragment = _split(text)
    if not fragment:
        raise Unreadable("no-token")
    if not fragment.startswith(VERSION):
        raise Unreadable("unknown-version", fragment[:1])
    try:
        raw = from_digits(fragment[1:])
    except ValueError as error:
        raise Unreadable("broken-digits", str(error)) from error
    if len(raw) > 2 * MAX_BYTES:
        raise Unreadable("too-long")
    found = read(raw)
    if named is not None and named != found.id:
        raise Unreadable("id-mismatch", f"{named} / {found.id}")
    return found


def id_in(text: str) -> str | None:
    """The certificate id that a scanned text or a typed one names, or None. The number's words will do."""
    # Case is set aside for ASCII only: else ſ counts as an s, ı as an i, and the sign of the kelvin as a k.
    match = re.fullmatch(
        r"(?:(?ai:https?)://[^/?#\s]+(?:/[^?#\s]*)?/[Vv]/)?([A-Za-z2-7]{16})/?(?:#[0-9]*)?", text.strip()
    )
    return capitals(match[1]) if match else from_spoken(text)


def capitals(certificate_id: str) -> str:
    """A number that was written in small letters; one with other letters than base32 has stays another one."""
    return certificate_id.upper() if certificate_id.isascii() else certificate_id


def id_of(text: str) -> str | None:
    """The certificate that a scanned text is about: from its address, or from the token when there are only digits."""
    named = id_in(text)
    if named is not None:
        return named
    try:
        return parse(text).id
    except Unreadable:
        return None


def kid_of(text: str) -> str | None:
    """The short name of the key that a scanned text says it was signed with; None when it can say nothing."""
    try:
        return parse(text).kid
    except Unreadable:
        return None


def _split(text: str) -> tuple[str | None, str]:
    if re.fullmatch(r"#?[0-9]+", text):
        return None, text.removeprefix("#")
    named = id_in(text)
    if named is None:
        raise Unreadable("not-a-certificate")
    return named, text.partition("#")[2]


def read(raw: bytes) -> QrToken:
    """The facts in a COSE_Sign1 of exactly this form; Unreadable for any other."""
    try:
        return _read_claims(*_read_sign1(cbor.decode(raw)))
    except (ValueError, TypeError, OverflowError, OSError) as error:
        raise Unreadable("broken-token", str(error)) from error


def _read_sign1(outer: object) -> tuple[str, bytes, bytes]:
    """The key's name, the claims and the signature."""
    if not (isinstance(outer, cbor.Tag) and outer.number == 18 and isinstance(outer.value, list)):
        raise ValueError("no COSE_Sign1")
    protected, unprotected, claims, signature = outer.value
    if unprotected != {} or not isinstance(claims, bytes) or not isinstance(signature, bytes) or len(signature) != 64:
        raise ValueError("a COSE_Sign1 of another form")
    return _read_header(protected), claims, signature


def _read_header(protected: object) -> str:
    header = cbor.decode(protected) if isinstance(protected, bytes) else None
    if not isinstance(header, dict) or set(header) != {_ALG, _KID} or header[_ALG] != _EDDSA:
        raise ValueError("the header must name EdDSA and a key, and nothing else")
    kid = header[_KID]
    if not isinstance(kid, bytes) or len(kid) != 8:
        raise ValueError("the key's name must have 8 bytes")
    return kid.hex()


def _read_claims(kid: str, claims: bytes, signature: bytes) -> QrToken:
    found = cbor.decode(claims)
    if not isinstance(found, dict) or not {_IAT, _CTI, _FACTS} <= set(found) <= {_EXP, _IAT, _CTI, _FACTS}:
        raise ValueError("claims are missing or unknown")
    facts = found[_FACTS]
    if not isinstance(facts, list) or len(facts) != 6 or facts[0] != 1:
        raise ValueError("facts of another version")
    cti, status = found[_CTI], facts[4:]
    if not isinstance(cti, bytes) or not all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in status):
        raise ValueError("a claim of the wrong type")
    return QrToken(
        id=new_id(cti),
        kid=kid,
        issued_at=_time(found[_IAT]),
        valid_until=_time(found[_EXP]) if _EXP in found else None,
        name=_unpack(facts[1]),
        title=_unpack(facts[2]),
        course_code=_unpack(facts[3]),
        status_list=status[0],
        status_index=status[1],
        signed=to_be_signed(kid, claims),
        signature=signature,
    )


def _time(value: object) -> datetime:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("a time must be whole seconds")
    return datetime.fromtimestamp(value, UTC)

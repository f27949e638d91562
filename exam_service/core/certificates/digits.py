"""Bytes as decimal digits, so that a QR code can hold them in its dense numeric mode.

Seven bytes become 17 digits; a tail of 1 to 6 bytes becomes 3, 5, 8, 10, 13 or 15. Each group is its number in base 10
with leading zeros.
"""

_GROUP_BYTES, _GROUP_DIGITS = 7, 17
_TAIL_DIGITS = {0: 0, 1: 3, 2: 5, 3: 8, 4: 10, 5: 13, 6: 15}
_TAIL_BYTES = {digits: count for count, digits in _TAIL_DIGITS.items()}


def to_digits(data: bytes) -> str:
    """The digits of these bytes; empty for none."""
    groups = (data[at : at + _GROUP_BYTES] for at in range(0, len(data), _GROUP_BYTES))
    return "".join(f"{int.from_bytes(group):0{_width(len(group))}d}" for group in groups)


def from_digits(text: str) -> bytes:
    """The bytes that `to_digits` wrote; ValueError, saying where, for a length or a group it never writes."""
    if not (text.isascii() and (text.isdigit() or not text)):
        raise ValueError("there is something else than digits")
    tail = len(text) % _GROUP_DIGITS
    if tail not in _TAIL_BYTES:
        raise ValueError(f"{len(text)} digits cannot be a whole number of bytes")
    found = bytearray()
    for at in range(0, len(text), _GROUP_DIGITS):
        group = text[at : at + _GROUP_DIGITS]
        size = _GROUP_BYTES if len(group) == _GROUP_DIGITS else _TAIL_BYTES[len(group)]
        number = int(group)
        if number >> 8 * size:
            raise ValueError(f"the group at digit {at} is too large")
        found += number.to_bytes(size)
    return bytes(found)


def digits_for(size: int) -> int:
    """How many digits that many bytes take."""
    whole, tail = divmod(size, _GROUP_BYTES)
    return whole * _GROUP_DIGITS + _TAIL_DIGITS[tail]


def _width(size: int) -> int:
    return _GROUP_DIGITS if size == _GROUP_BYTES else _TAIL_DIGITS[size]

"""Deterministic CBOR, the small part that a COSE_Sign1 token needs (RFC 8949 section 4.2.1).

Integers, byte and text strings, arrays, maps, booleans, null and tags. What is not in its one deterministic form is
refused, so that there are no two encodings of one token. No floats, no indefinite lengths.
"""

from typing import Any

MAX_DEPTH = 8
MAX_ITEMS = 64


class Tag:
    """A tagged value, as in `Tag(18, [...])` for COSE_Sign1."""

    __slots__ = ("number", "value")

    def __init__(self, number: int, value: Any) -> None:
        self.number, self.value = number, value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tag) and (self.number, self.value) == (other.number, other.value)

    def __hash__(self) -> int:
        return hash(self.number)

    def __repr__(self) -> str:
        return f"Tag({self.number}, {self.value!r})"


def encode(value: Any) -> bytes:
    """The one deterministic encoding: shortest heads, map keys sorted as encoded. TypeError for other types."""
    if value is None:
        return b"\xf6"
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        raw = value.encode()
        return _head(3, len(raw)) + raw
    if isinstance(value, list | tuple):
        return _head(4, len(value)) + b"".join(map(encode, value))
    if isinstance(value, dict):
        pairs = sorted((encode(key), encode(item)) for key, item in value.items())
        return _head(5, len(pairs)) + b"".join(key + item for key, item in pairs)
    if isinstance(value, Tag):
        return _head(6, value.number) + encode(value.value)
    raise TypeError(f"CBOR here has no {type(value).__name__}")


def decode(data: bytes) -> Any:
    """The value of exactly one deterministic item; ValueError, saying at which byte, for anything else."""
    value, end = _item(data, 0, MAX_DEPTH)
    if end != len(data):
        raise ValueError(f"CBOR: {len(data) - end} bytes follow the item at byte {end}")
    return value


def _head(major: int, number: int) -> bytes:
    first = major << 5
    if number < 24:
        return bytes([first | number])
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * size:
            return bytes([first | code]) + number.to_bytes(size)
    raise TypeError("CBOR: an integer here has at most 64 bits")


def _item(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    if depth == 0:
        raise ValueError(f"CBOR: nested too deeply at byte {at}")
    major, number, pos = _read_head(data, at)
    match major:
        case 0:
            return number, pos
        case 1:
            return -1 - number, pos
        case 2 | 3:
            raw = data[pos : pos + number]
            if len(raw) != number:
                raise ValueError(f"CBOR: a string at byte {at} runs over the end")
            if major == 2:
                return raw, pos + number
            try:
                return raw.decode(), pos + number
            except UnicodeDecodeError as error:
                raise ValueError(f"CBOR: the text at byte {at} is not UTF-8") from error
        case 4:
            return _array(data, at, number, pos, depth)
        case 5:
            return _map(data, at, number, pos, depth)
        case 6:
            inner, pos = _item(data, pos, depth - 1)
            return Tag(number, inner), pos
    simple = {20: False, 21: True, 22: None}
    if data[at] & 31 not in simple:
        raise ValueError(f"CBOR: a value at byte {at} that is not used here")
    return simple[data[at] & 31], pos


def _read_head(data: bytes, at: int) -> tuple[int, int, int]:
    if at >= len(data):
        raise ValueError(f"CBOR: ends at byte {at} in the middle of an item")
    major, info = data[at] >> 5, data[at] & 31
    if info < 24:
        return major, info, at + 1
    if info > 27 or major == 7:
        raise ValueError(f"CBOR: a form at byte {at} that is not used here")
    size = 1 << info - 24
    raw = data[at + 1 : at + 1 + size]
    number = int.from_bytes(raw)
    if len(raw) != size:
        raise ValueError(f"CBOR: ends at byte {len(data)} in the middle of an item")
    if number < (24, 1 << 8, 1 << 16, 1 << 32)[info - 24]:
        raise ValueError(f"CBOR: the number at byte {at} is not in its shortest form")
    return major, number, at + 1 + size


def _array(data: bytes, at: int, count: int, pos: int, depth: int) -> tuple[list[Any], int]:
    if count > MAX_ITEMS:
        raise ValueError(f"CBOR: too many items at byte {at}")
    items = []
    for _ in range(count):
        item, pos = _item(data, pos, depth - 1)
        items.append(item)
    return items, pos


def _map(data: bytes, at: int, count: int, pos: int, depth: int) -> tuple[dict[Any, Any], int]:
    if count > MAX_ITEMS:
        raise ValueError(f"CBOR: too many items at byte {at}")
    found: dict[Any, Any] = {}
    before = b""
    for _ in range(count):
        key, end = _item(data, pos, depth - 1)
        if not isinstance(key, int | str | bytes) or isinstance(key, bool):
            raise ValueError(f"CBOR: a map key at byte {pos} is no number or string")  # noqa: TRY004 - it is the data that is wrong
        # Sorted and without doubles in one comparison: each encoded key is greater than the one before.
        if data[pos:end] <= before:
            raise ValueError(f"CBOR: map keys at byte {pos} are not sorted or are repeated")
        before = data[pos:end]
        found[key], pos = _item(data, end, depth - 1)
    return found, pos

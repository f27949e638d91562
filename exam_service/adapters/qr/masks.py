"""Which of the eight masks a QR code gets: the one with the fewest penalties (ISO/IEC 18004, 7.8.3).

The library tries all eight, one module after the other, and that is most of what a code costs. Here a whole code is one
number, so that a question about all modules is some operations. A test holds both against each other.
"""

from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

import qrcode

_DIGITS = bytes.maketrans(b"\0\1", b"01")


class QRCode(qrcode.QRCode[Any]):  # type: ignore[misc]
    """The library's code with the same mask as it would choose, sooner."""

    def best_mask_pattern(self) -> int:
        self.makeImpl(True, 0)
        side, empty = self.modules_count, _empty(self.version)
        # Masks are XORed on the data, so the difference of two empty codes is that of any two.
        data = _bits(self.modules) ^ empty[0]
        return min(range(8), key=lambda mask: _penalties(data ^ empty[mask], side))


class _Bits(NamedTuple):
    """All modules in one number, the first the highest: row after row, and column after column."""

    rows: int
    columns: int

    def __xor__(self, other: "_Bits") -> "_Bits":
        return _Bits(self.rows ^ other.rows, self.columns ^ other.columns)


def _bits(modules: list[list[bool]]) -> _Bits:
    def number(lines: Any) -> int:
        return int(bytes(chain.from_iterable(lines)).translate(_DIGITS), 2)

    return _Bits(number(modules), number(zip(*modules, strict=True)))


@lru_cache(maxsize=40)
def _empty(version: int) -> list[_Bits]:
    """The code of that version with no data in it, under each of the masks."""
    found = []
    for mask in range(8):
        code = qrcode.QRCode[Any](version=version)
        code.data_cache = []
        code.makeImpl(True, mask)
        found.append(_bits(code.modules))
    return found


def _penalties(code: _Bits, side: int) -> int:
    one, ten = _followed(side, 1), _followed(side, 10)
    alike = [~(lines ^ lines >> 1) & one for lines in code]
    found = sum(map(_runs, alike)) + sum(_like_a_finder(lines, ten) for lines in code)
    below = ~(code.rows ^ code.rows >> side) & ((1 << side * (side - 1)) - 1)
    found += 3 * (alike[0] & alike[0] >> side & below).bit_count()
    return found + 10 * int(abs(code.rows.bit_count() / side**2 * 100 - 50) / 5)


@lru_cache(maxsize=80)
def _followed(side: int, count: int) -> int:
    """The modules that so many others follow in their line."""
    return sum((1 << side - count) - 1 << line * side for line in range(side))


def _runs(alike: int) -> int:
    """Three points for five modules of one colour in a line, and one for each further one."""
    fives = alike & alike >> 1 & alike >> 2 & alike >> 3
    return fives.bit_count() + 2 * (fives & ~(fives >> 1)).bit_count()


def _like_a_finder(lines: int, followed: int) -> int:
    """Forty points for what a reader could take for a corner: 1:1:3:1:1 with four light modules on one side."""
    at = [lines >> place for place in range(11)]
    middle = ~at[1] & at[4] & ~at[5] & at[6] & ~at[9] & followed
    first = at[0] & at[2] & at[3] & ~(at[7] | at[8] | at[10])
    last = at[7] & at[8] & at[10] & ~(at[0] | at[2] | at[3])
    return 40 * (middle & (first | last)).bit_count()

"""Which responses a paper takes, small enough to be kept for every running attempt.

A response is read against the type of its item and the number of its choices, group by group, and papers have few
different ones of these; so an attempt needs a byte an item, or two.
"""

from array import array
from collections.abc import Mapping
from functools import lru_cache

from exam_service.core.banks.interactions import TYPES, BadResponse, Layout
from exam_service.core.errors import Fault
from exam_service.core.exams.paper import Form, unknown_item


class _Kind:
    """A type of item with the stand-ins of its choices; each is there once for the whole process."""

    __slots__ = ("choices", "good", "layout", "type")

    def __init__(self, type_: str, sizes: tuple[int, ...]) -> None:
        self.type = type_
        self.choices = tuple(f"c{n}" for n in range(1, sum(sizes) + 1))
        self.layout = Layout(self.choices, sizes if len(sizes) > 1 else ())
        self.good: set[str] = set()
        """Those of its choices that were read before: nearly every response of an exam is one of four."""


_kinds: list[_Kind] = []
_known: dict[tuple[str, tuple[int, ...]], int] = {}


class Shape:
    """What each item of a paper takes."""

    __slots__ = ("_items",)

    def __init__(self, items: "bytes | array[int]") -> None:
        self._items = items

    def faults(self, responses: Mapping[str, object]) -> list[Fault]:
        """A fault for each response that is not on the paper or not of its item's type."""
        faults: list[Fault] = []
        for name, raw in responses.items():
            # The length first: whatever is asked is remembered.
            number = _number(name) if len(name) < 6 else None
            if number is None or number > len(self._items):
                faults.append(unknown_item(name))
                continue
            kind = _kinds[self._items[number - 1]]
            if isinstance(raw, str) and raw in kind.good:
                continue
            try:
                TYPES[kind.type].parse(raw, kind.layout)
            except BadResponse as error:
                faults.append(Fault(code="bad-response", path=f"responses.{name}", message=error.text))
            else:
                if isinstance(raw, str) and raw in kind.choices:
                    kind.good.add(raw)
        return faults


@lru_cache(1024)
def _number(name: str) -> int | None:
    """Of the item called `i1..iN`."""
    digits = name[1:]
    if name[:1] == "i" and digits.isascii() and digits.isdigit() and digits[0] != "0" and len(digits) < 5:
        return int(digits)
    return None


def shape_of(form: Form) -> Shape:
    """The shape of a paper."""
    places = [_place(item.type, item.sizes or (len(item.order),)) for item in form.items]
    return Shape(bytes(places) if max(places, default=0) < 256 else array("H", places))


def _place(kind: str, sizes: tuple[int, ...]) -> int:
    found = _known.get((kind, sizes))
    if found is None:
        found = _known[kind, sizes] = len(_kinds)
        _kinds.append(_Kind(kind, sizes))
    return found

"""Which responses a paper takes, small enough to be kept for every running attempt.

A response is read against the type of its item and the number of its choices, and papers have few different ones of
these; so an attempt needs two bytes an item.
"""

from array import array
from collections.abc import Mapping

from exam_service.core.banks.interactions import TYPES, BadResponse
from exam_service.core.errors import Fault
from exam_service.core.exams.paper import Form, unknown_item

_kinds: list[tuple[str, tuple[str, ...]]] = []
"""(type, stand-ins for its choices), each once for the whole process."""
_known: dict[tuple[str, int], int] = {}


class Shape:
    """What each item of a paper takes."""

    __slots__ = ("_items",)

    def __init__(self, items: "array[int]") -> None:
        self._items = items

    def faults(self, responses: Mapping[str, object]) -> list[Fault]:
        """A fault for each response that is not on the paper or not of its item's type."""
        faults: list[Fault] = []
        for name, raw in responses.items():
            kind = self._kind(name)
            if kind is None:
                faults.append(unknown_item(name))
                continue
            try:
                TYPES[kind[0]].parse(raw, kind[1])
            except BadResponse as error:
                faults.append(Fault(code="bad-response", path=f"responses.{name}", message=error.text))
        return faults

    def _kind(self, name: str) -> tuple[str, tuple[str, ...]] | None:
        """Of the item called `i1..iN`."""
        digits = name[1:]
        if not (name[:1] == "i" and digits.isascii() and digits.isdigit() and len(digits) < 5):
            return None
        number = int(digits)
        if digits[0] == "0" or not 1 <= number <= len(self._items):
            return None
        return _kinds[self._items[number - 1]]


def shape_of(form: Form) -> Shape:
    """The shape of a paper."""
    return Shape(array("H", (_place(item.type, len(item.order)) for item in form.items)))


def _place(kind: str, choices: int) -> int:
    found = _known.get((kind, choices))
    if found is None:
        found = _known[kind, choices] = len(_kinds)
        _kinds.append((kind, tuple(f"c{n}" for n in range(1, choices + 1))))
    return found

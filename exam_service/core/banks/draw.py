"""The exact draw: counts per stratum, no question twice, unseen ones first.

Strata may overlap ("any easy one", "any on validity"), so filling them is a matching of places to questions. A quick
greedy pass fills disjoint strata at the cost of what is drawn, not of the bank; where it falls short, augmenting paths
(Kuhn 1955) find what can be found, and if that is not enough nothing can be: that is how publishing knows an infeasible
blueprint.
"""

import struct
from collections.abc import Callable, Collection, Iterator, Sequence
from hashlib import shake_256
from itertools import permutations
from operator import itemgetter
from typing import Any, TypeVar

import msgspec

from exam_service.core.banks.interactions import BaseQuestion

T = TypeVar("T")

_BLOCK = 512
"""Bytes of a stream that are made at first: enough for a paper of forty items."""
_ORDERS = {n: tuple(itemgetter(*order) for order in permutations(range(n))) for n in range(2, 7)}


class Stratum(msgspec.Struct, frozen=True):
    """So many questions of those that fit; `pool` are the positions of the fitting ones in the entries."""

    count: int
    pool: Sequence[int]


class Shortage(msgspec.Struct, frozen=True):
    """A stratum that cannot be filled, and by how many."""

    stratum: int
    lacks: int


class Infeasible(Exception):
    """No draw can fill every stratum."""

    def __init__(self, shortages: tuple[Shortage, ...]) -> None:
        super().__init__(f"{len(shortages)} strata cannot be filled")
        self.shortages = shortages


Arrange = Callable[[Sequence[T]], tuple[T, ...]]
"""Puts as many things as it was made for in an order."""


class Dice:
    """A stream of numbers that its seed decides, so that a draw can be made again: 32 bits each of SHAKE256 (FIPS 202).

    The purpose goes before the seed. Papers from before this stream was laid down keep the seeds of another: what was
    drawn is stored, and nothing draws it again.
    """

    def __init__(self, seed: bytes, purpose: str) -> None:
        self._stream = shake_256(b"%b/%b" % (purpose.encode(), seed))
        self._taken = 0
        self._words: list[int] = []

    def below(self, n: int) -> int:
        """A whole number 0 <= x < n, without the bias of a plain remainder."""
        limit = (1 << 32) - (1 << 32) % n
        while True:
            if not self._words:
                self._more()
            word = self._words.pop()
            if word < limit:
                return word % n

    def shuffled(self, items: Sequence[int]) -> Iterator[int]:
        """The items in random order, one at a time: the cost is that of the items taken (Fisher-Yates, kept sparse)."""
        moved: dict[int, int] = {}
        for left in range(len(items), 0, -1):
            pick = self.below(left)
            chosen = moved.get(pick, pick)
            # What has not been taken yet stays within the first `left`: the last of them takes the place.
            moved[pick] = moved.get(left - 1, left - 1)
            yield items[chosen]

    def arrangement(self, n: int) -> Arrange[Any]:
        """A random order for n things; all orders are equally likely."""
        if n < 2:
            return tuple
        if n in _ORDERS:
            # One number for all: this is the inner loop of every start.
            orders = _ORDERS[n]
            return orders[self.below(len(orders))]
        return itemgetter(*self.shuffled(range(n)))

    def _more(self) -> None:
        """The next words of the stream. What comes first of a longer one is the same as of a shorter one."""
        length = max(_BLOCK, 2 * self._taken)
        self._words = list(struct.unpack(f">{length // 4}I", self._stream.digest(length)))[self._taken // 4 :]
        self._words.reverse()
        self._taken = length


def draw(strata: Sequence[Stratum], seen: Collection[int], dice: Dice) -> tuple[tuple[int, ...], ...]:
    """The positions drawn for each stratum. `seen` are those the candidate had before: the last to be used.

    Raises Infeasible with every stratum that cannot be filled.
    """
    drawn = _greedy(strata, seen, dice)
    return drawn if drawn is not None else _matched(strata, seen, dice)


def shortages(strata: Sequence[Stratum]) -> tuple[Shortage, ...]:
    """What no draw can fill; empty when the blueprint is feasible."""
    try:
        draw(strata, (), Dice(b"feasible", "check"))
    except Infeasible as error:
        return error.shortages
    return ()


def fitting(
    questions: Sequence[BaseQuestion], *, objective: str | None, difficulty: str | None, tag: str | None
) -> list[int]:
    """The positions of the questions that a stratum may use."""
    return [
        n
        for n, q in enumerate(questions)
        if (objective is None or q.objective == objective)
        and (difficulty is None or q.difficulty == difficulty)
        and (tag is None or tag in q.tags)
    ]


def _greedy(strata: Sequence[Stratum], seen: Collection[int], dice: Dice) -> tuple[tuple[int, ...], ...] | None:
    """Unseen questions only, the tightest stratum first; None when it falls short, which proves nothing yet."""
    taken: set[int] = set()
    drawn: dict[int, tuple[int, ...]] = {}
    for number in sorted(range(len(strata)), key=lambda n: len(strata[n].pool) - strata[n].count):
        stratum, mine = strata[number], list[int]()
        if stratum.count:
            for question in dice.shuffled(stratum.pool):
                if question not in taken and question not in seen:
                    mine.append(question)
                    if len(mine) == stratum.count:
                        break
        if len(mine) < stratum.count:
            return None
        taken.update(mine)
        drawn[number] = tuple(mine)
    return tuple(drawn[n] for n in range(len(strata)))


def _matched(strata: Sequence[Stratum], seen: Collection[int], dice: Dice) -> tuple[tuple[int, ...], ...]:
    """A maximum matching that uses as many unseen questions as any can.

    An augmenting path never lets go of a question that is in use, so matching with the unseen ones first and augmenting
    with the seen ones after keeps the number of unseen ones at its maximum.
    """
    orders = [list(dice.shuffled(stratum.pool)) for stratum in strata]
    owner: dict[int, int] = {}
    fill = [0] * len(strata)
    for allowed in ([[q for q in order if q not in seen] for order in orders], orders):
        fill = [0] * len(strata)
        for holder in owner.values():
            fill[holder] += 1
        for number, stratum in enumerate(strata):
            while fill[number] < stratum.count and _augment(number, allowed, owner):
                fill[number] += 1
    lacking = tuple(Shortage(n, s.count - fill[n]) for n, s in enumerate(strata) if fill[n] < s.count)
    if lacking:
        raise Infeasible(lacking)
    place = {question: at for order in orders for at, question in enumerate(order)}
    return tuple(
        tuple(sorted((q for q, n in owner.items() if n == number), key=place.__getitem__))
        for number in range(len(strata))
    )


def _augment(start: int, allowed: Sequence[Sequence[int]], owner: dict[int, int]) -> bool:
    """One more question for `start`, moving others between strata where that is what it takes (breadth first)."""
    came_from: dict[int, tuple[int, int]] = {}
    """stratum -> (the stratum that wants one of its questions, that question)"""
    queue, visited = [start], {start}
    for number in queue:
        for question in allowed[number]:
            holder = owner.get(question)
            if holder is None:
                while True:
                    owner[question] = number
                    if number == start:
                        return True
                    number, question = came_from[number]  # noqa: PLW2901
            if holder not in visited:
                visited.add(holder)
                came_from[holder] = (number, question)
                queue.append(holder)
    return False

"""The exact draw against an oracle of another kind: a minimum-cost flow, augmented by Bellman-Ford."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_service.core.banks.draw import Dice, Infeasible, Stratum, draw, shortages

LAWS = settings(max_examples=250, deadline=None)


class Oracle:
    """The most places that can be filled, and the fewest seen questions among the ways to fill that many."""

    def __init__(self, strata: Sequence[Stratum], seen: Collection[int]) -> None:
        questions = sorted({q for stratum in strata for q in stratum.pool})
        node = {q: 2 + len(strata) + n for n, q in enumerate(questions)}
        # Edges in pairs, each followed by its reverse: (from, to, room, cost).
        self.edges: list[list[int]] = []
        for number, stratum in enumerate(strata):
            self._edge(0, 2 + number, stratum.count, 0)
            for q in stratum.pool:
                self._edge(2 + number, node[q], 1, 0)
        for q in questions:
            self._edge(node[q], 1, 1, int(q in seen))
        self.nodes = 2 + len(strata) + len(questions)
        self.filled = self.cost = 0
        while self._augment():
            pass

    def _edge(self, start: int, end: int, room: int, cost: int) -> None:
        self.edges += [[start, end, room, cost], [end, start, 0, -cost]]

    def _augment(self) -> bool:
        far = len(self.edges) + 1
        distance, via = [far] * self.nodes, [-1] * self.nodes
        distance[0] = 0
        changed = True
        while changed:
            changed = False
            for index, (start, end, room, cost) in enumerate(self.edges):
                if room and distance[start] < far and distance[start] + cost < distance[end]:
                    distance[end], via[end], changed = distance[start] + cost, index, True
        if distance[1] >= far:
            return False
        at = 1
        while at != 0:
            index = via[at]
            self.edges[index][2] -= 1
            self.edges[index ^ 1][2] += 1
            at = self.edges[index][0]
        self.filled += 1
        self.cost += distance[1]
        return True


POOL = st.sets(st.integers(0, 14), max_size=9).map(sorted)
STRATA = st.lists(st.builds(Stratum, st.integers(0, 4), POOL), min_size=1, max_size=5)
SEEN = st.sets(st.integers(0, 14))
SEED = st.binary(min_size=16, max_size=16)


@LAWS
@given(STRATA, SEEN, SEED)
def test_a_draw_is_exact_and_feasible_when_the_oracle_says_so(
    strata: list[Stratum], seen: set[int], seed: bytes
) -> None:
    oracle, wanted = Oracle(strata, seen), sum(s.count for s in strata)
    lacking = shortages(strata)
    assert sum(short.lacks for short in lacking) == wanted - oracle.filled
    assert all(0 < short.lacks <= strata[short.stratum].count for short in lacking)
    assert len({short.stratum for short in lacking}) == len(lacking)
    if oracle.filled < wanted:
        with pytest.raises(Infeasible):
            draw(strata, seen, Dice(seed, "draw"))
        return
    drawn = draw(strata, seen, Dice(seed, "draw"))
    assert [len(one) for one in drawn] == [s.count for s in strata]
    assert all(set(one) <= set(s.pool) for one, s in zip(drawn, strata, strict=True))
    everything = [q for one in drawn for q in one]
    assert len(everything) == len(set(everything))
    assert sum(q in seen for q in everything) == oracle.cost
    assert draw(strata, seen, Dice(seed, "draw")) == drawn


@LAWS
@given(STRATA, SEEN, SEED)
def test_none_that_was_seen_while_unseen_ones_remain(strata: list[Stratum], seen: set[int], seed: bytes) -> None:
    """P8, stratum by stratum."""
    try:
        drawn = draw(strata, seen, Dice(seed, "draw"))
    except Infeasible:
        return
    used = {q for one in drawn for q in one}
    for stratum, one in zip(strata, drawn, strict=True):
        if seen.intersection(one):
            assert set(stratum.pool) - seen <= used


@LAWS
@given(STRATA, SEED)
def test_what_each_stratum_lacks_is_enough(strata: list[Stratum], seed: bytes) -> None:
    """Asking for so many less makes the blueprint feasible."""
    lacks = {short.stratum: short.lacks for short in shortages(strata)}
    less = [Stratum(s.count - lacks.get(n, 0), s.pool) for n, s in enumerate(strata)]
    assert shortages(less) == ()
    draw(less, (), Dice(seed, "draw"))


@given(SEED, st.lists(st.integers(), unique=True, max_size=60), st.integers(0, 60))
def test_shuffling_is_a_permutation_and_lazy(seed: bytes, items: list[int], some: int) -> None:
    whole = list(Dice(seed, "x").shuffled(items))
    assert sorted(whole) == sorted(items)
    stream = Dice(seed, "x").shuffled(items)
    assert [q for q, _ in zip(stream, range(some), strict=False)] == whole[:some]


@given(SEED, st.integers(1, 1 << 32))
def test_a_throw_is_below_its_limit(seed: bytes, n: int) -> None:
    dice = Dice(seed, "x")
    assert all(0 <= dice.below(n) < n for _ in range(20))


def test_a_throw_is_not_a_plain_remainder() -> None:
    """Of 3·2^30 numbers a third is below 2^30; a remainder of 32 bits would put half of them there."""
    dice = Dice(b"seed", "x")
    low = sum(dice.below(3 << 30) < 1 << 30 for _ in range(3000))
    assert 900 < low < 1100


@given(SEED)
def test_purposes_have_dice_of_their_own(seed: bytes) -> None:
    throws = [[dice.below(1 << 32) for _ in range(9)] for dice in (Dice(seed, "draw"), Dice(seed, "shuffle"))]
    assert throws[0] != throws[1]


def chi_square(counts: Sequence[int], expected: float) -> float:
    return sum((count - expected) ** 2 / expected for count in counts)


def seeds(how_many: int) -> Iterator[bytes]:
    return (n.to_bytes(16) for n in range(how_many))


def test_every_question_is_drawn_about_as_often() -> None:
    """5 of 20 in 2,000 draws, 19 degrees of freedom: 43.8 is exceeded once in a thousand."""
    counts = Counter(q for s in seeds(2000) for q in draw([Stratum(5, range(20))], (), Dice(s, "draw"))[0])
    # Drawn without repeats, the counts spread less than independent ones: (1 - 5/20) of the variance.
    assert chi_square([counts[q] for q in range(20)], 500) / (1 - 5 / 20) < 43.8


def test_every_order_of_options_is_about_as_frequent() -> None:
    """24 orders in 4,800 shuffles, 23 degrees of freedom: 49.7 is exceeded once in a thousand."""
    counts = Counter(Dice(s, "shuffle").arrangement(4)("abcd") for s in seeds(4800))
    assert len(counts) == 24
    assert chi_square(list(counts.values()), 200) < 49.7


def test_when_some_were_seen_the_others_among_them_are_drawn_about_as_often() -> None:
    """All 3 unseen ones, and 3 of 9 seen ones: 8 degrees of freedom, 26.1."""
    seen = set(range(9))
    counts: Counter[int] = Counter()
    for s in seeds(1500):
        one = draw([Stratum(6, range(12))], seen, Dice(s, "draw"))[0]
        assert {9, 10, 11} <= set(one)
        counts.update(q for q in one if q in seen)
    assert chi_square([counts[q] for q in range(9)], 500) / (1 - 3 / 9) < 26.1


class Counted(Sequence[int]):
    """A pool that counts how often it is looked into."""

    def __init__(self, size: int) -> None:
        self.size, self.looks = size, 0

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> int:  # type: ignore[override]
        if not 0 <= index < self.size:
            raise IndexError(index)
        self.looks += 1
        return index


def test_drawing_60_of_50_000_looks_at_60() -> None:
    pool = Counted(50_000)
    [one] = draw([Stratum(60, pool)], (), Dice(b"seed", "draw"))
    assert len(set(one)) == 60
    assert pool.looks == 60


def test_a_retake_pays_only_for_those_it_passes_over() -> None:
    pool = Counted(50_000)
    draw([Stratum(60, pool)], set(range(600)), Dice(b"seed", "draw"))
    assert pool.looks < 70

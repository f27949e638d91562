"""Trees that grow, against the definitions of RFC 9162 written out plainly."""

import hashlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_service.core.certificates.growing import EMPTY, Growth, consistency, inclusion, is_consistent, root
from exam_service.core.certificates.merkle import leaf_hash, root_from

DATA = [number.to_bytes(2) for number in range(300)]
WHOLE = Growth(0, b"", [leaf_hash(one) for one in DATA])


def plain(data: list[bytes]) -> bytes:
    """The Merkle Tree Hash as section 2.1.1 defines it."""
    if len(data) < 2:
        return leaf_hash(data[0]) if data else hashlib.sha256().digest()
    split = 1
    while 2 * split < len(data):
        split *= 2
    return hashlib.sha256(b"\x01" + plain(data[:split]) + plain(data[split:])).digest()


@pytest.mark.parametrize("size", [*range(20), 255, 256, 257, 300])
def test_the_root_is_that_of_the_definition(size: int) -> None:
    assert root(size, WHOLE.node) == plain(DATA[:size])


@given(st.integers(1, 300).flatmap(lambda size: st.tuples(st.integers(0, size - 1), st.just(size))))
def test_every_entry_is_proved_to_be_in_every_larger_tree(place: tuple[int, int]) -> None:
    index, size = place
    proof = inclusion(index, size, WHOLE.node)
    assert root_from(DATA[index], index, size, proof) == plain(DATA[:size])
    assert root_from(DATA[index - 1], index, size, proof) != plain(DATA[:size])


@given(st.integers(1, 300).flatmap(lambda new: st.tuples(st.integers(1, new), st.just(new))), st.binary(min_size=1))
def test_a_larger_tree_is_proved_to_begin_with_the_smaller(sizes: tuple[int, int], noise: bytes) -> None:
    old, new = sizes
    proof = consistency(old, new, WHOLE.node)
    roots = plain(DATA[:old]), plain(DATA[:new])
    assert is_consistent(old, new, *roots, proof)
    other = plain([*DATA[: old - 1], b"another"])
    assert not is_consistent(old, new, other, roots[1], proof)
    assert not is_consistent(old, new, roots[0], other, proof)
    for bad in (proof + roots[0], proof[:-32], bytes(one ^ 1 for one in proof), noise):
        assert bad == proof or not is_consistent(old, new, *roots, bad)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=12))
def test_what_is_known_of_the_past_is_enough_to_go_on(steps: list[int]) -> None:
    size, known, completed = 0, b"", []
    for before, after in pairwise([0, *(sum(steps[: n + 1]) % 300 for n in range(len(steps)))]):
        if after < before:
            break
        grown = Growth(size, known, [leaf_hash(one) for one in DATA[size:after]])
        assert grown.root == plain(DATA[:after])
        for index in range(size, after):
            assert root_from(DATA[index], index, after, inclusion(index, after, grown.node)) == grown.root
        completed += list(grown.completed(3))
        size, known = grown.size, grown.known
    want = Growth(0, b"", [leaf_hash(one) for one in DATA[:size]])
    assert sorted(completed) == sorted(want.completed(3))


def test_what_cannot_be_is_refused() -> None:
    assert root(0, WHOLE.node) == EMPTY
    with pytest.raises(ValueError, match="has no entry 5"):
        inclusion(5, 5, WHOLE.node)
    for old, new in ((0, 5), (6, 5)):
        with pytest.raises(ValueError, match="there is no proof"):
            consistency(old, new, WHOLE.node)
        assert not is_consistent(old, new, EMPTY, EMPTY, b"")
    with pytest.raises(ValueError, match="not the peaks"):
        Growth(3, bytes(32), [])
    with pytest.raises(KeyError):
        Growth(4, bytes(32), []).node(0, 1)

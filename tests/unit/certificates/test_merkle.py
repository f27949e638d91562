"""The trees of RFC 9162, against its own recursive definition."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_service.core.certificates import merkle


def root_by_definition(leaves: list[bytes]) -> bytes:
    """Section 2.1.1, word for word: split at the largest power of two smaller than the size."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + root_by_definition(leaves[:k]) + root_by_definition(leaves[k:])).digest()


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=70))
def test_the_root_is_that_of_the_definition_and_every_proof_leads_to_it(leaves: list[bytes]) -> None:
    tree = merkle.Tree.over(leaves)
    assert tree.root == root_by_definition(leaves)
    assert tree.proofs() == [tree.proof(index) for index in range(len(leaves))]
    for index, data in enumerate(leaves):
        assert merkle.root_from(data, index, len(leaves), tree.proof(index)) == tree.root


@given(st.lists(st.binary(max_size=4), min_size=2, max_size=20, unique=True), st.data())
def test_no_other_leaf_place_or_size_leads_to_the_root(leaves: list[bytes], data: st.DataObject) -> None:
    tree = merkle.Tree.over(leaves)
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof = tree.proof(index)
    other = data.draw(st.integers(0, len(leaves) - 1).filter(lambda n: n != index))
    assert merkle.root_from(leaves[other], index, len(leaves), proof) != tree.root
    assert merkle.root_from(leaves[index], other, len(leaves), proof) != tree.root
    assert merkle.root_from(leaves[index], index, len(leaves), proof[:-32]) != tree.root
    assert merkle.root_from(leaves[index], index, len(leaves), proof + bytes(32)) != tree.root
    assert merkle.root_from(leaves[index], index, len(leaves), proof[:-1]) is None


def test_an_empty_tree_proves_nothing() -> None:
    with pytest.raises(ValueError, match="at least one"):
        merkle.Tree([])
    assert merkle.root_from(b"", 0, 0, b"") is None

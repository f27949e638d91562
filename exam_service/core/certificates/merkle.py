"""Merkle trees as in RFC 9162: one signature over the root vouches for every leaf.

leaf  = SHA-256(0x00 || data)         section 2.1.1
node  = SHA-256(0x01 || left || right)
proof = the siblings from the leaf to the root (2.1.3), checked as 2.1.3.2 says
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Self

HASH_BYTES = 32
_sha256 = hashlib.sha256


def leaf_hash(data: bytes) -> bytes:
    return _sha256(b"\x00" + data).digest()


class Tree:
    """The tree over some leaves, all at once; for groups of a few hundred."""

    def __init__(self, hashes: Sequence[bytes]) -> None:
        """`hashes` are those of the leaves. Raises ValueError when there is none: an empty tree proves nothing."""
        if not hashes:
            raise ValueError("a tree has at least one leaf")
        sha256 = _sha256
        level = list(hashes)
        self._levels = [level]
        while len(level) > 1:
            # A node without a neighbour moves up as it is, which is the same tree as the RFC's split at a power of two.
            above = [
                sha256(b"\x01" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)
            ]
            if len(level) % 2:
                above.append(level[-1])
            self._levels.append(above)
            level = above

    @classmethod
    def over(cls, data: Iterable[bytes]) -> Self:
        """The tree whose leaves are the hashes of these."""
        sha256 = _sha256
        return cls([sha256(b"\x00" + one).digest() for one in data])

    @classmethod
    def stored(cls, leaves: bytes) -> Self:
        """The tree whose `leaves` these were."""
        return cls([leaves[start : start + HASH_BYTES] for start in range(0, len(leaves), HASH_BYTES)])

    @property
    def leaves(self) -> bytes:
        """Their hashes, one after the other: all that the tree is made from."""
        return b"".join(self._levels[0])

    @property
    def root(self) -> bytes:
        return self._levels[-1][0]

    def proof(self, index: int) -> bytes:
        """The inclusion proof of a leaf: the siblings on its way to the root, one after the other."""
        siblings = []
        for level in self._levels[:-1]:
            beside = index ^ 1
            if beside < len(level):
                siblings.append(level[beside])
            index >>= 1
        return b"".join(siblings)

    def proofs(self) -> list[bytes]:
        """The inclusion proof of every leaf, in their order."""
        found = [b""]
        for level in reversed(self._levels[:-1]):
            # What leads from a node to the root leads from its two children there too, after the other child.
            last = len(level) - 1
            found = [(level[n ^ 1] + found[n >> 1]) if n ^ 1 <= last else found[n >> 1] for n in range(len(level))]
        return found


def root_from(data: bytes, index: int, size: int, proof: bytes) -> bytes | None:
    """The root that the proof leads to from a leaf's data; None when the proof does not fit the tree (2.1.3.2)."""
    if not 0 <= index < size or len(proof) % HASH_BYTES:
        return None
    node, last, found = index, size - 1, leaf_hash(data)
    for start in range(0, len(proof), HASH_BYTES):
        sibling = proof[start : start + HASH_BYTES]
        if last == 0:
            return None
        if node & 1 or node == last:
            found = _sha256(b"\x01" + sibling + found).digest()
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            found = _sha256(b"\x01" + found + sibling).digest()
        node >>= 1
        last >>= 1
    return found if last == 0 else None

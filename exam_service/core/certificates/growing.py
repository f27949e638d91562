"""Merkle trees that grow (RFC 9162, section 2.1): roots and proofs from the hashes of complete subtrees.

A complete subtree is named by its level and its number: (level, number) is over the leaves from `number << level` up to
`(number + 1) << level`. Whoever has the roots of a few of them has all that is needed of a log of millions.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence

from exam_service.core.certificates.merkle import HASH_BYTES

Node = Callable[[int, int], bytes]
"""`node(level, number)`: the hash of a complete subtree."""

EMPTY = hashlib.sha256().digest()
"""The root of a tree without leaves."""


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def peaks(size: int) -> Iterator[tuple[int, int]]:
    """The (level, number) of the complete subtrees that a tree of that size is made of, from the largest on."""
    start = 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            yield level, start >> level
            start += 1 << level


def root(size: int, node: Node) -> bytes:
    """The root of the tree over the first `size` leaves."""
    return _over(0, size, node) if size else EMPTY


def inclusion(index: int, size: int, node: Node) -> bytes:
    """The siblings on the way from a leaf to the root, one after the other (2.1.3.1); ValueError without that leaf."""
    if not 0 <= index < size:
        raise ValueError(f"a log of {size} entries has no entry {index}")
    start, end, found = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            found.append(_over(middle, end, node))
            end = middle
        else:
            found.append(_over(start, middle, node))
            start = middle
    return b"".join(reversed(found))


def consistency(old: int, new: int, node: Node) -> bytes:
    """That the first `old` leaves of the tree over `new` are those of the tree over `old` (2.1.4.1)."""
    if not 0 < old <= new:
        raise ValueError(f"there is no proof from {old} entries to {new}")
    start, end, found, whole = 0, new, [], True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            found.append(_over(middle, end, node))
            end = middle
        else:
            found.append(_over(start, middle, node))
            start, whole = middle, False
    if not whole:
        found.append(_over(start, end, node))
    return b"".join(reversed(found))


def is_consistent(old: int, new: int, old_root: bytes, new_root: bytes, proof: bytes) -> bool:
    """Whether the proof shows that the newer tree only added leaves to the older one (2.1.4.2)."""
    if not 0 < old <= new or len(proof) % HASH_BYTES:
        return False
    if old == new:
        return not proof and old_root == new_root
    path = [proof[at : at + HASH_BYTES] for at in range(0, len(proof), HASH_BYTES)]
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    node, last = old - 1, new - 1
    while node & 1:
        node >>= 1
        last >>= 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            second = node_hash(second, sibling)
        node >>= 1
        last >>= 1
    return last == 0 and first == old_root and second == new_root


class Growth:
    """New leaves on top of a tree of which nothing is known but its peaks."""

    def __init__(self, size: int, known: bytes, leaves: Sequence[bytes]) -> None:
        """`known` are the peaks of the tree over the first `size` leaves; `leaves` are the hashes of the new ones."""
        wanted = list(peaks(size))
        if len(known) != len(wanted) * HASH_BYTES:
            raise ValueError(f"these are not the peaks of a tree over {size} leaves")
        self.before, self.size = size, size + len(leaves)
        self._nodes = {at: known[n * HASH_BYTES : (n + 1) * HASH_BYTES] for n, at in enumerate(wanted)}
        self._nodes |= {(0, size + n): leaf for n, leaf in enumerate(leaves)}

    def node(self, level: int, number: int) -> bytes:
        """The hash of a complete subtree; KeyError for one that lies within what is known only as a whole."""
        found = self._nodes.get((level, number))
        if found is None:
            if level == 0:
                raise KeyError((level, number))
            found = node_hash(self.node(level - 1, 2 * number), self.node(level - 1, 2 * number + 1))
            self._nodes[level, number] = found
        return found

    @property
    def known(self) -> bytes:
        """The peaks of the grown tree."""
        return b"".join(self.node(*at) for at in peaks(self.size))

    @property
    def root(self) -> bytes:
        return root(self.size, self.node)

    def completed(self, height: int) -> Iterator[tuple[int, int, bytes]]:
        """(level, number, hash) of the subtrees that these leaves completed, of levels height, 2 * height and so on."""
        level = height
        while self.size >> level:
            for number in range(self.before >> level, self.size >> level):
                yield level, number, self.node(level, number)
            level += height


def _split(size: int) -> int:
    """The largest power of two smaller than the size."""
    return 1 << (size - 1).bit_length() - 1


def _over(start: int, end: int, node: Node) -> bytes:
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(size)
    return node_hash(_over(start, middle, node), _over(middle, end, node))

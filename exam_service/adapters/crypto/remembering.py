"""Canonical forms that are known by heart."""

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

from exam_service.core.recent import Recent


class Remembering:
    """`hash_data`, of which the last few thousand are known by heart: the same documents have the same form for ever.

    For a page that many look at; the general canonicaliser takes longer than all the rest of it.
    """

    def __init__(self, hash_data: Callable[[dict[str, Any], dict[str, Any]], bytes], most: int = 4_096) -> None:
        self._hash_data = hash_data
        self._known: Recent[bytes, bytes] = Recent(most)

    def __call__(self, document: dict[str, Any], proof_config: dict[str, Any]) -> bytes:
        """Raises as `hash_data` does, each time anew."""
        # Written out by one writer, two documents that are read differently are different bytes.
        same = hashlib.sha256(msgspec.json.encode((document, proof_config))).digest()
        found = self._known.get(same)
        if found is None:
            found = self._hash_data(document, proof_config)
            self._known.put(same, found)
        return found

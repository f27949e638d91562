"""The port `AnyCanonical`: documents of any shape, a few at a time and never on the loop."""

import asyncio
import hashlib
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from exam_service.adapters.crypto.contexts import PINNED

if TYPE_CHECKING:
    from exam_service.adapters.crypto.open_document import OpenDocument

TOGETHER = 2
"""So many at a time in one process; others wait for their turn."""


class AnyDocument:
    """The port `AnyCanonical` over the bundled contexts. It is made when first used, in a thread of its own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._di: OpenDocument | None = None
        self._making = Lock()
        self._places = asyncio.Semaphore(TOGETHER)

    async def hash_data(self, document: dict[str, Any], proof_config: dict[str, Any]) -> bytes:
        async with self._places:
            return await asyncio.to_thread(self._hash, document, proof_config)

    def digest(self, address: str, algorithm: str) -> bytes | None:
        if address not in PINNED or algorithm not in ("sha256", "sha384", "sha512"):
            return None
        return hashlib.new(algorithm, (self._directory / PINNED[address][0]).read_bytes()).digest()

    def _hash(self, document: dict[str, Any], proof_config: dict[str, Any]) -> bytes:
        with self._making:
            if self._di is None:
                # With the JSON-LD library, which a process that is never asked for this does not load.
                from exam_service.adapters.crypto.open_document import OpenDocument

                self._di = OpenDocument(self._directory)
        return self._di.hash_data(document, proof_config)

"""Data Integrity proofs, cryptosuite eddsa-rdfc-2022 (W3C Data Integrity EdDSA Cryptosuites v1.0, section 3.2).

What is signed is SHA-256 of the canonical proof options followed by SHA-256 of the canonical document, canonical by
RDFC-1.0. Contexts come from the bundle only. As in the specification's advice, what JSON-LD would silently drop is an
error: it would be shown but not signed.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from pyld import ContextResolver
from pyld.jsonld import JsonLdError, JsonLdProcessor

from exam_service.adapters.crypto.contexts import UnknownContext, load

MAX_OBJECTS = 200
"""RDFC-1.0 can take exponential time on many alike nameless nodes; a credential has about ten objects."""


_NOWHERE = "https://relative.invalid/"
"""Names that are not absolute are put under this base, and so found; without a base PyLD takes one of its own."""


_NEVER_IN_A_NAME = re.compile(r'[\x00-\x20<>"{}|\\^`]')


class CannotCanonicalise(ValueError):
    """A document that has no safe canonical form; the text says why."""


class DataIntegrity:
    """Canonicalises documents for eddsa-rdfc-2022 with the bundled contexts.

    `extra` adds contexts by address; only tests with foreign vectors need it.
    """

    _in_chains = False
    """Whether a document may be hashed with proofs in it: those that the proof to be made or checked names."""

    def __init__(self, directory: Path, extra: Mapping[str, dict[str, Any]] | None = None) -> None:
        self._contexts = {**load(directory), **(extra or {})}
        # Resolved contexts are kept per instance, so that no other user of the library can put one of its own in.
        # A plain dict is enough: only what the bundled files hold can come in. With it a credential takes 6 ms, without
        # it 25.
        self._resolver = ContextResolver({}, self._document)
        # PyLD changes what it has cached while it works.
        self._lock = Lock()

    def hash_data(self, document: Mapping[str, Any], proof_config: Mapping[str, Any]) -> bytes:
        """The 64 bytes to be signed for the document (no `proof`) under these proof options (no `proofValue`).

        CannotCanonicalise for a context that is not bundled, a context inside the document, dropped members or proof
        options that do not fit the document.
        """
        if ("proof" in document and not self._in_chains) or "proofValue" in proof_config:
            raise CannotCanonicalise("give the document without `proof`, and the proof without `proofValue`")
        if proof_config.get("type") != "DataIntegrityProof" or proof_config.get("cryptosuite") != "eddsa-rdfc-2022":
            raise CannotCanonicalise("the proof is no eddsa-rdfc-2022 proof")
        context = document.get("@context")
        if proof_config.get("@context", context) != context:
            raise CannotCanonicalise("the proof's @context differs from the document's")
        options = {**proof_config, "@context": context}
        hashes = (hashlib.sha256(self.canonical(part).encode()).digest() for part in (options, document))
        return b"".join(hashes)

    def canonical(self, document: Mapping[str, Any]) -> str:
        """The canonical N-Quads of a document (RDFC-1.0); CannotCanonicalise as above."""
        self._screen(document)
        dropped: list[str] = []
        processor = JsonLdProcessor(on_property_dropped=lambda name: dropped.append(str(name)))
        options = {**self.options(), "contextResolver": self._resolver}
        try:
            with self._lock:
                # Expanded here and not inside `normalize`, so that relative names are seen before they vanish.
                expanded = processor.expand(dict(document), dict(options))
                require_whole(expanded)
                quads = processor.normalize(
                    expanded, {**options, "algorithm": "URDNA2015", "format": "application/n-quads"}
                )
        except JsonLdError as error:
            raise CannotCanonicalise(innermost(error)) from error
        except (UnknownContext, TypeError, KeyError, RecursionError, AttributeError) as error:
            raise CannotCanonicalise(str(error)) from error
        if dropped:
            raise CannotCanonicalise(f"the contexts do not define: {', '.join(sorted(set(dropped)))}")
        return str(quads)

    def options(self) -> dict[str, Any]:
        """What PyLD is told: contexts come from the bundle, and names are never relative to anything."""
        return {"documentLoader": self._document, "base": _NOWHERE}

    def _document(self, address: str, _options: object = None) -> dict[str, Any]:
        if address not in self._contexts:
            raise UnknownContext(f"the context {address} is not bundled, and none is ever fetched")
        return {
            "contentType": "application/ld+json",
            "contextUrl": None,
            "documentUrl": address,
            "document": self._contexts[address],
        }

    def _screen(self, document: Mapping[str, Any]) -> None:
        """No context but the ones named at the top, and no more objects than a credential has."""
        context = document.get("@context")
        names = context if isinstance(context, list) else [context]
        if not names or not all(isinstance(name, str) for name in names):
            raise CannotCanonicalise(
                "`@context` must be a list of addresses; definitions inside the document are refused"
            )
        for name in names:
            if name not in self._contexts:
                raise CannotCanonicalise(f"the context {name} is not bundled, and none is ever fetched")
        count, left = 0, [value for key, value in document.items() if key != "@context"]
        while left:
            value = left.pop()
            if isinstance(value, dict):
                count += 1
                if any(key.startswith("@") for key in value):
                    raise CannotCanonicalise("JSON-LD keywords inside the document are refused")
                left.extend(value.values())
            elif isinstance(value, list):
                left.extend(value)
        if count > MAX_OBJECTS:
            raise CannotCanonicalise(f"more than {MAX_OBJECTS} objects")


def require_whole(expanded: Any) -> None:
    """Every name is an absolute address: a relative one means another thing at every place it is read."""
    left = [expanded]
    while left:
        value = left.pop()
        if isinstance(value, list):
            left.extend(value)
        elif isinstance(value, dict):
            names = [value["@id"]] if "@id" in value else []
            names += value["@type"] if isinstance(value.get("@type"), list) else []
            for name in map(str, names):
                if name.startswith(_NOWHERE) or ":" not in name or _NEVER_IN_A_NAME.search(name):
                    raise CannotCanonicalise(f"`{name.removeprefix(_NOWHERE)}` is no absolute address")
            left.extend(value.values())


def innermost(error: JsonLdError) -> str:
    cause: BaseException = error
    while cause.__cause__ is not None or getattr(cause, "cause", None) is not None:
        cause = cause.__cause__ or cause.cause  # type: ignore[attr-defined]
    return str(cause) or type(cause).__name__

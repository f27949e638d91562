"""Canonical forms of documents of any shape. Whoever wrote them may have meant harm.

What our certificates' canonicaliser refuses and W3C's data model allows is let in here, and no more: definitions of
terms inside the document, language values, and the credentials inside of a presentation with contexts of their own.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pyld import ContextResolver
from pyld.jsonld import JsonLdError, JsonLdProcessor

from exam_service.adapters.crypto.bounded import Bounded, TooMuchWork
from exam_service.adapters.crypto.contexts import UnknownContext
from exam_service.adapters.crypto.data_integrity import (
    MAX_OBJECTS,
    CannotCanonicalise,
    DataIntegrity,
    innermost,
    require_whole,
)

MAX_DEPTH = 24
MAX_TERMS = 100
"""Definitions of terms in one document."""
MAX_LITERALS = 500
"""Canonical forms of many take a time that grows with their square."""

_CONTAINERS = ("@set", "@list", "@language")
_OWN_KEYWORDS: dict[str, Callable[[object], bool]] = {
    "@protected": lambda value: isinstance(value, bool),
    "@version": lambda value: value == 1.1,
    "@vocab": lambda value: isinstance(value, str) and ":" in value,
}
_VALUE_KEYWORDS = {"@value", "@language", "@direction", "@type"}


class OpenDocument(DataIntegrity):
    """As for our certificates, for documents of any shape."""

    _in_chains = True

    def canonical(self, document: Mapping[str, Any]) -> str:
        self._screen(document)
        document = _unwrapped(document)
        dropped: list[str] = []
        processor = JsonLdProcessor(on_property_dropped=lambda name: dropped.append(str(name)))
        # A resolver for each document: what it keeps of definitions inside of one is gone with it, and no two threads
        # share what PyLD changes while it works.
        options = {**self.options(), "contextResolver": ContextResolver({}, self._document)}
        try:
            expanded = processor.expand(dict(document), dict(options))
            require_whole(expanded)
            # Directions of language values are signed too, as other programs' eddsa-rdfc-2022 has them.
            dataset = processor.to_rdf(expanded, {**options, "rdfDirection": "i18n-datatype"})
            quads = Bounded().main(dataset, {"algorithm": "URDNA2015", "format": "application/n-quads"})
        except JsonLdError as error:
            raise CannotCanonicalise(innermost(error).partition("\n")[0].strip("(),'")) from error
        except TooMuchWork as error:
            raise CannotCanonicalise(str(error)) from error
        except (UnknownContext, TypeError, KeyError, AttributeError, RecursionError, ValueError) as error:
            raise CannotCanonicalise(str(error)) from error
        if dropped:
            raise CannotCanonicalise(f"the contexts do not define: {', '.join(sorted(set(dropped)))}")
        return str(quads)

    def _screen(self, document: Mapping[str, Any]) -> None:
        counted = {"objects": 0, "literals": 0, "terms": 0}
        for kind, value in self._parts(document, 0, True):
            counted[kind] += value
            for name, most in (("objects", MAX_OBJECTS), ("literals", MAX_LITERALS), ("terms", MAX_TERMS)):
                if counted[name] > most:
                    raise CannotCanonicalise(f"more than {most} {name}")

    def _parts(self, value: Any, depth: int, whole: bool) -> Iterator[tuple[str, int]]:
        """How much there is of each; refuses what is not let in. `whole` may have contexts of its own."""
        if depth > MAX_DEPTH:
            raise CannotCanonicalise(f"nested more than {MAX_DEPTH} deep")
        if isinstance(value, list):
            for one in value:
                yield from self._parts(one, depth + 1, whole)
        elif isinstance(value, dict):
            yield "objects", 1
            if "@value" in value:
                _check_value(value)
                return
            for name, one in value.items():
                if name == "@context" and whole:
                    yield "terms", self._check_contexts(one)
                elif name.startswith("@"):
                    raise CannotCanonicalise(f"the keyword {name} inside the document is refused")
                else:
                    yield from self._parts(one, depth + 1, whole and name == "verifiableCredential")
        else:
            yield "literals", 1
            if value is None:
                raise CannotCanonicalise("null is shown and not signed, so it is refused")
            _check_number(value)
            if isinstance(value, str) and value.startswith("_:"):
                raise CannotCanonicalise("names of nameless nodes are refused")

    def _check_contexts(self, context: Any) -> int:
        terms = 0
        for one in context if isinstance(context, list) else [context]:
            if isinstance(one, str):
                if one not in self._contexts:
                    raise CannotCanonicalise(f"the context {one} is not bundled, and none is ever fetched")
            elif isinstance(one, dict):
                terms += sum(_check_definition(str(name), value) for name, value in _inside(one).items())
            else:
                raise CannotCanonicalise("`@context` must be addresses or objects")
        return terms


def _inside(context: dict[str, Any]) -> dict[str, Any]:
    """What a context wrapped as `{"@context": {…}}` holds: W3C's suites write such, Digital Bazaar's library reads it
    so, and PyLD does not.
    """
    inner = context.get("@context")
    return inner if isinstance(inner, dict) and len(context) == 1 else context


def _unwrapped(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same document without such wrappings, in it and in the credentials inside of it."""
    made = dict(document)
    if isinstance(made.get("@context"), list):
        made["@context"] = [_inside(one) if isinstance(one, dict) else one for one in made["@context"]]
    inside = made.get("verifiableCredential")
    if isinstance(inside, dict):
        made["verifiableCredential"] = _unwrapped(inside)
    elif isinstance(inside, list):
        made["verifiableCredential"] = [_unwrapped(one) if isinstance(one, dict) else one for one in inside]
    return made


def _check_number(value: Any) -> None:
    """Numbers that JSON readers take for different ones are refused: 12.0 is another literal in Python than in
    JavaScript, and past 2^53 whole numbers run into each other.
    """
    if isinstance(value, float) and (not math.isfinite(value) or value.is_integer()):
        raise CannotCanonicalise(f"the number {value} must be written as a whole number, or as a text")
    if isinstance(value, int) and abs(value) >= 1 << 53:
        raise CannotCanonicalise("a number past 2^53 must be written as a text")


def _check_value(value: Mapping[str, Any]) -> None:
    if not value.keys() <= _VALUE_KEYWORDS or not isinstance(value["@value"], str | bool | int | float):
        raise CannotCanonicalise("a value object has `@value` and `@language`, `@direction` or `@type`, nothing else")
    _check_number(value["@value"])


def _check_definition(name: str, value: Any) -> int:
    """A definition without contexts of its own, inverse terms or imports: what an extension of a credential needs."""
    if name.startswith("@"):
        if name not in _OWN_KEYWORDS or not _OWN_KEYWORDS[name](value):
            raise CannotCanonicalise(f"the keyword {name} in a context inside the document is refused")
        return 0
    parts = value if isinstance(value, dict) else {"@id": value}
    good = parts.keys() <= {"@id", "@type", "@container", "@protected"} and all(
        isinstance(one, bool) if part == "@protected" else isinstance(one, str) for part, one in parts.items()
    )
    if not good or parts.get("@container", "@set") not in _CONTAINERS or parts.get("@type") == "@json":
        raise CannotCanonicalise(f"the definition of `{name}` inside the document is refused")
    if str(parts.get("@id", "")).startswith("_:"):
        raise CannotCanonicalise(f"`{name}` is defined as a nameless node")
    return 1

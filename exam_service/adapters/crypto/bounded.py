"""RDFC-1.0 with a bound on its work: a small document can be made to take longer than the world lasts.

Nameless nodes that look alike are told apart by trying their orders, of which ten have three million. The bound counts
tries and not seconds, so that a document is refused on every machine or on none.
"""

from collections.abc import Callable
from typing import Any

from pyld.canon import URDNA2015
from pyld.identifier_issuer import IdentifierIssuer

MOST_TRIES = 4_000
"""An honest credential takes none or a few; so many take some tenths of a second."""


class TooMuchWork(ValueError):
    """The document would take more tries than any honest one."""


class Bounded(URDNA2015):  # type: ignore[misc]
    """One canonicalisation. TooMuchWork when it has tried too often."""

    def __init__(self, most: int = MOST_TRIES) -> None:
        super().__init__()
        self._left = most

    def hash_n_degree_quads(self, id_: str, issuer: Any) -> Any:
        """Each order that is tried begins with a copy of the issuer, and there it is counted."""
        self._spend()
        counted = issuer if isinstance(issuer, _Counted) else _Counted.of(issuer, self._spend)
        return super().hash_n_degree_quads(id_, counted)

    def _spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise TooMuchWork("it has too many nameless objects that look alike")


class _Counted(IdentifierIssuer):  # type: ignore[misc]
    """An issuer of temporary names that tells when it is copied."""

    spend: Callable[[], None]

    @classmethod
    def of(cls, issuer: IdentifierIssuer, spend: Callable[[], None]) -> "_Counted":
        made = cls(issuer.prefix)
        made.counter, made.existing, made.order = issuer.counter, dict(issuer.existing), list(issuer.order)
        made.spend = spend
        return made

    def __deepcopy__(self, _memo: object) -> "_Counted":
        self.spend()
        return _Counted.of(self, self.spend)

"""Verify pages that very many look at in one moment: judged some times a second, and shown to the others as they were.

A certificate that a minister shows on television must not be judged ten thousand times a second. Whoever looks at one
that few look at, and that is nearly everybody, gets a verdict of this moment.
"""

import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from litestar import Request, Response
from litestar.response.base import ASGIResponse

from exam_service.core.recent import Recent
from exam_service.web.security import with_security

SECONDS = 1.0
"""How old a page may be that is shown as it was."""
JUDGED = 8
"""How often within those seconds one is judged before what was found is shown to others."""


P = TypeVar("P")


class Ready(Response[bytes]):
    """A response that was made ready for sending once, and is sent to many."""

    def __init__(self, response: Response[bytes], request: Request[Any, Any, Any]) -> None:
        # Nothing else of a response is asked for any more.
        self._ready = response.to_asgi_response(None, request)
        self.body = self._ready.body
        self.pairs = with_security(self._ready.encode_headers())
        """Its headers, as they are sent."""

    def to_asgi_response(self, *_given: Any, **_more: Any) -> ASGIResponse:
        return self._ready


def variant(language: str, *, chosen: bool, packed: bool) -> str:
    """What makes one page of a certificate another: a language that was chosen comes with a cookie."""
    return f"{language} {chosen} {packed}"


class KeptPages(Generic[P]):
    """The pages of this process, by what makes them different."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = 512) -> None:
        self._clock = clock
        self._pages: Recent[tuple[str, str], _Kept[P]] = Recent(most)

    def get(self, certificate: str, form: str) -> P | None:
        """The page in that language and coding, if it was judged often enough in this second."""
        kept = self._pages.get((certificate, form))
        if kept is None or kept.times < JUDGED or self._clock() - kept.since >= SECONDS:
            return None
        return kept.page

    def put(self, certificate: str, form: str, page: P, judged_at: float) -> None:
        """Keep a page that was judged at that moment of `now`."""
        kept = self._pages.get((certificate, form))
        if kept is None or judged_at - kept.since >= SECONDS:
            self._pages.put((certificate, form), _Kept(judged_at, page))
        else:
            # What is shown is never older than its second, whichever of several views ends last.
            kept.times += 1

    def now(self) -> float:
        """The moment, before anything is looked up for a page."""
        return self._clock()


class _Kept(Generic[P]):
    __slots__ = ("page", "since", "times")

    def __init__(self, since: float, page: P) -> None:
        self.since = since
        self.page = page
        self.times = 1

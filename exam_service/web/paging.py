"""Long lists in pages: `?after=` says where to go on, `next` is what to give it."""

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

import msgspec
from litestar.params import QueryParameter

V = TypeVar("V")
R = TypeVar("R")

After = Annotated[str | None, QueryParameter(description="The `next` of the page before; missing for the first page.")]
Limit = Annotated[int, QueryParameter(ge=1, le=500, description="How many items a page has at most.")]


class Page(msgspec.Struct, Generic[V], frozen=True, kw_only=True):
    """Some items of a list, and where the next ones begin; null at the end."""

    items: Sequence[V]
    next: str | None


def page_of(found: Sequence[R], limit: int, view: Callable[[R], V], cursor: Callable[[R], str]) -> Page[V]:
    """A page of what was found when one more than `limit` was asked for."""
    shown = found[:limit]
    return Page(items=[view(one) for one in shown], next=cursor(shown[-1]) if len(found) > limit else None)

"""Two who add the same thing at the same moment: the second one finds what the first has added."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from exam_service.core.errors import AlreadyExists

T = TypeVar("T")

_TRIES = 5


async def again(work: Callable[[], Awaitable[T]]) -> T:
    """Do the work, a whole transaction that looks before it adds; anew when somebody added the same in between."""
    for _ in range(_TRIES - 1):
        try:
            return await work()
        except AlreadyExists:
            # Rolled back. What was added meanwhile is committed, so looking now finds it.
            continue
    return await work()

"""The queues of a process: one for each kind of write that is done in groups, made when it is first needed."""

from collections.abc import Callable, Iterator
from typing import Any

from exam_service.services.group_commit import GroupCommit


class Queues:
    """Named group commits. A name stands for one kind of item and one kind of answer."""

    def __init__(self) -> None:
        self._made: dict[str, GroupCommit[Any, Any]] = {}

    def of(self, name: str, make: Callable[[], GroupCommit[Any, Any]]) -> GroupCommit[Any, Any]:
        """The queue of that name."""
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = make()
        return found

    def __iter__(self) -> Iterator[tuple[str, GroupCommit[Any, Any]]]:
        """Each with its name, for who watches how long they are."""
        return iter(list(self._made.items()))

    async def close(self) -> None:
        """Write what waits in any of them."""
        for _, queue in self:
            await queue.close()

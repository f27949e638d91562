"""Work that goes on after its answer was sent, in this process, and is waited for when the service stops."""

import asyncio
import logging
from collections.abc import Coroutine

log = logging.getLogger(__name__)


class Background:
    """Named tasks; a name runs once at a time."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, work: Coroutine[object, object, None]) -> None:
        """Begin the work, unless work of that name is running."""
        if name in self._tasks:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks[name] = task
        task.add_done_callback(self._over)

    def runs(self, name: str) -> bool:
        return name in self._tasks

    async def idle(self) -> None:
        """Return when nothing is running any more."""
        while self._tasks:
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
            # The callbacks that forget finished tasks run in the loop's next round.
            await asyncio.sleep(0)

    async def close(self) -> None:
        """Stop what runs; a chunk that is being written is rolled back by its transaction."""
        for task in list(self._tasks.values()):
            task.cancel()
        await self.idle()

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task.get_name(), None)
        if not task.cancelled() and task.exception() is not None:
            log.error("background work `%s` failed", task.get_name(), exc_info=task.exception())

"""Run a coroutine from ordinary code, also where an event loop is already running."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def run_apart(run: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Return what `run()` returns, awaited in an event loop of its own in a thread of its own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(run())).result()

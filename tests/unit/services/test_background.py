import asyncio
import logging

import pytest

from exam_service.services.background import Background


async def test_work_of_one_name_runs_once_at_a_time() -> None:
    background, gate, done = Background(), asyncio.Event(), list[str]()

    async def work(name: str) -> None:
        await gate.wait()
        done.append(name)

    background.start("a", work("first"))
    background.start("a", work("second"))
    background.start("b", work("other"))
    assert background.runs("a")
    gate.set()
    await background.idle()
    assert sorted(done) == ["first", "other"]
    assert not background.runs("a")
    background.start("a", work("third"))
    await background.idle()
    assert done[-1] == "third"


async def test_closing_stops_what_runs() -> None:
    background, stopped = Background(), list[bool]()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            stopped.append(True)
            raise

    background.start("a", work())
    await asyncio.sleep(0)
    await background.close()
    assert stopped == [True]
    assert not background.runs("a")


async def test_a_failure_is_logged_and_stops_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    background = Background()

    async def work() -> None:
        raise ValueError("broken")

    with caplog.at_level(logging.ERROR):
        background.start("a", work())
        await background.idle()
    assert "`a` failed" in caplog.text
    assert not background.runs("a")

"""Told to stop under load: no acknowledged save is lost, every accepted request is answered, and it ends in time."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.operations.crowd import crowd
from tests.support.running import RunningService, running_service
from tests.support.site import EXAM, Site, make_site

NOTICE = 3
LIMIT = 8


@pytest.fixture
async def place(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[Site, RunningService]]:
    told = {"EXAM_DRAIN_SECONDS": str(NOTICE), "EXAM_DRAIN_LIMIT_SECONDS": str(LIMIT)}
    with running_service(database_url, tmp_path, **told) as service:
        site = await make_site(lambda: service.url, database_url, tmp_path)
        yield site, service
        await site.close()


@dataclass
class Watch:
    """What one who asks all the time sees, from before SIGTERM until nobody is there any more."""

    url: str
    readiness: list[tuple[float, int]] = field(default_factory=list)
    starts: list[tuple[float, int, dict[str, Any]]] = field(default_factory=list)
    cut: list[tuple[float, str]] = field(default_factory=list)
    """Requests that were taken and not answered."""
    silence: float = 0.0
    """Seconds from the last answer until nobody was there: long only when this very process was kept from asking."""

    async def look(self, token: str) -> None:
        """Each request has a connection of its own, so that a refused one was never accepted."""
        while True:
            try:
                async with httpx.AsyncClient(timeout=10) as http:
                    ready = await http.get(f"{self.url}/readyz")
                    self.readiness.append((time.monotonic(), ready.status_code))
                    headers = {"Authorization": f"Bearer {token}"}
                    start = await http.post(f"{self.url}/v1/candidate/exams/{EXAM}/attempts", headers=headers)
                    self.starts.append((time.monotonic(), start.status_code, start.json()))
            except httpx.ConnectError:
                self.silence = time.monotonic() - self.starts[-1][0]
                return
            except httpx.TransportError as error:
                self.cut.append((time.monotonic(), type(error).__name__))
            await asyncio.sleep(0.02)


async def test_nothing_that_was_accepted_is_lost(place: tuple[Site, RunningService]) -> None:
    site, service = place
    token = await site.session(await site.enrol("watcher"))
    watch = Watch(service.url)
    async with crowd(site, 8) as people:
        await people.busy()
        looking = asyncio.create_task(watch.look(token))
        await people.busy()
        told_at, saved_before = time.monotonic(), len(people.saves)
        assert service.process is not None
        service.process.popen.terminate()
        await looking
        ended = await asyncio.to_thread(service.process.popen.wait, NOTICE + LIMIT)
        took = time.monotonic() - told_at
        # They knock until somebody is there again: another process, on what the first one left.
        service.begin()
        await asyncio.to_thread(service.wait)
        await people.busy()
    assert ended == 0, service.output
    assert took < NOTICE + LIMIT
    # It goes before its notice is over when nobody has asked for a second.
    assert took > NOTICE - 0.5 or watch.silence > 0.9
    assert len(people.saves) > saved_before

    # Readiness is withdrawn at once, and starts are refused, while saves went on.
    after = [(at - told_at, status) for at, status in watch.readiness if at > told_at + 0.3]
    assert after
    assert {status for _, status in after} == {503}
    refused = [answer for at, status, answer in watch.starts if at > told_at + 0.3 and status == 503]
    assert refused
    assert {answer["code"] for answer in refused} == {"busy"}
    assert not [status for at, status, _ in watch.starts if at > told_at + 0.3 and status != 503]
    # Only who knocks in the very moment in which the port is closed may find that nobody took the request.
    assert len(watch.cut) <= 1, watch.cut
    assert people.takers[0].tally["500 internal-error"] == 0

    for sitting in people.sittings:
        journal = (await site.get(f"/v1/attempts/{sitting.attempt}/journal"))["saves"]
        found = {(save["epoch"], save["seq"]): save["digest"] for save in journal}
        for one in sitting.acknowledged:
            assert found[one.epoch, one.seq] == one.digest.hex()


async def test_an_idle_one_stops_at_once(place: tuple[Site, RunningService]) -> None:
    service = place[1]
    await asyncio.sleep(1.2)
    assert await asyncio.to_thread(service.stop) == 0
    told, closed = (service.output.index(words) for words in ("told to stop", "closing the port"))
    assert seconds_between(service.output, told, closed) < 1


async def test_a_second_signal_does_not_wait(place: tuple[Site, RunningService]) -> None:
    site, service = place
    async with crowd(site, 2) as people:
        await people.busy(1)
        assert service.process is not None
        service.process.popen.terminate()
        await asyncio.to_thread(service.process.wait_until, lambda: "told to stop" in service.output)
        service.process.popen.terminate()
        assert await asyncio.to_thread(service.process.popen.wait, NOTICE + LIMIT) == 0
        service.begin()
        await asyncio.to_thread(service.wait)
    first = service.output.split("Started server process")[1]
    assert "closing the port" not in first, "nobody was waited for"


def seconds_between(log: str, one: int, other: int) -> float:
    """By the clock at the beginning of the lines in which these places are."""
    times = [datetime.fromisoformat(log[log.rfind("\n", 0, at) + 1 :][:23].replace(",", ".")) for at in (one, other)]
    return (times[1] - times[0]).total_seconds()

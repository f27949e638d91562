"""What waits is written together, nobody pays for another, and nobody waits for ever."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pytest

from exam_service.core import errors
from exam_service.services.group_commit import Apart, GroupCommit

A_DAY = Apart(seconds=86_400, enough=3)


class Busy(Exception):
    """There is no room."""


def queue_over(groups: list[list[int]], gate: asyncio.Event | None = None, **more: Any) -> GroupCommit[int, str]:
    async def write(items: Sequence[int]) -> list[str | Exception]:
        groups.append(list(items))
        if gate is not None:
            await gate.wait()
        if -1 in items:
            raise ValueError("one of them")
        return [str(item) for item in items]

    return GroupCommit(write, refuse=Busy, **more)


async def test_what_comes_while_a_group_is_written_is_the_next_group() -> None:
    groups: list[list[int]] = []
    gate = asyncio.Event()
    queue = queue_over(groups, gate)
    first = queue.put(1)
    await asyncio.sleep(0)
    others = [queue.put(n) for n in (2, 3)]
    gate.set()
    assert await asyncio.gather(first, *others) == ["1", "2", "3"]
    assert groups == [[1], [2, 3]]


async def test_those_who_come_again_and_again_are_soon_in_two_halves() -> None:
    groups: list[list[int]] = []
    written = asyncio.Event()

    async def write(items: Sequence[int]) -> list[str | Exception]:
        groups.append(list(items))
        await written.wait()
        written.clear()
        return [str(item) for item in items]

    queue: GroupCommit[int, str] = GroupCommit(write, refuse=Busy, halves=True)

    async def comes_again(number: int) -> None:
        for _ in range(6):
            await queue.put(number)

    # One is a little before the others, who would then all wait behind it.
    all_of_them = [asyncio.create_task(comes_again(0))]
    await steps()
    all_of_them += [asyncio.create_task(comes_again(number)) for number in range(1, 32)]
    while not all(task.done() for task in all_of_them):
        await steps()
        written.set()
        await steps()
    assert [len(group) for group in groups[:10]] == [1] + [16] * 9


async def steps() -> None:
    """Let everybody go on who can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_one_that_cannot_be_written_costs_the_others_nothing() -> None:
    queue = queue_over([])
    answers = await asyncio.gather(*(queue.put(n) for n in (1, -1, 2)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [str, ValueError, str]


async def test_past_the_bound_who_comes_is_told_at_once() -> None:
    queue = queue_over([], most_waiting=2)
    waiting = [queue.put(1), queue.put(2)]
    with pytest.raises(Busy):
        queue.put(3)
    assert await asyncio.gather(*waiting) == ["1", "2"]


async def test_unavailable_is_told_to_all_and_not_tried_one_by_one() -> None:
    tried = 0

    async def away(items: Sequence[int]) -> list[str | Exception]:
        nonlocal tried
        tried += 1
        raise errors.Unavailable

    queue: GroupCommit[int, str] = GroupCommit(away, refuse=Busy)
    answers = await asyncio.gather(*(queue.put(n) for n in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [errors.Unavailable] * 3
    assert tried == 1


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("apart", [None, A_DAY], ids=["at once", "gathering"])
async def test_when_the_writer_is_cancelled_nobody_waits_for_ever(begun: bool, apart: Apart | None) -> None:
    queue = queue_over([], asyncio.Event(), apart=apart)
    queue._began = time.monotonic()
    waiting = [queue.put(1)]
    if begun:
        await asyncio.sleep(0)
        waiting.append(queue.put(2))
    for writer in tuple(queue._writers):
        writer.cancel()
    async with asyncio.timeout(5):
        await queue.close()
        answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(answer) for answer in answers] == [Busy] * len(waiting)


@pytest.mark.parametrize("lanes", [1, 2])
async def test_a_group_waits_for_enough_of_them_but_nobody_alone_does(lanes: int) -> None:
    groups: list[list[int]] = []
    queue = queue_over(groups, apart=A_DAY, lanes=lanes)
    async with asyncio.timeout(5):
        assert await queue.put(1) == "1"
        waiting = [queue.put(2), queue.put(3)]
        await steps()
        assert groups == [[1]]
        assert await asyncio.gather(*waiting, queue.put(4)) == ["2", "3", "4"]
    assert groups == [[1], [2, 3, 4]]


async def test_a_group_does_not_wait_longer_than_it_may() -> None:
    queue = queue_over([], apart=Apart(seconds=0.01, enough=3))
    async with asyncio.timeout(5):
        assert [await queue.put(n) for n in range(3)] == ["0", "1", "2"]


async def test_who_stops_does_not_wait_for_more() -> None:
    groups: list[list[int]] = []
    queue = queue_over(groups, apart=A_DAY)
    await queue.put(1)
    waiting = queue.put(2)
    await steps()
    async with asyncio.timeout(5):
        await queue.close()
        assert await waiting == "2"
    assert groups == [[1], [2]]

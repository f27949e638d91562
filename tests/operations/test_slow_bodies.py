"""Who sends slowly keeps nobody from anything, and is told so in the end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exam_service.web.arriving import BEGINNING
from exam_service.web.kinds import BOUNDS, SUBMIT
from tests.support.by_hand import Desk, answered, chunked, desk_of

IN_CHUNKS = "Transfer-Encoding: chunked"
NEVER_ENDING = b"%x\r\n" % 1000


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of(tmp_path, EXAM_BODY_SECONDS="4") as there:
        yield there


@pytest.mark.parametrize(
    "head, begun",
    [("Content-Length: 1000", b'{"epoch":'), (IN_CHUNKS, NEVER_ENDING + b'{"epoch":'), (IN_CHUNKS, b"")],
)
async def test_bodies_that_never_end_take_nobodys_place(desk: Desk, head: str, begun: bytes) -> None:
    path = f"attempts/{desk.sitting.attempt}/submit"
    async with contextlib.AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(desk.line()) for _ in range(2 * BOUNDS[SUBMIT].together)]
        for number, (_, writer) in enumerate(slow):
            # Half of them are nobody.
            writer.write(desk.post(path, begun, head=head, token="nobody" if number % 2 else None))
            await writer.drain()
        submitted, _ = await asyncio.wait_for(desk.one(desk.post(path, b'{"epoch": %d}' % desk.sitting.epoch)), 3.5)
        assert (submitted.status, submitted.body["state"]) == (200, "graded")
        for reader, _ in slow:
            answer = await answered(reader)
            assert (answer.status, answer.body["code"]) == (408, "request-timeout")
            assert answer.headers["connection"] == "close"
            assert await reader.read() == b""


async def test_a_large_body_that_stops_half_way_gives_its_place_back(desk: Desk) -> None:
    content = desk.content().ljust(BEGINNING + 3_000)
    for head in (f"Content-Length: {len(content)}", IN_CHUNKS):
        given = content if head != IN_CHUNKS else chunked(content)
        async with desk.line() as (reader, writer):
            writer.write(desk.save(given, head=head)[:-1_000])
            await writer.drain()
            answer = await answered(reader)
            assert (answer.status, answer.body["code"]) == (408, "request-timeout")
            assert await reader.read() == b""
    saved, _ = await desk.one(desk.save(content))
    assert saved.status == 200


@pytest.mark.parametrize("path, status", [("v1/enrolments/enr_x/launches", 413), ("v1/candidates/search", 401)])
async def test_nothing_is_read_for_who_has_no_key(desk: Desk, path: str, status: int) -> None:
    """Else a handful of them would keep the places of staff and of every LMS."""
    head = f"POST /{path} HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: a\r\nContent-Length: 100000\r\n\r\n"
    async with desk.line() as (reader, writer):
        writer.write(head.encode() + b" " * BEGINNING)
        await writer.drain()
        answer = await asyncio.wait_for(answered(reader), 3.5)
    assert answer.status == status


async def test_who_goes_in_the_middle_of_a_start_has_not_started(desk: Desk) -> None:
    start, save = "exams/post/attempts", desk.save(desk.content())
    async with desk.line() as (reader, writer):
        # Behind another one on its connection it comes by the framework's way.
        writer.write(save + desk.post(start, b"", head="Content-Length: 2"))
        assert (await answered(reader)).status == 200
    await asyncio.sleep(0.3)
    saved, _ = await desk.one(desk.save(desk.content()))
    assert saved.status == 200, "its device session is still the one that writes"


async def test_what_sends_little_may_not_send_much(desk: Desk) -> None:
    path, content = f"attempts/{desk.sitting.attempt}/submit", b" " * (BEGINNING + 1)
    for given, head in ((content, ""), (chunked(content), IN_CHUNKS)):
        answer, _ = await desk.one(desk.post(path, given, head=head))
        assert (answer.status, answer.body["code"]) == (413, "too-large")


async def test_a_slow_line_has_the_longer_the_more_it_has_sent(desk: Desk) -> None:
    content = desk.content().ljust(4_500)
    for request in (desk.save(content), desk.save(chunked(content), head=IN_CHUNKS)):
        head, parts = request[:-4_000], [request[-4_000:-2_000], request[-2_000:]]
        async with desk.line() as (reader, writer):
            for part in (head, *parts):
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(2.3)
            answer = await answered(reader)
            assert answer.status == 200, answer.body


@pytest.mark.parametrize("begun", [b"", b"POST /v1/cand", b"GET /healthz HTTP/1.1\r\nHost: a\r\n"])
async def test_who_never_ends_the_head_of_a_request_loses_the_connection(desk: Desk, begun: bytes) -> None:
    async with desk.line() as (reader, writer):
        writer.write(begun)
        await writer.drain()
        assert await asyncio.wait_for(reader.read(), 8) == b""
    # Also one that had been answered before.
    async with desk.line() as (reader, writer):
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await answered(reader)).status == 200
        writer.write(begun)
        assert await asyncio.wait_for(reader.read(), 12) == b""


async def test_a_long_save_is_taken_and_one_without_end_is_not(desk: Desk) -> None:
    whole = desk.content().ljust(200_000)
    for head in ("", IN_CHUNKS):
        answer, _ = await desk.one(desk.save(chunked(whole) if head else whole, head=head))
        assert (answer.status, answer.body["seq"]) == (200, 1)
    for given, head in ((desk.content().ljust(300_000), ""), (chunked(desk.content().ljust(300_000)), IN_CHUNKS)):
        answer, _ = await desk.one(desk.save(given, head=head))
        assert (answer.status, answer.body["code"]) == (413, "too-large")

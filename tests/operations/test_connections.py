"""The short way through the server answers as the ordinary one does, whatever comes on a connection."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.by_hand import Answer, Desk, answered, chunked, desk_of


def told(answer: Answer, *but: str) -> tuple[int, dict[str, str], dict[str, Any]]:
    """What must be the same for the same request, however it came."""
    own, passing = ("date", "x-request-id", "content-length"), ("request_id", "seconds_left", *but)
    return (
        answer.status,
        {key: value for key, value in answer.headers.items() if key not in own},
        {key: value for key, value in answer.body.items() if key not in passing},
    )


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of(tmp_path) as there:
        yield there


async def test_each_kind_of_answer_is_the_same_both_ways(desk: Desk) -> None:
    same = desk.content(1)
    kinds = {
        "a save": same,
        "another one with its number": desk.content(1, responses={}),
        "no JSON": b'{"epoch":',
        "an item that is not there": desk.content(2, responses={"i99": None}),
        "a field that is not known": desk.content(2, more=1),
        "another device session": desk.content(2, epoch=7),
        "nobody": desk.content(2),
    }
    for name, given in kinds.items():
        token = "nobody.nothing" if name == "nobody" else None
        short, _ = await desk.one(desk.save(given, token=token))
        assert short.status == (200 if name == "a save" else short.body["status"])
        ordinary, _ = await desk.one(desk.save(chunked(given), head="Transfer-Encoding: chunked", token=token))
        assert told(short) == told(ordinary), name


async def test_a_connection_is_kept_or_closed_as_was_asked(desk: Desk) -> None:
    async with desk.line() as (reader, writer):
        for _ in range(3):
            writer.write(desk.save(desk.content()))
            assert (await answered(reader)).status == 200
    answer, closed = await desk.one(desk.save(desk.content(), "Connection: close"))
    assert (answer.status, answer.headers["connection"], closed) == (200, "close", True)
    answer, closed = await desk.one(desk.save(desk.content(), version="1.0"))
    assert (answer.status, closed) == (200, True)
    answer, closed = await desk.one(desk.save(desk.content()))
    assert (answer.status, "connection" in answer.headers, closed) == (200, False, False)


async def test_a_body_may_come_in_pieces_or_be_announced_first(desk: Desk) -> None:
    whole = desk.save(desk.content())
    answer, _ = await desk.one(whole[:40], whole[40:-9], whole[-9:-1], whole[-1:])
    assert answer.status == 200
    content = desk.content()
    answer, _ = await desk.one(desk.save(content, "Expect: 100-continue"))
    assert answer.status == 200


async def test_what_is_sent_behind_a_save_is_answered_after_it(desk: Desk) -> None:
    paper = (
        f"GET /v1/candidate/attempts/{desk.sitting.attempt} HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {desk.taker.token}\r\n\r\n"
    ).encode()
    async with desk.line() as (reader, writer):
        writer.write(desk.save(desk.content(1)) + desk.save(desk.content(2)) + paper + desk.save(desk.content(3)))
        answers = [await answered(reader) for _ in range(4)]
        assert [answer.status for answer in answers] == [200] * 4
        assert [answer.body.get("seq") for answer in answers] == [1, 2, None, 3]
        writer.write(desk.save(desk.content(4)))
        assert (await answered(reader)).body["seq"] == 4


async def test_one_that_is_too_large_or_no_save_goes_the_ordinary_way(desk: Desk) -> None:
    answer, _ = await desk.one(desk.save(desk.content(padding="x" * 70_000)))
    assert (answer.status, answer.body["code"]) == (422, "invalid-input")
    answer, _ = await desk.one(desk.save(b"", head="Content-Length: 3000000"))
    assert answer.status == 413
    answer, _ = await desk.one(desk.save(desk.content()).replace(b"/responses", b"/nothing", 1))
    assert answer.status == 404
    answer, _ = await desk.one(desk.save(desk.content()).replace(b"POST", b"PUT", 1))
    assert answer.status == 405
    answer, _ = await desk.one(desk.save(desk.content()).replace(b"/responses", b"/responses?a=1", 1))
    assert answer.status == 200


async def test_who_leaves_before_the_answer_is_recorded_all_the_same(desk: Desk) -> None:
    content = desk.content(1)
    async with desk.line() as (_, writer):
        writer.write(desk.save(content))
        await writer.drain()
    again, _ = await desk.one(desk.save(content))
    assert again.status == 200
    async with desk.line() as (_, writer):
        writer.write(desk.save(content)[:-4])
        await writer.drain()
    answer, _ = await desk.one(desk.save(desk.content(2)))
    assert answer.status == 200
    assert (await desk.taker.once("GET", f"/attempts/{desk.sitting.attempt}")).status_code == 200


async def test_starts_and_submits_are_answered_the_same_both_ways(desk: Desk) -> None:
    start, submit = "exams/post/attempts", f"attempts/{desk.sitting.attempt}/submit"
    in_chunks = "Transfer-Encoding: chunked"
    ordinary, _ = await desk.one(desk.post(start, chunked(b""), head=in_chunks))
    assert ordinary.status == 201
    assert ordinary.body["attempt"] == desk.sitting.attempt
    epoch, short = ordinary.body["epoch"], ordinary
    for given in (desk.post(start, b"", head=None), desk.post(start, b""), desk.post(start, b"{}")):
        short, closed = await desk.one(given)
        assert told(short, "epoch") == told(ordinary, "epoch")
        epoch += 1
        assert (short.body["epoch"], closed) == (epoch, False)
    for path, content, token in (
        ("exams/nothing/attempts", b"", None),
        (start, b"", "nobody.nothing"),
        (submit, b"{", None),
        (submit, b'{"epoch":0}', None),
        (submit, json.dumps({"epoch": epoch}).encode(), None),
        # Handed in already: the same answer again.
        (submit, json.dumps({"epoch": epoch}).encode(), None),
        (start, b"", None),
    ):
        short, _ = await desk.one(desk.post(path, content, token=token))
        ordinary, _ = await desk.one(desk.post(path, chunked(content), head=in_chunks, token=token))
        if short.status != 201:
            assert told(short) == told(ordinary), (path, content)
    escaped, _ = await desk.one(desk.post("exams/p%6fst/attempts", b""))
    assert (escaped.status, escaped.body["attempt"]) == (201, short.body["attempt"])
    answer, _ = await desk.one(desk.post(submit, b"", head="Content-Length: 3000000"))
    assert answer.status == 413


async def test_somebody_behind_a_start_on_its_connection_waits_for_it(desk: Desk) -> None:
    start, content = desk.post("exams/post/attempts", b"", head=None), desk.content(epoch=desk.sitting.epoch + 1)
    async with desk.line() as (reader, writer):
        writer.write(start + desk.save(content))
        answers = [await answered(reader) for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 200]


async def test_a_websocket_is_answered_as_any_other_request(desk: Desk) -> None:
    upgrade = (
        f"GET /v1/candidate/attempts/{desk.sitting.attempt} HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {desk.taker.token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()
    answer, _ = await desk.one(upgrade)
    assert (answer.status, answer.body["attempt"]) == (200, desk.sitting.attempt)


async def test_a_head_that_never_ends_is_cut_off(desk: Desk) -> None:
    for head in (b"GET /" + b"a" * 100_000, b"GET /healthz HTTP/1.1\r\n" + b"x-more: and more\r\n" * 10_000):
        async with desk.line() as (reader, writer):
            writer.write(head)
            try:
                answer = await asyncio.wait_for(reader.read(), 5)
            except ConnectionResetError:
                # What it still sends meets a closed door, and so may the answer.
                continue
            assert answer.startswith(b"HTTP/1.1 431 "), answer[:100]
    # What is large and ends is nobody's attack, on a kept connection as on a new one.
    async with desk.line() as (reader, writer):
        for _ in range(3):
            writer.write(desk.save(desk.content(), f"X-More: {'a' * 15_000}", f"Cookie: {'b' * 15_000}"))
            await writer.drain()
            assert (await answered(reader)).status == 200

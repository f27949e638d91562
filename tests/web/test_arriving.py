"""A body while it arrives: what was waited for is not lost, and nobody is waited for for ever."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from exam_service.core.errors import RequestTimeout
from exam_service.web.arriving import BEGINNING, Arriving, patient_until

GONE = {"type": "http.disconnect"}


def part(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def sender(messages: Iterable[dict[str, Any]]) -> Callable[[], Any]:
    """A server that hands on these messages, and then waits for the end of the connection."""
    left = iter(messages)

    async def receive() -> Any:
        for message in left:
            return message
        await asyncio.Event().wait()

    return receive


async def test_what_was_waited_for_is_handed_on_and_the_rest_after_it() -> None:
    sent = [part(b"x" * (BEGINNING - 1)), part(b"y"), part(b"z" * 10), part(b"", more=False)]
    body = Arriving(sender(sent), 5)
    await body.begin()
    assert (body.size, body.whole) == (BEGINNING, False)
    assert [await body.receive() for _ in sent] == sent
    assert (body.size, body.whole, body.gone) == (BEGINNING + 10, True, False)


async def test_the_end_of_a_connection_is_waited_for_without_a_limit() -> None:
    """So do the streams of staff: what they send is over at once, and then they listen."""
    body = Arriving(sender([part(b"", more=False)]), 0.05)
    await body.begin()
    await body.receive()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(body.receive(), 0.3)


@pytest.mark.parametrize("sent", [[], [part(b"{")]])
async def test_who_is_silent_in_the_middle_is_refused(sent: list[dict[str, Any]]) -> None:
    with pytest.raises(RequestTimeout) as refused:
        await Arriving(sender(sent), 0.05).begin()
    assert refused.value.facts["bytes"] == len(sent)


async def test_who_goes_in_the_middle_is_told_from_who_has_sent_all() -> None:
    for last, gone in ((GONE, True), (part(b"}", more=False), False)):
        body = Arriving(sender([part(b"{"), last]), 5)
        assert await body.read() == (b"{" if gone else b"{}")
        assert body.gone is gone


def test_patience_grows_with_what_has_come_and_never_outlasts_a_silence() -> None:
    assert patient_until(began=0, heard=0, size=0, patience=20) == 20
    assert patient_until(began=0, heard=15, size=100, patience=20) == 20.2
    assert patient_until(began=0, heard=2, size=BEGINNING, patience=20) == 22
    assert patient_until(began=0, heard=299, size=10**9, patience=20) == 300

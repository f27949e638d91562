"""A certificate that everybody looks at: judged some times a second, and what it says is never older than one."""

from typing import Any

import httpx
import pytest

from exam_service.adapters.crypto.remembering import Remembering
from exam_service.core.certificates.model import RevocationReason
from exam_service.services import verification
from exam_service.web.verify.kept import JUDGED, SECONDS, KeptPages
from exam_service.web.verify.short import KeptShown
from tests.support.certified import ENGLISH, PAGE, Holder, client
from tests.web.verify.test_pages import state_of


class Moment:
    """A clock for tests."""

    at = 100.0

    def __call__(self) -> float:
        return self.at


def judged(pages: KeptPages[bytes], html: bytes, times: int, language: str = "th") -> None:
    for _ in range(times):
        pages.put("A", language, html, pages.now())


def test_only_what_is_looked_at_often_is_shown_as_it_was() -> None:
    clock = Moment()
    pages = KeptPages[bytes](clock)
    judged(pages, b"one", JUDGED - 1)
    assert pages.get("A", "th") is None
    judged(pages, b"one", 1)
    assert pages.get("A", "th") == b"one"
    assert (pages.get("A", "en"), pages.get("B", "th")) == (None, None)


def test_a_page_is_never_shown_when_it_is_older_than_its_second() -> None:
    clock = Moment()
    pages = KeptPages[bytes](clock)
    judged(pages, b"old", JUDGED)
    clock.at += SECONDS - 0.001
    assert pages.get("A", "th") == b"old"
    clock.at += 0.001
    assert pages.get("A", "th") is None
    judged(pages, b"new", JUDGED)
    assert pages.get("A", "th") == b"new"


def test_a_view_that_began_before_and_ends_late_does_not_make_a_page_younger() -> None:
    clock = Moment()
    pages = KeptPages[bytes](clock)
    slow = pages.now()
    clock.at += 5
    judged(pages, b"new", JUDGED)
    for _ in range(JUDGED):
        pages.put("A", "th", b"of five seconds ago", slow)
    assert pages.get("A", "th") == b"new"


async def test_a_crowd_is_shown_what_a_few_of_them_were_judged_and_soon_that_it_was_revoked(
    certified: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, looked, by_id = Moment(), 0, verification.by_id

    async def counted(*given: Any) -> Any:
        nonlocal looked
        looked += 1
        return await by_id(*given)

    monkeypatch.setattr(verification, "by_id", counted)
    monkeypatch.setattr("exam_service.web.app.KeptPages", lambda: KeptPages[bytes](clock))
    async with client(certified.world) as web:

        async def look(headers: dict[str, str] = PAGE) -> str:
            return state_of(await web.get(f"/v/{certified.id}", headers=headers))

        assert [await look() for _ in range(40)] == ["stands"] * 40
        assert looked == JUDGED
        await certified.world.revoke(certified.id, RevocationReason.misconduct, None, "staff")
        assert await look(ENGLISH) == "revoked", "few look at this one"
        told: httpx.Response = await web.get(f"/v/{certified.id}", headers={"Accept": "application/json"})
        assert told.json()["status"] == "revoked", "programs are told of this moment"
        clock.at += SECONDS
        assert [await look() for _ in range(40)] == ["revoked"] * 40


def test_a_canonical_form_is_asked_for_once() -> None:
    asked = []

    def hash_data(document: dict[str, Any], config: dict[str, Any]) -> bytes:
        asked.append((document, config))
        if "bad" in document:
            raise ValueError("no form")
        return repr((document, config)).encode()

    known = Remembering(hash_data)
    for number in (12, 12.0, "12", True, 1, None):
        for _ in range(3):
            assert known({"a": number}, {"b": 1}) == repr(({"a": number}, {"b": 1})).encode()
    assert known({"a": {"b": 1}}, {}) != known({"a": {}}, {"b": 1})
    assert len(asked) == 8
    for _ in range(2):
        with pytest.raises(ValueError, match="no form"):
            known({"bad": 1}, {})
    assert len(asked) == 10


async def test_the_short_way_gives_what_the_long_way_gives(certified: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exam_service.web.app.KeptPages", lambda: KeptPages[bytes](Moment()))
    short, showed = [], KeptShown._show

    async def counted(*given: Any) -> None:
        short.append(given)
        await showed(*given)

    monkeypatch.setattr(KeptShown, "_show", counted)

    def told(answer: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
        return answer.status_code, answer.content, {k: v for k, v in answer.headers.items() if k != "x-request-id"}

    async with client(certified.world, public=JUDGED + 7) as web:
        address = f"/v/{certified.id}"
        first = [await web.get(address, headers=PAGE) for _ in range(JUDGED)]
        assert not short
        again = await web.get(address, headers=PAGE)
        assert len(short) == 1
        assert told(again) == told(first[0])
        assert again.headers["x-request-id"] not in {one.headers["x-request-id"] for one in first}
        named = await web.get(address.lower(), headers=PAGE | {"x-request-id": "request-of-a-proxy"})
        assert (named.headers["x-request-id"], len(short)) == ("request-of-a-proxy", 2)
        for other in (
            await web.get(f"{address}?lang=en", headers=PAGE),
            await web.get(address, headers=PAGE | {"Cookie": "exam_lang=en"}),
            await web.get(address, headers={"Accept": "application/json"}),
            await web.get(address, headers=PAGE | {"Accept-Encoding": "identity"}),
        ):
            assert other.status_code == 200
        assert len(short) == 2, "what is another page goes the long way"
        web.cookies.clear()
        await web.get(address, headers=PAGE)
        refused = await web.get(address, headers=PAGE)
        assert refused.status_code == 429
        assert "text/html" in refused.headers["content-type"]
        assert len(short) == 3

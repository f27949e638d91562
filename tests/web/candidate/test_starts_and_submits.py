"""A start and a submit are answered alike by their way past the router and by the router's handlers."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from exam_service.services.context import Context
from exam_service.web.app import create_app
from exam_service.web.auth import Limits
from exam_service.web.candidate import shortcut
from tests.support.service import PUBLIC_URL, TestClock, World, open_course, service, world


@pytest.fixture
async def w(sqlite_url: str, tmp_path: Path) -> AsyncIterator[World]:
    clock = TestClock()
    async with service(sqlite_url, tmp_path, clock) as ctx:
        yield await world(ctx, clock, course=open_course(attempts={"limit": 2, "cool_down_minutes": 60}))


@pytest.fixture
def client(w: World) -> Callable[[], httpx.AsyncClient]:
    app = create_app(w.ctx, sweeps=False, limits=Limits(candidate=10_000))
    transport = httpx.ASGITransport(app=cast(Any, app), raise_app_exceptions=False)
    return lambda: httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL)


async def in_chunks(content: bytes) -> AsyncIterator[bytes]:
    """A body without a length, which the short way leaves to the router."""
    yield content


def same(one: httpx.Response, other: httpx.Response, *, but: tuple[str, ...] = ()) -> None:
    own = ("x-request-id", "content-length")
    assert one.status_code == other.status_code
    assert {k: v for k, v in one.headers.items() if k not in own} == {
        k: v for k, v in other.headers.items() if k not in own
    }
    left, right = one.json(), other.json()
    for field in (*but, "instance", "request_id"):
        left.pop(field, None), right.pop(field, None)
    assert left == right


async def test_answers_and_refusals_are_alike(
    w: World, client: Callable[[], httpx.AsyncClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    went: list[str] = []
    original = shortcut.Shortcut.answer

    async def noted(self: Any, *asked: Any) -> Any:
        went.append(self.kind)
        return await original(self, *asked)

    monkeypatch.setattr(shortcut.Shortcut, "answer", noted)
    token = {"authorization": f"Bearer {await w.session()}"}
    start = "/v1/candidate/exams/post/attempts"
    async with client() as http:
        first = await http.post(start, headers=token)
        assert first.status_code == 201
        second = await http.post(start, headers=token, content=in_chunks(b""))
        assert second.json()["epoch"] == first.json()["epoch"] + 1
        same(first, second, but=("epoch",))
        for exam in ("nothing", "p%00st"):
            refused = f"/v1/candidate/exams/{exam}/attempts"
            chunked = await http.post(refused, headers=token, content=in_chunks(b""))
            same(await http.post(refused, headers=token), chunked)
        same(await http.post(start), await http.post(start, content=in_chunks(b"")))
        submit = f"/v1/candidate/attempts/{first.json()['attempt']}/submit"
        for body in (b"", b"{", b'{"epoch":0,"more":1}', b'{"epoch":1}', b'{"epoch":2}'):
            same(
                await http.post(submit, headers=token, content=body),
                await http.post(submit, headers=token, content=in_chunks(body)),
            )
        assert (await http.post(submit, headers=token, json={"epoch": 2})).json()["state"] == "graded"
        same(await http.post(start, headers=token), await http.post(start, headers=token, content=in_chunks(b"")))
        foreign = {"cookie": token["authorization"].replace("Bearer ", "exam_session="), "sec-fetch-site": "cross-site"}
        same(await http.post(start, headers=foreign), await http.post(start, headers=foreign, content=in_chunks(b"")))
    assert went.count("start") == 5
    assert went.count("submit") == 6


async def test_a_fault_of_ours_is_answered_as_one(
    w: World, client: Callable[[], httpx.AsyncClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(ctx: Context, org: str, enrolment: str, exam: str) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr("exam_service.services.starting.start", broken)
    async with client() as http:
        answer = await http.post(
            "/v1/candidate/exams/post/attempts", headers={"authorization": f"Bearer {await w.session()}"}
        )
    assert answer.status_code == 500
    assert "secret" not in answer.text

"""The `type` of every problem document leads to a page that says what the code means."""

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import httpx
import pytest

from exam_service.core.errors import TooManyRequests
from exam_service.web.app import create_app
from exam_service.web.auth import Limits
from exam_service.web.problems import HTTP_TEXTS, STATUS
from tests.support.problems import refused
from tests.support.service import PUBLIC_URL, service

CODES = {code: status for status, (code, _) in HTTP_TEXTS.items()} | dict(STATUS)
PAGE = {"Accept": "text/html,application/xhtml+xml", "Accept-Language": "th"}
JSON = {"Accept": "application/json"}


@pytest.fixture
async def web(sqlite_url: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with service(sqlite_url, tmp_path) as ctx:
        app = create_app(ctx, sweeps=False, limits=Limits(public=1))
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as http:
            yield http


async def test_every_code_has_its_page_in_both_languages_and_its_json(web: httpx.AsyncClient) -> None:
    assert len(CODES) > len(STATUS)
    for code, status in CODES.items():
        address = f"{PUBLIC_URL}/problems/{code}"
        found = (await web.get(address, headers=JSON)).json()
        assert (found["type"], found["code"], found["status"]) == (address, code, status)
        for language in ("th", "en"):
            page = await web.get(f"{address}?lang={language}", headers=PAGE)
            assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
            text = unescape(page.text)
            assert f"<h1><code>{code}</code></h1>" in text
            assert f"<p>{found['message'][language]}</p>" in text
            assert f"HTTP {status} " in text
            assert not re.search(r"\{[a-z_]+\}", text)


async def test_the_address_that_a_refusal_gives_answers(web: httpx.AsyncClient) -> None:
    problem = refused(await web.get("/v1/organisation", headers=JSON), 401, "not-authenticated")
    meant = (await web.get(problem["type"], headers=JSON)).json()
    assert (meant["title"], meant["message"]) == (problem["title"], problem["message"])


async def test_what_is_filled_in_stands_as_dots(web: httpx.AsyncClient) -> None:
    found = (await web.get(f"/problems/{TooManyRequests.code}", headers=JSON)).json()
    assert found["message"] == {
        "en": "Too many requests; try again from ….", "th": "มีคำขอมากเกินไป โปรดลองใหม่ตั้งแต่วันที่ …",
    }  # fmt: skip


@pytest.mark.parametrize("code", ["no-such-code", "Not-Found", "<b>x</b>"])
async def test_an_unknown_code_is_not_found_and_not_repeated(web: httpx.AsyncClient, code: str) -> None:
    page = await web.get(f"/problems/{code}", headers=PAGE)
    assert page.status_code == 404
    assert code not in unescape(page.text)
    refused(await web.get(f"/problems/{code}", headers=JSON), 404, "not-found")

"""The way in when a whole school comes at once, from one address."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from exam_service.web.app import create_app
from exam_service.web.auth import Limits
from tests.support.service import PUBLIC_URL, TestClock, World, open_course, service, world


@pytest.fixture
async def school(sqlite_url: str, tmp_path: Path) -> AsyncIterator[tuple[World, httpx.AsyncClient]]:
    clock = TestClock()
    async with service(sqlite_url, tmp_path, clock) as ctx:
        app = create_app(ctx, sweeps=False, limits=Limits(public=3))
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as http:
            yield await world(ctx, clock, course=open_course()), http


async def test_a_class_behind_one_address_comes_in_within_a_minute(school: tuple[World, httpx.AsyncClient]) -> None:
    here, http = school
    for number in range(8):
        token = await here.launch(await here.enrol(f"pupil-{number}"))
        assert (await http.get(f"/l/{token}")).status_code == 200
        http.cookies.clear()
        if number % 2:
            assert (await http.post(f"/l/{token}")).status_code == 303
        else:
            assert (await http.post("/v1/launches/redeem", json={"token": token})).status_code == 200
        http.cookies.clear()


async def test_who_tries_out_links_and_who_repeats_one_is_told_to_wait(school: tuple[World, httpx.AsyncClient]) -> None:
    here, http = school
    token = await here.launch()
    assert [(await http.get(f"/l/{token}")).status_code for _ in range(4)] == [200, 200, 200, 429]
    tried = [(await http.post("/v1/launches/redeem", json={"token": f"{token}{n}"})).status_code for n in range(4)]
    assert tried == [404, 404, 404, 429]
    assert (await http.get(f"/l/{token}x")).status_code == 429


async def test_signing_out_shuts_the_pages_until_the_next_launch(school: tuple[World, httpx.AsyncClient]) -> None:
    here, http = school
    assert (await http.post(f"/l/{await here.launch()}")).status_code == 303
    assert (await http.get("/exam")).status_code == 200
    assert (await http.post("/exam/sign-out", headers={"sec-fetch-site": "cross-site"})).status_code == 401
    assert (await http.get("/exam")).status_code == 200
    gone = await http.post("/exam/sign-out")
    assert (gone.status_code, gone.headers["location"]) == (303, "/exam/signed-out")
    assert {"exam_session", "exam_who"}.isdisjoint(http.cookies)
    assert (await http.get("/exam")).status_code == 401
    page = await http.get("/exam/signed-out", headers={"accept-language": "th"})
    assert (page.status_code, "ออกจากระบบแล้ว" in page.text) == (200, True)

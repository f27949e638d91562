"""What is large goes to phones as gzip, and to who takes none as it is."""

import gzip
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import sqlalchemy as sa

from exam_service.adapters.storage import SqlStore, tables
from exam_service.services.packing import unpack
from exam_service.web.app import create_app
from tests.support.service import PUBLIC_URL, TestClock, World, open_course, service, world
from tests.support.stored import stored_papers

TAKES = ("gzip", "gzip, deflate, br, zstd", "br;q=1.0, GZIP;q=0.8", "deflate, *;q=0.1", "x-gzip", "gzip;q=0.001")
TAKES_NONE = ("identity", "", "br", "gzip;q=0", "*, gzip;q=0.000", "*;q=0", "gzipped", "br;q=0.9, gzip; q=0.0")


@pytest.fixture
async def w(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    clock = TestClock()
    async with service(database_url, tmp_path, clock) as ctx:
        yield await world(ctx, clock, course=open_course())


@pytest.fixture
async def client(w: World) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=cast(Any, create_app(w.ctx, sweeps=False)))
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
        yield client


async def sent(client: httpx.AsyncClient, path: str, takes: str, **headers: str) -> tuple[httpx.Response, bytes]:
    """The answer, and its body as it came over the line."""
    asking = client.build_request("GET", path, headers={"Accept-Encoding": takes, **headers})
    answer = await client.send(asking, stream=True)
    raw = b"".join([chunk async for chunk in answer.aiter_raw()])
    await answer.aclose()
    return answer, raw


async def test_a_paper_is_sent_as_it_is_stored_and_is_the_same_to_all(w: World, client: httpx.AsyncClient) -> None:
    view = await w.start()
    assert isinstance(w.ctx.store, SqlStore)
    ((_, stored),) = (await stored_papers(w.ctx.store)).items()
    plain = gzip.decompress(stored.view)
    path, who = f"/v1/candidate/attempts/{view.attempt}/paper", f"Bearer {await w.session()}"
    for takes in TAKES:
        answer, raw = await sent(client, path, takes, Authorization=who)
        assert answer.headers["content-encoding"] == "gzip", takes
        assert raw == stored.view
        assert answer.headers["content-length"] == str(len(raw))
        assert (answer.headers["vary"], answer.headers["content-type"]) == ("Accept-Encoding", "application/json")
    for takes in TAKES_NONE:
        answer, raw = await sent(client, path, takes, Authorization=who)
        assert "content-encoding" not in answer.headers, takes
        assert raw == plain
        assert (answer.headers["vary"], answer.headers["content-type"]) == ("Accept-Encoding", "application/json")


async def test_a_paper_from_before_they_were_packed_is_sent_and_scored_as_ever(
    w: World, client: httpx.AsyncClient
) -> None:
    view = await w.start()
    assert isinstance(w.ctx.store, SqlStore)
    ((_, stored),) = (await stored_papers(w.ctx.store)).items()
    plain = unpack(stored.view)
    async with w.ctx.store.database.write() as connection:
        await connection.execute(sa.update(tables.paper).values(form=unpack(stored.form), view=plain))
    path, who = f"/v1/candidate/attempts/{view.attempt}/paper", f"Bearer {await w.session()}"
    for takes in ("gzip", "identity"):
        answer, raw = await sent(client, path, takes, Authorization=who)
        assert (answer.headers.get("content-encoding"), raw) == (None, plain)
    await w.save(view, 1, await w.key_of(view))
    await w.submit(view)
    async with w.ctx.store.read(w.org) as tx:
        assert (await tx.results.current([view.attempt]))[view.attempt].percent == 100.0


async def test_files_of_the_pages_are_sent_small(w: World, client: httpx.AsyncClient) -> None:
    page = await client.get("/exam", headers={"Cookie": f"exam_session={await w.session()}"})
    path = next(part for part in page.text.split('"') if part.endswith("/js/home.js"))
    assert path.startswith("/exam/kept/")
    packed, raw = await sent(client, path, "gzip, br")
    plain, whole = await sent(client, path, "identity")
    assert (packed.headers["content-encoding"], packed.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert "immutable" in packed.headers["cache-control"]
    assert zlib.decompress(raw, 31) == whole
    assert "content-encoding" not in plain.headers
    assert len(raw) < len(whole) / 2

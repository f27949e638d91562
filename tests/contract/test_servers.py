"""The servers that tests lean on start, crash, come back and stop."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import pytest
import redis.asyncio
from playwright.async_api import Browser

from tests.support.apart import run_apart
from tests.support.optional import optional
from tests.support.postgres import PostgresServer
from tests.support.process import listening
from tests.support.valkey import ValkeyServer


async def connect(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(url.replace("+asyncpg", ""))


async def test_a_fresh_database_answers_and_is_empty(postgres_database: str) -> None:
    connection = await connect(postgres_database)
    try:
        assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
        assert (await connection.fetchval("SHOW fsync")) == "on"
    finally:
        await connection.close()


async def test_a_database_made_from_a_template_holds_what_the_template_holds(postgres: PostgresServer) -> None:
    built: list[str] = []

    def build(url: str) -> None:
        async def fill() -> None:
            connection = await connect(url)
            await connection.execute("CREATE TABLE fact (id int); INSERT INTO fact VALUES (7)")
            await connection.close()

        built.append(url)
        run_apart(fill)

    first = postgres.fresh_database(postgres.template("facts", build))
    second = postgres.fresh_database(postgres.template("facts", build))
    assert len(built) == 1
    assert len({first, second, *built}) == 3
    for url in (first, second):
        connection = await connect(url)
        assert await connection.fetchval("SELECT id FROM fact") == 7
        await connection.close()
        postgres.drop(url)


async def test_a_migrated_database_is_this_tests_own(database_url: str) -> None:
    from exam_service.adapters.storage.engine import Database
    from exam_service.adapters.storage.migrate import fits

    database = Database(database_url, pool_size=1)
    async with database.write() as connection:
        assert await fits(connection)
    await database.close()


@pytest.mark.parametrize("how", ["crash", "quit"])
async def test_postgres_comes_back_with_what_was_committed(crashable_postgres: PostgresServer, how: str) -> None:
    url = crashable_postgres.fresh_database()
    connection = await connect(url)
    await connection.execute("CREATE TABLE kept (id int)")
    await connection.execute("INSERT INTO kept VALUES (1)")
    (crashable_postgres.crash if how == "crash" else crashable_postgres.quit)()
    # What asyncpg makes of a cut connection depends on which of its bytes arrived last.
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)):
        await connection.fetchval("SELECT 1")
    with pytest.raises((asyncpg.PostgresError, asyncpg.InternalClientError, OSError)):
        await connect(url)
    crashable_postgres.restart()
    connection = await connect(url)
    assert await connection.fetchval("SELECT id FROM kept") == 1
    await connection.close()


async def test_valkey_answers(valkey: ValkeyServer) -> None:
    async with redis.asyncio.Redis.from_url(valkey.url) as client:
        assert await client.ping()


async def test_valkey_comes_back_empty(crashable_valkey: ValkeyServer) -> None:
    async with redis.asyncio.Redis.from_url(crashable_valkey.url) as client:
        await client.set("held", "1")
    crashable_valkey.crash()
    assert not listening(crashable_valkey.port)
    crashable_valkey.restart()
    async with redis.asyncio.Redis.from_url(crashable_valkey.url) as client:
        assert await client.get("held") is None


async def test_the_browser_shows_thai(browser: Browser) -> None:
    page = await browser.new_page(viewport={"width": 360, "height": 740})
    await page.set_content("<html lang=th><title>ใบประกาศ</title><p>ผ่านเกณฑ์</p>")
    assert await page.title() == "ใบประกาศ"
    assert await page.inner_text("p") == "ผ่านเกณฑ์"


def test_nothing_is_left_when_the_test_run_is_killed(repository: Path) -> None:
    if sys.platform != "linux":
        optional("only Linux tells a program that its parent died")
    script = (
        "from tests.support.postgres import postgres_server as p\nfrom tests.support.valkey import valkey_server as v\n"
        "import time\n"
        "with p() as pg, v() as vk:\n"
        "    print(pg.own.pid if pg.own else 0, vk.process.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    run = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=repository, text=True)
    assert run.stdout is not None
    with run, run.stdout:
        pids = [int(pid) for pid in run.stdout.readline().split() if int(pid)]
        run.kill()
    assert pids
    end = time.monotonic() + 10
    while pids and time.monotonic() < end:
        pids = [pid for pid in pids if _running(pid)]
        time.sleep(0.02)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    assert pids == []


def _running(pid: int) -> bool:
    try:
        # A zombie has ended; only nobody has asked for its exit code yet.
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False

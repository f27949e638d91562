"""The documented way for PostgreSQL: pg_dump while it is used, pg_restore, and the service goes on from there."""

import asyncio
import copy
import subprocess
from pathlib import Path

import pytest

from tests.operations.crowd import crowd
from tests.support.optional import optional
from tests.support.postgres import PostgresServer
from tests.support.running import running_service
from tests.support.site import Site, make_site


@pytest.fixture
def programs(crashable_postgres: PostgresServer) -> Path:
    """The folder of pg_dump and pg_restore that belong to the running server."""
    if crashable_postgres.own is None:
        optional("the programs of the PostgreSQL of EXAM_TEST_DATABASE_URL are not known")
    folder = Path(f"/proc/{crashable_postgres.own.pid}/exe").readlink().parent
    if not (folder / "pg_dump").exists():
        optional(f"there is no pg_dump in {folder}")
    return folder


async def test_a_dump_under_load_restores_to_all_that_was_acknowledged_before(
    crashable_postgres: PostgresServer, programs: Path, tmp_path: Path
) -> None:
    url = crashable_postgres.fresh_database().replace("+asyncpg", "")
    dump = tmp_path / "exam.dump"
    with running_service(url, tmp_path) as service:
        site = await make_site(lambda: service.url, url, tmp_path)
        async with crowd(site, 4) as people:
            await people.busy()
            before = [copy.deepcopy(sitting) for sitting in people.sittings]
            await asyncio.to_thread(run, programs / "pg_dump", "--format=custom", f"--file={dump}", url)
            await people.busy(1)
        await site.close()

    other = crashable_postgres.fresh_database().replace("+asyncpg", "")
    run(programs / "pg_restore", "--exit-on-error", "--no-owner", f"--dbname={other}", str(dump))
    with running_service(other, tmp_path) as restored:
        again = Site(lambda: restored.url, site.key)
        assert (await again.get("/readyz"))["ready"] is True
        for sitting in before:
            held = (await again.get(f"/v1/attempts/{sitting.attempt}/journal"))["saves"]
            found = {(save["epoch"], save["seq"]): save["digest"] for save in held}
            for one in sitting.acknowledged:
                assert found[one.epoch, one.seq] == one.digest.hex()
        await again.close()


def run(*words: str | Path) -> None:
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr

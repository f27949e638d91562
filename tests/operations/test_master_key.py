"""With a master key that is not the database's nothing starts, and nothing is sealed with it."""

import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from exam_service import settings
from exam_service.bootstrap import WrongMasterKey, opened
from exam_service.core.certificates.keys import KeyState, kid_of
from exam_service.core.certificates.record import SigningKey
from exam_service.core.text import Text
from exam_service.services import health, keys, organisations
from exam_service.services.context import Context
from tests.operations.test_backup import command

RIGHT, WRONG = "A" * 43, "B" * 43


def given(folder: Path, key: str, **more: str) -> settings.Settings:
    return settings.load({"EXAM_DATA_DIR": str(folder), "EXAM_MASTER_KEY": key} | more)


async def of_service(ctx: Context) -> None:
    await keys.ensure(ctx, keys.SERVICE, "receipts")


async def of_organisation(ctx: Context) -> None:
    made = await organisations.create(ctx, "first", Text(en="First"))
    await keys.ensure(ctx, made.id, "certificates")


def signing_keys(folder: Path) -> list[Any]:
    with sqlite3.connect(folder / "exam.db") as connection:
        return connection.execute("SELECT * FROM signing_key ORDER BY kid").fetchall()


@pytest.mark.parametrize("fill", [of_service, of_organisation])
@pytest.mark.parametrize("more", [{}, {"EXAM_PUBLIC_URL": "https://other.example.org"}])
async def test_another_master_key_is_refused_before_anything_is_done(
    tmp_path: Path, fill: Callable[[Context], Awaitable[None]], more: dict[str, str]
) -> None:
    async with opened(given(tmp_path, RIGHT)) as ctx:
        await fill(ctx)
    before = signing_keys(tmp_path)
    with pytest.raises(WrongMasterKey) as caught:
        async with opened(given(tmp_path, WRONG, **more)):
            pass
    assert caught.value.text.en is not None
    assert "EXAM_MASTER_KEY" in caught.value.text.en
    assert WRONG not in str(caught.value.text)
    assert signing_keys(tmp_path) == before
    async with opened(given(tmp_path, RIGHT, **more)) as ctx:
        assert (await health.Checks(ctx).now()).ready


@pytest.mark.parametrize("words", [["serve"], ["keys", "create"], ["keys", "export"], ["orgs", "list"]])
def test_every_command_that_opens_the_database_refuses_it(tmp_path: Path, words: list[str]) -> None:
    done = command(tmp_path, "keys", "create", EXAM_MASTER_KEY=RIGHT)
    assert done.returncode == 0, done.stderr
    before = signing_keys(tmp_path)
    done = command(tmp_path, *words, EXAM_MASTER_KEY=WRONG)
    assert (done.returncode, "wrong-master-key" in done.stderr) == (2, True), done.stderr
    assert signing_keys(tmp_path) == before


async def test_it_is_not_ready_when_the_key_of_receipts_does_not_open(tmp_path: Path) -> None:
    async with opened(given(tmp_path / "other", WRONG)) as ctx:
        public, sealed = await ctx.signer.create()
    async with opened(given(tmp_path, RIGHT)) as ctx:
        await keys.ensure(ctx, keys.SERVICE, "receipts")
        assert (await health.Checks(ctx).now()).signing
        async with ctx.store.begin(keys.SERVICE) as tx:
            (first,) = await tx.keys.all()
            retired = msgspec.structs.replace(first, state=KeyState.retired, retired_at=ctx.now())
            await tx.keys.put(retired)
            foreign = msgspec.structs.replace(first, kid=kid_of(public), public=public, created_at=ctx.now())
            await tx.keys.add(foreign, SigningKey(kid=foreign.kid, sealed=sealed))
        found = await health.Checks(ctx).now()
        assert (found.signing, found.ready, found.database, found.schema) == (False, False, True, True)

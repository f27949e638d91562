"""P10: a change of a design alters nothing that was issued in it."""

import dataclasses
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exam_service import resources
from exam_service.adapters.printing.typst import TypstDesigns
from exam_service.core.certificates.record import KeptDesign
from exam_service.services import certificate_views, printing
from exam_service.services.context import Context
from tests.support.certified import Holder, another, course, holder
from tests.support.paper import Paper
from tests.support.service import TestClock, service, world


@pytest.fixture
async def held(database_url: str, tmp_path: Path) -> AsyncIterator[Holder]:
    clock = TestClock()
    async with service(database_url, tmp_path, clock) as ctx:
        yield await holder(await world(ctx, clock, course=course(kinds=["certificate", "attestation"])))


async def pdf(ctx: Context, of: Holder) -> bytes:
    return await printing.pdf(ctx, await certificate_views.faces(ctx, of.world.org, of.id))


def changed(folder: Path) -> TypstDesigns:
    """All designs with another colour."""
    shutil.copytree(resources.certs() / "designs", folder)
    common = folder / "common.typ"
    common.write_text(common.read_text().replace('rgb("#1c2529")', 'rgb("#7a1010")'))
    return TypstDesigns(folder, resources.certs() / "fonts")


async def test_what_was_issued_is_printed_as_it_was(held: Holder, tmp_path: Path) -> None:
    ctx = held.world.ctx
    before = await pdf(ctx, held)
    later = dataclasses.replace(ctx, designs=changed(tmp_path / "designs"))
    assert await pdf(later, held) == before, "byte for byte"
    assert (await held.record()).design == ctx.designs.named("certificate").digest
    # What is issued from now on has the new one; what was, keeps the old one, also in a process that began today.
    held.world.ctx = later
    other = await another(held, "attestation")
    assert (await other.record()).design == later.designs.named("attestation").digest
    assert (await other.record()).design != ctx.designs.named("attestation").digest
    assert await pdf(ctx, other) == await pdf(later, other), "also where the old one is today's"
    assert "สมหญิง" in Paper(before, tmp_path).text()


async def test_one_from_before_designs_were_kept_has_that_of_today(held: Holder) -> None:
    ctx = held.world.ctx
    before = await pdf(ctx, held)
    await held.change(design=None)
    assert await pdf(ctx, held) == before


async def test_a_kept_design_writes_nothing_outside_its_folder(held: Holder, tmp_path: Path) -> None:
    ctx, target = held.world.ctx, tmp_path / "outside.typ"
    now = ctx.designs.named("certificate")
    evil = KeptDesign(digest="e" * 64, name="certificate", files=now.files | {f"../../..{target}": "x"})
    async with ctx.store.begin(held.world.org) as tx:
        await tx.certificates.keep_design(evil)
    await held.change(design=evil.digest)
    with pytest.raises(ValueError, match="outside"):
        await pdf(ctx, held)
    assert not target.exists()

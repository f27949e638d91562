"""The service is gone; what `exam-service export-trust` wrote is on a web server that knows nothing of it."""

import http.server
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import click
import msgspec
import pytest
from playwright.async_api import Browser, Page, expect

from exam_service.cli import export_trust
from exam_service.core.certificates import growing, issuance_log, trust
from exam_service.core.certificates.model import RevocationReason
from exam_service.services import certificate_views, keys, printing, status_lists, trust_export
from tests.browser.test_certificate import on_phone, watched
from tests.support.certified import FULL, NATIONAL_ID, Holder, another, course, holder
from tests.support.issuing import verdict_on
from tests.support.process import free_port
from tests.support.service import TestClock, service, world


class Plain(http.server.SimpleHTTPRequestHandler):
    """Files and nothing else."""

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


class Falling(Plain):
    """As servers do that were told what is in the export: what has no file below /v/ is the page."""

    def translate_path(self, path: str) -> str:
        found = super().translate_path(path)
        below = path.startswith("/v/") and not Path(found).exists()
        return super().translate_path("/v/index.html") if below else found


@contextmanager
def serving(folder: Path, port: int, how: type[Plain] = Falling) -> Iterator[None]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), partial(how, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Left:
    """What is left of a service: its folder, and somebody's certificate."""

    folder: Path
    port: int
    held: Holder
    clock: TestClock

    async def export(self, until: datetime | None = None) -> export_trust.Done:
        return await export_trust.write(self.held.world.ctx, self.folder, until)

    async def open(self, browser: Browser, address: str) -> tuple[Page, list[str]]:
        page, complaints = await watched(await on_phone(browser))
        await page.clock.install(time=self.clock())
        await page.goto(address)
        return page, complaints


@pytest.fixture
async def left(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Left]:
    clock, port = TestClock(), free_port()
    async with service(sqlite_url, tmp_path, clock, EXAM_PUBLIC_URL=f"http://127.0.0.1:{port}") as ctx:
        held = await holder(await world(ctx, clock, course=course()))
        yield Left(tmp_path / "site", port, held, clock)


async def test_a_scanned_code_opens_the_page_that_was_left_and_it_verifies(browser: Browser, left: Left) -> None:
    await left.export()
    with serving(left.folder, left.port):
        page, complaints = await left.open(browser, await left.held.qr())
        await expect(page.locator("#answer")).to_have_attribute("data-state", "stands")
        assert await page.locator("#name").inner_text() == FULL
        await page.locator("a.language").click()
        await expect(page.locator("h1")).to_have_text("Genuine, and it stands")
        assert complaints == []
        # Once visited it works without network, here as well.
        await page.wait_for_function("navigator.serviceWorker.controller !== null")
        await page.context.set_offline(True)
        await page.reload()
        await expect(page.locator("#answer")).to_have_attribute("data-state", "stands")
        await expect(page.locator("#here")).to_contain_text("no network")


async def test_on_a_server_that_was_told_nothing_the_page_takes_the_text_and_the_pdf(
    browser: Browser, left: Left, tmp_path: Path
) -> None:
    await left.export()
    w = left.held.world
    pdf = tmp_path / "certificate.pdf"
    pdf.write_bytes(await printing.pdf(w.ctx, await certificate_views.faces(w.ctx, w.org, left.held.id)))
    with serving(left.folder, left.port, Plain):
        page, _ = await left.open(browser, f"http://127.0.0.1:{left.port}/verify/")
        await page.locator("#text").fill(await left.held.qr())
        await page.locator("form button").click()
        await expect(page.locator("#answer")).to_have_attribute("data-state", "stands")
        await page.reload()
        await page.locator("#file").set_input_files(pdf)
        await expect(page.locator("#answer")).to_have_attribute("data-state", "stands")
        await expect(page.locator("#facts")).to_contain_text("12")
        forged = await left.held.qr()
        await page.locator("#text").fill(forged[:-1] + str((int(forged[-1]) + 1) % 10))
        await page.locator("form button").click()
        await expect(page.locator("#answer")).to_have_attribute("data-state", "not_genuine")


async def test_a_certificate_stands_by_its_log_proof_after_its_key_was_stolen(
    browser: Browser, left: Left, tmp_path: Path
) -> None:
    w = left.held.world
    pdf = tmp_path / "certificate.pdf"
    pdf.write_bytes(await printing.pdf(w.ctx, await certificate_views.faces(w.ctx, w.org, left.held.id)))
    left.clock.pass_(hours=1)
    kid = (await left.held.record()).kid
    await status_lists.without_key(w.ctx, w.org, kid, left.clock(), "test", "lost")
    await left.export()
    with serving(left.folder, left.port):
        page, _ = await left.open(browser, await left.held.qr())
        await expect(page.locator("#answer")).to_have_attribute("data-state", "compromised")
        await page.locator("#file").set_input_files(pdf)
        await expect(page.locator("#answer")).to_have_attribute("data-state", "stands")
        await expect(page.locator("#steps")).to_contain_text("บันทึกการออกวุฒิบัตร")


async def test_lists_of_the_last_export_are_believed_as_long_as_was_said_and_others_are_not(
    browser: Browser, left: Left
) -> None:
    begun = left.clock()
    await left.export()
    left.clock.pass_(days=5 * 365)
    with serving(left.folder, left.port):
        page, _ = await left.open(browser, await left.held.qr())
        await expect(page.locator("#answer")).to_have_attribute("data-state", "unknown")
    left.clock.at = begun
    await left.held.world.revoke(left.held.id, RevocationReason.misconduct, None, "staff")
    other = await holder_again(left)
    await left.export(until=begun.replace(year=2046))
    left.clock.pass_(days=5 * 365)
    with serving(left.folder, left.port):
        page, _ = await left.open(browser, await left.held.qr())
        await expect(page.locator("#answer")).to_have_attribute("data-state", "revoked")
        page, _ = await left.open(browser, await other.qr())
        await expect(page.locator("#answer")).to_have_attribute("data-state", "stands")


async def holder_again(left: Left) -> Holder:
    """Another certificate of the same person."""
    return await another(left.held, "attestation")


async def test_the_export_holds_the_log_and_the_trust_file_and_nothing_about_anybody(left: Left) -> None:
    await holder_again(left)
    await left.export()
    everything = b"".join(path.read_bytes() for path in left.folder.rglob("*") if path.is_file())
    for private in (FULL, "สมหญิง", NATIONAL_ID, left.held.id, left.held.enrolment):
        assert private.encode() not in everything
    trusted = trust.from_file((left.folder / ".well-known/trust.json").read_bytes())
    for face in (await left.held.credential(), await left.held.qr()):
        assert verdict_on(face, trusted, left.clock()).status == "stands"
    (org,) = (left.folder / "orgs").iterdir()
    said = issuance_log.read_checkpoint((org / "log/checkpoint").read_bytes())
    tile = (org / f"log/tile/0/000.p/{said.size}").read_bytes()
    leaves = [tile[at : at + 32] for at in range(0, len(tile), 32)]
    assert (said.size, growing.Growth(0, b"", leaves).root) == (2, said.root)
    assert (org / f"log/tile/entries/000.p/{said.size}").stat().st_size == 2 * 34
    assert {
        one["kid"] for one in msgspec.json.decode((left.folder / ".well-known/jwks.json").read_bytes())["keys"]
    } == {key.kid for _, some in await keys.all_public(left.held.world.ctx) for key in some}


async def test_a_second_export_writes_what_has_changed_and_removes_what_is_no_more(left: Left) -> None:
    first = await left.export()
    assert (first.written, first.removed) == (len(first.manifest.files), 0)
    again = await left.export()
    assert (again.written, again.removed) == (0, 0)
    await holder_again(left)
    grown = await left.export()
    (org,) = (left.folder / "orgs").iterdir()
    assert sorted(path.name for path in (org / "log/tile/0/000.p").iterdir()) == ["2"]
    assert (grown.written, grown.removed) == (3, 2), "checkpoint and two tiles; the tiles before are gone"
    # A file that was lost is put back.
    (left.folder / "v/index.html").unlink()
    assert (await left.export()).written == 1


async def test_a_file_that_was_changed_since_is_written_again(left: Left) -> None:
    await left.export()
    page, script = left.folder / "v" / "index.html", next(left.folder.glob("v/kept/*/js/verify/judge.js"))
    before = page.read_bytes(), script.read_bytes()
    page.write_bytes(b"<h1>Genuine</h1>")
    script.unlink()
    assert (await left.export()).written == 2
    assert (page.read_bytes(), script.read_bytes()) == before


async def test_a_folder_with_other_things_in_it_is_refused_and_left_as_it_is(left: Left) -> None:
    left.folder.mkdir()
    (left.folder / "thesis.txt").write_text("the only copy")
    with pytest.raises(click.BadParameter, match="is not empty"):
        await left.export()
    (left.folder / export_trust.MANIFEST).write_text("{}")
    with pytest.raises(click.BadParameter, match="missing or broken"):
        await left.export()
    assert sorted(path.name for path in left.folder.iterdir()) == ["export.json", "thesis.txt"]


async def test_what_a_changed_manifest_names_outside_of_the_folder_is_not_removed(left: Left, tmp_path: Path) -> None:
    done = await left.export()
    outside = tmp_path / "outside.txt"
    outside.write_text("not ours")
    files = done.manifest.files | {"../outside.txt": "0", str(outside): "0"}
    manifest = msgspec.structs.replace(done.manifest, files=files)
    (left.folder / export_trust.MANIFEST).write_bytes(msgspec.json.encode(manifest))
    assert (await left.export()).removed == 0
    assert outside.read_text() == "not ours"


async def test_an_export_that_was_cut_off_is_finished_by_the_next(left: Left, monkeypatch: pytest.MonkeyPatch) -> None:
    real = trust_export.files

    async def cut(*given: object) -> AsyncIterator[trust_export.File]:
        count = 0
        async for file in real(*given):  # type: ignore[arg-type]
            count += 1
            if count == 3:
                raise KeyboardInterrupt
            yield file

    with monkeypatch.context() as once:
        once.setattr(trust_export, "files", cut)
        with pytest.raises(KeyboardInterrupt):
            await left.export()
    done = await left.export()
    assert all((left.folder / path).is_file() for path in done.manifest.files)

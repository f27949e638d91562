"""Certificates on paper: a PDF as the service makes it, in pages that Typst sets by itself from the same data."""

import time

from typst import Compiler, Fonts

from bench.figures import Bench
from exam_service import resources
from exam_service.core.certificates.printed import DESIGNS
from exam_service.core.certificates.record import CertificateRecord
from exam_service.services import certificate_views, printing
from exam_service.services.context import Context

PAGES = 100


async def measure(bench: Bench, kind: str, ctx: Context, org: str) -> None:
    """pdf_vs_typst: a certificate fetched and set, over the bare compiler with the same design, data and options."""
    async with ctx.store.read(org) as tx:
        records = [one for one in await tx.certificates.page(None, 2 * bench.scaled(PAGES, 10) + 2) if one.qr_token]
    folder, fonts = resources.certs() / "designs", resources.certs() / "fonts"
    design = folder / DESIGNS[records[0].issuance.kind] / "design.typ"
    only = Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(fonts)])
    bare = Compiler(design, folder, only)
    ours, theirs = 0.0, 0.0
    # Never the same page twice: Typst remembers what it has set, also for another compiler of the process.
    for number, (one, other) in enumerate(zip(records[::2], records[1::2], strict=False)):
        began = time.perf_counter()
        await printing.pdf(ctx, await certificate_views.faces(ctx, org, one.id))
        middle = time.perf_counter()
        sheet = await _sheet(ctx, org, other)
        prepared = time.perf_counter()
        at = int(other.issuance.issued_at.timestamp())
        bare.compile(sys_inputs={"certificate": sheet}, format="pdf", pdf_standards=["a-3b"], timestamp=at)
        # The first page of each loads the fonts.
        if number:
            ours, theirs = ours + middle - began, theirs + time.perf_counter() - prepared
    bench.tell("pdf_ms", kind, ours / (len(records) // 2 - 1) * 1000, "ms")
    bench.tell("pdf_vs_typst", kind, ours / theirs, "times")


async def _sheet(ctx: Context, org: str, record: CertificateRecord) -> str:
    """What the design is given of it."""
    found = await certificate_views.faces(ctx, org, record.id)
    credential, proof = record.credential or b"", record.log_proof or b""
    return printing.sheet(ctx, record.issuance, found.qr_text, found.verify_url, credential, proof).decode()

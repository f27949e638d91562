"""Certificates: what a signature, a credential and a whole course of certificates cost, and the page that verifies."""

import asyncio
import itertools
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench import credentials as of_credentials
from bench import paper, rows, scripts
from bench.client import drive, get, post, repeated
from bench.exams import store_finished
from bench.figures import Bench, Place, median_ratio
from bench.saves import CONNECTIONS
from bench.servers import REPOSITORY, beside, environ, service
from bench.site import COURSE, Site, open_site
from exam_service import settings
from exam_service.bootstrap import opened
from exam_service.bootstrap.apart import now
from exam_service.core.certificates import qr_token
from exam_service.core.certificates.record import CertificateRecord
from exam_service.services.context import Context

PEOPLE, WANTED = 20_000, 400_000
ROUNDS = 300


def measure(bench: Bench) -> None:
    """issue_400000_minutes from 20,000 really issued; qr_*_vs_ed25519; credential_vs_pyld; pdf_vs_typst;
    verify_page_vs_echo."""
    for kind in bench.databases:
        with bench.place(kind) as place:
            site = open_site(place)
            count = bench.scaled(PEOPLE, 50)
            bench.say(f"certificates on {kind}: {count} who have earned one")
            with service(place.url, place.folder) as server:
                store_finished(place, site, server, count)
            rows.tidy(place)
            each = _issue_all(bench, place, count)
            bench.tell("issue_ms", kind, each * 1000, "ms")
            bench.tell("issue_400000_minutes", kind, each * WANTED / 60, "min")
            _verify_page(bench, place)
            asyncio.run(_crypto(bench, place, site, each))


def _issue_all(bench: Bench, place: Place, count: int) -> float:
    """Seconds for one, by the command, in one process: credential and QR, stored."""
    command = [sys.executable, "-m", "exam_service", "certs", "issue", "--course", COURSE]
    began = time.perf_counter()
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environ(place.url, place.folder), capture_output=True, text=True, check=True
    )
    seconds = time.perf_counter() - began
    bench.say(f"  {done.stdout.splitlines()[-1]} in {seconds:.0f} s")
    ((stored,),) = rows.ask(place, "SELECT count(*) FROM certificate WHERE state = 'stands'")
    # And that of the one whose exam the others are copies of.
    if stored != count + 1:
        raise RuntimeError(f"{stored} certificates stand instead of {count + 1}")
    return seconds / (count + 1)


async def _crypto(bench: Bench, place: Place, site: Site, issue_seconds: float) -> None:
    given = {k: v for k, v in environ(place.url, place.folder).items() if k.startswith("EXAM_")}
    async with opened(settings.load(os.environ | given), clock=now) as ctx:
        async with ctx.store.read(site.org) as tx:
            (record,) = await tx.certificates.page(None, 1)
            private = await tx.keys.private(record.kid)
            public = next(key.public for key in await tx.keys.all() if key.kid == record.kid)
        if private is None:
            raise LookupError(record.kid)
        _tokens(bench, ctx, record, private.sealed, public)
        await paper.measure(bench, place.kind, ctx, site.org)
        await of_credentials.measure(bench, place.kind, ctx, site, record, issue_seconds)


def _tokens(bench: Bench, ctx: Context, record: CertificateRecord, sealed: bytes, public: bytes) -> None:
    """The token of a QR code from its claims, and its check from its text, against the bare operation in turn."""
    text = qr_token.url(ctx.policy.public_url, record.id, record.qr_token or b"")
    bare, message = Ed25519PrivateKey.generate(), qr_token.to_be_signed(record.kid, record.qr_claims)
    bare_public, bare_signature = bare.public_key(), bare.sign(message)

    def sign() -> None:
        signature = ctx.signer.sign(sealed, qr_token.to_be_signed(record.kid, record.qr_claims))
        qr_token.token(record.kid, record.qr_claims, signature)

    def verify() -> None:
        read = qr_token.parse(text)
        if not ctx.signer.verify(public, read.signed, read.signature):
            raise ValueError("a good token is refused")

    times = _in_turn(
        {
            "sign": sign,
            "bare_sign": lambda: bare.sign(message),
            "verify": verify,
            "bare_verify": lambda: bare_public.verify(bare_signature, message),
        }
    )
    for what in ("sign", "verify"):
        bench.tell(f"qr_{what}_vs_ed25519", "", times[what] / times[f"bare_{what}"], "times")


def _in_turn(ways: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median seconds of each, one after the other again and again, so that a slow moment meets all of them."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            times[name].append(time.perf_counter() - began)
    return {name: statistics.median(taken) for name, taken in times.items()}


def _verify_page(bench: Bench, place: Place) -> None:
    ((certificate,),) = rows.ask(place, "SELECT id FROM certificate ORDER BY id LIMIT 1")
    asked = {"page": get(f"/v/{certificate}"), "echo": post("/echo", scripts.save_body(1, 12))}
    rates: dict[str, list[float]] = {"page": [], "echo": []}
    with service(place.url, place.folder) as serving, beside("echo", place.folder) as echo:
        for number in range(bench.runs):
            bench.say(f"verify page on {place.kind}, run {number + 1} of {bench.runs}")
            for name, port in (("page", serving.port), ("echo", echo.port)):
                asking = [repeated(itertools.repeat(asked[name])) for _ in range(CONNECTIONS)]
                rates[name].append(drive(port, asking, connections=CONNECTIONS, seconds=bench.seconds).rate)
    bench.tell("verify_page_per_second", place.kind, statistics.median(rates["page"]), "1/s")
    bench.tell("verify_page_vs_echo", place.kind, median_ratio(rates["page"], rates["echo"]), "ratio")

"""A credential by itself: what it is to issue one, in PyLD's canonicalisations of the same document."""

import time

import msgspec

from bench.figures import Bench
from bench.site import Site
from exam_service import resources
from exam_service.adapters.crypto.data_integrity import DataIntegrity
from exam_service.core.certificates import credential as credentials
from exam_service.core.certificates.model import Issuance, stamp
from exam_service.core.certificates.record import CertificateRecord
from exam_service.services import issuing, keys
from exam_service.services.context import Context

COUNT = 4_000
TOGETHER = 100
"""In one transaction, which then is as long as that of twenty-five whole certificates."""


async def measure(bench: Bench, kind: str, ctx: Context, site: Site, one: CertificateRecord, issued: float) -> None:
    """credential_vs_pyld: document, canonical form, proof, stored; certificate_vs_pyld: all there is of a certificate.

    `issued` is how many seconds the latter takes.
    """
    document = msgspec.json.decode(one.unsigned)
    config = credentials.new_proof_config(one.issuance.did, one.kid, stamp(one.issuance.issued_at))
    # Not the service's own, which knows by heart what it has seen.
    hash_data = DataIntegrity(resources.certs() / "contexts").hash_data
    hash_data(document, config)
    count, ours, theirs, rounds = bench.scaled(COUNT, 50), 0.0, 0.0, 0
    async with ctx.store.read(site.org) as tx:
        pair = (await keys.pairs(tx, [one.kid]))[one.kid]
    # A status list of their own, where no index is taken.
    apart = one.issuance.status_list + 1
    for start in range(0, count, TOGETHER):
        frozen = [
            msgspec.structs.replace(
                one.issuance, id=ctx.new_certificate_id(), status_list=apart, status_index=start + n
            )
            for n in range(min(TOGETHER, count - start))
        ]
        began = time.perf_counter()
        await _issue(ctx, site.org, one, frozen, pair)
        ours += time.perf_counter() - began
        # In turn, so that a slow moment meets both.
        began = time.perf_counter()
        hash_data(document, config)
        theirs, rounds = theirs + time.perf_counter() - began, rounds + 1
    ours, theirs = ours / count, theirs / rounds
    bench.tell("pyld_canonical_ms", kind, theirs * 1000, "ms")
    bench.tell("credential_ms", kind, ours * 1000, "ms")
    bench.tell("credential_vs_pyld", kind, theirs / ours, "ratio")
    bench.tell("certificate_vs_pyld", kind, theirs / issued, "ratio")


async def _issue(ctx: Context, org: str, like: CertificateRecord, frozen: list[Issuance], pair: keys.Pair) -> None:
    """Credentials as `issuing` makes them: stored before they are signed, verified, and stored signed."""
    pending = [
        msgspec.structs.replace(
            like, id=issuance.id, issuance=issuance, unsigned=issuing.unsigned(ctx, issuance), credential=None
        )
        for issuance in frozen
    ]
    async with ctx.store.begin(org) as tx:
        await tx.certificates.add_all(pending)
    async with ctx.store.begin(org) as tx:
        checks = keys.Checks(ctx)
        signed = [
            msgspec.structs.replace(record, credential=(await issuing.secured(ctx, record, pair, checks))[0])
            for record in pending
        ]
        await tx.certificates.put_signed(signed)
        await checks.passed()

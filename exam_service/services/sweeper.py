"""The sweeper: finishes what ran out and nobody looked at. Late, twice or never, nobody can tell (P2)."""

import asyncio
import logging

from exam_service.services import certificates, grading
from exam_service.services.context import Context

log = logging.getLogger(__name__)


async def run(ctx: Context) -> None:
    """Sweep until cancelled. One that fails is logged, and the next one tries again."""
    while True:
        try:
            await sweep(ctx)
            ctx.meter.count("sweeps", outcome="done")
        except Exception:
            ctx.meter.count("sweeps", outcome="failed")
            log.exception("the sweep failed; the next one follows in %s", ctx.policy.sweep_every)
        await asyncio.sleep(ctx.policy.sweep_every.total_seconds())


async def sweep(ctx: Context) -> int:
    """Grade what is over, and issue what is issued at once; how many attempts there were."""
    swept = await grading.sweep(ctx)
    ctx.meter.count("swept_attempts", len(swept))
    for org, enrolment in dict.fromkeys(swept):
        await certificates.issue_at_once(ctx, org, enrolment)
    return len(swept)

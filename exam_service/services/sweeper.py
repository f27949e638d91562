"""The sweeper: finishes what ran out and nobody looked at. Late, twice or never, nobody can tell (P2)."""

import asyncio
import logging
from datetime import timedelta

from exam_service.core.exams.attempt import Attempt
from exam_service.services import certificates, grading
from exam_service.services.context import Context
from exam_service.services.once import OWN

TOGETHER = 500
FORGET_EVERY = timedelta(hours=1)
PAUSE_SECONDS = 0.2

log = logging.getLogger(__name__)


async def run(ctx: Context) -> None:
    """Sweep until cancelled. One that fails is logged, and the next one tries again."""
    forget_at = ctx.now()
    while True:
        try:
            await sweep(ctx)
            if ctx.now() >= forget_at:
                await forget(ctx)
                forget_at = ctx.now() + FORGET_EVERY
            ctx.meter.count("sweeps", outcome="done")
        except Exception:
            ctx.meter.count("sweeps", outcome="failed")
            log.exception("the sweep failed; the next one follows in %s", ctx.policy.sweep_every)
        await asyncio.sleep(ctx.policy.sweep_every.total_seconds())


async def sweep(ctx: Context) -> int:
    """Grade what is over, and issue what is issued at once; how many attempts there were.

    All of it in one go, because thousands may run out at one deadline.
    """
    total = 0
    while True:
        swept = await grading.sweep(ctx, TOGETHER)
        ctx.meter.count("swept_attempts", len(swept))
        for org in dict.fromkeys(org for org, _ in swept):
            await _issue(ctx, org, [attempt for its, attempt in swept if its == org])
        total += len(swept)
        if len(swept) < TOGETHER:
            return total


async def forget(ctx: Context) -> int:
    """Delete the answers to writes that nobody repeats any more; how many there were. Claims of the service stay."""
    total = 0
    while True:
        async with ctx.store.directory() as directory:
            gone = await directory.forget_replays(ctx.now() - ctx.policy.repeat_for, OWN, TOGETHER)
        total += gone
        if gone < TOGETHER:
            return total
        # Saves and starts go on in between.
        await asyncio.sleep(PAUSE_SECONDS)


async def _issue(ctx: Context, org: str, graded: list[Attempt]) -> None:
    async with ctx.store.read(org) as tx:
        at_once = await certificates.courses_at_once(ctx, tx, {one.course_version for one in graded})
    for enrolment in dict.fromkeys(one.enrolment for one in graded if one.course_version in at_once):
        await certificates.issue_at_once(ctx, org, enrolment)

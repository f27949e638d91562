"""Certificates for everybody in a course who has earned one.

Each is issued as if it were asked for: who has one keeps it, so to run it again, to stop half way or to run it in
several processes makes nobody a second one. Facts are stored in one transaction, and signed in the next.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from exam_service.core.certificates.model import KIND_TEXTS, CertificateState
from exam_service.core.errors import (
    CertificateExpired,
    CertificateSuspended,
    CertificateWithdrawn,
    KindNotOffered,
    NotYetEarned,
    Refusal,
    Unavailable,
)
from exam_service.core.exams.model import CertificateKind
from exam_service.core.records import Organisation
from exam_service.services import grading, issuing, keys, organisations
from exam_service.services.context import Context
from exam_service.services.ports import Tx
from exam_service.services.standing import course_of

log = logging.getLogger(__name__)

TOGETHER = 25
PAGE = 1_000
BREATH_SECONDS = 0.005
"""Between two transactions, so that nobody who saves has to wait for more than one."""


class IssuedToAll(msgspec.Struct, kw_only=True):
    """How many of a course's candidates have a certificate of that kind now, and why the others have none."""

    course: str
    kind: CertificateKind
    total: int
    """Candidates."""
    done: int = 0
    """Looked at."""
    issued: int = 0
    standing: int = 0
    """They had one that stands."""
    not_yet_earned: int = 0
    withdrawn: int = 0
    """Theirs was revoked, is suspended or has expired: another one is issued only when somebody decides that for this
    person."""
    failed: list[str] = msgspec.field(default_factory=list)
    """Enrolments for which something went wrong; the log says what. Run it again."""


Progress = Callable[[IssuedToAll], None]


async def issue(
    ctx: Context, org: str, course: str, kind: CertificateKind | None = None, progress: Progress | None = None
) -> IssuedToAll:
    """Issue the kind, or the first that the course offers, to whoever has earned it.

    Raises NotPublished, KindNotOffered.
    """
    async with ctx.store.read(org) as tx:
        kind = await offered(tx, course, kind)
        everybody = await enrolled(tx, course)
    await keys.ensure(ctx, org, "certificates")
    organisation = await organisations.named(ctx, org)
    found = IssuedToAll(course=course, kind=kind, total=len(everybody))
    for start in range(0, len(everybody), TOGETHER):
        if progress is not None:
            progress(found)
        some = everybody[start : start + TOGETHER]
        try:
            await _issue(ctx, organisation, some, found)
        except Unavailable:
            # Nobody's fault, and everybody's turn comes again: what was issued stays issued.
            raise
        except Exception:
            log.exception("issuing to everybody in %s: some failed, they are tried one by one", course)
            for one in some:
                await _issue_alone(ctx, organisation, one, found)
        await asyncio.sleep(BREATH_SECONDS)
    if progress is not None:
        progress(found)
    return found


async def offered(tx: Tx, course: str, kind: CertificateKind | None) -> CertificateKind:
    """That kind, or the first that the course offers. Raises NotPublished, KindNotOffered."""
    version = await course_of(tx, course)
    policy = version.course.certificate
    if policy is None or (kind is not None and kind not in policy.kinds):
        raise KindNotOffered(kind=KIND_TEXTS[kind or "certificate"])
    return kind or policy.kinds[0]


async def enrolled(tx: Tx, course: str) -> list[str]:
    """Everybody's enrolment in the course."""
    found: list[str] = []
    while some := await tx.enrolments.page(course, found[-1] if found else None, PAGE):
        found += [one.id for one in some]
    return found


async def _issue(ctx: Context, organisation: Organisation, some: Sequence[str], found: IssuedToAll) -> None:
    """Add what became of these. Nothing is added when anything goes wrong."""
    org, outcomes = organisation.id, Counter[str]()
    pending = []
    await grading.settle_of(ctx, org, some)
    async with ctx.store.begin(org) as tx:
        for outcome in await issuing.prepare_all(ctx, tx, organisation, some, found.kind, by_holder=True):
            match outcome:
                case NotYetEarned():
                    outcomes["not_yet_earned"] += 1
                case CertificateWithdrawn() | CertificateSuspended() | CertificateExpired():
                    outcomes["withdrawn"] += 1
                case Refusal():
                    raise outcome
                case _ if outcome.state is CertificateState.pending:
                    pending.append(outcome.id)
                case _:
                    outcomes["standing"] += 1
    if pending:
        await issuing.sign_ahead(ctx, org, pending)
        async with ctx.store.begin(org) as tx:
            # Somebody else may have signed some meanwhile.
            left = await tx.certificates.several(pending, lock=True)
            ours = sum(one.state is CertificateState.pending for one in left.values())
            await issuing.sign(ctx, tx, pending)
        outcomes["issued"], outcomes["standing"] = ours, outcomes["standing"] + len(pending) - ours
    found.issued += outcomes["issued"]
    found.standing += outcomes["standing"]
    found.not_yet_earned += outcomes["not_yet_earned"]
    found.withdrawn += outcomes["withdrawn"]
    found.done += len(some)


async def _issue_alone(ctx: Context, organisation: Organisation, enrolment: str, found: IssuedToAll) -> None:
    try:
        await _issue(ctx, organisation, [enrolment], found)
    except Unavailable:
        raise
    except Exception:
        log.exception("issuing to enrolment %s failed", enrolment)
        found.failed.append(enrolment)
        found.done += 1

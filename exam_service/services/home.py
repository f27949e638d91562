"""The candidate's home: where they stand in the course."""

from exam_service.core import errors
from exam_service.services import certificates, grading, late
from exam_service.services.context import Context
from exam_service.services.sessions import CandidateSession
from exam_service.services.standing import load_standing
from exam_service.services.standing_view import MeView, me_view


async def me(ctx: Context, session: CandidateSession) -> MeView:
    """Everything the home page shows, as far as the candidate may see it."""
    await grading.settle(ctx, session.org, session.enrolment)
    # Here also when nothing was due: a crash after the grading must not cost anybody the certificate.
    await certificates.issue_at_once(ctx, session.org, session.enrolment)
    async with ctx.store.directory() as directory:
        organisation = await directory.organisation(id=session.org)
    async with ctx.store.read(session.org) as tx:
        enrolment = await tx.enrolments.get(session.enrolment)
        candidate = await tx.candidates.get(enrolment.candidate) if enrolment else None
        if organisation is None or enrolment is None or candidate is None:
            raise errors.NotAuthenticated()
        standing, _ = await load_standing(ctx, tx, enrolment)
        launch = await tx.launches.get(session.launch)
        return me_view(
            standing,
            enrolment,
            candidate,
            organisation,
            await tx.certificates.of(enrolment.id),
            ctx.policy.public_url,
            language=session.language,
            return_url=launch.return_url if launch else None,
            late=await late.answers_of(tx, [attempt.id for attempt in standing.attempts]),
        )

"""What staff does while an exam runs and after: time, reopening, messages, late responses, and the trail of it all."""

from typing import Annotated, Any

from litestar import Request, get, post
from litestar.params import FromPath, QueryParameter

from exam_service.services import audit, certificates, grading, invigilation, late, live, messages, standing
from exam_service.services.attempt_records import AttemptDetail
from exam_service.services.audit import AuditView
from exam_service.services.invigilation import GivenToAll, MinutesBody
from exam_service.services.late import DecidedView, DecisionBody, LateSaveView
from exam_service.services.messages import MessageBody, SentView
from exam_service.services.once import once
from exam_service.web.body import read_body
from exam_service.web.given import Ctx, Repeat, Staff
from exam_service.web.openapi import documented
from exam_service.web.paging import After, Limit, Page, page_of

AnyRequest = Request[Any, Any, Any]
Undecided = Annotated[bool, QueryParameter(description="Only those that staff has to decide.")]

_MINUTES = {"a power cut": {"minutes": 10, "reason": "ไฟฟ้าดับ 10 นาที"}}
_WORDS = {
    "to everybody": {
        "text": {"th": "ไฟฟ้าดับ ได้เวลาเพิ่ม 10 นาที", "en": "Power cut: you have 10 more minutes."},
        "reason": "ไฟฟ้าดับ",
    }
}
_REOPEN_PROBLEMS = ("not-found", "other-attempt-running", "certificate-stands")
_OF_EXAM = "/courses/{course:str}/exams/{exam:str}"
_OF_ATTEMPT = "/attempts/{attempt:str}"


@post(
    f"{_OF_ATTEMPT}/extra-time",
    status_code=200,
    summary="Give one candidate extra time",
    **documented(
        scope="results",
        body=MinutesBody,
        examples=_MINUTES,
        problems=("attempt-ended", "attempt-voided", *_REOPEN_PROBLEMS),
    ),
)
async def extra_time(
    attempt: FromPath[str], request: AnyRequest, ctx: Ctx, caller: Staff, repeat: Repeat
) -> AttemptDetail:
    """After the deadline as it is, whatever the window's end. When time had run out it counts from now, and the
    candidate opens the attempt again; the result until then stays as a revision."""
    caller.must("results")
    body = await read_body(request, MinutesBody)
    answer = await once(
        ctx, caller.org, repeat, AttemptDetail,
        lambda tx: invigilation.give_time(ctx, tx, attempt, body, caller.key_id),
    )  # fmt: skip
    live.changed(ctx, caller.org, answer.course, answer.attempt.exam)
    return answer


@post(
    f"{_OF_EXAM}/extra-time",
    status_code=200,
    summary="Give everybody who is taking an exam extra time",
    **documented(
        scope="results",
        body=MinutesBody,
        examples=_MINUTES,
        problems=("not-found", "not-published"),
        example={"course": "measurement-basics", "exam": "post", "minutes": 10, "attempts": 812},
    ),
)
async def extra_time_for_all(
    course: FromPath[str], exam: FromPath[str], request: AnyRequest, ctx: Ctx, caller: Staff, repeat: Repeat
) -> GivenToAll:
    """All of them or none, in one transaction. Give an Idempotency-Key: sent again it gives no more. Who starts later
    gets nothing of it."""
    caller.must("results")
    body = await read_body(request, MinutesBody)
    answer = await once(
        ctx, caller.org, repeat, GivenToAll,
        lambda tx: invigilation.give_time_to_all(ctx, tx, course, exam, body, caller.key_id),
    )  # fmt: skip
    live.changed(ctx, caller.org, course, exam)
    return answer


@post(
    f"{_OF_ATTEMPT}/reopen",
    status_code=200,
    summary="Let an attempt that has ended go on",
    **documented(
        scope="results",
        body=MinutesBody,
        examples={"handed in by mistake": {"minutes": 15, "reason": "กดส่งโดยไม่ตั้งใจ"}},
        problems=("attempt-running", *_REOPEN_PROBLEMS),
    ),
)
async def reopen(attempt: FromPath[str], request: AnyRequest, ctx: Ctx, caller: Staff, repeat: Repeat) -> AttemptDetail:
    """Handed in, run out, graded or voided. It has at least so many minutes from now, and is opened anew on a device;
    earlier results stay as revisions, and the next one says who reopened it and why."""
    caller.must("results")
    body = await read_body(request, MinutesBody)
    answer = await once(
        ctx, caller.org, repeat, AttemptDetail, lambda tx: invigilation.reopen(ctx, tx, attempt, body, caller.key_id)
    )
    live.changed(ctx, caller.org, answer.course, answer.attempt.exam)
    return answer


@post(
    f"{_OF_ATTEMPT}/messages",
    summary="A message to one candidate",
    **documented(scope="results", body=MessageBody, examples=_WORDS, problems=("not-found",)),
)
async def message(attempt: FromPath[str], request: AnyRequest, ctx: Ctx, caller: Staff, repeat: Repeat) -> SentView:
    """The candidate's page shows it within a minute, mostly at the next save. In Thai or English or both."""
    caller.must("results")
    body = await read_body(request, MessageBody)
    answer = await once(
        ctx, caller.org, repeat, SentView, lambda tx: messages.send(ctx, tx, attempt, body, caller.key_id)
    )
    live.changed(ctx, caller.org, answer.course, answer.exam)
    return answer


@post(
    f"{_OF_EXAM}/messages",
    summary="A message to everybody who is taking an exam",
    **documented(scope="results", body=MessageBody, examples=_WORDS, problems=("not-found", "not-published")),
)
async def message_to_all(
    course: FromPath[str], exam: FromPath[str], request: AnyRequest, ctx: Ctx, caller: Staff, repeat: Repeat
) -> SentView:
    """Who starts later does not see it."""
    caller.must("results")
    body = await read_body(request, MessageBody)
    answer = await once(
        ctx, caller.org, repeat, SentView,
        lambda tx: messages.send_to_all(ctx, tx, course, exam, body, caller.key_id),
    )  # fmt: skip
    live.changed(ctx, caller.org, course, exam)
    return answer


@get(
    f"{_OF_EXAM}/messages",
    summary="What was said at an exam",
    **documented(scope="results", problems=("not-found", "not-published")),
)
async def sent(
    course: FromPath[str], exam: FromPath[str], ctx: Ctx, caller: Staff, after: After = None, limit: Limit = 100
) -> Page[SentView]:
    """To everybody and to single candidates, oldest first."""
    caller.must("results")
    async with ctx.store.read(caller.org) as tx:
        found = await messages.sent_at_exam(tx, course, exam, after, limit + 1)
    return page_of(found, limit, lambda one: one, lambda one: one.id)


@get(
    f"{_OF_ATTEMPT}/late-saves",
    summary="Responses of an attempt that arrived late",
    **documented(scope="results", problems=("not-found",)),
)
async def late_saves(attempt: FromPath[str], ctx: Ctx, caller: Staff) -> list[LateSaveView]:
    """With what the device says of them, what the exam's policy said, and what was decided."""
    caller.must("results")
    async with ctx.store.read(caller.org) as tx:
        return await late.of_attempt(tx, attempt)


@get(
    f"{_OF_EXAM}/late-saves",
    summary="Responses at an exam that arrived late",
    **documented(scope="results", problems=("not-found", "not-published")),
)
async def late_saves_at_exam(
    course: FromPath[str],
    exam: FromPath[str],
    ctx: Ctx,
    caller: Staff,
    undecided: Undecided = False,
    after: After = None,
    limit: Limit = 100,
) -> Page[LateSaveView]:
    """By attempt, in the device's order. `undecided=true` is the list of what staff has to decide."""
    caller.must("results")
    async with ctx.store.read(caller.org) as tx:
        found, cursor = await late.at_exam(tx, course, exam, undecided, after, limit)
    return Page(items=found, next=cursor)


@post(
    f"{_OF_ATTEMPT}/late-saves/{{epoch:int}}/{{seq:int}}/decision",
    status_code=200,
    summary="Accept or refuse responses that arrived late",
    **documented(
        scope="results",
        body=DecisionBody,
        examples={"seen by the invigilator": {"decision": "accept", "reason": "ผู้คุมสอบเห็นว่าตอบก่อนหมดเวลา"}},
        problems=("not-found", "late-save-decided", "attempt-voided", "certificate-stands"),
    ),
)
async def decide(
    attempt: FromPath[str],
    epoch: FromPath[int],
    seq: FromPath[int],
    request: AnyRequest,
    ctx: Ctx,
    caller: Staff,
    repeat: Repeat,
) -> DecidedView:
    """Accepted, they count, and an attempt that was graded is graded anew as the next revision. What was refused may
    still be accepted; what was accepted counts for good."""
    caller.must("results")
    body = await read_body(request, DecisionBody)
    answer = await once(
        ctx, caller.org, repeat, DecidedView,
        lambda tx: late.decide(ctx, tx, (attempt, epoch, seq), body, caller.key_id),
    )  # fmt: skip
    await live.changed_by(ctx, caller.org, attempt)
    if answer.revision is not None:
        # The better result may be what was missing for a certificate that is issued at once.
        await certificates.issue_at_once(ctx, caller.org, answer.late_save.enrolment)
    return answer


@get(
    f"{_OF_ATTEMPT}/audit",
    summary="Who did what to an attempt",
    **documented(scope="results", problems=("not-found",)),
)
async def trail(attempt: FromPath[str], ctx: Ctx, caller: Staff) -> list[AuditView]:
    """Oldest first: when, who (an API key or a person of staff), what and why."""
    caller.must("results")
    async with ctx.store.read(caller.org) as tx:
        await grading.attempt_of(tx, attempt)
        return await audit.of_attempt(tx, attempt)


@get(
    f"{_OF_EXAM}/audit",
    summary="Who did what at an exam",
    **documented(scope="results", problems=("not-found", "not-published")),
)
async def trail_of_exam(
    course: FromPath[str], exam: FromPath[str], ctx: Ctx, caller: Staff, after: After = None, limit: Limit = 100
) -> Page[AuditView]:
    """To the whole exam and to each of its attempts, oldest first."""
    caller.must("results")
    async with ctx.store.read(caller.org) as tx:
        await standing.exam_of(tx, course, exam)
        found = await audit.at_exam(tx, course, exam, after, limit + 1)
    return page_of(found, limit, lambda event: event, lambda event: event.id)


HANDLERS = [
    extra_time, extra_time_for_all, reopen, message, message_to_all, sent, late_saves, late_saves_at_exam, decide,
    trail, trail_of_exam,
]  # fmt: skip

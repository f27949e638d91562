"""Enrolments: who takes which course, what is reported of them, where they stand, and their way in."""

from typing import Annotated, Any

from litestar import Request, get, patch, post, put
from litestar.params import FromPath, QueryParameter

from exam_service.core.documents import read
from exam_service.core.errors import Invalid
from exam_service.services import certificates, enrolments, facts, launches
from exam_service.services.enrolments import (
    EnrolmentBody,
    EnrolmentChanges,
    EnrolmentStanding,
    EnrolmentView,
    EnrolmentWithCandidateBody,
)
from exam_service.services.facts import FactHistory, FactsView
from exam_service.services.launches import LaunchBody, LaunchView
from exam_service.services.once import once
from exam_service.web.body import read_body
from exam_service.web.given import Ctx, Repeat, Staff
from exam_service.web.lms.candidates import EXAMPLE as CANDIDATE
from exam_service.web.openapi import documented
from exam_service.web.paging import After, Limit, Page, page_of

OfCourse = Annotated[str | None, QueryParameter(description="Only those of this course.")]


@post(
    "/enrolments",
    summary="Enrol a candidate in a course",
    **documented(
        scope="enrolments",
        body=(EnrolmentBody, EnrolmentWithCandidateBody),
        examples={
            "a known candidate": {"candidate": "u-1024", "course": "measurement-101"},
            "a new one, with more time": {
                "candidate": CANDIDATE | {"external_id": "u-1025"},
                "course": "measurement-101",
                "target_standing": "senior_professional",
                "accommodations": [{"extra_percent": 25, "reason": "เอกสารรับรองความพิการทางการเห็น"}],
            },
        },
        problems=["not-found", "not-published", "national-id-taken"],
    ),
)
async def enrol(request: Request[Any, Any, Any], ctx: Ctx, caller: Staff, repeat: Repeat) -> EnrolmentView:
    """`candidate` is your id for a person who is known, or the person. The course must be published.

    Enrolling again answers the same enrolment; what is written this time changes it. Giving the person needs the scope
    `candidates` too.
    """
    caller.must("enrolments")
    raw = await read_body(request, dict[str, object])
    body: EnrolmentBody | EnrolmentWithCandidateBody | None
    if isinstance(raw.get("candidate"), dict):
        caller.must("candidates")
        body, found = read(raw, EnrolmentWithCandidateBody)
    else:
        body, found = read(raw, EnrolmentBody)
    if body is None:
        raise Invalid(count=len(found), faults=found)
    return await once(ctx, caller.org, repeat, EnrolmentView, lambda tx: enrolments.enrol(ctx, tx, body, caller.key_id))


@get("/enrolments", summary="List the enrolments", **documented(scope="enrolments"))
async def list_all(
    ctx: Ctx, caller: Staff, course: OfCourse = None, after: After = None, limit: Limit = 100
) -> Page[EnrolmentView]:
    """In the order in which they were made."""
    caller.must("enrolments")
    async with ctx.store.read(caller.org) as tx:
        found = await enrolments.page(tx, course, after, limit + 1)
    return page_of(found, limit, lambda line: line, lambda line: line.id)


@get(
    "/enrolments/{enrolment:str}",
    summary="Where a candidate stands",
    **documented(scope="enrolments", problems=["not-published"]),
)
async def show(enrolment: FromPath[str], ctx: Ctx, caller: Staff) -> EnrolmentStanding:
    """Facts, attempts and counted scores, why an exam may not start now, and what the certificate still wants: as a
    tree with each condition's wanted and found value, and as a sentence in Thai and English."""
    caller.must("enrolments")
    return await enrolments.show(ctx, caller.org, enrolment)


@patch(
    "/enrolments/{enrolment:str}",
    summary="Give time, or change the target standing",
    **documented(
        scope="enrolments",
        body=EnrolmentChanges,
        examples={"ten minutes more": {"accommodations": [{"extra_minutes": 10}]}},
        problems=["not-published"],
    ),
)
async def change(
    enrolment: FromPath[str], request: Request[Any, Any, Any], ctx: Ctx, caller: Staff, repeat: Repeat
) -> EnrolmentView:
    """What is left out stays; `accommodations` replaces the whole list. A running attempt gets its new deadline from
    the next request on."""
    caller.must("enrolments")
    body = await read_body(request, EnrolmentChanges)
    return await once(
        ctx, caller.org, repeat, EnrolmentView, lambda tx: enrolments.change(ctx, tx, enrolment, body, caller.key_id)
    )


@put(
    "/enrolments/{enrolment:str}/facts",
    summary="Report facts",
    **documented(
        scope="enrolments",
        body=dict[str, Any],
        examples={"learning complete": {"learning_complete": True, "attendance": 92.5}},
        problems=["not-published"],
    ),
)
async def report(
    enrolment: FromPath[str], request: Request[Any, Any, Any], ctx: Ctx, caller: Staff, repeat: Repeat
) -> FactsView:
    """An object of names, as the course declares them, and values. Reports are only ever added, and the newest of a
    name counts; null takes a fact back. A certificate that is issued at once may follow."""
    caller.must("enrolments")
    raw = await read_body(request, dict[str, object])
    view = await once(
        ctx, caller.org, repeat, FactsView, lambda tx: facts.report(ctx, tx, enrolment, raw, caller.key_id)
    )
    await certificates.issue_at_once(ctx, caller.org, enrolment)
    return view


@get("/enrolments/{enrolment:str}/facts", summary="Every report of facts", **documented(scope="enrolments"))
async def history(enrolment: FromPath[str], ctx: Ctx, caller: Staff) -> FactHistory:
    """Oldest first, with the API key that sent it."""
    caller.must("enrolments")
    async with ctx.store.read(caller.org) as tx:
        return await facts.history(tx, enrolment)


@post(
    "/enrolments/{enrolment:str}/launches",
    summary="Make a way in for the candidate",
    **documented(
        scope="enrolments",
        body=LaunchBody,
        required=False,
        examples={"back to the course": {"language": "th", "return_url": "https://lms.example.ac.th/course/101"}},
    ),
)
async def launch(
    enrolment: FromPath[str], request: Request[Any, Any, Any], ctx: Ctx, caller: Staff, repeat: Repeat
) -> LaunchView:
    """Send the candidate's browser to `url`. It works once and soon expires; it is shown only in this answer."""
    caller.must("enrolments")
    body = await read_body(request, LaunchBody)
    return await once(ctx, caller.org, repeat, LaunchView, lambda tx: launches.create(ctx, tx, enrolment, body))


HANDLERS = [enrol, list_all, show, change, report, history, launch]

"""Attempts and results, whole, for staff and reports."""

from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath

from exam_service.services import attempt_records, invigilation, live
from exam_service.services.attempt_records import (
    AttemptDetail,
    AttemptRecord,
    JournalView,
    ResultLine,
)
from exam_service.services.invigilation import VoidBody
from exam_service.services.once import once
from exam_service.web.body import read_body
from exam_service.web.given import Ctx, Repeat, Staff
from exam_service.web.lms.enrolments import OfCourse
from exam_service.web.openapi import documented
from exam_service.web.paging import After, Limit, Page


@get("/attempts", summary="List the attempts", **documented(scope="results"))
async def list_all(
    ctx: Ctx, caller: Staff, course: OfCourse = None, after: After = None, limit: Limit = 100
) -> Page[AttemptRecord]:
    """In the order in which they began; each as it is now."""
    caller.must("results")
    found, cursor = await attempt_records.page(ctx, caller.org, course, after, limit)
    return Page(items=found, next=cursor)


@get("/attempts/{attempt:str}", summary="One attempt with every revision of its result", **documented(scope="results"))
async def show(attempt: FromPath[str], ctx: Ctx, caller: Staff) -> AttemptDetail:
    """A regrade adds a revision and keeps the others."""
    caller.must("results")
    return await attempt_records.show(ctx, caller.org, attempt)


@get("/attempts/{attempt:str}/journal", summary="Every save of an attempt", **documented(scope="results"))
async def journal(attempt: FromPath[str], ctx: Ctx, caller: Staff) -> JournalView:
    """With the questions behind the items of the paper: what it takes to check a result. No key is in it."""
    caller.must("results")
    async with ctx.store.read(caller.org) as tx:
        return await attempt_records.journal(ctx, tx, attempt)


@post(
    "/attempts/{attempt:str}/void",
    status_code=200,
    summary="Take an attempt out of account",
    **documented(scope="results", body=VoidBody, examples={"a power cut": {"reason": "ไฟฟ้าดับระหว่างสอบ"}}),
)
async def void(
    attempt: FromPath[str], request: Request[Any, Any, Any], ctx: Ctx, caller: Staff, repeat: Repeat
) -> AttemptDetail:
    """It counts neither as a score nor as one of the allowed attempts; the reason is kept. Reopening undoes it."""
    caller.must("results")
    body = await read_body(request, VoidBody)
    answer = await once(
        ctx, caller.org, repeat, AttemptDetail, lambda tx: invigilation.void(ctx, tx, attempt, body, caller.key_id)
    )
    live.changed(ctx, caller.org, answer.course, answer.attempt.exam)
    return answer


@get("/results", summary="List the results", **documented(scope="results"))
async def results(
    ctx: Ctx, caller: Staff, course: OfCourse = None, after: After = None, limit: Limit = 100
) -> Page[ResultLine]:
    """The current result of each graded attempt. Where attempts are running, a page may hold fewer than `limit`."""
    caller.must("results")
    found, cursor = await attempt_records.results_page(ctx, caller.org, course, after, limit)
    return Page(items=found, next=cursor)


HANDLERS = [list_all, show, journal, void, results]

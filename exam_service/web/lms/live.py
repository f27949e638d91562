"""An exam while it runs: who has started, who saves, who was lost, who is done."""

from typing import Annotated, Any

from litestar import Request, get
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream

from exam_service.core.exams.live import LiveState
from exam_service.services import api_keys, live
from exam_service.services.live_view import LiveView
from exam_service.web.auth import bearer
from exam_service.web.events import EVENT_STREAM, event_stream
from exam_service.web.given import Ctx, Staff
from exam_service.web.openapi import documented
from exam_service.web.paging import After, Limit

InState = Annotated[LiveState | None, QueryParameter(description="Only people who are in this state.")]

EXAMPLE = {
    "course": "measurement-101",
    "exam": "post",
    "title": {"th": "ทดสอบหลังพัฒนา", "en": "Post-test"},
    "at": "2026-11-22T02:20:00Z",
    "closes_at": "2026-11-22T05:00:00Z",
    "counts": {
        "enrolled": 3, "not_started": 1, "started": 0, "saving": 1, "idle": 0, "lost_contact": 0, "submitted": 0,
        "expired": 0, "graded": 1, "voided": 0, "running": 1,
    },
    "people": [
        {
            "enrolment": "enr_01kanm2b0c0000000000000000",
            "candidate": "user-4711",
            "name": "นางสาวสมหญิง ใจดี",
            "state": "saving",
            "attempt": "att_01kanm2b0c0000000000000000",
            "number": 1,
            "last_contact": "2026-11-22T02:19:48Z",
            "saves": 14,
            "seconds_left": 1188,
            "deadline": "2026-11-22T02:39:48Z",
            "extra_seconds": 600,
        }
    ],
    "total": 1,
    "next": None,
}  # fmt: skip


@get(
    "/courses/{course:str}/exams/{exam:str}/live",
    summary="An exam while it runs",
    **documented(scope="results", problems=("not-found", "not-published"), example=EXAMPLE),
)
async def show(
    course: FromPath[str],
    exam: FromPath[str],
    ctx: Ctx,
    caller: Staff,
    only: InState = None,
    after: After = None,
    limit: Limit = 100,
) -> LiveView:
    """How many are where, and a page of the people by name; as it was 2 seconds ago at most; a very large
    exam, 15."""
    caller.must("results")
    return await live.view(ctx, caller.org, course, exam, only, after, limit)


@get(
    "/courses/{course:str}/exams/{exam:str}/live/events",
    media_type=EVENT_STREAM,
    summary="An exam while it runs, as it changes",
    **documented(scope="results", problems=("not-found", "not-published", "busy")),
)
async def events(
    course: FromPath[str],
    exam: FromPath[str],
    request: Request[Any, Any, Any],
    ctx: Ctx,
    caller: Staff,
    only: InState = None,
    after: After = None,
    limit: Limit = 100,
) -> Stream:
    """Server-sent events named `live`, each the whole view, whenever anything but the time has changed.

    Every event stands for itself: who was cut off has missed nothing. An event `still` says every 15 seconds that there
    is nothing new. It ends when the process stops, and with an event `over` when the key is revoked; `seconds_left`
    counts down without being sent. A process keeps 8 streams of one key or staff link, and 100 of an organisation; more
    are `busy`.
    """
    caller.must("results")
    live.require_seat(ctx, caller.org, caller.key_id)
    # Refused as a whole before the stream begins, when there is no such exam.
    await live.view(ctx, caller.org, course, exam, only, after, 1)
    token = bearer(request) or ""
    return event_stream(
        live.seated(ctx, caller.org, caller.key_id, live.follow(ctx, caller.org, course, exam, only, after, limit)),
        "live",
        lambda: api_keys.authenticate(ctx, token),
        ctx.now,
    )


HANDLERS = [show, events]

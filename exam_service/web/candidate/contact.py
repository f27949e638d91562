"""How a candidate's page hears from the server while it has nothing to save."""

from typing import Annotated

from litestar import Router, get
from litestar.di import Provide
from litestar.params import FromPath, QueryParameter

from exam_service.services import messages
from exam_service.services.messages import ContactView
from exam_service.web import auth
from exam_service.web.given import Candidate, Ctx
from exam_service.web.openapi import documented

Epoch = Annotated[
    int | None,
    QueryParameter(ge=1, le=1_000_000, description="The device session that asks, to hear whether it may write."),
]

After = Annotated[
    str | None,
    QueryParameter(
        max_length=64,
        description="The newest message that the page has: only what was sent after it comes, and once more what came "
        "in the minute before it, so tell them apart by `id`. Without it, or when it is none of this attempt's: all.",
    ),
]


@get(
    "/v1/candidate/attempts/{attempt:str}/contact",
    summary="How the attempt stands, and what staff said",
    **documented(
        problems=("not-found",),
        example={
            "attempt": "att_06f7zzv3k8w5p9t2n4m6q8r0s1", "state": "in_progress", "epoch": 1,
            "writes_here": True, "saves": 14,
            "deadline": "2026-11-22T03:40:00Z", "seconds_left": 1834, "news": 1,
            "messages": [
                {
                    "id": "msg_06f7zzw1k8w5p9t2n4m6q8r0s1", "text": {"th": "ได้เวลาเพิ่ม 10 นาที"},
                    "sent_at": "2026-11-22T03:01:12Z",
                }
            ],
        },
    ),
)  # fmt: skip
async def contact(
    attempt: FromPath[str], ctx: Ctx, session: Candidate, epoch: Epoch = None, after: After = None
) -> ContactView:
    """Ask when `news` of a save is higher than before, and when nothing was sent for 45 seconds, so that staff sees who
    is there. Also after the end: staff may give time or reopen it.

    When `saves` are fewer than were acknowledged, a backup was restored: look at the attempt, send what it lacks."""
    return await messages.contact(ctx, session.org, session.enrolment, attempt, epoch, after)


router = Router(
    "/",
    route_handlers=[contact],
    dependencies={"session": Provide(auth.session)},
    tags=["Candidate"],
)

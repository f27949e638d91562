"""One-time links for programme staff, who watch and help while an exam runs."""

from typing import Any

from litestar import Request, post

from exam_service.services import staff_sessions
from exam_service.services.once import once
from exam_service.services.staff_sessions import StaffLinkBody, StaffLinkView
from exam_service.web.body import read_body
from exam_service.web.given import Ctx, Repeat, Staff
from exam_service.web.openapi import documented

EXAMPLES = {
    "one exam": {
        "name": "สมศรี ใจดี",
        "course": "measurement-101",
        "exam": "post",
        "return_url": "https://lms.example.ac.th/course/1",
    },
    "everything": {"name": "Head of programme"},
}


@post(
    "/staff-links",
    summary="Make a way in for a person of the programme staff",
    **documented(scope="results", body=StaffLinkBody, examples=EXAMPLES, problems=("not-found",)),
)
async def create(request: Request[Any, Any, Any], ctx: Ctx, caller: Staff, repeat: Repeat) -> StaffLinkView:
    """A URL that works once and leads to the pages of exam day: the live view, and what staff may do.

    The name stands in the audit trail beside everything that the person does. The session lasts as long as a
    candidate's, and ends within seconds when the key that made the link is revoked.
    """
    caller.must(staff_sessions.SCOPE)
    body = await read_body(request, StaffLinkBody)
    return await once(ctx, caller.org, repeat, StaffLinkView, lambda tx: staff_sessions.create(ctx, tx, body, caller))


HANDLERS = [create]

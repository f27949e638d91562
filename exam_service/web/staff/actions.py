"""What staff do from the pages: a form, a page that says what is about to happen, and then it is done, once."""

import hashlib
from typing import Any

from litestar import Request, Response, post
from litestar.params import FromPath
from litestar.response import Redirect

from exam_service.core.errors import NotAuthenticated, NotFound, Refusal
from exam_service.services import live, staff_actions, staff_view
from exam_service.services.context import Context
from exam_service.services.once import RepeatKey
from exam_service.services.staff_actions import Deed
from exam_service.services.staff_sessions import StaffSession
from exam_service.web.body import form_of
from exam_service.web.given import Ctx
from exam_service.web.pages import page
from exam_service.web.problems import STATUS
from exam_service.web.staff import shown
from exam_service.web.staff.session import refused, staff

Plain = Request[Any, Any, Any]

FIELDS = ("action", "attempt", "minutes", "text_th", "text_en", "reason", "decision", "epoch", "seq")
LONGEST = 4000


@post("/staff/{course:str}/{exam:str}/do", include_in_schema=False)
async def do(course: FromPath[str], exam: FromPath[str], request: Plain, ctx: Ctx) -> Response[Any]:
    """First asked back, then done. What is sent twice is done once."""
    try:
        session = await staff(request)
    except NotAuthenticated as refusal:
        return refused(request, refusal)
    if not session.may_see(course, exam):
        raise NotFound(what="exam", id=f"{course}/{exam}")
    form = await form_of(request)
    given = {name: str(form[name])[:LONGEST] for name in FIELDS if form.get(name)}
    back = here = f"/staff/{course}/{exam}"
    if given.get("attempt"):
        back = here = f"{back}/attempts/{given['attempt']}"
    elif given.get("action"):
        here = f"{back}/everybody"
    turn = str(form.get("turn") or "")
    try:
        deed = staff_actions.checked(given)
        if turn:
            await staff_actions.do(ctx, session, course, exam, deed, _repeat(session, course, exam, given, turn))
            return Redirect(f"{back}?done={deed.action}", status_code=303)
        title, name, late = await _about(ctx, session, course, exam, deed)
    except Refusal as refusal:
        return page(
            request, "staff_not_done.html", status=STATUS[refusal.code], language=session.language, session=session,
            refusal=refusal, back=here,
        )  # fmt: skip
    return page(
        request, "staff_confirm.html", language=session.language, session=session, deed=deed, given=given, back=here,
        title=title, name=name, late=late, writing=await _writing(ctx, session, course, exam), turn=ctx.new_id("evt"),
        action=f"/staff/{course}/{exam}/do", shown=shown,
    )  # fmt: skip


def _repeat(session: StaffSession, course: str, exam: str, given: dict[str, str], turn: str) -> RepeatKey:
    """The same confirmation sent again is the same deed; a turn cannot be used for another one."""
    said = "\n".join((course, exam, *(f"{name}={value}" for name, value in sorted(given.items()))))
    return RepeatKey(key=f"staff/{session.link}/{turn[:40]}", request_digest=hashlib.sha256(said.encode()).digest())


async def _about(
    ctx: Context, session: StaffSession, course: str, exam: str, deed: Deed
) -> tuple[Any, str | None, Any]:
    """The exam's title, whom it is about, and which late save. Raises NotFound."""
    if deed.attempt is None:
        found = await live.view(ctx, session.org, course, exam, None, None, 1)
        return found.title, None, None
    person = await staff_view.person(ctx, session, course, exam, deed.attempt)
    if deed.action != "late-save":
        return person.exam_title, person.name, None
    for save in person.late:
        if (save.epoch, save.seq) == (deed.epoch, deed.seq):
            return person.exam_title, person.name, save
    raise NotFound(what="late save", id=f"{deed.epoch}/{deed.seq}")


async def _writing(ctx: Context, session: StaffSession, course: str, exam: str) -> int:
    return (await live.view(ctx, session.org, course, exam, None, None, 1)).counts.running


HANDLERS = [do]

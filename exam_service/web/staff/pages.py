"""The pages of programme staff: the way in, the exams there are, one exam while it runs, one person in it."""

from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Stream

from exam_service.core.errors import (
    NotAuthenticated,
    NotFound,
    StaffLinkExpired,
    StaffLinkUnknown,
    StaffLinkUsed,
)
from exam_service.core.exams.live import LiveState
from exam_service.services import live, staff_sessions, staff_view
from exam_service.services.staff_sessions import StaffSession
from exam_service.services.staff_view import PersonNow
from exam_service.web.auth import limit_public
from exam_service.web.events import EVENT_STREAM, event_stream
from exam_service.web.given import Ctx
from exam_service.web.pages import page
from exam_service.web.staff import shown
from exam_service.web.staff.session import COOKIE, forget, refused, remember, staff

Plain = Request[Any, Any, Any]
Answer = Response[Any]

PEOPLE = 100
"""On one page of the list."""
REFRESH_SECONDS = 15
"""Without JavaScript the page is loaded anew so often."""

_NO_ENTRY = (StaffLinkUnknown, StaffLinkUsed, StaffLinkExpired)


@get("/staff/_enter/{token:str}", include_in_schema=False)
async def link(token: FromPath[str], request: Plain, ctx: Ctx) -> Answer:
    """A page with one button: a preview of the link must not use it up."""
    await limit_public(request)
    try:
        found, organisation = await staff_sessions.describe(ctx, token)
    except StaffLinkUnknown as refusal:
        return refused(request, refusal)
    if await _is_inside(request, found):
        return Redirect(found.home, status_code=303)
    return page(request, "staff_enter.html", language=found.language, name=found.name, organisation=organisation.name)


@post("/staff/_enter/{token:str}", include_in_schema=False)
async def enter(token: FromPath[str], request: Plain, ctx: Ctx) -> Answer:
    """Use the link and go in. Whoever came in by it already stays inside."""
    await limit_public(request)
    try:
        sealed, session = await staff_sessions.redeem(ctx, token)
    except _NO_ENTRY as refusal:
        if not isinstance(refusal, StaffLinkUnknown):
            found, _ = await staff_sessions.describe(ctx, token)
            if await _is_inside(request, found):
                return Redirect(found.home, status_code=303)
            return refused(request, refusal, found)
        return refused(request, refusal)
    response = Redirect(session.home, status_code=303)
    remember(request, response, sealed)
    return response


@post("/staff/_leave", status_code=200, include_in_schema=False)
async def leave(request: Plain, ctx: Ctx) -> Answer:
    """Sign out: the session ends, in this browser and wherever else its cookie is."""
    try:
        session = await staff(request)
    except NotAuthenticated as refusal:
        return refused(request, refusal)
    await staff_sessions.leave(ctx, session)
    response = page(request, "staff_left.html", language=session.language, return_url=session.return_url)
    forget(response)
    return response


@get("/staff", include_in_schema=False)
async def exams(request: Plain, ctx: Ctx) -> Answer:
    """What is open, what comes, and what was over lately."""
    try:
        session = await staff(request)
    except NotAuthenticated as refusal:
        return refused(request, refusal)
    listed = await staff_view.exams(ctx, session)
    return _page(request, session, "staff_exams.html", exams=listed)


@get("/staff/{course:str}/{exam:str}", include_in_schema=False)
async def watch(course: FromPath[str], exam: FromPath[str], request: Plain, ctx: Ctx) -> Answer:
    """The exam as it is now; a script keeps it so."""
    try:
        session = await _staff_at(request, course, exam)
    except NotAuthenticated as refusal:
        return refused(request, refusal)
    only, after = _asked(request)
    found = await live.view(ctx, session.org, course, exam, only, after, PEOPLE)
    day = await staff_view.exam_day(ctx, session, course, exam)
    still = "still" in request.query_params
    return _page(
        request, session, "staff_exam.html", view=found, day=day, only=only, after=after, states=list(LiveState),
        names=await live.names(ctx, session.org, course, exam), refresh=None if still else REFRESH_SECONDS,
        asked="".join(f"{urlencode({name: value})}&" for name, value in (("only", only), ("after", after)) if value),
        done=request.query_params.get("done", ""),
        page={
            "events": f"/staff/{course}/{exam}/events", "base": f"/staff/{course}/{exam}", "only": only,
            "after": after, "undecided": day.waiting, "deeds": day.deeds,
            "tones": {state.value: tone for state, tone in shown.TONES.items()},
        },
    )  # fmt: skip


@get("/staff/{course:str}/{exam:str}/everybody", include_in_schema=False)
async def everybody(course: FromPath[str], exam: FromPath[str], request: Plain, ctx: Ctx) -> Answer:
    """The forms for everybody who writes: a page that never loads itself anew, for somebody writes there."""
    return await _still(request, ctx, course, exam, "staff_everybody.html")


@get("/staff/{course:str}/{exam:str}/late", include_in_schema=False)
async def late(course: FromPath[str], exam: FromPath[str], request: Plain, ctx: Ctx) -> Answer:
    """The late responses to decide; it never loads itself anew either."""
    return await _still(request, ctx, course, exam, "staff_late.html")


@get("/staff/{course:str}/{exam:str}/events", media_type=EVENT_STREAM, include_in_schema=False)
async def events(course: FromPath[str], exam: FromPath[str], request: Plain, ctx: Ctx) -> Stream:
    """The same view as it changes; it ends with the session."""
    session = await _staff_at(request, course, exam)
    live.require_seat(ctx, session.org, session.link)
    only, after = _asked(request)
    await live.view(ctx, session.org, course, exam, only, after, 1)
    token = request.cookies.get(COOKIE, "")
    return event_stream(
        live.seated(ctx, session.org, session.link, live.follow(ctx, session.org, course, exam, only, after, PEOPLE)),
        "live",
        lambda: staff_sessions.decode(ctx, token),
        ctx.now,
    )


@get("/staff/{course:str}/{exam:str}/attempts/{attempt:str}", include_in_schema=False)
async def person(
    course: FromPath[str], exam: FromPath[str], attempt: FromPath[str], request: Plain, ctx: Ctx
) -> Answer:
    """One person's attempt, what can be done for it, and what was done."""
    try:
        session = await _staff_at(request, course, exam)
    except NotAuthenticated as refusal:
        return refused(request, refusal)
    found = await staff_view.person(ctx, session, course, exam, attempt)
    at = staff_view.now_of(found, ctx.now())
    return _page(
        request, session, "staff_person.html", person=found, at=at, done=request.query_params.get("done", ""),
        page={"now": f"/staff/{course}/{exam}/attempts/{attempt}/now", "first": msgspec.to_builtins(at)},
    )  # fmt: skip


@get("/staff/{course:str}/{exam:str}/attempts/{attempt:str}/now", include_in_schema=False)
async def person_now(
    course: FromPath[str], exam: FromPath[str], attempt: FromPath[str], request: Plain, ctx: Ctx
) -> PersonNow:
    """The little of it that changes by itself. Raises NotAuthenticated, NotFound."""
    session = await _staff_at(request, course, exam)
    return staff_view.now_of(await staff_view.person(ctx, session, course, exam, attempt), ctx.now())


async def _still(request: Plain, ctx: Ctx, course: str, exam: str, template: str) -> Answer:
    try:
        session = await _staff_at(request, course, exam)
    except NotAuthenticated as refusal:
        return refused(request, refusal)
    return _page(
        request, session, template, base=f"/staff/{course}/{exam}",
        title=(await live.view(ctx, session.org, course, exam, None, None, 1)).title,
        day=await staff_view.exam_day(ctx, session, course, exam),
        names=await live.names(ctx, session.org, course, exam),
    )  # fmt: skip


def _page(request: Plain, session: StaffSession, template: str, **values: Any) -> Answer:
    return page(
        request, template, language=session.language, session=session, shown=shown, now=request.app.state.ctx.now(),
        **values,
    )  # fmt: skip


async def _staff_at(request: Plain, course: str, exam: str) -> StaffSession:
    """The session, if it may see the exam. Raises NotAuthenticated, NotFound."""
    session = await staff(request)
    if not session.may_see(course, exam):
        raise NotFound(what="exam", id=f"{course}/{exam}")
    return session


async def _is_inside(request: Plain, link: StaffSession) -> bool:
    """Whether this browser came in by that link: then it has done its work."""
    try:
        session = await staff_sessions.decode(request.app.state.ctx, request.cookies.get(COOKIE, ""))
    except NotAuthenticated:
        return False
    return (session.org, session.link) == (link.org, link.link)


def _asked(request: Plain) -> tuple[LiveState | None, str | None]:
    """Which people to show. What is no state means all of them: the address is a person's, not a program's."""
    wanted = request.query_params.get("only")
    only = LiveState(wanted) if wanted in set(LiveState) else None
    return only, request.query_params.get("after") or None


HANDLERS = [link, enter, leave, exams, watch, everybody, late, events, person, person_now]

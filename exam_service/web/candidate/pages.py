"""The candidate's pages: the way in, and the shells that the scripts fill from the candidate's API."""

import hashlib
from functools import cache
from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from exam_service.core.errors import LaunchExpired, LaunchUnknown, LaunchUsed, NotAuthenticated, Refusal
from exam_service.services import sessions
from exam_service.services.context import Context
from exam_service.services.sessions import CandidateSession, LaunchDescription
from exam_service.web import auth
from exam_service.web.given import Ctx
from exam_service.web.kept_page import ASK_ANEW, KeptPage, Place, kept_page, sent
from exam_service.web.pages import page, rendered
from exam_service.web.problems import STATUS

Plain = Request[Any, Any, Any]
WHO = "exam_who"
PLACE = Place(name="exam-page", path="/exam/kept/", pages=r"^/exam/attempts/[^/]+$")
_YEAR = 365 * 24 * 3600


@get("/l/{token:str}", include_in_schema=False)
async def launch(token: FromPath[str], request: Plain, ctx: Ctx) -> Response[Any]:
    """A page with one button: a preview of the link, or a careless tap, must not use it up."""
    try:
        found = await auth.launch_of(request, token)
    except LaunchUnknown as refusal:
        return _refused(request, refusal, None)
    if _is_inside(request, ctx, found):
        return Redirect("/exam", status_code=303)
    if found.used:
        return _refused(request, LaunchUsed(), found)
    if found.expired:
        return _refused(request, LaunchExpired(), found)
    return page(
        request, "launch.html", language=found.language,
        organisation=found.organisation, course=found.course, hours=None, candidate=None,
    )  # fmt: skip


@post("/l/{token:str}", include_in_schema=False)
async def enter(token: FromPath[str], request: Plain, ctx: Ctx) -> Response[Any]:
    """Use the launch and go in. Somebody who is inside already stays inside."""
    found: LaunchDescription | None = None
    try:
        found = await auth.launch_of(request, token)
        redeemed = await sessions.redeem(ctx, token)
    except (LaunchUsed, LaunchExpired) as refusal:
        if found is not None and _is_inside(request, ctx, found):
            return Redirect("/exam", status_code=303)
        return _refused(request, refusal, found)
    except LaunchUnknown as refusal:
        return _refused(request, refusal, None)
    response = Redirect("/exam", status_code=303)
    response.set_cookie(
        auth.COOKIE,
        redeemed.token,
        max_age=int(ctx.policy.session_ttl.total_seconds()),
        path="/",
        httponly=True,
        secure=ctx.policy.public_url.startswith("https://"),
        samesite="lax",
    )
    _say_who(response, redeemed.enrolment, ctx)
    return response


@get("/exam", include_in_schema=False)
async def home(request: Plain) -> Response[Any]:
    return await _shell(request, "home.html", {"page": "home"})


@post("/exam/sign-out", include_in_schema=False)
async def sign_out(request: Plain) -> Response[Any]:
    """Forget on this browser who is signed in: computers of an exam room are shared."""
    auth.refuse_other_sites(request)
    response = Redirect("/exam/signed-out", status_code=303)
    for name in (auth.COOKIE, WHO):
        response.delete_cookie(name, path="/")
    return response


@get("/exam/signed-out", include_in_schema=False)
async def signed_out(request: Plain) -> Response[Any]:
    return page(request, "signed_out.html")


@get("/exam/attempts/{attempt:str}", include_in_schema=False)
async def attempt(attempt: FromPath[str], request: Plain) -> Response[Any]:
    return await _shell(request, "attempt.html", {"page": "attempt", "attempt": attempt})


@get("/exam/attempts/{attempt:str}/result", include_in_schema=False)
async def result(attempt: FromPath[str], request: Plain) -> Response[Any]:
    return await _shell(request, "result.html", {"page": "result", "attempt": attempt})


@get("/exam/attempts/{attempt:str}/review", include_in_schema=False)
async def review(attempt: FromPath[str], request: Plain) -> Response[Any]:
    return await _shell(request, "review.html", {"page": "review", "attempt": attempt})


@get("/exam/worker.js", include_in_schema=False)
async def worker() -> Response[bytes]:
    """The service worker that opens the attempt's page without network. Its text names the version that it keeps."""
    return Response(_kept().worker, media_type="text/javascript", headers=ASK_ANEW)


@get(PLACE.path + "{version:str}/{file:path}", include_in_schema=False)
async def kept(request: Plain, version: FromPath[str], file: FromPath[str]) -> Response[bytes]:
    """A file of the pages under the version that the page named."""
    return sent(request, _kept(), version, file)


@cache
def _kept() -> KeptPage:
    return kept_page(PLACE, rendered("attempt.html", "th", page={"page": "attempt", "attempt": None}))


async def _shell(request: Plain, template: str, shown: dict[str, str]) -> Response[Any]:
    """The page without its data; whoever has no session is told how to get one."""
    ctx: Context = request.app.state.ctx
    try:
        session: CandidateSession = await auth.session(request, ctx)
    except NotAuthenticated as refusal:
        return _refused(request, refusal, None)
    response = page(request, template, language=session.language, page=shown)
    response.content = _kept().addressed(response.content)
    _say_who(response, session.enrolment, ctx)
    return response


def _say_who(response: Response[Any], enrolment: str, ctx: Context) -> None:
    """Give the page a word for whose session this is, so that what two people leave on one device stays apart.

    It says nothing elsewhere, and opens nothing: the session's own cookie stays out of reach of scripts. So it may stay
    long, and has to: a browser counts by the device's clock, and what is kept there is found by this word.
    """
    word = hashlib.sha256(f"who:{enrolment}".encode()).hexdigest()[:16]
    response.set_cookie(
        WHO,
        word,
        max_age=_YEAR,
        path="/",
        secure=ctx.policy.public_url.startswith("https://"),
        samesite="lax",
    )


def _is_inside(request: Plain, ctx: Context, found: LaunchDescription) -> bool:
    """Whether this browser has a session for the launch's enrolment: then the link has done its work."""
    try:
        session = sessions.decode(ctx, request.cookies.get(auth.COOKIE, ""))
    except NotAuthenticated:
        return False
    return (session.org, session.enrolment) == (found.org, found.enrolment)


def _refused(request: Plain, refusal: Refusal, found: LaunchDescription | None) -> Response[Any]:
    return page(
        request, "launch_refused.html", status=STATUS[refusal.code], language=found.language if found else None,
        message=refusal.text, code=refusal.code, return_url=found.return_url if found else None,
    )  # fmt: skip


router = Router("/", route_handlers=[launch, enter, home, sign_out, signed_out, attempt, result, review, worker, kept])

"""Who of the programme staff asks: a session in a cookie that goes to /staff only."""

from typing import Any

from litestar import Request, Response

from exam_service.core.errors import NotAuthenticated, Refusal
from exam_service.services import staff_sessions
from exam_service.services.staff_sessions import StaffSession
from exam_service.web.auth import limit, limit_public, refuse_other_sites
from exam_service.web.pages import page
from exam_service.web.problems import STATUS

COOKIE = "exam_staff"
PATH = "/staff"

Plain = Request[Any, Any, Any]


async def staff(request: Plain) -> StaffSession:
    """The session of the cookie. Raises NotAuthenticated or TooManyRequests."""
    if request.method not in ("GET", "HEAD"):
        refuse_other_sites(request)
    try:
        session = await staff_sessions.decode(request.app.state.ctx, request.cookies.get(COOKIE, ""))
    except NotAuthenticated:
        await limit_public(request)
        raise
    await limit(request, f"staff/{session.link}", request.app.state.limits.candidate)
    return session


def remember(request: Plain, response: Response[Any], token: str) -> None:
    """Give the browser the session."""
    policy = request.app.state.ctx.policy
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(policy.session_ttl.total_seconds()),
        path=PATH,
        httponly=True,
        secure=policy.public_url.startswith("https://"),
        samesite="lax",
    )


def forget(response: Response[Any]) -> None:
    """Take the session from the browser."""
    response.delete_cookie(COOKIE, path=PATH)


def refused(request: Plain, refusal: Refusal, session: StaffSession | None = None) -> Response[Any]:
    """Why nothing is shown, and what to do."""
    return page(
        request, "staff_refused.html", status=STATUS[refusal.code], language=session.language if session else None,
        message=refusal.text, code=refusal.code, return_url=session.return_url if session else None,
    )  # fmt: skip

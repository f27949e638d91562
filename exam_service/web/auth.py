"""Who asks: an LMS with its API key, or a candidate with a session. Each has its own limit of requests."""

import ipaddress
from typing import Any

import msgspec
from litestar import Request
from litestar.di import NamedDependency

from exam_service.core.errors import LaunchUnknown, NotAuthenticated, TooManyRequests
from exam_service.services import api_keys, sessions
from exam_service.services.api_keys import Caller
from exam_service.services.context import Context
from exam_service.services.sessions import CandidateSession, LaunchDescription

COOKIE = "exam_session"
FILE = 3
"""A picture or a PDF counts as so many requests: a process is begun for it, and others wait for their turn."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Requests a minute."""

    public: int = 60
    candidate: int = 600
    lms: int = 6000


async def caller(request: Request[Any, Any, Any], ctx: NamedDependency[Context]) -> Caller:
    """The organisation and scopes behind `Authorization: Bearer exam_…`. Raises NotAuthenticated or TooManyRequests."""
    found = await api_keys.authenticate(ctx, bearer(request) or "")
    await limit(request, f"lms/{found.key_id}", request.app.state.limits.lms)
    return found


async def session(request: Request[Any, Any, Any], ctx: NamedDependency[Context]) -> CandidateSession:
    """The candidate's session, from the cookie or a bearer token. Raises NotAuthenticated or TooManyRequests.

    It takes `ctx` as a dependency, so that the framework resolves one after the other: side by side each costs a task.
    """
    token = bearer(request)
    if token is None:
        token = request.cookies.get(COOKIE)
        if request.method not in ("GET", "HEAD"):
            refuse_other_sites(request)
    found = sessions.decode(ctx, token or "")
    await limit(request, f"candidate/{found.enrolment}", request.app.state.limits.candidate)
    return found


async def limit(request: Request[Any, Any, Any], who: str, per_minute: int) -> None:
    """Count one request of somebody. Raises TooManyRequests with the time to come again."""
    await take(request.app.state.ctx, who, per_minute)


async def take(ctx: Context, who: str, per_minute: int) -> None:
    """Count one request of somebody. Raises TooManyRequests with the time to come again."""
    retry_at = await ctx.limiter.take(who, per_minute, 60, ctx.now())
    if retry_at is not None:
        raise TooManyRequests(retry_at=retry_at)


async def limit_public(request: Request[Any, Any, Any], times: int = 1) -> None:
    """Count a request of an address to what anybody may open; one that is much work, as so many."""
    who = public_name(request.client.host if request.client else "unknown")
    for _ in range(times):
        await limit(request, who, request.app.state.limits.public)


async def limit_file(request: Request[Any, Any, Any]) -> None:
    """Count a file that somebody sends to be looked into, beside the request itself. Raises TooManyRequests."""
    await limit_public(request, FILE - 1)


def public_name(host: str) -> str:
    """By what the requests of an address are counted. Of IPv6 it is the network of a household, which has 2^64."""
    return f"public/{network_of(host) if ':' in host else host}"


async def launch_of(request: Request[Any, Any, Any], token: str) -> LaunchDescription:
    """The launch of a token. Raises LaunchUnknown, TooManyRequests.

    Each way in has a limit of its own, because a whole school comes from one address, and all at the same minute. By
    address only those are counted who try out tokens that are none.
    """
    try:
        found = await sessions.describe(request.app.state.ctx, token)
    except LaunchUnknown:
        await limit_public(request)
        raise
    await limit(request, f"launch/{found.enrolment}", request.app.state.limits.public)
    return found


def network_of(address: str) -> str:
    """The /64 of an IPv6 address; the IPv4 address that one stands for; else what was given."""
    try:
        found = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(found) >> 64 << 64, 64)))


def bearer(request: Request[Any, Any, Any]) -> str | None:
    """The token of an Authorization header."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else None


def refuse_other_sites(request: Request[Any, Any, Any]) -> None:
    """A cookie comes along from wherever a form was sent; browsers say from where."""
    if not same_site(request.headers.get("sec-fetch-site", "same-origin")):
        raise NotAuthenticated()


def same_site(sec_fetch_site: str) -> bool:
    """Whether a request comes from our own page, or from no page at all, by what its browser says."""
    return sec_fetch_site in ("same-origin", "none")

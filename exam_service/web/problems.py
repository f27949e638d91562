"""Every no as a problem document (RFC 9457), in one place: which code has which status, and how a crash looks."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from exam_service.core.errors import Fault, NotAuthenticated, Refusal
from exam_service.core.text import Text
from exam_service.services.context import Context
from exam_service.web.pages import page, wants_page
from exam_service.web.security import DATA_HEADERS, DATA_PAIRS, HEADERS

log = logging.getLogger(__name__)

STATUS: Mapping[str, int] = {
    "invalid-input": 422,
    "too-large": 413,
    "request-timeout": 408,
    "not-found": 404,
    "already-exists": 409,
    "idempotency-key-reused": 409,
    "not-authenticated": 401,
    "not-allowed": 403,
    "last-admin-key": 409,
    "national-id-taken": 409,
    "launch-unknown": 404,
    "launch-used": 410,
    "launch-expired": 410,
    "staff-link-unknown": 404,
    "staff-link-used": 410,
    "staff-link-expired": 410,
    "too-many-requests": 429,
    "unavailable": 503,
    "busy": 503,
    "too-many-messages": 409,
    "not-published": 409,
    "conditions-not-met": 409,
    "window-not-open": 409,
    "window-closed": 409,
    "attempts-exhausted": 409,
    "cooling-down": 409,
    "already-passed": 409,
    "moved-to-other-device": 409,
    "deadline-passed": 409,
    "attempt-ended": 409,
    "attempt-voided": 409,
    "attempt-running": 409,
    "other-attempt-running": 409,
    "certificate-stands": 409,
    "late-save-decided": 409,
    "sequence-reused": 409,
    "review-not-open": 403,
    "not-yet-earned": 409,
    "kind-not-offered": 422,
    "certificate-withdrawn": 409,
    "certificate-expired": 409,
    "certificate-not-standing": 409,
    "letters-missing": 409,
    "not-renewable": 409,
    "not-revocable": 409,
    "certificate-suspended": 409,
    "not-suspended": 409,
    "nothing-to-correct": 409,
    "signing-failed": 500,
    "unreadable-evidence": 422,
    "not-verified": 400,
    "key-not-usable": 409,
}

HTTP_TEXTS: Mapping[int, tuple[str, Text]] = {
    400: ("bad-request", Text(en="The request could not be read.", th="อ่านคำขอไม่ได้")),
    401: ("not-authenticated", NotAuthenticated.sentence),
    404: ("not-found", Text(en="There is nothing at this address.", th="ไม่พบสิ่งที่ต้องการที่ที่อยู่นี้")),
    405: ("method-not-allowed", Text(en="This address does not know that method.", th="ที่อยู่นี้ไม่รองรับวิธีเรียกแบบนี้")),
    413: ("too-large", Text(en="The body is larger than this address takes.", th="ข้อมูลที่ส่งมามีขนาดเกินที่กำหนด")),
    415: ("unsupported-media-type", Text(en="This content type is not understood here.", th="ไม่รองรับชนิดข้อมูลนี้")),
    500: ("internal-error", Text(en="Something went wrong here; nothing was changed. It has been logged.",
                                 th="เกิดข้อผิดพลาดภายในระบบ ยังไม่มีการเปลี่ยนแปลงใด ๆ และได้บันทึกไว้แล้ว")),
}  # fmt: skip


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457, with what every refusal of ours carries besides."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    message: Text
    retry_at: datetime | None = None
    faults: tuple[Fault, ...] = ()
    data: Any = None
    request_id: str | None = None
    """Under which the service's log knows this request; the same as the header X-Request-Id."""


SPREAD_SECONDS = 5.0
"""Over so long those come back whom an outage has refused at one moment."""

_encoder = msgspec.json.Encoder()


def refused(request: Request[Any, Any, Any], refusal: Refusal) -> Response[Any]:
    """A rule said no."""
    headers = _headers(request.app.state.ctx, refusal)
    return _answer(
        request, STATUS[refusal.code], refusal.code, refusal.text, headers,
        retry_at=refusal.retry_at, faults=refusal.faults, data=refusal.data,
    )  # fmt: skip


def raw(ctx: Context, refusal: Refusal, request_id: str | None) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """The same as status, headers and body, for who answers past the framework."""
    status = STATUS[refusal.code]
    problem = Problem(
        type=f"{ctx.policy.public_url}/problems/{refusal.code}",
        title=refusal.text.within("en"),
        status=status,
        detail=refusal.text.within("en"),
        code=refusal.code,
        message=refusal.text,
        retry_at=refusal.retry_at,
        faults=refusal.faults,
        data=refusal.data,
        request_id=request_id,
    )
    return _raw(problem, _headers(ctx, refusal))


def _headers(ctx: Context, refusal: Refusal) -> dict[str, str]:
    headers = {}
    if refusal.retry_at is not None:
        seconds = (refusal.retry_at - ctx.now()).total_seconds()
        if refusal.code == "unavailable":
            # All who were refused at one moment would come back at one moment.
            seconds += SPREAD_SECONDS * int.from_bytes(ctx.entropy(2)) / 65_536
        headers["Retry-After"] = str(max(1, int(seconds) + 1))
    if refusal.code == "not-authenticated":
        headers["WWW-Authenticate"] = "Bearer"
    elif refusal.code == "request-timeout":
        # The rest of the body may still come, and nobody will read it.
        headers["Connection"] = "close"
    return headers


def http_refused(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """The framework said no: an unknown address, a body that is no JSON, one that is too large."""
    status = error.status_code if error.status_code in HTTP_TEXTS else 400 if error.status_code < 500 else 500
    code, text = HTTP_TEXTS[status]
    faults: list[Fault] = []
    if status == 400:
        extra = error.extra if isinstance(error.extra, list) else []
        for one in extra:
            message = str(one.get("message", ""))
            faults.append(
                Fault(
                    code="wrong-value",
                    path=str(one.get("key", "")),
                    message=Text(en=message, th=f"ค่าไม่ถูกต้อง: {message}"),
                )
            )
        if not faults and error.detail:
            faults.append(Fault(code="bad-request", message=Text(en=error.detail, th=f"อ่านคำขอไม่ได้: {error.detail}")))
    headers = {"Allow": error.headers["Allow"]} if error.headers and "Allow" in error.headers else {}
    return _answer(request, status, code, text, headers, faults=tuple(faults))


CRASH = HTTP_TEXTS[500][0]


def raw_crash(
    ctx: Context, error: Exception, kind: str, request_id: str
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """A fault of ours, for who answers past the framework."""
    ctx.meter.count("crashes")
    log.error("unhandled error at a %s, request %s", kind, request_id, exc_info=error)
    code, text = HTTP_TEXTS[500]
    sentence = text.within("en")
    problem = Problem(
        type=f"{ctx.policy.public_url}/problems/{code}",
        title=sentence,
        status=500,
        detail=sentence,
        code=code,
        message=text,
        request_id=request_id,
    )
    return _raw(problem, {})


def _raw(problem: Problem, more: Mapping[str, str]) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    body = _encoder.encode(problem)
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        *DATA_PAIRS,
        *((name.lower().encode(), value.encode()) for name, value in more.items()),
    ]
    return problem.status, headers, body


def crashed(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """A fault of ours. The trace goes to the log, with the route's template: an address may name somebody."""
    scope = cast("dict[str, Any]", request.scope)
    request.app.state.ctx.meter.count("crashes")
    log.error(
        "unhandled error at %s %s, request %s",
        request.method, scope.get("path_template", "-"), scope.get("exam_request_id", "-"), exc_info=error,
    )  # fmt: skip
    code, text = HTTP_TEXTS[500]
    return _answer(request, 500, code, text, {})


def _answer(
    request: Request[Any, Any, Any], status: int, code: str, text: Text, headers: dict[str, str], **more: Any
) -> Response[Any]:
    scope = cast("dict[str, Any]", request.scope)
    scope["exam_code"] = code
    problem = Problem(
        type=f"{request.app.state.ctx.policy.public_url}/problems/{code}",
        title=text.within("en"),
        status=status,
        detail=text.within("en"),
        code=code,
        message=text,
        request_id=scope.get("exam_request_id"),
        **more,
    )
    # Where there is no route there is no middleware either, so the headers of every answer are put on here.
    if wants_page(request):
        return page(
            request, "problem.html", status=status, headers={**HEADERS, **headers},
            message=text, code=code, retry_at=problem.retry_at, home="exam_session" in request.cookies,
        )  # fmt: skip
    return Response(
        problem, status_code=status, media_type="application/problem+json", headers={**DATA_HEADERS, **headers}
    )


HANDLERS: dict[int | type[Exception], Any] = {Refusal: refused, HTTPException: http_refused, Exception: crashed}

__all__ = ["HANDLERS", "HTTP_TEXTS", "STATUS", "Problem"]

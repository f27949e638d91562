"""The candidate's API: one enrolment, by its session. The pages at /exam use nothing else."""

from typing import Annotated, Any

import msgspec
from litestar import MediaType, Request, Response, Router, get, post
from litestar.di import Provide
from litestar.params import FromPath

from exam_service.core.exams.model import CertificateKind
from exam_service.core.exams.paper import PaperView
from exam_service.services import attempts, certificates, home, results, saving, sessions, starting, submitting
from exam_service.services.attempts import AttemptView
from exam_service.services.issued import IssuedView
from exam_service.services.packing import packed, unpack
from exam_service.services.results import ReceiptsView, ResultView, ReviewView
from exam_service.services.saving import SavedView
from exam_service.services.sessions import Redeemed
from exam_service.services.standing_view import MeView
from exam_service.web import auth
from exam_service.web.body import read_body, repeat_key
from exam_service.web.candidate import saves
from exam_service.web.encodings import PACKED, VARIES, takes_gzip
from exam_service.web.given import Candidate, Ctx, Repeat
from exam_service.web.kinds import LONGEST_SAVE
from exam_service.web.openapi import documented


class SubmitRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    epoch: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class RedeemRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: Annotated[str, msgspec.Meta(max_length=200)]


class CertificateRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: CertificateKind


class SaveBody(saving.SaveRequest, frozen=True, forbid_unknown_fields=True):
    """A batch of responses: those that changed since the last acknowledged save.

    By type of the item: a choice id (`single_choice`), a list of choice ids (`multiple_response`; `ordering`, in the
    candidate's order), true or false, a number as typed, a text, a choice id for each prompt (`matching`), or for each
    gap a choice id or what was typed (`gap_text`); null clears it.
    """

    # Only described, never decoded.
    responses: dict[str, str | list[str] | bool | float | dict[str, str | None] | None]  # type: ignore[assignment]


_SAVE_EXAMPLE = {
    "every type": {
        "epoch": 1,
        "seq": 7,
        "responses": {
            "i1": "c2",
            "i2": ["c1", "c3"],
            "i3": True,
            "i4": "12.5",
            "i5": "ความตรง",
            "i6": {"c1": "c5", "c2": None},
            "i7": ["c3", "c1", "c2"],
            "i8": {"g1": "c1", "g2": "กรุงเทพ"},
            "i9": None,
        },
    }
}
_SAVE_PROBLEMS = ("moved-to-other-device", "deadline-passed", "attempt-ended", "attempt-voided", "sequence-reused")
_START_PROBLEMS = (
    "conditions-not-met",
    "window-not-open",
    "window-closed",
    "attempts-exhausted",
    "cooling-down",
    "already-passed",
    "not-published",
)


@post(
    "/v1/launches/redeem",
    status_code=200,
    summary="Use a launch token for a session",
    **documented(body=RedeemRequest, problems=("launch-unknown", "launch-used", "launch-expired", "too-many-requests")),
)
async def redeem(request: Request[Any, Any, Any], ctx: Ctx) -> Redeemed:
    """For clients that are not our pages. A launch can be used once."""
    body = await read_body(request, RedeemRequest)
    await auth.launch_of(request, body.token)
    return await sessions.redeem(ctx, body.token)


@get("/v1/candidate/me", summary="Where I stand in the course")
async def me(ctx: Ctx, session: Candidate) -> MeView:
    """The course as steps: each exam with its attempts, why it may not start, what the certificate still needs."""
    return await home.me(ctx, session)


@post(
    "/v1/candidate/exams/{exam:str}/attempts",
    summary="Start an attempt, or go on with the running one",
    **documented(problems=_START_PROBLEMS),
)
async def start(exam: FromPath[str], ctx: Ctx, session: Candidate) -> AttemptView:
    """The device that asks is the one that writes from now on."""
    return await starting.start(ctx, session.org, session.enrolment, exam)


@post(
    "/v1/candidate/attempts/{attempt:str}/open",
    status_code=200,
    summary="Write from this device from now on",
    **documented(problems=("attempt-ended", "deadline-passed", "attempt-voided")),
)
async def open_here(attempt: FromPath[str], ctx: Ctx, session: Candidate) -> AttemptView:
    """The device before it is told so at its next save."""
    return await attempts.open_here(ctx, session.org, session.enrolment, attempt)


@get("/v1/candidate/attempts/{attempt:str}", summary="An attempt as it is now")
async def look(attempt: FromPath[str], ctx: Ctx, session: Candidate) -> AttemptView:
    """With the seconds left, for the countdown, and the responses saved so far."""
    return await attempts.look(ctx, session.org, session.enrolment, attempt)


@get(
    "/v1/candidate/attempts/{attempt:str}/paper",
    summary="The paper, byte for byte the same each time",
    **documented(answers={200: PaperView}, problems=("attempt-ended", "attempt-voided")),
)
async def paper(
    attempt: FromPath[str], request: Request[Any, Any, Any], ctx: Ctx, session: Candidate
) -> Response[bytes]:
    """Questions without key, rationale or score; items and choices have names of the paper only.

    As gzip, a third of the size, to whoever sends `Accept-Encoding: gzip`.
    """
    stored = await attempts.paper(ctx, session.org, session.enrolment, attempt)
    if packed(stored) and takes_gzip(request):
        return Response(stored, media_type=MediaType.JSON, headers=VARIES | PACKED)
    return Response(unpack(stored), media_type=MediaType.JSON, headers=VARIES)


@post(
    "/v1/candidate/attempts/{attempt:str}/responses",
    status_code=200,
    summary="Save responses",
    request_max_body_size=LONGEST_SAVE,
    **documented(body=SaveBody, examples=_SAVE_EXAMPLE, answers={202: SavedView}, problems=_SAVE_PROBLEMS),
)
async def save(
    attempt: FromPath[str], request: Request[Any, Any, Any], ctx: Ctx, session: Candidate
) -> Response[SavedView]:
    """Durable when it answers. The same save sent again gets the same receipt."""
    # Ordinary ones never come here: see saves.py.
    asks = saves.asks_of(await request.body())
    view = await saving.save(
        ctx, session.org, session.enrolment, attempt, asks.epoch, asks.seq, bytes(asks.responses), asks.offline
    )
    return Response(view, status_code=saving.status_of(view))


@post(
    "/v1/candidate/attempts/{attempt:str}/submit",
    status_code=200,
    summary="Hand in",
    **documented(
        body=SubmitRequest,
        examples={"first device": {"epoch": 1}},
        problems=("moved-to-other-device", "attempt-voided"),
    ),
)
async def submit(attempt: FromPath[str], request: Request[Any, Any, Any], ctx: Ctx, session: Candidate) -> AttemptView:
    """Ends the attempt and grades it. Handing in again gives the same answer."""
    body = await read_body(request, SubmitRequest)
    return await submitting.submit(ctx, session.org, session.enrolment, attempt, body.epoch)


@get(
    "/v1/candidate/attempts/{attempt:str}/result",
    summary="The result, as far as it is open",
    **documented(problems=("attempt-running", "attempt-voided")),
)
async def result(attempt: FromPath[str], ctx: Ctx, session: Candidate) -> ResultView:
    return await results.result(ctx, session.org, session.enrolment, attempt)


@get(
    "/v1/candidate/attempts/{attempt:str}/review",
    summary="The review, as far as it is open",
    **documented(problems=("attempt-running", "attempt-voided", "review-not-open")),
)
async def review(attempt: FromPath[str], ctx: Ctx, session: Candidate) -> ReviewView:
    return await results.review(ctx, session.org, session.enrolment, attempt)


@get("/v1/candidate/attempts/{attempt:str}/receipts", summary="The receipts of every save")
async def receipts(attempt: FromPath[str], ctx: Ctx, session: Candidate) -> ReceiptsView:
    return await results.receipts_of(ctx, session.org, session.enrolment, attempt)


@post(
    "/v1/candidate/certificates",
    summary="Request a certificate",
    **documented(
        body=CertificateRequest,
        examples={"certificate": {"kind": "certificate"}},
        problems=("not-yet-earned", "kind-not-offered", "certificate-withdrawn"),
    ),
)
async def request_certificate(
    request: Request[Any, Any, Any], ctx: Ctx, session: Candidate, repeat: Repeat
) -> IssuedView:
    """Issued when the course's conditions are met; asking again gives the one there is. After a revocation only the
    organisation can issue another one."""
    body = await read_body(request, CertificateRequest)
    return await certificates.request(ctx, session.org, session.enrolment, body.kind, repeat, by_holder=True)


router = Router(
    "/",
    route_handlers=[
        me, start, open_here, look, paper, save, submit, result, review, receipts, request_certificate,
    ],
    dependencies={"session": Provide(auth.session), "repeat": Provide(repeat_key)},
    tags=["Candidate"],
)  # fmt: skip
redeem_router = Router("/", route_handlers=[redeem], tags=["Candidate"])

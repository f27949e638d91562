"""Candidates: people by the learning system's own ids. A national id comes in and never goes out."""

from typing import Any

import msgspec
from litestar import Request, get, post, put
from litestar.params import FromPath

from exam_service.services import candidates
from exam_service.services.candidates import CandidateBody, CandidateSearch, CandidateView
from exam_service.services.once import once
from exam_service.services.ports import Tx
from exam_service.web.body import read_body
from exam_service.web.given import Ctx, Repeat, Staff
from exam_service.web.openapi import documented
from exam_service.web.paging import After, Limit, Page, page_of

EXAMPLE: dict[str, object] = {
    "name": {"title": "นางสาว", "given": "สมหญิง", "family": "ใจดี"},
    "position": "ครู",
    "standing": "professional",
    "school": "โรงเรียนบ้านหนองไผ่",
    "affiliation": "สพป. ขอนแก่น เขต 1",
}


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The person looked for, or nobody."""

    items: list[CandidateView]


@put(
    "/candidates/{external_id:str}",
    summary="Add or change a candidate",
    **documented(
        scope="candidates", body=CandidateBody, examples={"a teacher": EXAMPLE}, problems=["national-id-taken"]
    ),
)
async def write(
    external_id: FromPath[str], request: Request[Any, Any, Any], ctx: Ctx, caller: Staff, repeat: Repeat
) -> CandidateView:
    """`external_id` is your own id for the person; it must not be a national id, because it stands in addresses.

    What is written replaces what was there. Only `national_id`, left out, keeps what is stored: it is sealed, can be
    searched for, and is never given out again.
    """
    caller.must("candidates")
    body = await read_body(request, CandidateBody)

    async def work(tx: Tx) -> CandidateView:
        return candidates.view(await candidates.put(ctx, tx, external_id, body))

    return await once(ctx, caller.org, repeat, CandidateView, work)


@get("/candidates", summary="List the candidates", **documented(scope="candidates"))
async def list_all(ctx: Ctx, caller: Staff, after: After = None, limit: Limit = 100) -> Page[CandidateView]:
    """In the order in which they were added."""
    caller.must("candidates")
    async with ctx.store.read(caller.org) as tx:
        found = await candidates.page(tx, after, limit + 1)
    return page_of(found, limit, candidates.view, lambda candidate: candidate.id)


@post(
    "/candidates/search",
    status_code=200,
    summary="Find a candidate by national id",
    **documented(scope="candidates", body=CandidateSearch, examples={"by your id": {"external_id": "u-1024"}}),
)
async def search(request: Request[Any, Any, Any], ctx: Ctx, caller: Staff) -> Found:
    """Or by your own id. The national id is in the body, so that it stands in no address and in no log."""
    caller.must("candidates")
    body = await read_body(request, CandidateSearch)
    async with ctx.store.read(caller.org) as tx:
        return Found(items=await candidates.search(ctx, tx, body))


@get("/candidates/{external_id:str}", summary="One candidate", **documented(scope="candidates"))
async def show(external_id: FromPath[str], ctx: Ctx, caller: Staff) -> CandidateView:
    """`has_national_id` says whether a national id is stored."""
    caller.must("candidates")
    async with ctx.store.read(caller.org) as tx:
        return candidates.view(await candidates.candidate_of(tx, external_id))


HANDLERS = [write, list_all, search, show]

"""Pictures for certificates: logos, seals, and the signatures of who signs."""

from typing import Any, get_args

from litestar import Request, Response, get, post
from litestar.params import FromPath

from exam_service.core.artwork import ArtworkKind
from exam_service.core.errors import NotFound
from exam_service.services import artwork
from exam_service.services.artwork import ArtworkAdded, ArtworkView
from exam_service.services.once import once
from exam_service.web.given import Ctx, Repeat, Staff
from exam_service.web.openapi import documented
from exam_service.web.paging import After, Limit, Page, page_of

_EXAMPLE = {
    "kind": "logo",
    "digest": "3f0c9a4de1b75c2286d41f7be9a05c3d8e6f24b1907ac35de8812f4c6b0d97ea",
    "width": 640,
    "height": 612,
    "bytes": 38_214,
    "created_at": "2026-11-24T02:00:00Z",
    "created": True,
}


@post(
    "/artwork/{kind:str}",
    summary="Upload a logo, a seal or a signature",
    **documented(
        scope="courses",
        body=bytes,
        media_types=("image/png", "image/jpeg"),
        answers={200: ArtworkAdded, 201: ArtworkAdded},
        example=_EXAMPLE,
    ),
)
async def upload(
    kind: FromPath[str], request: Request[Any, Any, Any], ctx: Ctx, caller: Staff, repeat: Repeat
) -> Response[ArtworkAdded]:
    """A PNG or JPEG of at most 2 MB and 16 million pixels; `kind` is `logo`, `seal` or `signature`.

    It is drawn anew as PNG: empty margins are cut off, what is larger than 800 pixels is made smaller, and nothing but
    its colours is kept. Name it by the `digest` of the answer in a course's certificate policy. A picture never
    changes: another one has another digest. The same again is the one that is there (200).
    """
    caller.must("courses")
    if kind not in get_args(ArtworkKind):
        raise NotFound(what="kind of artwork", id=kind)
    known: ArtworkKind = kind  # type: ignore[assignment]
    drawn = await ctx.pictures.redrawn(await request.body())
    view = await once(
        ctx, caller.org, repeat, ArtworkAdded, lambda tx: artwork.store(ctx, tx, known, drawn, caller.key_id)
    )
    return Response(view, status_code=201 if view.created else 200)


@get("/artwork", summary="List the pictures for certificates", **documented(scope="courses"))
async def list_all(ctx: Ctx, caller: Staff, after: After = None, limit: Limit = 100) -> Page[ArtworkView]:
    """Logos, seals and signatures, by kind and digest."""
    caller.must("courses")
    async with ctx.store.read(caller.org) as tx:
        found = await artwork.page(tx, after, limit + 1)
    return page_of(found, limit, lambda one: one, artwork.cursor)


@get(
    "/artwork/{kind:str}/{digest:str}",
    summary="A picture as certificates show it",
    media_type="image/png",
    **documented(scope="courses"),
)
async def picture(kind: FromPath[str], digest: FromPath[str], ctx: Ctx, caller: Staff) -> Response[bytes]:
    """PNG, byte for byte what its digest is of."""
    caller.must("courses")
    async with ctx.store.read(caller.org) as tx:
        return Response(await artwork.picture(tx, kind, digest), media_type="image/png")


HANDLERS = [upload, list_all, picture]

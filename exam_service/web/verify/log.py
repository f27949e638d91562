"""The issuance log of an organisation, as anybody may follow it: c2sp.org/tlog-tiles below `/orgs/SLUG/log`."""

import re
from typing import Any

import msgspec
from litestar import Request, Response, Router, get
from litestar.params import FromPath, FromQuery

from exam_service.core.certificates.issuance_log import WIDTH, tile_path
from exam_service.core.errors import NotFound
from exam_service.services import issuance_log, publications
from exam_service.web import auth
from exam_service.web.given import Ctx
from exam_service.web.openapi import documented

_FOR_EVER = "public, max-age=31536000, immutable"
_SHORT = "public, max-age=5"
_PLACE = re.compile(r"((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
_LEVEL = re.compile(r"0|[1-9][0-9]?")
_MOST_LEVEL = 7
"""256 ** 8 entries are more than there are grains of sand to issue certificates to."""


class ConsistencyProof(msgspec.Struct, frozen=True):
    """That the log only grew from one size to another (RFC 9162, section 2.1.4)."""

    old_size: int
    new_size: int
    proof: list[bytes]
    """Hashes, in base64."""


@get("/orgs/{slug:str}/log/checkpoint", summary="The newest checkpoint of an organisation's issuance log",
     **documented(problems=["not-found", "too-many-requests"]))  # fmt: skip
async def checkpoint(slug: FromPath[str], request: Request[Any, Any, Any], ctx: Ctx) -> Response[bytes]:
    """How many certificates the log has, and the root of its Merkle tree, signed by the log and with the time: a text
    as in c2sp.org/tlog-checkpoint. Keep one: `exam-service log verify --against` shows later that nothing was changed
    since.
    """
    await auth.limit_public(request)
    note = await issuance_log.checkpoint(ctx, await publications.named(ctx, slug))
    return _answer(note, "text/plain", _SHORT)


@get("/orgs/{slug:str}/log/keys", summary="The keys of an organisation's issuance log",
     **documented(problems=["not-found", "too-many-requests"]))  # fmt: skip
async def verifier_keys(slug: FromPath[str], request: Request[Any, Any, Any], ctx: Ctx) -> Response[bytes]:
    """Of the log and of its clock, a line each, as a `vkey` of c2sp.org/signed-note: what tools that follow logs take.
    Take them once, from where you trust them.
    """
    await auth.limit_public(request)
    lines = await issuance_log.verifier_keys(ctx, await publications.named(ctx, slug))
    return _answer("".join(f"{line}\n" for line in lines).encode(), "text/plain", _SHORT)


@get("/orgs/{slug:str}/log/tile/{place:path}", summary="A tile of an organisation's issuance log",
     **documented(problems=["not-found", "too-many-requests"]))  # fmt: skip
async def tile(slug: FromPath[str], place: FromPath[str], request: Request[Any, Any, Any], ctx: Ctx) -> Response[bytes]:
    """Hashes of the Merkle tree (`0/x001/234`, `0/x001/234.p/5`) or entries (`entries/x001/234`), in the form of
    c2sp.org/tlog-tiles. An entry is a salted hash, which tells nobody anything about a certificate.
    """
    await auth.limit_public(request)
    # As it was sent: the router forgives slashes that are there twice.
    sent = request.scope["raw_path"].decode("ascii", "replace").partition("?")[0].partition("/log/tile/")[2]
    level, _, rest = sent.partition("/")
    found = _PLACE.fullmatch(rest)
    if found is None:
        raise NotFound(what="tile", id=place)
    number = int(found[1].replace("x", "").replace("/", ""))
    width = int(found[2] or WIDTH)
    # One place, one form: what is written otherwise is not there. A whole tile is not a partial one of its width.
    if tile_path(number) != found[1] or found[2] == str(WIDTH):
        raise NotFound(what="tile", id=place)
    org = (await publications.named(ctx, slug)).id
    if level == "entries":
        content = await issuance_log.entries(ctx, org, number, width)
    elif _LEVEL.fullmatch(level) and int(level) <= _MOST_LEVEL:
        content = await issuance_log.tile(ctx, org, int(level), number, width)
    else:
        raise NotFound(what="tile", id=place)
    return _answer(content, "application/octet-stream", _FOR_EVER)


@get("/orgs/{slug:str}/log/consistency", summary="A consistency proof of an organisation's issuance log",
     **documented(problems=["not-found", "too-many-requests"]))  # fmt: skip
async def consistency(
    slug: FromPath[str], old: FromQuery[int], new: FromQuery[int], request: Request[Any, Any, Any], ctx: Ctx
) -> Response[ConsistencyProof]:
    """That the first `old` of the log's `new` entries are those that it had when there were no others."""
    await auth.limit_public(request)
    org = (await publications.named(ctx, slug)).id
    proof = await issuance_log.consistent(ctx, org, old, new)
    return Response(ConsistencyProof(old, new, proof), headers={"Access-Control-Allow-Origin": "*"})


def _answer(content: bytes, kind: str, kept: str) -> Response[bytes]:
    headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": kept}
    return Response(content, media_type=kind, headers=headers)


router = Router("/", route_handlers=[checkpoint, verifier_keys, tile, consistency], tags=["Verification"])

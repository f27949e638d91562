"""The organisation behind an API key, and its keys."""

from typing import Any

import msgspec
from litestar import Request, delete, get, post
from litestar.params import FromPath

from exam_service.services import api_keys, organisations
from exam_service.services.api_keys import ApiKeyBody, ApiKeyView, NewApiKeyView
from exam_service.services.once import once
from exam_service.services.organisations import OrganisationView
from exam_service.web.body import read_body
from exam_service.web.given import Ctx, Repeat, Staff
from exam_service.web.openapi import documented


class ApiKeyList(msgspec.Struct, frozen=True, kw_only=True):
    """Every key of the organisation, the revoked ones too."""

    items: list[ApiKeyView]


@get("/organisation", summary="Your organisation", **documented())
async def show(ctx: Ctx, caller: Staff) -> OrganisationView:
    """The organisation that the API key belongs to; also a way to see whether a key works."""
    return await organisations.show(ctx, caller.org)


@post(
    "/api-keys",
    summary="Make an API key",
    **documented(
        scope="admin",
        body=ApiKeyBody,
        examples={"a front end": {"name": "Moodle of the faculty", "scopes": ["candidates", "enrolments", "results"]}},
    ),
)
async def create(request: Request[Any, Any, Any], ctx: Ctx, caller: Staff, repeat: Repeat) -> NewApiKeyView:
    """The token is shown only in this answer; what is kept is its hash. A key cannot give a scope that it lacks."""
    caller.must("admin")
    body = await read_body(request, ApiKeyBody)
    return await once(
        ctx, caller.org, repeat, NewApiKeyView, lambda tx: api_keys.create(ctx, tx, body.name, body.scopes, caller)
    )


@get("/api-keys", summary="List the API keys", **documented(scope="admin"))
async def list_all(ctx: Ctx, caller: Staff) -> ApiKeyList:
    """Without their secrets, which nobody has any more."""
    caller.must("admin")
    async with ctx.store.read(caller.org) as tx:
        return ApiKeyList(items=await api_keys.list_all(tx))


@delete("/api-keys/{key:str}", status_code=200, summary="Revoke an API key",
        **documented(scope="admin", problems=["last-admin-key"]))  # fmt: skip
async def revoke(key: FromPath[str], ctx: Ctx, caller: Staff, repeat: Repeat) -> ApiKeyView:
    """It is refused from its next request on. The last key that may make keys cannot be revoked."""
    caller.must("admin")
    return await once(ctx, caller.org, repeat, ApiKeyView, lambda tx: api_keys.revoke(ctx, tx, key, caller))


HANDLERS = [show, create, list_all, revoke]

"""Public keys, DID documents, status lists and the trust file: what verifiers fetch, and may keep a while."""

import hashlib
from typing import Any

import msgspec
from litestar import Request, Response, Router, get
from litestar.params import FromPath

from exam_service.core.certificates import trust as trust_files
from exam_service.services import publications, verification
from exam_service.web import auth
from exam_service.web.given import Ctx

_KEYS_FOR = 3600
"""Seconds that keys may be kept: a new one should be known before long."""
STATUS_FOR = 60
"""Seconds that a status list may be kept: a revocation should be seen soon."""
_TRUST_FOR = 300

_JWT = "application/vc+jwt"
_VC = "application/vc"


@get("/.well-known/did.json", summary="The service's DID document")
async def service_did(request: Request[Any, Any, Any], ctx: Ctx) -> Response[bytes]:
    """Its keys sign the receipts of saved responses."""
    return _json(request, await publications.service_document(ctx), "application/did+json", _KEYS_FOR)


@get("/orgs/{slug:str}/did.json", summary="An organisation's DID document")
async def organisation_did(slug: FromPath[str], request: Request[Any, Any, Any], ctx: Ctx) -> Response[bytes]:
    """Its keys sign the organisation's certificates and status lists. Retired keys stay in it for ever."""
    return _json(request, await publications.organisation_document(ctx, slug), "application/did+json", _KEYS_FOR)


@get("/.well-known/jwks.json", summary="Every public key as a JWK Set")
async def jwks(request: Request[Any, Any, Any], ctx: Ctx) -> Response[bytes]:
    return _json(request, await publications.all_keys(ctx), "application/jwk-set+json", _KEYS_FOR)


@get("/orgs/{slug:str}/status/{number:int}", summary="An organisation's status list")
async def status_list(
    slug: FromPath[str], number: FromPath[int], request: Request[Any, Any, Any], ctx: Ctx
) -> Response[bytes]:
    """A signed Bitstring Status List: a credential in JSON, or as `application/vc+jwt` when that is asked for."""
    await auth.limit_public(request)
    if _JWT in request.headers.get("accept", ""):
        token = await publications.status_list_jwt(ctx, slug, number)
        return published(request, token.encode(), _JWT, STATUS_FOR)
    document = (await publications.status_list(ctx, slug, number)).document
    return published(request, document, _plain_or(request, _VC), STATUS_FOR)


@get("/.well-known/trust.json", summary="The trust file for verifying offline")
async def trust(request: Request[Any, Any, Any], ctx: Ctx) -> Response[bytes]:
    """Every organisation's public keys and signed status list: what `exam-service verify --trust` takes."""
    await auth.limit_public(request)
    content = trust_files.to_file(await verification.trust_file(ctx))
    return published(request, content, "application/json", _TRUST_FOR)


@get("/orgs/{slug:str}/trust.json", summary="The trust file of one organisation")
async def trust_of(slug: FromPath[str], request: Request[Any, Any, Any], ctx: Ctx) -> Response[bytes]:
    """Its public keys and its signed status list: what the verify page keeps, to check without network."""
    await auth.limit_public(request)
    content = trust_files.to_file(await verification.trust_file_of(ctx, await publications.named(ctx, slug)))
    return published(request, content, "application/json", STATUS_FOR)


def _json(request: Request[Any, Any, Any], document: dict[str, Any], kind: str, seconds: int) -> Response[bytes]:
    return published(request, msgspec.json.encode(document), _plain_or(request, kind), seconds)


def _plain_or(request: Request[Any, Any, Any], kind: str) -> str:
    """The exact media type for who asks for it; plain JSON, which every browser shows, for others."""
    return kind if kind in request.headers.get("accept", "") else "application/json"


def published(request: Request[Any, Any, Any], content: bytes, kind: str, seconds: int) -> Response[bytes]:
    """Content for any site to read; 304 when the asker has it already."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": f"public, max-age={seconds}",
        "ETag": tag,
        "Vary": "Accept",
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers, media_type=kind)
    return Response(content, headers=headers, media_type=kind)


router = Router(
    "/", route_handlers=[service_did, organisation_did, jwks, status_list, trust, trust_of], tags=["Verification"]
)

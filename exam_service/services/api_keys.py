"""API keys of LMS front ends: made with scopes, shown once, checked at every request, revoked at once."""

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Annotated, NamedTuple

import msgspec

from exam_service.core import ids
from exam_service.core.errors import Fault, Invalid, LastAdminKey, NotAllowed, NotAuthenticated, NotFound
from exam_service.core.records import ApiKey, Scope
from exam_service.core.text import Text
from exam_service.services import audit
from exam_service.services.context import Context
from exam_service.services.ports import Tx


class Caller(NamedTuple):
    """Who is asking: one key of one organisation, and what it may do."""

    org: str
    key_id: str
    scopes: tuple[Scope, ...]

    def must(self, scope: Scope) -> None:
        """Raises NotAllowed unless the key has the scope."""
        if scope not in self.scopes:
            raise NotAllowed(scope=scope)


class ApiKeyBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key to be made."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    """What it is for, as in “Moodle of the faculty”."""
    scopes: Annotated[tuple[Scope, ...], msgspec.Meta(min_length=1)]


class ApiKeyView(msgspec.Struct, frozen=True, kw_only=True):
    """A key without its secret."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    revoked_at: datetime | None = None


class NewApiKeyView(msgspec.Struct, frozen=True, kw_only=True):
    """A key just made. `token` is shown only now; what is kept is its hash."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    token: str
    """`exam_<key>_<secret>`, for `Authorization: Bearer`."""


async def create(
    ctx: Context, tx: Tx, name: str, scopes: tuple[Scope, ...], caller: Caller | None = None
) -> NewApiKeyView:
    """A new key. Raises NotAllowed when the caller lacks a scope that it would give, Invalid for a bad name."""
    for scope in scopes:
        if caller is not None:
            caller.must(scope)
    printable = " ".join(name.split())
    if not printable or not printable.isprintable():
        text = Text(en="give a name in printable characters", th="ตั้งชื่อด้วยอักขระที่พิมพ์ได้")
        raise Invalid(count=1, faults=[Fault(code="wrong-value", path="name", message=text)])
    secret = base64.urlsafe_b64encode(ctx.entropy(32)).rstrip(b"=").decode()
    key = ApiKey(
        id=ctx.new_id("key"),
        org=tx.org,
        name=printable,
        scopes=tuple(dict.fromkeys(scopes)),
        secret_hash=_hash(secret),
        created_at=ctx.now(),
    )
    await tx.api_keys.add(key)
    await audit.record(ctx, tx, caller.key_id if caller else "operator", "api-key.create", key.id)
    return NewApiKeyView(
        id=key.id,
        name=key.name,
        scopes=key.scopes,
        created_at=key.created_at,
        token=f"exam_{key.id.removeprefix('key_')}_{secret}",
    )


async def authenticate(ctx: Context, bearer: str) -> Caller:
    """Who holds this key. Raises NotAuthenticated, with the same words and work for every reason."""
    key = await _key_of(ctx, bearer)
    _, _, secret = bearer.rpartition("_") if key is None else bearer.split("_", 2)
    good = hmac.compare_digest(_hash(secret), bytes(32) if key is None else key.secret_hash)
    if key is None or not good or key.revoked_at is not None:
        raise NotAuthenticated
    return Caller(org=key.org, key_id=key.id, scopes=key.scopes)


async def list_all(tx: Tx) -> list[ApiKeyView]:
    """Every key of the organisation, oldest first, the revoked ones too."""
    return [_view(key) for key in sorted(await tx.api_keys.all(), key=lambda key: key.id)]


async def revoke(ctx: Context, tx: Tx, key_id: str, caller: Caller) -> ApiKeyView:
    """The key is refused from now on. Revoking again changes nothing. Raises NotFound, LastAdminKey."""
    key = await tx.api_keys.get(key_id)
    if key is None:
        raise NotFound(what="API key", id=key_id)
    if key.revoked_at is not None:
        return _view(key)
    others = [k for k in await tx.api_keys.all() if k.id != key.id and k.revoked_at is None and "admin" in k.scopes]
    if "admin" in key.scopes and not others:
        raise LastAdminKey
    revoked = msgspec.structs.replace(key, revoked_at=ctx.now())
    await tx.api_keys.put(revoked)
    await audit.record(ctx, tx, caller.key_id, "api-key.revoke", key.id)
    return _view(revoked)


async def _key_of(ctx: Context, bearer: str) -> ApiKey | None:
    parts = bearer.split("_", 2)
    if len(bearer) > 200 or len(parts) != 3 or parts[0] != "exam" or not ids.is_id(f"key_{parts[1]}", "key"):
        return None
    key_id = f"key_{parts[1]}"
    async with ctx.store.directory() as directory:
        org = await directory.org_of_api_key(key_id)
    if org is None:
        return None
    async with ctx.store.read(org) as tx:
        return await tx.api_keys.get(key_id)


def _hash(secret: str) -> bytes:
    """SHA-256: the secret holds 256 random bits, so a slow hash would protect nothing more."""
    return hashlib.sha256(secret.encode()).digest()


def _view(key: ApiKey) -> ApiKeyView:
    return ApiKeyView(id=key.id, name=key.name, scopes=key.scopes, created_at=key.created_at, revoked_at=key.revoked_at)

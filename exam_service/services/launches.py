"""A one-time way in for one enrolment: made for the learning system, which sends its learner there."""

import base64
import hashlib
import re
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from exam_service.core import ids
from exam_service.core.errors import Fault, Invalid
from exam_service.core.records import Launch
from exam_service.core.text import Text
from exam_service.services.context import Context
from exam_service.services.enrolments import enrolment_of
from exam_service.services.ports import Tx


class LaunchBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the candidate is to be received; everything may be left out."""

    language: Literal["th", "en"] | None = None
    """Of the pages; missing means what the candidate's browser asks for, else Thai."""
    return_url: str | None = None
    """Where the pages lead back to: absolute, https, or http on localhost."""


class LaunchView(msgspec.Struct, frozen=True, kw_only=True):
    """The way in. It works once, until it expires, and is shown only here."""

    launch: str
    url: str
    token: str
    expires_at: datetime


async def create(ctx: Context, tx: Tx, enrolment_id: str, body: LaunchBody) -> LaunchView:
    """A one-time URL for the enrolment. Raises NotFound, NotPublished, and Invalid for a return URL that is none."""
    if body.return_url is not None:
        check_return_url(body.return_url)
    enrolment = await enrolment_of(tx, enrolment_id)
    launch_id = ctx.new_id("lch")
    token = f"{launch_id.removeprefix('lch_')}.{_b64(ctx.entropy(32))}"
    launch = Launch(
        id=launch_id,
        org=tx.org,
        enrolment=enrolment.id,
        token_hash=hash_of(token),
        language=body.language,
        return_url=body.return_url,
        expires_at=ctx.now() + ctx.policy.launch_ttl,
    )
    await tx.launches.add(launch)
    return LaunchView(
        launch=launch.id, url=f"{ctx.policy.public_url}/l/{token}", token=token, expires_at=launch.expires_at
    )


def launch_id_of(token: str) -> str | None:
    """The launch that a token is for, by its shape alone; None when it has not the shape of a token."""
    suffix, dot, secret = token.partition(".")
    launch_id = f"lch_{suffix}"
    return launch_id if dot and secret and len(token) <= 200 and ids.is_id(launch_id, "lch") else None


def hash_of(token: str) -> bytes:
    """SHA-256 of the whole token: it holds 256 random bits, so there is nothing to try out."""
    return hashlib.sha256(token.encode()).digest()


def check_return_url(url: str) -> None:
    """Raises Invalid unless the URL is absolute and https, or http on this machine (for development)."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    local = host in ("localhost", "127.0.0.1", "::1")
    scheme_is_good = parts.scheme == "https" or (parts.scheme == "http" and local)
    if (
        not host
        or not scheme_is_good
        or parts.username is not None
        or len(url) > 2000
        or re.search(r"[^\x21-\x7e]|[\\\"<>]", url)
    ):
        text = Text(
            en="give a whole https:// address (http:// only for localhost), without user name, up to 2000 characters",
            th="ระบุที่อยู่เต็มที่ขึ้นต้นด้วย https:// (http:// ได้เฉพาะ localhost) ไม่มีชื่อผู้ใช้ และไม่เกิน 2000 อักขระ",
        )
        raise Invalid(count=1, faults=[Fault(code="bad-return-url", path="return_url", message=text)])


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

"""The candidate's way in: a one-time launch, then a session token that this service can check without a look-up."""

import base64
import hmac
from datetime import datetime

import msgspec

from exam_service.core import errors
from exam_service.core.records import Launch, Organisation
from exam_service.core.text import Text
from exam_service.services.context import Context
from exam_service.services.launches import hash_of, launch_id_of


class CandidateSession(msgspec.Struct, frozen=True, array_like=True):
    """Who is taking part: one enrolment of one organisation, until a moment. It holds no personal data."""

    org: str
    enrolment: str
    launch: str
    expires: int
    """Seconds since 1970, UTC."""
    language: str | None = None


class LaunchDescription(msgspec.Struct, frozen=True, kw_only=True):
    """What the page before the exam says; nothing of the person, because the link may have been forwarded."""

    organisation: Text
    course: Text
    language: str | None
    used: bool
    expired: bool
    return_url: str | None
    org: str
    enrolment: str


class Redeemed(msgspec.Struct, frozen=True, kw_only=True):
    """A session for an API client that holds the launch token itself."""

    token: str
    expires_at: datetime
    enrolment: str


async def describe(ctx: Context, token: str) -> LaunchDescription:
    """The launch behind a link, without using it. Raises LaunchUnknown."""
    launch, organisation = await _launch(ctx, token)
    async with ctx.store.read(launch.org) as tx:
        enrolment = await tx.enrolments.get(launch.enrolment)
        version = await tx.courses.newest(enrolment.course) if enrolment else None
    if enrolment is None or version is None:
        raise errors.LaunchUnknown()
    return LaunchDescription(
        organisation=organisation.name,
        course=version.course.title,
        language=launch.language,
        used=launch.used_at is not None,
        expired=ctx.now() >= launch.expires_at,
        return_url=launch.return_url,
        org=launch.org,
        enrolment=launch.enrolment,
    )


async def redeem(ctx: Context, token: str) -> Redeemed:
    """Use the launch, once, for a session. Raises LaunchUnknown, LaunchUsed or LaunchExpired."""
    found, _ = await _launch(ctx, token)
    async with ctx.store.begin(found.org) as tx:
        launch = await tx.launches.get(found.id, lock=True)
        if launch is None:
            raise errors.LaunchUnknown()
        if launch.used_at is not None:
            raise errors.LaunchUsed()
        if ctx.now() >= launch.expires_at:
            raise errors.LaunchExpired()
        await tx.launches.put(msgspec.structs.replace(launch, used_at=ctx.now()))
    expires_at = (ctx.now() + ctx.policy.session_ttl).replace(microsecond=0)
    session = CandidateSession(launch.org, launch.enrolment, launch.id, int(expires_at.timestamp()), launch.language)
    return Redeemed(token=encode(ctx, session), expires_at=expires_at, enrolment=launch.enrolment)


def encode(ctx: Context, session: CandidateSession) -> str:
    """payload.tag, each in base64url; the tag is an HMAC, which costs a save next to nothing."""
    payload = msgspec.json.encode(session)
    return f"{_b64(payload)}.{_b64(ctx.vault.mac(b'session:' + payload))}"


def decode(ctx: Context, token: str) -> CandidateSession:
    """The session of a token. Raises NotAuthenticated for one that is not ours, was changed, or is over."""
    session = ctx.sessions.get(token)
    if session is None:
        session = _proved(ctx, token)
        ctx.sessions.put(token, session)
    if ctx.now().timestamp() >= session.expires:
        raise errors.NotAuthenticated()
    return session


def _proved(ctx: Context, token: str) -> CandidateSession:
    """The session of a token that this service gave. Raises NotAuthenticated."""
    try:
        first, _, second = token.partition(".")
        payload, tag = _unb64(first), _unb64(second)
        if not ctx.vault.mac_is_good(b"session:" + payload, tag):
            raise errors.NotAuthenticated()
        return msgspec.json.decode(payload, type=CandidateSession)
    except (ValueError, msgspec.MsgspecError) as error:
        raise errors.NotAuthenticated() from error


async def _launch(ctx: Context, token: str) -> tuple[Launch, Organisation]:
    launch_id = launch_id_of(token)
    async with ctx.store.directory() as directory:
        org = await directory.org_of_launch(launch_id) if launch_id else None
        organisation = await directory.organisation(id=org) if org else None
    if launch_id is None or org is None or organisation is None:
        raise errors.LaunchUnknown()
    async with ctx.store.read(org) as tx:
        launch = await tx.launches.get(launch_id)
    if launch is None or not hmac.compare_digest(launch.token_hash, hash_of(token)):
        raise errors.LaunchUnknown()
    return launch, organisation


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unb64(text: str) -> bytes:
    """The bytes of base64url. Raises ValueError for a foreign character, which the lenient decoder would skip."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)

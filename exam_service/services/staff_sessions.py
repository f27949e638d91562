"""The way in for programme staff: a one-time link that their learning system makes, then a session of their own.

Nothing of either is stored but that a link was used. Both are sealed, so neither the name in them nor anything else can
be read or changed; and both are worth as much as the API key that made the link: revoked, it ends them at once.
"""

import base64
import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec

from exam_service.core import errors
from exam_service.core.errors import Fault, Invalid, NotFound
from exam_service.core.people import PersonName
from exam_service.core.records import Organisation, Replay
from exam_service.core.text import Text
from exam_service.services import audit
from exam_service.services.api_keys import Caller
from exam_service.services.context import Context
from exam_service.services.launches import check_return_url
from exam_service.services.ports import Tx
from exam_service.services.standing import exam_of

SCOPE: Literal["results"] = "results"
"""What the key must be allowed: these pages show and change attempts."""

STAFF = "staff:"
"""Before the name of a person in the audit trail, so that nobody can be called like a key or the system."""

_LINK, _SESSION = "staff-link", "staff-session"
_LONGEST_TOKEN = 6000


class StaffLinkBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom the link is for, and what they may see: one exam, all of one course, or everything."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    """As it is to stand in the audit trail beside everything that they do."""
    course: str | None = None
    exam: str | None = None
    """Only together with the course."""
    language: Literal["th", "en"] | None = None
    """Of the pages; missing means what the browser asks for, else Thai."""
    return_url: str | None = None
    """Where the pages lead back to: absolute, https, or http on localhost."""


class StaffLinkView(msgspec.Struct, frozen=True, kw_only=True):
    """The way in. It works once, until it expires, and is shown only here."""

    url: str
    expires_at: datetime


class StaffSession(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Who of the staff is here, and what they may see; also what a link holds."""

    org: str
    key: str
    """The API key that made the link."""
    link: str
    name: str
    expires: int
    """Seconds since 1970, UTC."""
    course: str | None = None
    exam: str | None = None
    language: str | None = None
    return_url: str | None = None

    @property
    def actor(self) -> str:
        """As the audit trail names them."""
        return STAFF + self.name

    @property
    def home(self) -> str:
        """The page that everything begins with."""
        return f"/staff/{self.course}/{self.exam}" if self.course and self.exam else "/staff"

    def may_see(self, course: str, exam: str) -> bool:
        return self.course in (None, course) and self.exam in (None, exam)


async def create(ctx: Context, tx: Tx, body: StaffLinkBody, caller: Caller) -> StaffLinkView:
    """A one-time URL for a person. Raises NotFound for a course or exam that is not there, Invalid."""
    name = _name(body.name)
    if body.return_url is not None:
        check_return_url(body.return_url)
    if body.exam is not None and body.course is None:
        raise _invalid("course", "an exam is named within its course", "ต้องระบุหลักสูตรของการสอบด้วย", "missing")
    if body.course is not None:
        version = await tx.courses.newest(body.course)
        if version is None:
            raise NotFound(what="published course", id=body.course)
        if body.exam is not None:
            await exam_of(tx, body.course, body.exam)
    expires_at = (ctx.now() + ctx.policy.launch_ttl).replace(microsecond=0)
    link = StaffSession(
        org=tx.org,
        key=caller.key_id,
        link=ctx.new_id("lch"),
        name=name,
        expires=int(expires_at.timestamp()),
        course=body.course,
        exam=body.exam,
        language=body.language,
        return_url=body.return_url,
    )
    await audit.record(ctx, tx, caller.key_id, "staff-link.create", link.link)
    return StaffLinkView(url=f"{ctx.policy.public_url}/staff/_enter/{_seal(ctx, link, _LINK)}", expires_at=expires_at)


async def describe(ctx: Context, token: str) -> tuple[StaffSession, Organisation]:
    """The link behind a URL, without using it. Raises StaffLinkUnknown, also when its key was revoked."""
    link = _open(ctx, token, _LINK)
    organisation = await _organisation(ctx, link) if link else None
    if link is None or organisation is None:
        raise errors.StaffLinkUnknown()
    return link, organisation


async def redeem(ctx: Context, token: str) -> tuple[str, StaffSession]:
    """Use the link, once, for a session. Raises StaffLinkUnknown, StaffLinkUsed or StaffLinkExpired."""
    link, _ = await describe(ctx, token)
    now = ctx.now()
    if now >= datetime.fromtimestamp(link.expires, UTC):
        raise errors.StaffLinkExpired()
    async with ctx.store.begin(link.org) as tx:
        turn = Replay(key=f"{_LINK}/{link.link}", request_digest=b"", answer=None, created_at=now)
        if await tx.log.claim(turn) is not None:
            raise errors.StaffLinkUsed()
        await audit.record(ctx, tx, link.actor, "staff-link.use", link.link)
    session = msgspec.structs.replace(link, expires=int((now + ctx.policy.session_ttl).timestamp()))
    return _seal(ctx, session, _SESSION), session


async def decode(ctx: Context, token: str) -> StaffSession:
    """The session of a cookie. Raises NotAuthenticated when it is none, is over, or its key was revoked."""
    session = _open(ctx, token, _SESSION)
    if session is None or ctx.now() >= datetime.fromtimestamp(session.expires, UTC):
        raise errors.NotAuthenticated()
    if await _organisation(ctx, session, inside=True) is None:
        raise errors.NotAuthenticated()
    return session


async def leave(ctx: Context, session: StaffSession) -> None:
    """End the session for good, wherever its cookie may still be. Doing it again changes nothing."""
    async with ctx.store.begin(session.org) as tx:
        left = Replay(key=_left(session), request_digest=b"", answer=None, created_at=ctx.now())
        if await tx.log.claim(left) is None:
            await audit.record(ctx, tx, session.actor, "staff-link.leave", session.link)


def _left(session: StaffSession) -> str:
    # Below the claims of links: no client can take it with a key of its own, and it is never forgotten.
    return f"{_LINK}/left/{session.link}"


async def _organisation(ctx: Context, session: StaffSession, *, inside: bool = False) -> Organisation | None:
    """The organisation, while the key that stands behind it all is good and, inside, nobody has signed out."""
    async with ctx.store.read(session.org) as tx:
        key = await tx.api_keys.get(session.key)
        if inside and await tx.log.claimed(_left(session)):
            return None
    if key is None or key.revoked_at is not None or SCOPE not in key.scopes:
        return None
    async with ctx.store.directory() as directory:
        return await directory.organisation(id=session.org)


def _name(text: str) -> str:
    """The name as it is kept. Raises Invalid for what would not print, or would print as something else."""
    try:
        name = PersonName(given=text).given
    except ValueError:
        name = ""
    # A name has one line; control characters that Python takes for spaces are refused with all others.
    if not name.isprintable() or not name or any(unicodedata.category(c) == "Cc" for c in text):
        raise _invalid("name", "give a name in printable characters", "ระบุชื่อด้วยอักขระที่พิมพ์ได้")
    return name


def _invalid(path: str, en: str, th: str, code: str = "wrong-value") -> Invalid:
    return Invalid(count=1, faults=[Fault(code=code, path=path, message=Text(en=en, th=th))])


def _seal(ctx: Context, session: StaffSession, what: str) -> str:
    return base64.urlsafe_b64encode(ctx.vault.seal(msgspec.json.encode(session), what)).rstrip(b"=").decode()


def _open(ctx: Context, token: str, what: str) -> StaffSession | None:
    """What we sealed as this and nobody changed, else None."""
    if len(token) > _LONGEST_TOKEN:
        return None
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(ctx.vault.open(sealed, what), type=StaffSession)
    except (ValueError, msgspec.MsgspecError):
        return None

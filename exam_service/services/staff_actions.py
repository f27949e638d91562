"""What a person of the programme staff does from the pages: the same use cases as the API's, with a name as actor."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Literal, TypeVar, get_args

import msgspec

from exam_service.core.documents import read
from exam_service.core.errors import Invalid, NotFound
from exam_service.services import certificates, invigilation, late, live, messages
from exam_service.services.context import Context
from exam_service.services.invigilation import MinutesBody, VoidBody
from exam_service.services.late import DecidedView, DecisionBody
from exam_service.services.messages import MessageBody
from exam_service.services.once import RepeatKey, once
from exam_service.services.ports import Tx
from exam_service.services.staff_sessions import StaffSession
from exam_service.services.staff_view import attempt_at

B = TypeVar("B")

Action = Literal["extra-time", "reopen", "void", "message", "late-save"]
ACTIONS: tuple[Action, ...] = get_args(Action)
FOR_ALL: tuple[Action, ...] = ("extra-time", "message")
"""What can be done to everybody who is writing."""


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be done, checked: to one attempt, or to everybody who is writing."""

    action: Action
    attempt: str | None
    body: MinutesBody | VoidBody | MessageBody | DecisionBody
    epoch: int = 0
    seq: int = 0

    @property
    def reason(self) -> str:
        return self.body.reason or ""


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    regraded: str | None = None
    """The enrolment whose result is another one now."""


def checked(given: Mapping[str, str]) -> Deed:
    """What the fields of a form mean. Raises Invalid with every fault, NotFound for an action that there is not."""
    action = next((one for one in ACTIONS if one == given.get("action")), None)
    attempt = given.get("attempt") or None
    if action is None or (attempt is None and action not in FOR_ALL):
        raise NotFound(what="action", id=given.get("action", ""))
    reason = given.get("reason", "").strip()
    body: MinutesBody | VoidBody | MessageBody | DecisionBody
    match action:
        case "extra-time" | "reopen":
            body = _read({"minutes": _number(given.get("minutes", "")), "reason": reason}, MinutesBody)
        case "void":
            body = _read({"reason": reason}, VoidBody)
        case "message":
            text = {name: words for name in ("th", "en") if (words := _lines(given.get(f"text_{name}", "")))}
            # The reason is for the trail; where none is asked for it may be missing, here it may not.
            body = _read({"text": text, "reason": reason}, MessageBody)
        case "late-save":
            body = _read({"decision": given.get("decision", ""), "reason": reason}, DecisionBody)
    invigilation.said(reason)
    epoch, seq = (_number(given.get(name, "")) for name in ("epoch", "seq"))
    return Deed(
        action=action,
        attempt=attempt,
        body=body,
        epoch=epoch if isinstance(epoch, int) else 0,
        seq=seq if isinstance(seq, int) else 0,
    )


async def do(ctx: Context, session: StaffSession, course: str, exam: str, deed: Deed, repeat: RepeatKey) -> None:
    """Do it, once. Raises NotFound for what the session may not see, and what the use case raises."""
    if not session.may_see(course, exam):
        raise NotFound(what="exam", id=f"{course}/{exam}")

    async def work(tx: Tx) -> Done:
        if deed.attempt is not None:
            await attempt_at(tx, session, course, exam, deed.attempt)
        done = await _use_case(ctx, course, exam, deed, session.actor)(tx)
        if isinstance(done, DecidedView) and done.revision is not None:
            return Done(regraded=done.late_save.enrolment)
        return Done()

    done = await once(ctx, session.org, repeat, Done, work)
    live.changed(ctx, session.org, course, exam)
    if done.regraded is not None:
        # The better result may be what was missing for a certificate that is issued at once.
        await certificates.issue_at_once(ctx, session.org, done.regraded)


def _use_case(ctx: Context, course: str, exam: str, deed: Deed, actor: str) -> Callable[[Tx], Awaitable[object]]:
    attempt = deed.attempt
    match deed.body:
        case MinutesBody() as minutes if attempt is None:
            return lambda tx: invigilation.give_time_to_all(ctx, tx, course, exam, minutes, actor)
        case MessageBody() as message if attempt is None:
            return lambda tx: messages.send_to_all(ctx, tx, course, exam, message, actor)
        case _ if attempt is None:
            raise NotFound(what="action", id=deed.action)
        case MinutesBody() as minutes:
            act = invigilation.reopen if deed.action == "reopen" else invigilation.give_time
            return lambda tx: act(ctx, tx, attempt, minutes, actor)
        case VoidBody() as void:
            return lambda tx: invigilation.void(ctx, tx, attempt, void, actor)
        case MessageBody() as message:
            return lambda tx: messages.send(ctx, tx, attempt, message, actor)
        case DecisionBody() as decision:
            return lambda tx: late.decide(ctx, tx, (attempt, deed.epoch, deed.seq), decision, actor)


def _read(raw: object, kind: type[B]) -> B:
    value, faults = read(raw, kind)
    if value is None:
        raise Invalid(count=len(faults), faults=faults)
    return value


def _number(text: str) -> int | str:
    """The number that was typed, or what was typed, so that the fault names it."""
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 10 else plain


def _lines(text: str) -> str:
    """A form sends lines as CR LF."""
    return text.replace("\r\n", "\n").strip()

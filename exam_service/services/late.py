"""Responses that arrive after the deadline and its grace: kept, judged, and decided by staff where nobody else can."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from exam_service.core import errors
from exam_service.core.documents import read
from exam_service.core.exams.attempt import Attempt, Look, State, admit, step
from exam_service.core.exams.journal import Key, Save, Saved
from exam_service.core.exams.late import REFUSING, SENTENCES, Evidence, Verdict, Why, judge
from exam_service.core.records import LateSave
from exam_service.core.text import Text
from exam_service.services import audit, grading, receipts
from exam_service.services.context import Context
from exam_service.services.enrolments import candidate_behind, enrolment_of
from exam_service.services.invigilation import ReasonText, said, standing_certificate
from exam_service.services.ports import Tx
from exam_service.services.standing import exam_of
from exam_service.services.standing_view import LateAnswers

MOST_KEPT = 2000
"""Late saves of one attempt: hours offline, a save every few seconds. More than that nobody types."""

POLICY = "policy"
"""Who decided, when it was not a person."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of a late save that was refused."""

    kept: bool
    """Staff can see it, and may still accept it."""
    why: Why
    message: Text
    receipt: str | None = None


class DecisionBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether the responses count, and why."""

    decision: Literal["accept", "refuse"]
    reason: ReasonText


class LateSaveView(msgspec.Struct, frozen=True, kw_only=True):
    """A late save as staff sees it."""

    attempt: str
    enrolment: str
    candidate: str
    """The learning system's id for the person."""
    epoch: int
    seq: int
    received_at: datetime
    deadline: datetime
    """As it is now."""
    answered_at: datetime | None
    """By the device's own account; null without one."""
    evidence: Evidence | None
    responses: dict[str, object]
    receipt: str | None
    decision: Literal["accepted", "refused"] | None
    """Null while staff has to decide."""
    decided_at: datetime | None
    decided_by: str | None
    """`policy`, or who decided."""
    reason: str | None
    """Of staff."""
    judged: Why | None
    """What the exam's policy said of it."""
    judgement: Text | None


class DecidedView(msgspec.Struct, frozen=True, kw_only=True):
    """The late save as it was decided, and the revision of the result that came of it."""

    late_save: LateSaveView
    revision: int | None
    """Null when nothing was graded anew: refused, or the attempt is not graded yet and will count it."""


async def receive(ctx: Context, save: Save, evidence: bytes | None) -> Saved:
    """What becomes of a save that the journal refused, as when the deadline and its grace had passed.

    Accepted (`late`), held for staff (`held`), or refused with DeadlinePassed, or AttemptVoided, whose `data` is Kept.
    Whichever it is, it is stored with its evidence and has a receipt, and the same save sent again gets the same
    answer. Decided under the attempt's lock. Raises also NotFound, Invalid, SequenceReused, MovedToOtherDevice
    while there is time to send it from the other device, or from this one when it opens the attempt again, and
    AttemptEnded for what is new after a hand-in.
    """
    claims = _evidence(evidence)
    key = await receipts.key_at_hand(ctx)
    async with ctx.store.begin(save.org) as tx:
        attempt = await grading.attempt_of(tx, save.attempt, save.enrolment, lock=True)
        _require_place(attempt, save)
        kept = await tx.late_saves.get(save.key)
        if kept is not None and kept.digest != save.digest:
            raise errors.SequenceReused(seq=save.seq)
        if kept is None:
            kept, saved = await _judged(ctx, tx, attempt, save, claims, key)
        else:
            kept = await _settled(tx, attempt, kept, save)
            saved = _as_told(attempt, kept)
    # As it was told at first, whatever staff has decided since: their decision shows with the result.
    why = None if kept is None else _judgement(kept)
    refused = kept is not None and (why in REFUSING or attempt.state is State.voided)
    ctx.meter.count("late_saves", verdict="refused" if refused else "held" if saved.held else "counted")
    if kept is not None and refused:
        said_why = why if why in REFUSING else Why.voided
        data = Kept(kept=True, why=said_why, message=SENTENCES[said_why], receipt=kept.receipt)
        if attempt.state is State.voided:
            raise errors.AttemptVoided(data=data)
        raise errors.DeadlinePassed(deadline=attempt.deadline, data=data)
    return saved


async def decide(ctx: Context, tx: Tx, key: Key, body: DecisionBody, actor: str) -> DecidedView:
    """Accept or refuse a late save. Accepted, it is written to the journal, and a graded attempt is graded anew.

    What a policy or staff refused may still be accepted; what was accepted counts for good. The same decision again
    changes nothing. Raises NotFound, LateSaveDecided, AttemptVoided, CertificateStands; and SequenceReused when the
    journal has other bytes under its number.
    """
    reason = said(body.reason)
    attempt = await grading.attempt_of(tx, key[0], lock=True)
    save = await tx.late_saves.get(key)
    if save is None:
        raise errors.NotFound(what="late save", id=f"{key[1]}/{key[2]}")
    wanted: Literal["accepted", "refused"] = "accepted" if body.decision == "accept" else "refused"
    if (save.decision == wanted and save.decided_by != POLICY) or save.decision == wanted == "accepted":
        return DecidedView(late_save=await _view(tx, attempt, save), revision=None)
    if save.decision == "accepted":
        raise errors.LateSaveDecided()
    if attempt.state is State.voided:
        raise errors.AttemptVoided()
    revision = await _count(ctx, tx, attempt, save, actor, reason) if wanted == "accepted" else None
    decided = msgspec.structs.replace(
        save, decision=wanted, decided_at=ctx.now(), decided_by=actor, reason=_joined(save.reason, reason)
    )
    await tx.late_saves.put(decided)
    await tx.attempts.put(_told(await grading.attempt_of(tx, attempt.id)))
    await audit.record(ctx, tx, actor, f"late-save.{body.decision}", attempt.id, f"{key[1]}/{key[2]}: {reason}")
    return DecidedView(late_save=await _view(tx, attempt, decided), revision=revision)


async def of_attempt(tx: Tx, attempt_id: str) -> list[LateSaveView]:
    """Every late save of an attempt, in the device's order. Raises NotFound."""
    attempt = await grading.attempt_of(tx, attempt_id)
    kept = await tx.late_saves.of(attempt_id)
    whose = await _whose(tx, attempt) if kept else ("", "")
    return [_shown(attempt, save, *whose) for save in kept]


async def at_exam(
    tx: Tx, course: str, exam: str, undecided: bool, after: str | None, limit: int
) -> tuple[list[LateSaveView], str | None]:
    """Late saves at an exam, and where the next page begins. Raises NotFound, Invalid."""
    await exam_of(tx, course, exam)
    found = await tx.late_saves.at(course, exam, undecided=undecided, after=_cursor(after), limit=limit + 1)
    shown: list[LateSaveView] = []
    whose: dict[str, tuple[Attempt, str, str]] = {}
    for save in found[:limit]:
        if save.attempt not in whose:
            attempt = await grading.attempt_of(tx, save.attempt)
            whose[save.attempt] = (attempt, *await _whose(tx, attempt))
        attempt, enrolment, candidate = whose[save.attempt]
        shown.append(_shown(attempt, save, enrolment, candidate))
    last = shown[-1] if len(found) > limit else None
    return shown, None if last is None else f"{last.attempt}/{last.epoch}/{last.seq}"


async def answers_of(tx: Tx, attempt_ids: Sequence[str]) -> dict[str, LateAnswers]:
    """For candidates: how many of their responses arrived late, and what became of them."""
    found = {}
    for attempt_id in await tx.late_saves.count(attempt_ids) if attempt_ids else ():
        items: dict[str | None, set[str]] = {None: set(), "accepted": set(), "refused": set()}
        for save in await tx.late_saves.of(attempt_id):
            items[save.decision] |= set(msgspec.json.decode(save.body, type=dict[str, object]))
        found[attempt_id] = LateAnswers(
            held=len(items[None]), accepted=len(items["accepted"]), refused=len(items["refused"])
        )
    return found


async def _verdict(tx: Tx, attempt: Attempt, save: Save, claims: Evidence | None) -> Verdict:
    if attempt.state is State.voided:
        return Verdict(decision="refuse", why=Why.voided)
    anchor = await tx.late_saves.anchor(save.key, claims.after_receipt if claims else 0, attempt.deadline)
    if claims is not None and claims.after_receipt == 0 and save.epoch == 1:
        # The first device heard from the server when the attempt began.
        anchor = msgspec.structs.replace(
            anchor, receipt_at=attempt.started_at, contact_at=anchor.contact_at or attempt.started_at
        )
    return judge(attempt, claims, save.seq, save.received_at, anchor, left=save.epoch < attempt.epoch)


def _require_place(attempt: Attempt, save: Save) -> None:
    """A device that was left is heard when it cannot go on in any other way; one that never was, not at all."""
    may_go_on = attempt.state is not State.voided and save.received_at < attempt.grace_ends_at
    if save.epoch > attempt.epoch or (save.epoch < attempt.epoch and may_go_on):
        raise errors.MovedToOtherDevice


async def _judged(
    ctx: Context, tx: Tx, attempt: Attempt, save: Save, claims: Evidence | None, key: receipts.ReceiptKey
) -> tuple[LateSave | None, Saved]:
    """The late save as it is stored now, with its receipt; None when it was in time after all."""
    base = LateSave(
        attempt=save.attempt, epoch=save.epoch, seq=save.seq, digest=save.digest, body=save.body,
        received_at=save.received_at, evidence=None if claims is None else msgspec.json.encode(claims),
    )  # fmt: skip
    told = Saved(
        attempt=save.attempt, epoch=save.epoch, seq=save.seq, digest=save.digest, received_at=save.received_at,
        seconds_left=0, in_grace=False, deadline=attempt.deadline, news=attempt.news,
    )  # fmt: skip

    def signed(**facts: object) -> Saved:
        saved = msgspec.structs.replace(told, **facts)
        return msgspec.structs.replace(saved, receipt=receipts.attest(ctx, key, [saved]).texts[0])

    try:
        # Time was given between the journal's refusal and now: then it is a save like any other.
        admitted = admit(attempt, save.epoch, save.received_at)
    except (errors.DeadlinePassed, errors.AttemptVoided, errors.MovedToOtherDevice):
        pass
    else:
        written = await tx.results.save(save.attempt, save.epoch, save.seq)
        if written is not None:
            # The same save came twice, and the other one was first.
            if written.digest != save.digest:
                raise errors.SequenceReused(seq=save.seq)
            return None, msgspec.structs.replace(written, news=attempt.news)
        saved = signed(seconds_left=admitted.seconds_left, in_grace=admitted.in_grace)
        await tx.late_saves.enter(
            msgspec.structs.replace(base, receipt=saved.receipt),
            late=False, seconds_left=admitted.seconds_left, in_grace=admitted.in_grace,
        )  # fmt: skip
        return None, saved

    counted = (await tx.late_saves.count([attempt.id])).get(attempt.id)
    if counted is not None and counted.held + counted.accepted + counted.refused >= MOST_KEPT:
        data = Kept(kept=False, why=Why.too_late, message=SENTENCES[Why.too_late])
        if attempt.state is State.voided:
            raise errors.AttemptVoided
        raise errors.DeadlinePassed(deadline=attempt.deadline, data=data)
    verdict = await _verdict(tx, attempt, save, claims)
    saved = signed(late=verdict.decision == "accept", held=verdict.decision != "accept")
    kept = msgspec.structs.replace(base, receipt=saved.receipt, reason=str(verdict.why))
    if verdict.decision != "hold":
        kept = msgspec.structs.replace(
            kept,
            decision="accepted" if verdict.decision == "accept" else "refused",
            decided_at=save.received_at,
            decided_by=POLICY,
        )
    await tx.late_saves.add(kept)
    if verdict.decision == "accept":
        await tx.late_saves.enter(kept, late=True)
    return kept, saved


async def _settled(tx: Tx, attempt: Attempt, kept: LateSave, again: Save) -> LateSave:
    """What came late before and comes again, the same bytes: in the time that staff gave since, it counts.

    Its receipt stays the one it has. What a person decided about it stands.
    """
    if kept.decision == "accepted" or kept.decided_by not in (None, POLICY):
        return kept
    try:
        admit(attempt, again.epoch, again.received_at)
    except errors.Refusal:
        return kept
    settled = msgspec.structs.replace(
        kept, decision="accepted", decided_at=again.received_at, decided_by=POLICY, reason=str(Why.time_given)
    )
    await tx.late_saves.put(settled)
    await _enter(tx, settled)
    return settled


async def _enter(tx: Tx, save: LateSave) -> None:
    """Write it to the journal, unless the same save is there: it may have come twice, and one of them in time."""
    written = await tx.results.save(save.attempt, save.epoch, save.seq)
    if written is None:
        await tx.late_saves.enter(save, late=True)
    elif written.digest != save.digest:
        raise errors.SequenceReused(seq=save.seq)


async def _count(ctx: Context, tx: Tx, attempt: Attempt, save: LateSave, actor: str, reason: str) -> int | None:
    """Write an accepted save to the journal; the revision of the result when there is a new one."""
    after, effects = step(attempt, Look(), ctx.now())
    if effects:
        # Graded first without it, as a sweeper that was in time would have done.
        attempt = await grading.carry_out(ctx, tx, after, effects)
    await _enter(tx, save)
    if attempt.state is not State.graded:
        return None
    before = (await tx.results.history(attempt.id))[-1]
    result = await grading.regrade(ctx, tx, attempt, actor, reason)
    if before.passed and not result.passed:
        certificate = await standing_certificate(ctx, tx, attempt)
        if certificate is not None:
            raise errors.CertificateStands(certificate=certificate)
    return result.revision


def _told(attempt: Attempt) -> Attempt:
    return msgspec.structs.replace(attempt, news=attempt.news + 1)


def _as_told(attempt: Attempt, kept: LateSave) -> Saved:
    """The answer to a late save that was sent before."""
    accepted = _judgement(kept) in (Why.in_time, Why.time_given)
    return Saved(
        attempt=kept.attempt, epoch=kept.epoch, seq=kept.seq, digest=kept.digest, received_at=kept.received_at,
        seconds_left=0, in_grace=False, deadline=attempt.deadline, news=attempt.news,
        late=accepted, held=not accepted, receipt=kept.receipt,
    )  # fmt: skip


async def _view(tx: Tx, attempt: Attempt, save: LateSave) -> LateSaveView:
    return _shown(attempt, save, *await _whose(tx, attempt))


async def _whose(tx: Tx, attempt: Attempt) -> tuple[str, str]:
    """The enrolment, and the learning system's id for the person."""
    enrolment = await enrolment_of(tx, attempt.enrolment)
    return enrolment.id, (await candidate_behind(tx, enrolment)).external_id


def _shown(attempt: Attempt, save: LateSave, enrolment: str, candidate: str) -> LateSaveView:
    claims = None if save.evidence is None else msgspec.json.decode(save.evidence, type=Evidence)
    judged = _judgement(save)
    return LateSaveView(
        attempt=save.attempt,
        enrolment=enrolment,
        candidate=candidate,
        epoch=save.epoch,
        seq=save.seq,
        received_at=save.received_at,
        deadline=attempt.deadline,
        answered_at=None if claims is None else claims.answered_at(save.received_at),
        evidence=claims,
        responses=msgspec.json.decode(save.body, type=dict[str, object]),
        receipt=save.receipt,
        decision=save.decision,
        decided_at=save.decided_at,
        decided_by=save.decided_by,
        reason=_of_staff(save),
        judged=judged,
        judgement=None if judged is None else SENTENCES[judged],
    )


# `reason` of a late save holds what the policy said and, after a colon, what staff said.


def _joined(judged: str | None, said_by_staff: str) -> str:
    return f"{(judged or '').partition(': ')[0]}: {said_by_staff}"


def _judgement(save: LateSave) -> Why | None:
    code = (save.reason or "").partition(": ")[0]
    return Why(code) if code in set(Why) else None


def _of_staff(save: LateSave) -> str | None:
    return (save.reason or "").partition(": ")[2] or None


def _evidence(content: bytes | None) -> Evidence | None:
    """What the device says. Raises Invalid with every fault."""
    if content is None:
        return None
    try:
        raw = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        text = Text(en=f"`offline` cannot be read: {error}", th=f"อ่าน `offline` ไม่ได้: {error}")
        raise errors.Invalid(
            count=1, faults=[errors.Fault(code="wrong-value", path="offline", message=text)]
        ) from error
    value, faults = read(raw, Evidence)
    if value is None:
        located = [msgspec.structs.replace(f, path=f"offline.{f.path}" if f.path else "offline") for f in faults]
        raise errors.Invalid(count=len(located), faults=located)
    return value


def _cursor(after: str | None) -> Key | None:
    if after is None:
        return None
    attempt, epoch, seq = ([*after.split("/"), "", ""])[:3]
    if not (epoch.isdecimal() and seq.isdecimal() and len(epoch) < 19 and len(seq) < 19):
        text = Text(en="give what `next` of the page before said", th="ระบุค่า `next` ของหน้าก่อน")
        raise errors.Invalid(count=1, faults=[errors.Fault(code="wrong-value", path="after", message=text)])
    return attempt, int(epoch), int(seq)

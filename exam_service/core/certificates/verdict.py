"""What a verification found: the outcome, the status, and every step with its own answer."""

from datetime import datetime
from typing import Literal

import msgspec

from exam_service.core.certificates.model import REASON_TEXTS, CertificateState, Issuance, Kind, RevocationReason
from exam_service.core.certificates.qr_token import is_shortened
from exam_service.core.certificates.words import FAILED, HEADLINES, PASSED
from exam_service.core.text import Text

Outcome = Literal["genuine", "not_genuine", "unknown"]
"""Whether this issuer made it: `unknown` when the key is not known here."""
Standing = Literal["stands", "revoked", "suspended", "superseded", "expired", "unknown"]
"""Whether it still counts. Only a fresh, signed or first-hand answer says `stands`."""

STEPS = ("parse", "key_known", "key_good", "signature", "status", "expiry")
FACES, LOG = "faces", "log"
"""A seventh step, when there were several faces: whether they say the same; an eighth, when there was a proof of the
issuance log: whether it is of this certificate."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One numbered step. `passed` is null when it could not be told or was not reached."""

    number: int
    name: str
    passed: bool | None
    code: str
    sentence: Text


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the evidence says. From a QR, names may be cut (they end in `…`) and some facts are not there."""

    id: str
    recipient_name: str
    course_title: str
    course_code: str
    issued_at: datetime
    valid_until: datetime | None
    status_list: int
    status_index: int
    kid: str
    did: str | None = None
    organisation_name: Text | None = None
    kind: Kind | None = None
    hours: float | None = None
    supersedes: str | None = None


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What the issuer's own register says about a certificate, first-hand and just now."""

    issuance: Issuance
    state: CertificateState
    reason: RevocationReason | None = None
    changed_at: datetime | None = None
    superseded_by: str | None = None


class Register(msgspec.Struct, frozen=True, kw_only=True):
    """The issuer's answer about one id: its record, or None when it never issued that id."""

    record: Record | None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The answer, as the API, the page and the command line give it."""

    outcome: Outcome
    status: Standing
    headline: Text
    as_of: datetime | None
    """How old the answer about the status is; null when it is unknown."""
    reason: RevocationReason | None
    reason_text: Text | None
    changed_at: datetime | None
    superseded_by: str | None
    facts: Facts | None
    steps: tuple[Step, ...]


def passed(name: str, code: str, **values: object) -> Step:
    """A step that held."""
    return _step(name, True, code, PASSED[code].fill(values))


def failed(name: str, code: str, **values: object) -> Step:
    """A step that did not hold."""
    return _step(name, False, code, FAILED[code].fill(values))


def untold(name: str, code: str, **values: object) -> Step:
    """A step about which nothing can be said."""
    return _step(name, None, code, FAILED[code].fill(values))


def _step(name: str, ok: bool | None, code: str, sentence: Text) -> Step:
    return Step(number=(*STEPS, FACES, LOG).index(name) + 1, name=name, passed=ok, code=code, sentence=sentence)


def stopped(steps: list[Step], outcome: Outcome, facts: Facts | None, *, headline: str | None = None) -> Verdict:
    """The verdict when a step failed after which the others say nothing: they are shown as not checked.

    `headline` is for one of words.HEADLINES that says more than the outcome alone.
    """
    rest = [untold(name, "not-checked") for name in STEPS[len(steps) :]]
    return _verdict(outcome, "unknown", HEADLINES[headline or outcome], facts, (*steps, *rest))


def forged(of: Verdict, step: Step) -> Verdict:
    """A verdict that would have been another one but for this step, which failed after all others."""
    return _verdict("not_genuine", "unknown", HEADLINES["not_genuine"], None, added(of, step).steps)


def added(to: Verdict, step: Step) -> Verdict:
    """The same verdict with one more step, in the order of their numbers."""
    steps = sorted((*to.steps, step), key=lambda one: one.number)
    return msgspec.structs.replace(to, steps=tuple(steps))


def concluded(
    steps: list[Step],
    facts: Facts,
    status: Standing,
    *,
    as_of: datetime | None,
    record: Record | None = None,
) -> Verdict:
    """The verdict on a genuine certificate."""
    # A status list tells that it does not stand, not why.
    withdrawn = any(step.code == "withdrawn" for step in steps)
    headline = HEADLINES["withdrawn" if withdrawn else "unknown-status" if status == "unknown" else status]
    return _verdict("genuine", status, headline, facts, tuple(steps), as_of, record)


def _verdict(
    outcome: Outcome,
    status: Standing,
    headline: Text,
    facts: Facts | None,
    steps: tuple[Step, ...],
    as_of: datetime | None = None,
    record: Record | None = None,
) -> Verdict:
    reason = record.reason if record else None
    return Verdict(
        outcome=outcome,
        status=status,
        headline=headline,
        as_of=as_of,
        reason=reason,
        reason_text=REASON_TEXTS[reason] if reason else None,
        changed_at=record.changed_at if record else None,
        superseded_by=record.superseded_by if record else None,
        facts=facts,
        steps=steps,
    )


def differences(facts: Facts, issuance: Issuance) -> list[str]:
    """The facts in which evidence and register differ, or none. A text that the QR cut agrees with its whole."""
    wanted = {
        "id": issuance.id,
        "issued_at": issuance.issued_at,
        "valid_until": issuance.valid_until,
        "status_list": issuance.status_list,
        "status_index": issuance.status_index,
    }
    found = [name for name, value in wanted.items() if getattr(facts, name) != value]
    optional = {
        "did": issuance.did,
        "kind": issuance.kind,
        "hours": issuance.hours,
    }
    found += [name for name, value in optional.items() if getattr(facts, name) not in (None, value)]
    texts = {
        "recipient_name": issuance.recipient_name,
        "course_title": issuance.course_title.within("th"),
        "course_code": issuance.course_code,
    }
    return found + [name for name, whole in texts.items() if not is_shortened(getattr(facts, name), whole)]

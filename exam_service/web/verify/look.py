"""What the verify page shows: verdict and record as one unmistakable state with its words, icon and colour."""

from datetime import datetime

import msgspec

from exam_service.core.certificates.keys import STOLEN
from exam_service.core.certificates.model import REASON_TEXTS, CertificateState, Issuance
from exam_service.core.certificates.names import masked
from exam_service.core.certificates.printed import grouped
from exam_service.core.certificates.spoken import spoken
from exam_service.core.certificates.verdict import Record, Step, Verdict
from exam_service.core.certificates.words import HEADLINES
from exam_service.core.text import Text
from exam_service.web.texts import area

_LOOKS = {
    "stands": ("good", "check"),
    "revoked": ("bad", "cross"),
    "suspended": ("warn", "pause"),
    "superseded": ("warn", "newer"),
    "expired": ("warn", "clock"),
    "unknown": ("warn", "question"),
    "untold": ("warn", "question"),
    "compromised": ("warn", "question"),
    "pending": ("warn", "clock"),
    "not_genuine": ("bad", "cross"),
}


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """One answer, ready for the template."""

    state: str
    tone: str
    icon: str
    heading: Text
    issuer: Text
    when: datetime | str
    """When it was revoked, replaced, or ran out; empty when the state has no such moment."""
    as_of: datetime | None
    reason: Text | None
    superseded_by: str | None
    facts: Issuance | None
    name: str
    name_is_masked: bool
    hours: float | int
    serial: str
    spoken: str
    """The number in words, to be read aloud on the telephone."""
    steps: tuple[Step, ...]


def look(record: Record | None, verdict: Verdict | None, *, name: str | None = None) -> Look:
    """The answer about a certificate. The name is masked unless it is given, by who showed that they know it.

    Facts appear only beside a genuine certificate: a forged one must not borrow their looks.
    """
    state = _state(record, verdict)
    heading = verdict.headline if verdict is not None else _heading(state)
    tone, icon = _LOOKS[state]
    genuine = record is not None and (verdict is None or verdict.outcome == "genuine")
    facts = record.issuance if record is not None and genuine and state != "pending" else None
    shown = name or (masked(facts.recipient_name) if facts else "")
    return Look(
        state=state,
        tone=tone,
        icon=icon,
        heading=heading,
        issuer=facts.organisation_name if facts else Text(th="ผู้ออก", en="The issuer"),
        when=_when(state, record),
        as_of=verdict.as_of if verdict is not None else None,
        reason=_reason(state, record),
        superseded_by=record.superseded_by if record is not None and genuine else None,
        facts=facts,
        name=shown,
        name_is_masked=name is None,
        hours=_number(facts.hours) if facts else 0,
        serial=grouped(facts.id) if facts else "",
        spoken=spoken(facts.id) if facts else "",
        steps=verdict.steps if verdict is not None else (),
    )


def _state(record: Record | None, verdict: Verdict | None) -> str:
    if verdict is not None:
        stolen = any(step.code in STOLEN for step in verdict.steps)
        outcomes = {"not_genuine": "not_genuine", "unknown": "compromised" if stolen else "untold"}
        return outcomes.get(verdict.outcome, verdict.status)
    # Nothing was ever signed for it.
    withdrawn = record is not None and record.state is not CertificateState.pending
    return "revoked" if withdrawn else "pending"


def _heading(state: str) -> Text:
    return HEADLINES["revoked"] if state == "revoked" else area("verify")["verify.pending"]


def _when(state: str, record: Record | None) -> datetime | str:
    if record is None:
        return ""
    if state == "expired":
        return record.issuance.valid_until or ""
    return record.changed_at or ""


def _reason(state: str, record: Record | None) -> Text | None:
    if record is None or record.reason is None or state not in ("revoked", "suspended", "superseded"):
        return None
    return REASON_TEXTS[record.reason]


def _number(hours: float) -> float | int:
    return int(hours) if hours == int(hours) else hours

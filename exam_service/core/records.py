"""What is stored beside the documents: the records that services and storage share. None is ever sent out as it is."""

from datetime import datetime
from typing import Literal

import msgspec

from exam_service.core.exams.attempt import State
from exam_service.core.exams.live import Running
from exam_service.core.exams.model import Accommodation
from exam_service.core.people import PersonName
from exam_service.core.rules import Value
from exam_service.core.text import Text


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    pass


class Organisation(_Record, frozen=True, kw_only=True):
    """A tenant: it owns its banks, courses, people and keys, and never sees another's."""

    id: str
    slug: str
    name: Text
    created_at: datetime


Scope = Literal["banks", "courses", "candidates", "enrolments", "results", "certificates", "admin"]
SCOPES: tuple[Scope, ...] = ("banks", "courses", "candidates", "enrolments", "results", "certificates", "admin")


class ApiKey(_Record, frozen=True, kw_only=True):
    """A key of an LMS front end; only the hash of its secret is kept."""

    id: str
    org: str
    name: str
    scopes: tuple[Scope, ...]
    secret_hash: bytes
    created_at: datetime
    revoked_at: datetime | None = None


class BankVersion(_Record, frozen=True, kw_only=True):
    """One upload of a bank; it never changes."""

    id: str
    code: str
    number: int
    digest: bytes
    """SHA-256 of the stored document: the same upload twice is one version."""
    title: Text
    size: int
    """How many questions it holds."""
    created_at: datetime


class CourseRecord(_Record, frozen=True, kw_only=True):
    """The draft of a course, and which version of it is published."""

    code: str
    draft: bytes
    """The course document as JSON."""
    updated_at: datetime
    published: int | None = None
    """The newest version's number."""


class Candidate(_Record, frozen=True, kw_only=True):
    """A person of an organisation. `external_id` is the learning system's own id for them."""

    id: str
    external_id: str
    name: PersonName
    national_id: bytes | None = None
    """Sealed; personal data under the PDPA."""
    national_id_index: bytes | None = None
    """Keyed hash, to look a person up by."""
    position: str | None = None
    standing: str | None = None
    school: str | None = None
    affiliation: str | None = None
    created_at: datetime
    updated_at: datetime


class Enrolment(_Record, frozen=True, kw_only=True):
    """One candidate in one course."""

    id: str
    candidate: str
    course: str
    target_standing: str | None = None
    accommodations: tuple[Accommodation, ...] = ()
    created_at: datetime


class ReportedFact(_Record, frozen=True, kw_only=True):
    """A fact as the learning system reported it. Reports are only ever added; the newest of a name counts."""

    enrolment: str
    name: str
    value: Value
    reported_at: datetime
    reported_by: str
    """API key id."""


class Launch(_Record, frozen=True, kw_only=True):
    """A one-time way in for one enrolment; only the hash of its token is kept."""

    id: str
    org: str
    enrolment: str
    token_hash: bytes
    language: str | None
    return_url: str | None
    expires_at: datetime
    used_at: datetime | None = None


class Paper(_Record, frozen=True, kw_only=True):
    """A frozen paper as it is stored, packed: the form for scoring, and the view that is sent, byte for byte."""

    form: bytes
    view: bytes


class PreparedAttempt(_Record, frozen=True, kw_only=True):
    """A paper that was drawn ahead, for the enrolment's next attempt at an exam."""

    enrolment: str
    exam: str
    attempt: str
    """Under which its paper is stored; the attempt that gets it has an id of its own."""
    course_version: str
    number: int
    prepared_at: datetime


class LateSave(_Record, frozen=True, kw_only=True):
    """A save that came too late to count by itself: what came, and what was decided about it."""

    attempt: str
    epoch: int
    seq: int
    digest: bytes
    body: bytes
    received_at: datetime
    evidence: bytes | None = None
    """core.exams.late.Evidence as JSON."""
    receipt: str | None = None
    decision: Literal["accepted", "refused"] | None = None
    """Missing while staff has to decide."""
    decided_at: datetime | None = None
    decided_by: str | None = None
    """An API key id, or `policy`."""
    reason: str | None = None


class StaffMessage(_Record, frozen=True, kw_only=True):
    """A word from staff to one candidate, or to everybody who is taking an exam."""

    id: str
    course: str
    exam: str
    attempt: str | None = None
    """Missing: to everybody."""
    text: Text
    sent_at: datetime
    sent_by: str


class Enrolled(msgspec.Struct, frozen=True):
    """Somebody in a course, as the live view lists them."""

    enrolment: str
    external_id: str
    name: str
    order: str
    """What the list is sorted by."""


class LiveAttempt(msgspec.Struct, frozen=True):
    """An attempt as far as the live view needs it; `running` while it is in progress."""

    id: str
    enrolment: str
    number: int
    state: State
    extra_seconds: int
    running: Running | None


class StoredResult(_Record, frozen=True, kw_only=True):
    """One grading of an attempt. A regrade adds the next revision and keeps this one."""

    attempt: str
    revision: int
    document: bytes
    """core.exams.scoring.Result as JSON."""
    percent: float
    passed: bool | None
    graded_at: datetime
    graded_by: str | None = None
    reason: str | None = None


class JobError(_Record, frozen=True, kw_only=True):
    """What was wrong with one line of a bulk upload."""

    line: int
    code: str
    message: Text


class Job(_Record, frozen=True, kw_only=True):
    """Work on many: how far it is, and what failed."""

    id: str
    kind: Literal["enrolments", "certificates"]
    course: str
    state: Literal["running", "stopped", "finished"]
    """Stopped by a refusal, which `errors` names; it goes on when the call is repeated."""
    total: int
    done: int = 0
    failed: int = 0
    errors: tuple[JobError, ...] = ()
    counts: dict[str, int] | None = None
    """What became of them, by a word for it; None where `done` says all."""
    created_at: datetime
    finished_at: datetime | None = None


class AuditEvent(_Record, frozen=True, kw_only=True):
    """Who did what to which thing, when and why."""

    id: str
    at: datetime
    actor: str
    action: str
    subject: str
    reason: str | None = None


class Replay(_Record, frozen=True, kw_only=True):
    """A write that was done under an Idempotency-Key: what was asked, and the sealed answer."""

    key: str
    request_digest: bytes
    answer: bytes | None
    created_at: datetime

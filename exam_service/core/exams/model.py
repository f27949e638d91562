"""A course with its pre-test and post-test: one document, frozen as a version when it is published."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from exam_service.core.artwork import MOST_SIGNERS, Artwork, ArtworkDigest, Signer
from exam_service.core.banks.interactions.base import Code, Difficulty
from exam_service.core.rules import Rule
from exam_service.core.text import Text

FactName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,63}$(?!\n)")]
Minutes = Annotated[int, msgspec.Meta(ge=1, le=60 * 24 * 7)]


class _Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class BlueprintStratum(_Document, frozen=True, kw_only=True):
    """So many questions of a bank, narrowed by objective, difficulty and tag as far as these are given."""

    bank: Code
    count: Annotated[int, msgspec.Meta(ge=1, le=500)]
    objective: Code | None = None
    difficulty: Difficulty | None = None
    tag: Code | None = None


class Section(_Document, frozen=True, kw_only=True):
    """A part of the exam with its own score, which rules may ask for."""

    code: Code
    title: Text
    strata: tuple[BlueprintStratum, ...]


class Window(_Document, frozen=True, kw_only=True):
    """When attempts may start; a running one ends at `closes_at` at the latest. Missing means without limit."""

    opens_at: datetime | None = None
    closes_at: datetime | None = None


class AttemptPolicy(_Document, frozen=True, kw_only=True):
    """How often, how soon again, and which score counts."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] | None = None
    cool_down_minutes: Annotated[int, msgspec.Meta(ge=0, le=60 * 24 * 365)] = 0
    """Counted from the end of the last attempt."""
    counts: Literal["best", "last", "first", "average"] = "best"
    block_after_pass: bool = True


ReviewTime = Literal["at_once", "after_pass_or_last", "after_window", "never"]


class ReviewPolicy(_Document, frozen=True, kw_only=True):
    """When the candidate may see what of an attempt that has ended. The safe choice is the default."""

    score: ReviewTime = "at_once"
    responses: ReviewTime = "at_once"
    correctness: ReviewTime = "after_pass_or_last"
    key: ReviewTime = "never"
    """The key, with the rationale and its source."""


class Shuffle(_Document, frozen=True, kw_only=True):
    questions: bool = True
    options: bool = True


LatePolicy = Literal["refuse", "accept", "hold"]


class LateResponses(_Document, frozen=True, kw_only=True):
    """What becomes of responses that were given offline before the deadline and arrive after it and its grace.

    `refuse`: they do not count. `accept`: they count if they arrive within `minutes` of the deadline. `hold`: staff
    decides. Whatever it is, what arrived is kept, with its evidence, and the candidate is told.
    """

    policy: LatePolicy = "refuse"
    minutes: Annotated[int, msgspec.Meta(ge=1, le=60 * 24)] | None = None
    """With `accept` only. Results of attempts that ran out wait for so long."""


class Exam(_Document, frozen=True, kw_only=True):
    """A timed test of a course. `opens_when` guards its start; `pass_rule` decides each attempt."""

    code: Code
    kind: Literal["pre_test", "post_test"]
    title: Text
    sections: tuple[Section, ...]
    time_limit_minutes: Minutes | None = None
    window: Window = Window()
    attempts: AttemptPolicy = AttemptPolicy()
    shuffle: Shuffle = Shuffle()
    review: ReviewPolicy = ReviewPolicy()
    opens_when: Rule | None = None
    pass_rule: Rule | None = None
    grace_seconds: Annotated[int, msgspec.Meta(ge=0, le=600)] | None = None
    """For responses in flight at the deadline; missing means the service's own setting."""
    late_responses: LateResponses = LateResponses()

    @property
    def size(self) -> int:
        return sum(stratum.count for section in self.sections for stratum in section.strata)


class FactDeclaration(_Document, frozen=True, kw_only=True):
    """A fact that the learning system reports, with the words that people read for it."""

    name: FactName
    type: Literal["boolean", "number", "text", "date_time", "numbers"]
    label: Text


CertificateKind = Literal["certificate", "attestation"]
"""วุฒิบัตร, or หนังสือรับรองความรู้."""


class CertificatePolicy(_Document, frozen=True, kw_only=True):
    """What a person who meets the rule may have, and whether it is issued at once or on request."""

    rule: Rule
    kinds: tuple[CertificateKind, ...] = ("certificate",)
    issue: Literal["on_request", "at_once"] = "on_request"
    """At once issues the first of `kinds`."""
    valid_months: Annotated[int, msgspec.Meta(ge=1, le=1200)] | None = None
    thai_digits: bool = False
    """Dates and hours in Thai in ๐ to ๙; never the number, which is typed."""
    logo: ArtworkDigest | None = None
    """At the top of the paper: artwork of the organisation, as uploaded before."""
    seal: ArtworkDigest | None = None
    signers: Annotated[tuple[Signer, ...], msgspec.Meta(max_length=MOST_SIGNERS)] = ()
    """Who signs for the organisation, from left to right."""

    @property
    def artwork(self) -> Artwork | None:
        """What a certificate that is issued now shows; None when that is nothing."""
        if self.logo is None and self.seal is None and not self.signers:
            return None
        return Artwork(logo=self.logo, seal=self.seal, signers=self.signers)


class Course(_Document, frozen=True, kw_only=True):
    """The course document."""

    code: Code
    title: Text
    exams: tuple[Exam, ...]
    description: Text | None = None
    objective: Text | None = None
    """The development objective that the course belongs to."""
    hours: Annotated[float, msgspec.Meta(gt=0, le=2000)] | None = None
    facts: tuple[FactDeclaration, ...] = ()
    certificate: CertificatePolicy | None = None

    def exam(self, code: str) -> Exam | None:
        return next((exam for exam in self.exams if exam.code == code), None)

    def declared(self, name: str) -> FactDeclaration | None:
        return next((fact for fact in self.facts if fact.name == name), None)


class CourseVersion(_Document, frozen=True, kw_only=True):
    """A published course: it never changes, and pins the bank versions it draws from."""

    id: str
    number: int
    course: Course
    banks: dict[str, str]
    """bank code -> bank version id"""
    published_at: datetime


class Accommodation(_Document, frozen=True, kw_only=True):
    """More time for one candidate, by percent or by minutes, at one exam or at all."""

    exam: Code | None = None
    extra_percent: Annotated[int, msgspec.Meta(ge=0, le=400)] = 0
    extra_minutes: Annotated[int, msgspec.Meta(ge=0, le=60 * 24)] = 0
    reason: Annotated[str, msgspec.Meta(max_length=500)] | None = None

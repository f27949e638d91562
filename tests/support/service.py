"""The whole service over a real database, with a clock that the test owns, and a small course to take."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from exam_service import settings
from exam_service.bootstrap import opened
from exam_service.core.banks.model import Bank
from exam_service.core.certificates.model import RevocationReason
from exam_service.core.exams.model import Course
from exam_service.core.exams.scoring import questions_of
from exam_service.core.people import PersonName
from exam_service.core.records import SCOPES
from exam_service.core.text import Text
from exam_service.services import (
    api_keys,
    attempts,
    banks,
    candidates,
    courses,
    enrolments,
    facts,
    keys,
    launches,
    organisations,
    saving,
    sessions,
    starting,
    submitting,
    withdrawals,
)
from exam_service.services.context import Context
from exam_service.services.withdrawals import Why

START = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
PUBLIC_URL = "https://exam.example.ac.th"


@dataclass
class TestClock:
    """A clock that stands until it is moved."""

    __test__ = False
    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class World:
    """One organisation with a published course and an enrolled candidate."""

    ctx: Context
    clock: Any
    org: str
    enrolment: str
    key: str
    """A staff API key with every scope."""
    course: str = "course"

    async def start(self, exam: str = "post", enrolment: str | None = None) -> attempts.AttemptView:
        return await starting.start(self.ctx, self.org, enrolment or self.enrolment, exam)

    async def save(self, view: attempts.AttemptView, seq: int, responses: Mapping[str, object]) -> saving.SavedView:
        body = msgspec.json.encode(responses)
        return await saving.save(self.ctx, self.org, self.enrolment, view.attempt, view.epoch, seq, body)

    async def submit(self, view: attempts.AttemptView) -> attempts.AttemptView:
        return await submitting.submit(self.ctx, self.org, self.enrolment, view.attempt, view.epoch)

    async def key_of(self, view: attempts.AttemptView) -> dict[str, Any]:
        """The right response to each item of an attempt's paper."""
        return await right_responses(self.ctx, self.org, view.attempt)

    async def take(self, exam: str, right: int | None = None) -> attempts.AttemptView:
        """Start, answer so many items rightly (all when None), leave the rest blank, and hand in."""
        view = await self.start(exam)
        key = list((await self.key_of(view)).items())
        await self.save(view, 1, dict(key[: len(key) if right is None else right]))
        return await self.submit(view)

    async def learned(self) -> None:
        async with self.ctx.store.begin(self.org) as tx:
            await facts.report(self.ctx, tx, self.enrolment, {"learning_complete": True}, "test")

    async def enrol(self, external_id: str, **more: Any) -> str:
        """Another candidate in the same course."""
        name = PersonName(given="ชื่อ", family=external_id)
        person = candidates.NewCandidate(external_id=external_id, name=name, **more)
        async with self.ctx.store.begin(self.org) as tx:
            body = enrolments.EnrolmentWithCandidateBody(course=self.course, candidate=person)
            return (await enrolments.enrol(self.ctx, tx, body, "test")).id

    async def launch(self, enrolment: str | None = None) -> str:
        """A launch token."""
        async with self.ctx.store.begin(self.org) as tx:
            body = launches.LaunchBody(return_url="https://lms.example.ac.th/course/1")
            return (await launches.create(self.ctx, tx, enrolment or self.enrolment, body)).token

    async def session(self, enrolment: str | None = None) -> str:
        """A candidate's session token."""
        return (await sessions.redeem(self.ctx, await self.launch(enrolment))).token

    async def revoke(self, certificate_id: str, reason: RevocationReason, note: str | None, actor: str) -> None:
        await keys.ensure(self.ctx, self.org, "certificates")
        async with self.ctx.store.begin(self.org) as tx:
            await withdrawals.revoke(self.ctx, tx, certificate_id, Why(reason=reason, note=note, actor=actor))

    async def publish(self, course: dict[str, Any]) -> None:
        async with self.ctx.store.begin(self.org) as tx:
            await courses.put(self.ctx, tx, course["code"], msgspec.convert(course, Course))
            await courses.publish(self.ctx, tx, course["code"], "test")


async def right_responses(ctx: Context, org: str, attempt_id: str) -> dict[str, Any]:
    """The key of an attempt's paper, as a candidate would give it."""
    async with ctx.store.read(org) as tx:
        stored = await tx.attempts.get(attempt_id)
        assert stored is not None
        form = await ctx.documents.form(tx, attempt_id)
        pool = await ctx.documents.pool(tx, await ctx.documents.course(tx, stored.course_version))
    asked = questions_of(form, pool)
    return {place.item: asked[place.item].right(place.layout) for place in form.items}


@asynccontextmanager
async def service(
    database_url: str, folder: Path, clock: Callable[[], datetime] | None = None, **environ: str
) -> AsyncIterator[Context]:
    """A context over the database; its master key is in the folder."""
    given = {
        "EXAM_DATABASE_URL": database_url,
        "EXAM_DATA_DIR": str(folder),
        "EXAM_PUBLIC_URL": PUBLIC_URL,
        "EXAM_MASTER_KEY": "A" * 43,
        **environ,
    }
    async with opened(settings.load(given), clock=clock or TestClock()) as ctx:
        yield ctx


async def world(ctx: Context, clock: Any, slug: str = "first", course: dict[str, Any] | None = None) -> World:
    """Fill an organisation with a bank, a course, a candidate and a key."""
    organisation = await organisations.create(ctx, slug, Text(th="สถาบันทดสอบ", en="Test Institute"))
    await keys.ensure(ctx, organisation.id, "certificates")
    async with ctx.store.begin(organisation.id) as tx:
        await banks.store(ctx, tx, small_bank(), "test")
        key = await api_keys.create(ctx, tx, "tests", SCOPES)
    document = course or small_course()
    made = World(ctx=ctx, clock=clock, org=organisation.id, enrolment="", key=key.token, course=str(document["code"]))
    await made.publish(document)
    made.enrolment = await made.enrol("one")
    return made


def small_bank(size: int = 24) -> Bank:
    """Questions of every type, two objectives, three difficulties; keys, rationales and sources carry markers."""
    questions = [_question(n) for n in range(size)]
    document = {
        "format": "exam-service/bank@1",
        "code": "small",
        "title": {"th": "คลังเล็ก", "en": "Small bank"},
        "objectives": [
            {"code": "first", "title": {"th": "หนึ่ง", "en": "First"}},
            {"code": "second", "title": {"th": "สอง", "en": "Second"}},
        ],
        "questions": questions,
    }
    return msgspec.convert(document, Bank)


def _question(n: int) -> dict[str, Any]:
    base: dict[str, Any] = {
        "id": f"bankid-{n}",
        "objective": ("first", "second")[n % 2],
        "difficulty": ("easy", "medium", "hard")[n // 2 % 3],
        "stem": {"th": f"คำถามข้อที่ {n}", "en": f"Question number {n}"},
        "rationale": {"en": f"RATIONALE-{n}"},
        "source": f"SOURCE-{n}",
        "tags": ["tagmarker"],
    }
    options = [{"id": f"optid-{n}-{k}", "text": {"th": f"ตัวเลือก {k}", "en": f"Option {k}"}} for k in range(4)]
    match n % 5:
        case 0:
            return {**base, "type": "single_choice", "options": options, "key": f"optid-{n}-{n % 4}"}
        case 1:
            right = [f"optid-{n}-0", f"optid-{n}-2"]
            return {**base, "type": "multiple_response", "options": options, "key": right, "scoring": "partial"}
        case 2:
            return {**base, "type": "true_false", "key": n % 4 == 2}
        case 3:
            return {**base, "type": "numeric", "key": 31.25 + n, "tolerance": 0.01, "unit": {"en": "points"}}
        case _:
            return {**base, "type": "short_text", "key": [f"KEYWORD-{n}", f"คำตอบลับ{n}"]}


def small_course(**post: Any) -> dict[str, Any]:
    """A pre-test of 4 and a post-test of 10 items that opens after the pre-test and the learning; 60 % passes."""
    return {
        "code": "course",
        "title": {"th": "หลักสูตรทดสอบ", "en": "Test course"},
        "hours": 12,
        "facts": [
            {"name": "learning_complete", "type": "boolean", "label": {"th": "เรียนครบ", "en": "Learning complete"}}
        ],
        "exams": [
            {
                "code": "pre",
                "kind": "pre_test",
                "title": {"th": "ก่อนเรียน", "en": "Pre-test"},
                "sections": [_section("all", {"count": 4})],
                "time_limit_minutes": 10,
            },
            {
                "code": "post",
                "kind": "post_test",
                "title": {"th": "หลังเรียน", "en": "Post-test"},
                "sections": [
                    _section("one", {"objective": "first", "count": 5}),
                    _section("two", {"objective": "second", "count": 5}),
                ],
                "time_limit_minutes": 30,
                "attempts": {"limit": 3, "cool_down_minutes": 60},
                "opens_when": {
                    "rule": "all",
                    "of": [{"rule": "taken", "exam": "pre"}, {"rule": "fact", "fact": "learning_complete"}],
                },
                "pass_rule": {"rule": "percent", "exam": "post", "at_least": 60},
                **post,
            },
        ],
        "certificate": {"rule": {"rule": "passed", "exam": "post"}, "kinds": ["certificate", "attestation"]},
    }


def open_course(**post: Any) -> dict[str, Any]:
    """The same, with a post-test that anybody may start."""
    return small_course(**{"opens_when": None, **post})


def _section(code: str, stratum: dict[str, Any]) -> dict[str, Any]:
    return {"code": code, "title": {"en": code, "th": code}, "strata": [{"bank": "small", **stratum}]}

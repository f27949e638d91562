"""Who takes which exam: an organisation with a bank of 5,000 questions, a course, and as many people as are needed."""

import asyncio
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import yaml

from bench import rows
from bench.figures import Place
from bench.servers import REPOSITORY, environ
from exam_service import settings
from exam_service.bootstrap import opened
from exam_service.bootstrap.apart import now
from exam_service.core.banks.model import Bank
from exam_service.core.exams.model import Course
from exam_service.core.people import PersonName
from exam_service.core.records import SCOPES
from exam_service.core.text import Text
from exam_service.services import api_keys, banks, candidates, courses, enrolments, keys, organisations, sessions
from exam_service.services.context import Context
from exam_service.services.sessions import CandidateSession

SLUG, COURSE, EXAM = "bench", "course", "post"
ITEMS, QUESTIONS = 40, 5000

Words = dict[str, str]
"""A text by language."""


@dataclass
class Site:
    """One organisation, ready for its candidates."""

    place: Place
    org: str
    template: str
    """The enrolment that all others are copies of."""
    key: str
    """A staff API key with every scope."""
    _ctx: Context = field(repr=False)
    people: int = 0

    def enrol(self, count: int) -> list[str]:
        """So many more enrolments."""
        first, self.people = self.people + 1, self.people + count
        rows.enrolments(self.place, self.template, first, self.people)
        return [rows.identifier("enr", rows.RUNNING, number) for number in range(first, self.people + 1)]

    def token(self, enrolment: str) -> str:
        """A session as a launch gives it."""
        expires = int((datetime.now(UTC) + timedelta(hours=12)).timestamp())
        return sessions.encode(self._ctx, CandidateSession(self.org, enrolment, "lch_bench", expires, "th"))


def open_site(place: Place, *, questions: int = QUESTIONS, items: int = ITEMS, minutes: int = 360) -> Site:
    """Fill a fresh database."""
    return asyncio.run(_open(place, questions, items, minutes))


async def _open(place: Place, questions: int, items: int, minutes: int) -> Site:
    given = {k: v for k, v in environ(place.url, place.folder).items() if k.startswith("EXAM_")}
    async with opened(settings.load(given), clock=now) as ctx:
        organisation = await organisations.create(ctx, SLUG, Text(th="หน่วยวัดผล", en="Bench"))
        await keys.ensure(ctx, organisation.id, "certificates")
        await keys.ensure(ctx, keys.SERVICE, "receipts")
        async with ctx.store.begin(organisation.id) as tx:
            await banks.store(ctx, tx, _bank(questions), "bench")
            key = await api_keys.create(ctx, tx, "bench", SCOPES)
            await courses.put(ctx, tx, COURSE, msgspec.convert(_course(items, minutes), Course))
            await courses.publish(ctx, tx, COURSE, "bench")
        async with ctx.store.begin(organisation.id) as tx:
            person = candidates.NewCandidate(external_id="template", name=PersonName(given="สมหญิง", family="ใจดี"))
            body = enrolments.EnrolmentWithCandidateBody(course=COURSE, candidate=person)
            template = (await enrolments.enrol(ctx, tx, body, "bench")).id
        return Site(place, organisation.id, template, key.token, ctx)


def _bank(size: int) -> Bank:
    """Single choice only, so that any of c1 to c4 answers any item.

    The texts are put together from those of the banks that come with the service, so that they are as long as real
    ones and compress as little.
    """
    stems, options = _texts()
    dice = random.Random(size)
    questions = [
        {
            "id": f"q{n}",
            "type": "single_choice",
            "objective": f"objective-{n % 4}",
            "difficulty": ("easy", "medium", "hard")[n // 4 % 3],
            "stem": _crossed(*dice.sample(stems, 2)),
            "options": [
                {"id": f"o{n}-{k}", "text": {name: f"{text} ({n})" for name, text in option.items()}}
                for k, option in enumerate(dice.sample(options, 4))
            ],
            "key": f"o{n}-{n % 4}",
            "rationale": {"th": "เพราะวัดได้ตรงตามจุดประสงค์", "en": "Because it measures what it means to."},
        }
        for n in range(size)
    ]
    document = {
        "format": "exam-service/bank@1",
        "code": "large",
        "title": {"th": "คลังใหญ่", "en": "Large bank"},
        "objectives": [{"code": f"objective-{n}", "title": {"th": f"ที่ {n}", "en": f"No. {n}"}} for n in range(4)],
        "questions": questions,
    }
    return msgspec.convert(document, Bank)


def _texts() -> tuple[list[Words], list[Words]]:
    """The stems and the options of the banks that come with the service, in both languages."""
    read = [yaml.safe_load(file.read_text("utf-8")) for file in sorted((REPOSITORY / "question_banks").glob("*.yaml"))]
    questions = [question for bank in read for question in bank["questions"]]
    stems = [question["stem"] for question in questions]
    options = [option["text"] for question in questions for option in question.get("options", ())]
    return [one for one in stems if len(one) == 2], [one for one in options if isinstance(one, dict) and len(one) == 2]


def _crossed(one: Words, other: Words) -> Words:
    """The beginning of one text and the end of the other."""
    return {name: text[: len(text) // 2] + other[name][len(other[name]) // 2 :] for name, text in one.items()}


def _course(items: int, minutes: int) -> dict[str, Any]:
    """One exam that anybody may start at once, in four sections by objective; 60 % passes."""
    return {
        "code": COURSE,
        "title": {"th": "หลักสูตร", "en": "Course"},
        "hours": 12,
        "certificate": {"rule": {"rule": "taken", "exam": EXAM}},
        "exams": [
            {
                "code": EXAM,
                "kind": "post_test",
                "title": {"th": "หลังเรียน", "en": "Post-test"},
                "time_limit_minutes": minutes,
                "pass_rule": {"rule": "percent", "exam": EXAM, "at_least": 60},
                "sections": [
                    {
                        "code": f"section-{n}",
                        "title": {"th": f"ตอนที่ {n}", "en": f"Section {n}"},
                        "strata": [{"bank": "large", "objective": f"objective-{n}", "count": items // 4}],
                    }
                    for n in range(4)
                ],
            }
        ],
    }

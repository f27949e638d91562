"""What the demo is filled with: an organisation, the sample banks, a course, and people at different steps of it.

Everything goes through the same use cases as the real thing; nothing is written past them.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec

from exam_service import resources
from exam_service.core.documents import read
from exam_service.core.errors import Invalid
from exam_service.core.exams.model import Course
from exam_service.core.exams.scoring import questions_of
from exam_service.core.people import PersonName
from exam_service.core.records import SCOPES, Organisation
from exam_service.core.text import Text
from exam_service.services import (
    api_keys,
    banks,
    candidates,
    certificates,
    courses,
    enrolments,
    facts,
    keys,
    launches,
    organisations,
    saving,
    starting,
    submitting,
)
from exam_service.services.context import Context
from exam_service.services.ports import Tx

SLUG = "demo"
ACTOR = "demo"
COURSE = "measurement-basics"
PEOPLE = (
    ("demo-001", PersonName(title="นางสาว", given="สมหญิง", family="ใจดี"), "ครู"),
    ("demo-002", PersonName(title="นาย", given="วิชัย", family="เก่งกล้า"), "ครู"),
    ("demo-003", PersonName(title="ดร.", given="พิมพ์ชนก", family="รัตนวงศ์"), "ศึกษานิเทศก์"),
)
FRESH, LEARNED, CERTIFIED = (external_id for external_id, _, _ in PEOPLE)

Say = Callable[[str], None]


async def organisation(ctx: Context) -> Organisation | None:
    """The demo's organisation, when it is there already."""
    async with ctx.store.directory() as directory:
        return await directory.organisation(slug=SLUG)


async def is_complete(ctx: Context, org: str) -> bool:
    """Whether the last thing that is made is there."""
    async with ctx.store.read(org) as tx:
        return bool(await tx.certificates.page(None, 1))


async def fill(ctx: Context, say: Say) -> Organisation:
    """Make everything, saying what is being done. A demo that was interrupted half-way is completed."""
    say("organisation and signing keys")
    owner = await organisation(ctx) or await organisations.create(
        ctx, SLUG, Text(th="สถาบันพัฒนาครูตัวอย่าง", en="Sample Institute for Teacher Development")
    )
    await keys.ensure(ctx, owner.id, "certificates")
    for file in sorted(resources.question_banks().glob("*.yaml")):
        await _bank(ctx, owner.id, file, say)
    say(f"course `{COURSE}` with pre-test and post-test")
    await _course(ctx, owner.id)
    for external_id, name, position in PEOPLE:
        say(f"candidate {name.display}")
        await _enrol(ctx, owner.id, external_id, name, position)
    for external_id in (LEARNED, CERTIFIED):
        await _learn(ctx, owner.id, external_id)
    say(f"certificate of {PEOPLE[2][1].display}")
    await _certify(ctx, owner.id)
    return owner


async def new_key(ctx: Context, org: str) -> str:
    """A staff API key with every scope."""
    async with ctx.store.begin(org) as tx:
        return (await api_keys.create(ctx, tx, "demo staff", SCOPES)).token


async def launch(ctx: Context, org: str, external_id: str) -> str:
    """A one-time way in for a candidate."""
    async with ctx.store.begin(org) as tx:
        return (await launches.create(ctx, tx, await _enrolment(tx, external_id), launches.LaunchBody())).url


async def enrolment_id(ctx: Context, org: str, external_id: str) -> str:
    async with ctx.store.read(org) as tx:
        return await _enrolment(tx, external_id)


async def certificate_id(ctx: Context, org: str) -> str:
    """The certificate that is there from the beginning."""
    enrolment = await enrolment_id(ctx, org, CERTIFIED)
    async with ctx.store.read(org) as tx:
        return (await tx.certificates.of(enrolment))[0].id


async def qr_picture(ctx: Context, org: str, certificate: str) -> bytes:
    """The certificate's QR code as PNG."""
    return ctx.qr.png(certificates.qr_text(ctx, await certificates.complete(ctx, org, certificate)))


async def _bank(ctx: Context, org: str, file: Path, say: Say) -> None:
    bank = ctx.read_bank(await asyncio.to_thread(file.read_bytes), file.name)
    say(f"question bank {file.name}, {len(bank.questions)} questions")
    async with ctx.store.begin(org) as tx:
        await banks.store(ctx, tx, bank, ACTOR)


async def _course(ctx: Context, org: str) -> None:
    document = (Path(__file__).parent / "demo_course.json").read_bytes()
    course, faults = read(msgspec.json.decode(document), Course)
    if course is None:
        raise Invalid(faults=faults)
    async with ctx.store.begin(org) as tx:
        await courses.put(ctx, tx, COURSE, course)
        await courses.publish(ctx, tx, COURSE, ACTOR)


async def _enrol(ctx: Context, org: str, external_id: str, name: PersonName, position: str) -> None:
    person = candidates.NewCandidate(external_id=external_id, name=name, position=position)
    async with ctx.store.begin(org) as tx:
        await enrolments.enrol(ctx, tx, enrolments.EnrolmentWithCandidateBody(course=COURSE, candidate=person), ACTOR)


async def _learn(ctx: Context, org: str, external_id: str) -> None:
    async with ctx.store.begin(org) as tx:
        await facts.report(ctx, tx, await _enrolment(tx, external_id), {"learning_complete": True}, ACTOR)


async def _certify(ctx: Context, org: str) -> None:
    """One person who has been through it all, so that there is a certificate to look at."""
    enrolment = await enrolment_id(ctx, org, CERTIFIED)
    async with ctx.store.read(org) as tx:
        if await tx.certificates.of(enrolment):
            return
        taken = {attempt.exam for attempt in await tx.attempts.of(enrolment)}
    for exam in ("pre", "post"):
        if exam not in taken:
            await _take(ctx, org, enrolment, exam)
    await certificates.request(ctx, org, enrolment, "certificate")


async def _take(ctx: Context, org: str, enrolment: str, exam: str) -> None:
    """Take an exam and answer every question by its key."""
    started = await starting.start(ctx, org, enrolment, exam)
    async with ctx.store.read(org) as tx:
        stored = await tx.attempts.get(started.attempt)
        if stored is None:
            raise LookupError(started.attempt)
        form = await ctx.documents.form(tx, started.attempt)
        pool = await ctx.documents.pool(tx, await ctx.documents.course(tx, stored.course_version))
    asked = questions_of(form, pool)
    answers = {place.item: asked[place.item].right(place.layout) for place in form.items}
    await saving.save(ctx, org, enrolment, started.attempt, started.epoch, 1, msgspec.json.encode(answers))
    await submitting.submit(ctx, org, enrolment, started.attempt, started.epoch)


async def _enrolment(tx: Tx, external_id: str) -> str:
    candidate = await candidates.candidate_of(tx, external_id)
    found = await tx.enrolments.find(candidate.id, COURSE)
    if found is None:
        raise LookupError(f"{external_id} is not enrolled")
    return found.id

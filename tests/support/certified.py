"""A candidate with a national id who has earned a certificate, and what a verifier is handed of it."""

import re
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from exam_service.core.certificates import trust as trust_files
from exam_service.core.certificates.record import CertificateRecord
from exam_service.core.exams.model import CertificateKind
from exam_service.core.people import PersonName
from exam_service.services import candidates, certificates, enrolments, saving, starting, submitting, verification
from exam_service.web.app import create_app
from exam_service.web.auth import Limits
from tests.support.service import PUBLIC_URL, World, open_course, right_responses

NAME = PersonName(title="นางสาว", given="สมหญิง", family="ใจดี")
FULL, MASKED = "นางสาวสมหญิง ใจดี", "นางสาวส… ใจ…"
NATIONAL_ID = "3101200458960"


@dataclass
class Holder:
    """One certificate of one person."""

    world: World
    enrolment: str
    id: str

    async def record(self) -> CertificateRecord:
        async with self.world.ctx.store.read(self.world.org) as tx:
            found = await tx.certificates.get(self.id)
        assert found is not None
        return found

    async def credential(self) -> bytes:
        document = (await self.record()).credential
        assert document is not None
        return document

    async def qr(self) -> str:
        return certificates.qr_text(self.world.ctx, await self.record())

    async def change(self, **fields: Any) -> None:
        """Put the register into a state that no use case reaches yet."""
        async with self.world.ctx.store.begin(self.world.org) as tx:
            await tx.certificates.put_all([msgspec.structs.replace(await self.record(), **fields)])


async def holder(world: World, kind: CertificateKind = "certificate") -> Holder:
    """Enrol, take the post-test, request."""
    person = candidates.NewCandidate(
        external_id="holder", name=NAME, national_id=NATIONAL_ID, position="ครู", school="โรงเรียนทดสอบ"
    )
    async with world.ctx.store.begin(world.org) as tx:
        body = enrolments.EnrolmentWithCandidateBody(course="course", candidate=person)
        enrolment = (await enrolments.enrol(world.ctx, tx, body, "test")).id
    view = await starting.start(world.ctx, world.org, enrolment, "post")
    answers = msgspec.json.encode(await right_responses(world.ctx, world.org, view.attempt))
    await saving.save(world.ctx, world.org, enrolment, view.attempt, view.epoch, 1, answers)
    await submitting.submit(world.ctx, world.org, enrolment, view.attempt, view.epoch)
    return await another(Holder(world, enrolment, ""), kind)


async def another(of: Holder, kind: CertificateKind) -> Holder:
    """A further certificate of the same person."""
    issued = await certificates.request(of.world.ctx, of.world.org, of.enrolment, kind)
    return Holder(of.world, of.enrolment, issued.id)


async def trust_file(world: World) -> bytes:
    """The trust file as it is published now."""
    return trust_files.to_file(await verification.trust_file(world.ctx))


def client(world: World, **limits: int) -> httpx.AsyncClient:
    """Somebody on the web; follows no redirect."""
    app = create_app(world.ctx, sweeps=False, limits=Limits(**{"public": 10_000, **limits}))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL)


def course(**certificate: Any) -> dict[str, Any]:
    """The small course, whose certificates also come as letters of attestation."""
    made = open_course()
    made["title"] = {"th": "การวัดผลในชั้นเรียน", "en": "Classroom measurement"}
    made["objective"] = {"th": "การปฏิบัติงานในหน้าที่"}
    made["certificate"] |= certificate
    return made


def text_of(page: httpx.Response) -> str:
    """What a person reads on a page: its words without the marks around them."""
    return " ".join(re.sub(r"<[^>]+>", "", page.text).split())


PAGE = {"accept": "text/html"}
ENGLISH = {"accept": "text/html", "accept-language": "en"}

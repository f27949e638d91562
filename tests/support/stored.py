"""One of everything that is stored, for the tests of storage: an organisation's whole life under ids of its own."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from exam_service.adapters.storage import SqlStore, SqlTx, open_journal, open_store, tables
from exam_service.core import errors
from exam_service.core.certificates.keys import KeyRecord, KeyState, kid_of
from exam_service.core.certificates.model import CertificateState, Issuance
from exam_service.core.certificates.receipt import together
from exam_service.core.certificates.record import CertificateRecord, SigningKey, StatusListRecord
from exam_service.core.exams.attempt import Attempt, State
from exam_service.core.exams.journal import Attested, Save, Saved
from exam_service.core.exams.model import Accommodation, Course, CourseVersion
from exam_service.core.people import PersonName
from exam_service.core.records import (
    ApiKey,
    AuditEvent,
    BankVersion,
    Candidate,
    CourseRecord,
    Enrolment,
    Job,
    JobError,
    Launch,
    Organisation,
    Paper,
    Replay,
    ReportedFact,
    StoredResult,
)
from exam_service.core.text import Text
from exam_service.services.group_commit import GroupCommit
from exam_service.services.receipts import given, payload

T = datetime(2026, 11, 22, 9, 30, 0, 123456, tzinfo=UTC)
PAPER = Paper(form=b"\x00form", view="ข้อสอบ".encode())


def clock() -> datetime:
    return T


async def stored_papers(store: SqlStore) -> dict[str, Paper]:
    """Every organisation's papers, also those that no attempt has yet, by the id under which they are stored."""
    table = tables.paper
    async with store.database.read() as connection:
        rows = await connection.execute(sa.select(table.c.attempt, table.c.form, table.c.view))
        return {row.attempt: Paper(form=row.form, view=row.view) for row in rows}


def store_at(url: str, pool_size: int = 5) -> SqlStore:
    return open_store(url, pool_size=pool_size, clock=clock)


class Journal:
    """The journal of a store with its queue, as services/saving.py puts them together; the signatures are made up."""

    def __init__(self, store: SqlStore, most_waiting: int = 10_000) -> None:
        self.writer = open_journal(store, clock)
        self.queue: GroupCommit[Save, Saved] = GroupCommit(
            lambda saves: self.writer.write(saves, attest),
            refuse=lambda: errors.Unavailable(retry_at=T + timedelta(seconds=3)),
            most_waiting=most_waiting,
            lanes=self.writer.lanes,
        )

    async def append(self, save: Save) -> Saved:
        """The facts of the save with the text of its receipt, as it is told."""
        return told(await self.queue.put(save))

    async def close(self) -> None:
        await self.queue.close()
        await self.writer.close()


def attest(group: Sequence[Saved]) -> Attested:
    """Receipts as services/receipts.py makes them. No two groups have one signature, as if keys changed always."""
    return together([payload(saved) for saved in group], "kid", lambda _: secrets.token_bytes(64))


def told(saved: Saved) -> Saved:
    """What is read from the database, with the text of its receipt instead of the parts."""
    return msgspec.structs.replace(saved, receipt=given(saved), group=None)


@dataclass(frozen=True)
class House:
    """The records of one organisation; `mark` tells its ids from another's."""

    mark: str

    @property
    def org(self) -> str:
        return f"org_{self.mark}"

    def id(self, prefix: str, n: int = 1) -> str:
        return f"{prefix}_{self.mark}_{n:04}"

    def organisation(self) -> Organisation:
        return Organisation(id=self.org, slug=f"slug-{self.mark}", name=Text(th="โรงเรียน", en="School"), created_at=T)

    def api_key(self, n: int = 1) -> ApiKey:
        return ApiKey(
            id=self.id("key", n),
            org=self.org,
            name="LMS",
            scopes=("banks", "admin"),
            secret_hash=b"\x01" * 32,
            created_at=T + timedelta(seconds=n),
        )

    def bank(self, code: str = "law", number: int = 1) -> BankVersion:
        return BankVersion(
            id=self.id(f"bnk_{code}", number),
            code=code,
            number=number,
            digest=hashlib.sha256(b"bank").digest(),
            title=Text(th="กฎหมาย"),
            size=40,
            created_at=T,
        )

    def course(self, code: str = "cm", published: int | None = None) -> CourseRecord:
        return CourseRecord(code=code, draft=b'{"code":"cm"}', updated_at=T, published=published)

    def version(self, code: str = "cm", number: int = 1) -> CourseVersion:
        course = Course(code=code, title=Text(en="Course"), exams=())
        return CourseVersion(
            id=self.id(f"crs_{code}", number), number=number, course=course, banks={"law": "b"}, published_at=T
        )

    def candidate(self, n: int = 1, **more: Any) -> Candidate:
        return msgspec.structs.replace(
            Candidate(
                id=self.id("cnd", n),
                external_id=f"T-{n}",
                name=PersonName(given="สมใจ", family="ใจดี", title="นาง"),
                national_id=b"sealed",
                national_id_index=f"{self.mark}{n}".encode(),
                position="ครู",
                created_at=T,
                updated_at=T,
            ),
            **more,
        )

    def enrolment(self, n: int = 1, **more: Any) -> Enrolment:
        return msgspec.structs.replace(
            Enrolment(
                id=self.id("enr", n),
                candidate=self.id("cnd", n),
                course="cm",
                accommodations=(Accommodation(exam="post", extra_percent=25, reason="สายตาเลือนราง"),),
                created_at=T,
            ),
            **more,
        )

    def fact(self, name: str = "hours", value: Any = 12, at: datetime = T) -> ReportedFact:
        return ReportedFact(
            enrolment=self.id("enr"), name=name, value=value, reported_at=at, reported_by=self.id("key")
        )

    def launch(self, n: int = 1) -> Launch:
        return Launch(
            id=self.id("lch", n),
            org=self.org,
            enrolment=self.id("enr"),
            token_hash=b"\x02" * 32,
            language="th",
            return_url=None,
            expires_at=T + timedelta(minutes=10),
        )

    def attempt(self, n: int = 1, **more: Any) -> Attempt:
        return msgspec.structs.replace(
            Attempt(
                id=self.id("att", n),
                enrolment=self.id("enr"),
                course_version=self.id("crs_cm"),
                exam="post",
                number=n,
                state=State.in_progress,
                started_at=T,
                deadline=T + timedelta(hours=1),
                grace_seconds=30,
                epoch=1,
            ),
            **more,
        )

    def save(self, seq: int = 1, n: int = 1, **more: Any) -> Save:
        return msgspec.structs.replace(
            Save(
                org=self.org,
                enrolment=self.id("enr"),
                attempt=self.id("att", n),
                epoch=1,
                seq=seq,
                body=b'{"i1":"c%d"}' % seq,
                received_at=T + timedelta(minutes=1),
            ),
            **more,
        )

    async def put(self, store: SqlStore, **changed: Any) -> None:
        """Write the first attempt as it was, but for these."""
        async with store.begin(self.org) as tx:
            await tx.attempts.put(self.attempt(**changed))

    async def saves(self, store: SqlStore, n: int = 1) -> list[Saved]:
        """What is stored of an attempt's saves, with the receipts that are made from it."""
        async with store.read(self.org) as tx:
            return [told(saved) for saved in await tx.results.saves_with_receipts(self.id("att", n))]

    def result(self, n: int = 1, revision: int = 1) -> StoredResult:
        return StoredResult(
            attempt=self.id("att", n),
            revision=revision,
            document=b'{"percent":66.6666}',
            percent=66.6666,
            passed=None,
            graded_at=T,
        )

    def certificate(self, n: int = 1, **more: Any) -> CertificateRecord:
        name = (self.mark.upper() + "AAAAAAAAAAAAAAAA")[:12] + "234567"[n] * 4
        issuance = Issuance(
            id=name,
            organisation_id=self.org,
            organisation_slug="slug",
            organisation_name=Text(en="School"),
            did="did:web:x",
            course_code="cm",
            course_title=Text(th="หลักสูตร"),
            kind="certificate",
            recipient_name="นางสมใจ ใจดี",
            hours=12.5,
            issued_at=T + timedelta(seconds=n),
            status_list=1,
            status_index=n,
        )
        return msgspec.structs.replace(
            CertificateRecord(
                id=name,
                enrolment=self.id("enr"),
                course_version=self.id("crs_cm"),
                issuance=issuance,
                kid="0" * 16,
                unsigned=b'{"unsigned":1}',
                qr_claims=b"\xa1",
                state=CertificateState.stands,
                credential=b'{"signed":1}',
                qr_token=b"\xd2\x84",
                state_changed_at=T,
            ),
            **more,
        )

    def key(self, n: int = 1, org: str | None = None) -> tuple[KeyRecord, SigningKey]:
        public = hashlib.sha256(f"{self.mark}{n}".encode()).digest()
        record = KeyRecord(
            kid=kid_of(public),
            did="did:web:x",
            organisation_id=self.org if org is None else org,
            purpose="certificates",
            public=public,
            state=KeyState.active,
            created_at=T + timedelta(seconds=n),
        )
        return record, SigningKey(kid=record.kid, sealed=b"sealed")

    def status_list(self, number: int = 1) -> StatusListRecord:
        return StatusListRecord(number=number, document=b"{}", valid_until=T + timedelta(hours=1))

    def job(self, n: int = 1, **more: Any) -> Job:
        error = JobError(line=3, code="invalid-input", message=Text(th="ผิด", en="wrong"))
        return msgspec.structs.replace(
            Job(
                id=self.id("job", n),
                kind="enrolments",
                course="cm",
                state="running",
                total=9,
                errors=(error,),
                created_at=T,
            ),
            **more,
        )

    def event(self, n: int = 1) -> AuditEvent:
        return AuditEvent(
            id=self.id("evt", n),
            at=T + timedelta(seconds=n),
            actor="staff",
            action="void",
            subject="att",
            reason="ทุจริต",
        )

    def replay(self, key: str = "k") -> Replay:
        return Replay(key=key, request_digest=b"\x03" * 32, answer=None, created_at=T)

    async def settle(self, store: SqlStore) -> None:
        """Store one of everything."""
        async with store.directory() as directory:
            await directory.add_organisation(self.organisation())
        async with store.begin(self.org) as tx:
            await self.enrol(tx)
            await tx.api_keys.add(self.api_key())
            await tx.banks.add(self.bank(), b"document")
            await tx.enrolments.report([self.fact()])
            await tx.launches.add(self.launch())
            await tx.attempts.add(self.attempt(), PAPER)
            await tx.results.add(self.result())
            await tx.certificates.add_all([self.certificate()])
            await tx.keys.add(*self.key())
            await tx.keys.put_status_list(self.status_list())
            await tx.jobs.put(self.job())
            await tx.log.audit(self.event())
            await tx.log.claim(self.replay())
            await tx.log.fill("k", b"answer")

    async def enrol(self, tx: SqlTx, n: int = 1) -> None:
        """Store what an attempt needs: a published course, a candidate, an enrolment."""
        await tx.courses.put(self.course())
        await tx.courses.publish(self.version())
        await tx.candidates.put(self.candidate(n))
        await tx.enrolments.put(self.enrolment(n))

"""P13 at the level of storage: a transaction of one organisation reads and writes no other's rows, given any id."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import msgspec
import pytest
import sqlalchemy as sa

from exam_service.adapters.storage import SqlStore, SqlTx
from exam_service.adapters.storage.tables import METADATA
from exam_service.core import errors
from exam_service.core.artwork import ArtworkRecord
from exam_service.core.certificates.record import KeptDesign, LogEntry, LogHead
from exam_service.core.records import PreparedAttempt
from tests.support.stored import PAPER, House, Journal, T, store_at, stored_papers

A, B = House("a"), House("b")
_LOUD = (
    errors.AlreadyExists,
    errors.NotFound,
    ValueError,
    sa.exc.IntegrityError,
    sqlite3.IntegrityError,
    asyncpg.IntegrityConstraintViolationError,
)
AHEAD = PreparedAttempt(
    enrolment=B.id("enr"), exam="ahead", attempt="att_ahead", course_version=B.version().id, number=1, prepared_at=T
)


HEAD, SUBTREE = LogHead(size=1, peaks=bytes(32), note=b"note", signed_at=T), b"\x01" * 32


LOGO = ArtworkRecord(kind="logo", digest="a" * 64, width=9, height=9, size=3, created_at=T)
DESIGN = KeptDesign(digest="d" * 64, name="certificate", files={"design.typ": "ก"})


def entry(certificate: str) -> LogEntry:
    return LogEntry(number=7, digest=bytes(32), certificate=certificate)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[SqlStore]:
    """Two organisations, each with one of everything."""
    store = store_at(database_url)
    journal = Journal(store)
    for house in (A, B):
        await house.settle(store)
        await journal.append(house.save())
    await journal.close()
    async with store.begin(B.org) as tx:
        await tx.certificates.keep_design(DESIGN)
        assert await tx.artwork.add(LOGO, b"png")
        await tx.issuance_log.head(lock=True)
        await tx.issuance_log.put_head(HEAD)
        await tx.issuance_log.add([LogEntry(number=0, digest=bytes(32), certificate=B.certificate().id)])
        await tx.issuance_log.add_subtrees([(1, 0, SUBTREE)])
        await tx.prepared.put_all([(AHEAD, PAPER)])
        await tx.courses.put(B.course("only-b"))
        await tx.courses.publish(B.version("only-b"))
        await tx.candidates.put(B.candidate(2))
        await tx.enrolments.put(B.enrolment(2, course="only-b"))
        ahead = msgspec.structs.replace(
            AHEAD, enrolment=B.id("enr", 2), attempt="att_ahead_2", course_version=B.version("only-b").id
        )
        await tx.prepared.put_all([(ahead, PAPER)])
    yield store
    await store.close()


async def everything(store: SqlStore) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    async with store.database.read() as connection:
        return {
            name: sorted((tuple(row) for row in await connection.execute(sa.select(table))), key=repr)
            for name, table in METADATA.tables.items()
        }


READS: dict[str, Callable[[SqlTx], Awaitable[object]]] = {
    "banks.document": lambda tx: tx.banks.document(B.bank().id),
    "courses.version": lambda tx: tx.courses.version(B.version().id),
    "candidates.get": lambda tx: tx.candidates.get(B.id("cnd")),
    "candidates.find": lambda tx: tx.candidates.find(national_id_index=b"b1"),
    "enrolments.get": lambda tx: tx.enrolments.get(B.id("enr")),
    "enrolments.get, locked": lambda tx: tx.enrolments.get(B.id("enr"), lock=True),
    "enrolments.find": lambda tx: tx.enrolments.find(B.id("cnd"), "cm"),
    "enrolments.facts": lambda tx: tx.enrolments.facts(B.id("enr")),
    "courses.newest_ids": lambda tx: tx.courses.newest_ids(["only-b"]),
    "enrolments.several": lambda tx: tx.enrolments.several([B.id("enr")]),
    "enrolments.several, locked": lambda tx: tx.enrolments.several([B.id("enr")], lock=True),
    "enrolments.facts_of": lambda tx: tx.enrolments.facts_of([B.id("enr")]),
    "attempts.several": lambda tx: tx.attempts.several([B.id("att")]),
    "attempts.several, locked": lambda tx: tx.attempts.several([B.id("att")], lock=True),
    "attempts.of_all": lambda tx: tx.attempts.of_all([B.id("enr")]),
    "attempts.forms": lambda tx: tx.attempts.forms([B.id("att")]),
    "results.journals": lambda tx: tx.results.journals([B.id("att")]),
    "prepared.of": lambda tx: tx.prepared.of([B.id("enr")], "ahead"),
    "prepared.count": lambda tx: tx.prepared.count("only-b", "ahead", B.version("only-b").id),
    "prepared.lacking": lambda tx: tx.prepared.lacking("only-b", "elsewhere", B.version("only-b").id),
    "prepared.take": lambda tx: tx.prepared.take([(B.id("enr"), "ahead")]),
    "attempts.get": lambda tx: tx.attempts.get(B.id("att")),
    "attempts.get, locked": lambda tx: tx.attempts.get(B.id("att"), lock=True),
    "attempts.of": lambda tx: tx.attempts.of(B.id("enr")),
    "attempts.paper": lambda tx: tx.attempts.paper(B.id("att")),
    "results.journal": lambda tx: tx.results.journal(B.id("att")),
    "results.saves": lambda tx: tx.results.saves(B.id("att")),
    "results.saves_with_receipts": lambda tx: tx.results.saves_with_receipts(B.id("att")),
    "results.save": lambda tx: tx.results.save(B.id("att"), 1, 1),
    "results.current": lambda tx: tx.results.current([B.id("att")]),
    "results.history": lambda tx: tx.results.history(B.id("att")),
    "certificates.get": lambda tx: tx.certificates.get(B.certificate().id),
    "certificates.get, locked": lambda tx: tx.certificates.get(B.certificate().id, lock=True),
    "certificates.of": lambda tx: tx.certificates.of(B.id("enr")),
    "certificates.of_all": lambda tx: tx.certificates.of_all([B.id("enr")]),
    "certificates.several": lambda tx: tx.certificates.several([B.certificate().id]),
    "certificates.design": lambda tx: tx.certificates.design(DESIGN.digest),
    "artwork.known": lambda tx: tx.artwork.known([("logo", LOGO.digest)]),
    "artwork.get": lambda tx: tx.artwork.get("logo", LOGO.digest),
    "artwork.content": lambda tx: tx.artwork.content("logo", LOGO.digest),
    "artwork.page": lambda tx: tx.artwork.page(None, 9),
    "issuance_log.entry_of": lambda tx: tx.issuance_log.entry_of(B.certificate().id),
    "candidates.several": lambda tx: tx.candidates.several([B.candidate().id]),
    "keys.private": lambda tx: tx.keys.private(B.key()[0].kid),
    "api_keys.get": lambda tx: tx.api_keys.get(B.id("key")),
    "jobs.get": lambda tx: tx.jobs.get(B.id("job")),
    "launches.get": lambda tx: tx.launches.get(B.id("lch")),
    "launches.get, locked": lambda tx: tx.launches.get(B.id("lch"), lock=True),
}


async def test_no_id_of_another_organisation_finds_anything(store: SqlStore) -> None:
    async with store.begin(A.org) as tx:
        for name, read in READS.items():
            assert not await read(tx), name
    async with store.begin(B.org) as tx:
        for name, read in READS.items():
            assert await read(tx), f"{name} finds something in its own organisation"


async def test_lists_hold_ones_own_only(store: SqlStore) -> None:
    async with store.begin(B.org) as tx:
        await tx.banks.add(B.bank("more", 3), b"x")
        await tx.banks.add(B.bank("law", 2), b"x")
        await tx.courses.put(B.course("more"))
        await tx.courses.publish(B.version("cm", 2))
        await tx.certificates.put_all([msgspec.structs.replace(B.certificate(), state="revoked")])
        await tx.certificates.add_all([msgspec.structs.replace(B.certificate(2), kid=A.certificate().kid)])
    async with store.begin(A.org) as tx:
        assert await tx.banks.page(None, 9) == [A.bank()]
        assert await tx.banks.versions("law") == [A.bank()]
        assert await tx.banks.newest("law") == A.bank()
        assert [c.code for c in await tx.courses.page(None, 9)] == ["cm"]
        assert await tx.courses.newest("cm") == A.version()
        assert await tx.courses.numbered("cm", 2) is None
        assert await tx.candidates.page(None, 9) == [A.candidate()]
        assert await tx.candidates.find(external_id="T-1") == A.candidate()
        assert await tx.enrolments.page(None, None, 9) == [A.enrolment()]
        assert await tx.enrolments.page("cm", None, 9) == [A.enrolment()]
        assert await tx.enrolments.count("cm") == 1
        assert await tx.attempts.page("cm", None, 9) == [A.attempt()]
        assert await tx.attempts.page(None, None, 9) == [A.attempt()]
        assert await tx.certificates.page(None, 9) == [A.certificate()]
        assert await tx.certificates.withdrawn(1) == []
        assert await tx.certificates.unlogged(9) == await tx.certificates.unentered(9) == [A.certificate().id]
        assert (await tx.issuance_log.head()).size == 0
        assert await tx.issuance_log.entries(0, 9) == []
        assert await tx.issuance_log.subtrees(1, 0, 9) == []
        with pytest.raises(errors.NotFound):
            await tx.issuance_log.put_head(HEAD)
        assert await tx.certificates.of_key(A.certificate().kid) == 1
        assert await tx.keys.all() == [A.key()[0]]
        assert await tx.api_keys.all() == [A.api_key()]
        assert await tx.log.audited("att") == [A.event()]
        assert await tx.keys.status_list(1) == A.status_list()
        await tx.prepared.drop([AHEAD])
    assert (await stored_papers(store))[AHEAD.attempt] == PAPER
    async with store.read(B.org) as tx:
        assert await tx.certificates.unlogged(9) == await tx.certificates.unentered(9) == [B.certificate(2).id]
    async with store.begin("org_c") as tx:
        assert await tx.keys.status_list(1) is None
        assert not await tx.log.claimed(A.replay().key)
        assert await tx.log.claim(A.replay()) is None, "an Idempotency-Key is one organisation's"
        assert await tx.certificates.taken(1, [1]) == []


WRITES: dict[str, Callable[[SqlTx], Awaitable[object]]] = {
    "banks.add": lambda tx: tx.banks.add(msgspec.structs.replace(A.bank("new"), id=B.bank().id), b"stolen"),
    "courses.publish": lambda tx: tx.courses.publish(msgspec.structs.replace(A.version("cm", 9), id=B.version().id)),
    "candidates.put": lambda tx: tx.candidates.put(A.candidate(9, id=B.id("cnd"))),
    "enrolments.put": lambda tx: tx.enrolments.put(A.enrolment(id=B.id("enr"), course="new")),
    "enrolments.put, of another's candidate": lambda tx: tx.enrolments.put(
        A.enrolment(id="enr_new", candidate=B.id("cnd"))
    ),
    "enrolments.report": lambda tx: tx.enrolments.report([B.fact(value=99)]),
    "attempts.add": lambda tx: tx.attempts.add(A.attempt(9, id=B.id("att")), PAPER),
    "attempts.add, to another's enrolment": lambda tx: tx.attempts.add(A.attempt(9, enrolment=B.id("enr")), PAPER),
    "attempts.add, of another's course": lambda tx: tx.attempts.add(A.attempt(9, course_version=B.version().id), PAPER),
    "attempts.add_all": lambda tx: tx.attempts.add_all([(A.attempt(9, id=B.id("att")), PAPER)]),
    "attempts.add_all, to another's enrolment": lambda tx: tx.attempts.add_all(
        [(A.attempt(9, enrolment=B.id("enr")), PAPER)]
    ),
    "attempts.add_all, of another's course": lambda tx: tx.attempts.add_all(
        [(A.attempt(9, course_version=B.version().id), PAPER)]
    ),
    "attempts.add_all, with another's paper": lambda tx: tx.attempts.add_all([(A.attempt(9), AHEAD.attempt)]),
    "attempts.put_all": lambda tx: tx.attempts.put_all([A.attempt(), A.attempt(id=B.id("att"), epoch=99)]),
    "attempts.put_all, into another's enrolment": lambda tx: tx.attempts.put_all([A.attempt(enrolment=B.id("enr"))]),
    "results.add_all": lambda tx: tx.results.add_all([msgspec.structs.replace(B.result(revision=2), passed=True)]),
    "prepared.put_all": lambda tx: tx.prepared.put_all([(AHEAD, PAPER)]),
    "prepared.put_all, another's paper": lambda tx: tx.prepared.put_all(
        [(msgspec.structs.replace(AHEAD, enrolment=A.id("enr"), course_version=A.version().id), PAPER)]
    ),
    "attempts.put": lambda tx: tx.attempts.put(A.attempt(id=B.id("att"), epoch=99)),
    "attempts.put, into another's enrolment": lambda tx: tx.attempts.put(A.attempt(enrolment=B.id("enr"))),
    "results.add": lambda tx: tx.results.add(msgspec.structs.replace(B.result(revision=2), passed=True)),
    "certificates.add_all": lambda tx: tx.certificates.add_all(
        [msgspec.structs.replace(A.certificate(5), id=B.certificate().id)]
    ),
    "certificates.add_all, to another's enrolment": lambda tx: tx.certificates.add_all(
        [A.certificate(5, enrolment=B.id("enr"))]
    ),
    "certificates.put_signed": lambda tx: tx.certificates.put_signed([B.certificate(note="stolen")]),
    "certificates.put_all": lambda tx: tx.certificates.put_all([B.certificate(note="stolen")]),
    "issuance_log.add": lambda tx: tx.issuance_log.add([entry(A.certificate().id), entry(A.certificate().id)]),
    "issuance_log.add, of another's certificate": lambda tx: tx.issuance_log.add([entry(B.certificate().id)]),
    "issuance_log.add, of nobody's": lambda tx: tx.issuance_log.add([entry("Q" * 16)]),
    "keys.add": lambda tx: tx.keys.add(*B.key(2)),
    "keys.add, a known one": lambda tx: tx.keys.add(
        msgspec.structs.replace(B.key()[0], organisation_id=A.org), B.key()[1]
    ),
    "keys.put": lambda tx: tx.keys.put(msgspec.structs.replace(B.key()[0], retired_at=T)),
    "keys.put, renamed": lambda tx: tx.keys.put(
        msgspec.structs.replace(B.key()[0], organisation_id=A.org, retired_at=T)
    ),
    "api_keys.add": lambda tx: tx.api_keys.add(B.api_key(2)),
    "api_keys.put": lambda tx: tx.api_keys.put(msgspec.structs.replace(B.api_key(), name="stolen")),
    "api_keys.put, renamed": lambda tx: tx.api_keys.put(msgspec.structs.replace(B.api_key(), org=A.org)),
    "jobs.put": lambda tx: tx.jobs.put(B.job(done=99)),
    "launches.add": lambda tx: tx.launches.add(B.launch(2)),
    "launches.add, to another's enrolment": lambda tx: tx.launches.add(
        msgspec.structs.replace(A.launch(2), enrolment=B.id("enr"))
    ),
    "launches.put": lambda tx: tx.launches.put(msgspec.structs.replace(B.launch(), used_at=T)),
    "launches.put, renamed": lambda tx: tx.launches.put(msgspec.structs.replace(B.launch(), org=A.org, used_at=T)),
    "log.audit": lambda tx: tx.log.audit(msgspec.structs.replace(B.event(), actor="thief")),
    "log.fill": lambda tx: tx.log.fill("only-b", b"stolen"),
}


async def test_every_write_to_another_organisation_fails_loudly_and_changes_nothing(store: SqlStore) -> None:
    async with store.begin(B.org) as tx:
        await tx.log.claim(B.replay("only-b"))
    before = await everything(store)

    async def write_as_a(write: Callable[[SqlTx], Awaitable[object]]) -> None:
        async with store.begin(A.org) as tx:
            await write(tx)

    for name, write in WRITES.items():
        outcome = (await asyncio.gather(write_as_a(write), return_exceptions=True))[0]
        assert isinstance(outcome, _LOUD), name
    assert await everything(store) == before


async def test_writes_under_ones_own_names_leave_the_other_organisation_alone(store: SqlStore) -> None:
    async with store.begin(A.org) as tx:
        await tx.issuance_log.head(lock=True)
        await tx.issuance_log.put_head(msgspec.structs.replace(HEAD, size=5))
        await tx.issuance_log.add_subtrees([(1, 0, bytes(32))])
        await tx.certificates.keep_design(msgspec.structs.replace(DESIGN, files={"x": "of another"}))
        assert await tx.certificates.design(DESIGN.digest) != DESIGN
        assert await tx.artwork.add(LOGO, b"of another")
        assert not await tx.artwork.add(LOGO, b"again")
        await tx.courses.put(A.course("cm"))
        await tx.keys.put_status_list(msgspec.structs.replace(A.status_list(), document=b"newer"))
        await tx.log.fill("k", b"newer")
        await tx.candidates.put(A.candidate(external_id="changed"))
    async with store.read(B.org) as tx:
        assert await tx.courses.get("cm") == B.course(published=1)
        assert await tx.certificates.design(DESIGN.digest) == DESIGN
        assert await tx.artwork.content("logo", LOGO.digest) == b"png"
        assert await tx.issuance_log.head() == HEAD
        assert await tx.issuance_log.subtrees(1, 0, 9) == [SUBTREE]
        assert await tx.keys.status_list(1) == B.status_list()
        assert await tx.candidates.get(B.id("cnd")) == B.candidate()
    async with store.begin(B.org) as tx:
        replay = await tx.log.claim(B.replay())
        assert replay is not None
        assert replay.answer == b"answer"


def test_every_verb_of_every_repository_was_tried() -> None:
    """Adding a verb to a repository means adding it here."""
    from exam_service.services import attempt_ports, ports, ports_certificates, ports_exam_day

    repositories = {
        "banks": ports.Banks, "courses": ports.Courses, "candidates": ports.Candidates, "enrolments": ports.Enrolments,
        "attempts": attempt_ports.Attempts, "prepared": attempt_ports.Prepared, "results": attempt_ports.Results,
        "certificates": ports_certificates.Certificates, "issuance_log": ports_certificates.IssuanceLog,
        "keys": ports_certificates.Keys, "artwork": ports_certificates.Artworks,
        "api_keys": ports.ApiKeys, "jobs": ports.Jobs, "launches": ports.Launches, "log": ports_exam_day.Log,
    }  # fmt: skip
    verbs = {f"{name}.{verb}" for name, port in repositories.items() for verb in vars(port) if not verb.startswith("_")}
    lists = {
        "banks.page", "banks.versions", "banks.newest", "courses.page", "courses.newest", "courses.numbered",
        "courses.get", "courses.put", "candidates.page", "enrolments.page", "enrolments.count", "attempts.page",
        "certificates.page",
        "certificates.withdrawn", "certificates.of_key", "certificates.taken", "certificates.unlogged",
        "certificates.unentered", "certificates.keep_design", "artwork.add",
        "issuance_log.head", "issuance_log.put_head", "issuance_log.add_subtrees", "issuance_log.entries",
        "issuance_log.subtrees",
        "keys.all", "keys.status_list", "keys.put_status_list",
        "prepared.drop", "api_keys.all", "log.audited", "log.audited_at", "log.audit_all",
        "log.claim", "log.claimed",
    }  # fmt: skip
    tried = {name.split(",")[0] for name in (*READS, *WRITES)}
    assert verbs == tried | lists

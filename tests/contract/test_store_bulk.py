"""Many rows at once, over SQLite and PostgreSQL: the same as one by one, in a handful of statements."""

from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest

from exam_service.adapters.storage import SqlStore, SqlTx
from exam_service.core import errors
from exam_service.core.exams.attempt import State
from exam_service.core.records import Paper, PreparedAttempt
from tests.support.stored import PAPER, House, Journal, T, store_at, stored_papers

A, B = House("a"), House("b")
OTHER = Paper(form=b"other form", view=b"other view")


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[SqlStore]:
    """Two organisations, each with one of everything; the first has two more candidates."""
    store = store_at(database_url)
    for house in (A, B):
        await house.settle(store)
    async with store.begin(A.org) as tx:
        for n in (2, 3):
            await tx.candidates.put(A.candidate(n))
            await tx.enrolments.put(A.enrolment(n))
    yield store
    await store.close()


def prepared(n: int, number: int = 1, house: House = A, **more: object) -> PreparedAttempt:
    ready = PreparedAttempt(
        enrolment=house.id("enr", n),
        exam="post",
        attempt=house.id("att_ahead", 10 * number + n),
        course_version=house.version().id,
        number=number,
        prepared_at=T,
    )
    return msgspec.structs.replace(ready, **more)


async def test_several_are_those_that_are_there_and_ones_own(store: SqlStore) -> None:
    asked = [A.id("enr", 3), A.id("enr", 1), B.id("enr"), "enr_nobody"]
    async with store.begin(A.org) as tx:
        for lock in (False, True):
            found = await tx.enrolments.several(asked, lock=lock)
            assert found == {A.id("enr", n): A.enrolment(n) for n in (1, 3)}
            if store.database.kind == "postgresql":
                assert list(found) == sorted(found) or not lock, "in the order of ids, in which they are locked"
            assert await tx.attempts.several([A.id("att"), B.id("att"), "x"], lock=lock) == {A.id("att"): A.attempt()}
        assert await tx.enrolments.several([]) == {}
        assert await tx.attempts.several([]) == {}


async def test_facts_are_the_newest_of_each_name(store: SqlStore) -> None:
    later = T + timedelta(seconds=1)
    async with store.begin(A.org) as tx:
        reports = [A.fact("hours", 3, later), A.fact("hours", 2), A.fact("when", T), A.fact("marks", (1, 2.5))]
        await tx.enrolments.report([msgspec.structs.replace(one, enrolment=A.id("enr", 2)) for one in reports])
        found = await tx.enrolments.facts_of([A.id("enr", n) for n in (1, 2, 3)] + [B.id("enr")])
    fact = A.fact()
    assert found == {
        A.id("enr", 1): {fact.name: fact.value},
        A.id("enr", 2): {"hours": 3, "when": T, "marks": (1, 2.5)},
    }


async def test_the_newest_version_is_the_published_one(store: SqlStore) -> None:
    async with store.begin(A.org) as tx:
        await tx.courses.publish(A.version("cm", 2))
        await tx.courses.put(A.course("draft"))
        assert await tx.courses.newest_ids(["cm", "draft", "nothing"]) == {"cm": A.version("cm", 2).id}
    async with store.read("org_c") as other:
        assert await other.courses.newest_ids(["cm"]) == {}


async def test_attempts_are_added_changed_and_read_together(store: SqlStore) -> None:
    new = [
        A.attempt(n, enrolment=A.id("enr", n), ended_at=None, void_reason=None, extra_seconds=n, late_seconds=60)
        for n in (2, 3)
    ]
    async with store.begin(A.org) as tx:
        await tx.attempts.add_all([(new[0], PAPER), (new[1], OTHER)])
        assert [await tx.attempts.get(one.id) for one in new] == new
        assert await tx.attempts.forms([one.id for one in new] + [B.id("att")]) == {
            new[0].id: PAPER.form,
            new[1].id: OTHER.form,
        }
        assert await tx.attempts.paper(new[1].id) == OTHER
        assert len(await tx.attempts.page("cm", None, 9)) == 3, "each knows its enrolment's course"
        later = [
            msgspec.structs.replace(
                one, state=State.graded, ended_by=State.expired, ended_at=T, epoch=7, deadline=T + timedelta(hours=3)
            )
            for one in new
        ]
        await tx.attempts.put_all(later)
        asked = [A.id("enr", n) for n in (1, 2, 3)] + [B.id("enr")]
        assert await tx.attempts.of_all(asked) == {
            A.id("enr", 1): [A.attempt()],
            A.id("enr", 2): [later[0]],
            A.id("enr", 3): [later[1]],
        }
        await tx.attempts.add_all([])
        await tx.attempts.put_all([])
    running = [msgspec.structs.replace(one, state=State.in_progress, deadline=T) for one in later]
    async with store.begin(A.org) as tx:
        await tx.attempts.put_all(running)
    async with store.directory() as directory:
        due = await directory.due_attempts(T + timedelta(seconds=61), 9)
    assert {(A.org, one.id) for one in running} <= set(due), "when each closes is stored with it"


async def test_of_two_with_one_number_neither_batch_is_half_written(store: SqlStore) -> None:
    async with store.begin(A.org) as tx:
        await tx.attempts.add_all([(A.attempt(2, enrolment=A.id("enr", 2)), PAPER)])
    again = A.attempt(4, enrolment=A.id("enr", 2), number=A.attempt(2).number)
    fresh = A.attempt(5, enrolment=A.id("enr", 3))
    with pytest.raises(errors.AlreadyExists):
        async with store.begin(A.org) as tx:
            await tx.attempts.add_all([(fresh, PAPER), (again, OTHER)])
    async with store.read(A.org) as tx:
        assert await tx.attempts.several([again.id, fresh.id]) == {}
        assert await tx.attempts.forms([again.id, fresh.id]) == {}


async def test_journals_and_results_of_many(store: SqlStore) -> None:
    journal = Journal(store)
    for seq in (2, 1):
        await journal.append(A.save(seq))
    await journal.close()
    second = A.attempt(2, enrolment=A.id("enr", 2))
    async with store.begin(A.org) as tx:
        await tx.attempts.add_all([(second, PAPER)])
        found = await tx.results.journals([A.id("att"), second.id, B.id("att")])
        assert list(found) == [A.id("att")]
        assert [msgspec.structs.replace(entry, digest=b"") for entry in found[A.id("att")]] == await tx.results.journal(
            A.id("att")
        )
        assert [entry.digest for entry in found[A.id("att")]] == [A.save(seq).digest for seq in (1, 2)]
        results = [A.result(revision=2), A.result(2)]
        await tx.results.add_all(results)
        assert await tx.results.current([A.id("att"), second.id]) == {one.attempt: one for one in results}
        await tx.results.add_all([])
    with pytest.raises(errors.AlreadyExists):
        async with store.begin(A.org) as tx:
            await tx.results.add_all([A.result(2)])


async def test_a_prepared_paper_becomes_the_attempts(store: SqlStore) -> None:
    async with store.begin(A.org) as tx:
        await tx.prepared.put_all([(prepared(2), PAPER), (prepared(3), OTHER)])
        assert await tx.prepared.of([A.id("enr", n) for n in (1, 2, 3)], "post") == {
            A.id("enr", n): prepared(n) for n in (2, 3)
        }
        assert await tx.prepared.of([A.id("enr", 2)], "pre") == {}
        taken = await tx.prepared.take([(A.id("enr", 2), "post"), (A.id("enr", 3), "pre"), (A.id("enr", 1), "post")])
        assert taken == [prepared(2)]
        new = A.attempt(2, enrolment=A.id("enr", 2))
        await tx.attempts.add_all([(new, prepared(2).attempt)])
        assert await tx.attempts.forms([new.id, prepared(2).attempt]) == {new.id: PAPER.form}
        assert await tx.attempts.paper(new.id) == PAPER
        assert await tx.prepared.take([]) == []
        assert await tx.prepared.take([(A.id("enr", 2), "post")]) == []
        with pytest.raises(errors.NotFound):
            await tx.attempts.add_all([(A.attempt(9, enrolment=A.id("enr", 3)), "att_never_prepared")])


async def test_who_lacks_a_paper(store: SqlStore) -> None:
    """Nobody who has one for the next attempt under this version; everybody else."""
    version, everybody = A.version().id, [A.id("enr", n) for n in (1, 2, 3)]
    number = A.attempt().number

    async def lacking(tx: SqlTx, exam: str = "post", of: str = version) -> list[str]:
        found = list(await tx.prepared.lacking("cm", exam, of))
        assert await tx.prepared.count("cm", exam, of) == len(everybody) - len(found)
        return found

    async with store.begin(A.org) as tx:
        assert await lacking(tx) == everybody
        await tx.prepared.put_all([(prepared(2), PAPER), (prepared(3), PAPER)])
        assert await lacking(tx) == everybody[:1]
        assert await lacking(tx, exam="pre") == everybody
        assert await lacking(tx, of="crs_newer") == everybody
        await tx.prepared.put_all([(prepared(1, exam=A.attempt().exam, number=number), PAPER)])
        assert A.id("enr", 1) in await lacking(tx, exam=A.attempt().exam), "that attempt has been"
        await tx.prepared.put_all([(prepared(1, exam=A.attempt().exam, number=number + 1), OTHER)])
        assert A.id("enr", 1) not in await lacking(tx, exam=A.attempt().exam)
        gone = prepared(1, exam=A.attempt().exam, number=number).attempt
    assert gone not in await stored_papers(store), "the paper that was replaced is not kept"


async def test_prepared_papers_are_the_organisations_own(store: SqlStore) -> None:
    async with store.begin(B.org) as tx:
        await tx.prepared.put_all([(prepared(1, house=B), PAPER)])
    async with store.begin(A.org) as tx:
        assert await tx.prepared.of([B.id("enr")], "post") == {}
        assert await tx.prepared.take([(B.id("enr"), "post")]) == []
        await tx.prepared.drop([prepared(1, house=B)])
    with pytest.raises(Exception, match=r"(?i)foreign key|already"):
        async with store.begin(A.org) as tx:
            await tx.prepared.put_all([(prepared(1, house=B, attempt="att_new"), OTHER)])
    async with store.read(B.org) as tx:
        assert await tx.prepared.of([B.id("enr")], "post") == {B.id("enr"): prepared(1, house=B)}
    assert (await stored_papers(store))[prepared(1, house=B).attempt] == PAPER

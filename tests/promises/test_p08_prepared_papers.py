"""P5 and P8 for papers that were drawn ahead: frozen, exact, unseen questions first; else the start draws as always."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from exam_service.adapters.storage import SqlStore, tables
from exam_service.core import errors
from exam_service.core.records import PreparedAttempt
from exam_service.services import attempts, papers, starting
from exam_service.services.attempts import AttemptView
from tests.support.service import START, World, open_course, small_bank
from tests.support.stored import stored_papers


async def ready(w: World, exam: str = "post", enrolment: str | None = None) -> PreparedAttempt | None:
    async with w.ctx.store.read(w.org) as tx:
        return (await tx.prepared.of([enrolment or w.enrolment], exam)).get(enrolment or w.enrolment)


async def view_of(w: World, prepared: str) -> bytes:
    assert isinstance(w.ctx.store, SqlStore)
    return (await stored_papers(w.ctx.store))[prepared].view


async def questions(w: World, attempt: AttemptView) -> list[str]:
    async with w.ctx.store.read(w.org) as tx:
        return [item.question for item in (await w.ctx.documents.form(tx, attempt.attempt)).items]


async def no_paper_is_left_over(w: World) -> None:
    """Each stored paper is an attempt's, or is prepared for one."""
    store = w.ctx.store
    assert isinstance(store, SqlStore)
    async with store.database.read() as connection:
        stored = set((await connection.execute(sa.select(tables.paper.c.attempt))).scalars())
        attempt = tables.attempt.c
        begun = set((await connection.execute(sa.select(sa.func.coalesce(attempt.paper, attempt.id)))).scalars())
        ahead = set((await connection.execute(sa.select(tables.prepared_attempt.c.attempt))).scalars())
    assert stored == begun | ahead
    assert not begun & ahead


async def test_the_prepared_paper_is_the_one_that_is_taken_byte_for_byte(first: World) -> None:
    other = await first.enrol("two")
    seen: list[tuple[int, int]] = []
    done = await papers.prepare(first.ctx, first.org, "course", "post", lambda n, of: seen.append((n, of)))
    assert (done.ready, done.without) == (2, 0)
    assert seen[0] == (0, 2)
    assert seen[-1] == (2, 2)
    before = await ready(first)
    assert before is not None
    frozen = await view_of(first, before.attempt)
    view = await first.start()
    assert await attempts.paper(first.ctx, first.org, first.enrolment, view.attempt) == frozen
    assert await ready(first) is None
    assert await ready(first, enrolment=other) is not None, "the other one's is still there"
    again = await first.start()
    assert again.attempt == view.attempt
    assert await attempts.paper(first.ctx, first.org, first.enrolment, view.attempt) == frozen
    found = await questions(first, view)
    objective = {q.id: q.objective for q in small_bank().questions}
    assert [objective[q] for q in found] == ["first"] * 5 + ["second"] * 5
    assert len(set(found)) == 10
    await no_paper_is_left_over(first)


async def test_preparing_again_or_twice_at_once_changes_nothing(first: World) -> None:
    people = [first.enrolment, *[await first.enrol(f"p{n}") for n in range(4)]]
    await asyncio.gather(*(papers.prepare(first.ctx, first.org, "course", "post") for _ in range(3)))
    before = [await ready(first, enrolment=one) for one in people]
    assert None not in before
    await papers.prepare(first.ctx, first.org, "course", "post")
    assert [await ready(first, enrolment=one) for one in people] == before
    await no_paper_is_left_over(first)


async def test_who_starts_while_papers_are_prepared_has_one_paper(first: World) -> None:
    people = [first.enrolment, *[await first.enrol(f"p{n}") for n in range(5)]]
    preparing = asyncio.create_task(papers.prepare(first.ctx, first.org, "course", "post"))
    views = await asyncio.gather(*(starting.start(first.ctx, first.org, one, "post") for one in people))
    await preparing
    assert len({view.attempt for view in views}) == len(people)
    for view, one in zip(views, people, strict=True):
        assert await attempts.paper(first.ctx, first.org, one, view.attempt)
    await no_paper_is_left_over(first)


async def test_a_paper_of_an_older_version_is_never_used(first: World) -> None:
    await papers.prepare(first.ctx, first.org, "course", "post")
    old = await ready(first)
    assert old is not None
    await first.publish(open_course(time_limit_minutes=45))
    other = await first.enrol("two")
    view = await first.start()
    assert (view.deadline - view.started_at) == timedelta(minutes=45)
    await no_paper_is_left_over(first)
    assert await ready(first) is None
    await papers.prepare(first.ctx, first.org, "course", "post")
    newer = await ready(first, enrolment=other)
    assert newer is not None
    assert newer.course_version != old.course_version


async def test_preparing_replaces_what_is_out_of_date(first: World) -> None:
    await papers.prepare(first.ctx, first.org, "course", "post")
    old = await ready(first)
    await first.publish(open_course(time_limit_minutes=45))
    assert (await papers.state(first.ctx, first.org, "course", "post")).without == 1
    await papers.prepare(first.ctx, first.org, "course", "post")
    assert await ready(first) not in (None, old)
    await no_paper_is_left_over(first)


async def test_what_was_seen_since_is_avoided_also_at_another_exam(first: World) -> None:
    await papers.prepare(first.ctx, first.org, "course", "post")
    pre = await first.take("pre")
    assert await ready(first) is None, "it may hold what the pre-test has shown"
    post = await first.start()
    assert not set(await questions(first, pre)) & set(await questions(first, post))
    await no_paper_is_left_over(first)


async def test_a_prepared_retake_avoids_what_was_seen_while_unseen_questions_remain(first: World) -> None:
    seen: set[str] = set()
    fresh = []
    for _ in range(3):
        await papers.prepare(first.ctx, first.org, "course", "post")
        assert await ready(first) is not None
        view = await first.take("post", right=0)
        drawn = set(await questions(first, view))
        fresh.append(len(drawn - seen))
        seen |= drawn
        await papers.prepare(first.ctx, first.org, "course", "post")
        first.clock.pass_(hours=2)
    assert fresh == [10, 10, 4]
    await papers.prepare(first.ctx, first.org, "course", "post")
    assert await ready(first) is None, "nobody draws for who has no attempt left"
    await no_paper_is_left_over(first)


async def test_who_may_start_when_its_time_has_come_has_a_paper(first: World) -> None:
    opens = START + timedelta(minutes=50)
    await first.publish(open_course(window={"opens_at": opens.isoformat()}))
    worker = papers.Ahead(first.ctx)
    assert await papers.opening(first.ctx, first.org, opens - timedelta(seconds=1)) == []
    assert await papers.opening(first.ctx, first.org, opens) == [("course", "post")]
    first.clock.pass_(minutes=-11)
    assert await worker.round() == []
    first.clock.pass_(minutes=11)
    assert [(done.exam, done.ready) for done in await worker.round()] == [("post", 1)]
    other = await first.enrol("late")
    assert [done.ready for done in await worker.round()] == [2]
    assert await ready(first, enrolment=other) is not None
    with pytest.raises(errors.WindowNotOpen):
        await first.start()
    assert await ready(first) is not None, "who is refused keeps the paper"
    first.clock.pass_(minutes=51)
    assert await worker.round() == []
    before = await ready(first)
    assert before is not None
    frozen = await view_of(first, before.attempt)
    view = await first.start()
    assert await attempts.paper(first.ctx, first.org, first.enrolment, view.attempt) == frozen


async def test_who_has_not_met_the_conditions_has_none(first: World) -> None:
    rule = {"rule": "fact", "fact": "learning_complete"}
    await first.publish(open_course(opens_when=rule))
    assert (await papers.prepare(first.ctx, first.org, "course", "post")).ready == 0
    await first.learned()
    assert (await papers.prepare(first.ctx, first.org, "course", "post")).ready == 1
    with pytest.raises(errors.NotFound):
        await papers.prepare(first.ctx, first.org, "course", "nothing")

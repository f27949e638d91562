"""P5: a paper fetched again is byte-equal, whatever happens to its bank and course."""

import asyncio

import msgspec

from exam_service.core.text import Text
from exam_service.services import attempts, banks
from exam_service.services.documents import Documents
from tests.support.service import World, open_course, small_bank


async def test_fetched_again_it_is_byte_equal(first: World) -> None:
    view = await first.start()
    papers = await asyncio.gather(
        *(attempts.paper(first.ctx, first.org, first.enrolment, view.attempt) for _ in range(5))
    )
    assert len(set(papers)) == 1


async def test_a_new_bank_and_a_new_course_change_nothing_of_it(first: World) -> None:
    view = await first.start()
    before = await attempts.paper(first.ctx, first.org, first.enrolment, view.attempt)
    key = await first.key_of(view)
    bank = small_bank()
    changed = msgspec.structs.replace(
        bank, questions=tuple(msgspec.structs.replace(q, stem=Text(en="changed")) for q in bank.questions)
    )
    async with first.ctx.store.begin(first.org) as tx:
        await banks.store(first.ctx, tx, changed, "test")
    await first.publish(open_course(sections=open_course()["exams"][0]["sections"]))
    # Not even what is kept at hand is needed for it.
    object.__setattr__(first.ctx, "documents", Documents())
    assert await attempts.paper(first.ctx, first.org, first.enrolment, view.attempt) == before
    await first.save(view, 1, key)
    await first.submit(view)
    async with first.ctx.store.read(first.org) as tx:
        stored = (await tx.results.current([view.attempt]))[view.attempt]
    assert stored.percent == 100.0


async def test_two_candidates_get_papers_of_their_own(first: World) -> None:
    other = await first.enrol("two")
    one, two = await first.start(), await first.start(enrolment=other)
    papers = [
        await attempts.paper(first.ctx, first.org, enrolment, view.attempt)
        for enrolment, view in ((first.enrolment, one), (other, two))
    ]
    assert papers[0] != papers[1]

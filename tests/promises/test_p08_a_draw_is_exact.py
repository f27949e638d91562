"""P8: counts per stratum, no question twice, unseen ones first; an infeasible blueprint is refused at publish."""

import msgspec
import pytest

from exam_service.core.errors import Invalid
from exam_service.core.exams.model import Course
from exam_service.services import courses
from tests.support.service import World, open_course, small_bank


async def drawn(first: World, attempt_id: str) -> list[tuple[str, str]]:
    async with first.ctx.store.read(first.org) as tx:
        form = await first.ctx.documents.form(tx, attempt_id)
    return [(item.section, item.question) for item in form.items]


async def test_each_stratum_has_its_count_and_no_question_stands_twice(first: World) -> None:
    view = await first.start()
    places = await drawn(first, view.attempt)
    objective = {q.id: q.objective for q in small_bank().questions}
    assert [section for section, _ in places] == ["one"] * 5 + ["two"] * 5
    assert [objective[q] for _, q in places] == ["first"] * 5 + ["second"] * 5
    assert len({q for _, q in places}) == 10


async def test_a_retake_avoids_what_was_seen_while_unseen_questions_remain(first: World) -> None:
    """Each objective has 12 questions, an attempt takes 5 of each: the third can have only 2 new ones."""
    seen: set[str] = set()
    fresh = []
    for _ in range(3):
        view = await first.take("post", right=0)
        questions = {q for _, q in await drawn(first, view.attempt)}
        fresh.append(len(questions - seen))
        seen |= questions
        first.clock.pass_(hours=2)
    assert fresh == [10, 10, 4]


async def test_the_post_test_avoids_the_questions_of_the_pre_test(first: World) -> None:
    pre, post = await first.take("pre"), await first.start("post")
    assert not {q for _, q in await drawn(first, pre.attempt)} & {q for _, q in await drawn(first, post.attempt)}


async def test_an_infeasible_blueprint_is_refused_and_says_which_stratum_lacks_how_many(first: World) -> None:
    sections = [
        {
            "code": "one",
            "title": {"en": "one"},
            "strata": [
                {"bank": "small", "objective": "first", "difficulty": "hard", "count": 4},
                {"bank": "small", "objective": "first", "count": 9},
                {"bank": "small", "difficulty": "easy", "count": 30},
            ],
        }
    ]
    course = msgspec.convert(open_course(sections=sections), Course)
    async with first.ctx.store.begin(first.org) as tx:
        before = await tx.courses.newest("course")
        await courses.put(first.ctx, tx, "course", course)
    with pytest.raises(Invalid) as refused:
        async with first.ctx.store.begin(first.org) as tx:
            await courses.publish(first.ctx, tx, "course", "test")
    faults = {fault.path: fault for fault in refused.value.faults}
    assert {fault.code for fault in faults.values()} == {"stratum-infeasible"}
    third = faults["exams[1].sections[0].strata[2]"].message
    assert "wants 30" in (third.en or "")
    assert "missing" in (third.en or "")
    assert "ขาด" in (third.th or "")
    lacking = sum(int((f.message.en or "").split(" missing")[0].rsplit(" ", 1)[1]) for f in faults.values())
    fitting = [q for q in small_bank().questions if q.objective == "first" or q.difficulty == "easy"]
    assert lacking == 4 + 9 + 30 - len(fitting)
    async with first.ctx.store.read(first.org) as tx:
        assert await tx.courses.newest("course") == before

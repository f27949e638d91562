"""P9: stored paper + journal + key give the same number, to anyone, at any time."""

import gzip

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exam_service.core.banks.model import Bank
from exam_service.core.exams.attempt import State
from exam_service.core.exams.paper import Form
from exam_service.core.exams.scoring import Result, latest, score
from exam_service.core.records import StoredResult
from exam_service.services import grading
from exam_service.services.documents import Documents
from tests.support.service import World

SAVES = st.lists(
    st.dictionaries(
        st.sampled_from([f"i{n}" for n in range(1, 11)]),
        st.sampled_from(["right", "cleared"]),
        min_size=1,
    ),
    max_size=5,
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(saves=SAVES)
async def test_what_is_stored_gives_the_same_result_again(first: World, saves: list[dict[str, str]]) -> None:
    enrolment = await first.enrol(first.ctx.new_id("cnd"))
    first.enrolment = enrolment
    view = await first.start()
    key = await first.key_of(view)
    for seq, save in enumerate(saves, 1):
        await first.save(view, seq, {item: key[item] if what == "right" else None for item, what in save.items()})
    await first.submit(view)
    final: dict[str, str] = {}
    for save in saves:
        final.update(save)
    right = sum(what == "right" for what in final.values())
    object.__setattr__(first.ctx, "documents", Documents())
    async with first.ctx.store.read(first.org) as tx:
        stored = (await tx.results.current([view.attempt]))[view.attempt]
        attempt = await tx.attempts.get(view.attempt)
        paper = await tx.attempts.paper(view.attempt)
        journal = await tx.results.journal(view.attempt)
        assert attempt is not None
        assert paper is not None
        version = await tx.courses.version(attempt.course_version)
        assert version is not None
        documents = {code: await tx.banks.document(bank) for code, bank in version.banks.items()}
        again = await grading.compute(first.ctx, tx, attempt)
    kept = msgspec.json.decode(stored.document, type=Result)
    assert (again, kept.earned) == (kept, float(right))
    # By anyone: from the stored bytes alone, without the service.
    pool = {code: msgspec.json.decode(document or b"", type=Bank) for code, document in documents.items()}
    exam = version.course.exam("post")
    assert exam is not None
    assert score(exam, msgspec.json.decode(gzip.decompress(paper.form), type=Form), latest(journal), pool) == kept


async def test_a_regrade_keeps_the_old_result_beside_the_new_one(first: World) -> None:
    view = await first.take("post", right=5)
    async with first.ctx.store.begin(first.org) as tx:
        old = (await tx.results.current([view.attempt]))[view.attempt]
        new = StoredResult(
            attempt=view.attempt, revision=2, document=old.document, percent=old.percent, passed=old.passed,
            graded_at=first.clock(), graded_by="somebody", reason="key corrected",
        )  # fmt: skip
        await tx.results.add(new)
    async with first.ctx.store.read(first.org) as tx:
        assert (await tx.results.current([view.attempt]))[view.attempt] == new
        assert list(await tx.results.history(view.attempt)) == [old, new]
    assert view.state is State.graded

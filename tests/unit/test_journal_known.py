from exam_service.adapters.storage.journal_known import Known
from exam_service.core.exams.attempt import State, Writable
from exam_service.core.exams.journal import Owned, Save
from tests.support.stored import T


def owned(state: State = State.in_progress, news: int = 0) -> Owned:
    return Owned("org", "enr", Writable(state, T, 30, 1), news)


def saves(attempts: str) -> list[Save]:
    return [
        Save(org="org", enrolment="enr", attempt=one, epoch=1, seq=1, body=b"{}", received_at=T) for one in attempts
    ]


def test_only_attempts_that_run_and_have_no_news_are_kept() -> None:
    known = Known()
    found = {"a": owned(), "b": owned(State.submitted), "c": owned(news=1)}
    known.keep(saves("abcd"), found)
    assert known.of("abcd") == {"a": owned()}
    known.keep(saves("a"), {})
    assert known.of("a") == {}, "locked or gone: it is not believed any more"


def test_the_text_of_whose_it_is_is_kept_once() -> None:
    """With 20,000 attempts a text of its own for each is a megabyte and a half."""
    known, [save] = Known(), saves("a")
    known.keep([save], {"a": Owned("org", b"enr".decode(), Writable(State.in_progress, T, 30, 1), 0)})
    assert known.of("a")["a"].enrolment is save.enrolment
    known.keep([save], {"a": Owned("org", "another", Writable(State.in_progress, T, 30, 1), 0)})
    assert known.of("a")["a"].enrolment == "another"


def test_who_was_read_longest_ago_is_forgotten_first() -> None:
    known = Known(2)
    for attempt in ("a", "b", "a", "c"):
        known.keep(saves(attempt), {attempt: owned()})
    assert set(known.of("abc")) == {"a", "c"}

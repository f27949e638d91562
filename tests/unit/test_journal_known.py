from exam_service.adapters.storage.journal_known import Known
from exam_service.core.exams.attempt import State, Writable
from exam_service.core.exams.journal import Owned
from tests.support.stored import T


def owned(state: State = State.in_progress, news: int = 0) -> Owned:
    return Owned("org", "enr", Writable(state, T, 30, 1), news)


def test_only_attempts_that_run_and_have_no_news_are_kept() -> None:
    known = Known()
    found = {"a": owned(), "b": owned(State.submitted), "c": owned(news=1)}
    known.keep(["a", "b", "c", "d"], found)
    assert known.of("abcd") == {"a": owned()}
    known.keep(["a"], {})
    assert known.of("a") == {}, "locked or gone: it is not believed any more"


def test_who_was_read_longest_ago_is_forgotten_first() -> None:
    known = Known(2)
    for attempt in ("a", "b", "a", "c"):
        known.keep([attempt], {attempt: owned()})
    assert set(known.of("abc")) == {"a", "c"}

"""What was used lately, at most so much of it."""

from hypothesis import given
from hypothesis import strategies as st

from exam_service.core.recent import Recent

STEPS = st.lists(st.tuples(st.sampled_from(["get", "put", "drop"]), st.integers(0, 12), st.integers(1, 99)))


@given(st.integers(1, 9), STEPS)
def test_it_holds_no_more_and_says_nothing_that_a_mapping_would_not(
    most: int, steps: list[tuple[str, int, int]]
) -> None:
    recent: Recent[int, int] = Recent(most)
    model: dict[int, int] = {}
    for what, key, value in steps:
        if what == "put":
            recent.put(key, value)
            model[key] = value
            assert recent.get(key) == value, "what was just kept is there"
        elif what == "drop":
            recent.drop(key)
            model.pop(key, None)
            assert recent.get(key) is None
        else:
            assert recent.get(key) in (None, model.get(key))
        assert len(recent) <= max(2, most)


def test_what_is_used_again_and_again_stays() -> None:
    recent: Recent[str, int] = Recent(10)
    recent.put("mine", 1)
    for n in range(1000):
        recent.put(f"other {n}", n)
        if n % 4 == 0:
            assert recent.get("mine") == 1
    assert recent.get("other 1") is None
    recent.clear()
    assert (len(recent), recent.get("mine")) == (0, None)


def test_the_last_half_of_what_came_is_there() -> None:
    recent: Recent[int, int] = Recent(100)
    for n in range(1, 1001):
        recent.put(n, n)
    assert all(recent.get(n) == n for n in range(951, 1001))

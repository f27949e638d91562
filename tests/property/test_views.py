"""P6 in the core: whatever a bank holds, a candidate is shown no key, rationale, source, scoring rule or bank id."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_service.core.banks.interactions import BaseQuestion, Layout, Question
from exam_service.core.banks.model import Bank
from exam_service.core.exams.model import BlueprintStratum, Exam, Section, Shuffle
from exam_service.core.exams.paper import Blueprint, compose
from exam_service.core.text import Text

SECRET = "SECRET"
"""It marks everything that must not be seen."""

WORD = st.text("กขค abc{}", max_size=8)
OPEN = st.builds(lambda w: {"th": f"OPEN {w}"}, WORD)
HIDDEN = st.builds(lambda w: {"th": f"{SECRET} {w}", "en": SECRET}, WORD)


def questions() -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(question(), min_size=1, max_size=6).map(
        lambda made: [{**one, "id": f"{SECRET}{n}"} for n, one in enumerate(made)]
    )


@st.composite
def question(draw: st.DrawFn) -> dict[str, Any]:
    raw: dict[str, Any] = {
        "objective": "secret-objective",
        "difficulty": draw(st.sampled_from(["easy", "hard"])),
        "stem": draw(OPEN),
        "rationale": draw(HIDDEN),
        "source": SECRET,
        "tags": ["secret-tag"],
        "points": 777,
    }
    ids = [f"{SECRET}-{n}" for n in range(draw(st.integers(2, 5)))]
    options = [{"id": option, "text": draw(OPEN)} for option in ids]
    return raw | draw(
        st.sampled_from(
            [
                {"type": "single_choice", "options": options, "key": ids[0]},
                {"type": "multiple_response", "options": options, "key": ids[:2], "scoring": "partial"},
                {"type": "true_false", "key": True},
                {"type": "numeric", "key": 424242.5, "tolerance": 31.25, "unit": draw(OPEN)},
                {"type": "short_text", "key": [SECRET], "case_sensitive": True},
                {"type": "short_text", "key": [f"*{SECRET}\\\\\\**"], "wildcards": True},
                {
                    "type": "multiple_response",
                    "options": options,
                    "key": ids[:1],
                    "scoring": "mapped",
                    "values": {ids[0]: 1, ids[1]: -0.424242},
                },
                {"type": "ordering", "options": options, "key": ids, "scoring": "adjacent"},
                {
                    "type": "matching",
                    "prompts": options[:2],
                    "options": options,
                    "key": {ids[0]: ids[1], ids[1]: ids[0]},
                    "scoring": "all_or_nothing",
                },
                {
                    "type": "gap_text",
                    "text": {"th": f"OPEN [[{ids[0]}]] [[{SECRET}]] [[n]]"},
                    "gaps": [
                        {"kind": "choice", "id": ids[0], "options": options, "key": ids[1]},
                        {"kind": "text", "id": SECRET, "key": [SECRET]},
                        {"kind": "number", "id": "n", "key": 424242},
                    ],
                    "scoring": "all_or_nothing",
                },
            ]
        )
    )


def exam_of(raw: list[dict[str, Any]], shuffled: bool = True) -> tuple[Exam, dict[str, Bank]]:
    """An exam of all of them."""
    title = Text(th="OPEN")
    bank = Bank(
        format="exam-service/bank@1",
        code="secret-bank",
        title=Text(th=SECRET),
        objectives=(),
        questions=msgspec.convert(raw, tuple[Question, ...]),
    )
    section = Section(
        code="secret-section", title=title, strata=(BlueprintStratum(bank="secret-bank", count=len(raw)),)
    )
    shuffle = Shuffle(questions=shuffled, options=shuffled)
    return Exam(code="post", kind="post_test", title=title, sections=(section,), shuffle=shuffle), {"secret-bank": bank}


@settings(max_examples=150, deadline=None)
@given(questions(), st.binary(min_size=16, max_size=16))
def test_a_paper_shows_nothing_that_is_hidden(raw: list[dict[str, Any]], seed: bytes) -> None:
    exam, pool = exam_of(raw)
    form, view = compose(exam, pool, seed, ())
    shown = msgspec.json.encode(view).decode()
    for hidden in (
        SECRET,
        "secret",
        seed.hex(),
        "424242",
        "31.25",
        "777",
        "partial",
        "all_or_nothing",
        "case_sensitive",
        "hard",
        "easy",
        "key",
        "rationale",
        "source",
        "points",
        "tolerance",
        "scoring",
        "true,",
        "false,",
    ):
        assert hidden not in shown
    assert shown.count('"item":') == len(form.items) == len(raw)


@given(question(), st.randoms(use_true_random=False))
def test_the_fields_of_a_view_are_few(raw: dict[str, Any], dice: Any) -> None:
    made: BaseQuestion = msgspec.convert({**raw, "id": "q"}, Question)
    order, sizes = list[str](), []
    for group in made.groups():
        order += dice.sample(group.ids, len(group.ids))
        sizes.append(len(group.ids))
    layout = Layout(tuple(order), tuple(sizes) if len(sizes) > 1 else ())
    view = msgspec.json.decode(msgspec.json.encode(made.view("i1", layout)))
    assert set(view) <= {"item", "type", "stem", "prompts", "choices", "text", "gaps", "unit", "units", "unit_needed"}
    shown = [*view.get("prompts", []), *view.get("choices", [])]
    for gap in view.get("gaps", []):
        assert set(gap) <= {"id", "kind", "choices"}
        shown += gap.get("choices", [])
    assert [choice["id"] for choice in shown] == [f"c{n + 1}" for n in range(len(order))]
    assert all(set(choice) == {"id", "text"} for choice in shown)


@settings(max_examples=150, deadline=None)
@given(questions(), st.binary(min_size=16, max_size=16), st.booleans())
def test_a_frozen_paper_is_byte_for_byte_what_encoding_gives(
    raw: list[dict[str, Any]], seed: bytes, shuffled: bool
) -> None:
    exam, pool = exam_of(raw, shuffled)
    form, view = compose(exam, pool, seed, ())
    assert Blueprint(exam, pool).frozen(seed, ()) == (form, msgspec.json.encode(view))
    # What the order of a bank would tell is shuffled whatever the exam says.
    for place in form.items:
        question = pool["secret-bank"].by_id[place.question]
        assert sorted(place.order) == sorted(id for group in question.groups() for id in group.ids)
        if not shuffled and not any(group.telling for group in question.groups()):
            assert place.order == tuple(id for group in question.groups() for id in group.ids)


@given(question(), st.randoms(use_true_random=False))
def test_what_is_right_earns_everything(raw: dict[str, Any], dice: Any) -> None:
    made: BaseQuestion = msgspec.convert({**raw, "id": "q"}, Question)
    groups = made.groups()
    order = tuple(id for group in groups for id in dice.sample(group.ids, len(group.ids)))
    layout = Layout(order, tuple(len(group.ids) for group in groups) if len(groups) > 1 else ())
    given = msgspec.json.decode(msgspec.json.encode(made.right(layout)))
    assert made.score(made.parse(given, layout)) == 1

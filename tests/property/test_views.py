"""P6 in the core: whatever a bank holds, a candidate is shown no key, rationale, source, scoring rule or bank id."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_service.core.banks.interactions import BaseQuestion, Layout, Question
from exam_service.core.banks.model import Bank
from exam_service.core.exams.model import BlueprintStratum, Exam, Section
from exam_service.core.exams.paper import compose
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
            ]
        )
    )


@settings(max_examples=150, deadline=None)
@given(questions(), st.binary(min_size=16, max_size=16))
def test_a_paper_shows_nothing_that_is_hidden(raw: list[dict[str, Any]], seed: bytes) -> None:
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
    exam = Exam(code="post", kind="post_test", title=title, sections=(section,))
    form, view = compose(exam, {"secret-bank": bank}, seed, ())
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
    order = [id for group in made.groups() for id in group.ids]
    dice.shuffle(order)
    view = msgspec.json.decode(msgspec.json.encode(made.view("i1", Layout(tuple(order)))))
    assert set(view) <= {"item", "type", "stem", "choices", "unit"}
    assert [choice["id"] for choice in view.get("choices", [])] == [f"c{n + 1}" for n in range(len(order))]
    assert all(set(choice) == {"id", "text"} for choice in view.get("choices", []))

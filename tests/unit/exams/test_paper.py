from typing import Any

import msgspec
import pytest

from exam_service.core.banks.draw import Infeasible
from exam_service.core.exams.paper import Blueprint, Form, Pool, compose, infeasible, read_responses
from tests.support.documents import bank, choice, exam

EASY = [choice(n, "a", "easy", tags=["new"] if n < 3 else []) for n in range(8)]
HARD = [choice(n, "b", "hard", type="multiple_response", key=["right", "w1"]) for n in range(8, 14)]
FACTS = [
    {
        "id": f"t{n}",
        "type": "true_false",
        "objective": "c",
        "difficulty": "easy",
        "stem": {"th": f"จริงไหม {n}"},
        "key": True,
    }
    for n in range(4)
]
POOL: Pool = {"law": bank(*EASY, *HARD), "facts": bank(*FACTS, code="facts")}

SECTIONS = [
    {
        "code": "one",
        "title": {"th": "ส่วนที่ 1"},
        "strata": [{"bank": "law", "count": 3, "objective": "a"}, {"bank": "law", "count": 2, "difficulty": "hard"}],
    },
    {"code": "two", "title": {"th": "ส่วนที่ 2"}, "strata": [{"bank": "facts", "count": 2}, {"bank": "law", "count": 2}]},
]


def whole(**fields: Any) -> Any:
    return exam(sections=SECTIONS, **fields)


def seed(number: int) -> bytes:
    return number.to_bytes(16)


def test_a_paper_composed_again_is_byte_equal() -> None:
    seen = [("law", "q1"), ("facts", "t0"), ("elsewhere", "q2")]
    once = [msgspec.json.encode(face) for face in compose(whole(), POOL, seed(1), seen)]
    again = [
        msgspec.json.encode(face)
        for face in compose(whole(), {code: POOL[code] for code in ("facts", "law")}, seed(1), seen[::-1])
    ]
    assert once == again
    assert compose(whole(), POOL, seed(2), seen) != compose(whole(), POOL, seed(1), seen)


def test_the_two_faces_name_the_same_things() -> None:
    form, view = compose(whole(), POOL, seed(3), ())
    names = [f"i{n}" for n in range(1, 10)]
    assert [item.item for item in form.items] == names
    assert [item.item for section in view.sections for item in section.items] == names
    assert [len(section.items) for section in view.sections] == [5, 4]
    assert [item.section for item in form.items] == ["one"] * 5 + ["two"] * 4
    assert len({(item.bank, item.question) for item in form.items}) == 9
    by_id = {(code, q.id): q for code, b in POOL.items() for q in b.questions}
    for place, item in zip(form.items, (i for s in view.sections for i in s.items), strict=True):
        question = by_id[place.bank, place.question]
        assert (item.stem, item.type) == (question.stem, place.type)
        assert place.points == question.points
        assert sorted(place.order) == sorted(id for group in question.groups() for id in group.ids)
        assert [choice.text.th for choice in item.choices] == list(place.order)
    assert form.seed == seed(3).hex()


def test_each_attempt_has_an_order_of_its_own() -> None:
    orders = {place.order for n in range(40) for place in compose(whole(), POOL, seed(n), ())[0].items if place.order}
    assert len(orders) == 24
    firsts = {compose(whole(), POOL, seed(n), ())[0].items[0].question for n in range(40)}
    assert len(firsts) > 5


def test_unshuffled_means_the_order_of_blueprint_and_bank() -> None:
    still = whole(shuffle={"questions": False, "options": False})
    for n in range(20):
        form, _ = compose(still, POOL, seed(n), ())
        number = [int(item.question[1:]) for item in form.items]
        assert number[:3] == sorted(number[:3])
        assert max(number[:3]) < 8 <= number[3] < number[4]
        assert all(item.bank == "facts" for item in form.items[5:7])
        assert number[5] < number[6]
        assert number[7] < number[8]
        assert all(item.order in ((), ("right", "w1", "w2", "w3")) for item in form.items)


def test_unseen_questions_come_first() -> None:
    seen = {("law", f"q{n}") for n in range(5)}
    one = exam(
        sections=[{"code": "s", "title": {"th": "ส"}, "strata": [{"bank": "law", "count": 4, "objective": "a"}]}]
    )
    for n in range(10):
        form, _ = compose(one, POOL, seed(n), seen)
        assert {"q5", "q6", "q7"} < {item.question for item in form.items}


def test_what_cannot_be_filled_is_told_by_stratum() -> None:
    it = exam(
        sections=[
            {
                "code": "s",
                "title": {"th": "ส"},
                "strata": [
                    {"bank": "law", "count": 10, "objective": "a", "difficulty": "easy"},
                    {"bank": "law", "count": 6, "difficulty": "hard"},
                ],
            },
            {
                "code": "t",
                "title": {"th": "ท"},
                "strata": [
                    {"bank": "facts", "count": 4},
                    {"bank": "law", "count": 2, "tag": "new"},
                    {"bank": "law", "count": 1, "tag": "old"},
                ],
            },
        ]
    )
    faults = infeasible(it, POOL, "exams[0]")
    assert {fault.code for fault in faults} == {"stratum-infeasible"}
    # Eight easy ones are there for the ten and for the two new ones, of which there are three.
    says = {fault.path: fault.message.en for fault in faults}
    assert says["exams[0].sections[1].strata[2]"] == "bank `law`, tag `old`: wants 1, the bank has 0, 1 missing"
    assert set(says) <= {f"exams[0].sections[{s}].strata[{n}]" for s, n in ((0, 0), (1, 1), (1, 2))}
    lacking = sum(int(str(text).split(" missing")[0].split()[-1]) for text in says.values())
    assert lacking == (10 + 6 + 4 + 2 + 1) - (8 + 6 + 4)
    with pytest.raises(Infeasible):
        compose(it, POOL, seed(1), ())


def test_a_stratum_that_shares_its_questions_says_so() -> None:
    strata = [{"bank": "facts", "count": 3}, {"bank": "facts", "count": 3, "difficulty": "easy"}]
    [fault] = infeasible(exam(sections=[{"code": "s", "title": {"th": "ส"}, "strata": strata}]), POOL, "exams[0]")
    assert fault.message.en in {
        "bank `facts`: wants 3, the bank has 4, 2 missing once the other strata have theirs",
        "bank `facts`, difficulty `easy`: wants 3, the bank has 4, 2 missing once the other strata have theirs",
    }
    assert fault.message.th
    assert fault.message.th.endswith("ขาด 2 ข้อ เมื่อกลุ่มอื่นได้ครบแล้ว")


def paper() -> Form:
    return compose(whole(shuffle={"questions": False}), POOL, seed(5), ())[0]


def test_responses_are_read_in_the_banks_own_terms() -> None:
    form = paper()
    read, faults = read_responses(form, {"i1": "c1", "i4": ["c2", "c1"], "i6": True, "i7": None})
    assert faults == []
    assert read == {
        "i1": form.items[0].order[0],
        "i4": frozenset(form.items[3].order[:2]),
        "i6": True,
        "i7": None,
    }


def test_every_response_that_does_not_fit_is_told() -> None:
    read, faults = read_responses(
        paper(), {"i0": 1, "i10": 1, "i01": 1, "x1": 1, "": 1, "i๑": 1, "q1": 1, "i1": "c9", "i6": "true", "i2": "c2"}
    )
    assert set(read) == {"i2"}
    assert sorted((f.code, f.path) for f in faults) == sorted(
        [("unknown-item", f"responses.{name}") for name in ("i0", "i10", "i01", "x1", "", "i๑", "q1")]
        + [("bad-response", "responses.i1"), ("bad-response", "responses.i6")]
    )
    assert all(fault.message.th and fault.message.en for fault in faults)


TYPES = [
    choice(0, "a", "easy"),
    choice(1, "a", "easy", type="multiple_response", key=["right", "w1"]),
    FACTS[0] | {"id": "yes", "objective": "a"},
    FACTS[0] | {"id": "n", "type": "numeric", "objective": "a", "key": 3.5, "unit": {"th": '"หน่วย"', "en": "m/s"}},
    FACTS[0] | {"id": "plain", "type": "numeric", "objective": "a", "key": 3.5},
    FACTS[0] | {"id": "s", "type": "short_text", "objective": "a", "key": ["ความตรง\n"], "stem": {"en": '<b>\\ "'}},
]


@pytest.mark.parametrize("shuffle", [{}, {"options": False, "questions": False}])
def test_the_frozen_view_is_the_one_that_encoding_gives(shuffle: dict[str, Any]) -> None:
    sections = [{"code": "all", "title": {"th": "ทุกแบบ"}, "strata": [{"bank": "law", "count": len(TYPES)}]}]
    for it, pool in ((whole(shuffle=shuffle), POOL), (exam(sections=sections, shuffle=shuffle), {"law": bank(*TYPES)})):
        blueprint = Blueprint(it, pool)
        for n in range(20):
            form, view = blueprint.compose(seed(n), ())
            assert blueprint.frozen(seed(n), ()) == (form, msgspec.json.encode(view))

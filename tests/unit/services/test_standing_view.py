from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from exam_service.core.exams.attempt import Attempt, State
from exam_service.core.exams.model import Course
from exam_service.core.exams.scoring import Result, SectionScore
from exam_service.core.exams.standing import Standing
from exam_service.core.people import PersonName
from exam_service.core.records import Candidate, Enrolment, Organisation
from exam_service.core.text import Text
from exam_service.services.standing_view import certificate_standing, exam_standings, me_view
from tests.support.service import small_course

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
ENROLMENT = Enrolment(id="enr_1", candidate="cnd_1", course="course", created_at=NOW)
CANDIDATE = Candidate(id="cnd_1", external_id="u", name=PersonName(given="มาลี"), created_at=NOW, updated_at=NOW)
ORGANISATION = Organisation(id="org_1", slug="first", name=Text(en="First"), created_at=NOW)
PERCENT = {"rule": "percent", "exam": "post", "at_least": 80}
SECTION = {"rule": "percent", "exam": "post", "section": "one", "at_least": 90}
FACT = {"rule": "fact", "fact": "learning_complete"}


def _standing(rule: dict[str, Any], **post: Any) -> Standing:
    """One graded attempt of 61.5 percent at the post-test."""
    course = small_course(opens_when=None, **post) | {"certificate": {"rule": rule}}
    attempt = Attempt(
        id="att_1", enrolment="enr_1", course_version="crs_1", exam="post", number=1, state=State.graded,
        started_at=NOW, deadline=NOW, grace_seconds=30, epoch=1, ended_at=NOW, ended_by=State.submitted,
    )  # fmt: skip
    sections = (SectionScore(section="one", earned=3, possible=5, percent=61.5),)
    result = Result(earned=6.15, possible=10, percent=61.5, sections=sections, items=(), passed=True)
    return Standing(
        course=msgspec.convert(course, Course), attempts=(attempt,), results={"att_1": result}, reported={},
        target_standing=None, now=NOW,
    )  # fmt: skip


@pytest.mark.parametrize(
    "rule",
    [
        PERCENT, SECTION, {"rule": "all", "of": [PERCENT, SECTION, FACT]}, {"rule": "any", "of": [PERCENT, FACT]},
        {"rule": "at_least", "n": 2, "of": [PERCENT, SECTION, FACT]},
        {"rule": "by_standing", "choose": {}, "otherwise": {"rule": "any", "of": [SECTION]}},
    ],
)  # fmt: skip
def test_a_score_that_is_kept_back_is_in_no_word_for_the_candidate(rule: dict[str, Any]) -> None:
    kept_back = _standing(rule, review={"score": "never"})
    view = me_view(kept_back, ENROLMENT, CANDIDATE, ORGANISATION, (), "https://exam.example.ac.th")
    assert b"61.5" not in msgspec.json.encode(view)
    assert view.certificate is not None
    assert view.certificate.missing
    wanted = view.certificate.sentence.within("en")
    assert "80" in wanted or "90" in wanted
    assert not view.certificate.met
    post = view.exams[1]
    assert post.counted is not None
    assert (post.counted.percent, post.counted.passed, post.attempts[0].percent) == (None, None, None)
    shown = msgspec.json.encode(me_view(_standing(rule), ENROLMENT, CANDIDATE, ORGANISATION, (), ""))
    assert b"61.5" in shown


def test_the_learning_system_sees_the_whole_decision() -> None:
    kept_back = _standing({"rule": "all", "of": [PERCENT, FACT]}, review={"score": "never"})
    view = certificate_standing(kept_back, (), "", staff=True)
    assert view is not None
    assert view.because is not None
    assert [(leaf.met, leaf.wanted, leaf.found) for leaf in view.because.of] == [
        (False, 80.0, 61.5),
        (False, True, None),
    ]
    assert exam_standings(kept_back, ENROLMENT, staff=True)[1].attempts[0].percent == 61.5


def test_a_choice_that_is_kept_back_still_says_how_many_are_wanted() -> None:
    rule = {"rule": "at_least", "n": 2, "of": [PERCENT, FACT]}
    view = certificate_standing(_standing(rule, review={"score": "never"}), (), "", staff=False)
    assert view is not None
    assert view.sentence.within("en").startswith("Still missing: at least 2 of these 2: Post-test: at least 80 %")
    assert "อย่างน้อย 2 ใน 2 ข้อ" in view.sentence.within("th")

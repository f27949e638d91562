from datetime import UTC, datetime

import pytest

from exam_service.core.certificates.printed import grouped, printed
from exam_service.core.text import Text
from tests.support.issuing import issuance

ADDRESS = "https://exam.example.org/v/ABCDEFGHIJKLMNOP"


def test_dates_are_of_bangkok_and_of_each_language_s_era() -> None:
    # Still the 22nd in London, the 23rd in Bangkok.
    late = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
    face = printed(issuance(issued_at=late, valid_until=datetime(2029, 2, 28, 17, tzinfo=UTC)), ADDRESS)
    assert face.given == Text(th="ให้ไว้ ณ วันที่ 23 พฤศจิกายน พ.ศ. 2569", en="Given on 23 November 2026")
    assert face.until == Text(th="ใช้ได้ถึงวันที่ 1 มีนาคม 2572", en="Valid until 1 March 2029")


def test_thai_digits_are_in_the_thai_lines_and_nowhere_else() -> None:
    course = Text(th="หลักสูตร 3", en="Course 3")
    face = printed(issuance(hours=20, course_title=course, thai_digits=True), ADDRESS)
    assert face.hours == Text(th="จำนวน ๒๐ ชั่วโมง", en="20 hours")
    assert "๒๕๖๙" in (face.given.th or "")
    assert "2026" in (face.given.en or "")
    # What others wrote, and what is typed to verify, stays as it is.
    assert (face.course, face.serial) == (course, grouped(issuance().id))


@pytest.mark.parametrize(
    "hours, wanted",
    [
        (0, None),
        (1, Text(th="จำนวน 1 ชั่วโมง", en="1 hour")),
        (1.5, Text(th="จำนวน 1.5 ชั่วโมง", en="1.5 hours")),
        (20.0, Text(th="จำนวน 20 ชั่วโมง", en="20 hours")),
    ],
)
def test_hours_are_said_as_people_count_them(hours: float, wanted: Text | None) -> None:
    assert printed(issuance(hours=hours), ADDRESS).hours == wanted


def test_the_address_is_as_it_is_typed_and_the_number_in_fours() -> None:
    face = printed(issuance(id="ABCDEFGHIJKLMNOP"), ADDRESS)
    assert (face.serial, face.address) == ("ABCD EFGH IJKL MNOP", "exam.example.org/v/ABCDEFGHIJKLMNOP")

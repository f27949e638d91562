"""Certificates of nobody, for those who make a design: a usual one, and the longest that the service takes."""

from datetime import UTC, datetime

from exam_service.core.certificates.model import Issuance, Kind
from exam_service.core.text import Text

SAMPLE_ID = "ABCDEFGHIJKLMNOP"


def sample(kind: Kind) -> Issuance:
    """A certificate as most are."""
    return Issuance(
        id=SAMPLE_ID,
        organisation_id="org_sample",
        organisation_slug="sample",
        organisation_name=Text(th="หน่วยงานตัวอย่าง", en="Sample Organisation"),
        did="did:web:exam.example.org:orgs:sample",
        course_code="sample",
        course_title=Text(th="การวัดและประเมินผลการเรียนรู้ในชั้นเรียน", en="Classroom Measurement and Evaluation"),
        kind=kind,
        recipient_name="นางสาวน้ำผึ้ง เปี๊ยกสำราญ",
        hours=12,
        objective="การพัฒนาวิชาชีพครู",
        issued_at=datetime(2026, 11, 22, 2, 30, tzinfo=UTC),
        status_list=1,
        status_index=0,
    )


def longest(kind: Kind) -> Issuance:
    """The longest name, titles and organisation that can be had, every line of them, tall letters above and below."""
    host = "examination-and-certification.development.teachers.example.go.th"
    return Issuance(
        id=SAMPLE_ID,
        organisation_id="org_sample",
        organisation_slug="x" * 64,
        organisation_name=Text(th=_until(200, "สำนักงานพัฒนาครูผู้รู้ฎีกา"), en=_until(200, "Office of Teacher Development")),
        did=f"did:web:{host}:orgs:{'x' * 64}",
        course_code="x" * 64,
        course_title=Text(
            th=_until(300, "การวัดผลเพื่อรู้ผู้เรียนที่กตัญญูในชั้นปีที่ ๒๑"),
            en=_until(300, "Measurement for Learners of the 21st Century"),
        ),
        kind=kind,
        # Title and given name without a space between them, then the family's.
        recipient_name=f"{_until(120, 'ศาสตราจารย์กิตติคุณ', '')}{_until(120, 'กุลธิดาวรรณวรางค์', '')} "
        f"{_until(120, 'เทพประสิทธิ์วัฒนานุกูลชัย', '')}",
        hours=1999.75,
        objective=_until(300, "พัฒนาครูผู้รู้ฎีกาให้อยู่ในศตวรรษที่ ๒๑"),
        issued_at=datetime(2026, 11, 22, 2, 30, tzinfo=UTC),
        valid_until=datetime(2076, 11, 22, 2, 30, tzinfo=UTC),
        status_list=1,
        status_index=0,
    )


def _until(length: int, text: str, between: str = " ") -> str:
    """The text over and over, cut to so many characters."""
    return between.join([text] * (length // len(text) + 1))[:length].strip()

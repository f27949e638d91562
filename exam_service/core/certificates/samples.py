"""Certificates of nobody, for those who make a design: a usual one, and the longest that the service takes."""

from datetime import UTC, datetime

from exam_service.core.artwork import LONGEST_NAME, LONGEST_TITLE, MOST_SIGNERS, Artwork, Signer
from exam_service.core.certificates.model import Issuance, Kind
from exam_service.core.text import Text

SAMPLE_ID = "ABCDEFGHIJKLMNOP"

LOGO, SEAL = "logo", "seal"
SIGNATURES = ("signature-1", "signature-2", "signature-3")
"""The sample pictures of certs/samples, which stand here in place of digests."""

_SIGNERS = (
    (
        Text(th="ดร.ณัฐวุฒิ ฐิติปัญโญ", en="Dr. Nattawut Thitipanyo"),
        Text(th="ผู้อำนวยการสถาบันพัฒนาครู", en="Director of the Institute"),
    ),
    (
        Text(th="นางเพ็ญศรี กุญชรชัย", en="Mrs. Pensri Kunchornchai"),
        Text(th="หัวหน้ากลุ่มงานวัดและประเมินผล", en="Head of Assessment"),
    ),
    (
        Text(th="ผศ.ดร.ปิ่นเกล้า ชื่นใจ", en="Asst. Prof. Pinklao Chuenchai, Ph.D."),
        Text(th="ประธานหลักสูตร", en="Chair of the Course"),
    ),
)


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


def artwork(signers: int) -> Artwork:
    """A logo, a seal, and so many who sign, as most are."""
    some = zip(_SIGNERS[:signers], SIGNATURES, strict=False)
    named = [Signer(name=name, title=title, signature=picture) for (name, title), picture in some]
    return Artwork(logo=LOGO, seal=SEAL, signers=tuple(named))


def longest_artwork() -> Artwork:
    """As many as may sign, each with the longest name and title."""
    name = Text(
        th=_until(LONGEST_NAME, "ศาสตราจารย์กิตติคุณ กุลธิดาวรรณวรางค์ เทพประสิทธิ์วัฒนานุกูลชัย"),
        en=_until(LONGEST_NAME, "Emeritus Professor Kunthidawanwarang Thepprasitwattananukulchai"),
    )
    title = Text(
        th=_until(LONGEST_TITLE, "รองเลขาธิการคณะกรรมการพัฒนาครูผู้รู้ฎีกา รักษาราชการแทน"),
        en=_until(LONGEST_TITLE, "Deputy Secretary-General of the Commission, Acting for the Minister"),
    )
    return Artwork(
        logo=LOGO,
        seal=SEAL,
        signers=tuple(Signer(name=name, title=title, signature=one) for one in SIGNATURES[:MOST_SIGNERS]),
    )


def _until(length: int, text: str, between: str = " ") -> str:
    """The text over and over, cut to so many characters."""
    return between.join([text] * (length // len(text) + 1))[:length].strip()

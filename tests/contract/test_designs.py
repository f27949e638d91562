"""Certificates on paper, as other programs read them: Poppler, zxing-cpp, zbar."""

from pathlib import Path

import msgspec
import pytest
from PIL import ImageChops

from exam_service.bootstrap.apart import sample_pictures, sketchbook
from exam_service.core.artwork import LONGEST_NAME, LONGEST_TITLE, MOST_SIGNERS, Signer
from exam_service.core.certificates import samples
from exam_service.core.certificates.model import Issuance, Kind
from exam_service.core.certificates.printed import DESIGNS
from exam_service.core.errors import LettersMissing
from exam_service.core.text import Text
from exam_service.services import printing
from tests.support.issuing import issuance
from tests.support.paper import Paper

HANDS = sketchbook()
ADDRESS = "https://exam.example.org/v/AEBAGBAFAYDQQCIK"
QR = f"{ADDRESS}#1{'0123456789' * 50}"
CREDENTIAL = '{"name": "น้ำผึ้ง"}'.encode()
KINDS: tuple[Kind, ...] = ("certificate", "attestation")
A4 = {"certificate": "841.89 x 595.276 pts (A4)", "attestation": "595.276 x 841.89 pts (A4)"}


def sheet_of(facts: Issuance) -> bytes:
    return printing.sheet(HANDS, facts, QR, ADDRESS, CREDENTIAL, known=sample_pictures())


async def pdf_of(facts: Issuance) -> bytes:
    return await HANDS.designs.pdf(
        HANDS.designs.named(DESIGNS[facts.kind]), sheet_of(facts), int(facts.issued_at.timestamp())
    )


@pytest.mark.parametrize("kind", KINDS)
async def test_it_is_one_page_of_pdf_a_with_the_credential_in_it(kind: Kind, tmp_path: Path) -> None:
    facts = issuance(kind=kind)
    paper = Paper(await pdf_of(facts), tmp_path)
    info = paper.info()
    assert (info["Pages"], info["Page size"], info["Encrypted"]) == ("1", A4[kind], "no")
    assert (paper.part_of_pdf_a(), info["Tagged"], info["JavaScript"]) == ("3B", "yes", "no")
    assert info["CreationDate"] == "2026-11-22T03:00:00Z"
    assert info["Keywords"] == facts.id
    assert paper.attachments() == {"credential.json": CREDENTIAL}
    assert {font[-5:-2] == ["yes", "yes", "yes"] for font in paper.fonts()} == {True}, "all embedded, subset, with text"


@pytest.mark.parametrize("kind", KINDS)
async def test_its_words_can_be_read_out_and_its_code_by_any_phone(kind: Kind, tmp_path: Path) -> None:
    # Where two marks stand on one letter (ผึ้ง), Typst's PDF gives some of them twice to who copies the text.
    title = Text(th="การวัดและประเมินผลการเรียน", en="Classroom measurement and evaluation")
    facts = issuance(kind=kind, recipient_name="นางสาวสมหญิง ใจดี", course_title=title)
    paper = Paper(await pdf_of(facts), tmp_path)
    text = paper.text()
    for words in (
        "นางสาวสมหญิง ใจดี", "การวัดและประเมินผลการเรียน", "Classroom measurement and evaluation",
        "ให้ไว้ ณ วันที่ 22 พฤศจิกายน พ.ศ. 2569", "Given on 22 November 2026", "AEBA GBAF AYDQ QCIK", "12 hours",
    ):  # fmt: skip
        assert words in text
    for dpi in (150, 300):
        assert paper.codes(dpi) == ([QR], [QR]), dpi


async def test_the_same_certificate_is_the_same_bytes_and_another_is_not() -> None:
    one = await pdf_of(issuance())
    assert await pdf_of(issuance(recipient_name="ผู้อื่น")) != one
    assert await pdf_of(issuance()) == one
    design = DESIGNS["certificate"]
    assert (
        await sketchbook().designs.pdf(
            HANDS.designs.named(design), sheet_of(issuance()), int(issuance().issued_at.timestamp())
        )
        == one
    )


@pytest.mark.parametrize(
    "name", ["#panic() *x* $y$ <a> @b `c`", "Zoë Żółć-Müller", "Nguyễn Thị Phương", "\\u{41} // x"]
)
async def test_what_is_written_is_printed_and_never_markup(name: str, tmp_path: Path) -> None:
    assert name in Paper(await pdf_of(issuance(recipient_name=name)), tmp_path).text()


@pytest.mark.parametrize("name, letter", [("李小龙", "李"), ("محمد", None), ("👩‍🏫 ครู", "👩")])
async def test_a_letter_that_no_font_has_is_refused_and_never_a_box(name: str, letter: str | None) -> None:
    facts = issuance(recipient_name=name)
    with pytest.raises(LettersMissing) as refused:
        await pdf_of(facts)
    assert letter is None or letter in (refused.value.text.th or "")
    with pytest.raises(LettersMissing):
        await HANDS.designs.png(HANDS.designs.named(DESIGNS[facts.kind]), sheet_of(facts), 72)


def endless(facts: Issuance, th: str, en: str) -> Issuance:
    """Every word as long as it may be, with no space in it."""

    def upto(length: int) -> Text:
        return Text(th=(th * length)[:length], en=(en * length)[:length])

    signer = Signer(name=upto(LONGEST_NAME), title=upto(LONGEST_TITLE), signature=samples.SIGNATURES[0])
    return msgspec.structs.replace(
        facts,
        organisation_name=upto(200),
        course_title=upto(300),
        recipient_name=upto(200).th,
        objective=upto(300).th,
        artwork=msgspec.structs.replace(samples.artwork(1), signers=(signer,) * MOST_SIGNERS),
    )


# The dictionary finds no word at all in the first; in the second one at each end, and none between.
@pytest.mark.parametrize("th, en", [("", ""), ("ก", "W"), ("ฟหกด", "Supercalifragilistic"), ("ผู้อำนวยการสำนัก", "i")])
@pytest.mark.parametrize("kind", KINDS)
async def test_the_longest_there_can_be_fits_and_leaves_the_edges_free(
    kind: Kind, th: str, en: str, tmp_path: Path
) -> None:
    facts = endless(samples.longest(kind), th, en) if th else samples.longest(kind)
    assert await HANDS.designs.too_long(HANDS.designs.named(DESIGNS[kind]), sheet_of(facts)) == []
    paper = Paper(await pdf_of(facts), tmp_path)
    assert paper.info()["Pages"] == "1"
    # Outside the margins there is what there is on the sheet with the fewest words: the frame, and nothing else.
    few = msgspec.structs.replace(samples.sample(kind), artwork=facts.artwork and samples.artwork(MOST_SIGNERS))
    (other := tmp_path / "few").mkdir()
    pictures = [one.picture(72) for one in (paper, Paper(await pdf_of(few), other))]
    width, height = pictures[0].size
    edge = 50
    for box in (
        (0, 0, edge, height),
        (width - edge, 0, width, height),
        (0, 0, width, edge - 5),
        (0, height - 38, width, height),
    ):
        assert ImageChops.difference(*(picture.crop(box) for picture in pictures)).getbbox() is None, box


async def test_a_design_says_what_does_not_fit() -> None:
    facts = samples.longest("certificate")
    over = msgspec.structs.replace(facts, objective="ยาวเกินไป " * 2_000)
    assert await HANDS.designs.too_long(HANDS.designs.named("certificate"), sheet_of(over)) == ["course"]


def test_every_kind_has_a_design() -> None:
    assert set(DESIGNS.values()) <= set(HANDS.designs.names())

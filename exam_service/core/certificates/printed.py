"""What stands on a certificate, in both languages: the words that its page and its PDF share."""

from datetime import datetime

import msgspec

from exam_service.core.certificates.model import KIND_TEXTS, Issuance, Kind
from exam_service.core.certificates.spoken import spoken
from exam_service.core.text import Text, date

DESIGNS: dict[Kind, str] = {"certificate": "certificate", "attestation": "attestation"}
"""The design of each kind of certificate."""

_SHOWS: dict[Kind, Text] = {
    "certificate": Text(th="มอบวุฒิบัตรนี้ไว้เพื่อแสดงว่า", en="This is to certify that"),
    "attestation": Text(th="หนังสือฉบับนี้ให้ไว้เพื่อรับรองว่า", en="This letter attests that"),
}
_DID: dict[Kind, Text] = {
    "certificate": Text(th="ผ่านการพัฒนาครบตามเกณฑ์ของหลักสูตร", en="has met all requirements of the course"),
    "attestation": Text(th="มีความรู้ผ่านเกณฑ์ของหลักสูตร", en="has shown the knowledge required by the course"),
}
_HOURS = Text(th="จำนวน {n} ชั่วโมง", en="{n} hours")
_HOUR = Text(th="จำนวน {n} ชั่วโมง", en="{n} hour")
_GIVEN = Text(th="ให้ไว้ ณ วันที่ {day} พ.ศ. {year}", en="Given on {day} {year}")
_UNTIL = Text(th="ใช้ได้ถึงวันที่ {date}", en="Valid until {date}")
_LOGO = Text(th="ตราสัญลักษณ์ของ{of}", en="Logo of {of}")
_SEAL = Text(th="ตราประทับของ{of}", en="Seal of {of}")
_SIGNATURE = Text(th="ลายมือชื่อของ{of}", en="Signature of {of}")
_THAI_DIGITS = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")


class PrintedSigner(msgspec.Struct, frozen=True, kw_only=True):
    """What stands under a signature, and what is said of its picture to who cannot see it."""

    name: Text
    title: Text
    picture: str


class Printed(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of a certificate, as they are read from its top to its foot."""

    kind: Kind
    title: Text
    shows: Text
    name: str
    did: Text
    course: Text
    hours: Text | None
    objective: str
    given: Text
    until: Text | None
    issuer: Text
    issuer_id: str
    serial: str
    """The certificate's number, in groups of four."""
    spoken: str
    """The number in words, to be read aloud and typed."""
    address: str
    """Where anybody checks it, without the scheme: it is typed by hand."""
    number: Text = Text(th="เลขที่", en="No.")
    verify_at: Text = Text(th="สแกนเพื่อตรวจสอบ หรือเปิด", en="Scan to verify, or open")
    signed_by: Text = Text(th="ลงนามด้วยลายมือชื่อดิจิทัลโดย", en="Digitally signed by")
    signers: tuple[PrintedSigner, ...] = ()
    logo: str = ""
    """What is said of the logo to who cannot see it; so of the seal."""
    seal: str = ""


def printed(issuance: Issuance, verify_url: str) -> Printed:
    """What is printed of these facts. With `thai_digits`, dates and hours in Thai are written in ๐ to ๙."""

    def own(text: Text) -> Text:
        return Text(th=text.th and text.th.translate(_THAI_DIGITS), en=text.en) if issuance.thai_digits else text

    hours, until = issuance.hours, issuance.valid_until
    amount = int(hours) if hours == int(hours) else hours
    return Printed(
        kind=issuance.kind,
        title=KIND_TEXTS[issuance.kind],
        shows=_SHOWS[issuance.kind],
        name=issuance.recipient_name,
        did=_DID[issuance.kind],
        course=issuance.course_title,
        hours=own((_HOUR if hours == 1 else _HOURS).fill({"n": amount})) if hours else None,
        objective=issuance.objective,
        given=own(_dated(_GIVEN, issuance.issued_at)),
        until=own(_dated(_UNTIL, until)) if until else None,
        issuer=issuance.organisation_name,
        issuer_id=issuance.did,
        serial=grouped(issuance.id),
        spoken=spoken(issuance.id),
        address=verify_url.partition("://")[2],
        signers=tuple(
            PrintedSigner(name=one.name, title=one.title, picture=_words(_SIGNATURE, one.name))
            for one in (issuance.artwork.signers if issuance.artwork else ())
        ),
        logo=_words(_LOGO, issuance.organisation_name),
        seal=_words(_SEAL, issuance.organisation_name),
    )


def grouped(certificate_id: str) -> str:
    """A certificate's number in groups of four, as it is printed and read aloud."""
    return " ".join(certificate_id[i : i + 4] for i in range(0, len(certificate_id), 4))


def _words(sentence: Text, of: Text) -> str:
    """In both languages, on one line."""
    said = sentence.fill({"of": of})
    return f"{said.th} / {said.en}"


def _dated(sentence: Text, when: datetime) -> Text:
    """The sentence with its `{date}`, or its `{day}` and `{year}`: the year is of another era in each language."""

    def said(words: str | None, language: str) -> str:
        whole = date(when, language)
        day, year = whole.rsplit(" ", 1)
        return (words or "").format(date=whole, day=day, year=year)

    return Text(th=said(sentence.th, "th"), en=said(sentence.en, "en"))

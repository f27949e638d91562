"""`exam-service verify`: whether a certificate is genuine and stands, without network, by a trust file."""

import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import click
import msgspec

from exam_service.bootstrap.apart import offline_verifier
from exam_service.cli.moment import moment
from exam_service.core.certificates import trust as trust_files
from exam_service.core.certificates.faces import NO_FACE, Evidence, together
from exam_service.core.certificates.model import KIND_TEXTS
from exam_service.core.certificates.trust import Trust
from exam_service.core.certificates.verdict import Verdict
from exam_service.core.certificates.verify import Canonical, Check, verify_credential, verify_qr
from exam_service.core.certificates.words import FAILED, HEADLINES, NOTHING_TO_JUDGE
from exam_service.core.errors import Refusal, UnreadableEvidence
from exam_service.core.text import Text, date, date_time

_STANDS, _DOES_NOT, _UNKNOWN = 0, 1, 2
_STEPS = {
    "parse": Text(th="อ่านหลักฐาน", en="Read"),
    "key_known": Text(th="รู้จักกุญแจ", en="Key known"),
    "key_good": Text(th="กุญแจใช้ได้ในวันที่ออก", en="Key good at that time"),
    "signature": Text(th="ลายมือชื่อ", en="Signature"),
    "status": Text(th="สถานะ", en="Status"),
    "expiry": Text(th="วันหมดอายุ", en="Expiry"),
    "faces": Text(th="หลักฐานทุกส่วนตรงกัน", en="All parts agree"),
    "log": Text(th="บันทึกการออกวุฒิบัตร", en="Issuance log"),
}
_NO_FILE = Text(
    th="ไม่ใช่ข้อความใน QR และไม่ใช่ไฟล์ที่เปิดอ่านได้ ({why})",
    en="it is neither the text of a QR code nor a file that can be read ({why})",
)
_SIGNS = {True: "✓", False: "✗", None: "?"}


class _Tools(NamedTuple):
    trust: Trust
    now: datetime
    check: Check
    canonical: Canonical
    read: Callable[[bytes], Evidence]


class _Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is no verdict: nothing of a certificate could be read. Nobody calls that forged."""

    code: str
    message: Text


class _Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the JSON output: the verdict, or why there is none."""

    input: str
    exit_status: int
    verdict: Verdict | None = None
    refused: _Refused | None = None


@click.command()
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.option(
    "--trust", "trust_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True,
    help="Trust file: public keys and signed status lists, from https://HOST/.well-known/trust.json.",
)  # fmt: skip
@click.option("--now", "at", metavar="ISO", help="Judge as of this time, as in 2026-11-22T09:00:00Z, instead of now.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line, for programs.")
@click.option("--lang", type=click.Choice(["th", "en"]), default="en", show_default=True, help="Language of the words.")
def verify(inputs: tuple[str, ...], trust_file: Path, at: str | None, as_json: bool, lang: str) -> None:
    """Verify certificates offline.

    Each INPUT is a certificate's PDF, a picture of it (PNG, JPEG), its credential in JSON, the text of its QR code, or
    - for standard input. What a PDF carries and what it shows must say the same.
    Nothing is fetched: whose signature is believed, and which certificates were withdrawn, is in the trust file. Its
    status lists are good for a day; after that the answer is "unknown", never "stands", until you get a fresh file.

    \b
    Exit status:  0  every one is genuine and stands
                  1  one is not genuine, revoked, withdrawn, replaced or expired
                  2  one cannot be told (unknown key, old status list, nothing to read), or the command is wrong

    \b
    Examples:
      curl -o trust.json https://exam.example.go.th/.well-known/trust.json
      exam-service verify --trust trust.json certificate.pdf
      exam-service verify --trust trust.json --json credential.json scan.jpg
      zbarimg -q --raw scan.png | exam-service verify --trust trust.json -
    """
    tools = _Tools(
        trust_files.from_file(trust_file.read_bytes()),
        moment(at, "--now") if at is not None else datetime.now(UTC),
        *offline_verifier(),
    )
    statuses = set()
    for one in inputs:
        # Each is told as soon as it is known: of a thousand, one that cannot be read costs no other its answer.
        answer = _judge(tools, one)
        statuses.add(answer.exit_status)
        if as_json:
            click.echo(msgspec.json.encode(answer))
        else:
            _print(answer, lang)
    sys.exit(_DOES_NOT if _DOES_NOT in statuses else max(statuses))


def _judge(tools: _Tools, given: str) -> _Answer:
    name = given
    try:
        name, content = _content(given)
        verdict = _verdict(tools, content)
    except Refusal as refusal:
        return _Answer(input=name, exit_status=_UNKNOWN, refused=_Refused(code=refusal.code, message=refusal.text))
    return _Answer(input=name, exit_status=_exit_status(verdict), verdict=verdict)


def _content(given: str) -> tuple[str, bytes]:
    """What to call it, and its bytes. A text that can be no QR text must be a file's name.

    Raises UnreadableEvidence when it is none.
    """
    if given == "-":
        return "-", sys.stdin.buffer.read()
    if re.match(r"https?://|#?[0-9]{17,}$", given):
        return given.partition("#")[0] or "QR", given.encode()
    try:
        return given, Path(given).read_bytes()
    except OSError as error:
        raise UnreadableEvidence(why=_NO_FILE.fill({"why": error.strerror})) from error


def _verdict(tools: _Tools, content: bytes) -> Verdict:
    trust, now, check, canonical, read = tools
    found = read(content)
    given = [verify_credential(one, trust, now, check, canonical, log_proof=proof) for one, proof in found.documents()]
    codes = found.codes()
    # A text alone is judged whatever it says; of the codes in a picture only those of certificates.
    texts = found.qr_texts if len(found.qr_texts) == 1 and not given else codes
    given += [verify_qr(one, trust, now, check, canonical) for one in texts]
    if not given:
        raise UnreadableEvidence(why=NO_FACE)
    verdict = together(given, codes.values())
    if verdict.steps[0].code in NOTHING_TO_JUDGE:
        raise UnreadableEvidence(why=FAILED[verdict.steps[0].code])
    return verdict


def _exit_status(verdict: Verdict) -> int:
    if verdict.outcome == "not_genuine":
        return _DOES_NOT
    if verdict.outcome == "unknown" or verdict.status == "unknown":
        return _UNKNOWN
    return _STANDS if verdict.status == "stands" else _DOES_NOT


def _print(answer: _Answer, language: str) -> None:
    verdict, refused = answer.verdict, answer.refused
    headline = verdict.headline if verdict else HEADLINES["unknown"]
    click.secho(f"{answer.input}: {headline.within(language)}", bold=True)
    if refused:
        click.echo(f"  {refused.message.within(language)}")
    if verdict is None:
        return
    for step in verdict.steps:
        name, sentence = _STEPS[step.name].within(language), step.sentence.within(language)
        click.echo(f"  ({step.number}) {_SIGNS[step.passed]} {name}: {sentence}")
    facts = verdict.facts
    if facts is None or verdict.outcome != "genuine":
        return
    issuer = facts.organisation_name
    lines = [
        (Text(th="ชื่อ", en="Name"), facts.recipient_name),
        (Text(th="หลักสูตร", en="Course"), f"{facts.course_title} ({facts.course_code})"),
        (Text(th="เอกสาร", en="Document"), KIND_TEXTS[facts.kind].within(language) if facts.kind else ""),
        (Text(th="จำนวนชั่วโมง", en="Hours"), f"{facts.hours:g}" if facts.hours else ""),
        (Text(th="ออกโดย", en="Issued by"), issuer.within(language) if issuer else ""),
        (Text(th="วันที่ออก", en="Issued on"), date(facts.issued_at, language)),
        (Text(th="เลขที่", en="Number"), facts.id),
        (Text(th="สถานะ ณ", en="Status as of"), date_time(verdict.as_of, language) if verdict.as_of else ""),
    ]
    for label, value in lines:
        if value:
            click.echo(f"      {label.within(language)}: {value}")

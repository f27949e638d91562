import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from exam_service.adapters.qr.render import png
from exam_service.cli.main import cli
from exam_service.core.certificates.trust import to_file
from exam_service.core.errors import Invalid
from tests.support.issuing import NOW, Issuer, issuance

ISSUER, FACTS = Issuer(), issuance()
QR, DOCUMENT = ISSUER.qr(FACTS), ISSUER.credential(FACTS)
AT = NOW.isoformat()


@pytest.fixture
def trust(tmp_path: Path) -> Path:
    return written(tmp_path / "trust.json", to_file(ISSUER.trust(ISSUER.status_list([], NOW))))


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def verify(trust: Path, *inputs: str | Path, at: str = AT, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, ["verify", "--trust", str(trust), "--now", at, *map(str, inputs)], input=stdin)


def test_a_qr_text_a_picture_and_a_file_stand(trust: Path, tmp_path: Path) -> None:
    picture, document = written(tmp_path / "qr.png", png(QR)), written(tmp_path / "c.json", DOCUMENT)
    for given in (QR, "#" + QR.partition("#")[2], picture, document):
        result = verify(trust, given)
        assert result.exit_code == 0, result.output
        assert "Genuine, and it stands" in result.output
        assert FACTS.recipient_name in result.output
        assert [f"({n})" in result.output for n in range(1, 7)] == [True] * 6
    for stdin in (QR.encode() + b"\n", DOCUMENT, png(QR)):
        assert verify(trust, "-", stdin=stdin).exit_code == 0


def test_it_speaks_thai(trust: Path) -> None:
    result = verify(trust, "--lang", "th", QR)
    assert "ของจริง และยังมีผลอยู่" in result.output
    assert "22 พฤศจิกายน 2569" in result.output


def test_for_programs_each_answer_is_one_line_of_json(trust: Path, tmp_path: Path) -> None:
    changed = written(tmp_path / "changed.json", DOCUMENT.replace(b'"creditsEarned":12', b'"creditsEarned":20'))
    result = verify(trust, "--json", QR, changed)
    first, second = (json.loads(line) for line in result.output.splitlines())
    assert (first["exit_status"], first["verdict"]["status"]) == (0, "stands")
    assert (second["input"], second["exit_status"], second["verdict"]["outcome"]) == (str(changed), 1, "not_genuine")
    assert result.exit_code == 1


def test_revoked_changed_and_expired_end_with_1(tmp_path: Path, trust: Path) -> None:
    revoked = written(tmp_path / "r.json", to_file(ISSUER.trust(ISSUER.status_list([FACTS.status_index], NOW))))
    assert verify(revoked, QR).exit_code == 1
    assert verify(trust, QR[:-4] + "0000").exit_code == 1
    late = NOW + timedelta(days=6 * 365)
    fresh = written(tmp_path / "f.json", to_file(ISSUER.trust(ISSUER.status_list([], late))))
    expired = verify(fresh, QR, at=late.isoformat())
    assert expired.exit_code == 1
    assert "Genuine, but expired" in expired.output


def test_what_cannot_be_told_ends_with_2_and_never_says_stands(trust: Path, tmp_path: Path) -> None:
    stale = verify(trust, QR, at=(NOW + timedelta(days=2)).isoformat())
    stranger = verify(trust, Issuer("stranger").qr(FACTS))
    address = verify(trust, QR.partition("#")[0])
    for result in (stale, stranger, address):
        assert result.exit_code == 2, result.output
        assert "it stands\n" not in result.output
        assert "Not genuine" not in result.output
    assert "unknown" in stale.output
    # What is surely wrong outweighs what cannot be told.
    assert verify(trust, Issuer("stranger").qr(FACTS), QR[:-4] + "0000").exit_code == 1


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["nosuch.json"], "neither the text of a QR code nor a file"),
        (["--now", "yesterday", QR], "no ISO 8601 time"),
        (["--now", "9999-12-31T23:59:59Z", QR], "no ISO 8601 time"),
        (["--now", "0001-01-01T00:00:00+14:00", QR], "no ISO 8601 time"),
        (["--now", "2026-11-22T03:00:00", QR], "needs its time zone"),
        ([], "Missing argument"),
    ],
)
def test_a_wrong_command_says_what_is_wrong(trust: Path, arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(cli, ["verify", "--trust", str(trust), *arguments])
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())


def test_a_file_that_is_no_trust_file_is_refused(trust: Path, tmp_path: Path) -> None:
    good = trust.read_bytes()
    # A key whose date has no time zone was good nobody knows when.
    zoneless = re.sub(rb'("created_at": "[^"]*)Z"', rb'\1"', good)
    assert zoneless != good
    for content in (_blank(), zoneless):
        result = verify(written(tmp_path / "other", content), QR)
        assert isinstance(result.exception, Invalid)
        assert len(result.exception.faults) == 1


@pytest.mark.parametrize("content", ["blank", b"", b"hello", b"%PDF-1.7\nno more", DOCUMENT[:-9], b"\xff\xd8\xff\xe0"])
def test_what_cannot_be_read_is_not_called_forged_and_costs_no_other_its_answer(
    trust: Path, tmp_path: Path, content: bytes | str
) -> None:
    broken = written(tmp_path / "broken", _blank() if isinstance(content, str) else content)
    alone = verify(trust, broken)
    assert alone.exit_code == 2
    assert "Cannot tell" in alone.output
    assert "no certificate that can be read" in alone.output
    result = verify(trust, "--json", broken, tmp_path / "gone", QR)
    first, second, third = (json.loads(line) for line in result.output.splitlines())
    for one in (first, second):
        assert (one["exit_status"], one["refused"]["code"], "verdict" in one) == (2, "unreadable-evidence", False)
        assert one["refused"]["message"]["th"]
    assert (third["exit_status"], third["verdict"]["status"], result.exit_code) == (0, "stands", 2)
    # One that is surely wrong still decides.
    assert verify(trust, broken, QR[:-4] + "0000").exit_code == 1


def _blank() -> bytes:
    from io import BytesIO

    from PIL import Image

    out = BytesIO()
    Image.new("L", (64, 64), 255).save(out, "PNG")
    return out.getvalue()

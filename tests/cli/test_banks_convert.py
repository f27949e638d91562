"""`exam-service banks convert`: a bank on standard output, and what was left out on standard error."""

from pathlib import Path

from click.testing import CliRunner

from exam_service.adapters.formats.native import read_bank
from exam_service.cli.main import cli


def convert(file: Path, *more: str) -> tuple[int, bytes, str]:
    done = CliRunner().invoke(cli, ["banks", "convert", "--from", "gift", "--code", "fractions", *more, str(file)])
    return done.exit_code, done.stdout_bytes, done.stderr


def test_what_is_carried_is_a_bank_and_the_rest_is_listed(tmp_path: Path) -> None:
    file = tmp_path / "เศษส่วน.gift"
    file.write_text("1/2 > 1/3 {T}\n\nWhy? {}\n\n2/4 \\= {=1/2 ~1/3#no}", encoding="utf-8")
    status, out, err = convert(file)
    assert status == 1
    bank = read_bank(out, "fractions.yaml")
    assert (bank.code, bank.title.th, len(bank.questions)) == ("fractions", "เศษส่วน", 2)
    assert err.splitlines() == [
        f"{file}:3: left out: essays are not asked here yet",
        f"{file}:5: [q003] feedback to single answers is left out",
        f"{file}: 2 questions carried, 1 left out, 1 parts left out",
    ]
    assert "ไม่ได้นำเข้า: ยังไม่รองรับข้อเขียน" in convert(file, "--lang", "th")[2]


def test_everything_or_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.gift"
    file.write_text("a {=b ~c}")
    assert convert(file, "--title", "A")[0] == 0
    for content in (b"Why? {}", "ก {T}".encode("cp874"), b""):
        file.write_bytes(content)
        status, out, err = convert(file)
        assert (status, out) == (2, b"")
        assert str(file) in err


def test_a_code_that_is_none(tmp_path: Path) -> None:
    file = tmp_path / "a.gift"
    file.write_text("a {=b ~c}")
    done = CliRunner().invoke(cli, ["banks", "convert", "--from", "gift", "--code", "A b", str(file)])
    assert done.exit_code == 2
    assert "--code" in done.stderr

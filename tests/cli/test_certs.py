"""`exam-service certs`: whoever makes a design sees it, and is told what does not fit."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from exam_service.adapters.printing.typst import TypstDesigns
from exam_service.adapters.qr.codes import QrCodes
from exam_service.bootstrap import apart
from exam_service.cli import certs
from exam_service.cli.main import cli
from exam_service.resources import certs as shipped


def test_every_design_is_set_with_usual_and_with_the_longest_data(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["certs", "preview", "--out", str(tmp_path / "new")])
    assert done.exit_code == 0, done.output
    assert [line.rsplit(": ", 1)[1] for line in done.output.splitlines()] == ["fits"] * 18
    made = sorted(file.name for file in (tmp_path / "new").iterdir())
    assert made == sorted(
        f"{design}-{data}.{kind}"
        for design in ("attestation", "badge", "certificate")
        for data in ("sample", "longest", "1-signed", "2-signed", "3-signed", "longest-signed")
        for kind in ("pdf", "png")
    )
    with Image.open(tmp_path / "new" / "certificate-sample.png") as picture:
        assert picture.size == (1754, 1240)
    assert (tmp_path / "new" / "certificate-sample.pdf").read_bytes().startswith(b"%PDF-1.7")


def test_a_design_that_there_is_not_is_named_with_those_that_there_are(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["certs", "preview", "diploma", "--out", str(tmp_path / "new")])
    assert done.exit_code == 2
    assert "diploma; there are attestation, badge, certificate" in done.output
    assert not (tmp_path / "new").exists()


def test_what_does_not_fit_is_said_and_ends_with_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "designs"
    (own / "tight").mkdir(parents=True)
    (own / "common.typ").write_bytes((shipped() / "designs" / "common.typ").read_bytes())
    (own / "tight" / "design.typ").write_text(
        '#import "/common.typ": *\n#show: sheet\n'
        '#fitted("course", 80mm, 20mm, k => both(lines.course, size: 14pt * k))\n'
    )
    hands = apart.Sketchbook(TypstDesigns(own, shipped() / "fonts"), QrCodes())
    monkeypatch.setattr(certs, "sketchbook", lambda: hands)
    done = CliRunner().invoke(cli, ["certs", "preview", "--out", str(tmp_path / "new")])
    assert done.exit_code == 1
    told = {line.rsplit("tight-", 1)[1].split(".")[0]: line.rsplit(": ", 1)[1] for line in done.output.splitlines()}
    assert [name for name, said in told.items() if said != "fits"] == ["longest", "longest-signed"]
    assert "DOES NOT FIT: course" in done.output

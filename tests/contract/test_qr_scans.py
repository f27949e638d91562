"""What a camera makes of a printed code, at two and a half pixels a module: both independent readers still read it."""

import io
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter

from exam_service.adapters.qr import render
from exam_service.core.certificates import qr_token
from tests.support.issuing import BASE, Issuer, issuance
from tests.support.paper import run

PIXELS = 2.5
PAPER, INK = 214, 46
ISSUER = Issuer()
USUAL = ISSUER.qr(issuance())
FULLEST = qr_token.url(BASE, issuance().id, bytes(range(256))[: qr_token.budget_for(BASE)])
"""As many bytes as a token may have: no code is denser."""


def photographed(text: str, *, pixels: float = PIXELS) -> Image.Image:
    """The code on a sheet, as grey as a sheet is indoors."""
    drawn = Image.open(io.BytesIO(render.png(text, pixels_per_module=10))).convert("L")
    side = round(drawn.width / 10 * pixels)
    code = drawn.resize((side, side), Image.Resampling.BOX).point(lambda value: INK + value * (PAPER - INK) // 255)
    sheet = Image.new("L", (side + 120, side + 100), PAPER)
    sheet.paste(code, (63, 47))
    return sheet


def clean(picture: Image.Image) -> Image.Image:
    return picture


def blurred(picture: Image.Image) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(0.8))


def tilted(picture: Image.Image) -> Image.Image:
    """Turned by seven degrees, and seen from below: the upper edge is shorter."""
    turned = picture.rotate(7, Image.Resampling.BICUBIC, expand=True, fillcolor=PAPER)
    width, height = turned.size
    lean = width * 0.04
    corners = (-lean, 0, 0, height, width, height, width + lean, 0)
    return turned.transform(turned.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC, fillcolor=PAPER)


def noisy(picture: Image.Image) -> Image.Image:
    """Each pixel off by a bell curve of 18 in 255, as a telephone sees in a dim room."""
    dice = random.Random(11)
    values = (max(0, min(255, round(value + dice.gauss(0, 18)))) for value in picture.tobytes())
    return Image.frombytes("L", picture.size, bytes(values))


def blotted(picture: Image.Image) -> Image.Image:
    """A drop of coffee beside the middle, and one of correction fluid, each a fortieth of the code."""
    found = picture.copy()
    drawing = ImageDraw.Draw(found)
    side = min(picture.size) - 100
    radius = side * 0.09
    for x, y, colour in ((0.62, 0.45, INK), (0.38, 0.7, PAPER)):
        at = (63 + side * x, 47 + side * y)
        drawing.ellipse((at[0] - radius, at[1] - radius, at[0] + radius, at[1] + radius), fill=colour)
    return found


def read_by_both(picture: Image.Image, folder: Path) -> tuple[list[str], list[str]]:
    """What zxing-cpp reads, and what zbar does."""
    kinds = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    by_zxing = [code.text for code in zxingcpp.read_barcodes(picture, formats=kinds)]
    picture.save(folder / "scan.png")
    by_zbar = run("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", str(folder / "scan.png"))
    return by_zxing, by_zbar.decode().split()


@pytest.mark.parametrize("text", [USUAL, FULLEST], ids=["usual", "fullest"])
@pytest.mark.parametrize("spoil", [clean, blurred, tilted, noisy, blotted])
def test_both_readers_read_it(text: str, spoil: Callable[[Image.Image], Image.Image], tmp_path: Path) -> None:
    assert read_by_both(spoil(photographed(text)), tmp_path) == ([text], [text])


def test_what_cannot_be_read_is_not_read_as_something_else(tmp_path: Path) -> None:
    hidden = photographed(USUAL)
    ImageDraw.Draw(hidden).rectangle((63, 47, 63 + (hidden.width - 120) * 0.6, hidden.height), fill=INK)
    kinds = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    assert zxingcpp.read_barcodes(hidden, formats=kinds) == []

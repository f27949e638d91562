"""QR codes: what is drawn is read again, what would not print is refused, and hostile images do no harm."""

import io
import re
import struct
import zlib
from typing import Any

import pytest
import qrcode
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from exam_service.adapters.qr import decode, masks, render
from exam_service.core.errors import UnreadableEvidence
from tests.support.issuing import Issuer, issuance
from tests.support.slow_jpeg import slow_jpeg

TEXT = Issuer().qr(issuance())


def test_the_png_is_read_again() -> None:
    assert decode.texts(render.png(TEXT)) == [TEXT]
    assert decode.texts(render.png(TEXT, pixels_per_module=3)) == [TEXT]


def from_svg(svg: str, pixels: int) -> Image.Image:
    """A second, independent drawing of our one-path SVG."""
    side = int(re.findall(r'viewBox="0 0 (\d+) \d+"', svg)[0])
    image = Image.new("L", (side, side), 255)
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", svg):
        image.paste(0, (int(x), int(y), int(x) + int(length), int(y) + 1))
    return image.resize((side * pixels, side * pixels), Image.Resampling.NEAREST)


def test_the_svg_is_one_black_path_of_the_printed_size_and_is_read_again() -> None:
    svg = render.svg(TEXT).decode()
    assert 'width="30mm"' in svg
    assert svg.count("<path") == 2, "white paper and one path of modules"
    assert decode.texts(as_png(from_svg(svg, 6))) == [TEXT]


def as_png(image: Image.Image, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def test_a_bad_photograph_of_it_is_still_read() -> None:
    code = Image.open(io.BytesIO(render.png(TEXT, pixels_per_module=4))).convert("L")
    paper = Image.new("L", (1200, 900), 200)
    paper.paste(code.point(lambda v: 40 + v * 0.7), (330, 250))
    photo = paper.rotate(7, Image.Resampling.BICUBIC, fillcolor=200).filter(ImageFilter.GaussianBlur(1.0))
    assert decode.texts(as_png(photo, "JPEG")) == [TEXT]


def test_transparent_paper_is_white() -> None:
    code = Image.open(io.BytesIO(render.png(TEXT))).convert("RGBA")
    code.putalpha(Image.open(io.BytesIO(render.png(TEXT))).convert("L").point(lambda v: 255 - v))
    hidden = Image.new("RGBA", code.size, (0, 0, 0, 0))
    hidden.alpha_composite(code)
    assert hidden.convert("L").getextrema() == (0, 0), "only the transparency holds the code"
    assert decode.texts(as_png(hidden)) == [TEXT]


def test_two_codes_are_both_found() -> None:
    other = Issuer().qr(issuance(recipient_name="นายอื่น คนหนึ่ง"))
    page = Image.new("L", (1400, 700), 255)
    for at, text in enumerate((TEXT, other)):
        page.paste(Image.open(io.BytesIO(render.png(text))).convert("L"), (700 * at, 20))
    assert set(decode.texts(as_png(page))) == {TEXT, other}


def test_an_image_without_a_code_gives_nothing() -> None:
    assert decode.texts(as_png(Image.new("L", (300, 300), 255))) == []


def test_the_quiet_zone_is_four_modules() -> None:
    modules = render.matrix(TEXT)
    assert not any(any(row) for row in modules[:4])
    assert not any(any(row[:4]) or any(row[-4:]) for row in modules)
    assert modules[4][4]


@pytest.mark.parametrize("version, size", [(11, 0.4348), (12, 0.4110), (13, 0.3896), (16, 0.3371)])
def test_how_large_a_module_is_at_30_mm(version: int, size: float) -> None:
    assert render.module_mm(version) == pytest.approx(size, abs=0.0001)


def test_what_would_be_too_dense_is_refused() -> None:
    with pytest.raises(render.TooDense, match="larger than 13"):
        render.png("x" * 400)
    with pytest.raises(render.TooDense, match="do not fit"):
        render.png("x" * 5000)
    with pytest.raises(render.TooDense, match="at 20 mm"):
        render.svg(TEXT, printed_mm=20)


@pytest.mark.parametrize("pixels", [0, 41, -1])
def test_pixels_per_module_have_limits(pixels: int) -> None:
    with pytest.raises(ValueError, match="pixels"):
        render.png(TEXT, pixels_per_module=pixels)


def png_that_claims(width: int, height: int) -> bytes:
    """A small PNG whose header claims a huge picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "image, why",
    [
        (b"", "not a readable image"),
        (b"%PDF-1.7", "not a readable image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a readable image"),
        (render.png(TEXT)[:200], "not a readable image"),
        (bytes(decode.MAX_BYTES + 1), "larger than 10 MB"),
        (slow_jpeg(most=decode.MAX_BYTES), "too many layers"),
        (png_that_claims(9_000, 9_000), "40 million"),
        (png_that_claims(60_000, 60_000), "40 million"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "not a readable image"),
    ],
    ids=["empty", "pdf", "svg", "cut", "large", "slow", "bomb", "huge bomb", "postscript"],
)
def test_hostile_images_are_refused_in_both_languages(image: bytes, why: str) -> None:
    with pytest.raises(UnreadableEvidence) as caught:
        decode.texts(image)
    assert why in (caught.value.text.en or "")
    assert "อ่านหลักฐานนี้ไม่ได้" in (caught.value.text.th or "")


@given(st.one_of(st.from_regex(r"HTTPS://X/[0-9]{1,900}", fullmatch=True), st.text(min_size=1, max_size=300)))
@settings(max_examples=60, deadline=None)
def test_the_mask_is_the_one_that_the_library_would_choose(text: str) -> None:
    slow, quick = qrcode.QRCode[Any](version=None), masks.QRCode(version=None)
    for code in (slow, quick):
        code.add_data(text, optimize=20)
        code.make(fit=True)
    assert quick.get_matrix() == slow.get_matrix()

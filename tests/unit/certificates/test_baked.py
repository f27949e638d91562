"""Pictures that carry their credential: what goes in comes out, and the picture stays a picture."""

import io
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from exam_service.core.certificates.baked import NAMESPACE, in_png, in_svg, into_png, into_svg

TEXT = '{"name": "สมหญิง <ใจดี> & co"}'.encode()
SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0"/></svg>'


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (9, 7), (1, 2, 3)).save(out, "PNG")
    return out.getvalue()


def test_a_png_keeps_its_pixels_and_others_read_the_credential() -> None:
    made = into_png(png(), TEXT)
    assert in_png(made) == TEXT
    with Image.open(io.BytesIO(made)) as picture:
        picture.load()
        assert picture.getpixel((0, 0)) == (1, 2, 3)
        assert picture.text["openbadgecredential"] == TEXT.decode()  # type: ignore[attr-defined]


def test_an_svg_is_well_formed_and_others_read_the_credential() -> None:
    made = into_svg(SVG, TEXT)
    assert in_svg(made) == TEXT
    root = ET.fromstring(made)
    assert root[0].tag == f"{{{NAMESPACE}}}credential"
    assert root[0].text == TEXT.decode()


@pytest.mark.parametrize("cut", [0, 8, 20, 33, 40, 60, 80, -20])
def test_a_png_that_was_cut_holds_nothing_or_the_whole(cut: int) -> None:
    assert in_png(into_png(png(), TEXT)[:cut]) in (None, TEXT)


def test_what_was_not_baked_holds_nothing() -> None:
    assert in_png(png()) is None
    assert in_svg(SVG) is None
    with pytest.raises(ValueError, match="no PNG"):
        into_png(b"GIF89a", TEXT)
    with pytest.raises(ValueError, match="no SVG"):
        into_svg(b"<html>", TEXT)


@pytest.mark.parametrize("text", [b"]]>", b"a]]>b]]>", b"]]]]>>", b"<![CDATA[x]]>"])
def test_what_would_end_the_credential_in_an_svg_does_not(text: bytes) -> None:
    made = into_svg(SVG, text)
    assert in_svg(made) == text
    assert ET.fromstring(made)[0].text == text.decode()


def test_half_a_credential_in_an_svg_is_none() -> None:
    made = into_svg(SVG, TEXT)
    assert in_svg(made[: made.index(b"]]>")]) is None
    assert in_svg(made.replace(b"]]>", b"")) is None


@given(st.binary(max_size=400))
def test_whatever_is_given_is_read_or_not(noise: bytes) -> None:
    for content in (noise, png()[:33] + noise, b"<openbadges:credential>" + noise):
        in_png(content)
        in_svg(content)

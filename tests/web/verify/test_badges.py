"""Badges: square pictures that carry their credential, handed out and verified like every other face."""

import io
import re

import httpx
import pytest
from PIL import Image

from exam_service.core.certificates import baked
from exam_service.core.certificates.model import RevocationReason
from exam_service.core.errors import CertificateNotStanding
from exam_service.services import certificate_views, printing
from tests.support.certified import FULL, Holder, text_of


async def badge(held: Holder, kind: str) -> bytes:
    w = held.world
    faces = await certificate_views.faces(w.ctx, w.org, held.id)
    return await printing.badge(w.ctx, faces, kind)  # type: ignore[arg-type]


async def verdict(web: httpx.AsyncClient, content: bytes, kind: str) -> dict[str, object]:
    answer = await web.post("/v1/verify", content=content, headers={"content-type": kind})
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


async def test_a_badge_carries_the_stored_bytes_and_is_a_square_picture(certified: Holder) -> None:
    png, svg = await badge(certified, "png"), await badge(certified, "svg")
    assert baked.in_png(png) == baked.in_svg(svg) == await certified.credential()
    with Image.open(io.BytesIO(png)) as picture:
        picture.load()
        assert picture.size == (600, 600)
        assert picture.getpixel((0, 0))[3] == 0, "nothing is around the seal"  # type: ignore[index]
    assert b"<text" not in svg, "letters are outlines: no font is needed"
    assert FULL.encode() not in re.sub(rb"<!\[CDATA\[.*?\]\]>", b"", svg, flags=re.DOTALL)
    assert await badge(certified, "png") == png


async def test_it_is_verified_and_when_it_was_altered_found(certified: Holder, web: httpx.AsyncClient) -> None:
    forged = (await certified.credential()).replace("สมหญิง".encode(), "สมชาย".encode())
    bakes = {"png": ("image/png", baked.into_png), "svg": ("image/svg+xml", baked.into_svg)}
    for name, (kind, bake) in bakes.items():
        content = await badge(certified, name)
        found = await verdict(web, content, kind)
        assert (found["outcome"], found["status"]) == ("genuine", "stands")
        assert (await verdict(web, bake(content, forged), kind))["outcome"] == "not_genuine"
    files = {"file": ("badge.svg", await badge(certified, "svg"), "image/svg+xml")}
    page = await web.post("/verify", files=files, headers={"accept": "text/html"})
    assert FULL in text_of(page)


async def test_what_does_not_stand_gets_no_badge(certified: Holder) -> None:
    await certified.world.revoke(certified.id, RevocationReason.misconduct, None, "staff")
    with pytest.raises(CertificateNotStanding):
        await badge(certified, "png")


@pytest.mark.parametrize(
    "drawing",
    [
        b"<svg/>",
        b"<svg>" + b"<openbadges:credential " * 80_000,
        b'<!DOCTYPE a [<!ENTITY b "c">]><svg><openbadges:credential>&b;</openbadges:credential></svg>',
    ],
    ids=["empty", "many", "entity"],
)
async def test_a_drawing_without_a_credential_is_refused(web: httpx.AsyncClient, drawing: bytes) -> None:
    answer = await web.post("/v1/verify", content=drawing, headers={"content-type": "image/svg+xml"})
    assert (answer.status_code, answer.json()["code"]) == (422, "unreadable-evidence")

"""Pictures that somebody uploads are read with suspicion, and nothing but what is to be seen is kept."""

import asyncio
import io
import zlib
from datetime import UTC, datetime

import pytest
from PIL import Image, ImageDraw, PngImagePlugin

from exam_service.adapters import aside
from exam_service.adapters.jpeg import asks_for_endless_work
from exam_service.adapters.printing.pictures import LONG_SIDE, Pictures, Told, redrawn
from exam_service.core.errors import Busy, Invalid
from tests.support.slow_jpeg import slow_jpeg

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def drawing(size: tuple[int, int] = (600, 400), mode: str = "RGB", kind: str = "PNG", **how: object) -> bytes:
    """A dark box in the middle of a white page."""
    picture = Image.new("RGB", size, "white")
    ImageDraw.Draw(picture).rectangle((size[0] // 4, size[1] // 4, size[0] * 3 // 4, size[1] * 3 // 4), fill="navy")
    out = io.BytesIO()
    picture.convert(mode).save(out, kind, **how)
    return out.getvalue()


def code_of(content: bytes) -> str:
    with pytest.raises(Invalid) as refused:
        redrawn(content)
    (fault,) = refused.value.faults
    assert fault.message.th
    assert fault.message.en
    return fault.code


@pytest.mark.parametrize("mode, kind", [("RGB", "PNG"), ("L", "PNG"), ("P", "PNG"), ("RGBA", "PNG"), ("RGB", "JPEG")])
def test_margins_are_cut_off_and_the_same_picture_gives_the_same_bytes(mode: str, kind: str) -> None:
    content = drawing(mode=mode, kind=kind)
    made = redrawn(content)
    assert abs(made.width - 301) <= 12
    assert abs(made.height - 201) <= 12
    assert redrawn(content) == made
    with Image.open(io.BytesIO(made.png)) as picture:
        assert (picture.format, picture.size, picture.mode) == ("PNG", (made.width, made.height), "RGB")


def test_nothing_that_came_along_is_kept() -> None:
    note = PngImagePlugin.PngInfo()
    note.add_text("Author", "somebody with a name")
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    exif[0x0112] = 6
    for content in (
        drawing(pnginfo=note) + b"behind the end",
        drawing(kind="JPEG", exif=exif, comment=b"somebody with a name"),
    ):
        made = redrawn(content).png
        assert b"somebody" not in made
        assert b"home" not in made
        assert b"behind" not in made
        with Image.open(io.BytesIO(made)) as picture:
            assert picture.info == {}
            assert not picture.getexif()


def test_what_is_larger_is_made_smaller_and_what_is_seen_through_stays_so() -> None:
    clear = Image.new("RGBA", (3000, 1500), (0, 0, 0, 0))
    ImageDraw.Draw(clear).ellipse((0, 0, 2999, 1499), fill=(120, 0, 0, 140))
    out = io.BytesIO()
    clear.save(out, "PNG")
    made = redrawn(out.getvalue())
    assert (made.width, made.height) == (LONG_SIDE, LONG_SIDE // 2)
    with Image.open(io.BytesIO(made.png)) as picture:
        assert picture.mode == "RGBA"
        assert picture.getpixel((0, 0))[3] == 0  # type: ignore[index]


def bomb() -> bytes:
    """A PNG that says it has 50,000 by 50,000 pixels."""
    content = bytearray(drawing())
    content[16:24] = (50_000).to_bytes(4) * 2
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4)
    return bytes(content)


def animated() -> bytes:
    frames = [Image.new("RGB", (300, 300), colour) for colour in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    return out.getvalue()


@pytest.mark.parametrize(
    "content, code",
    [
        (b"", "not-a-picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "not-a-picture"),
        (b"GIF89a" + bytes(100), "not-a-picture"),
        (b"%PDF-1.7", "not-a-picture"),
        (drawing()[:200], "broken-picture"),
        (drawing(kind="JPEG")[:300], "broken-picture"),
        (bytes(2_000_001), "too-large"),
        (slow_jpeg(), "slow-picture"),
        (bomb(), "too-many-pixels"),
        (drawing((4001, 4001)), "too-many-pixels"),
        (animated(), "animated"),
        (drawing(mode="CMYK", kind="JPEG"), "unsupported-colours"),
        (drawing(mode="I;16"), "unsupported-colours"),
        (drawing((200, 100)), "too-small"),
        (drawing((4000, 60)), "too-long-and-thin"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_reason(content: bytes, code: str) -> None:
    assert code_of(content) == code


def test_an_empty_page_is_none() -> None:
    out = io.BytesIO()
    Image.new("RGB", (500, 500), "white").save(out, "PNG")
    assert code_of(out.getvalue()) == "blank"


async def test_what_a_stranger_gives_is_redrawn_in_another_process_alike() -> None:
    content = drawing()
    assert await Pictures(lambda: NOW).redrawn(content) == redrawn(content)
    for bad, code in ((drawing((200, 100)), "too-small"), (bytes(2_000_001), "too-large")):
        with pytest.raises(Invalid) as refused:
            await Pictures(lambda: NOW).redrawn(bad)
        assert [fault.code for fault in refused.value.faults] == [code]


async def test_one_that_takes_too_long_is_given_up_and_the_next_has_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures, good = Pictures(lambda: NOW), drawing()
    # Few enough scans to be begun, and more work than a twentieth of a second is enough for.
    slow = slow_jpeg((4000, 4000), 19_000)
    with monkeypatch.context() as patience:
        patience.setattr(aside, "PATIENCE_SECONDS", 0.05)
        with pytest.raises(Invalid) as refused:
            await pictures.redrawn(slow)
    assert [fault.code for fault in refused.value.faults] == ["slow-picture"]
    assert await pictures.redrawn(good) == redrawn(good)


async def test_who_has_waited_long_or_finds_many_waiting_is_told_when_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turns = aside.Turns(lambda: NOW)
    monkeypatch.setattr(aside, "WAIT_SECONDS", 0.2)
    monkeypatch.setattr(aside, "WAITING", 3)

    async def one() -> str:
        async with turns.turn():
            return "had its turn"

    async with turns.turn():
        several = await asyncio.gather(*(one() for _ in range(5)), return_exceptions=True)
    assert [type(told) for told in several] == [Busy] * 5
    assert all(told.retry_at == NOW + aside.RETRY for told in several if isinstance(told, Busy))
    assert [await one() for _ in range(5)] == ["had its turn"] * 5


def test_scans_are_counted_up_to_the_end_of_the_picture_and_not_in_what_a_phone_puts_behind_it() -> None:
    film = b"\xff\xda" * 2_000
    assert not asks_for_endless_work(drawing(kind="JPEG") + film)
    assert not asks_for_endless_work(drawing(kind="JPEG", comment=film))
    assert not asks_for_endless_work(drawing(kind="JPEG", progressive=True, quality=95))
    assert asks_for_endless_work(slow_jpeg((400, 400), 8_000))
    assert asks_for_endless_work(b"II*\0" + slow_jpeg((400, 400), 60_000))


async def test_who_uses_up_the_time_of_the_processor_was_too_slow_and_not_broken() -> None:
    with pytest.raises(aside.TooSlow):
        await aside.ask("tests.support.busy_aside", b"", Told)


async def test_a_library_that_dies_takes_nothing_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    # A module that says something else, as one does that a library or a bound has ended.
    monkeypatch.setattr("exam_service.adapters.printing.pictures.__name__", "this", raising=True)
    with pytest.raises(Invalid) as refused:
        await Pictures(lambda: NOW).redrawn(drawing())
    assert [fault.code for fault in refused.value.faults] == ["broken-picture"]

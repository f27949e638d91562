"""Pictures that somebody uploads for certificates: read with suspicion, and drawn anew as PNG with nothing else in it.

What is kept is a list of colours and no more: no time, place or camera, no profile, nothing behind its end. So a page
with it stays PDF/A and the same bytes. Drawings in SVG are refused: they are programs that fetch and run.
"""

import io
import warnings
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from exam_service.adapters import aside
from exam_service.adapters.jpeg import asks_for_endless_work
from exam_service.core.artwork import Redrawn
from exam_service.core.errors import Fault, Invalid
from exam_service.core.text import Text

if TYPE_CHECKING:
    from PIL import Image

MAX_BYTES = 2_000_000
MAX_PIXELS = 16_000_000
LONG_SIDE = 800
"""What is larger is made smaller: at 40 mm on paper that is 500 pixels an inch, finer than printers print."""
LEAST = 160
"""Pixels of the long side below which it would be blurred on paper."""
_LONGEST_SHAPE = 10
_KINDS = ((b"\x89PNG\r\n\x1a\n", "PNG"), (b"\xff\xd8\xff", "JPEG"))
_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA")
_NEARLY_WHITE = 250


class Pictures:
    """The Pictures port."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        # One at a time: the largest takes some tenths of a second and 100 MB.
        self._turns = aside.Turns(clock)

    async def redrawn(self, content: bytes) -> Redrawn:
        _check_size(content)
        try:
            async with self._turns.turn():
                told = await aside.ask(__name__, content, Told)
        except aside.TooSlow as error:
            raise _slow() from error
        except aside.Ended as error:
            raise _broken() from error
        if told.redrawn is None:
            raise Invalid(count=len(told.faults), faults=told.faults)
        return told.redrawn


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the process that redraws says: the picture, or why not."""

    redrawn: Redrawn | None = None
    faults: tuple[Fault, ...] = ()


def redrawn(content: bytes) -> Redrawn:
    """The picture, cut to what is to be seen of it. Raises Invalid with why it cannot be used.

    Bounded in memory and not in time: what a stranger gives is redrawn by `Pictures`.
    """
    _check_size(content)
    kind = next((name for mark, name in _KINDS if content.startswith(mark)), None)
    if kind is None:
        raise _fault(
            "not-a-picture",
            "it is neither PNG nor JPEG; save a drawing (SVG, PDF) as PNG first",
            "ไฟล์นี้ไม่ใช่ PNG หรือ JPEG หากเป็นภาพวาด (SVG, PDF) โปรดบันทึกเป็น PNG ก่อน",
        )
    if asks_for_endless_work(content):
        raise _slow()
    return _drawn(content, kind)


def _check_size(content: bytes) -> None:
    if len(content) > MAX_BYTES:
        raise _fault("too-large", f"it is larger than {MAX_BYTES} bytes", f"ภาพมีขนาดเกิน {MAX_BYTES} ไบต์")


def _drawn(content: bytes, kind: str) -> Redrawn:
    # Loaded by the first picture: an exam needs none of it.
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            opened = Image.open(io.BytesIO(content), formats=[kind])
        with opened:
            # Only the header has been read so far.
            if opened.width * opened.height > MAX_PIXELS:
                most = MAX_PIXELS // 1_000_000
                raise _fault(
                    "too-many-pixels", f"it has more than {most} million pixels", f"ภาพมีมากกว่า {most} ล้านพิกเซล"
                )
            if kind == "PNG" and getattr(opened, "n_frames", 1) > 1:
                raise _fault("animated", "it is animated; give one picture", "ภาพเคลื่อนไหวใช้ไม่ได้ โปรดใช้ภาพเดียว")
            if opened.mode not in _MODES:
                raise _fault(
                    "unsupported-colours",
                    f"its colours are {opened.mode}; save it in RGB with 8 bits (not CMYK, not 16 bits)",
                    f"ภาพใช้ระบบสี {opened.mode} โปรดบันทึกเป็น RGB 8 บิต (ไม่ใช่ CMYK หรือ 16 บิต)",
                )
            # As a camera that was held upright would have taken it.
            upright = ImageOps.exif_transpose(opened).convert("RGBA")
    except Image.DecompressionBombError as error:
        raise _fault("too-many-pixels", "it has far too many pixels", "ภาพมีจำนวนพิกเซลมากเกินไป") from error
    except (OSError, SyntaxError, ValueError, EOFError, TypeError, IndexError, KeyError) as error:
        # Whatever the decoder stumbles over.
        raise _broken() from error
    seen = _cut(upright)
    if max(seen.size) > LONG_SIDE:
        seen.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
    if max(seen.size) < LEAST:
        raise _fault(
            "too-small",
            f"what is to be seen of it is {seen.width} × {seen.height} pixels; on paper its long side needs {LEAST}",
            f"ส่วนที่มองเห็นของภาพมีขนาด {seen.width} × {seen.height} พิกเซล ต้องมีด้านยาวอย่างน้อย {LEAST} พิกเซล",
        )
    if max(seen.size) > _LONGEST_SHAPE * min(seen.size):
        raise _fault(
            "too-long-and-thin", f"it is more than {_LONGEST_SHAPE} times as long as it is wide",
            f"ด้านยาวของภาพเกิน {_LONGEST_SHAPE} เท่าของด้านสั้น",
        )  # fmt: skip
    opaque = seen.getchannel("A").getextrema() == (255, 255)
    plain = seen if not opaque else seen.convert("RGB")
    out = io.BytesIO()
    # A picture of the colours alone, so that nothing which came along is written.
    Image.frombytes(plain.mode, plain.size, plain.tobytes()).save(out, "PNG", optimize=True)
    return Redrawn(png=out.getvalue(), width=plain.width, height=plain.height)


def _cut(picture: "Image.Image") -> "Image.Image":
    """Without the margins, which are transparent or white: so that what is centred on paper is what is seen."""
    from PIL import ImageChops

    dark = ImageChops.invert(picture.convert("L")).point([0 if n < 255 - _NEARLY_WHITE else 255 for n in range(256)])
    seen = ImageChops.multiply(picture.getchannel("A").point([0 if n < 8 else 255 for n in range(256)]), dark)
    box = seen.getbbox()
    if box is None:
        raise _fault("blank", "there is nothing to be seen on it", "ภาพว่างเปล่า มองไม่เห็นสิ่งใด")
    return picture.crop(box)


def _slow() -> Invalid:
    en, th = "it takes too long to read; save it anew, as PNG", "ภาพนี้ใช้เวลาอ่านนานเกินไป โปรดบันทึกใหม่เป็น PNG"
    return _fault("slow-picture", en, th)


def _broken() -> Invalid:
    return _fault("broken-picture", "the picture is damaged or cut off", "ภาพเสียหายหรือไม่ครบ")


def _fault(code: str, en: str, th: str) -> Invalid:
    return Invalid(count=1, faults=[Fault(code=code, path="picture", message=Text(en=en, th=th))])


def _told(content: bytes) -> Told:
    try:
        return Told(redrawn=redrawn(content))
    except Invalid as refused:
        return Told(faults=refused.faults)


if __name__ == "__main__":
    aside.tell(_told(aside.given()))

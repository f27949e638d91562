"""The texts of the QR codes in an image that somebody sent: untrusted, so its size is limited before it is unpacked."""

import io
import warnings

import zxingcpp
from PIL import Image, UnidentifiedImageError

from exam_service.adapters.jpeg import asks_for_endless_work
from exam_service.core.errors import UnreadableEvidence
from exam_service.core.text import Text

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
"""A good phone's photograph; four bytes a pixel when it is unpacked in colours."""
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
_LONG_SIDE = 3000


def texts(image: bytes) -> list[str]:
    """Every QR text in the image, in the order found; an empty list when there is none.

    UnreadableEvidence when it is no image, or larger than 10 MB or 40 million pixels.
    """
    if len(image) > MAX_BYTES:
        raise _refuse(f"larger than {MAX_BYTES // 1024 // 1024} MB", f"ไฟล์ใหญ่เกิน {MAX_BYTES // 1024 // 1024} MB")
    if asks_for_endless_work(image):
        raise _refuse("it has far too many layers; send a plain photograph", "รูปมีจำนวนชั้นข้อมูลมากเกินไป โปรดส่งรูปถ่ายธรรมดา")
    try:
        grey = _grey(image)
    except Image.DecompressionBombError as error:
        raise _too_many_pixels() from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise _refuse("not a readable image", "ไม่ใช่รูปภาพที่อ่านได้") from error
    found = _read(grey)
    if not found and max(grey.size) > _LONG_SIDE:
        # A sharp code in a huge photograph is sometimes found only when the picture is smaller.
        grey.thumbnail((_LONG_SIDE, _LONG_SIDE))
        found = _read(grey)
    return found


def _grey(image: bytes) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            opened = Image.open(io.BytesIO(image), formats=_FORMATS)
        except Image.DecompressionBombWarning as warning:
            raise Image.DecompressionBombError(str(warning)) from warning
    with opened:
        # Only the header has been read so far.
        if opened.width * opened.height > MAX_PIXELS:
            raise _too_many_pixels()
        if opened.mode in ("RGBA", "LA", "PA") or "transparency" in opened.info:
            # What is transparent was meant to lie on white paper.
            colours = opened if opened.mode == "RGBA" else opened.convert("RGBA")
            white = Image.new("L", colours.size, 255)
            white.paste(colours.convert("L"), mask=colours.getchannel("A"))
            return white
        # A JPEG is then unpacked in grey from the start.
        opened.draft("L", opened.size)
        return opened.convert("L")


def _read(grey: Image.Image) -> list[str]:
    found = zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return [code.text for code in found if code.valid and code.text]


def _too_many_pixels() -> UnreadableEvidence:
    return _refuse(
        f"more than {MAX_PIXELS // 1_000_000} million pixels", f"รูปมีมากกว่า {MAX_PIXELS // 1_000_000} ล้านพิกเซล"
    )


def _refuse(en: str, th: str) -> UnreadableEvidence:
    return UnreadableEvidence(why=Text(en=en, th=th))

"""A small JPEG that asks for minutes of work: a progressive one may hold any number of scans over all of its pixels."""

import io

from PIL import Image

_SCAN = b"\xff\xda"


def slow_jpeg(size: tuple[int, int] = (4000, 4000), most: int = 1_900_000) -> bytes:
    """Nearly `most` bytes: the last scan of an empty page, over and over."""
    out = io.BytesIO()
    Image.new("L", size, 255).save(out, "JPEG", progressive=True)
    content = out.getvalue().removesuffix(b"\xff\xd9")
    scan = content[content.rindex(_SCAN) :]
    return content + scan * ((most - len(content)) // len(scan)) + b"\xff\xd9"

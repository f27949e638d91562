"""A progressive JPEG may hold any number of scans, each over all of its pixels: 2 MB of empty ones take a minute."""

_START_OF_SCAN = b"\xff\xda"
_MOST = 500
"""Encoders write some ten. The two bytes come by chance in other parts of a file, 160 times in 10 MB of noise."""


def asks_for_endless_work(content: bytes) -> bool:
    """Whether a picture has more scans than anybody would write; also of one inside of a TIFF."""
    return content.count(_START_OF_SCAN) > _MOST

"""A progressive JPEG may hold any number of scans, each over all of its pixels: 2 MB of empty ones take a minute."""

_MOST = 100
"""Encoders write some ten."""
_MOST_WITHIN = 500
"""Of one inside of another file (a TIFF). The two bytes come by chance as well, 160 times in 10 MB of noise."""
_START = b"\xff\xd8"
_START_OF_SCAN = b"\xff\xda"
_END, _SCAN = 0xD9, 0xDA
_ALONE = (0x00, 0x01, *range(0xD0, 0xD9))
"""What follows them is no segment with a length: a byte of the picture, or a mark by itself."""


def asks_for_endless_work(content: bytes) -> bool:
    """Whether a picture has more scans than anybody would write."""
    if content.startswith(_START):
        return _scans(content) > _MOST
    return content.count(_START_OF_SCAN) > _MOST_WITHIN


def _scans(content: bytes) -> int:
    """How many there are up to the picture's end: phones put films and further pictures behind it."""
    at, found = len(_START), 0
    while (at := content.find(b"\xff", at)) >= 0 and at + 1 < len(content) and content[at + 1] != _END:
        mark = content[at + 1]
        found += mark == _SCAN
        if mark == 0xFF:
            at += 1
        elif mark in _ALONE:
            at += 2
        else:
            at += 2 + int.from_bytes(content[at + 2 : at + 4])
    return found

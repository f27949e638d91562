"""Content codings: what is packed is sent so to whoever takes it, which every browser does."""

import re
from functools import lru_cache
from typing import Any

from litestar import Request

PACKED = {"Content-Encoding": "gzip"}
VARIES = {"Vary": "Accept-Encoding"}
"""Of everything that is sent packed to some, also when it is not."""

LONGEST_REMEMBERED = 500
"""As much of a header is looked at where what it means is remembered. No browser's is half as long."""

_NO = re.compile(r"q=0(\.0{0,3})?")


def takes_gzip(request: Request[Any, Any, Any]) -> bool:
    """Whether whoever asks takes gzip: it is named, or everything is, and not with a weight of nothing (RFC 9110)."""
    return accepts_gzip(",".join(request.headers.getall("accept-encoding", [])))


def accepts_gzip(header: str) -> bool:
    """The same of the header's text."""
    return _takes_gzip(header[:LONGEST_REMEMBERED])


@lru_cache(maxsize=256)
def _takes_gzip(header: str) -> bool:
    asked = {}
    for part in header.lower().split(","):
        coding, _, weight = part.partition(";")
        asked[coding.strip()] = not _NO.fullmatch(weight.strip())
    return asked.get("gzip", asked.get("x-gzip", asked.get("*", False)))

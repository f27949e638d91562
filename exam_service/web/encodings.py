"""Content codings: what is packed is sent so to whoever takes it, which every browser does."""

import re
from typing import Any

from litestar import Request

PACKED = {"Content-Encoding": "gzip"}
VARIES = {"Vary": "Accept-Encoding"}
"""Of everything that is sent packed to some, also when it is not."""

_NO = re.compile(r"q=0(\.0{0,3})?")


def takes_gzip(request: Request[Any, Any, Any]) -> bool:
    """Whether whoever asks takes gzip: it is named, or everything is, and not with a weight of nothing (RFC 9110)."""
    asked = {}
    for part in ",".join(request.headers.getall("accept-encoding", [])).lower().split(","):
        coding, _, weight = part.partition(";")
        asked[coding.strip()] = not _NO.fullmatch(weight.strip())
    return asked.get("gzip", asked.get("x-gzip", asked.get("*", False)))

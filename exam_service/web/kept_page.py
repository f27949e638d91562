"""Pages as browsers keep them for use without network: files under an address that names their content."""

import base64
import gzip
import hashlib
import json
import posixpath
import re
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request, Response

from exam_service.core.errors import NotFound
from exam_service.web.encodings import PACKED, VARIES, takes_gzip

_WEB = Path(__file__).resolve().parent
_STATIC = _WEB / "static"
_WORKER = _WEB / "worker.js"
ASK_ANEW = {"Cache-Control": "no-cache"}
"""Of a worker's program: its text names the version that it keeps."""
PAGE = "page.html"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


class KeptFile(msgspec.Struct, frozen=True):
    """A file with its media type."""

    content: bytes
    media_type: str

    def gzip(self) -> bytes:
        """The content as small as gzip makes it: a browser fetches it once, over whatever line it has."""
        return _gzip(self.content)


class Place(msgspec.Struct, frozen=True):
    """Which page is kept, and where."""

    name: str
    """Of its caches, which no other page may touch."""
    path: str
    """Below which its files are, each version in a folder of its own; it ends in a slash."""
    pages: str
    """What the paths of the addresses look like that this page can answer: a regular expression of JavaScript."""


class KeptPage(msgspec.Struct, frozen=True):
    """One version of a page: the same files always give the same version, other files another one."""

    place: Place
    version: str
    files: dict[str, KeptFile]
    """By name below /static, and PAGE, which is the page for nobody in particular."""
    needed: tuple[str, ...]
    """What the page needs."""
    worker: bytes
    """The service worker that keeps it."""

    def addressed(self, html: str) -> str:
        """A page that asks for the files of this version: no browser mixes two versions, or shows an old one."""
        return html.replace('"/static/', f'"{self.place.path}{self.version}/')


def kept_page(place: Place, blank: str) -> KeptPage:
    """The version made of the static files and of `blank`, the page as it is written for nobody."""
    files = {
        path.relative_to(_STATIC).as_posix(): KeptFile(path.read_bytes(), _TYPES[path.suffix])
        for path in sorted(_STATIC.rglob("*"))
        if path.suffix in _TYPES
    }
    constants = {"NAME": place.name, "PLACE": place.path, "PAGES": place.pages}
    program = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in constants.items()).encode()
    program += _WORKER.read_bytes()
    digest = hashlib.sha256(blank.encode() + program)
    for name, file in files.items():
        digest.update(f"\n{name}\n".encode() + file.content)
    version = digest.hexdigest()[:16]
    needed = {name for name in re.findall(r'"/static/([^"]+)"', blank) if name in files}
    for name in [name for name in needed if name.endswith(".css")]:
        imported = re.findall(r'@import (?:url\()?"([^"]+)"', files[name].content.decode())
        needed |= {posixpath.normpath(posixpath.join(posixpath.dirname(name), one)) for one in imported}
    html = blank.replace('"/static/', f'"{place.path}{version}/')
    files[PAGE] = KeptFile(html.encode(), "text/html")
    checked = {name: _integrity(files[name].content) for name in (PAGE, *sorted(needed))}
    head = f"const VERSION = {json.dumps(version)};\nconst FILES = {json.dumps(checked)};\n"
    return KeptPage(place, version, files, tuple(sorted(needed)), head.encode() + program)


def sent(request: Request[Any, Any, Any], page: KeptPage, version: str, file: str) -> Response[bytes]:
    """A file of the page under the version that was named; as it never changes, it may be cached for ever.

    Raises NotFound.
    """
    found = page.files.get(file.lstrip("/"))
    if found is None:
        raise NotFound(what="file", id=file)
    # While a new version is being rolled out, a process may be asked for the version of another one.
    cached = "public, max-age=31536000, immutable" if version == page.version else "no-store"
    headers = VARIES | {"Cache-Control": cached}
    if takes_gzip(request):
        return Response(found.gzip(), media_type=found.media_type, headers=headers | PACKED)
    return Response(found.content, media_type=found.media_type, headers=headers)


@cache
def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)


def _integrity(content: bytes) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content).digest()).decode()}"

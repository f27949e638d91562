"""The attempt's page as browsers keep it for use without network: files under an address that names their content."""

import base64
import gzip
import hashlib
import json
import posixpath
import re
from functools import cache
from pathlib import Path

import msgspec

_WEB = Path(__file__).resolve().parent.parent
_STATIC = _WEB / "static"
_WORKER = Path(__file__).resolve().parent / "worker.js"
PLACE = "/exam/kept/"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


class KeptFile(msgspec.Struct, frozen=True):
    """A file with its media type."""

    content: bytes
    media_type: str

    def gzip(self) -> bytes:
        """The content as small as gzip makes it: a browser fetches it once, over whatever line it has."""
        return _gzip(self.content)


class KeptPage(msgspec.Struct, frozen=True):
    """One version of the candidate's pages: the same files always give the same version, other files another one."""

    version: str
    files: dict[str, KeptFile]
    """By name below /static, and `page`, which is the attempt's page for no attempt in particular."""
    needed: tuple[str, ...]
    """What the attempt's page needs."""
    worker: bytes
    """The service worker that keeps it."""

    def addressed(self, html: str) -> str:
        """A page that asks for the files of this version: no browser mixes two versions, or shows an old one."""
        return html.replace('"/static/', f'"{PLACE}{self.version}/')


def kept_page(blank: str) -> KeptPage:
    """The version made of the static files and of `blank`, the attempt's page as it is written for nobody."""
    files = {
        path.relative_to(_STATIC).as_posix(): KeptFile(path.read_bytes(), _TYPES[path.suffix])
        for path in sorted(_STATIC.rglob("*"))
        if path.suffix in _TYPES
    }
    program = _WORKER.read_bytes()
    digest = hashlib.sha256(blank.encode() + program)
    for name, file in files.items():
        digest.update(f"\n{name}\n".encode() + file.content)
    version = digest.hexdigest()[:16]
    needed = {name for name in re.findall(r'"/static/([^"]+)"', blank) if name in files}
    for name in [name for name in needed if name.endswith(".css")]:
        imported = re.findall(r'@import (?:url\()?"([^"]+)"', files[name].content.decode())
        needed |= {posixpath.normpath(posixpath.join(posixpath.dirname(name), one)) for one in imported}
    html = blank.replace('"/static/', f'"{PLACE}{version}/')
    files["page"] = KeptFile(html.encode(), "text/html")
    checked = {name: _integrity(files[name].content) for name in ("page", *sorted(needed))}
    head = f"const VERSION = {json.dumps(version)};\nconst FILES = {json.dumps(checked)};\n"
    return KeptPage(version, files, tuple(sorted(needed)), head.encode() + program)


@cache
def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)


def _integrity(content: bytes) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content).digest()).decode()}"

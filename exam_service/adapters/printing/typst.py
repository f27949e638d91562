"""Designs in Typst (certs/designs), set as PDF/A-3b or PNG.

A design gets its lines as JSON, so nothing that anybody wrote is ever markup. Only the fonts beside the designs are
used, so that the same certificate is the same bytes on every machine. The library is loaded by the first page: an exam
needs none of it.
"""

import asyncio
import hashlib
import re
import shutil
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from exam_service.core.certificates.record import KeptDesign
from exam_service.core.errors import LettersMissing

if TYPE_CHECKING:
    from typst import Compiler

T = TypeVar("T")
_MAIN = "design.typ"
_KEPT = ("*.typ", "*.svg")
"""What a design is made of: text, so that it can be kept with what was issued in it."""
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".pdf")
"""What Typst could show, and is not kept with the certificates."""
_NO_LETTER = re.compile(r'the text `"(.+?)"` could not be displayed')


class DesignNotKept(ValueError):
    """A design with files that would not be kept with what is issued in it."""

    def __init__(self, name: str, files: Sequence[str]) -> None:
        super().__init__(
            f"the design `{name}` has pictures that cannot be kept with certificates ({', '.join(files)}): "
            "draw them in SVG"
        )


class TypstDesigns:
    """The designs in a folder, each a folder of its own with a `design.typ`."""

    def __init__(self, designs: Path, fonts: Path) -> None:
        self._designs = designs
        self._fonts = fonts
        # One at a time: a page takes a few hundredths of a second, and exams go on beside it.
        self._hand = ThreadPoolExecutor(max_workers=1, thread_name_prefix="printing")
        self._compilers: dict[str, Compiler] = {}
        """By the digest of a design."""
        self._named: dict[str, KeptDesign] = {}
        self._unpacked: dict[str, Path] = {}
        """Folders of designs that are not as they were."""

    def names(self) -> list[str]:
        return sorted(file.parent.name for file in self._designs.glob(f"*/{_MAIN}"))

    def named(self, name: str) -> KeptDesign:
        found = self._named.get(name)
        if found is None:
            # Its own files, and those that all designs share.
            inside = [file for file in (self._designs / name).rglob("*") if file.is_file()]
            own = [file for file in inside if any(file.match(kind) for kind in _KEPT)]
            if lost := sorted(file.name for file in inside if file.suffix.lower() in _PICTURES):
                # Printed again in ten years, the certificate would lack it, or show another.
                raise DesignNotKept(name, lost)
            paths = sorted([*self._designs.glob("*.typ"), *own])
            files = {path.relative_to(self._designs).as_posix(): path.read_text() for path in paths}
            digest = hashlib.sha256(msgspec.json.encode([name, sorted(files.items())])).hexdigest()
            found = self._named[name] = KeptDesign(digest=digest, name=name, files=files)
        return found

    async def pdf(self, design: KeptDesign, sheet: bytes, at: int) -> bytes:
        how = {"format": "pdf", "pdf_standards": ["a-3b"], "timestamp": at}
        return await self._by_hand(lambda: self._page(design, sheet, **how))

    async def png(self, design: KeptDesign, sheet: bytes, dpi: float) -> bytes:
        # A picture would show boxes for letters that no font has; PDF/A says so, and most of that work is remembered.
        await self.pdf(design, sheet, 0)
        return await self._by_hand(lambda: self._page(design, sheet, format="png", ppi=dpi))

    async def svg(self, design: KeptDesign, sheet: bytes) -> bytes:
        await self.pdf(design, sheet, 0)
        return await self._by_hand(lambda: self._page(design, sheet, format="svg"))

    async def too_long(self, design: KeptDesign, sheet: bytes) -> list[str]:
        # What is asked of a document takes no inputs but those of its compiler.
        found = await self._by_hand(
            lambda: self._compiler(design, certificate=sheet.decode()).query("<too-long>", field="value")
        )
        return sorted(set(msgspec.json.decode(found, type=list[str])))

    async def _by_hand(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._hand, work)

    def _page(self, design: KeptDesign, sheet: bytes, **how: Any) -> bytes:
        compiler = self._compilers.get(design.digest)
        if compiler is None:
            compiler = self._compilers[design.digest] = self._compiler(design)
        try:
            made = compiler.compile(sys_inputs={"certificate": sheet.decode()}, **how)
        except RuntimeError as error:
            if found := _NO_LETTER.search(str(error)):
                raise LettersMissing(letter=found[1]) from error
            raise
        pages = made if isinstance(made, list) else [made]
        if len(pages) != 1 or pages[0] is None:
            raise ValueError(f"design `{design.name}` makes {len(pages)} pages instead of one")
        return pages[0]

    def _compiler(self, design: KeptDesign, **inputs: str) -> "Compiler":
        import typst

        folder = self._folder_of(design)

        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(self._fonts)])
        return typst.Compiler(folder / design.name / _MAIN, folder, fonts, sys_inputs=inputs)

    def _folder_of(self, design: KeptDesign) -> Path:
        """Where its files lie: among ours, or unpacked when ours are others by now."""
        if design.name in self.names() and design.digest == self.named(design.name).digest:
            return self._designs
        if design.digest not in self._unpacked:
            folder = Path(mkdtemp(prefix="exam-design-")).resolve()
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            for name, text in design.files.items():
                path = (folder / name).resolve()
                if not path.is_relative_to(folder):
                    raise ValueError(f"a file of design `{design.name}` lies outside of it: `{name}`")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            self._unpacked[design.digest] = folder
        return self._unpacked[design.digest]

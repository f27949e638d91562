"""Designs in Typst (certs/designs), set as PDF/A-3b or PNG.

A design gets its lines as JSON, so nothing that anybody wrote is ever markup. Only the fonts beside the designs are
used, so that the same certificate is the same bytes on every machine. The library is loaded by the first page: an exam
needs none of it.
"""

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from exam_service.core.errors import LettersMissing

if TYPE_CHECKING:
    from typst import Compiler

T = TypeVar("T")
_MAIN = "design.typ"
_NO_LETTER = re.compile(r'the text `"(.+?)"` could not be displayed')


class TypstDesigns:
    """The designs in a folder, each a folder of its own with a `design.typ`."""

    def __init__(self, designs: Path, fonts: Path) -> None:
        self._designs = designs
        self._fonts = fonts
        # One at a time: a page takes a few hundredths of a second, and exams go on beside it.
        self._hand = ThreadPoolExecutor(max_workers=1, thread_name_prefix="printing")
        self._compilers: dict[str, Compiler] = {}

    def names(self) -> list[str]:
        return sorted(file.parent.name for file in self._designs.glob(f"*/{_MAIN}"))

    async def pdf(self, design: str, sheet: bytes, at: int) -> bytes:
        how = {"format": "pdf", "pdf_standards": ["a-3b"], "timestamp": at}
        return await self._by_hand(lambda: self._page(design, sheet, **how))

    async def png(self, design: str, sheet: bytes, dpi: float) -> bytes:
        # A picture would show boxes for letters that no font has; PDF/A says so, and most of that work is remembered.
        await self.pdf(design, sheet, 0)
        return await self._by_hand(lambda: self._page(design, sheet, format="png", ppi=dpi))

    async def svg(self, design: str, sheet: bytes) -> bytes:
        await self.pdf(design, sheet, 0)
        return await self._by_hand(lambda: self._page(design, sheet, format="svg"))

    async def too_long(self, design: str, sheet: bytes) -> list[str]:
        # What is asked of a document takes no inputs but those of its compiler.
        found = await self._by_hand(
            lambda: self._compiler(design, certificate=sheet.decode()).query("<too-long>", field="value")
        )
        return sorted(set(msgspec.json.decode(found, type=list[str])))

    async def _by_hand(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._hand, work)

    def _page(self, design: str, sheet: bytes, **how: Any) -> bytes:
        if design not in self._compilers:
            self._compilers[design] = self._compiler(design)
        try:
            made = self._compilers[design].compile(sys_inputs={"certificate": sheet.decode()}, **how)
        except RuntimeError as error:
            if found := _NO_LETTER.search(str(error)):
                raise LettersMissing(letter=found[1]) from error
            raise
        pages = made if isinstance(made, list) else [made]
        if len(pages) != 1 or pages[0] is None:
            raise ValueError(f"design `{design}` makes {len(pages)} pages instead of one")
        return pages[0]

    def _compiler(self, design: str, **inputs: str) -> "Compiler":
        import typst

        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(self._fonts)])
        return typst.Compiler(self._designs / design / _MAIN, self._designs, fonts, sys_inputs=inputs)

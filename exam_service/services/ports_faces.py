"""Ports of what certificates look like outside: codes, paper, and what people bring to be verified."""

from datetime import datetime
from typing import Protocol

from exam_service.core.artwork import Redrawn
from exam_service.core.certificates.faces import Evidence
from exam_service.core.certificates.record import KeptDesign


class Evidences(Protocol):
    """What somebody brings to be verified: a picture, a PDF, a credential, a text."""

    async def read(self, content: bytes) -> Evidence:
        """Every face that is in it; others are served meanwhile. Raises UnreadableEvidence."""


class QrCodes(Protocol):
    """Pictures of QR codes."""

    def png(self, text: str) -> bytes: ...
    def svg(self, text: str) -> bytes:
        """One path, sized for print. Raises ValueError when it would be too dense to be scanned."""


class Pictures(Protocol):
    """Pictures that organisations upload for their certificates."""

    async def redrawn(self, content: bytes) -> Redrawn:
        """The picture as it will be kept; others are served meanwhile. Raises Invalid with why it cannot be used."""


class PaperSigner(Protocol):
    """A signature in a PDF that PDF readers show."""

    async def signed(self, pdf: bytes, at: datetime) -> bytes:
        """The PDF signed as of that moment, the same bytes each time; others are served meanwhile."""


class Designs(Protocol):
    """Certificates on paper. A sheet is JSON (`printing.Sheet`)."""

    def names(self) -> list[str]: ...
    def named(self, name: str) -> KeptDesign:
        """The design of that name as it is now."""

    async def pdf(self, design: KeptDesign, sheet: bytes, at: int) -> bytes:
        """PDF/A-3b with the credential attached, as of that second since 1970: the same bytes each time."""

    async def png(self, design: KeptDesign, sheet: bytes, dpi: float) -> bytes: ...
    async def svg(self, design: KeptDesign, sheet: bytes) -> bytes:
        """With letters as outlines, so that it needs no font."""

    async def too_long(self, design: KeptDesign, sheet: bytes) -> list[str]:
        """The lines that do not fit, however small they are set."""

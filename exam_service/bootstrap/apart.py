"""What works without a database: setting pages of nobody, verifying, reading bank files."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from exam_service import resources
from exam_service.adapters.crypto import ed25519
from exam_service.adapters.evidence.files import EvidenceFiles
from exam_service.adapters.formats import aiken_bank, gift_bank, moodle_bank, native
from exam_service.adapters.printing.pictures import redrawn
from exam_service.adapters.printing.typst import TypstDesigns
from exam_service.adapters.qr.codes import QrCodes
from exam_service.core.artwork import Redrawn
from exam_service.core.banks.converted import Converted
from exam_service.core.banks.model import Bank
from exam_service.core.certificates.faces import Evidence

if TYPE_CHECKING:
    from exam_service.adapters.crypto.data_integrity import DataIntegrity


@dataclass(frozen=True, slots=True)
class Sketchbook:
    """What it takes to set a page that is of nobody."""

    designs: TypstDesigns
    qr: QrCodes


def sketchbook() -> Sketchbook:
    """Designs and QR codes, without a database."""
    return Sketchbook(certificate_designs(), QrCodes())


def sample_pictures() -> dict[tuple[str, str], Redrawn]:
    """The pictures of nobody that designs are shown with, by kind and name."""
    files = sorted((resources.certs() / "samples").glob("*.png"))
    return {(file.stem.partition("-")[0], file.stem): redrawn(file.read_bytes()) for file in files}


def certificate_designs() -> TypstDesigns:
    """The designs that come with the service."""
    return TypstDesigns(resources.certs() / "designs", resources.certs() / "fonts")


@cache
def _data_integrity() -> "DataIntegrity":
    from exam_service.adapters.crypto.data_integrity import DataIntegrity

    return DataIntegrity(resources.certs() / "contexts")


def canonical(document: dict[str, Any], proof_config: dict[str, Any]) -> bytes:
    """The Canonical port. The first certificate of a process waits for the JSON-LD library, a fraction of a second."""
    return _data_integrity().hash_data(document, proof_config)


def now() -> datetime:
    return datetime.now(UTC)


Verifier = tuple[
    Callable[[bytes, bytes, bytes], bool],
    Callable[[dict[str, Any], dict[str, Any]], bytes],
    Callable[[bytes], Evidence],
]


def offline_verifier() -> Verifier:
    """(check a signature, canonical form, read a file): what verifying without this service's database needs."""
    return ed25519.verify, canonical, lambda content: asyncio.run(EvidenceFiles(now).read(content))


FOREIGN: dict[str, Callable[[bytes, str, str], Converted]] = {
    "aiken": aiken_bank.convert,
    "gift": gift_bank.convert,
    "moodle-xml": moodle_bank.convert,
}
"""By format, what makes a bank of (content, code, title). Each raises Invalid for what is no such file at all."""


def bank_as(bank: Bank, form: Literal["yaml", "json"]) -> bytes:
    """The bank as a file of our format."""
    return native.write_bank(bank, form)


def check_bank_file(content: bytes, filename: str) -> Any:
    """A bank file, checked without a database. Raises Invalid with every fault."""
    return native.read_bank(content, filename)

"""Poppler's and zbar's programs, which read a certificate's PDF as others do."""

import re
import shutil
import subprocess
from pathlib import Path

import zxingcpp
from PIL import Image

from tests.support.optional import optional


class Paper:
    """A PDF as other programs see it."""

    def __init__(self, content: bytes, folder: Path) -> None:
        self.file = folder / "certificate.pdf"
        self.file.write_bytes(content)
        self._folder = folder

    def info(self) -> dict[str, str]:
        """What `pdfinfo` says."""
        lines = run("pdfinfo", "-isodates", str(self.file)).decode().splitlines()
        return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def text(self) -> str:
        """The text in the order of reading, on one line."""
        return " ".join(run("pdftotext", str(self.file), "-").decode().split())

    def part_of_pdf_a(self) -> str:
        """Part and conformance of PDF/A (ISO 19005), as its metadata says: `3B`."""
        said = run("pdfinfo", "-meta", str(self.file)).decode()
        return "".join(re.findall(r"<pdfaid:(?:part|conformance)>(\w)<", said))

    def fonts(self) -> list[list[str]]:
        """The rows of `pdffonts`."""
        return [line.split() for line in run("pdffonts", str(self.file)).decode().splitlines()[2:]]

    def attachments(self) -> dict[str, bytes]:
        """The attached files."""
        place = self._folder / "attached"
        place.mkdir(exist_ok=True)
        run("pdfdetach", "-saveall", "-o", str(place), str(self.file))
        return {file.name: file.read_bytes() for file in place.iterdir()}

    def picture(self, dpi: int) -> Image.Image:
        """The first page."""
        stem = self._folder / f"page-{dpi}"
        run("pdftoppm", "-r", str(dpi), "-png", "-singlefile", str(self.file), str(stem))
        return Image.open(stem.with_suffix(".png")).convert("RGB")

    def codes(self, dpi: int) -> tuple[list[str], list[str]]:
        """What zxing-cpp and zbar read from the page."""
        picture = self.picture(dpi)
        kinds = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
        by_zxing = [code.text for code in zxingcpp.read_barcodes(picture, formats=kinds)]
        page = str(self._folder / f"page-{dpi}.png")
        by_zbar = run("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", page)
        return by_zxing, by_zbar.decode().split()


def run(program: str, *arguments: str) -> bytes:
    """The program's output; where it is not installed the test is skipped, or fails in CI."""
    path = shutil.which(program)
    if path is None:
        optional(f"{program} is not installed")
    return subprocess.run([path, *arguments], check=True, capture_output=True, timeout=60).stdout

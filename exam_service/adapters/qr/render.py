"""A text as a QR code that prints well: level M, at most version 13, four modules of quiet zone, modules large enough.

ISO/IEC 18004. Measured on paper-like images: below 0.36 mm a module, common phones begin to fail.
"""

import io
from collections.abc import Sequence

import qrcode
from PIL import Image
from qrcode.exceptions import DataOverflowError

from exam_service.adapters.qr.masks import QRCode

MAX_VERSION = 13
QUIET = 4
PRINTED_MM = 30.0
LEAST_MODULE_MM = 0.36


class TooDense(ValueError):
    """A QR code that a phone could not read from paper."""


Matrix = Sequence[Sequence[bool]]


def matrix(text: str) -> Matrix:
    """The modules, dark ones true, with the quiet zone around them. TooDense for more than version 13 holds."""
    code = QRCode(version=None, error_correction=qrcode.constants.ERROR_CORRECT_M, border=QUIET)
    # Twenty digits in a row are worth a numeric segment of their own: that is where the token sits.
    code.add_data(text, optimize=20)
    try:
        code.make(fit=True)
    except (DataOverflowError, ValueError) as error:
        raise TooDense(f"{len(text)} characters do not fit into a QR code") from error
    if code.version > MAX_VERSION:
        raise TooDense(f"QR version {code.version} is larger than {MAX_VERSION}")
    modules: Matrix = code.get_matrix()
    return modules


def version_of(modules: Matrix) -> int:
    """Which QR version has so many modules."""
    return (len(modules) - 2 * QUIET - 17) // 4


def module_mm(version: int, printed_mm: float = PRINTED_MM) -> float:
    """How large one module becomes when the code with its quiet zone is printed that wide."""
    return printed_mm / (17 + 4 * version + 2 * QUIET)


def require_printable(text: str, printed_mm: float = PRINTED_MM) -> Matrix:
    """The modules, when the code can be printed at that width; TooDense when a module would be under 0.36 mm."""
    modules = matrix(text)
    size = module_mm(version_of(modules), printed_mm)
    if size < LEAST_MODULE_MM:
        raise TooDense(f"a module would be {size:.3f} mm wide at {printed_mm:g} mm, less than {LEAST_MODULE_MM} mm")
    return modules


def png(text: str, *, pixels_per_module: int = 8) -> bytes:
    """A black and white PNG, so many pixels a module."""
    if not 1 <= pixels_per_module <= 40:
        raise ValueError("between 1 and 40 pixels a module")
    modules = require_printable(text)
    side = len(modules)
    image = Image.new("1", (side, side), 1)
    image.putdata([0 if dark else 1 for row in modules for dark in row])
    image = image.resize((side * pixels_per_module,) * 2, Image.Resampling.NEAREST)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def svg(text: str, *, printed_mm: float = PRINTED_MM) -> bytes:
    """An SVG of that printed width. All modules are one path: separate squares leave hairlines between them."""
    modules = require_printable(text, printed_mm)
    side = len(modules)
    path = "".join(_run(x, y, length) for y, row in enumerate(modules) for x, length in _runs(row))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{printed_mm:g}mm" height="{printed_mm:g}mm" '
        f'viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path fill="#000" d="{path}"/></svg>\n'
    ).encode()


def _runs(row: Sequence[bool]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for x, dark in enumerate(row):
        if dark and found and sum(found[-1]) == x:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        elif dark:
            found.append((x, 1))
    return found


def _run(x: int, y: int, length: int) -> str:
    return f"M{x} {y}h{length}v1h-{length}z"

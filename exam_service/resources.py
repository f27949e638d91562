"""Where the sample banks and the certificate designs are: beside the package in a checkout, inside it in a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def question_banks() -> Path:
    """Return the folder of the sample question banks."""
    return _find("question_banks")


def certs() -> Path:
    """Return the folder of certificate designs, fonts, JSON-LD contexts and public keys."""
    return _find("certs")


def _find(name: str) -> Path:
    for place in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"{name} is neither in {_PACKAGE / '_data'} nor in {_PACKAGE.parent}")

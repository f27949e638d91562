"""A certificate's number as words that can be read aloud: proquints (arXiv:0901.4016).

Sixteen bits are a word of five letters, consonants and vowels in turn, so ten bytes are five words. Each letter differs
from its neighbours to the ear; there is no case, no digit and nothing that looks like something else.
"""

import re

from exam_service.core.certificates.model import id_bytes, new_id

_CONSONANTS, _VOWELS = "bdfghjklmnprstvz", "aiou"
_WORDS = re.compile(rf"(?:[{_CONSONANTS}][{_VOWELS}][{_CONSONANTS}][{_VOWELS}][{_CONSONANTS}]){{5}}")


def spoken(certificate_id: str) -> str:
    """The number in five words: `lusab babad gutih tugad bobok`."""
    raw = id_bytes(certificate_id)
    return " ".join(_word(int.from_bytes(raw[at : at + 2])) for at in range(0, len(raw), 2))


def from_spoken(text: str) -> str | None:
    """The number that these words say, however they are parted; None for any other text."""
    letters = re.sub(r"[\s-]+", "", text).lower()
    # Before anything is made small: the sign of the kelvin becomes a k.
    if not re.sub(r"\s", "", text).isascii() or not _WORDS.fullmatch(letters):
        return None
    bits = 0
    for letter in letters:
        bits = bits << 4 | _CONSONANTS.index(letter) if letter in _CONSONANTS else bits << 2 | _VOWELS.index(letter)
    return new_id(bits.to_bytes(10))


def _word(bits: int) -> str:
    return "".join(
        (
            _CONSONANTS[bits >> 12],
            _VOWELS[bits >> 10 & 3],
            _CONSONANTS[bits >> 6 & 15],
            _VOWELS[bits >> 4 & 3],
            _CONSONANTS[bits & 15],
        )
    )

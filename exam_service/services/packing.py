"""Papers as they are stored and sent: gzip, about a third of their JSON.

A morning of exams writes one for everybody, and it is the largest thing that a start writes. Whoever fetches one gets
it as it is stored, which on a bad telephone line is most of what makes it quick.
"""

try:
    from isal.isal_zlib import compress, decompress
except ImportError:  # There is none for this machine: the same to whoever reads it, only later.
    from zlib import compress, decompress

_GZIP = 31
"""zlib's window for a gzip wrapper; the header carries no time, so the same paper gives the same bytes."""
_MAGIC = b"\x1f\x8b"
_LEVEL = 1
"""The lightest that finds what items have in common: 0.2 ms a paper of 40 items, where zlib's takes 0.9."""


def pack(content: bytes) -> bytes:
    """The content as gzip."""
    packed: bytes = compress(content, _LEVEL, _GZIP)
    return packed


def packed(stored: bytes) -> bool:
    """Whether it is gzip: papers from before they were packed are JSON."""
    return stored.startswith(_MAGIC)


def unpack(stored: bytes) -> bytes:
    """What was packed; what never was, as it is."""
    content: bytes = decompress(stored, _GZIP) if packed(stored) else stored
    return content

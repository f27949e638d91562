"""The issuance log's texts: entries, checkpoints and proofs, in the formats of https://c2sp.org.

signed-note, tlog-checkpoint, tlog-cosignature (Ed25519, for the time) and tlog-proof. An entry is

  SHA-256(salt || what the credential's proof signs || its signature)      32, 64 and 64 bytes

so the log tells nobody anything about a certificate, and whoever holds one shows with its salt that it is there.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from exam_service.core.certificates import credential as credentials
from exam_service.core.certificates import quads
from exam_service.core.certificates.did import from_base58
from exam_service.core.certificates.keys import KeyRecord, fault_at
from exam_service.core.certificates.merkle import HASH_BYTES, root_from
from exam_service.core.certificates.words import Unreadable

SALT_BYTES = 32
HEIGHT = 8
"""Levels of a tile (c2sp.org/tlog-tiles): it is 256 hashes wide."""
WIDTH = 1 << HEIGHT

PROOF = b"c2sp.org/tlog-proof@v1"
"""How a proof begins."""
_ED25519, _COSIGNATURE = b"\x01", b"\x04"
_LONGEST = 20_000

Sign = Callable[[bytes], bytes]
Check = Callable[[bytes, bytes, bytes], bool]


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """What a log says of itself at one size."""

    origin: str
    size: int
    root: bytes

    @property
    def body(self) -> bytes:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n".encode()


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """That an entry is in the log: with its salt, and the checkpoint of a tree that has it."""

    index: int
    salt: bytes
    path: bytes
    note: bytes
    """The checkpoint with its signatures, as it was signed."""


class Logged(NamedTuple):
    """A proof that holds: as of when the log has had this entry."""

    number: int
    at: datetime


class _Line(NamedTuple):
    name: str
    key_id: bytes
    signature: bytes


def origin_of(did: str) -> str:
    """The log of the organisation of that DID: its address without the scheme, `HOST/orgs/SLUG/log`."""
    return did.removeprefix("did:web:").replace(":", "/").replace("%3A", ":") + "/log"


def tile_path(number: int) -> str:
    """Where the tile of that number is, as in `x001/x234/067`."""
    digits = f"{number:03}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])


def entry(salt: bytes, message: bytes, signature: bytes) -> bytes:
    """The entry of a credential. `message` are the 64 bytes that its proof signs: how its JSON is written is no matter.

    ValueError for another length: the parts must not be movable.
    """
    if (len(salt), len(message), len(signature)) != (SALT_BYTES, 64, 64):
        raise ValueError("an entry is made of 32, 64 and 64 bytes")
    return hashlib.sha256(salt + message + signature).digest()


def parts_of(credential: bytes) -> tuple[bytes, bytes]:
    """What the proof of a signed credential signs, and its signature; Unreadable when it is none of ours."""
    raw, found = credentials.read(credential)
    value = found.proof[0].proof_value if found.proof else ""
    document = {name: part for name, part in raw.items() if name != "proof"}
    return quads.to_be_signed(document, credentials.proof_config(found)), from_base58(value[1:])


# Checkpoints


def to_be_signed(checkpoint: Checkpoint, at: datetime) -> tuple[bytes, bytes]:
    """What the log signs: the checkpoint, and with the time, as a witness's cosignature has it.

    Both by one key. A cosigned text begins with a line that no origin is, so one signature never passes for the other.
    """
    return checkpoint.body, _timed(checkpoint.body, int(at.timestamp()))


def sign(checkpoint: Checkpoint, at: datetime, public: bytes, signed: Sign) -> bytes:
    """The checkpoint as it is published, by whoever signs at once."""
    return note(checkpoint, at, public, [signed(message) for message in to_be_signed(checkpoint, at)])


def note(checkpoint: Checkpoint, at: datetime, public: bytes, signatures: Sequence[bytes]) -> bytes:
    """The checkpoint as it is published, with both signatures."""
    body, seconds = checkpoint.body, int(at.timestamp())
    plain, timed = signatures
    lines = [
        _line(checkpoint.origin, _key_id(checkpoint.origin, _ED25519, public), plain),
        _line(
            _clock(checkpoint.origin),
            _key_id(_clock(checkpoint.origin), _COSIGNATURE, public),
            seconds.to_bytes(8, "big") + timed,
        ),
    ]
    return body + b"\n" + "".join(lines).encode()


def verifier_keys(did: str, public: bytes) -> tuple[str, str]:
    """The log's key and that of its clock, as `vkey`s (c2sp.org/signed-note), for tools that follow logs."""
    origin = origin_of(did)
    named = ((origin, _ED25519), (_clock(origin), _COSIGNATURE))
    log, clock = (f"{name}+{_key_id(name, kind, public).hex()}+{_base64(kind + public)}" for name, kind in named)
    return log, clock


def read_checkpoint(note: bytes) -> Checkpoint:
    """What a checkpoint says, whoever signed it; Unreadable for anything else."""
    return _split(note)[0]


def signed_at(note: bytes, did: str, keys: Iterable[KeyRecord], check: Check) -> datetime | None:
    """When the log of that DID signed the checkpoint; None when no key that is known and was good then did.

    Unreadable when it is no checkpoint, or one of another log, or a signature of a known key is wrong.
    """
    checkpoint, lines = _split(note)
    origin = origin_of(did)
    if checkpoint.origin != origin:
        raise Unreadable("log-proof-wrong", "the checkpoint is another log's")
    for key in keys:
        if key.purpose != "log" or key.did != did:
            continue
        timed = _signature(lines, _clock(origin), _key_id(_clock(origin), _COSIGNATURE, key.public), 72)
        plain = _signature(lines, origin, _key_id(origin, _ED25519, key.public), 64)
        if timed is None or plain is None:
            continue
        seconds = int.from_bytes(timed[:8], "big")
        if not check(key.public, checkpoint.body, plain) or not check(
            key.public, _timed(checkpoint.body, seconds), timed[8:]
        ):
            raise Unreadable("log-proof-wrong", "a signature of the checkpoint is wrong")
        try:
            at = datetime.fromtimestamp(seconds, UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise Unreadable("log-proof-wrong", "no time") from error
        return None if fault_at(key, at) else at
    return None


# Proofs


def write_proof(proof: Proof) -> bytes:
    """The proof as a text; its `extra` line is the salt."""
    hashes = [_base64(proof.path[at : at + HASH_BYTES]) for at in range(0, len(proof.path), HASH_BYTES)]
    head = [PROOF.decode(), f"extra {_base64(proof.salt)}", f"index {proof.index}", *hashes, "", ""]
    return "\n".join(head).encode() + proof.note


def read_proof(text: bytes) -> Proof:
    """A proof as `write_proof` wrote it; Unreadable for anything else."""
    head, blank, note = text[:_LONGEST].partition(b"\n\n")
    try:
        first, extra, index, *hashes = head.decode("ascii").split("\n")
        salt = _bytes(extra.removeprefix("extra "))
        number = int(index.removeprefix("index "))
        path = b"".join(_bytes(one) for one in hashes)
    except (ValueError, UnicodeDecodeError) as error:
        raise Unreadable("log-proof-wrong", str(error)) from error
    proof = Proof(index=number, salt=salt, path=path, note=note)
    # One proof, one form: what would be written otherwise is not read.
    if not blank or first != PROOF.decode() or len(text) > _LONGEST or write_proof(proof) != text:
        raise Unreadable("log-proof-wrong", "not in this form")
    return proof


def logged(
    proof: Proof, did: str, message: bytes, signature: bytes, keys: Iterable[KeyRecord], check: Check
) -> Logged | None:
    """What the proof says of a credential, by its issuer's keys; None when its checkpoint is of none of them.

    Unreadable when it is not a proof of this credential.
    """
    try:
        data = entry(proof.salt, message, signature)
    except ValueError as error:
        raise Unreadable("log-proof-wrong", str(error)) from error
    checkpoint = read_checkpoint(proof.note)
    if root_from(data, proof.index, checkpoint.size, proof.path) != checkpoint.root:
        raise Unreadable("log-proof-wrong", "the proof does not lead to the checkpoint")
    at = signed_at(proof.note, did, keys, check)
    return None if at is None else Logged(proof.index, at)


# Signed notes


def _split(note: bytes) -> tuple[Checkpoint, list[_Line]]:
    body, blank, signatures = note.partition(b"\n\n")
    try:
        origin, size, root = body.decode().split("\n")
        checkpoint = Checkpoint(origin=origin, size=int(size), root=_bytes(root))
        lines = list(_lines(signatures.decode()))
    except ValueError as error:
        raise Unreadable("log-proof-wrong", "no checkpoint") from error
    if not blank or checkpoint.size < 0 or len(checkpoint.root) != HASH_BYTES or checkpoint.body != body + b"\n":
        raise Unreadable("log-proof-wrong", "no checkpoint")
    return checkpoint, lines


def _lines(text: str) -> Iterator[_Line]:
    if not text.endswith("\n"):
        raise ValueError("no end of the last line")
    for line in text[:-1].split("\n"):
        dash, name, encoded = line.split(" ")
        signature = _bytes(encoded)
        if dash != "—" or len(signature) < 5:
            raise ValueError("no signature line")
        yield _Line(name, signature[:4], signature[4:])


def _line(name: str, key_id: bytes, signature: bytes) -> str:
    return f"— {name} {_base64(key_id + signature)}\n"


def _signature(lines: Iterable[_Line], name: str, key_id: bytes, length: int) -> bytes | None:
    fitting = (one.signature for one in lines if (one.name, one.key_id, len(one.signature)) == (name, key_id, length))
    return next(fitting, None)


def _key_id(name: str, kind: bytes, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + kind + public).digest()[:4]


def _clock(origin: str) -> str:
    return f"{origin}/clock"


def _timed(body: bytes, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n".encode() + body


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error

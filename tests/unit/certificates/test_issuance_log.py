"""The texts of the issuance log: signed notes, checkpoints and proofs."""

import base64
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from exam_service.adapters.crypto import ed25519
from exam_service.core.certificates import issuance_log as log
from exam_service.core.certificates.growing import Growth, inclusion
from exam_service.core.certificates.keys import KeyRecord, KeyState
from exam_service.core.certificates.merkle import leaf_hash
from exam_service.core.certificates.words import Unreadable
from tests.support.issuing import DID, NOW, Issuer, issuance

LOG, CERTIFICATES = Issuer("the log", purpose="log"), Issuer()
SALT = bytes(range(32))
CREDENTIAL = CERTIFICATES.credential(issuance())
PARTS = log.parts_of(CREDENTIAL)
ORIGIN = "exam.example.go.th/orgs/otepc/log"
AT = NOW + timedelta(seconds=7)


def proof_of(entries: int = 5, index: int = 3, at: datetime = AT) -> log.Proof:
    """The credential as one of so many entries."""
    leaves = [leaf_hash(bytes([n])) for n in range(entries)]
    leaves[index] = leaf_hash(log.entry(SALT, *PARTS))
    grown = Growth(0, b"", leaves)
    said = log.Checkpoint(origin=ORIGIN, size=entries, root=grown.root)
    note = log.sign(said, at, LOG.key.public, LOG.sign)
    return log.Proof(index=index, salt=SALT, path=inclusion(index, entries, grown.node), note=note)


def judged(proof: log.Proof, *keys: KeyRecord) -> log.Logged | None:
    return log.logged(proof, DID, *PARTS, keys or [CERTIFICATES.key, LOG.key], ed25519.verify)


def test_the_log_of_an_organisation_has_the_name_of_its_address() -> None:
    assert log.origin_of(DID) == ORIGIN
    assert log.origin_of("did:web:localhost%3A8080:orgs:a") == "localhost:8080/orgs/a/log"


def test_tiles_lie_where_the_specification_puts_them() -> None:
    # c2sp.org/tlog-tiles: "index 1234067 will be encoded as x001/x234/067".
    assert [log.tile_path(n) for n in (0, 67, 1000, 1234067)] == ["000", "067", "x001/000", "x001/x234/067"]


def test_a_note_that_others_signed_is_read_as_they_do() -> None:
    # The example of golang.org/x/mod/sumdb/note: its key, and a note that was signed by it.
    name, key_id, encoded = ["PeterNeumann", "c74f20a3", "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"]
    kind, public = base64.b64decode(encoded)[:1], base64.b64decode(encoded)[1:]
    assert log._key_id(name, kind, public).hex() == key_id
    text = (
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
        "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FF"
        "YC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    body, _, signatures = text.partition("\n\n")
    (line,) = log._lines(signatures)
    assert (line.name, line.key_id.hex()) == (name, key_id)
    assert ed25519.verify(public, body.encode() + b"\n", line.signature)


def test_a_checkpoint_says_what_it_is_of_and_since_when() -> None:
    note = proof_of().note
    assert note.startswith(f"{ORIGIN}\n5\n".encode())
    assert log.read_checkpoint(note).size == 5
    assert log.signed_at(note, DID, [LOG.key], ed25519.verify) == AT
    assert [one.partition("+")[0] for one in log.verifier_keys(DID, LOG.key.public)] == [ORIGIN, f"{ORIGIN}/clock"]
    # The time is signed: of another second the signature is wrong.
    body, _, signatures = note.partition(b"\n\n")
    first, clock = signatures.decode().splitlines()
    raw = bytearray(base64.b64decode(clock.rpartition(" ")[2]))
    raw[11] ^= 1
    earlier = f"{clock.rpartition(' ')[0]} {base64.b64encode(raw).decode()}"
    with pytest.raises(Unreadable):
        log.signed_at(body + f"\n\n{first}\n{earlier}\n".encode(), DID, [LOG.key], ed25519.verify)


def test_a_proof_is_read_as_it_was_written_and_holds() -> None:
    proof = proof_of()
    text = log.write_proof(proof)
    assert text.startswith(log.PROOF + b"\nextra ")
    assert log.read_proof(text) == proof
    assert judged(proof) == log.Logged(3, AT)
    assert judged(proof_of(1, 0)) == log.Logged(0, AT)


@pytest.mark.parametrize(
    "changed",
    [
        {"index": 2},
        {"index": 5},
        {"salt": bytes(32)},
        {"salt": b"short"},
        {"path": b""},
        {"path": bytes(96)},
        {"note": b"no note"},
    ],
    ids=str,
)
def test_a_proof_of_something_else_is_none(changed: dict[str, object]) -> None:
    with pytest.raises(Unreadable) as refused:
        judged(msgspec.structs.replace(proof_of(), **changed))
    assert refused.value.code == "log-proof-wrong"


def test_whose_signature_is_on_the_checkpoint_matters() -> None:
    proof = proof_of()
    assert judged(proof, CERTIFICATES.key) is None, "no key of a log is known"
    as_certificates = msgspec.structs.replace(LOG.key, purpose="certificates")
    assert judged(proof, as_certificates) is None, "it is not a log's"
    assert judged(proof, msgspec.structs.replace(LOG.key, did=f"{DID}2")) is None, "it is another organisation's"
    retired = msgspec.structs.replace(LOG.key, state=KeyState.retired, retired_at=AT - timedelta(days=1))
    assert judged(proof, retired) is None, "it signed nothing more then"
    stolen = msgspec.structs.replace(LOG.key, state=KeyState.compromised, compromised_at=AT + timedelta(days=1))
    assert judged(proof, stolen) is None, "who has it could have written any time"
    with pytest.raises(Unreadable, match="another log"):
        log.signed_at(proof.note, f"{DID}2", [LOG.key], ed25519.verify)
    with pytest.raises(Unreadable, match="signature"):
        log.signed_at(proof.note.replace(b"\n5\n", b"\n6\n"), DID, [LOG.key], ed25519.verify)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"c2sp.org/tlog-proof@v1",
        b"c2sp.org/tlog-proof@v2\nextra AA==\nindex 0\n\nx",
        log.write_proof(proof_of()).replace(b"index 3", b"index 03"),
        log.write_proof(proof_of()).replace(b"index 3", b"index +3"),
        log.write_proof(proof_of()).replace(b"extra ", b"extra  "),
        log.write_proof(proof_of()) + b"x" * 30_000,
        b"\xff" * 100,
    ],
)
def test_what_is_written_otherwise_is_not_read(text: bytes) -> None:
    with pytest.raises(Unreadable):
        log.read_proof(text)


@pytest.mark.parametrize(
    "note",
    [
        b"a\n1\n\n",
        b"a\n1\n" + base64.b64encode(bytes(32)) + b"\nmore\n\n\xe2\x80\x94 a AAAAAAA=\n",
        b"a\n-1\n" + base64.b64encode(bytes(32)) + b"\n\n\xe2\x80\x94 a AAAAAAA=\n",
        b"a\n1\n" + base64.b64encode(bytes(31)) + b"\n\n\xe2\x80\x94 a AAAAAAA=\n",
        b"a\n1\n" + base64.b64encode(bytes(32)) + b"\n\n- a AAAAAAA=\n",
        b"a\n1\n" + base64.b64encode(bytes(32)) + b"\n\n\xe2\x80\x94 a AAAAAAA=",
    ],
)
def test_what_is_no_checkpoint_is_said_to_be_none(note: bytes) -> None:
    with pytest.raises(Unreadable):
        log.read_checkpoint(note)


def test_an_entry_does_not_depend_on_how_the_credential_is_written() -> None:
    spaced = msgspec.json.format(CREDENTIAL, indent=4)
    assert spaced != CREDENTIAL
    assert log.parts_of(spaced) == PARTS
    assert log.parts_of(CERTIFICATES.credential(issuance(hours=13))) != PARTS
    with pytest.raises(ValueError, match="32, 64 and 64"):
        log.entry(b"", *PARTS)


def test_times_are_in_utc() -> None:
    found = judged(proof_of())
    assert found is not None
    assert found.at.tzinfo is UTC

"""What earlier releases issued verifies today: after key rotation, from the trust file alone."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from exam_service.adapters.crypto import ed25519
from exam_service.core.certificates import qr_token, receipt, trust
from exam_service.core.certificates.digits import from_digits
from exam_service.core.certificates.model import stamp
from exam_service.core.certificates.qr_token import is_shortened
from exam_service.core.certificates.verify import verify_credential
from tests.support.issuing import DI, verdict_on

HERE = Path(__file__).parent
CREDENTIALS = sorted(HERE.glob("*/*.json"))
CERTIFICATES = [path for path in CREDENTIALS if path.name != "trust.json"]
LISTED_AT = {"2026-11": datetime(2027, 1, 1, 3, 0, 0, tzinfo=UTC)}


def evidence(path: Path) -> tuple[bytes, str]:
    return path.read_bytes(), path.with_suffix("").with_suffix(".qr.txt").read_text()


def trust_of(path: Path) -> trust.Trust:
    return trust.from_file((path.parent / "trust.json").read_bytes())


def test_there_is_something_to_verify() -> None:
    assert len(CERTIFICATES) >= 6
    assert list(HERE.glob("logged/*/*.tlog-proof"))


@pytest.mark.parametrize("path", CERTIFICATES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_golden_certificate_verifies(path: Path) -> None:
    while_fresh = LISTED_AT[path.parent.name] + timedelta(hours=1)
    wanted = "revoked" if path.stem == "revoked" else "stands"
    for face in evidence(path):
        verdict = verdict_on(face, trust_of(path), while_fresh)
        assert (verdict.outcome, verdict.status) == ("genuine", wanted)


@pytest.mark.parametrize("path", CERTIFICATES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_golden_certificate_is_still_genuine_in_a_hundred_years(path: Path) -> None:
    for face in evidence(path):
        verdict = verdict_on(face, trust_of(path), datetime(2126, 11, 22, tzinfo=UTC))
        assert verdict.outcome == "genuine"
        assert verdict.status in ("expired", "unknown", "revoked"), "nothing fresh says that it stands"


@pytest.mark.parametrize("path", CERTIFICATES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_both_faces_of_a_golden_certificate_say_the_same(path: Path) -> None:
    credential, qr = (verdict_on(face, trust_of(path)).facts for face in evidence(path))
    assert credential is not None
    assert qr is not None
    for name in ("id", "did", "issued_at", "valid_until", "status_list", "status_index", "kid"):
        assert getattr(credential, name) == getattr(qr, name)
    for name in ("recipient_name", "course_title", "course_code"):
        assert is_shortened(getattr(qr, name), getattr(credential, name))


@pytest.mark.parametrize("path", sorted(HERE.glob("logged/*/*.tlog-proof")), ids=lambda path: path.parent.name)
def test_a_golden_proof_outlives_the_theft_of_the_key(path: Path) -> None:
    document, trusted, now = path.with_suffix(".json").read_bytes(), trust_of(path), datetime(2126, 11, 22, tzinfo=UTC)
    verdict = verify_credential(document, trusted, now, ed25519.verify, DI.hash_data, log_proof=path.read_bytes())
    codes = {step.name: step.code for step in verdict.steps}
    assert (verdict.outcome, codes["key_good"], codes["log"]) == ("genuine", "key-logged", "logged")
    without = verify_credential(document, trusted, now, ed25519.verify, DI.hash_data)
    assert without.outcome == "unknown"


@pytest.mark.parametrize("path", sorted(HERE.glob("*/receipt.jws")), ids=lambda path: path.parent.name)
def test_a_golden_receipt_verifies(path: Path) -> None:
    facts, signed = receipt.parse(path.read_text())
    assert facts.seconds_left == 61.5
    keys = [key for _, key in trust_of(path).keys_named(signed.kid)]
    assert [ed25519.verify(key.public, signed.signed, signed.signature) for key in keys] == [True]


def test_the_worked_example_of_the_reference_is_right(repository: Path) -> None:
    text = (repository / "docs" / "reference" / "qr-token.md").read_text()
    blocks = [block.strip() for block in re.findall(r"```\n(.*?)```", text, re.DOTALL)]
    qr, dump = blocks[1], blocks[2]
    assert qr == (HERE / "2026-11" / "typical.qr.txt").read_text().strip()
    # In the dump, the bytes stand to the left and what they mean follows after two spaces or more.
    columns = (re.match(r"[0-9a-f ]*?(?=\s{3}|$)", line.strip()) for line in dump.splitlines())
    raw = bytes.fromhex("".join(found[0] for found in columns if found))
    assert raw == from_digits(qr.partition("#1")[2])
    (public,) = re.findall(r"public key `([0-9a-f]{64})`", text)
    token = qr_token.read(raw)
    assert ed25519.verify(bytes.fromhex(public), token.signed, token.signature)
    for fact in (token.name, token.title, token.course_code, token.id, stamp(token.issued_at)):
        assert fact in dump


def test_the_reference_names_every_way_a_qr_can_be_unreadable(repository: Path) -> None:
    text = (repository / "docs" / "reference" / "qr-token.md").read_text()
    source = (repository / "exam_service" / "core" / "certificates" / "qr_token.py").read_text()
    assert {code for code in re.findall(r'Unreadable\("([a-z-]+)"', source) if f"`{code}`" not in text} == set()

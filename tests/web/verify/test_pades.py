"""PDFs with a signature that PDF readers show, by poppler's `pdfsig` and by pyHanko."""

import datetime as dt
import io
import logging
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from exam_service.adapters.printing.pades import PadesUnusable, load
from exam_service.services import certificate_views, printing
from tests.support.certified import Holder, client, course, holder
from tests.support.optional import optional
from tests.support.service import TestClock, service, world

NOW = dt.datetime(2026, 11, 22, 3, tzinfo=dt.UTC)
Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass
class Authority:
    """A root of the test's own, and what it certifies."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def certify(self, key: Key, *, days: int = 3650, since: dt.datetime | None = None) -> x509.Certificate:
        return _certificate("Test Institute", key, self.key, "Test Root", days=days, since=since)


def _certificate(
    name: str, key: Key, by: ec.EllipticCurvePrivateKey, issuer: str, *, days: int, since: dt.datetime | None = None
) -> x509.Certificate:
    root = name == issuer
    usage = x509.KeyUsage(
        digital_signature=not root, content_commitment=not root, key_cert_sign=root, crl_sign=root,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since or NOW - dt.timedelta(days=30))
        .not_valid_after(NOW + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=root, path_length=None), critical=True)
        .add_extension(usage, critical=True)
    )
    return builder.sign(by, hashes.SHA256())


def new_authority() -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    return Authority(key, _certificate("Test Root", key, key, "Test Root", days=7000))


@pytest.fixture(scope="module")
def authority() -> Authority:
    return new_authority()


def pem(key: Key, *chain: x509.Certificate, passphrase: bytes | None = None) -> bytes:
    sealed: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        sealed = serialization.BestAvailableEncryption(passphrase)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealed)
    return private + b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain)


@dataclass
class Signed:
    held: Holder
    authority: Authority

    async def pdf(self) -> bytes:
        w = self.held.world
        return await printing.pdf(w.ctx, await certificate_views.faces(w.ctx, w.org, self.held.id))


@pytest.fixture
async def signed(sqlite_url: str, tmp_path: Path, authority: Authority) -> AsyncIterator[Signed]:
    """A service whose operator has given a key for PDFs."""
    key = ec.generate_private_key(ec.SECP256R1())
    file = tmp_path / "pdf-signing.pem"
    file.write_bytes(pem(key, authority.certify(key), authority.certificate))
    clock = TestClock()
    async with service(sqlite_url, tmp_path, clock, EXAM_PADES_FILE=str(file)) as ctx:
        yield Signed(await holder(await world(ctx, clock, course=course())), authority)


async def judged(pdf: bytes, authority: Authority) -> tuple[bool, bool, bool]:
    """What pyHanko says: whether it is intact, trusted, and of the whole file."""
    root = asn1.Certificate.load(authority.certificate.public_bytes(serialization.Encoding.DER))
    context = ValidationContext(trust_roots=[root], moment=NOW, allow_fetching=False)
    (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    status = await async_validate_pdf_signature(signature, context)
    return status.intact and status.valid, status.trusted, signature.evaluate_signature_coverage().name == "ENTIRE_FILE"


def told_by_pdfsig(pdf: bytes, folder: Path) -> str:
    program = shutil.which("pdfsig")
    if program is None:
        optional("there is no `pdfsig` (Debian: apt install poppler-utils)")
    (folder / "c.pdf").write_bytes(pdf)
    return subprocess.run([program, "c.pdf"], cwd=folder, capture_output=True, text=True, check=False).stdout


async def test_pyhanko_and_pdfsig_accept_it_and_it_covers_the_whole_file(signed: Signed, tmp_path: Path) -> None:
    pdf = await signed.pdf()
    assert await judged(pdf, signed.authority) == (True, True, True)
    told = told_by_pdfsig(pdf, tmp_path)
    for words in ("Signature is Valid", "Total document signed", "ETSI.CAdES.detached", "Test Institute"):
        assert words in told


async def test_it_is_the_same_bytes_each_time_and_still_carries_its_credential(signed: Signed) -> None:
    pdf = await signed.pdf()
    signed.held.world.clock.pass_(days=3)
    assert await signed.pdf() == pdf
    made, _, added = pdf.partition(b"%%EOF")
    assert b"pdfaid" in made
    assert b"ModDate" not in added, "by a clock, which is another one each time"
    assert b"xmpmeta" not in added
    w = signed.held.world
    evidence = await w.ctx.evidences.read(pdf)
    assert evidence.credentials == (await signed.held.credential(),)
    async with client(w) as web:
        verdict = (await web.post("/v1/verify", content=pdf, headers={"content-type": "application/pdf"})).json()
    assert (verdict["outcome"], verdict["status"]) == ("genuine", "stands")


async def test_a_key_of_later_signs_as_of_when_its_certificate_began(signed: Signed, tmp_path: Path) -> None:
    """A signature that says it is older than its certificate is none for readers that believe what it says."""
    pdf, key, later = await signed.pdf(), ec.generate_private_key(ec.SECP256R1()), NOW + dt.timedelta(days=300)
    file = tmp_path / "later.pem"
    file.write_bytes(pem(key, signed.authority.certify(key, since=later)))
    pades, issued = load(file, None, later), NOW - dt.timedelta(days=1)
    page = pdf[: pdf.index(b"%%EOF") + len(b"%%EOF\n")]
    made = await pades.signed(page, issued)
    assert made == await pades.signed(page, issued)
    (signature,) = PdfFileReader(io.BytesIO(made)).embedded_signatures
    assert signature.self_reported_timestamp == later
    after = await pades.signed(page, later + dt.timedelta(days=9))
    (signature,) = PdfFileReader(io.BytesIO(after)).embedded_signatures
    assert signature.self_reported_timestamp == later + dt.timedelta(days=9)


async def test_a_changed_byte_is_refused_by_both(signed: Signed, tmp_path: Path) -> None:
    pdf = await signed.pdf()
    for at in range(pdf.index(b"stream") + 40, len(pdf) // 2, len(pdf) // 9):
        changed = pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]
        assert not (await judged(changed, signed.authority))[0]
        assert "Signature is Valid" not in told_by_pdfsig(changed, tmp_path)


async def test_a_stranger_is_not_trusted(signed: Signed) -> None:
    assert await judged(await signed.pdf(), new_authority()) == (True, False, True)


def test_keys_come_in_pem_and_pkcs12_with_and_without_a_passphrase(tmp_path: Path, authority: Authority) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    own = authority.certify(key)
    sealed = serialization.BestAvailableEncryption(b"secret")
    files = {
        "plain.pem": (pem(key, own, authority.certificate), False),
        "root-first.pem": (pem(key, authority.certificate, own), False),
        "sealed.pem": (pem(key, own, passphrase=b"secret"), True),
        "bundle.p12": (pkcs12.serialize_key_and_certificates(b"x", key, own, [authority.certificate], sealed), True),
    }
    (tmp_path / "passphrase").write_text("secret\n")
    for name, (content, needs) in files.items():
        (tmp_path / name).write_bytes(content)
        found = load(tmp_path / name, tmp_path / "passphrase" if needs else None, NOW)
        assert found.certificate == own, name


def test_what_cannot_sign_is_said_before_the_service_starts(tmp_path: Path, authority: Authority) -> None:
    key, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
    strange = ed25519.Ed25519PrivateKey.generate()
    files = {
        "gone": None,
        "empty": b"",
        "text": b"no key at all",
        "no certificate": pem(key),
        "another's certificate": pem(key, authority.certificate),
        "another curve": pem(other, authority.certify(other)),
        "Ed25519": pem(strange, authority.certify(strange)),
        "sealed": pem(key, authority.certify(key), passphrase=b"secret"),
    }
    for name, content in files.items():
        file = tmp_path / name
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(PadesUnusable) as refused:
            load(file, None, NOW)
        assert "EXAM_PADES_FILE" in refused.value.text.within("en"), name
        assert refused.value.text.th
    with pytest.raises(PadesUnusable, match="cannot be read"):
        load(tmp_path / "sealed", tmp_path / "nowhere", NOW)


def test_one_that_has_expired_is_logged_and_does_not_hold_up_an_exam(
    tmp_path: Path, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "old.pem").write_bytes(pem(key, authority.certify(key, days=-1)))
    with caplog.at_level(logging.ERROR):
        load(tmp_path / "old.pem", None, NOW)
    assert "is good from" in caplog.text

"""PAdES (ETSI EN 319 142-1, level B-B): the signature that PDF readers show, by the operator's own key and certificate.

The same certificate is the same bytes: the time is that of its issue (or the first moment of the operator's
certificate, when that is later: it cannot have signed before), ECDSA draws no random number (RFC 6979), and the
document's second id is made of its content. Without a timestamp, readers believe it as long as the certificate is good.
"""

import asyncio
import hashlib
import io
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12

from exam_service.core.errors import Refusal
from exam_service.core.text import Text

if TYPE_CHECKING:
    from pyhanko.sign.signers import PdfSigner

log = logging.getLogger(__name__)

FIELD = "Signature"
_PEM = b"-----BEGIN "


class PadesUnusable(Refusal):
    code = "pades-unusable"
    sentence = Text(
        en="EXAM_PADES_FILE cannot be used to sign PDFs: {why}", th="ใช้ EXAM_PADES_FILE ลงนามไฟล์ PDF ไม่ได้: {why}"
    )


class Pades:
    """Signs PDFs with the key in a PEM or PKCS#12 file."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, chain: Sequence[x509.Certificate]) -> None:
        """`chain` begins with the key's own certificate."""
        self._key, self._chain = key, chain
        self._hand = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pades")

    @property
    def certificate(self) -> x509.Certificate:
        """That of the key."""
        return self._chain[0]

    async def signed(self, pdf: bytes, at: datetime) -> bytes:
        """The PDF with an invisible signature as of that moment: the same bytes each time."""
        return await asyncio.get_running_loop().run_in_executor(self._hand, self._signed, pdf, at)

    def _signed(self, pdf: bytes, at: datetime) -> bytes:
        # Loaded by the first PDF: an exam needs none of it.
        from pyhanko.pdf_utils import generic
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

        class Untouched(IncrementalPdfFileWriter):
            """Adds the signature; when the document was made, and by what, it goes on saying as it did."""

            def _update_meta(self) -> None:
                pass

        writer = Untouched(io.BytesIO(pdf))
        first, _ = writer.document_id
        second = hashlib.sha256(pdf).digest()[:16]
        # The library would draw it: see the top.
        ids: Any = [generic.ByteStringObject(one) for one in (first, second)]
        writer._document_id = generic.ArrayObject(ids)
        out = io.BytesIO()
        at = max(at, self.certificate.not_valid_before_utc)
        asyncio.run(_pdf_signer(self._key, self._chain, at).async_sign_pdf(writer, output=out))
        return out.getvalue()


def _pdf_signer(key: ec.EllipticCurvePrivateKey, chain: Sequence[x509.Certificate], at: datetime) -> "PdfSigner":
    from asn1crypto import algos
    from asn1crypto import x509 as asn1
    from pyhanko.sign import signers
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    class Deterministic(signers.Signer):
        """Without random numbers; readers find the same ECDSA signature as any other."""

        async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
            return key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))

    class AsOf(signers.PdfSigner):
        def init_signing_session(self, *given: Any, **more: Any) -> Any:
            session = super().init_signing_session(*given, **more)
            session.system_time = at
            return session

    own, *others = [asn1.Certificate.load(one.public_bytes(serialization.Encoding.DER)) for one in chain]
    return AsOf(
        signers.PdfSignatureMetadata(field_name=FIELD, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES),
        signer=Deterministic(
            signing_cert=own,
            cert_registry=SimpleCertificateStore.from_certs(others),  # type: ignore[no-untyped-call]
            signature_mechanism=algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
        ),
    )


def load(file: Path, passphrase_file: Path | None, now: datetime) -> Pades:
    """The key and its chain in a PEM or PKCS#12 file. Raises PadesUnusable; one that has expired is logged."""
    if find_spec("pyhanko") is None:
        raise _unusable(
            "the extra `pades` is not installed (requirements/full.txt)",
            "ยังไม่ได้ติดตั้งส่วนเสริม `pades` (requirements/full.txt)",
        )
    try:
        content = file.read_bytes()
        passphrase = passphrase_file.read_bytes().strip() if passphrase_file is not None else None
    except OSError as error:
        raise _unusable(f"{error.filename} cannot be read", f"อ่านแฟ้ม {error.filename} ไม่ได้") from error
    key, chain = _read(content, passphrase or None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        # Common readers know no Ed25519 here; RSA of a safe length makes every PDF larger.
        raise _unusable("its key is not on the curve P-256", "กุญแจไม่ใช่ชนิด P-256")
    own = next((one for one in chain if one.public_key() == key.public_key()), None)
    if own is None:
        raise _unusable("it holds no certificate of its key", "ไม่มีใบรับรองของกุญแจนี้ในแฟ้ม")
    if not own.not_valid_before_utc <= now < own.not_valid_after_utc:
        # No reason to hold up an exam: readers say of the PDFs what is so.
        log.error(
            "the certificate in %s is good from %s to %s: readers will say so of every PDF that is signed with it",
            file, own.not_valid_before_utc, own.not_valid_after_utc,
        )  # fmt: skip
    return Pades(key, [own, *(one for one in chain if one is not own)])


def _read(content: bytes, passphrase: bytes | None) -> tuple[object, list[x509.Certificate]]:
    try:
        if _PEM in content:
            return serialization.load_pem_private_key(content, passphrase), x509.load_pem_x509_certificates(content)
        bundle = pkcs12.load_pkcs12(content, passphrase)
    except (ValueError, TypeError) as error:
        raise _unusable(
            "it is no PEM or PKCS#12 file with a key and its certificate, or the passphrase "
            "(EXAM_PADES_PASSPHRASE_FILE) is not its own",
            "ไม่ใช่แฟ้ม PEM หรือ PKCS#12 ที่มีกุญแจและใบรับรอง หรือรหัสผ่าน (EXAM_PADES_PASSPHRASE_FILE) ไม่ตรง",
        ) from error
    found = [bundle.cert, *bundle.additional_certs]
    return bundle.key, [one.certificate for one in found if one is not None]


def _unusable(en: str, th: str) -> PadesUnusable:
    return PadesUnusable(why=Text(en=en, th=th))


__all__ = ["Pades", "PadesUnusable", "load"]

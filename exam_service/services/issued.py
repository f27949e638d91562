"""A certificate in a word, as its holder and the learning system are told of it."""

from datetime import datetime

import msgspec

from exam_service.core.certificates.model import CertificateState
from exam_service.core.certificates.record import CertificateRecord


class IssuedView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    kind: str
    state: str
    """Of the register, or `expired`."""
    issued_at: datetime
    valid_until: datetime | None = None
    page: str
    verify_url: str


def issued_view(certificate: CertificateRecord, public_url: str, now: datetime) -> IssuedView:
    """One certificate with where its holder prints it and where anybody checks it."""
    until = certificate.issuance.valid_until
    over = certificate.state is CertificateState.stands and until is not None and until <= now
    return IssuedView(
        id=certificate.id,
        kind=certificate.issuance.kind,
        state="expired" if over else certificate.state,
        issued_at=certificate.issuance.issued_at,
        valid_until=until,
        page=f"/exam/certificates/{certificate.id}",
        verify_url=f"{public_url}/v/{certificate.id}",
    )

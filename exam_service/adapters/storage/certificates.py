"""Certificates, signing keys and status lists."""

from collections.abc import Sequence

import sqlalchemy as sa

from exam_service.adapters.storage import tables
from exam_service.adapters.storage.rows import Rows, columns, missing, struct_of, taken, values_of
from exam_service.core.certificates.keys import KeyRecord
from exam_service.core.certificates.model import CertificateState
from exam_service.core.certificates.record import CertificateRecord, SigningKey, StatusListRecord

_WITHDRAWN = (CertificateState.revoked, CertificateState.suspended, CertificateState.superseded)


class SqlCertificates(Rows):
    """Certificates with their signed faces, byte for byte."""

    async def add(self, certificate: CertificateRecord) -> None:
        if not await self._insert(tables.certificate, _values(certificate)):
            taken("certificate", certificate.id)

    async def put(self, certificate: CertificateRecord) -> None:
        table = tables.certificate
        if not await self._update(table, _values(certificate), table.c.id == certificate.id):
            missing("certificate", certificate.id)

    async def get(self, certificate_id: str, *, lock: bool = False) -> CertificateRecord | None:
        table = tables.certificate
        return await self._one(CertificateRecord, table, table.c.id == certificate_id, lock=lock)

    async def of(self, enrolment_id: str) -> Sequence[CertificateRecord]:
        table = tables.certificate
        found = await self._all(CertificateRecord, table, table.c.enrolment == enrolment_id, order=[table.c.id])
        return sorted(found, key=lambda certificate: certificate.issuance.issued_at)

    async def page(self, after: str | None, limit: int) -> Sequence[CertificateRecord]:
        table = tables.certificate
        where = [] if after is None else [table.c.id > after]
        return await self._all(CertificateRecord, table, *where, order=[table.c.id], limit=limit)

    async def of_key(self, kid: str) -> int:
        table = tables.certificate
        query = sa.select(sa.func.count()).where(
            table.c.org == self._org, table.c.kid == kid, table.c.state == str(CertificateState.stands)
        )
        return (await self._connection.execute(query)).scalar_one()

    async def index_is_free(self, status_list: int, index: int) -> bool:
        table = tables.certificate
        where = (table.c.status_list == status_list, table.c.status_index == index)
        return await self._value(table.c.id, table, *where) is None

    async def withdrawn(self, status_list: int) -> Sequence[int]:
        table = tables.certificate
        query = (
            sa.select(table.c.status_index)
            .where(table.c.org == self._org, table.c.status_list == status_list)
            .where(table.c.state.in_([str(state) for state in _WITHDRAWN]))
            .order_by(table.c.status_index)
        )
        return list(await self._connection.scalars(query))


class SqlKeys(Rows):
    """Signing keys: none is ever removed. The private half is sealed before it comes here."""

    async def add(self, record: KeyRecord, private: SigningKey) -> None:
        if record.organisation_id != self._org or private.kid != record.kid:
            raise ValueError("this key is another organisation's, or its halves do not belong together")
        values = values_of(record, tables.signing_key) | {"sealed": private.sealed}
        if not await self._insert(tables.signing_key, values):
            taken("signing key", record.kid)

    async def put(self, record: KeyRecord) -> None:
        table = tables.signing_key
        if record.organisation_id != self._org:
            raise ValueError("this key is another organisation's")
        if not await self._update(table, values_of(record, table), table.c.kid == record.kid):
            missing("signing key", record.kid)

    async def all(self) -> Sequence[KeyRecord]:
        table = tables.signing_key
        query = (
            sa.select(*columns(KeyRecord, table), table.c.org.label("organisation_id"))
            .where(table.c.org == self._org)
            .order_by(table.c.created_at, table.c.kid)
        )
        return [struct_of(KeyRecord, row) for row in await self._connection.execute(query)]

    async def private(self, kid: str) -> SigningKey | None:
        return await self._one(SigningKey, tables.signing_key, tables.signing_key.c.kid == kid)

    async def status_list(self, number: int, *, lock: bool = False) -> StatusListRecord | None:
        table = tables.status_list
        query = sa.select(table.c.number, table.c.content.label("document"), table.c.valid_until)
        query = query.where(table.c.org == self._org, table.c.number == number)
        found = await self._connection.execute(query.with_for_update() if lock else query)
        row = found.one_or_none()
        return None if row is None else struct_of(StatusListRecord, row)

    async def put_status_list(self, record: StatusListRecord) -> None:
        table = tables.status_list
        values = values_of(record, table) | {"content": record.document}
        if not await self._insert(table, values):
            await self._update(table, values, table.c.number == record.number)


def _values(certificate: CertificateRecord) -> dict[str, object]:
    issuance = certificate.issuance
    return values_of(certificate, tables.certificate) | {
        "status_list": issuance.status_list,
        "status_index": issuance.status_index,
    }

"""Certificates, signing keys and status lists."""

from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

import sqlalchemy as sa

from exam_service.adapters.storage import tables
from exam_service.adapters.storage.bulk import Many, Text, both, fetch, grouped
from exam_service.adapters.storage.rows import Rows, columns, missing, struct_of, taken, values_of
from exam_service.adapters.storage.tables.certificates import UNLOGGED
from exam_service.core.certificates.keys import KeyRecord
from exam_service.core.certificates.model import CertificateState
from exam_service.core.certificates.record import CertificateRecord, KeptDesign, SigningKey, StatusListRecord

_WITHDRAWN = (CertificateState.revoked, CertificateState.suspended, CertificateState.superseded)
_ENTERED = sa.exists().where(tables.log_entry.c.certificate == tables.certificate.c.id)
_CERTIFICATES = Many(CertificateRecord, tables.certificate, more=["status_list", "status_index"])
_ADD, _PUT = _CERTIFICATES.insert(), _CERTIFICATES.update()
_FACES = ("credential", "qr_token", "log_proof")
_STATE = ("state", "state_changed_at", "state_changed_by", "reason", "note")
_SIGNED = Many(CertificateRecord, tables.certificate, only=["id", *_FACES, *_STATE])
_PUT_SIGNED = _SIGNED.update()
_SEVERAL = both("SELECT COLUMNS FROM certificate WHERE org || '' = $1 AND id = ANY($2)", _CERTIFICATES.columns())
# In the order of their ids, so that no two batches can wait for each other.
_SEVERAL_LOCKED = both(
    "SELECT COLUMNS FROM certificate WHERE org || '' = $1 AND id = ANY($2) ORDER BY id FOR UPDATE",
    _CERTIFICATES.columns(),
)
_OF_ALL = both("SELECT COLUMNS FROM certificate WHERE org = $1 AND enrolment = ANY($2)", _CERTIFICATES.columns())


class SqlCertificates(Rows):
    """Certificates with their signed faces, byte for byte."""

    async def add_all(self, certificates: Sequence[CertificateRecord]) -> None:
        await self._write_all(_ADD, certificates, taken)

    async def put_all(self, certificates: Sequence[CertificateRecord]) -> None:
        await self._write_all(_PUT, certificates, missing)

    async def put_signed(self, certificates: Sequence[CertificateRecord]) -> None:
        written = await _SIGNED.write(self._connection, self._org, _PUT_SIGNED, certificates)
        if written != len(certificates):
            missing("certificate", ", ".join(one.id for one in certificates))

    async def _write_all(
        self, statement: Text, certificates: Sequence[CertificateRecord], otherwise: Callable[[str, str], NoReturn]
    ) -> None:
        lists = [one.issuance.status_list for one in certificates]
        indexes = [one.issuance.status_index for one in certificates]
        written = await _CERTIFICATES.write(self._connection, self._org, statement, certificates, lists, indexes)
        if written != len(certificates):
            otherwise("certificate", ", ".join(one.id for one in certificates))

    async def get(self, certificate_id: str, *, lock: bool = False) -> CertificateRecord | None:
        return (await self.several([certificate_id], lock=lock)).get(certificate_id)

    async def several(self, certificate_ids: Sequence[str], *, lock: bool = False) -> Mapping[str, CertificateRecord]:
        rows = await fetch(self._connection, _SEVERAL_LOCKED if lock else _SEVERAL, self._org, list(certificate_ids))
        return {row[0]: _CERTIFICATES.of(row) for row in rows}

    async def of(self, enrolment_id: str) -> Sequence[CertificateRecord]:
        return (await self.of_all([enrolment_id])).get(enrolment_id, ())

    async def of_all(self, enrolment_ids: Sequence[str]) -> Mapping[str, Sequence[CertificateRecord]]:
        rows = await fetch(self._connection, _OF_ALL, self._org, list(enrolment_ids))
        found = sorted(map(_CERTIFICATES.of, rows), key=lambda one: (one.issuance.issued_at, one.id))
        return grouped(found, "enrolment")

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

    async def taken(self, status_list: int, indexes: Sequence[int]) -> Sequence[int]:
        table = tables.certificate
        query = sa.select(table.c.status_index).where(table.c.org == self._org, table.c.status_list == status_list)
        return list(await self._connection.scalars(query.where(table.c.status_index.in_(indexes))))

    async def unlogged(self, limit: int) -> Sequence[str]:
        table = tables.certificate
        query = sa.select(table.c.id).where(table.c.org == self._org, UNLOGGED, ~_ENTERED).order_by(table.c.id)
        return list(await self._connection.scalars(query.limit(limit)))

    async def unentered(self, limit: int) -> Sequence[str]:
        table = tables.certificate
        signed = (table.c.org == self._org, table.c.credential.is_not(None))
        query = sa.select(table.c.id).where(*signed, ~_ENTERED).order_by(table.c.id)
        return list(await self._connection.scalars(query.limit(limit)))

    async def withdrawn(self, status_list: int) -> Sequence[int]:
        table = tables.certificate
        query = (
            sa.select(table.c.status_index)
            .where(table.c.org == self._org, table.c.status_list == status_list)
            .where(table.c.state.in_([str(state) for state in _WITHDRAWN]))
            .order_by(table.c.status_index)
        )
        return list(await self._connection.scalars(query))

    async def keep_design(self, design: KeptDesign) -> None:
        await self._insert(tables.design, values_of(design, tables.design))

    async def design(self, digest: str) -> KeptDesign | None:
        return await self._one(KeptDesign, tables.design, tables.design.c.digest == digest)


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

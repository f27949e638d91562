"""Pictures that certificates show."""

from collections.abc import Sequence

import sqlalchemy as sa

from exam_service.adapters.storage import tables
from exam_service.adapters.storage.rows import Rows, values_of
from exam_service.core.artwork import ArtworkKind, ArtworkRecord


class SqlArtwork(Rows):
    """Each is stored once and never changed: its name is what is in it."""

    async def add(self, record: ArtworkRecord, png: bytes) -> bool:
        return await self._insert(tables.artwork, values_of(record, tables.artwork) | {"png": png})

    async def known(self, names: Sequence[tuple[ArtworkKind, str]]) -> Sequence[tuple[ArtworkKind, str]]:
        return [name for name in dict.fromkeys(names) if await self.get(*name) is not None]

    async def get(self, kind: str, digest: str) -> ArtworkRecord | None:
        table = tables.artwork
        return await self._one(ArtworkRecord, table, table.c.kind == kind, table.c.digest == digest)

    async def content(self, kind: str, digest: str) -> bytes | None:
        table = tables.artwork
        found: bytes | None = await self._value(table.c.png, table, table.c.kind == kind, table.c.digest == digest)
        return found

    async def page(self, after: tuple[str, str] | None, limit: int) -> Sequence[ArtworkRecord]:
        table = tables.artwork
        where = [] if after is None else [sa.tuple_(table.c.kind, table.c.digest) > sa.tuple_(*map(sa.literal, after))]
        return await self._all(ArtworkRecord, table, *where, order=[table.c.kind, table.c.digest], limit=limit)

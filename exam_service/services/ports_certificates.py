"""What an organisation's transaction holds of certificates: themselves, their log, and the keys that sign."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from exam_service.core.artwork import ArtworkKind, ArtworkRecord
from exam_service.core.certificates.keys import KeyRecord
from exam_service.core.certificates.record import (
    CertificateRecord,
    KeptDesign,
    LogEntry,
    LogHead,
    SigningKey,
    StatusListRecord,
)


class Certificates(Protocol):
    async def add_all(self, certificates: Sequence[CertificateRecord]) -> None: ...
    async def put_all(self, certificates: Sequence[CertificateRecord]) -> None: ...
    async def put_signed(self, certificates: Sequence[CertificateRecord]) -> None:
        """Their faces and their state. What was stored before they were signed is not written again."""

    async def get(self, certificate_id: str, *, lock: bool = False) -> CertificateRecord | None: ...
    async def several(self, certificate_ids: Sequence[str], *, lock: bool = False) -> Mapping[str, CertificateRecord]:
        """Those that are there, by id; with `lock` in the order of their ids, so that no two deadlock."""

    async def of(self, enrolment_id: str) -> Sequence[CertificateRecord]:
        """In the order in which they were issued."""

    async def of_all(self, enrolment_ids: Sequence[str]) -> Mapping[str, Sequence[CertificateRecord]]:
        """As `of`, by enrolment; those without any are missing."""

    async def page(self, after: str | None, limit: int) -> Sequence[CertificateRecord]: ...
    async def of_key(self, kid: str) -> int:
        """How many of those that stand were signed by that key."""

    async def taken(self, status_list: int, indexes: Sequence[int]) -> Sequence[int]:
        """Those of the indexes that a certificate has."""

    async def unlogged(self, limit: int) -> Sequence[str]:
        """Some that are signed and were never entered in the issuance log, nor given a proof of it; quick to tell."""

    async def unentered(self, limit: int) -> Sequence[str]:
        """Some that are signed and of which the issuance log has no entry; all are looked at."""

    async def withdrawn(self, status_list: int) -> Sequence[int]:
        """The indexes of the list whose certificates do not stand (revoked, suspended or superseded)."""

    async def keep_design(self, design: KeptDesign) -> None:
        """Kept already, it stays as it is: its digest says what it is."""

    async def design(self, digest: str) -> KeptDesign | None: ...


class Artworks(Protocol):
    """The organisation's pictures, by kind and digest: nothing of them is ever changed or removed."""

    async def add(self, record: ArtworkRecord, png: bytes) -> bool:
        """Whether it is new."""

    async def known(self, names: Sequence[tuple[ArtworkKind, str]]) -> Sequence[tuple[ArtworkKind, str]]:
        """Those of them that are there."""

    async def get(self, kind: str, digest: str) -> ArtworkRecord | None: ...
    async def content(self, kind: str, digest: str) -> bytes | None:
        """The PNG."""

    async def page(self, after: tuple[str, str] | None, limit: int) -> Sequence[ArtworkRecord]:
        """By kind and digest, after those."""


class IssuanceLog(Protocol):
    """The organisation's issuance log: nothing in it is ever changed or removed."""

    async def head(self, *, lock: bool = False) -> LogHead:
        """As it is; with `lock` nobody else adds to it before this transaction ends."""

    async def put_head(self, head: LogHead) -> None: ...
    async def add(self, entries: Sequence[LogEntry]) -> None: ...
    async def add_subtrees(self, subtrees: Sequence[tuple[int, int, bytes]]) -> None:
        """(level of the tile that it is in, number, hash) of subtrees over 256 ** level entries."""

    async def entries(self, start: int, count: int) -> Sequence[LogEntry]:
        """In their order, from that number on."""

    async def entry_of(self, certificate_id: str) -> LogEntry | None: ...
    async def subtrees(self, level: int, start: int, count: int) -> Sequence[bytes]:
        """In their order, from that number on."""


class Keys(Protocol):
    """The organisation's signing keys; under the empty organisation, the service's own."""

    async def add(self, record: KeyRecord, private: SigningKey) -> None: ...
    async def put(self, record: KeyRecord) -> None: ...
    async def all(self) -> Sequence[KeyRecord]: ...
    async def private(self, kid: str) -> SigningKey | None: ...
    async def status_list(self, number: int, *, lock: bool = False) -> StatusListRecord | None: ...
    async def put_status_list(self, record: StatusListRecord) -> None: ...

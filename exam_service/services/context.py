"""What every use case is given: the ports, and the few settings that decide something."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

from exam_service.core import ids
from exam_service.core.certificates.model import new_id as new_certificate_id
from exam_service.core.recent import Recent
from exam_service.services.attempt_ports import Journal
from exam_service.services.background import Background
from exam_service.services.documents import Documents
from exam_service.services.load import Load
from exam_service.services.meter import NoMeter
from exam_service.services.ports import (
    AnyCanonical,
    BankReader,
    Bell,
    Canonical,
    Clock,
    Entropy,
    Kept,
    Meter,
    Presence,
    RateLimiter,
    RosterReader,
    Signer,
    Store,
    Vault,
)
from exam_service.services.ports_faces import Designs, Evidences, PaperSigner, Pictures, QrCodes
from exam_service.services.queues import Queues
from exam_service.services.watches import Watches


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Settings of the whole service that use cases read."""

    public_url: str
    """Without a slash at its end."""
    database: Literal["sqlite", "postgresql"] = "sqlite"
    grace: timedelta = timedelta(seconds=30)
    launch_ttl: timedelta = timedelta(minutes=10)
    session_ttl: timedelta = timedelta(hours=12)
    sweep_every: timedelta = timedelta(seconds=15)
    repeat_for: timedelta = timedelta(days=7)
    """How long a repeated write gets the answer of the first."""
    new_keys: Kept = "vault"
    """Where signing keys are made that nobody asked for by name: an organisation's first, its log's, a successor."""
    prepare_before: timedelta = timedelta(minutes=60)
    """How long before its window opens the papers of an exam are drawn."""
    vc_api: bool = False
    """Whether what the VC-API is handed is signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The service's own hands. Use cases are functions that take it first."""

    store: Store
    journal: Journal
    limiter: RateLimiter
    presence: Presence
    bell: Bell
    clock: Clock
    entropy: Entropy
    vault: Vault
    signer: Signer
    canonical: Canonical
    any_canonical: AnyCanonical
    qr: QrCodes
    evidences: Evidences
    designs: Designs
    pictures: Pictures
    paper_signer: PaperSigner | None
    """None: PDFs carry their credential, and no signature of their own."""
    read_bank: BankReader
    read_roster: RosterReader
    policy: Policy
    documents: Documents = field(default_factory=Documents)
    meter: Meter = field(default_factory=NoMeter)
    """Counts for who operates the service: `ctx.meter.count("late_saves", verdict="held")`."""
    load: Load = field(default_factory=Load)
    """How near the process is to what it can hold; `ctx.load.draining` is set when it was told to stop."""
    bank_schema: dict[str, Any] = field(default_factory=dict)
    """The JSON Schema of the bank format, for editors."""
    background: Background = field(default_factory=Background)
    queues: Queues = field(default_factory=Queues)
    sessions: Recent[str, Any] = field(default_factory=partial(Recent, 1_000))
    """token -> the candidate's session that it proves: with a page come a dozen requests at once. Not more, because a
    save every half a minute is not worth 600 bytes: among many thousands nobody's would still be there."""
    signing_keys: dict[str, tuple[str, bytes, datetime]] = field(default_factory=dict)
    """purpose -> (kid, sealed key, until when to believe it): the service's own keys, at hand for the hot path."""
    watches: Watches = field(default_factory=Watches)
    """Exams that staff are watching in this process."""
    id_maker: ids.Maker = field(default_factory=ids.Maker)

    def now(self) -> datetime:
        return self.clock()

    def new_id(self, prefix: str) -> str:
        return self.id_maker.make(prefix, int(self.now().timestamp() * 1000), self.entropy(10))

    def new_certificate_id(self) -> str:
        return new_certificate_id(self.entropy(10))

"""What the use cases need from outside, as Protocols of few verbs. One contract suite runs over every adapter of each.

A transaction belongs to one organisation: everything it reads and writes is that organisation's, whatever ids it is
given. What must look across organisations (whose key is this, which attempts are due) is `Directory`, and hands out no
more than the way in.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Literal, Protocol

from exam_service.core.banks.model import Bank
from exam_service.core.errors import Fault
from exam_service.core.exams.model import CourseVersion
from exam_service.core.records import (
    ApiKey,
    BankVersion,
    Candidate,
    CourseRecord,
    Enrolled,
    Enrolment,
    Job,
    Launch,
    LiveAttempt,
    Organisation,
    ReportedFact,
)
from exam_service.core.rules import Value
from exam_service.services.attempt_ports import Attempts, Prepared, Results
from exam_service.services.ports_certificates import Artworks, Certificates, IssuanceLog, Keys
from exam_service.services.ports_exam_day import LateSaves, Log, Messages, Running


class Clock(Protocol):
    def __call__(self) -> datetime:
        """Now, aware, in UTC."""


class Entropy(Protocol):
    def __call__(self, size: int, /) -> bytes:
        """So many random bytes, fit for secrets."""


# Storage: one organisation's transaction


class Banks(Protocol):
    async def add(self, version: BankVersion, document: bytes) -> None: ...
    async def newest(self, code: str) -> BankVersion | None: ...
    async def versions(self, code: str) -> Sequence[BankVersion]: ...
    async def document(self, version_id: str) -> bytes | None: ...
    async def page(self, after: str | None, limit: int) -> Sequence[BankVersion]:
        """The newest version of each bank, by code, after that code."""


class Courses(Protocol):
    async def put(self, course: CourseRecord) -> None: ...
    async def get(self, code: str, *, lock: bool = False) -> CourseRecord | None: ...
    async def page(self, after: str | None, limit: int) -> Sequence[CourseRecord]: ...
    async def publish(self, version: CourseVersion) -> None:
        """Add the version and make it the course's newest."""

    async def version(self, version_id: str) -> CourseVersion | None: ...
    async def newest(self, code: str) -> CourseVersion | None: ...
    async def newest_ids(self, codes: Sequence[str]) -> Mapping[str, str]:
        """code -> the id of its newest version, of each that is published."""

    async def numbered(self, code: str, number: int) -> CourseVersion | None: ...


class Candidates(Protocol):
    async def put(self, candidate: Candidate) -> None:
        """Insert, or replace the one with the same id."""

    async def get(self, candidate_id: str) -> Candidate | None: ...
    async def several(self, candidate_ids: Sequence[str]) -> Mapping[str, Candidate]:
        """Those that are there, by id."""

    async def find(
        self, *, external_id: str | None = None, national_id_index: bytes | None = None
    ) -> Candidate | None: ...
    async def page(self, after: str | None, limit: int) -> Sequence[Candidate]: ...


class Enrolments(Protocol):
    async def put(self, enrolment: Enrolment) -> None:
        """Insert, or replace the one with the same id. One candidate is enrolled in a course once."""

    async def get(self, enrolment_id: str, *, lock: bool = False) -> Enrolment | None:
        """With `lock`, whoever else wants it waits until this transaction ends."""

    async def find(self, candidate_id: str, course: str) -> Enrolment | None: ...
    async def page(self, course: str | None, after: str | None, limit: int) -> Sequence[Enrolment]: ...
    async def count(self, course: str) -> int: ...
    async def several(self, enrolment_ids: Sequence[str], *, lock: bool = False) -> Mapping[str, Enrolment]:
        """Those that are there, by id; with `lock` in the order of their ids, so that no two deadlock."""

    async def facts_of(self, enrolment_ids: Sequence[str]) -> Mapping[str, Mapping[str, Value]]:
        """The newest report of each fact, of each enrolment that has any."""

    async def report(self, facts: Sequence[ReportedFact]) -> None: ...
    async def facts(self, enrolment_id: str) -> Sequence[ReportedFact]:
        """Every report, oldest first."""


class ApiKeys(Protocol):
    async def add(self, key: ApiKey) -> None: ...
    async def get(self, key_id: str) -> ApiKey | None: ...
    async def all(self) -> Sequence[ApiKey]: ...
    async def put(self, key: ApiKey) -> None: ...


class Jobs(Protocol):
    async def put(self, job: Job) -> None: ...
    async def get(self, job_id: str) -> Job | None: ...


class Launches(Protocol):
    async def add(self, launch: Launch) -> None: ...
    async def get(self, launch_id: str, *, lock: bool = False) -> Launch | None: ...
    async def put(self, launch: Launch) -> None: ...


class Live(Protocol):
    """What staff watch while an exam runs: whole lists, in few columns, page by page."""

    async def enrolled(self, course: str, after: str | None, limit: int) -> Sequence[Enrolled]: ...
    async def attempts(self, course: str, exam: str, after: str | None, limit: int) -> Sequence[LiveAttempt]:
        """By id, which is the order in which they began."""

    async def writing(self, now: datetime) -> Mapping[tuple[str, str], int]:
        """(course, exam) -> how many attempts are running."""

    async def saves(self, attempt_ids: Sequence[str]) -> Mapping[str, int]:
        """How many rows each has in the journal; those without any are missing."""

    async def undecided(self, course: str, exam: str) -> int:
        """How many late saves wait for staff to decide them."""

    async def deeds(self, course: str, exam: str, without: str) -> int:
        """How much was done to the exam and to its attempts, without one action: the length of its trail."""


class Tx(Protocol):
    """One organisation's transaction."""

    @property
    def org(self) -> str: ...

    @property
    def banks(self) -> Banks: ...

    @property
    def courses(self) -> Courses: ...

    @property
    def candidates(self) -> Candidates: ...

    @property
    def enrolments(self) -> Enrolments: ...

    @property
    def attempts(self) -> Attempts: ...

    @property
    def prepared(self) -> Prepared: ...

    @property
    def results(self) -> Results: ...

    @property
    def running(self) -> Running: ...

    @property
    def late_saves(self) -> LateSaves: ...

    @property
    def messages(self) -> Messages: ...

    @property
    def artwork(self) -> Artworks: ...

    @property
    def certificates(self) -> Certificates: ...

    @property
    def issuance_log(self) -> IssuanceLog: ...

    @property
    def keys(self) -> Keys: ...

    @property
    def api_keys(self) -> ApiKeys: ...

    @property
    def jobs(self) -> Jobs: ...

    @property
    def launches(self) -> Launches: ...

    @property
    def live(self) -> Live: ...

    @property
    def log(self) -> Log: ...


class Directory(Protocol):
    """The few look-ups that come before an organisation is known."""

    async def add_organisation(self, organisation: Organisation) -> None: ...
    async def organisation(self, *, id: str | None = None, slug: str | None = None) -> Organisation | None: ...
    async def organisations(self) -> Sequence[Organisation]: ...
    async def org_of_api_key(self, key_id: str) -> str | None: ...
    async def org_of_launch(self, launch_id: str) -> str | None: ...
    async def org_of_certificate(self, certificate_id: str) -> str | None: ...
    async def org_of_key(self, kid: str) -> str | None:
        """Whose signing key that is; an empty text for the service's own."""

    async def newest_versions(self) -> Sequence[tuple[str, str]]:
        """(organisation, course version) of every course that is published."""

    async def due_attempts(self, closed_before: datetime, limit: int) -> Sequence[tuple[str, str]]:
        """(organisation, attempt) of those still in progress whose deadline and grace are over, oldest first."""

    async def count_running(self, now: datetime) -> tuple[int, int]:
        """How many attempts are running, and how many are over and not graded. Cheap, however many there ever were."""

    async def forget_replays(self, before: datetime, own: Sequence[str], limit: int) -> int:
        """Delete so many of the oldest answers to repeated writes, but none whose key begins as one of `own`."""

    async def count_attempts(self) -> Mapping[str, int]:
        """state -> how many attempts there are, of all that were ever taken."""


class Store(Protocol):
    def begin(self, org: str) -> AbstractAsyncContextManager[Tx]:
        """A transaction that writes: committed when its block ends, rolled back when it raises."""

    def read(self, org: str) -> AbstractAsyncContextManager[Tx]:
        """A transaction that only reads, from one snapshot."""

    def directory(self) -> AbstractAsyncContextManager[Directory]: ...

    async def ready(self) -> Literal["ready", "other schema", "full", "away"]:
        """Whether the database answers, has a schema that this version can work with, and room on its disk."""

    async def close(self) -> None: ...


# What may be lost


class RateLimiter(Protocol):
    @property
    def shared(self) -> bool | None:
        """Whether all processes count together just now; None when there is nothing to share it through."""

    async def take(self, key: str, limit: int, window_seconds: int, now: datetime) -> datetime | None:
        """None when there is room, else when to come again. Atomic over all processes that share it."""

    async def close(self) -> None: ...


class Presence(Protocol):
    """When each attempt was heard last. It may all vanish at any moment: the journal knows the last save of each."""

    def heard(self, org: str, attempt: str, at: datetime) -> None:
        """Remember it. Never waits and never raises; other processes know within two seconds or so."""

    async def last_heard(self, org: str, attempts: Sequence[str]) -> Mapping[str, datetime]:
        """The newest time of each that any process has heard; those nothing is known of are missing."""

    async def close(self) -> None: ...


class Bell(Protocol):
    """Wake-ups between processes. Each is only a hint and may be lost: who relies on it looks by itself as well."""

    def publish(self, topic: str, payload: str = "") -> None:
        """Wake whoever listens to the topic, here and in other processes. Never waits and never raises."""

    def subscribe(self, topic: str, heard: Callable[[str], None]) -> Callable[[], None]:
        """Be called with each payload, on the event loop, until the returned function is called.

        An empty payload may also mean that some were missed: look for yourself.
        """

    async def close(self) -> None: ...


class Meter(Protocol):
    """Numbers for who operates the service. The names and their labels are listed in one catalogue."""

    def counter(self, name: str, **labels: str) -> Callable[[int], None]:
        """What adds to one counter, for who counts often."""

    def histogram(self, name: str, **labels: str) -> Callable[[float], None]:
        """What puts values into one histogram, for who does so often."""

    def count(self, name: str, by: int = 1, **labels: str) -> None:
        """Add to a counter."""

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Put one value (seconds, a size) into a histogram."""

    def gauge(self, name: str, read: Callable[[], float | None], **labels: str) -> None:
        """From now on ask `read` when the value is wanted; None when there is none."""

    def value(self, name: str, **labels: str) -> float:
        """What was counted so far."""

    def exposition(self) -> tuple[str, bytes]:
        """Content type and text of all of it."""


# Formats and cryptography


class BankReader(Protocol):
    def __call__(self, content: bytes, filename: str) -> Bank:
        """The bank in YAML, TOML or JSON. Raises Invalid with every fault, each with file, line and question."""


class Canonical(Protocol):
    def __call__(self, document: dict[str, Any], proof_config: dict[str, Any]) -> bytes:
        """The 64 bytes that an eddsa-rdfc-2022 proof signs. Raises ValueError when there is no safe canonical form."""


class AnyCanonical(Protocol):
    """For documents of any shape, which may have been made to keep us busy: it never works past a bound."""

    async def hash_data(self, document: dict[str, Any], proof_config: dict[str, Any]) -> bytes:
        """As `Canonical`, elsewhere than on the loop. Raises ValueError, also for what would take too long."""

    def digest(self, address: str, algorithm: str) -> bytes | None:
        """Of a JSON-LD context that is at hand; None of any other resource."""


class Vault(Protocol):
    def seal(self, plain: bytes, context: str) -> bytes: ...
    def open(self, sealed: bytes, context: str) -> bytes:
        """What was sealed for the context; ValueError when it was changed or is something else."""

    def blind(self, text: str) -> bytes:
        """A keyed hash: equal texts give equal bytes, and nobody without the key can try texts."""

    def mac(self, data: bytes) -> bytes: ...
    def mac_is_good(self, data: bytes, tag: bytes) -> bool: ...


Kept = Literal["vault", "hsm"]
"""Where a private key is: sealed in the database, or in a hardware security module, which it never leaves."""


class Signer(Protocol):
    """Ed25519. `sealed` is a private key as it is stored: sealed, or which key of the module it is. Messages are signed
    as they are."""

    async def create(self, kept: Kept = "vault") -> tuple[bytes, bytes]:
        """(public key of 32 bytes, what is stored of the private one). Raises Unavailable for a module's."""

    def kept(self, sealed: bytes) -> Kept: ...
    def sign(self, sealed: bytes, message: bytes) -> bytes:
        """At once with a key of the vault's, for the hot path; ValueError when it does not open."""

    async def sign_aside(self, sealed: bytes, message: bytes) -> bytes:
        """As `sign`; a module is waited for in another thread, and signs the same only once. Raises Unavailable while
        it is away, SigningFailed when it has not got the key."""

    @property
    def hsm(self) -> Literal["none", "ready", "away"]:
        """How the module was when it was used last. Never waits."""

    async def prove(self, *, needed: bool = False) -> None:
        """Raises a refusal that names the setting: the module cannot be used, or is `needed` and not named."""

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Never raises: a malformed signature is a bad one."""


class RosterReader(Protocol):
    def __call__(
        self, content: bytes, kind: Literal["csv", "ndjson"]
    ) -> Iterator[tuple[int, dict[str, object] | Fault]]:
        """Number and fields of each line, or what is wrong with it. Raises Invalid when the whole cannot be read."""

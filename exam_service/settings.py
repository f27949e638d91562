"""Settings: one frozen Struct read from `EXAM_…` names of the environment and proved at start. All are optional."""

import base64
import contextlib
import difflib
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import msgspec

from exam_service.core.errors import Fault, Refusal
from exam_service.core.text import Text

PREFIX = "EXAM_"
RESERVED = "EXAM_TEST_"
"""Names that belong to the tests; the service ignores them."""

MASTER_KEY_BYTES = 32

Network = IPv4Network | IPv6Network


class BadSettings(Refusal):
    """The environment holds settings that cannot be used; `faults` has all of them."""

    code = "bad-settings"
    sentence = Text(
        en="The service cannot start: {count} setting(s) are wrong.\n{lines}",
        th="เริ่มระบบไม่ได้ เพราะมีการตั้งค่าที่ไม่ถูกต้อง {count} รายการ\n{lines}",
    )


class Doc(msgspec.Struct, frozen=True):
    """What a setting means in one line, how a default that depends on others reads, and its bounds."""

    line: str
    default: str | None = None
    at_least: int = 0
    at_most: int = 2**31 - 1
    secret: bool = False


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an operator may choose. `load` is the way to make one; the order is the order of the docs."""

    data_dir: Annotated[Path, Doc("Folder of what the service stores: SQLite file, master key.")] = Path("var")
    host: Annotated[str, Doc("Address to listen on; 0.0.0.0 for every network.")] = "127.0.0.1"
    port: Annotated[int, Doc("TCP port to listen on.", at_least=1, at_most=65535)] = 8000
    public_url: Annotated[
        str,
        Doc("Where people reach the service; it is in QR codes, launch URLs and did:web.", "http://localhost:PORT"),
    ] = ""
    database_url: Annotated[
        str, Doc("sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME.", "sqlite:///DATA_DIR/exam.db", secret=True)
    ] = ""
    database_url_file: Annotated[
        Path | None, Doc("File that holds the database URL, so that its password is not in the environment.")
    ] = None
    db_pool_size: Annotated[int, Doc("Connections to PostgreSQL that one process keeps.", at_least=1)] = 10
    redis_url: Annotated[
        str | None, Doc("redis://HOST:PORT/DB of a Redis or Valkey, for several processes.", secret=True)
    ] = None
    master_key_file: Annotated[
        Path | None,
        Doc("File with the master key; needed with PostgreSQL.", "DATA_DIR/master.key, made when missing"),
    ] = None
    master_key: Annotated[
        bytes | None, Doc("The master key itself, 32 bytes in base64url, instead of a file.", secret=True)
    ] = None
    pkcs11_module: Annotated[
        Path | None, Doc("File of the PKCS#11 module of a hardware security module, for signing keys.")
    ] = None
    pkcs11_token: Annotated[str | None, Doc("Label of the token in that module.")] = None
    pkcs11_pin_file: Annotated[Path | None, Doc("File with the PIN of the token's user.")] = None
    pkcs11_pin: Annotated[str | None, Doc("The PIN itself, instead of a file.", secret=True)] = None
    new_keys: Annotated[
        Literal["vault", "hsm"], Doc("Where an organisation's signing keys are made unless a command says otherwise.")
    ] = "vault"
    pades_file: Annotated[Path | None, Doc("PEM or PKCS#12 file: key (P-256) and certificate that sign PDFs.")] = None
    pades_passphrase_file: Annotated[Path | None, Doc("File with the passphrase of that file.")] = None
    log_level: Annotated[Literal["debug", "info", "warning", "error"], Doc("The least that is logged.")] = "info"
    log_format: Annotated[Literal["text", "json"], Doc("text for people, json for collectors.")] = "text"
    trusted_proxies: Annotated[
        tuple[Network, ...],
        Doc("Networks whose X-Forwarded-For is believed, parted by commas, as in 10.0.0.0/8,::1.", "none"),
    ] = ()
    metrics_token: Annotated[
        str | None,
        Doc("Bearer token for /metrics; without it only this machine is answered, past no proxy.", secret=True),
    ] = None
    vc_api: Annotated[
        Literal["off", "on"], Doc("Whether /credentials/issue signs what API keys hand it, by keys that stand apart.")
    ] = "off"
    drain_seconds: Annotated[
        int, Doc("Seconds after SIGTERM in which new requests are still answered, while balancers notice /readyz.")
    ] = 5
    drain_limit_seconds: Annotated[
        int, Doc("Seconds after that in which what is under way is finished; what is left is then cut.", at_least=1)
    ] = 20
    sweep_seconds: Annotated[int, Doc("Seconds between sweeps, which finish attempts that ran out.", at_least=1)] = 15
    repeat_days: Annotated[
        int,
        Doc("Days in which a repeated Idempotency-Key gets the first answer; then it is forgotten.", at_least=1,
            at_most=3650),
    ] = 7  # fmt: skip
    prepare_minutes: Annotated[
        int, Doc("Minutes before a window opens from which on papers are drawn ahead; 0 for never.", at_most=60 * 24)
    ] = 60
    grace_seconds: Annotated[int, Doc("Seconds after a deadline in which a response in flight still counts.")] = 30
    launch_ttl_seconds: Annotated[int, Doc("Seconds in which a launch URL may be opened, once.", at_least=1)] = 600
    session_hours: Annotated[int, Doc("Hours that a candidate's session lasts.", at_least=1)] = 12
    rate_limit_public_per_minute: Annotated[
        int,
        Doc("Requests a minute to public pages from one address, and with one candidate's launch links.", at_least=1),
    ] = 60
    rate_limit_candidate_per_minute: Annotated[int, Doc("Requests a minute of one candidate.", at_least=1)] = 600
    rate_limit_lms_per_minute: Annotated[int, Doc("Requests a minute with one API key.", at_least=1)] = 6000
    starts_waiting: Annotated[
        int, Doc("Starts that wait for their turn in one process; more are told to come again.", at_least=1)
    ] = 4000
    max_body_bytes: Annotated[int, Doc("The largest request body, in bytes.", at_least=1024)] = 2_000_000
    body_seconds: Annotated[
        int,
        Doc(
            "Within how long a request's body must arrive; each 500 bytes of it give a second more.",
            at_least=1,
            at_most=300,
        ),
    ] = 20
    max_bank_bytes: Annotated[int, Doc("The largest question bank sent as a body, in bytes.", at_least=1024)] = (
        20_000_000
    )

    @property
    def postgresql(self) -> bool:
        """Whether the database is PostgreSQL; else it is SQLite."""
        return self.database_url.startswith("postgresql://")

    def __repr__(self) -> str:
        """Leave out what is secret, so that a log or a traceback may show the rest."""
        shown = (f"{f}={'…' if _DOCS[f].secret and getattr(self, f) else getattr(self, f)!r}" for f in _DOCS)
        return f"Settings({', '.join(shown)})"


class Described(NamedTuple):
    """One line of the list of settings."""

    name: str
    type: str
    default: str
    doc: str


_HINTS = get_type_hints(Settings, include_extras=True)
_TYPES: dict[str, Any] = {field: get_args(_HINTS[field])[0] for field in Settings.__struct_fields__}
_DOCS: dict[str, Doc] = {field: get_args(_HINTS[field])[1] for field in Settings.__struct_fields__}
_DEFAULTS: dict[str, Any] = {field.name: field.default for field in msgspec.structs.fields(Settings)}
_READ = {"database_url_file": "database_url", "pkcs11_pin_file": "pkcs11_pin"}
_NAMES: dict[str, str] = {PREFIX + field.upper(): field for field in Settings.__struct_fields__}


def describe() -> list[Described]:
    """List every setting with its type, its default as a person would write it, and what it means."""
    return [
        Described(name, _type_name(field), _default_text(field), _DOCS[field].line) for name, field in _NAMES.items()
    ]


def load(environ: Mapping[str, str]) -> Settings:
    """Return the settings that `environ` names; an empty value counts as not set.

    Raises `BadSettings` with every fault: unknown names (and the nearest known one), values of the wrong type, settings
    that exclude each other or lack another. Read are the files with the database URL and the PIN.
    """
    faults: list[Fault] = []
    given: set[str] = set()
    found: dict[str, Any] = {}
    for name in sorted(n for n in environ if n.startswith(PREFIX) and not n.startswith(RESERVED)):
        field, value = _NAMES.get(name), environ[name].strip()
        if field is None:
            faults.append(_unknown(name))
        elif value:
            given.add(field)
            try:
                found[field] = _parse(field, value)
                if field in _READ:
                    found[_READ[field]] = _parse(_READ[field], _read(found[field]))
            except _Wrong as wrong:
                faults.append(Fault(code="bad-value", message=wrong.text, path=name))
    faults += _conflicts(given, str(found.get("database_url", "")), found.get("new_keys"))
    if faults:
        lines = Text(
            th="\n".join(f"  {fault.path}: {fault.message.within('th')}" for fault in faults),
            en="\n".join(f"  {fault.path}: {fault.message.within('en')}" for fault in faults),
        )
        raise BadSettings(faults=faults, count=len(faults), lines=lines)
    return _complete(Settings(**found))


def decode_master_key(text: str) -> bytes:
    """Return the 32 bytes that base64url text means, as in EXAM_MASTER_KEY or a line in EXAM_MASTER_KEY_FILE.

    Common base64, and missing padding, mean the same bytes and are taken. Raises ValueError for anything else.
    """
    digits = text.strip().rstrip("=").replace("-", "+").replace("_", "/")
    key = base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    if len(key) != MASTER_KEY_BYTES:
        raise ValueError(f"a master key has {MASTER_KEY_BYTES} bytes, not {len(key)}")
    return key


def encode_master_key(key: bytes) -> str:
    """Return the base64url text that `decode_master_key` reads."""
    return base64.urlsafe_b64encode(key).decode("ascii")


def _complete(given: Settings) -> Settings:
    """Fill in the defaults that depend on other settings."""
    return msgspec.structs.replace(
        given,
        public_url=given.public_url or f"http://localhost:{given.port}",
        database_url=given.database_url or f"sqlite:///{given.data_dir}/exam.db",
    )


def _conflicts(given: set[str], database_url: str, new_keys: str | None) -> list[Fault]:
    faults = [
        Fault(
            code="conflict",
            path=f"EXAM_{field.upper()}",
            message=Text(
                en=f"give either this or EXAM_{field.upper()}_FILE, not both",
                th=f"ระบุค่านี้หรือ EXAM_{field.upper()}_FILE อย่างใดอย่างหนึ่งเท่านั้น",
            ),
        )
        for field in ("database_url", "master_key", "pkcs11_pin")
        if {field, f"{field}_file"} <= given
    ]
    if database_url.startswith("postgresql:") and not given & {"master_key", "master_key_file"}:
        # Replicas that each made a key of their own could not read what the others sealed.
        sentence = Text(
            en="with PostgreSQL every process needs the same master key: give this or EXAM_MASTER_KEY",
            th="เมื่อใช้ PostgreSQL ทุกโพรเซสต้องใช้กุญแจหลักเดียวกัน โปรดระบุค่านี้หรือ EXAM_MASTER_KEY",
        )
        faults.append(Fault(code="missing", path="EXAM_MASTER_KEY_FILE", message=sentence))
    pkcs11 = {field for field in given if field.startswith("pkcs11_")}
    if pkcs11 or new_keys == "hsm":
        for one, other in (("module", "module"), ("token", "token"), ("pin_file", "pin")):
            if not pkcs11 & {f"pkcs11_{one}", f"pkcs11_{other}"}:
                lacks = Text(en="a hardware security module needs this too", th="การใช้ HSM ต้องระบุค่านี้ด้วย")
                faults.append(Fault(code="missing", path=f"EXAM_PKCS11_{one.upper()}", message=lacks))
    return faults


def _read(file: Path) -> str:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        text = file.read_text(encoding="utf-8").strip()
        if text:
            return text
    raise _Wrong(f"the file {file} cannot be read, or is empty", f"อ่านแฟ้ม {file} ไม่ได้ หรือแฟ้มว่างเปล่า")


def _unknown(name: str) -> Fault:
    nearest = difflib.get_close_matches(name, _NAMES, n=1, cutoff=0.0)[0]
    return Fault(
        code="unknown-setting",
        path=name,
        message=Text(
            en=f"there is no such setting; the nearest is {nearest}",
            th=f"ไม่มีการตั้งค่าชื่อนี้ ชื่อที่ใกล้เคียงที่สุดคือ {nearest}",
        ),
    )


class _Wrong(Exception):
    """A value that cannot be used, and why."""

    def __init__(self, en: str, th: str) -> None:
        super().__init__(en)
        self.text = Text(en=en, th=th)


def _parse(field: str, value: str) -> Any:
    doc, wanted = _DOCS[field], _base_type(field)
    if field in _URLS:
        return _url(field, value)
    if get_origin(wanted) is Literal:
        return _one_of(get_args(wanted), value)
    if wanted is int:
        return _number(value, doc)
    if wanted is bytes:
        return _key(value)
    if get_origin(wanted) is tuple:
        return tuple(_network(part.strip()) for part in value.split(","))
    return wanted(value)


def _number(value: str, doc: Doc) -> int:
    # int() takes signs, underscores and spaces; a setting is plain digits.
    if value.isascii() and value.isdigit() and len(value) < 12 and doc.at_least <= int(value) <= doc.at_most:
        return int(value)
    raise _Wrong(
        f"“{value}” is not a whole number from {doc.at_least} to {doc.at_most}",
        f"“{value}” ไม่ใช่จำนวนเต็มตั้งแต่ {doc.at_least} ถึง {doc.at_most}",
    )


def _one_of(words: tuple[str, ...], value: str) -> str:
    if value in words:
        return value
    raise _Wrong(f"“{value}” is none of {', '.join(words)}", f"“{value}” ไม่ใช่ค่าใดใน {', '.join(words)}")


def _key(value: str) -> bytes:
    try:
        return decode_master_key(value)
    except ValueError:
        # The value is never repeated: it may be nearly right.
        raise _Wrong(
            f"this is not {MASTER_KEY_BYTES} bytes in base64url (make one with: openssl rand -base64 32)",
            f"ค่านี้ไม่ใช่ข้อมูล {MASTER_KEY_BYTES} ไบต์แบบ base64url (สร้างได้ด้วยคำสั่ง openssl rand -base64 32)",
        ) from None


def _network(value: str) -> Network:
    try:
        return ip_network(value)
    except ValueError:
        raise _Wrong(f"“{value}” is no IP address or network", f"“{value}” ไม่ใช่หมายเลขหรือเครือข่าย IP") from None


_URLS: dict[str, tuple[str, ...]] = {
    "public_url": ("https", "http"),
    "database_url": ("sqlite", "postgresql"),
    "redis_url": ("redis", "rediss"),
}


def _url(field: str, value: str) -> str:
    """Check a URL without repeating it: it may hold a password."""
    schemes = _URLS[field]
    wanted = " or ".join(f"{scheme}://" for scheme in schemes)
    fault = _Wrong(
        f"this is no URL that begins with {wanted} and names a host",
        f"ค่านี้ไม่ใช่ URL ที่ขึ้นต้นด้วย {wanted} และมีชื่อเครื่อง",
    )
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise fault from None
    if parts.scheme == "sqlite" and field == "database_url":
        if not parts.netloc and len(parts.path) > 1:
            return value
        raise _Wrong(
            "write sqlite:///FILE, or sqlite:////FOLDER/FILE", "โปรดเขียน sqlite:///FILE หรือ sqlite:////FOLDER/FILE"
        )
    if parts.scheme not in schemes or not parts.hostname:
        raise fault
    if field == "public_url":
        if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
            # did:web names a host, and the QR code is short because nothing stands before /v/.
            raise _Wrong("give only the scheme, host and port", "ระบุเฉพาะโพรโทคอล ชื่อเครื่อง และพอร์ต")
        if len(parts.netloc) > 110:
            # Beside a longer one a QR code has no room for every name.
            raise _Wrong("host and port have more than 110 characters", "ชื่อเครื่องและพอร์ตยาวเกิน 110 อักขระ")
        return f"{parts.scheme}://{parts.netloc}"
    return value


def _base_type(field: str) -> Any:
    """Return the type without `| None`."""
    wanted = _TYPES[field]
    if isinstance(wanted, UnionType):
        return next(part for part in get_args(wanted) if part is not type(None))
    return wanted


def _type_name(field: str) -> str:
    wanted = _base_type(field)
    if field in _URLS:
        return "URL"
    if get_origin(wanted) is Literal:
        return " or ".join(get_args(wanted))
    if get_origin(wanted) is tuple:
        return "networks"
    return {int: "number", bytes: "key", Path: "path"}.get(wanted, "text")


def _default_text(field: str) -> str:
    written = _DOCS[field].default
    if written is not None:
        return written
    default = _DEFAULTS[field]
    return "none" if default is None else str(default)

"""The only place where adapters meet the use cases, and where the clock and the dice are real."""

import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

from exam_service import __version__, resources
from exam_service.adapters.crypto.any_document import AnyDocument
from exam_service.adapters.crypto.keyring import Keyring
from exam_service.adapters.crypto.pkcs11 import Token
from exam_service.adapters.crypto.remembering import Remembering
from exam_service.adapters.crypto.signers import Signers, key_lost, unusable
from exam_service.adapters.crypto.vault import Vault, new_master
from exam_service.adapters.evidence.files import EvidenceFiles
from exam_service.adapters.formats import native, roster
from exam_service.adapters.live.memory import MemoryBell, MemoryPresence, MemoryRateLimiter
from exam_service.adapters.metrics.prometheus import PrometheusMeter
from exam_service.adapters.printing import pades
from exam_service.adapters.printing.pictures import Pictures
from exam_service.adapters.qr.codes import QrCodes
from exam_service.adapters.storage import backup, migrate, open_journal, open_store
from exam_service.bootstrap.apart import canonical, certificate_designs, now
from exam_service.core.errors import NotFound, Refusal
from exam_service.core.text import Text
from exam_service.services import keys
from exam_service.services.background import Background
from exam_service.services.context import Context, Policy
from exam_service.services.load import Load
from exam_service.services.ports import Bell, Presence, RateLimiter
from exam_service.services.queues import Queues
from exam_service.settings import Settings, decode_master_key, encode_master_key


class MasterKeyMissing(Refusal):
    code = "master-key-missing"
    sentence = Text(
        en="The master key {file} is missing; without it nothing that is sealed in the database can be opened. "
        "Put it back, or, for a new database, make one with `exam-service keys master`.",
        th="ไม่พบกุญแจหลัก {file} ซึ่งจำเป็นต่อการเปิดข้อมูลที่ผนึกไว้ในฐานข้อมูล โปรดนำกลับมาไว้ที่เดิม "
        "หรือสร้างใหม่สำหรับฐานข้อมูลใหม่ด้วย `exam-service keys master`",
    )


class WrongMasterKey(Refusal):
    code = "wrong-master-key"
    sentence = Text(
        en="The master key in {place} is not the one that this database was sealed with; with it no save could be "
        "receipted and no national id opened, so nothing is started. Put the right key back (a backup made with "
        "--with-master-key has it in FILE.master.key), or name the database that belongs to this key.",
        th="กุญแจหลักใน {place} ไม่ใช่กุญแจที่ใช้ผนึกฐานข้อมูลนี้ ระบบจะออกใบรับคำตอบและเปิดเลขประจำตัวประชาชนไม่ได้ จึงไม่เริ่มทำงาน "
        "โปรดนำกุญแจที่ถูกต้องกลับมา (ข้อมูลสำรองที่ทำด้วย --with-master-key มีกุญแจอยู่ใน FILE.master.key) "
        "หรือระบุฐานข้อมูลที่ใช้กับกุญแจนี้",
    )


@asynccontextmanager
async def opened(settings: Settings, *, clock: Callable[[], datetime] = now) -> AsyncIterator[Context]:
    """A context over the database and what else the settings name, its schema brought up to date; closed at the end.

    Raises MasterKeyMissing, and WrongMasterKey before anything could be sealed with a key that is not the database's.
    """
    vault = Vault(master_key(settings))
    if not settings.postgresql:
        _private_file(_sqlite_file(settings))
    await migrate(settings.database_url)
    store = open_store(settings.database_url, pool_size=settings.db_pool_size, clock=clock)
    journal = open_journal(store, clock)
    limiter, presence, bell = _live(settings.redis_url)
    background, queues = Background(), Queues()
    signers = Signers(Keyring(vault), _token(settings), clock)
    try:
        ctx = Context(
            store=store,
            journal=journal,
            limiter=limiter,
            presence=presence,
            bell=bell,
            clock=clock,
            entropy=secrets.token_bytes,
            vault=vault,
            signer=signers,
            canonical=Remembering(canonical),
            any_canonical=AnyDocument(resources.certs() / "contexts"),
            qr=QrCodes(),
            evidences=EvidenceFiles(clock),
            designs=certificate_designs(),
            pictures=Pictures(clock),
            paper_signer=pades.load(settings.pades_file, settings.pades_passphrase_file, clock())
            if settings.pades_file
            else None,
            read_bank=native.read_bank,
            bank_schema=native.schema(),
            read_roster=roster.read_roster,
            background=background,
            queues=queues,
            meter=PrometheusMeter(),
            load=Load(queues),
            policy=Policy(
                database="postgresql" if settings.postgresql else "sqlite",
                public_url=settings.public_url.rstrip("/"),
                grace=timedelta(seconds=settings.grace_seconds),
                launch_ttl=timedelta(seconds=settings.launch_ttl_seconds),
                session_ttl=timedelta(hours=settings.session_hours),
                sweep_every=timedelta(seconds=settings.sweep_seconds),
                repeat_for=timedelta(days=settings.repeat_days),
                new_keys=settings.new_keys,
                prepare_before=timedelta(minutes=settings.prepare_minutes),
                vc_api=settings.vc_api == "on",
            ),
        )
        await prove_master_key(ctx, settings)
        yield ctx
    finally:
        await background.close()
        await queues.close()
        await journal.close()
        await presence.close()
        await bell.close()
        await limiter.close()
        await store.close()
        signers.close()


# What the exam path does not need is loaded when it is first used, so that a process starts quickly and stays small.


def _live(redis_url: str | None) -> tuple[RateLimiter, Presence, Bell]:
    """What may be lost, shared through Redis when there is one."""
    if redis_url is None:
        return MemoryRateLimiter(), MemoryPresence(), MemoryBell()
    from exam_service.adapters.live.redis import RedisRateLimiter
    from exam_service.adapters.live.redis_bell import RedisBell
    from exam_service.adapters.live.redis_presence import RedisPresence

    return RedisRateLimiter(redis_url), RedisPresence(redis_url), RedisBell(redis_url)


def master_key(settings: Settings) -> bytes:
    """The key that all others are sealed with. Raises MasterKeyMissing.

    On SQLite it is made together with the database, for this user's eyes only. A database without its key is not given
    a new one: nothing that is sealed in it could ever be opened again.
    """
    if settings.master_key is not None:
        return settings.master_key
    file = _master_key_file(settings)
    if not file.exists():
        if settings.postgresql or _sqlite_file(settings).exists():
            raise MasterKeyMissing(file=file)
        _write_secret(file, encode_master_key(new_master()))
    return decode_master_key(file.read_text(encoding="ascii"))


async def prove_master_key(ctx: Context, settings: Settings) -> None:
    """Raises WrongMasterKey when what is sealed in the database does not open."""
    if not await keys.open_here(ctx):
        place = "EXAM_MASTER_KEY" if settings.master_key is not None else _master_key_file(settings)
        raise WrongMasterKey(place=place)


def _token(settings: Settings) -> Token | None:
    if settings.pkcs11_module is None:
        return None
    pin = "EXAM_PKCS11_PIN_FILE" if settings.pkcs11_pin_file else "EXAM_PKCS11_PIN"
    return Token(settings.pkcs11_module, settings.pkcs11_token or "", settings.pkcs11_pin or "", pin)


async def prove_hsm(ctx: Context) -> None:
    """Raises HsmUnusable when a module is named that cannot be used, or a key that is to sign is not in it."""
    await ctx.signer.prove()
    if lost := await keys.unusable_here(ctx):
        raise unusable(*(key_lost(one.slug, key.kid, named=ctx.signer.hsm != "none") for one, key in lost))


def _master_key_file(settings: Settings) -> Path:
    return settings.master_key_file or settings.data_dir / "master.key"


class NotSqlite(Refusal):
    code = "not-sqlite"
    sentence = Text(
        en="These commands are for SQLite. PostgreSQL has better ones of its own: see docs/operations.md.",
        th="คำสั่งนี้ใช้กับ SQLite เท่านั้น สำหรับ PostgreSQL โปรดดู docs/operations.md",
    )


class OtherMasterKey(Refusal):
    code = "other-master-key"
    sentence = Text(
        en="The master key here is not the one that this backup was sealed with, so national ids and signing keys in "
        "it could not be opened. Put the right key in {file}, or restore with --replace a backup that holds its key.",
        th="กุญแจหลักที่นี่ไม่ใช่กุญแจที่ใช้ผนึกข้อมูลสำรองนี้ จึงเปิดเลขประจำตัวประชาชนและกุญแจลงนามไม่ได้ โปรดวางกุญแจที่ถูกต้องไว้ที่ {file} "
        "หรือกู้คืนด้วย --replace จากข้อมูลสำรองที่มีกุญแจอยู่ด้วย",
    )


@backup.said_clearly()
def back_up(
    settings: Settings, file: Path, *, replace: bool, with_master_key: bool, progress: backup.Progress, at: datetime
) -> backup.Manifest:
    """A checked copy of the SQLite database, with its manifest, while the service runs or not.

    Raises NotSqlite, LiveFile, AlreadyThere, NotFound, MasterKeyMissing, BackupUnfit, OSError and sqlite3.Error.
    """
    database = _database_file(settings)
    if not database.exists():
        raise NotFound(what="database", id=database)
    backup.require_elsewhere(
        file, database, [path for path in (_master_key_file(settings), settings.database_url_file) if path]
    )
    key_file = file.with_name(f"{file.name}.master.key")
    for path in (file, backup.manifest_of(file), *((key_file,) if with_master_key else ())):
        if path.exists() and not replace:
            raise backup.AlreadyThere(file=path)
    key = master_key(settings)
    partial = file.with_name(f"{file.name}.partial")
    with backup.private(partial):
        pass
    try:
        backup.copy_online(database, partial, progress)
        schema, rows = backup.examine(partial, progress)
        manifest = backup.Manifest(
            format=backup.FORMAT,
            made_at=at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            version=__version__,
            schema=schema,
            bytes=partial.stat().st_size,
            sha256=backup.sha256(partial, progress),
            rows=rows,
            master_key=_fingerprint(key),
            master_key_file=key_file.name if with_master_key else None,
        )
        # The old one goes before the new one comes: a manifest is never beside a file that it does not describe.
        backup.manifest_of(file).unlink(missing_ok=True)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    if with_master_key:
        with backup.private(key_file) as out:
            out.write(encode_master_key(key).encode() + b"\n")
    backup.write_manifest(file, manifest)
    return manifest


@backup.said_clearly()
def restore(
    settings: Settings, file: Path, *, replace: bool, progress: backup.Progress, at: datetime
) -> tuple[backup.Manifest, list[Path]]:
    """Put a backup where the settings say that the database is; what was there, under its new name.

    Raises NotSqlite, ServiceRuns, AlreadyThere, BackupUnfit, MasterKeyMissing, OtherMasterKey, OSError.
    """
    database = _database_file(settings)
    manifest = backup.read_manifest(file)
    backup.verify(file, manifest, progress)
    if database.exists() and not replace:
        raise backup.AlreadyThere(file=database)
    backup.require_stopped(database)
    _private_folder(database.parent)
    mark = f"before-{at:%Y%m%dT%H%M%SZ}"
    place = _master_key_file(settings)
    had_database, had_key = database.exists(), place.exists()
    try:
        kept = _bring_master_key(settings, file, manifest, mark, replace=replace)
        moved = backup.move_away(database, mark)
        backup.put_back(file, database, manifest, progress)
    except BaseException:
        # All of it or nothing: an old database with the backup's key could sign nothing and open nothing.
        if not had_database:
            database.unlink(missing_ok=True)
        backup.move_back(database.with_name(f"{database.name}.{mark}"), database)
        old_key = place.with_name(f"{place.name}.{mark}")
        if old_key.exists():
            old_key.replace(place)
        elif not had_key:
            place.unlink(missing_ok=True)
        raise
    return manifest, [*kept, *((moved,) if moved is not None else ())]


def _bring_master_key(
    settings: Settings, file: Path, manifest: backup.Manifest, mark: str, *, replace: bool
) -> list[Path]:
    """See to it that the key that opens the backup is here; where the one before lies now, if it was another one."""
    place = settings.master_key_file or settings.data_dir / "master.key"
    here = settings.master_key
    if here is None and place.exists():
        here = decode_master_key(place.read_text(encoding="ascii"))
    if here is not None and _fingerprint(here) == manifest.master_key:
        return []
    beside = file.with_name(manifest.master_key_file) if manifest.master_key_file else None
    if settings.master_key is not None or (here is not None and (beside is None or not replace)):
        raise OtherMasterKey(file=place)
    if beside is None or not beside.exists():
        raise MasterKeyMissing(file=place)
    coming = decode_master_key(beside.read_text(encoding="ascii"))
    if _fingerprint(coming) != manifest.master_key:
        raise OtherMasterKey(file=place)
    kept = [place.rename(place.with_name(f"{place.name}.{mark}"))] if here is not None else []
    _write_secret(place, encode_master_key(coming))
    return kept


def _fingerprint(key: bytes) -> str:
    """Names a master key without saying anything about it."""
    return Vault(key).mac(b"exam-service backup").hex()[:32]


def _database_file(settings: Settings) -> Path:
    if settings.postgresql:
        raise NotSqlite()
    return _sqlite_file(settings)


def new_master_key() -> str:
    """A fresh master key in base64url, as the settings take it."""
    return encode_master_key(new_master())


def _sqlite_file(settings: Settings) -> Path:
    return Path(settings.database_url.removeprefix("sqlite:///").partition("?")[0])


def _private_folder(folder: Path) -> None:
    """The folder exists; when it is made, it is for this user only. One that was there keeps the mode it was given."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def _private_file(file: Path) -> None:
    """The file exists; when it is made, it is empty and for this user only, and what SQLite puts beside it too."""
    _private_folder(file.parent)
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _write_secret(file: Path, text: str) -> None:
    """Whole or not at all, and never readable by others, not even for a moment."""
    _private_folder(file.parent)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as out:
        out.write(text + "\n")

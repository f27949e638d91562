"""Backups of an SQLite database: taken while the service runs, checked, and put back only where nothing is lost.

A backup is an ordinary SQLite file with a manifest beside it (FILE.json): when it was made, its SHA-256, its schema and
how many rows each table has, and a fingerprint of the master key, without which what is sealed in it stays closed.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from exam_service.adapters.storage.migrate import known
from exam_service.core.errors import Refusal
from exam_service.core.text import Text

FORMAT = "exam-service/backup@1"
BESIDE = ("-wal", "-shm", "-journal")
_PAGES = 2_000
_CHUNK = 1 << 20

Progress = Callable[[str, int, int], None]
"""What is being done, how much of it is done, and how much there is."""


class AlreadyThere(Refusal):
    code = "already-there"
    sentence = Text(
        en="{file} is there already; nothing was overwritten. Choose another name, or say --replace.",
        th="มี {file} อยู่แล้ว จึงไม่ได้เขียนทับ โปรดใช้ชื่ออื่นหรือระบุ --replace",
    )


class LiveFile(Refusal):
    code = "live-file"
    sentence = Text(
        en="{file} is what the service works with (the database, what SQLite keeps beside it, or the master key), and "
        "a backup would destroy it. Nothing was changed; choose another name.",
        th="{file} เป็นแฟ้มที่ระบบใช้งานอยู่ (ฐานข้อมูล แฟ้มประกอบของ SQLite หรือกุญแจหลัก) การสำรองข้อมูลทับจะทำลายแฟ้มนี้ "
        "ยังไม่มีการเปลี่ยนแปลงใด ๆ โปรดใช้ชื่ออื่น",
    )


class ServiceRuns(Refusal):
    code = "service-runs"
    sentence = Text(
        en="A process has {file} open; stop the service before a restore.",
        th="มีโพรเซสกำลังเปิด {file} อยู่ โปรดหยุดระบบก่อนกู้คืน",
    )


class BackupUnfit(Refusal):
    code = "backup-unfit"
    sentence = Text(
        en="{file} cannot be used: {why}. Nothing was changed.",
        th="ใช้ {file} ไม่ได้: {why_th} ยังไม่มีการเปลี่ยนแปลงใด ๆ",
    )


class DiskSaysNo(Refusal):
    code = "disk-says-no"
    sentence = Text(
        en="{file} cannot be read or written: {why}. The database and the master key of the service are as they were.",
        th="อ่านหรือเขียน {file} ไม่ได้: {why} ฐานข้อมูลและกุญแจหลักของระบบยังเป็นเหมือนเดิม",
    )


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the backup is, for who finds it in five years."""

    format: str
    made_at: str
    """When the snapshot was taken: everything acknowledged before is in it."""
    version: str
    schema: str
    bytes: int
    sha256: str
    rows: dict[str, int]
    master_key: str
    """Fingerprint of the master key that opens what is sealed in it. It says nothing about the key."""
    master_key_file: str | None = None
    """The key itself lies beside the backup under this name; without it, it must come from elsewhere."""


def manifest_of(file: Path) -> Path:
    """Where the manifest of a backup lies."""
    return file.with_name(f"{file.name}.json")


def require_elsewhere(file: Path, database: Path, others: Sequence[Path]) -> None:
    """Raises LiveFile when a backup to FILE would write the database, what SQLite puts beside it, or one of these."""
    live = [*(database.with_name(f"{database.name}{tail}") for tail in ("", *BESIDE)), *others]
    names = (
        file.name,
        f"{file.name}.partial",
        f"{file.name}.json",
        f"{file.name}.json.partial",
        f"{file.name}.master.key",
    )
    for path in map(file.with_name, names):
        # By name as well: a journal file that SQLite is about to make is not there yet.
        if any(path.resolve() == one.resolve() or _same(path, one) for one in live):
            raise LiveFile(file=path)


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def copy_online(source: Path, target: Path, progress: Progress) -> None:
    """A consistent copy of the database as it is now, while others read and write it. Raises OSError, sqlite3.Error.

    One read transaction is held over the whole copy: without it, each write by somebody else would start it anew.
    """
    with closing(_open(source, "ro")) as reading, closing(sqlite3.connect(target)) as writing:
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        reading.backup(
            writing, pages=_PAGES, progress=lambda _, left, total: progress("copy", total - left, total), sleep=0
        )
        # As one file: what waits in a journal file beside it would not be moved along.
        writing.execute("PRAGMA journal_mode = DELETE")
    _sync(target)


def examine(file: Path, progress: Progress) -> tuple[str, dict[str, int]]:
    """The schema's revision and the rows of each table, of a file that is whole. Raises BackupUnfit."""
    progress("check", 0, 1)
    try:
        with closing(_open(file, "ro", immutable=True)) as connection:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if found != "ok":
                raise unfit(file, f"SQLite says {found}", f"SQLite แจ้งว่า {found}")
            broken = connection.execute("PRAGMA foreign_key_check").fetchone()
            if broken is not None:
                raise unfit(file, f"a row of {broken[0]} refers to nothing", f"มีแถวใน {broken[0]} ที่อ้างอิงข้อมูลซึ่งไม่มี")
            (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            names = connection.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
            ).fetchall()
            # Names of tables come from the schema itself; quoting is all they need.
            rows = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in names}  # noqa: S608
    except sqlite3.Error as error:
        raise unfit(file, f"it is no database of this service ({error})", f"ไม่ใช่ฐานข้อมูลของระบบนี้ ({error})") from error
    progress("check", 1, 1)
    return str(revision), rows


def read_manifest(file: Path) -> Manifest:
    """The manifest beside a backup. Raises BackupUnfit."""
    beside = manifest_of(file)
    try:
        manifest = msgspec.json.decode(beside.read_bytes(), type=Manifest)
    except FileNotFoundError as error:
        raise unfit(file, f"its manifest {beside.name} is not beside it", f"ไม่พบแฟ้มกำกับ {beside.name}") from error
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise unfit(file, f"its manifest cannot be read: {error}", f"อ่านแฟ้มกำกับไม่ได้: {error}") from error
    if manifest.format != FORMAT:
        raise unfit(file, f"its format is {manifest.format}", f"รูปแบบคือ {manifest.format}")
    name = manifest.master_key_file
    if name is not None and (name in ("", ".", "..") or Path(name).name != name):
        raise unfit(file, "its master key is not named as a file beside it", "ชื่อแฟ้มกุญแจหลักไม่ใช่แฟ้มที่อยู่ข้างกัน")
    return manifest


def verify(file: Path, manifest: Manifest, progress: Progress) -> None:
    """Whether the file is, to the last bit, what the manifest says, and whole. Raises BackupUnfit."""
    try:
        digest = sha256(file, progress)
    except OSError as error:
        raise unfit(file, f"it cannot be read ({error.strerror})", f"อ่านไม่ได้ ({error.strerror})") from error
    if digest != manifest.sha256:
        raise unfit(file, "its SHA-256 is not the manifest's", "ค่า SHA-256 ไม่ตรงกับแฟ้มกำกับ")
    revision, rows = examine(file, progress)
    if (revision, rows) != (manifest.schema, manifest.rows):
        raise unfit(file, "its rows are not those that the manifest counts", "จำนวนแถวไม่ตรงกับแฟ้มกำกับ")
    if revision not in known():
        raise unfit(
            file,
            f"its schema {revision} is of a newer version of the service",
            f"โครงสร้าง {revision} เป็นของระบบรุ่นที่ใหม่กว่า",
        )


def write_manifest(file: Path, manifest: Manifest) -> None:
    """Beside the backup, whole or not at all."""
    beside = manifest_of(file)
    partial = beside.with_name(f"{beside.name}.partial")
    text = json.dumps(msgspec.to_builtins(manifest), indent=2, ensure_ascii=False) + "\n"
    with private(partial) as out:
        out.write(text.encode())
    partial.replace(beside)


def sha256(file: Path, progress: Progress) -> str:
    """The hex digest of a file's bytes."""
    digest, done, total = hashlib.sha256(), 0, file.stat().st_size
    with file.open("rb") as content:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
            done += len(chunk)
            progress("sha256", done, total)
    return digest.hexdigest()


def require_stopped(database: Path) -> None:
    """Raises ServiceRuns when any process has the database open: each of them holds a lock on it while it lives."""
    if not database.exists():
        return
    with closing(sqlite3.connect(database, timeout=0.5, isolation_level=None)) as connection:
        try:
            # In this mode SQLite wants the file for itself alone, before it looks at anything in it.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or "busy" in str(error):
                raise ServiceRuns(file=database) from error
            raise
        except sqlite3.DatabaseError:
            # Whatever it is, nobody serves from it.
            return


def put_back(file: Path, database: Path, manifest: Manifest, progress: Progress) -> None:
    """The backup becomes the database, whole or not at all; a database that is there must have been moved away."""
    coming = database.with_name(f"{database.name}.restoring")
    try:
        with file.open("rb") as content, private(coming) as out:
            done = 0
            while chunk := content.read(_CHUNK):
                out.write(chunk)
                done += len(chunk)
                progress("copy", done, manifest.bytes)
        verify(coming, manifest, progress)
    except BaseException:
        coming.unlink(missing_ok=True)
        raise
    coming.rename(database)
    _sync(database.parent)


def move_away(database: Path, mark: str) -> Path | None:
    """Keep the old database beside the new one, with what SQLite put beside it; its new name, if there was one."""
    kept = database.with_name(f"{database.name}.{mark}")
    for tail in ("-wal", "-shm", ""):
        with suppress(FileNotFoundError):
            database.with_name(f"{database.name}{tail}").rename(kept.with_name(f"{kept.name}{tail}"))
    return kept if kept.exists() else None


def move_back(kept: Path, database: Path) -> None:
    """Undo `move_away`."""
    for tail in ("-wal", "-shm", ""):
        with suppress(FileNotFoundError):
            kept.with_name(f"{kept.name}{tail}").rename(database.with_name(f"{database.name}{tail}"))


def unfit(file: Path, why: str, why_th: str) -> BackupUnfit:
    return BackupUnfit(file=file, why=why, why_th=why_th)


@contextmanager
def said_clearly() -> Iterator[None]:
    """Raise DiskSaysNo for what the disk refuses: no such folder, no right to it, no room."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        where = error.filename if isinstance(error, OSError) and error.filename else "a file"
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise DiskSaysNo(file=where, why=why) from error


@contextmanager
def private(file: Path) -> Iterator[Any]:
    """A new file for this user only, on the disk when the block ends."""
    with suppress(FileNotFoundError):
        file.unlink()
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        yield out
        out.flush()
        os.fsync(out.fileno())


def _open(file: Path, mode: str, *, immutable: bool = False) -> sqlite3.Connection:
    address = f"{file.resolve().as_uri()}?mode={mode}{'&immutable=1' if immutable else ''}"
    return sqlite3.connect(address, uri=True, isolation_level=None, timeout=10)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

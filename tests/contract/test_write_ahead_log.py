"""A new SQLite file is put into WAL mode also while another process is busy in it."""

import sqlite3
import threading
from pathlib import Path

import pytest

from exam_service.adapters.storage.engine import use_wal


def test_whoever_finds_a_new_file_being_written_waits_for_it(tmp_path: Path) -> None:
    file = tmp_path / "new.db"
    writer = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    writer.execute("CREATE TABLE something (id)")
    writer.execute("BEGIN IMMEDIATE")
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA busy_timeout = 10000")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        connection.execute("PRAGMA journal_mode = WAL")
    ended = threading.Timer(0.3, writer.execute, ("COMMIT",))
    ended.start()
    use_wal(connection.cursor())
    ended.join()
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    writer.close()


def test_what_is_no_database_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_bytes(b"Dear colleagues, " * 100)
    connection = sqlite3.connect(tmp_path / "letter.db", isolation_level=None)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        use_wal(connection.cursor())
    connection.close()

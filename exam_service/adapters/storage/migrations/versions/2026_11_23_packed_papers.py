"""Papers are gzip from now on; those that are there stay as they are, and are read as ever.

Revision: 4d8b16f0c9e3
After: e5d1a7f3920c
"""

import gzip

import sqlalchemy as sa
from alembic import op

revision = "4d8b16f0c9e3"
down_revision = "e5d1a7f3920c"
branch_labels = None
depends_on = None

works_since = "4d8b16f0c9e3"
"""Older processes would take what is packed for JSON."""

PAPER = sa.table(
    "paper", sa.column("attempt", sa.String), sa.column("form", sa.LargeBinary), sa.column("view", sa.LargeBinary)
)
AT_ONCE = 500


def upgrade() -> None:
    _compressed_by_postgresql("EXTERNAL")


def downgrade() -> None:
    _compressed_by_postgresql("EXTENDED")
    connection, after = op.get_bind(), ""
    while True:
        some = sa.select(PAPER).where(PAPER.c.attempt > after).order_by(PAPER.c.attempt).limit(AT_ONCE)
        rows = connection.execute(some).all()
        for row in rows:
            plain = {"form": _plain(row.form), "view": _plain(row.view)}
            connection.execute(sa.update(PAPER).where(PAPER.c.attempt == row.attempt).values(plain))
        if len(rows) < AT_ONCE:
            return
        after = rows[-1].attempt


def _compressed_by_postgresql(storage: str) -> None:
    """What is packed already does not get smaller; to find that out takes time with each paper."""
    if op.get_context().dialect.name == "postgresql":
        for column in ("form", "view"):
            op.execute(f"ALTER TABLE paper ALTER COLUMN {column} SET STORAGE {storage}")


def _plain(stored: bytes) -> bytes:
    return gzip.decompress(stored) if stored[:2] == b"\x1f\x8b" else stored

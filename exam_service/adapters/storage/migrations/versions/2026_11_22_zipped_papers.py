"""PostgreSQL compresses papers with LZ4, where it was built with it: six times as fast as with its own method.

Revision: a90c4be17d26
After: e5d1a7f3920c
"""

from alembic import op

revision = "a90c4be17d26"
down_revision = "e5d1a7f3920c"
branch_labels = None
depends_on = None

works_since = "e5d1a7f3920c"

_WITH = """\
DO $$ BEGIN
    ALTER TABLE paper ALTER COLUMN form SET COMPRESSION {method}, ALTER COLUMN view SET COMPRESSION {method};
EXCEPTION WHEN feature_not_supported OR syntax_error THEN
    NULL;
END $$"""


def upgrade() -> None:
    _compress("lz4")


def downgrade() -> None:
    _compress("default")


def _compress(method: str) -> None:
    """What is stored already stays as it is."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_WITH.format(method=method))

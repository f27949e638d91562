"""A prepared paper stays where it was stored: the attempt that gets it says where.

Revision: e5d1a7f3920c
After: 7b2e90c4d1f8
"""

import sqlalchemy as sa
from alembic import op

revision = "e5d1a7f3920c"
down_revision = "7b2e90c4d1f8"
branch_labels = None
depends_on = None

works_since = "e5d1a7f3920c"
"""Older processes would look for such a paper under the attempt's own id, and find none."""

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("attempt", sa.Column("paper", KEY, nullable=True))


def downgrade() -> None:
    # From the attempts to the papers' key: the other way round each paper would look through all attempts.
    op.execute("UPDATE paper SET attempt = a.id FROM attempt AS a WHERE a.paper = paper.attempt")
    # Not as a batch, which on SQLite makes the table anew, and drops the one that others refer to.
    op.drop_column("attempt", "paper")

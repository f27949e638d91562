"""Logos, seals and signatures that certificates show.

Revision: 7be2f05c81d4
After: a96c3e1f7d42
"""

import sqlalchemy as sa
from alembic import op

revision = "7be2f05c81d4"
down_revision = "a96c3e1f7d42"
branch_labels = None
depends_on = None

works_since = "a96c3e1f7d42"
"""Older processes know nothing of the table; what they cannot read is a course that names pictures."""

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "artwork",
        sa.Column("org", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("digest", KEY, nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("png", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("org", "kind", "digest", name=op.f("pk_artwork")),
    )


def downgrade() -> None:
    op.drop_table("artwork")

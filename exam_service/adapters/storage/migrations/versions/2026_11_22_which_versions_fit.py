"""Which versions of the service can work with a schema, for replicas of an older version during a rolling upgrade.

Revision: c41d8e07b6a2
After: 5f0c2d7a91be
"""

import sqlalchemy as sa
from alembic import op

revision = "c41d8e07b6a2"
down_revision = "5f0c2d7a91be"
branch_labels = None
depends_on = None

works_since = "c41d8e07b6a2"
"""The oldest revision whose code can work with this schema. A migration that only adds what older code need not know
(a table, a column with a default, an index) names the one before it; one that older code would break on names itself.
"""

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "schema_note",
        sa.Column("revision", KEY, nullable=False),
        sa.Column("works_since", KEY, nullable=False),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_schema_note")),
    )


def downgrade() -> None:
    op.drop_table("schema_note")

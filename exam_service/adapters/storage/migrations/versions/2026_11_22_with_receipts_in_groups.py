"""Receipts in parts: what a group shares is stored once, and a save has its place there.

Revision: 7b2e90c4d1f8
After: c41d8e07b6a2
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "7b2e90c4d1f8"
down_revision = "c41d8e07b6a2"
branch_labels = None
depends_on = None

works_since = "c41d8e07b6a2"
"""Older processes go on: they store whole receipts, as before. Asked again for the receipt of a save that a newer one
wrote they find no text, and sign the same facts alone: another receipt, and as true.
"""

TEXT = sqlmodel.sql.sqltypes.AutoString()
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "receipt_group",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("head", TEXT, nullable=False),
        sa.Column("leaves", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt_group")),
    )
    op.add_column("journal", sa.Column("receipt_group", sa.BigInteger(), nullable=True))
    op.add_column("journal", sa.Column("receipt_place", sa.Integer(), nullable=True))


def downgrade() -> None:
    # The saves stay; their receipts are signed alone when somebody asks for them.
    with op.batch_alter_table("journal") as journal:
        for name in ("receipt_group", "receipt_place"):
            journal.drop_column(name)
    op.drop_table("receipt_group")

"""The issuance log, kept designs, counts of jobs. What was issued is entered when the service starts.

Revision: a96c3e1f7d42
After: 4d8b16f0c9e3
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "a96c3e1f7d42"
down_revision = "4d8b16f0c9e3"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
TEXT = sqlmodel.sql.sqltypes.AutoString()
INSTANT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger()
UNLOGGED = sa.text("log_proof IS NULL AND credential IS NOT NULL")


def upgrade() -> None:
    op.add_column("certificate", sa.Column("log_proof", sa.LargeBinary(), nullable=True))
    op.create_index(
        "ix_certificate_unlogged", "certificate", ["org", "id"], postgresql_where=UNLOGGED, sqlite_where=UNLOGGED
    )
    op.add_column("job", sa.Column("counts", sa.JSON(none_as_null=True), nullable=True))
    # An entry refers to a certificate of the same organisation.
    op.drop_index("ix_certificate_org_id", table_name="certificate")
    op.create_index("ix_certificate_org_id", "certificate", ["org", "id"], unique=True)
    op.create_table(
        "log_entry",
        sa.Column("org", KEY, nullable=False),
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("certificate", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["org", "certificate"], ["certificate.org", "certificate.id"], name=op.f("fk_log_entry_org_certificate")
        ),
        sa.PrimaryKeyConstraint("org", "number", name=op.f("pk_log_entry")),
        sa.UniqueConstraint("certificate", name=op.f("uq_log_entry_certificate")),
    )
    op.add_column("certificate", sa.Column("design", KEY, nullable=True))
    op.create_table(
        "design",
        sa.Column("org", KEY, nullable=False),
        sa.Column("digest", KEY, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("files", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("org", "digest", name=op.f("pk_design")),
    )
    op.create_table(
        "log_subtree",
        sa.Column("org", KEY, nullable=False),
        sa.Column("level", NUMBER, autoincrement=False, nullable=False),
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("org", "level", "number", name=op.f("pk_log_subtree")),
    )
    op.create_table(
        "log_head",
        sa.Column("org", KEY, nullable=False),
        sa.Column("size", NUMBER, nullable=False),
        sa.Column("peaks", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("org", name=op.f("pk_log_head")),
    )


def downgrade() -> None:
    op.drop_table("log_head")
    op.drop_table("log_subtree")
    op.drop_table("log_entry")
    op.drop_table("design")
    op.drop_index("ix_certificate_org_id", table_name="certificate")
    op.create_index("ix_certificate_org_id", "certificate", ["org", "id"])
    op.drop_index("ix_certificate_unlogged", table_name="certificate")
    with op.batch_alter_table("job") as job:
        job.drop_column("counts")
    with op.batch_alter_table("certificate") as certificate:
        certificate.drop_column("log_proof")
        certificate.drop_column("design")

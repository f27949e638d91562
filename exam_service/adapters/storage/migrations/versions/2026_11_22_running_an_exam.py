"""Exam day: receipts kept, late saves, prepared papers, messages, time given while an attempt runs.

Revision: 5f0c2d7a91be
After: 089c9cbb8d5a
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "5f0c2d7a91be"
down_revision = "089c9cbb8d5a"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
TEXT = sqlmodel.sql.sqltypes.AutoString()
INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True)
NUMBER = sa.BigInteger()


def upgrade() -> None:
    for name in ("extra_seconds", "late_seconds", "news"):
        op.add_column("attempt", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.add_column("attempt", sa.Column("late_responses", TEXT, nullable=False, server_default="refuse"))

    op.add_column("journal", sa.Column("receipt", TEXT, nullable=True))
    op.add_column("journal", sa.Column("late", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("journal", sa.Column("evidence", sa.LargeBinary(), nullable=True))

    # A prepared paper is stored before its attempt.
    with op.batch_alter_table("paper") as paper:
        paper.drop_constraint(op.f("fk_paper_org_attempt"), type_="foreignkey")

    op.create_table(
        "late_save",
        sa.Column("attempt", KEY, nullable=False),
        sa.Column("epoch", NUMBER, autoincrement=False, nullable=False),
        sa.Column("seq", NUMBER, autoincrement=False, nullable=False),
        sa.Column("org", KEY, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=True),
        sa.Column("receipt", TEXT, nullable=True),
        sa.Column("decision", TEXT, nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("decided_by", TEXT, nullable=True),
        sa.Column("reason", TEXT, nullable=True),
        sa.ForeignKeyConstraint(
            ["org", "attempt"], ["attempt.org", "attempt.id"], name=op.f("fk_late_save_org_attempt")
        ),
        sa.PrimaryKeyConstraint("attempt", "epoch", "seq", name=op.f("pk_late_save")),
    )

    op.create_table(
        "prepared_attempt",
        sa.Column("enrolment", KEY, nullable=False),
        sa.Column("exam", KEY, nullable=False),
        sa.Column("org", KEY, nullable=False),
        sa.Column("attempt", KEY, nullable=False),
        sa.Column("course_version", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("prepared_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["org", "enrolment"], ["enrolment.org", "enrolment.id"], name=op.f("fk_prepared_attempt_org_enrolment")
        ),
        sa.ForeignKeyConstraint(
            ["org", "course_version"],
            ["course_version.org", "course_version.id"],
            name=op.f("fk_prepared_attempt_org_course_version"),
        ),
        sa.PrimaryKeyConstraint("enrolment", "exam", name=op.f("pk_prepared_attempt")),
    )

    op.create_table(
        "message",
        sa.Column("id", KEY, nullable=False),
        sa.Column("org", KEY, nullable=False),
        sa.Column("course", KEY, nullable=False),
        sa.Column("exam", KEY, nullable=False),
        sa.Column("attempt", KEY, nullable=True),
        sa.Column("text", JSON, nullable=False),
        sa.Column("sent_at", INSTANT, nullable=False),
        sa.Column("sent_by", KEY, nullable=False),
        sa.ForeignKeyConstraint(["org", "course"], ["course.org", "course.code"], name=op.f("fk_message_org_course")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    op.create_index(op.f("ix_message_org_course_exam_id"), "message", ["org", "course", "exam", "id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_message_org_course_exam_id"), table_name="message")
    op.drop_table("message")
    op.drop_table("prepared_attempt")
    op.drop_table("late_save")
    # What was prepared goes: its attempts do not exist.
    op.execute("DELETE FROM paper WHERE attempt NOT IN (SELECT id FROM attempt)")
    with op.batch_alter_table("paper") as paper:
        paper.create_foreign_key(op.f("fk_paper_org_attempt"), "attempt", ["org", "attempt"], ["org", "id"])
    with op.batch_alter_table("journal") as journal:
        for name in ("receipt", "late", "evidence"):
            journal.drop_column(name)
    with op.batch_alter_table("attempt") as attempt:
        for name in ("extra_seconds", "late_seconds", "news", "late_responses"):
            attempt.drop_column(name)

"""First schema.

Revision: 089c9cbb8d5a
After: none
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "089c9cbb8d5a"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
TEXT = sqlmodel.sql.sqltypes.AutoString()
INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True)


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", KEY, nullable=False),
        sa.Column("org", KEY, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
    )
    op.create_index(op.f("ix_api_key_org_id"), "api_key", ["org", "id"], unique=False)

    op.create_table(
        "audit_event",
        sa.Column("id", KEY, nullable=False),
        sa.Column("org", KEY, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("subject", KEY, nullable=False),
        sa.Column("reason", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index(op.f("ix_audit_event_org_subject_id"), "audit_event", ["org", "subject", "id"], unique=False)

    op.create_table(
        "bank_version",
        sa.Column("id", KEY, nullable=False),
        sa.Column("org", KEY, nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("title", JSON, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_version")),
        sa.UniqueConstraint("org", "code", "number", name=op.f("uq_bank_version_org_code_number")),
    )
    op.create_table(
        "candidate",
        sa.Column("id", KEY, nullable=False),
        sa.Column("org", KEY, nullable=False),
        sa.Column("external_id", KEY, nullable=False),
        sa.Column("name", JSON, nullable=False),
        sa.Column("national_id", sa.LargeBinary(), nullable=True),
        sa.Column("national_id_index", sa.LargeBinary(), nullable=True),
        sa.Column("position", TEXT, nullable=True),
        sa.Column("standing", TEXT, nullable=True),
        sa.Column("school", TEXT, nullable=True),
        sa.Column("affiliation", TEXT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidate")),
        sa.UniqueConstraint("org", "external_id", name=op.f("uq_candidate_org_external_id")),
        sa.UniqueConstraint("org", "id", name=op.f("uq_candidate_org_id")),
        sa.UniqueConstraint("org", "national_id_index", name=op.f("uq_candidate_org_national_id_index")),
    )
    op.create_table(
        "course",
        sa.Column("org", KEY, nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("draft", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("published", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("org", "code", name=op.f("pk_course")),
    )
    op.create_table(
        "job",
        sa.Column("id", KEY, nullable=False),
        sa.Column("org", KEY, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("course", KEY, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("errors", JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_table(
        "journal",
        sa.Column("attempt", KEY, nullable=False),
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("org", KEY, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("seconds_left", sa.Integer(), nullable=False),
        sa.Column("in_grace", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("attempt", "epoch", "seq", name=op.f("pk_journal")),
    )
    op.create_table(
        "organisation",
        sa.Column("id", KEY, nullable=False),
        sa.Column("slug", KEY, nullable=False),
        sa.Column("name", JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("slug", name=op.f("uq_organisation_slug")),
    )
    op.create_table(
        "replay",
        sa.Column("org", KEY, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("org", "key", name=op.f("pk_replay")),
    )
    op.create_table(
        "signing_key",
        sa.Column("kid", KEY, nullable=False),
        sa.Column("org", KEY, nullable=False),
        sa.Column("did", TEXT, nullable=False),
        sa.Column("purpose", TEXT, nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("retired_at", INSTANT, nullable=True),
        sa.Column("compromised_at", INSTANT, nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_signing_key")),
    )
    op.create_index(op.f("ix_signing_key_org_kid"), "signing_key", ["org", "kid"], unique=False)

    op.create_table(
        "status_list",
        sa.Column("org", KEY, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("valid_until", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("org", "number", name=op.f("pk_status_list")),
    )
    op.create_table(
        "course_version",
        sa.Column("id", KEY, nullable=False),
        sa.Column("org", KEY, nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["org", "code"], ["course.org", "course.code"], name=op.f("fk_course_version_org_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_version")),
        sa.UniqueConstraint("org", "code", "number", name=op.f("uq_course_version_org_code_number")),
        sa.UniqueConstraint("org", "id", name=op.f("uq_course_version_org_id")),
    )
    op.create_table(
        "enrolment",
        sa.Column("id", KEY, nullable=False),
        sa.Column("org", KEY, nullable=False),
        sa.Column("candidate", KEY, nullable=False),
        sa.Column("course", KEY, nullable=False),
        sa.Column("target_standing", TEXT, nullable=True),
        sa.Column("accommodations", JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["org", "candidate"], ["candidate.org", "candidate.id"], name=op.f("fk_enrolment_org_candidate")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment")),
        sa.UniqueConstraint("org", "candidate", "course", name=op.f("uq_enrolment_org_candidate_course")),
        sa.UniqueConstraint("org", "id", name=op.f("uq_enrolment_org_id")),
    )
    op.create_index(op.f("ix_enrolment_org_course_id"), "enrolment", ["org", "course", "id"], unique=False)

    op.create_table(
        "attempt",
        sa.Column("id", KEY, nullable=False),
        sa.Column("org", KEY, nullable=False),
        sa.Column("enrolment", KEY, nullable=False),
        sa.Column("course", KEY, nullable=False),
        sa.Column("course_version", KEY, nullable=False),
        sa.Column("exam", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("deadline", INSTANT, nullable=False),
        sa.Column("grace_seconds", sa.Integer(), nullable=False),
        sa.Column("closes_at", INSTANT, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("ended_by", TEXT, nullable=True),
        sa.Column("void_reason", TEXT, nullable=True),
        sa.ForeignKeyConstraint(
            ["org", "course_version"],
            ["course_version.org", "course_version.id"],
            name=op.f("fk_attempt_org_course_version"),
        ),
        sa.ForeignKeyConstraint(
            ["org", "enrolment"], ["enrolment.org", "enrolment.id"], name=op.f("fk_attempt_org_enrolment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("enrolment", "exam", "number", name=op.f("uq_attempt_enrolment_exam_number")),
        sa.UniqueConstraint("org", "id", name=op.f("uq_attempt_org_id")),
    )
    op.create_index(
        "ix_attempt_due",
        "attempt",
        ["closes_at", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'in_progress'"),
        postgresql_where=sa.text("state = 'in_progress'"),
    )
    op.create_index(op.f("ix_attempt_org_course_id"), "attempt", ["org", "course", "id"], unique=False)
    op.create_index(op.f("ix_attempt_org_enrolment"), "attempt", ["org", "enrolment"], unique=False)

    op.create_table(
        "certificate",
        sa.Column("id", KEY, nullable=False),
        sa.Column("org", KEY, nullable=False),
        sa.Column("enrolment", KEY, nullable=False),
        sa.Column("course_version", KEY, nullable=False),
        sa.Column("issuance", JSON, nullable=False),
        sa.Column("status_list", sa.Integer(), nullable=False),
        sa.Column("status_index", sa.Integer(), nullable=False),
        sa.Column("kid", KEY, nullable=False),
        sa.Column("unsigned", sa.LargeBinary(), nullable=False),
        sa.Column("qr_claims", sa.LargeBinary(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("credential", sa.LargeBinary(), nullable=True),
        sa.Column("qr_token", sa.LargeBinary(), nullable=True),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("note", TEXT, nullable=True),
        sa.Column("state_changed_at", INSTANT, nullable=False),
        sa.Column("state_changed_by", TEXT, nullable=True),
        sa.Column("superseded_by", KEY, nullable=True),
        sa.ForeignKeyConstraint(
            ["org", "course_version"],
            ["course_version.org", "course_version.id"],
            name=op.f("fk_certificate_org_course_version"),
        ),
        sa.ForeignKeyConstraint(
            ["org", "enrolment"], ["enrolment.org", "enrolment.id"], name=op.f("fk_certificate_org_enrolment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint(
            "org", "status_list", "status_index", name=op.f("uq_certificate_org_status_list_status_index")
        ),
    )
    op.create_index(op.f("ix_certificate_org_enrolment"), "certificate", ["org", "enrolment"], unique=False)
    op.create_index(op.f("ix_certificate_org_id"), "certificate", ["org", "id"], unique=False)

    op.create_table(
        "launch",
        sa.Column("id", KEY, nullable=False),
        sa.Column("org", KEY, nullable=False),
        sa.Column("enrolment", KEY, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("language", TEXT, nullable=True),
        sa.Column("return_url", TEXT, nullable=True),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["org", "enrolment"], ["enrolment.org", "enrolment.id"], name=op.f("fk_launch_org_enrolment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_launch")),
    )
    op.create_table(
        "reported_fact",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("org", KEY, nullable=False),
        sa.Column("enrolment", KEY, nullable=False),
        sa.Column("name", KEY, nullable=False),
        sa.Column("value", JSON, nullable=False),
        sa.Column("reported_at", INSTANT, nullable=False),
        sa.Column("reported_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["org", "enrolment"], ["enrolment.org", "enrolment.id"], name=op.f("fk_reported_fact_org_enrolment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reported_fact")),
    )
    op.create_index(
        op.f("ix_reported_fact_org_enrolment_id"), "reported_fact", ["org", "enrolment", "id"], unique=False
    )

    op.create_table(
        "paper",
        sa.Column("attempt", KEY, nullable=False),
        sa.Column("org", KEY, nullable=False),
        sa.Column("form", sa.LargeBinary(), nullable=False),
        sa.Column("view", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["org", "attempt"], ["attempt.org", "attempt.id"], name=op.f("fk_paper_org_attempt")),
        sa.PrimaryKeyConstraint("attempt", name=op.f("pk_paper")),
    )
    op.create_table(
        "result",
        sa.Column("attempt", KEY, nullable=False),
        sa.Column("revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("org", KEY, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("percent", sa.Float(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("graded_at", INSTANT, nullable=False),
        sa.Column("graded_by", TEXT, nullable=True),
        sa.Column("reason", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["org", "attempt"], ["attempt.org", "attempt.id"], name=op.f("fk_result_org_attempt")),
        sa.PrimaryKeyConstraint("attempt", "revision", name=op.f("pk_result")),
    )


def downgrade() -> None:
    op.drop_table("result")
    op.drop_table("paper")
    op.drop_table("reported_fact")
    op.drop_table("launch")
    op.drop_table("certificate")
    op.drop_table("attempt")
    op.drop_table("enrolment")
    op.drop_table("course_version")
    op.drop_table("status_list")
    op.drop_table("signing_key")
    op.drop_table("replay")
    op.drop_table("organisation")
    op.drop_table("journal")
    op.drop_table("job")
    op.drop_table("course")
    op.drop_table("candidate")
    op.drop_table("bank_version")
    op.drop_table("audit_event")
    op.drop_table("api_key")

"""The first tables, and the triggers that keep what is written once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from aidants.guides.models import install_triggers as guide_triggers
from aidants.journal.models import install_triggers as journal_triggers

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "guide_revision",
        sa.Column("guide", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("lang", sa.String(length=5), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("guide", "version", "lang", name=op.f("pk_guide_revision")),
    )
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_installation_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.create_table(
        "journal_checkpoint",
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_journal_checkpoint")),
    )
    op.create_table(
        "journal_leaf",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_journal_leaf")),
        sqlite_strict=True,
    )
    op.create_table(
        "journal_payload",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_journal_payload")),
        sqlite_strict=True,
    )
    op.create_table(
        "journal_record",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("v", sa.Integer(), nullable=False),
        sa.Column("ts", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("auth", sa.Text(), nullable=True),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("session", sa.Text(), nullable=True),
        sa.Column("resident", sa.Text(), nullable=True),
        sa.Column("mandate", sa.Text(), nullable=True),
        sa.Column("assistance", sa.Text(), nullable=True),
        sa.Column("run", sa.Text(), nullable=True),
        sa.Column("guide", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("step_sha256", sa.Text(), nullable=True),
        sa.Column("lang", sa.Text(), nullable=True),
        sa.Column("scope", sa.Text(), nullable=True),
        sa.Column("procedure", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("corrects", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_record")),
        sa.UniqueConstraint("seq", name=op.f("uq_journal_record_seq")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("journal_record", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_journal_record_actor_seq"), ["actor", "seq"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_journal_record_mandate_seq"),
            ["mandate", "seq"],
            unique=False,
            sqlite_where=sa.text("mandate IS NOT NULL"),
            postgresql_where=sa.text("mandate IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_journal_record_organisation_seq"),
            ["organisation", "seq"],
            unique=False,
            sqlite_where=sa.text("organisation IS NOT NULL"),
            postgresql_where=sa.text("organisation IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_journal_record_resident_seq"),
            ["resident", "seq"],
            unique=False,
            sqlite_where=sa.text("resident IS NOT NULL"),
            postgresql_where=sa.text("resident IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_journal_record_scope_seq"),
            ["scope", "seq"],
            unique=False,
            sqlite_where=sa.text("scope IS NOT NULL"),
            postgresql_where=sa.text("scope IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_journal_record_ts_seq"), ["ts", "seq"], unique=False)
        batch_op.create_index(batch_op.f("ix_journal_record_type_seq"), ["type", "seq"], unique=False)

    op.create_table(
        "organisation",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("hours", sa.String(length=100), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("dpo_contact", sa.String(length=200), nullable=False),
        sa.Column("public_mission", sa.Boolean(), nullable=False),
        sa.Column("durations", sa.String(length=60), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("function", sa.String(length=80), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("totp_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("totp_last_step", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("trained_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("email", name=op.f("uq_person_email")),
    )
    op.create_table(
        "throttle",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttle")),
    )
    op.create_table(
        "browser_session",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=26), nullable=False),
        sa.Column("organisation_id", sa.String(length=26), nullable=True),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reauthenticated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_browser_session_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_browser_session_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_browser_session")),
        sa.UniqueConstraint("digest", name=op.f("uq_browser_session_digest")),
    )
    with op.batch_alter_table("browser_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_browser_session_device"), ["device"], unique=False)
        batch_op.create_index(batch_op.f("ix_browser_session_person_id"), ["person_id"], unique=False)

    op.create_table(
        "membership",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("person_id", sa.String(length=26), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("organisation_id", sa.String(length=26), nullable=True),
        sa.CheckConstraint(
            "role IN ('auditor','administrator') OR organisation_id IS NOT NULL", name=op.f("ck_membership_place")
        ),
        sa.CheckConstraint("role IN ('helper','manager','auditor','administrator')", name=op.f("ck_membership_role")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_membership_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_membership_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint(
            "person_id", "role", "organisation_id", name=op.f("uq_membership_person_id_role_organisation_id")
        ),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_membership_organisation_id"), ["organisation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_membership_person_id"), ["person_id"], unique=False)

    op.create_table(
        "resident",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("organisation_id", sa.String(length=26), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(length=26), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_visit_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_resident_created_by")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_resident_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resident")),
    )
    with op.batch_alter_table("resident", schema=None) as batch_op:
        batch_op.create_index("ix_resident_visits", ["organisation_id", "last_visit_at", "id"], unique=False)

    op.create_table(
        "assistance",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("organisation_id", sa.String(length=26), nullable=False),
        sa.Column("helper_id", sa.String(length=26), nullable=False),
        sa.Column("resident_id", sa.String(length=26), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["helper_id"], ["person.id"], name=op.f("fk_assistance_helper_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_assistance_organisation_id")),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_assistance_resident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assistance")),
    )
    with op.batch_alter_table("assistance", schema=None) as batch_op:
        batch_op.create_index("ix_assistance_open", ["helper_id", "closed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_assistance_resident_id"), ["resident_id"], unique=False)

    op.create_table(
        "resident_token",
        sa.Column("organisation_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=1), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("resident_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_resident_token_organisation_id")
        ),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_resident_token_resident_id")),
        sa.PrimaryKeyConstraint("organisation_id", "kind", "token", "resident_id", name=op.f("pk_resident_token")),
    )
    with op.batch_alter_table("resident_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_resident_token_resident_id"), ["resident_id"], unique=False)

    op.create_table(
        "mandate",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("organisation_id", sa.String(length=26), nullable=False),
        sa.Column("resident_id", sa.String(length=26), nullable=False),
        sa.Column("helper_id", sa.String(length=26), nullable=False),
        sa.Column("assistance_id", sa.String(length=26), nullable=True),
        sa.Column("reference", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("duration", sa.String(length=10), nullable=True),
        sa.Column("consent", sa.String(length=20), nullable=False),
        sa.Column("code_index", sa.BigInteger(), nullable=True),
        sa.Column("code_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("text_id", sa.String(length=26), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=20), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft','awaiting_consent','active','expired','revoked','abandoned')",
            name=op.f("ck_mandate_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('active','expired') OR (activated_at IS NOT NULL AND ends_at IS NOT NULL)",
            name=op.f("ck_mandate_dates"),
        ),
        sa.ForeignKeyConstraint(["assistance_id"], ["assistance.id"], name=op.f("fk_mandate_assistance_id")),
        sa.ForeignKeyConstraint(["helper_id"], ["person.id"], name=op.f("fk_mandate_helper_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_mandate_organisation_id")),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_mandate_resident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mandate")),
        sa.UniqueConstraint("code_index", name=op.f("uq_mandate_code_index")),
        sa.UniqueConstraint("reference", name=op.f("uq_mandate_reference")),
    )
    with op.batch_alter_table("mandate", schema=None) as batch_op:
        batch_op.create_index("ix_mandate_ends", ["organisation_id", "state", "ends_at"], unique=False)
        batch_op.create_index("ix_mandate_resident", ["resident_id", "created_at"], unique=False)

    op.create_table(
        "run",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("organisation_id", sa.String(length=26), nullable=False),
        sa.Column("assistance_id", sa.String(length=26), nullable=False),
        sa.Column("resident_id", sa.String(length=26), nullable=True),
        sa.Column("helper_id", sa.String(length=26), nullable=False),
        sa.Column("guide", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("lang", sa.String(length=5), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("procedure", sa.String(length=60), nullable=False),
        sa.Column("trail", sa.Text(), nullable=False),
        sa.Column("help_step", sa.String(length=60), nullable=True),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f("ck_run_ended")),
        sa.CheckConstraint("state IN ('open','finished','stopped')", name=op.f("ck_run_state")),
        sa.ForeignKeyConstraint(["assistance_id"], ["assistance.id"], name=op.f("fk_run_assistance_id")),
        sa.ForeignKeyConstraint(
            ["guide", "version", "lang"],
            ["guide_revision.guide", "guide_revision.version", "guide_revision.lang"],
            name=op.f("fk_run_guide_version_lang"),
        ),
        sa.ForeignKeyConstraint(["helper_id"], ["person.id"], name=op.f("fk_run_helper_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_run_organisation_id")),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_run_resident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_run_assistance_id"), ["assistance_id"], unique=False)
        batch_op.create_index("ix_run_helper", ["helper_id", "state", "last_at"], unique=False)
        batch_op.create_index("ix_run_resident", ["resident_id", "started_at"], unique=False)

    op.create_table(
        "authorisation",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("mandate_id", sa.String(length=26), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("procedures", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=20), nullable=True),
        sa.CheckConstraint("procedures <> ''", name=op.f("ck_authorisation_named")),
        sa.ForeignKeyConstraint(["mandate_id"], ["mandate.id"], name=op.f("fk_authorisation_mandate_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authorisation")),
        sa.UniqueConstraint("mandate_id", "scope", name=op.f("uq_authorisation_mandate_id_scope")),
    )
    op.create_table(
        "mandate_text",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("mandate_id", sa.String(length=26), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("template_version", sa.String(length=20), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resident_version", sa.Integer(), nullable=False),
        sa.Column("journal_size", sa.BigInteger(), nullable=True),
        sa.Column("journal_root", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["mandate_id"], ["mandate.id"], name=op.f("fk_mandate_text_mandate_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mandate_text")),
    )
    with op.batch_alter_table("mandate_text", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mandate_text_mandate_id"), ["mandate_id"], unique=False)
    journal_triggers(op.get_bind())
    guide_triggers(op.get_bind())


def downgrade() -> None:
    with op.batch_alter_table("mandate_text", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mandate_text_mandate_id"))

    op.drop_table("mandate_text")
    op.drop_table("authorisation")
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.drop_index("ix_run_resident")
        batch_op.drop_index("ix_run_helper")
        batch_op.drop_index(batch_op.f("ix_run_assistance_id"))

    op.drop_table("run")
    with op.batch_alter_table("mandate", schema=None) as batch_op:
        batch_op.drop_index("ix_mandate_resident")
        batch_op.drop_index("ix_mandate_ends")

    op.drop_table("mandate")
    with op.batch_alter_table("resident_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_resident_token_resident_id"))

    op.drop_table("resident_token")
    with op.batch_alter_table("assistance", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_assistance_resident_id"))
        batch_op.drop_index("ix_assistance_open")

    op.drop_table("assistance")
    with op.batch_alter_table("resident", schema=None) as batch_op:
        batch_op.drop_index("ix_resident_visits")

    op.drop_table("resident")
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_membership_person_id"))
        batch_op.drop_index(batch_op.f("ix_membership_organisation_id"))

    op.drop_table("membership")
    with op.batch_alter_table("browser_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_browser_session_person_id"))
        batch_op.drop_index(batch_op.f("ix_browser_session_device"))

    op.drop_table("browser_session")
    op.drop_table("throttle")
    op.drop_table("person")
    op.drop_table("organisation")
    with op.batch_alter_table("journal_record", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_journal_record_type_seq"))
        batch_op.drop_index(batch_op.f("ix_journal_record_ts_seq"))
        batch_op.drop_index(
            batch_op.f("ix_journal_record_scope_seq"),
            sqlite_where=sa.text("scope IS NOT NULL"),
            postgresql_where=sa.text("scope IS NOT NULL"),
        )
        batch_op.drop_index(
            batch_op.f("ix_journal_record_resident_seq"),
            sqlite_where=sa.text("resident IS NOT NULL"),
            postgresql_where=sa.text("resident IS NOT NULL"),
        )
        batch_op.drop_index(
            batch_op.f("ix_journal_record_organisation_seq"),
            sqlite_where=sa.text("organisation IS NOT NULL"),
            postgresql_where=sa.text("organisation IS NOT NULL"),
        )
        batch_op.drop_index(
            batch_op.f("ix_journal_record_mandate_seq"),
            sqlite_where=sa.text("mandate IS NOT NULL"),
            postgresql_where=sa.text("mandate IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_journal_record_actor_seq"))

    op.drop_table("journal_record")
    op.drop_table("journal_payload")
    op.drop_table("journal_leaf")
    op.drop_table("journal_checkpoint")
    op.drop_table("installation")
    op.drop_table("guide_revision")

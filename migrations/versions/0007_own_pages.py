"""A resident's own pages: the code that opens them, visits, and what is asked of the counter."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_code",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("resident_id", sa.String(length=26), nullable=False),
        sa.Column("code_index", sa.BigInteger(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("issued_by", sa.String(length=26), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_access_code_resident_id")),
        sa.ForeignKeyConstraint(["issued_by"], ["person.id"], name=op.f("fk_access_code_issued_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_code")),
        sa.UniqueConstraint("code_index", name=op.f("uq_access_code_code_index")),
    )
    op.create_index(op.f("ix_access_code_resident_id"), "access_code", ["resident_id"])
    op.create_table(
        "resident_visit",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("resident_id", sa.String(length=26), nullable=False),
        sa.Column("organisation_id", sa.String(length=26), nullable=False),
        sa.Column("code_id", sa.String(length=26), nullable=False),
        sa.Column("auth", sa.String(length=20), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("sent_index", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("auth IN ('access_code','one_time_code')", name=op.f("ck_resident_visit_auth")),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_resident_visit_resident_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_resident_visit_organisation_id")
        ),
        sa.ForeignKeyConstraint(["code_id"], ["access_code.id"], name=op.f("fk_resident_visit_code_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resident_visit")),
        sa.UniqueConstraint("digest", name=op.f("uq_resident_visit_digest")),
    )
    op.create_index(op.f("ix_resident_visit_resident_id"), "resident_visit", ["resident_id"])
    op.create_table(
        "resident_request",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("organisation_id", sa.String(length=26), nullable=False),
        sa.Column("resident_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=26), nullable=True),
        sa.CheckConstraint("kind IN ('question','access','erasure')", name=op.f("ck_resident_request_kind")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_resident_request_organisation_id")
        ),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_resident_request_resident_id")),
        sa.ForeignKeyConstraint(["closed_by"], ["person.id"], name=op.f("fk_resident_request_closed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resident_request")),
    )
    op.create_index(op.f("ix_resident_request_resident_id"), "resident_request", ["resident_id"])
    op.create_index(
        "ix_resident_request_open",
        "resident_request",
        ["organisation_id", "due_at"],
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )


_WAITING = sa.text("SELECT 1 FROM resident_request WHERE closed_at IS NULL LIMIT 1")


def downgrade() -> None:
    if op.get_bind().execute(_WAITING).first():
        raise RuntimeError("no way back while a resident waits for an answer")
    for table in ("resident_request", "resident_visit", "access_code"):
        op.drop_table(table)

"""A resident may be held back from erasure, or set aside because another record is of the same person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("resident", sa.Column("hold_reason", sa.String(length=20), nullable=True))
    op.add_column("resident", sa.Column("hold_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("resident", sa.Column("merged_into", sa.String(length=26), nullable=True))
    op.create_index("ix_resident_merged", "resident", ["merged_into"])
    op.create_table(
        "resident_merge",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("organisation_id", sa.String(length=26), nullable=False),
        sa.Column("kept_id", sa.String(length=26), nullable=False),
        sa.Column("other_id", sa.String(length=26), nullable=False),
        sa.Column("proposed_by", sa.String(length=26), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.String(length=26), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("moved", sa.Text(), nullable=False),
        sa.CheckConstraint("kept_id <> other_id", name=op.f("ck_resident_merge_two")),
        sa.CheckConstraint("confirmed_by <> proposed_by", name=op.f("ck_resident_merge_second_person")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_resident_merge_organisation_id")
        ),
        sa.ForeignKeyConstraint(["proposed_by"], ["person.id"], name=op.f("fk_resident_merge_proposed_by")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["person.id"], name=op.f("fk_resident_merge_confirmed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resident_merge")),
    )
    for column in ("kept_id", "other_id", "confirmed_at"):
        op.create_index(op.f(f"ix_resident_merge_{column}"), "resident_merge", [column])


_DECIDED = sa.text("SELECT 1 FROM resident WHERE merged_into IS NOT NULL OR hold_reason IS NOT NULL LIMIT 1")


def downgrade() -> None:
    if op.get_bind().execute(_DECIDED).first():
        raise RuntimeError("no way back while a resident is held back from erasure or set aside by a merge")
    op.drop_table("resident_merge")
    op.drop_index("ix_resident_merged", table_name="resident")
    with op.batch_alter_table("resident") as batch_op:
        for column in ("merged_into", "hold_until", "hold_reason"):
            batch_op.drop_column(column)

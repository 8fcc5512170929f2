"""Mandates of erased residents name nobody; entries of the journal are counted by day, and found by
organisation and act at once.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


_PRESENT = sa.text("organisation IS NOT NULL")
_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("mandate") as batch_op:
        batch_op.alter_column("resident_id", existing_type=sa.String(length=26), nullable=True)
    op.create_table(
        "journal_day",
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("acts", sa.Integer(), nullable=False),
        sa.Column("through", _SEQUENCE, nullable=False),
        sa.PrimaryKeyConstraint("day", "organisation", "kind", name=op.f("pk_journal_day")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_journal_day_through"), "journal_day", ["through"])
    op.create_index(
        op.f("ix_journal_record_organisation_type_seq"),
        "journal_record",
        ["organisation", "type", "seq"],
        sqlite_where=_PRESENT,
        postgresql_where=_PRESENT,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_journal_record_organisation_type_seq"), "journal_record")
    op.drop_index(op.f("ix_journal_day_through"), table_name="journal_day")
    op.drop_table("journal_day")
    with op.batch_alter_table("mandate") as batch_op:
        batch_op.alter_column("resident_id", existing_type=sa.String(length=26), nullable=False)

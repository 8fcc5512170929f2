"""The journal's tree as tiles, and checkpoints as signed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "journal_tile",
        sa.Column("level", _SEQUENCE, autoincrement=False, nullable=False),
        sa.Column("number", _SEQUENCE, autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "number", name=op.f("pk_journal_tile")),
        sqlite_strict=True,
    )
    op.add_column("journal_checkpoint", sa.Column("note", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("journal_checkpoint", "note")
    op.drop_table("journal_tile")

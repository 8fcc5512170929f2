"""A resident can be erased: what remains of their mandates names nobody."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("mandate") as batch_op:
        batch_op.alter_column("resident_id", existing_type=sa.String(length=26), nullable=True)


def downgrade() -> None:
    with op.batch_alter_table("mandate") as batch_op:
        batch_op.alter_column("resident_id", existing_type=sa.String(length=26), nullable=False)

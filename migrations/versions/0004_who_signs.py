"""Mandates of protected persons, before witnesses, and renewed ones."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("mandate") as batch_op:
        batch_op.add_column(sa.Column("signers_sealed", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("renews_id", sa.String(length=26), nullable=True))
        batch_op.create_foreign_key(op.f("fk_mandate_renews_id"), "mandate", ["renews_id"], ["id"])
    op.add_column(
        "organisation", sa.Column("safeguard_allowed", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    with op.batch_alter_table("organisation") as batch_op:
        batch_op.alter_column("safeguard_allowed", server_default=None)


def downgrade() -> None:
    op.drop_column("organisation", "safeguard_allowed")
    with op.batch_alter_table("mandate") as batch_op:
        batch_op.drop_constraint(op.f("fk_mandate_renews_id"), type_="foreignkey")
        batch_op.drop_column("renews_id")
        batch_op.drop_column("signers_sealed")

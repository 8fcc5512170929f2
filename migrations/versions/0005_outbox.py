"""The outbox: messages queued with an act, delivered after it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outbox_message",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("channel", sa.String(length=4), nullable=False),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("organisation_id", sa.String(length=26), nullable=True),
        sa.Column("resident_id", sa.String(length=26), nullable=True),
        sa.Column("mandate_id", sa.String(length=26), nullable=True),
        sa.Column("dedup", sa.String(length=120), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.String(length=40), nullable=True),
        sa.Column("receipt", sa.String(length=80), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("channel IN ('mail','sms')", name=op.f("ck_outbox_message_channel")),
        sa.CheckConstraint(
            "state IN ('queued','sending','sent','failed','cancelled')", name=op.f("ck_outbox_message_state")
        ),
        sa.CheckConstraint(
            "(sealed IS NULL AND state IN ('sent','cancelled')) "
            "OR (sealed IS NOT NULL AND state IN ('queued','sending','failed'))",
            name=op.f("ck_outbox_message_sealed"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_outbox_message_organisation_id")
        ),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_outbox_message_resident_id")),
        sa.ForeignKeyConstraint(["mandate_id"], ["mandate.id"], name=op.f("fk_outbox_message_mandate_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
        sa.UniqueConstraint("dedup", name=op.f("uq_outbox_message_dedup")),
    )
    op.create_index("ix_outbox_message_due", "outbox_message", ["state", "next_attempt_at"])
    op.create_index(op.f("ix_outbox_message_resident_id"), "outbox_message", ["resident_id"])
    op.create_index(op.f("ix_outbox_message_mandate_id"), "outbox_message", ["mandate_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_outbox_message_mandate_id"), table_name="outbox_message")
    op.drop_index(op.f("ix_outbox_message_resident_id"), table_name="outbox_message")
    op.drop_index("ix_outbox_message_due", table_name="outbox_message")
    op.drop_table("outbox_message")

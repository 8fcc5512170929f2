"""A resident may agree on a screen or at a distance; the signed paper may be kept as a photo."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("browser_session", sa.Column("handed_over", sa.String(length=26), nullable=True))
    op.add_column("mandate", sa.Column("answered_at", _WHEN, nullable=True))
    op.add_column("mandate", sa.Column("paper_signed_at", _WHEN, nullable=True))
    _offers()
    _replies()
    _papers()


def _offers() -> None:
    op.create_table(
        "consent_offer",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("mandate_id", sa.String(length=26), nullable=False),
        sa.Column("text_id", sa.String(length=26), nullable=False),
        sa.Column("helper_id", sa.String(length=26), nullable=False),
        sa.Column("channel", sa.String(length=6), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=True),
        sa.Column("visit_digest", sa.String(length=64), nullable=True),
        sa.Column("address_index", sa.BigInteger(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("code_mac", sa.BigInteger(), nullable=True),
        sa.Column("code_sent_at", _WHEN, nullable=True),
        sa.Column("codes", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", _WHEN, nullable=False),
        sa.Column("expires_at", _WHEN, nullable=False),
        sa.Column("closed_at", _WHEN, nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.CheckConstraint("channel IN ('screen','tablet','mail','sms')", name=op.f("ck_consent_offer_channel")),
        sa.ForeignKeyConstraint(["mandate_id"], ["mandate.id"], name=op.f("fk_consent_offer_mandate_id")),
        sa.ForeignKeyConstraint(["helper_id"], ["person.id"], name=op.f("fk_consent_offer_helper_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_offer")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_consent_offer_token_digest")),
        sa.UniqueConstraint("visit_digest", name=op.f("uq_consent_offer_visit_digest")),
    )
    op.create_index("ix_consent_offer_mandate", "consent_offer", ["mandate_id", "created_at"])
    op.create_index("ix_consent_offer_address", "consent_offer", ["address_index", "created_at"])
    op.create_index("ix_consent_offer_created", "consent_offer", ["created_at"])


def _replies() -> None:
    op.create_table(
        "consent_reply",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("mandate_id", sa.String(length=26), nullable=False),
        sa.Column("text_id", sa.String(length=26), nullable=False),
        sa.Column("offer_id", sa.String(length=26), nullable=False),
        sa.Column("hand", sa.String(length=20), nullable=False),
        sa.Column("answer", sa.String(length=3), nullable=False),
        sa.Column("text_sha256", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("answered_at", _WHEN, nullable=False),
        sa.CheckConstraint("answer IN ('yes','no')", name=op.f("ck_consent_reply_answer")),
        sa.CheckConstraint("hand IN ('resident','representative')", name=op.f("ck_consent_reply_hand")),
        sa.ForeignKeyConstraint(["mandate_id"], ["mandate.id"], name=op.f("fk_consent_reply_mandate_id")),
        sa.ForeignKeyConstraint(["offer_id"], ["consent_offer.id"], name=op.f("fk_consent_reply_offer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_reply")),
        sa.UniqueConstraint("text_id", "hand", name=op.f("uq_consent_reply_text_id_hand")),
    )
    op.create_index(op.f("ix_consent_reply_mandate_id"), "consent_reply", ["mandate_id"])


def _papers() -> None:
    op.create_table(
        "mandate_paper",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("mandate_id", sa.String(length=26), nullable=False),
        sa.Column("format", sa.String(length=4), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("added_by", sa.String(length=26), nullable=False),
        sa.Column("added_at", _WHEN, nullable=False),
        sa.CheckConstraint("format IN ('jpeg','png','pdf')", name=op.f("ck_mandate_paper_format")),
        sa.ForeignKeyConstraint(["mandate_id"], ["mandate.id"], name=op.f("fk_mandate_paper_mandate_id")),
        sa.ForeignKeyConstraint(["added_by"], ["person.id"], name=op.f("fk_mandate_paper_added_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mandate_paper")),
    )
    op.create_index(op.f("ix_mandate_paper_mandate_id"), "mandate_paper", ["mandate_id"])


_GIVEN = sa.text("SELECT 1 FROM mandate WHERE consent IN ('on_screen','remote') LIMIT 1")
_KEPT = sa.text("SELECT 1 FROM mandate_paper LIMIT 1")


def downgrade() -> None:
    connection = op.get_bind()
    if connection.execute(_GIVEN).first() or connection.execute(_KEPT).first():
        raise RuntimeError("no way back while consents were asked on screen or at a distance, or papers are kept")
    for table in ("mandate_paper", "consent_reply", "consent_offer"):
        op.drop_table(table)
    with op.batch_alter_table("mandate") as batch_op:
        batch_op.drop_column("paper_signed_at")
        batch_op.drop_column("answered_at")
    with op.batch_alter_table("browser_session") as batch_op:
        batch_op.drop_column("handed_over")

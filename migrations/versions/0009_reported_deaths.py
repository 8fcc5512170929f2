"""A reported death stands with the resident, not only with the mandates that it ended; lists of what waits have an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_KNOWN = sa.text(
    "UPDATE resident SET death_reported_at = (SELECT max(ended_at) FROM mandate"
    " WHERE mandate.resident_id = resident.id AND mandate.end_reason = 'death')"
)


def upgrade() -> None:
    op.add_column("resident", sa.Column("death_reported_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(_KNOWN)
    op.drop_index("ix_mandate_ends", table_name="mandate")
    for name, column in (("ends", "ends_at"), ("created", "created_at")):
        op.create_index(f"ix_mandate_{name}", "mandate", ["organisation_id", "state", column, "id"])


_REPORTED = sa.text("SELECT 1 FROM resident WHERE death_reported_at IS NOT NULL LIMIT 1")


def downgrade() -> None:
    if op.get_bind().execute(_REPORTED).first():
        raise RuntimeError("no way back while a death is reported: an earlier program would prepare mandates again")
    op.drop_index("ix_mandate_created", table_name="mandate")
    op.drop_index("ix_mandate_ends", table_name="mandate")
    op.create_index("ix_mandate_ends", "mandate", ["organisation_id", "state", "ends_at"])
    with op.batch_alter_table("resident") as batch_op:
        batch_op.drop_column("death_reported_at")

"""Clips that were sent back to coding."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SAID = "recoding is append-only"
_SAME = "rowid = NEW.rowid OR (clip = NEW.clip AND sequence = NEW.sequence)"


def upgrade() -> None:
    """Forward only: there is no way back but the backup."""
    op.create_table(
        "recoding",
        sa.Column("clip", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["clip"], ["clip.id"], name=op.f("fk_recoding_clip")),
        sa.ForeignKeyConstraint(["sequence"], ["log.sequence"], name=op.f("fk_recoding_sequence")),
        sa.PrimaryKeyConstraint("clip", "sequence", name=op.f("pk_recoding")),
    )
    if op.get_bind().dialect.name != "sqlite":
        return
    refuse = f"BEGIN SELECT RAISE(ABORT, '{_SAID}'); END"
    op.execute(f"CREATE TRIGGER recoding_no_update BEFORE UPDATE ON recoding {refuse}")
    op.execute(f"CREATE TRIGGER recoding_no_delete BEFORE DELETE ON recoding {refuse}")
    op.execute(
        "CREATE TRIGGER recoding_no_replace BEFORE INSERT ON recoding "
        f"WHEN EXISTS (SELECT 1 FROM recoding WHERE {_SAME}) {refuse}"
    )

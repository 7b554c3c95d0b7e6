"""Files beside a recording, whose each face is, the true skew, what else a clip shows and holds; claims of ingest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEPT = {
    "companion": "rowid = NEW.rowid OR (recording = NEW.recording AND position = NEW.position)",
    "face_owner": "rowid = NEW.rowid OR (recording = NEW.recording AND track = NEW.track)",
}
"""By table whose rows no verb deletes: what makes a row the same as a new one."""


def upgrade() -> None:
    """Forward only: there is no way back but the backup."""
    op.add_column("recording", sa.Column("skew", sa.String(), nullable=True))
    op.add_column("recording", sa.Column("picture_stream", sa.Integer(), nullable=True))
    op.add_column("recording", sa.Column("sound_stream", sa.Integer(), nullable=True))
    op.add_column("clip", sa.Column("sound_flags", sa.String(), nullable=True))
    # of clips made before nobody knows who else reaches into them, and a face that nobody named cannot agree
    op.add_column("clip", sa.Column("also_visible", sa.String(), nullable=False, server_default="[null]"))
    op.create_table(
        "companion",
        sa.Column("recording", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("stream", sa.Integer(), nullable=True),
        sa.Column("channel", sa.Integer(), nullable=True),
        sa.Column("synchrony", sa.String(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["recording"], ["recording.id"], name=op.f("fk_companion_recording")),
        sa.ForeignKeyConstraint(["subject"], ["subject.id"], name=op.f("fk_companion_subject")),
        sa.PrimaryKeyConstraint("recording", "position", name=op.f("pk_companion")),
    )
    op.create_table(
        "face_owner",
        sa.Column("recording", sa.String(), nullable=False),
        sa.Column("track", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["recording"], ["recording.id"], name=op.f("fk_face_owner_recording")),
        sa.ForeignKeyConstraint(["subject"], ["subject.id"], name=op.f("fk_face_owner_subject")),
        sa.PrimaryKeyConstraint("recording", "track", name=op.f("pk_face_owner")),
    )
    op.create_table(
        "claim",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_claim")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for table, same in KEPT.items():
            said = f"no row of {table} may be deleted"
            op.execute(
                f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{said}'); END"
            )
            op.execute(
                f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
                f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) BEGIN SELECT RAISE(ABORT, '{said}'); END"
            )

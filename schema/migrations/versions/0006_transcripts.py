"""What was said in recordings, as transcripts have it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_SAID = "cue is append-only"
_ERASED = "(SELECT json_extract(log.payload, '$.subject') FROM log WHERE log.kind = 'subject.erased')"
_HEARD = (
    "(SELECT session_subject.subject FROM session_subject JOIN recording "
    "ON recording.session = session_subject.session WHERE recording.id = OLD.recording "
    "UNION SELECT subject FROM recording WHERE id = OLD.recording)"
)
_MAY_EMPTY = (
    f"(OLD.subject IN {_ERASED} OR (OLD.subject IS NULL AND EXISTS "
    f"(SELECT 1 FROM {_HEARD} AS heard WHERE heard.subject IN {_ERASED})))"
)
"""Of what nobody knows who said it, somebody who was there may have said it."""


def upgrade() -> None:
    """Forward only: there is no way back but the backup."""
    op.create_table(
        "cue",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("recording", sa.String(), nullable=False),
        sa.Column("taking", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("onset_s", sa.Double(), nullable=False),
        sa.Column("offset_s", sa.Double(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["recording"], ["recording.id"], name=op.f("fk_cue_recording")),
        sa.ForeignKeyConstraint(["subject"], ["subject.id"], name=op.f("fk_cue_subject")),
        sa.ForeignKeyConstraint(["sequence"], ["log.sequence"], name=op.f("fk_cue_sequence")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_cue")),
    )
    op.create_index(op.f("ix_cue_recording"), "cue", ["recording"], unique=False)
    if op.get_bind().dialect.name != "sqlite":
        return
    emptied = [_MAY_EMPTY, "NEW.onset_s IS 0", "NEW.offset_s IS 0", "NEW.text IS ''", "NEW.words IS '[]'"]
    same = [f"NEW.{column} IS OLD.{column}" for column in ("number", "recording", "taking", "subject", "sequence")]
    refuse = f"BEGIN SELECT RAISE(ABORT, '{_SAID}'); END"
    op.execute(
        f"CREATE TRIGGER cue_no_update BEFORE UPDATE ON cue WHEN NOT ({' AND '.join([*emptied, *same])}) {refuse}"
    )
    op.execute(f"CREATE TRIGGER cue_no_delete BEFORE DELETE ON cue {refuse}")
    op.execute(
        "CREATE TRIGGER cue_no_replace BEFORE INSERT ON cue "
        f"WHEN EXISTS (SELECT 1 FROM cue WHERE number = NEW.number) {refuse}"
    )

"""Recordings, clips, companions, owners of faces and faces at rest stay as they were taken in."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_CLIP_ERASED = "EXISTS (SELECT 1 FROM erasure WHERE erasure.clip = OLD.id)"
_SUBJECT_ERASED = (
    "EXISTS (SELECT 1 FROM log WHERE log.kind = 'subject.erased' "
    "AND json_extract(log.payload, '$.subject') = OLD.subject)"
)


def _same(columns: str) -> list[str]:
    return [f"NEW.{column} IS OLD.{column}" for column in columns.split()]


KEPT = {
    "recording": _same(
        "id sha256 session subject width height clock has_sound sample_rate_hz simulated skew picture_stream "
        "sound_stream"
    ),
    "clip": [
        _CLIP_ERASED,
        *_same("id recording candidate subject first last clock also_visible origin replaces"),
        *("NEW.crop IS NULL", "NEW.sound_flags IS NULL"),
    ],
    "companion": ["0"],
    "face_owner": ["0"],
    "reference": [_SUBJECT_ERASED, *_same("number subject recording first last sequence"), "NEW.files IS '{}'"],
}
"""By table: when a row may still change. A recording's file may be moved; what is shown of somebody erased may go."""


def upgrade() -> None:
    """Forward only: there is no way back but the backup."""
    if op.get_bind().dialect.name != "sqlite":
        return
    for table, unless in KEPT.items():
        op.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} WHEN NOT ({' AND '.join(unless)}) "
            f"BEGIN SELECT RAISE(ABORT, 'a row of {table} stays as it is'); END"
        )

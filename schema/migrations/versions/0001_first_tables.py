"""The first tables, and the triggers that make judgements, consents and the event log append-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SAME = {
    "judgement": "rowid = NEW.rowid OR id = NEW.id OR sequence = NEW.sequence OR supersedes = NEW.supersedes "
    "OR (supersedes IS NULL AND NEW.supersedes IS NULL AND ticket = NEW.ticket)",
    "consent": "number = NEW.number OR sequence = NEW.sequence",
    "log": "sequence = NEW.sequence",
}
"""By append-only table: what makes a row the same as a new one, over every primary key and unique index."""

KEPT = {
    "recording": "rowid = NEW.rowid OR id = NEW.id OR sha256 = NEW.sha256",
    "clip": "rowid = NEW.rowid OR id = NEW.id",
}
"""By table whose rows no verb deletes: the same."""


def upgrade() -> None:
    """Forward only: there is no way back but the backup."""
    op.create_table(
        "coder",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("roles", sa.String(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coder")),
        sa.UniqueConstraint("code", name=op.f("uq_coder_code")),
    )
    op.create_table(
        "keepsake",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_keepsake")),
    )
    op.create_table(
        "log",
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("payload", sa.String(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_log")),
    )
    op.create_index(op.f("ix_log_kind"), "log", ["kind"], unique=False)
    op.create_table(
        "session",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("game", sa.String(), nullable=True),
        sa.Column("played_on", sa.Date(), nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("code", name=op.f("uq_session_code")),
    )
    op.create_table(
        "subject",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("age_band", sa.String(), nullable=True),
        sa.Column("sex", sa.String(), nullable=True),
        sa.Column("ethnicity", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("glasses", sa.Boolean(), nullable=True),
        sa.Column("beard", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subject")),
        sa.UniqueConstraint("code", name=op.f("uq_subject_code")),
    )
    op.create_table(
        "consent",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("terms", sa.String(), nullable=False),
        sa.Column("form_version", sa.String(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["sequence"], ["log.sequence"], name=op.f("fk_consent_sequence")),
        sa.ForeignKeyConstraint(["subject"], ["subject.id"], name=op.f("fk_consent_subject")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_consent")),
        sa.UniqueConstraint("sequence", name=op.f("uq_consent_sequence")),
    )
    op.create_index(op.f("ix_consent_subject"), "consent", ["subject"], unique=False)
    op.create_table(
        "recording",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("clock", sa.LargeBinary(), nullable=False),
        sa.Column("has_sound", sa.Boolean(), nullable=False),
        sa.Column("sample_rate_hz", sa.Integer(), nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["session"], ["session.id"], name=op.f("fk_recording_session")),
        sa.ForeignKeyConstraint(["subject"], ["subject.id"], name=op.f("fk_recording_subject")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording")),
        sa.UniqueConstraint("sha256", name=op.f("uq_recording_sha256")),
    )
    op.create_table(
        "session_subject",
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["session"], ["session.id"], name=op.f("fk_session_subject_session")),
        sa.ForeignKeyConstraint(["subject"], ["subject.id"], name=op.f("fk_session_subject_subject")),
        sa.PrimaryKeyConstraint("session", "position", name=op.f("pk_session_subject")),
        sa.UniqueConstraint("session", "subject", name=op.f("uq_session_subject_session_subject")),
    )
    op.create_table(
        "candidate",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("recording", sa.String(), nullable=False),
        sa.Column("onset", sa.Integer(), nullable=False),
        sa.Column("apex", sa.Integer(), nullable=False),
        sa.Column("offset", sa.Integer(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("tags", sa.String(), nullable=False),
        sa.Column("track", sa.Integer(), nullable=False),
        sa.CheckConstraint('0 <= onset AND onset <= apex AND apex <= "offset"', name=op.f("ck_candidate_order")),
        sa.ForeignKeyConstraint(["recording"], ["recording.id"], name=op.f("fk_candidate_recording")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidate")),
    )
    op.create_index(op.f("ix_candidate_recording"), "candidate", ["recording"], unique=False)
    op.create_table(
        "clip",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("recording", sa.String(), nullable=False),
        sa.Column("candidate", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("clock", sa.LargeBinary(), nullable=False),
        sa.Column("crop", sa.String(), nullable=True),
        sa.CheckConstraint("0 <= first AND first <= last", name=op.f("ck_clip_order")),
        sa.ForeignKeyConstraint(["candidate"], ["candidate.id"], name=op.f("fk_clip_candidate")),
        sa.ForeignKeyConstraint(["recording"], ["recording.id"], name=op.f("fk_clip_recording")),
        sa.ForeignKeyConstraint(["subject"], ["subject.id"], name=op.f("fk_clip_subject")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clip")),
    )
    op.create_index(op.f("ix_clip_recording"), "clip", ["recording"], unique=False)
    op.create_table(
        "asset",
        sa.Column("clip", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("event", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("n_bytes", sa.Integer(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["clip"], ["clip.id"], name=op.f("fk_asset_clip")),
        sa.PrimaryKeyConstraint("clip", "kind", "event", name=op.f("pk_asset")),
    )
    op.create_table(
        "place",
        sa.Column("clip", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("open_seats", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["clip"], ["clip.id"], name=op.f("fk_place_clip")),
        sa.PrimaryKeyConstraint("clip", name=op.f("pk_place")),
    )
    op.create_index(op.f("ix_place_stage"), "place", ["stage"], unique=False)
    op.create_table(
        "ticket",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("clip", sa.String(), nullable=False),
        sa.Column("coder", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["clip"], ["clip.id"], name=op.f("fk_ticket_clip")),
        sa.ForeignKeyConstraint(["coder"], ["coder.id"], name=op.f("fk_ticket_coder")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
        sa.UniqueConstraint("clip", "stage", "round", "coder", name=op.f("uq_ticket_clip_stage_round_coder")),
    )
    op.create_index("ix_ticket_coder_state_position", "ticket", ["coder", "state", "position"], unique=False)
    op.create_table(
        "judgement",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket", sa.String(), nullable=False),
        sa.Column("clip", sa.String(), nullable=False),
        sa.Column("coder", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("modality", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("codebook_version", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("supersedes", sa.String(), nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["clip"], ["clip.id"], name=op.f("fk_judgement_clip")),
        sa.ForeignKeyConstraint(["coder"], ["coder.id"], name=op.f("fk_judgement_coder")),
        sa.ForeignKeyConstraint(["sequence"], ["log.sequence"], name=op.f("fk_judgement_sequence")),
        sa.ForeignKeyConstraint(["supersedes"], ["judgement.id"], name=op.f("fk_judgement_supersedes")),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.id"], name=op.f("fk_judgement_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judgement")),
        sa.UniqueConstraint("sequence", name=op.f("uq_judgement_sequence")),
        sa.UniqueConstraint("supersedes", name=op.f("uq_judgement_supersedes")),
    )
    op.create_index(op.f("ix_judgement_clip"), "judgement", ["clip"], unique=False)
    op.create_index(op.f("ix_judgement_ticket"), "judgement", ["ticket"], unique=False)
    op.create_index(
        "uq_judgement_first",
        "judgement",
        ["ticket"],
        unique=True,
        sqlite_where=sa.text("supersedes IS NULL"),
        postgresql_where=sa.text("supersedes IS NULL"),
    )
    if op.get_bind().dialect.name == "sqlite":
        for table, same in SAME.items():
            said = f"{table} is append-only"
            _refuse(table, "update", "BEFORE UPDATE", said)
            _refuse_loss(table, same, said)
        for table, same in KEPT.items():
            _refuse_loss(table, same, f"no row of {table} may be deleted")


def _refuse_loss(table: str, same: str, said: str) -> None:
    _refuse(table, "delete", "BEFORE DELETE", said)
    # INSERT OR REPLACE deletes the row before, and by default no DELETE trigger fires for it
    _refuse(table, "replace", "BEFORE INSERT", said, f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})")


def _refuse(table: str, name: str, act: str, said: str, when: str = "") -> None:
    op.execute(f"CREATE TRIGGER {table}_no_{name} {act} ON {table} {when} BEGIN SELECT RAISE(ABORT, '{said}'); END")

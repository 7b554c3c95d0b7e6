"""The whole protocol: lots, passes, gold, admissions, exclusions, references, context of the game, leaving."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SAME = {
    "lot": "rowid = NEW.rowid OR (clip = NEW.clip AND kind = NEW.kind)",
    "step": "rowid = NEW.rowid OR (ticket = NEW.ticket AND number = NEW.number) OR sequence = NEW.sequence",
    "exclusion": "rowid = NEW.rowid OR (coder = NEW.coder AND subject = NEW.subject)",
    "gold": "number = NEW.number",
    "admission": "number = NEW.number",
    "withdrawal": "rowid = NEW.rowid OR subject = NEW.subject",
    "erasure": "rowid = NEW.rowid OR clip = NEW.clip",
    "game_event": "number = NEW.number",
    "self_report": "number = NEW.number",
}
"""By append-only table: what makes a row the same as a new one."""

KEPT = {"reference": "number = NEW.number"}
"""By table whose rows no verb deletes: the same."""

_CLIP_ERASED = "EXISTS (SELECT 1 FROM erasure WHERE erasure.clip = OLD.clip)"
_TICKET_ERASED = "EXISTS (SELECT 1 FROM erasure JOIN ticket ON ticket.clip = erasure.clip WHERE ticket.id = OLD.ticket)"
_SUBJECT_ERASED = (
    "EXISTS (SELECT 1 FROM log WHERE log.kind = 'subject.erased' "
    "AND json_extract(log.payload, '$.subject') = OLD.subject)"
)
MAY_EMPTY = {
    "judgement": (
        _CLIP_ERASED,
        {"answer": "''", "salt": "''"},
        "id ticket clip coder stage round modality codebook_version sequence supersedes simulated purpose turn",
    ),
    "step": (_TICKET_ERASED, {"answer": "''", "salt": "''"}, "ticket number sequence"),
    "gold": (_CLIP_ERASED, {"reading": "''", "why": "''"}, "number clip sequence"),
    "exclusion": (_SUBJECT_ERASED, {"why": "''"}, "coder subject sequence"),
    "game_event": (
        _SUBJECT_ERASED,
        {"time_s": "0", "what": "''", "detail": "''"},
        "number recording subject sequence",
    ),
    "self_report": (
        _SUBJECT_ERASED,
        {"onset_s": "0", "offset_s": "0", "emotion": "''", "intensity": "NULL", "words": "''"},
        "number recording subject sequence",
    ),
}
"""The one change that rows may still see, by table: when, what it leaves of their contents, and what stays the same."""


def upgrade() -> None:
    """Forward only: there is no way back but the backup."""
    text, whole = sa.String(), sa.Integer()
    for table, name in (("session", "stakes"), ("session", "outcome"), ("session_subject", "role")):
        op.add_column(table, sa.Column(name, text, nullable=True))
    op.add_column("session_subject", sa.Column("outcome", text, nullable=True))
    op.add_column("clip", sa.Column("origin", text, nullable=False, server_default="candidate"))
    op.add_column("clip", sa.Column("replaces", text, nullable=True))
    op.execute("UPDATE clip SET origin = 'added' WHERE candidate IS NULL")
    with op.batch_alter_table("ticket") as ticket:
        ticket.add_column(sa.Column("purpose", text, nullable=False, server_default="ordinary"))
        ticket.add_column(sa.Column("turn", whole, nullable=False, server_default="1"))
        ticket.add_column(sa.Column("not_before", text, nullable=False, server_default=""))
        ticket.add_column(sa.Column("since", text, nullable=False, server_default=""))
        ticket.drop_constraint("uq_ticket_clip_stage_round_coder", type_="unique")
        ticket.create_unique_constraint(
            "uq_ticket_clip_stage_round_coder_purpose_turn", ["clip", "stage", "round", "coder", "purpose", "turn"]
        )
    _date_tickets()
    op.add_column("judgement", sa.Column("purpose", text, nullable=False, server_default="ordinary"))
    op.add_column("judgement", sa.Column("turn", whole, nullable=False, server_default="1"))

    def refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
        return sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{table}_{column}"))

    def key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
        return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))

    def columns(*names: str) -> list[sa.Column[str]]:
        return [sa.Column(name, sa.String(), nullable=False) for name in names]

    def numbers(*names: str) -> list[sa.Column[int]]:
        return [sa.Column(name, sa.Integer(), nullable=False) for name in names]

    op.create_table(
        "lot",
        *columns("clip", "kind"),
        *numbers("sequence"),
        refers("lot", "clip", "clip.id"),
        refers("lot", "sequence", "log.sequence"),
        key("lot", "clip", "kind"),
    )
    op.create_table(
        "gold",
        *numbers("number"),
        *columns("clip", "reading", "why"),
        *numbers("sequence"),
        refers("gold", "clip", "clip.id"),
        refers("gold", "sequence", "log.sequence"),
        key("gold", "number"),
    )
    op.create_index(op.f("ix_gold_clip"), "gold", ["clip"], unique=False)
    op.create_table(
        "draft", *columns("ticket", "answer"), refers("draft", "ticket", "ticket.id"), key("draft", "ticket")
    )
    op.create_table(
        "step",
        *columns("ticket"),
        *numbers("number"),
        *columns("answer"),
        *numbers("sequence"),
        *columns("salt"),
        refers("step", "ticket", "ticket.id"),
        refers("step", "sequence", "log.sequence"),
        key("step", "ticket", "number"),
        sa.UniqueConstraint("sequence", name=op.f("uq_step_sequence")),
    )
    op.create_table(
        "exclusion",
        *columns("coder", "subject", "why"),
        *numbers("sequence"),
        refers("exclusion", "coder", "coder.id"),
        refers("exclusion", "subject", "subject.id"),
        refers("exclusion", "sequence", "log.sequence"),
        key("exclusion", "coder", "subject"),
    )
    op.create_table(
        "admission",
        *numbers("number"),
        *columns("coder", "stage"),
        sa.Column("admitted", sa.Boolean(), nullable=False),
        *columns("evidence"),
        *numbers("sequence"),
        refers("admission", "coder", "coder.id"),
        refers("admission", "sequence", "log.sequence"),
        key("admission", "number"),
    )
    op.create_index(op.f("ix_admission_coder"), "admission", ["coder"], unique=False)
    op.create_table(
        "withdrawal",
        *columns("subject"),
        *numbers("sequence"),
        refers("withdrawal", "subject", "subject.id"),
        refers("withdrawal", "sequence", "log.sequence"),
        key("withdrawal", "subject"),
    )
    op.create_table(
        "erasure",
        *columns("clip"),
        *numbers("sequence"),
        refers("erasure", "clip", "clip.id"),
        refers("erasure", "sequence", "log.sequence"),
        key("erasure", "clip"),
    )
    op.create_table(
        "reference",
        *numbers("number"),
        *columns("subject", "recording"),
        *numbers("first", "last"),
        *columns("files"),
        *numbers("sequence"),
        refers("reference", "subject", "subject.id"),
        refers("reference", "recording", "recording.id"),
        refers("reference", "sequence", "log.sequence"),
        key("reference", "number"),
    )
    op.create_index(op.f("ix_reference_subject"), "reference", ["subject"], unique=False)
    op.create_table(
        "game_event",
        *numbers("number"),
        *columns("recording"),
        sa.Column("time_s", sa.Double(), nullable=False),
        *columns("what"),
        sa.Column("subject", text, nullable=True),
        *columns("detail"),
        *numbers("sequence"),
        refers("game_event", "recording", "recording.id"),
        refers("game_event", "subject", "subject.id"),
        refers("game_event", "sequence", "log.sequence"),
        key("game_event", "number"),
    )
    op.create_index(op.f("ix_game_event_recording"), "game_event", ["recording"], unique=False)
    op.create_table(
        "self_report",
        *numbers("number"),
        *columns("recording", "subject"),
        sa.Column("onset_s", sa.Double(), nullable=False),
        sa.Column("offset_s", sa.Double(), nullable=False),
        *columns("emotion"),
        sa.Column("intensity", whole, nullable=True),
        *columns("words"),
        *numbers("sequence"),
        refers("self_report", "recording", "recording.id"),
        refers("self_report", "subject", "subject.id"),
        refers("self_report", "sequence", "log.sequence"),
        key("self_report", "number"),
    )
    op.create_index(op.f("ix_self_report_recording"), "self_report", ["recording"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        _refuse_loss()


def _date_tickets() -> None:
    """When each ticket was last given out, taken or answered, as far as the log says; else the day of the upgrade."""
    connection = op.get_bind()
    since: dict[str, str] = {}
    kinds = "('ticket.opened', 'ticket.claimed', :handed_in)"
    spoken = sa.text(f"SELECT at, payload FROM log WHERE kind IN {kinds} ORDER BY sequence")
    for at, payload in connection.execute(spoken, {"handed_in": "judgement.submitted"}):
        since[json.loads(payload)["ticket"]] = at
    newest = connection.execute(sa.text("SELECT max(at) FROM log")).scalar() or ""
    for (id,) in connection.execute(sa.text("SELECT id FROM ticket")).fetchall():
        connection.execute(
            sa.text("UPDATE ticket SET since = :since WHERE id = :id"), {"since": since.get(id, newest), "id": id}
        )


def _refuse_loss() -> None:
    for table, same in SAME.items():
        said = f"{table} is append-only"
        _refuse_update(table, said)
        _refuse_delete(table, same, said)
    for table, same in KEPT.items():
        _refuse_delete(table, same, f"no row of {table} may be deleted")
    # columns were added and erasure is known now: the rule against changes is made anew
    op.execute("DROP TRIGGER judgement_no_update")
    _refuse_update("judgement", "judgement is append-only")


def _refuse_update(table: str, said: str) -> None:
    unless = ""
    if table in MAY_EMPTY:
        erased, emptied, same = MAY_EMPTY[table]
        left = [f"NEW.{column} IS {nothing}" for column, nothing in emptied.items()]
        kept = [f"NEW.{column} IS OLD.{column}" for column in same.split()]
        unless = f"WHEN NOT ({' AND '.join([erased, *left, *kept])}) "
    op.execute(
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {unless}BEGIN SELECT RAISE(ABORT, '{said}'); END"
    )


def _refuse_delete(table: str, same: str, said: str) -> None:
    op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{said}'); END")
    op.execute(
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) BEGIN SELECT RAISE(ABORT, '{said}'); END"
    )

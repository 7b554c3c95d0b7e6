"""The live tables, their only owner. Migrations bring an older database here; a test compares the two.

Judgements, consents and the event log are append-only: triggers (made by the migrations) refuse UPDATE and DELETE.
Recordings and clips are kept: DELETE is refused, and so is UPDATE, but for the path of a recording that was moved.
One more thing may still happen to what was said of a clip or a person: the contents go, where the clip was erased
(see `ErasureRow`) or the log says that the subject was; who said something, when and of what stays.
Frames, where not said otherwise, count in the recording.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, MetaData, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

HEAD = "0006"
"""Revision of these tables; equals the newest migration."""

APPEND_ONLY = (
    "judgement",
    "consent",
    "log",
    "lot",
    "recoding",
    "step",
    "exclusion",
    "gold",
    "admission",
    "withdrawal",
    "erasure",
    "game_event",
    "self_report",
    "cue",
)
"""Tables whose rows the database itself never lets change."""

KEPT = ("recording", "clip", "companion", "face_owner", "reference")
"""Tables whose rows the database itself never lets go, and lets change only as migration 0004 says."""


class Base(DeclarativeBase):
    """Names every constraint, so that migrations can find it."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class KeepsakeRow(Base):
    """What the workspace must know of itself: its secret, salts and words of what the log seals, erasures at work."""

    __tablename__ = "keepsake"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)


class SubjectRow(Base):
    """A person who was recorded."""

    __tablename__ = "subject"
    id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    simulated: Mapped[bool]
    age_band: Mapped[str | None]
    sex: Mapped[str | None]
    ethnicity: Mapped[str | None]
    language: Mapped[str | None]
    glasses: Mapped[bool | None]
    beard: Mapped[bool | None]


class ConsentRow(Base):
    """What a subject signed; the newest row of a subject counts."""

    __tablename__ = "consent"
    number: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    terms: Mapped[str]
    """JSON list of terms, sorted."""
    form_version: Mapped[str]
    signed_on: Mapped[date]
    expires_on: Mapped[date | None]
    sequence: Mapped[int] = mapped_column(ForeignKey("log.sequence"), unique=True)
    """Its entry in the log."""


class SessionRow(Base):
    """One game."""

    __tablename__ = "session"
    id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    game: Mapped[str | None]
    played_on: Mapped[date | None]
    simulated: Mapped[bool]
    stakes: Mapped[str | None]
    outcome: Mapped[str | None]


class SessionSubjectRow(Base):
    """Who took part, in the order in which they were named."""

    __tablename__ = "session_subject"
    session: Mapped[str] = mapped_column(ForeignKey("session.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(ForeignKey("subject.id"))
    role: Mapped[str | None]
    """What they were in the game."""
    outcome: Mapped[str | None]
    """How it ended for them."""
    __table_args__ = (UniqueConstraint("session", "subject"),)


class GameEventRow(Base):
    """Something that happened in the game, on the clock of a recording of its session."""

    __tablename__ = "game_event"
    number: Mapped[int] = mapped_column(primary_key=True)
    recording: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    time_s: Mapped[float]
    what: Mapped[str]
    subject: Mapped[str | None] = mapped_column(ForeignKey("subject.id"))
    detail: Mapped[str]
    sequence: Mapped[int] = mapped_column(ForeignKey("log.sequence"))


class SelfReportRow(Base):
    """What a player said afterwards of what they felt, on the clock of a recording."""

    __tablename__ = "self_report"
    number: Mapped[int] = mapped_column(primary_key=True)
    recording: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    subject: Mapped[str] = mapped_column(ForeignKey("subject.id"))
    onset_s: Mapped[float]
    offset_s: Mapped[float]
    emotion: Mapped[str]
    """Code of the codebook."""
    intensity: Mapped[int | None]
    words: Mapped[str]
    sequence: Mapped[int] = mapped_column(ForeignKey("log.sequence"))


class CueRow(Base):
    """Something that was said in a recording, as a transcript has it."""

    __tablename__ = "cue"
    number: Mapped[int] = mapped_column(primary_key=True)
    recording: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    taking: Mapped[int]
    """Which transcript of its recording, from 1: the newest counts."""
    subject: Mapped[str | None] = mapped_column(ForeignKey("subject.id"))
    """Who said it."""
    onset_s: Mapped[float]
    offset_s: Mapped[float]
    text: Mapped[str]
    words: Mapped[str]
    """JSON list of onset, offset and words of each part whose times are known."""
    sequence: Mapped[int] = mapped_column(ForeignKey("log.sequence"))


class CoderRow(Base):
    """A person (or a simulated coder) who judges."""

    __tablename__ = "coder"
    id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    roles: Mapped[str]
    """JSON list of roles, sorted."""
    simulated: Mapped[bool]


class ExclusionRow(Base):
    """A coder who may judge no clip in which a subject is seen or heard: it is them, or someone they know."""

    __tablename__ = "exclusion"
    coder: Mapped[str] = mapped_column(ForeignKey("coder.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(ForeignKey("subject.id"), primary_key=True)
    why: Mapped[str]
    sequence: Mapped[int] = mapped_column(ForeignKey("log.sequence"))


class AdmissionRow(Base):
    """A coder is admitted to a stage, by what they showed on gold or by the curator's word; the newest row counts."""

    __tablename__ = "admission"
    number: Mapped[int] = mapped_column(primary_key=True)
    coder: Mapped[str] = mapped_column(ForeignKey("coder.id"), index=True)
    stage: Mapped[str]
    admitted: Mapped[bool]
    evidence: Mapped[str]
    """JSON of what it rests on."""
    sequence: Mapped[int] = mapped_column(ForeignKey("log.sequence"))


class WithdrawalRow(Base):
    """A subject left: nothing of them is judged or released any more."""

    __tablename__ = "withdrawal"
    subject: Mapped[str] = mapped_column(ForeignKey("subject.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(ForeignKey("log.sequence"))


class ErasureRow(Base):
    """What was said of this clip is gone, its media too; the log keeps the salted hashes."""

    __tablename__ = "erasure"
    clip: Mapped[str] = mapped_column(ForeignKey("clip.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(ForeignKey("log.sequence"))


class ReferenceRow(Base):
    """A subject's face at rest and their plain voice, as the curator approved them; the newest row counts."""

    __tablename__ = "reference"
    number: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    recording: Mapped[str] = mapped_column(ForeignKey("recording.id"))
    first: Mapped[int]
    last: Mapped[int]
    files: Mapped[str]
    """JSON: by what it is (still, picture, sound), path below media and sha256."""
    sequence: Mapped[int] = mapped_column(ForeignKey("log.sequence"))


class RecordingRow(Base):
    """A media file, registered by content hash."""

    __tablename__ = "recording"
    id: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(unique=True)
    path: Mapped[str]
    session: Mapped[str] = mapped_column(ForeignKey("session.id"))
    subject: Mapped[str] = mapped_column(ForeignKey("subject.id"))
    width: Mapped[int]
    height: Mapped[int]
    clock: Mapped[bytes] = mapped_column(LargeBinary)
    """See `rows.packed_clock`."""
    has_sound: Mapped[bool]
    sample_rate_hz: Mapped[int | None]
    simulated: Mapped[bool]
    skew: Mapped[str | None]
    """JSON of a skew."""
    picture_stream: Mapped[int | None]
    sound_stream: Mapped[int | None]


class CompanionRow(Base):
    """A file of the same session beside a recording."""

    __tablename__ = "companion"
    recording: Mapped[str] = mapped_column(ForeignKey("recording.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str]
    sha256: Mapped[str]
    kind: Mapped[str]
    subject: Mapped[str | None] = mapped_column(ForeignKey("subject.id"))
    stream: Mapped[int | None]
    channel: Mapped[int | None]
    synchrony: Mapped[str]
    """JSON of a synchrony."""
    confidence: Mapped[float | None]


class FaceOwnerRow(Base):
    """Whose one face track of a recording is."""

    __tablename__ = "face_owner"
    recording: Mapped[str] = mapped_column(ForeignKey("recording.id"), primary_key=True)
    track: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(ForeignKey("subject.id"))


class ClaimRow(Base):
    """A recording that an ingest is at work on: nobody else takes it up until it lets go or falls silent."""

    __tablename__ = "claim"
    sha256: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    """Host, process and its start."""
    until: Mapped[float]
    """Seconds since the epoch up to which it holds; renewed while the work goes on."""


class CandidateRow(Base):
    """What the machine proposed."""

    __tablename__ = "candidate"
    id: Mapped[str] = mapped_column(primary_key=True)
    recording: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    onset: Mapped[int]
    apex: Mapped[int]
    offset: Mapped[int]
    score: Mapped[float]
    region: Mapped[str]
    tags: Mapped[str]
    """JSON list of tags, sorted."""
    track: Mapped[int]
    __table_args__ = (CheckConstraint('0 <= onset AND onset <= apex AND apex <= "offset"', name="order"),)


class ClipRow(Base):
    """The cut that experts judge."""

    __tablename__ = "clip"
    id: Mapped[str] = mapped_column(primary_key=True)
    recording: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    candidate: Mapped[str | None] = mapped_column(ForeignKey("candidate.id"))
    subject: Mapped[str] = mapped_column(ForeignKey("subject.id"))
    first: Mapped[int]
    last: Mapped[int]
    clock: Mapped[bytes] = mapped_column(LargeBinary)
    crop: Mapped[str | None]
    """JSON of a box."""
    sound_flags: Mapped[str | None]
    """JSON list of flags, sorted."""
    also_visible: Mapped[str] = mapped_column(server_default="[null]")
    """JSON list of subjects, sorted; null for somebody whom nobody named."""
    origin: Mapped[str] = mapped_column(server_default="candidate")
    replaces: Mapped[str | None]
    """The clip in whose place a screener wanted this one."""
    __table_args__ = (CheckConstraint("0 <= first AND first <= last", name="order"),)


class LotRow(Base):
    """What was drawn for a clip: it is screened again, or coded as a foil."""

    __tablename__ = "lot"
    clip: Mapped[str] = mapped_column(ForeignKey("clip.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(ForeignKey("log.sequence"))


class RecodingRow(Base):
    """A clip was sent back to coding, for one more round."""

    __tablename__ = "recoding"
    clip: Mapped[str] = mapped_column(ForeignKey("clip.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(ForeignKey("log.sequence"), primary_key=True)
    """Its entry in the log, which says why, and how the clips were chosen."""


class GoldRow(Base):
    """A clip whose reading is taken as known; the newest row of a clip counts."""

    __tablename__ = "gold"
    number: Mapped[int] = mapped_column(primary_key=True)
    clip: Mapped[str] = mapped_column(ForeignKey("clip.id"), index=True)
    reading: Mapped[str]
    """Canonical JSON of a coding."""
    why: Mapped[str]
    sequence: Mapped[int] = mapped_column(ForeignKey("log.sequence"))


class AssetRow(Base):
    """A file that was made for a clip."""

    __tablename__ = "asset"
    clip: Mapped[str] = mapped_column(ForeignKey("clip.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    event: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str]
    sha256: Mapped[str]
    n_bytes: Mapped[int]
    first: Mapped[int]
    last: Mapped[int]


class PlaceRow(Base):
    """Where a clip stands: read off its judgements after each one, and kept here so that it need not be again."""

    __tablename__ = "place"
    clip: Mapped[str] = mapped_column(ForeignKey("clip.id"), primary_key=True)
    stage: Mapped[str] = mapped_column(index=True)
    round: Mapped[int]
    open_seats: Mapped[int]


class TicketRow(Base):
    """One seat at one stage of one clip, given to one coder."""

    __tablename__ = "ticket"
    id: Mapped[str] = mapped_column(primary_key=True)
    clip: Mapped[str] = mapped_column(ForeignKey("clip.id"))
    coder: Mapped[str] = mapped_column(ForeignKey("coder.id"))
    stage: Mapped[str]
    round: Mapped[int]
    state: Mapped[str]
    position: Mapped[int]
    """Order in which the coder gets their tickets."""
    purpose: Mapped[str] = mapped_column(server_default="ordinary")
    turn: Mapped[int] = mapped_column(server_default="1")
    not_before: Mapped[str] = mapped_column(server_default="")
    """UTC, RFC 3339; empty: at once."""
    since: Mapped[str] = mapped_column(server_default="")
    """When it was given out or put on the desk, whichever came last: UTC, RFC 3339."""
    __table_args__ = (
        UniqueConstraint("clip", "stage", "round", "coder", "purpose", "turn"),
        Index("ix_ticket_coder_state_position", "coder", "state", "position"),
    )


class DraftRow(Base):
    """What a coder has so far for a ticket: changes until it is handed in."""

    __tablename__ = "draft"
    ticket: Mapped[str] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    answer: Mapped[str]
    """JSON, as the coder's program wrote it."""


class StepRow(Base):
    """The movement as a coder handed it in before the emotion opened."""

    __tablename__ = "step"
    ticket: Mapped[str] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    """From 1; a later one corrects the one before."""
    answer: Mapped[str]
    """Canonical JSON of a coding."""
    sequence: Mapped[int] = mapped_column(ForeignKey("log.sequence"), unique=True)
    salt: Mapped[str]


class JudgementRow(Base):
    """What one expert said, once."""

    __tablename__ = "judgement"
    id: Mapped[str] = mapped_column(primary_key=True)
    ticket: Mapped[str] = mapped_column(ForeignKey("ticket.id"), index=True)
    clip: Mapped[str] = mapped_column(ForeignKey("clip.id"), index=True)
    coder: Mapped[str] = mapped_column(ForeignKey("coder.id"))
    stage: Mapped[str]
    round: Mapped[int]
    modality: Mapped[str]
    answer: Mapped[str]
    """Canonical JSON."""
    codebook_version: Mapped[str]
    sequence: Mapped[int] = mapped_column(ForeignKey("log.sequence"), unique=True)
    """Its entry in the log; later is greater."""
    supersedes: Mapped[str | None] = mapped_column(ForeignKey("judgement.id"), unique=True)
    simulated: Mapped[bool]
    purpose: Mapped[str] = mapped_column(server_default="ordinary")
    turn: Mapped[int] = mapped_column(server_default="1")
    salt: Mapped[str]
    """Hashed with the contents into the log, so that the log says nothing of them."""
    __table_args__ = (
        Index(
            "uq_judgement_first",
            "ticket",
            unique=True,
            sqlite_where=text("supersedes IS NULL"),
            postgresql_where=text("supersedes IS NULL"),
        ),
    )


class LogRow(Base):
    """One entry of the event log, chained by hash to the one before."""

    __tablename__ = "log"
    sequence: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[str]
    actor: Mapped[str]
    kind: Mapped[str] = mapped_column(index=True)
    payload: Mapped[str]
    previous: Mapped[str]
    digest: Mapped[str]

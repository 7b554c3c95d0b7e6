"""Who left and what went with them: which clips nobody may judge or release any more, and what was erased of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import or_, select

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId, RecordingId, SessionId, SubjectId, TicketId
from mmed_curate.store.conducted import ConductReader
from mmed_curate.store.tables import ClipRow, FaceOwnerRow, KeepsakeRow, RecordingRow, SessionSubjectRow, SubjectRow

SUBJECT_WITHDRAWN = "subject.withdrawn"
TICKET_RETURNED = "ticket.returned"


def words_name(sequence: int) -> str:
    """Under what the words are kept that a log entry seals."""
    return f"words:{sequence}"


def erasure_name(subject: SubjectId) -> str:
    """Under what it is kept how far the erasure of a subject has come."""
    return f"erasure:{subject}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoneFile:
    """A file that was erased."""

    path: str
    """Relative to the workspace."""
    sha256: str
    n_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """How far the erasure of a subject has come, and what went."""

    subject: SubjectId
    at: str
    """When the database gave up what it held: UTC, RFC 3339."""
    clips: tuple[ClipId, ...]
    """The subject's own: media and everything that was said of them."""
    others: tuple[ClipId, ...]
    """Of others, with the subject seen or heard: their media, not what was said of the others."""
    recordings: tuple[RecordingId, ...]
    """In which the subject may be seen or heard: what was measured and noted of them."""
    paths: tuple[str, ...]
    """Files of these clips and of references, below the media folder."""
    tickets: tuple[TicketId, ...]
    """On any of these clips."""
    counts: Mapping[str, int]
    """What the database gave up, by what it was."""
    files: tuple[GoneFile, ...] | None = None
    """What is, or was, on disk; None: nobody looked yet."""
    finished: str = ""
    """When nothing was left; empty: not yet."""

    def to_text(self) -> str:
        """As it is kept."""
        value = {name: getattr(self, name) for name in self.__slots__ if name not in {"files", "counts"}}
        files = None if self.files is None else [[file.path, file.sha256, file.n_bytes] for file in self.files]
        return json.dumps({**value, "counts": dict(self.counts), "files": files}, sort_keys=True)

    @classmethod
    def from_text(cls, text: str) -> Erasure:
        """What was kept."""
        value: dict[str, Any] = json.loads(text)
        files = value.pop("files")
        lists = ("clips", "others", "recordings", "paths", "tickets")
        made = cls(**{**value, **{name: tuple(value[name]) for name in lists}})
        if files is None:
            return made
        return replace(made, files=tuple(GoneFile(path=path, sha256=sha256, n_bytes=n) for path, sha256, n in files))


class LeftReader(ConductReader):
    """Who left, and what went with them."""

    def gone(self) -> frozenset[ClipId]:
        """Clips in which somebody may be seen or heard who left: nobody judges, cuts or releases them any more."""
        away = self.withdrawn()
        if not away:
            return frozenset()
        return frozenset(clip for clip, seen in self.people().items() if seen & away)

    def is_gone(self, clip: ClipId) -> bool:
        """Whether somebody may be seen or heard in a clip who left; costs next to nothing while nobody did."""
        away = self.withdrawn()
        if not away:
            return False
        query = select(ClipRow.subject, ClipRow.also_visible, RecordingRow.session)
        found = self._session.execute(
            query.join(RecordingRow, RecordingRow.id == ClipRow.recording).where(ClipRow.id == clip)
        ).one()
        players = select(SessionSubjectRow.subject).where(SessionSubjectRow.session == found.session)
        return bool(away & {found.subject, *json.loads(found.also_visible), *self._session.scalars(players)})

    def players(self, session: SessionId) -> tuple[SubjectId, ...]:
        """Who took part in a session."""
        query = select(SessionSubjectRow.subject).where(SessionSubjectRow.session == session)
        return tuple(SubjectId(id) for id in self._session.scalars(query.order_by(SessionSubjectRow.position)))

    def refuse_left(self, subjects: Iterable[SubjectId], what: str) -> None:
        """Stop where one of them left.

        Args:
            subjects: who would be concerned.
            what: what is not done any more, as it follows a comma.

        Raises:
            BadInput: one of them left.
        """
        left = self.withdrawn() & set(subjects)
        if left:
            code = self._session.scalars(select(SubjectRow.code).where(SubjectRow.id.in_(left))).first()
            raise BadInput.of(
                "store.withdrawn",
                f"subject {code} withdrew, {what}",
                "leave them out; a withdrawal is never undone, so whoever comes back is registered under a new code",
            )

    def recordings_with(self, subject: SubjectId) -> tuple[RecordingId, ...]:
        """Recordings in which a subject may be seen or heard: all of their sessions, by id."""
        played = select(SessionSubjectRow.session).where(SessionSubjectRow.subject == subject)
        shown = select(FaceOwnerRow.recording).where(FaceOwnerRow.subject == subject)
        query = select(RecordingRow.id).where(
            or_(RecordingRow.subject == subject, RecordingRow.session.in_(played), RecordingRow.id.in_(shown))
        )
        return tuple(RecordingId(id) for id in self._session.scalars(query.order_by(RecordingRow.id)))

    def erasure(self, subject: SubjectId) -> Erasure | None:
        """How far the erasure of a subject has come; None: it was never asked for."""
        kept = self._session.get(KeepsakeRow, erasure_name(subject))
        return None if kept is None else Erasure.from_text(kept.value.decode())

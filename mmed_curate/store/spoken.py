"""What was said in recordings, read back: the newest transcript of each; and what of it the log seals."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session as OrmSession

from mmed_curate.domain.identity import RecordingId, SubjectId
from mmed_curate.domain.transcript import Cue, TimedWords
from mmed_curate.store.tables import CueRow, RecordingRow, SessionSubjectRow

TRANSCRIPT_TAKEN = "transcript.taken"
"""A part of a transcript was taken in: what one person said, or nobody knows who."""
NO_WORDS = "[]"
"""Of a cue whose words have no times, or that was erased."""


class TranscriptReader:
    """What was said in recordings."""

    _session: OrmSession

    def cues(self, recording: RecordingId | None = None) -> tuple[Cue, ...]:
        """What the newest transcript says, of one recording or of all: by recording, onset and order.

        What was erased is not among them.
        """
        newest = select(CueRow.recording, func.max(CueRow.taking).label("taking")).group_by(CueRow.recording).subquery()
        query = (
            select(CueRow)
            .join(newest, (CueRow.recording == newest.c.recording) & (CueRow.taking == newest.c.taking))
            .where(CueRow.text != "")
            .order_by(CueRow.recording, CueRow.onset_s, CueRow.number)
        )
        if recording is not None:
            query = query.where(CueRow.recording == recording)
        return tuple(cue_of(row) for row in self._session.scalars(query))

    def takings(self, recording: RecordingId) -> int:
        """How many transcripts of a recording were taken in, each in place of the one before."""
        return self._session.scalar(select(func.max(CueRow.taking)).where(CueRow.recording == recording)) or 0

    def heard_in(self, recording: RecordingId) -> frozenset[SubjectId]:
        """Who may be heard in a recording: everybody of its session."""
        return frozenset(SubjectId(one) for one in heard_in(self._session, recording))


def cue_of(row: CueRow) -> Cue:
    """A cue out of its row.

    Raises:
        BadInput, ValueError: it is none.
    """
    return Cue(
        recording=RecordingId(row.recording),
        onset_s=row.onset_s,
        offset_s=row.offset_s,
        text=row.text,
        speaker=None if row.subject is None else SubjectId(row.subject),
        words=tuple(
            TimedWords(onset_s=onset_s, offset_s=offset_s, text=text)
            for onset_s, offset_s, text in json.loads(row.words)
        ),
    )


def words_text(words: Sequence[TimedWords]) -> str:
    """Words with their times, as they are kept."""
    return json.dumps([[one.onset_s, one.offset_s, one.text] for one in words], ensure_ascii=False)


def cue_parts(rows: Iterable[CueRow]) -> list[tuple[object, ...]]:
    """What is sealed of cues that were taken in together."""
    return [
        (
            row.number,
            row.recording,
            row.taking,
            row.subject,
            float(row.onset_s),
            float(row.offset_s),
            row.text,
            row.words,
        )
        for row in rows
    ]


def cues_by_entry(session: OrmSession) -> dict[int, list[CueRow]]:
    """All cues, older transcripts' and erased ones too, by the entry of the log that seals them."""
    found: dict[int, list[CueRow]] = defaultdict(list)
    for row in session.scalars(select(CueRow).order_by(CueRow.number)):
        found[row.sequence].append(row)
    return found


def heard_in(session: OrmSession, recording: str) -> set[str]:
    """Ids of those who may be heard in a recording."""
    row = session.get(RecordingRow, recording)
    if row is None:
        return set()
    players = select(SessionSubjectRow.subject).where(SessionSubjectRow.session == row.session)
    return {row.subject, *session.scalars(players)}

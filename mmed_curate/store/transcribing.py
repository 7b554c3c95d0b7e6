"""Taking in transcripts; append-only: a better one is taken in beside the old, and counts in its place."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import RecordingId, SubjectId
from mmed_curate.domain.transcript import Cue
from mmed_curate.store.context import ContextWriter
from mmed_curate.store.spoken import TRANSCRIPT_TAKEN, cue_parts, words_text
from mmed_curate.store.tables import CueRow


class TranscriptWriter(ContextWriter):
    """Taking in what was said in recordings."""

    def add_transcript(self, recording: RecordingId, cues: Sequence[Cue], *, beside: bool = False) -> None:
        """Take in a transcript; one entry of the log for each who speaks, so that each can be erased alone.

        Args:
            recording: what it is of.
            cues: what it says.
            beside: it is a further part of the newest one; else it counts in the place of all before.

        Raises:
            BadInput: there is no such recording or subject, who speaks left, or nobody knows who speaks and one who
                may be heard left; or a cue is of another recording.
        """
        self.refuse_left([cue.speaker for cue in cues if cue.speaker], "and nothing that they said is kept any more")
        if any(cue.speaker is None for cue in cues):
            self.refuse_left(
                sorted(self.heard_in(recording)), "and may have said what nobody is named for: name who says what"
            )
        if any(cue.recording != recording for cue in cues):
            raise BadInput.of("transcript.recording", "a cue is of another recording", "take in each by itself")
        taking = max(self.takings(recording) + (0 if beside else 1), 1)
        number = self._session.scalar(select(func.max(CueRow.number))) or 0
        grouped: dict[SubjectId | None, list[Cue]] = {}
        for cue in cues:
            grouped.setdefault(cue.speaker, []).append(cue)
        for speaker, some in grouped.items():
            rows = [
                CueRow(
                    number=number + place,
                    recording=recording,
                    taking=taking,
                    subject=speaker,
                    onset_s=cue.onset_s,
                    offset_s=cue.offset_s,
                    text=cue.text,
                    words=words_text(cue.words),
                )
                for place, cue in enumerate(some, start=1)
            ]
            number += len(rows)
            said = {"recording": recording, "subject": speaker, "rows": len(rows), "taking": taking}
            sequence = self._log_sealed(TRANSCRIPT_TAKEN, said, cue_parts(rows))
            for row in rows:
                row.sequence = sequence
            self._add_all(rows)

"""What was said in released clips, as far as whoever said it lets it be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from mmed_curate.dataset.transcript import TranscriptRow
from mmed_curate.domain.identity import SubjectId
from mmed_curate.domain.records import AssetKind, Clip, Term
from mmed_curate.domain.transcript import Cue
from mmed_curate.release.snapshot import RELEASED_TERMS, Snapshot

READ_TERMS = RELEASED_TERMS | {Term.PUBLISH_TRANSCRIPT}
"""Without these, no word of a subject goes out."""


def transcript_rows(snapshot: Snapshot, *, on: date) -> tuple[TranscriptRow, ...]:
    """The cues of every settled event of a release, by clip and onset.

    Args:
        snapshot: what is released.
        on: the day for which consent is looked up.
    """
    rows = [
        row
        for clip in snapshot.judged
        for place, _ in snapshot.events(clip.id)
        for row in _of_event(snapshot, clip, place, on)
    ]
    return tuple(sorted(rows, key=lambda row: (row.clip, row.cue)))


def may_be_read(snapshot: Snapshot, cue: Cue, on: date) -> bool:
    """Whether a cue may go out: by the consent of who says it; where nobody knows who, of all who may be heard."""
    if cue.speaker is not None:
        return _agrees(snapshot, cue.speaker, on)
    recording = snapshot.recordings[cue.recording]
    heard = {recording.subject, *snapshot.sessions[recording.session].subjects}
    return all(_agrees(snapshot, one, on) for one in heard)


def _agrees(snapshot: Snapshot, subject: SubjectId, on: date) -> bool:
    consent = snapshot.subjects[subject].consent
    return all(consent.covers(term, on) for term in READ_TERMS)


def _of_event(snapshot: Snapshot, clip: Clip, place: int, on: date) -> Iterator[TranscriptRow]:
    window = snapshot.assets.get((clip.id, place, AssetKind.FEATURES))  # all files of an event cover the same frames
    said = snapshot.cues.get(clip.recording, ())
    if window is None or not said:
        return
    clock = snapshot.recordings[clip.recording].clock
    begins_s, ends_s = float(clock.start_of(window.first)), float(clock.end_of(window.last))
    heard = [cue.between(begins_s, ends_s) for cue in said if may_be_read(snapshot, cue, on)]
    kept = sorted((cue for cue in heard if cue is not None), key=lambda cue: (cue.onset_s, cue.offset_s))
    for number, cue in enumerate(kept, start=1):
        simulated = cue.speaker is not None and snapshot.subjects[cue.speaker].simulated
        yield TranscriptRow(
            clip=snapshot.pseudonyms.clip(clip.id, place),
            cue=number,
            onset_s=cue.onset_s - begins_s,
            offset_s=cue.offset_s - begins_s,
            owner=None if cue.speaker is None else snapshot.pseudonyms.subject(cue.speaker),
            text=cue.text,
            simulated=simulated or snapshot.is_simulated(clip),
        )

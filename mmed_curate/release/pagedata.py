"""What the page's script is given: a line of every clip and, fifty clips a file, all that is said of them.

Data are written as scripts that hand one value to a function, because a page that was opened from disk may not fetch
files. Spans of judgements are given in frames of the released clip.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from fractions import Fraction
from itertools import pairwise
from typing import Any

from mmed_curate.dataset.answers import action_unit_text, judgement_of
from mmed_curate.dataset.released import Dataset
from mmed_curate.dataset.rows import ClipRow, JudgedClipRow, JudgementRow, durations_of, durations_text
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.judgements import Adjudication, CodedEvent, Coding, Screening
from mmed_curate.domain.records import Term
from mmed_curate.media.clock import read_clock
from mmed_curate.release.pagesound import peaks_of

CLIPS_PER_FILE = 50


class Shown(Enum):
    """Whether the page shows a clip's picture, or lets its sound be heard, and why not."""

    YES = "yes"
    NOT_AGREED = "not-agreed"
    """It is in the release, but not everybody in it agreed that it is shown publicly."""
    WITHHELD = "withheld"
    """It is not even in the release."""
    NONE = "none"
    """The recording has none."""
    LEFT_OUT = "left-out"
    """The page was made without media."""


def columns_of_clips(dataset: Dataset, *, media: bool) -> dict[str, list[Any]]:
    """What the list of clips shows and filters by, one column per name, clips in order of the table."""
    rows = dataset.clip_rows
    return {
        "clip": [row.clip for row in rows],
        "subject": [row.subject for row in rows],
        "event_type": [row.event_type for row in rows],
        "emotion": [row.emotion for row in rows],
        "emotion_class": [row.emotion_class or "" for row in rows],
        "duration_ms": [round(1000 * (row.offset_s - row.onset_s)) for row in rows],
        "action_units": [_codes(row.action_units) for row in rows],
        "vocal_cues": [_codes(row.vocal_cues) for row in rows],
        "adjudicated": [int(any(how.endswith(":adjudicated") for how in row.settled_by)) for row in rows],
        "shown": [int(Shown.YES in {picture_shown(row, media=media), sound_shown(row, media=media)}) for row in rows],
    }


def details(dataset: Dataset, *, media: bool) -> Iterator[list[dict[str, Any]]]:
    """All that the page tells of each clip, `CLIPS_PER_FILE` at a time, in order of the table.

    Args:
        dataset: the release.
        media: whether pictures and sounds may be shown at all; each still needs its clip's consent.

    Raises:
        BadInput: a sound or picture that is to be shown is not as it was sealed, or a table is garbled.
    """
    judged = {row.clip: row for row in dataset.judged_clip_rows}
    for first in range(0, len(dataset.clip_rows), CLIPS_PER_FILE):
        rows = dataset.clip_rows[first : first + CLIPS_PER_FILE]
        yield [_detail(dataset, row, judged[row.judged_clip], media=media) for row in rows]


def picture_shown(row: ClipRow, *, media: bool) -> Shown:
    """Whether the page shows the clip's picture."""
    return _shown(row, row.picture, Term.PUBLISH_FACE, media=media)


def sound_shown(row: ClipRow, *, media: bool) -> Shown:
    """Whether the page draws the clip's sound."""
    return _shown(row, row.sound, Term.PUBLISH_VOICE, media=media)


def labels(codebook: Codebook) -> dict[str, dict[str, str]]:
    """What codes are called, in English, in the codebook's order."""
    return {
        name: {entry.code: entry.label["en"] for entry in entries}
        for name, entries in (
            ("emotion_class", codebook.classes),
            ("event_type", codebook.event_types),
            ("emotion", codebook.emotions),
            ("action_unit", codebook.action_units),
            ("vocal_cue", codebook.vocal_cues),
            ("confidence", codebook.confidences),
            ("basis", codebook.bases),
            ("owner", codebook.cue_owners),
            ("region", codebook.regions),
        )
    }


def _shown(row: ClipRow, path: str | None, term: Term, *, media: bool) -> Shown:
    if path is None:
        return Shown.WITHHELD if term.value in row.withheld else Shown.NONE
    if not row.may_be_shown:
        return Shown.NOT_AGREED
    return Shown.YES if media else Shown.LEFT_OUT


def _detail(dataset: Dataset, row: ClipRow, judged: JudgedClipRow, *, media: bool) -> dict[str, Any]:
    picture, sound = picture_shown(row, media=media), sound_shown(row, media=media)
    time_base, ticks = _ticks(dataset, row, judged, has_picture=picture is Shown.YES)
    clip = dataset.clip(row.clip)
    return {
        "clip": row.clip,
        "judged_clip": row.judged_clip,
        "session": row.session,
        "simulated": row.simulated,
        "span": [row.onset, row.apex, row.offset],
        "span_s": [row.onset_s, row.apex_s, row.offset_s],
        "n_frames": row.n_frames,
        "rate_hz": row.rate_hz,
        "tick_s": [time_base.numerator, time_base.denominator],
        "ticks": list(durations_text(ticks)),
        "basis": row.basis,
        "action_units": list(row.action_units),
        "vocal_cues": [_cue_of_text(text) for text in row.vocal_cues],
        "not_visible": list(row.not_visible),
        "settled_by": dict(how.split(":", 1) for how in row.settled_by),
        "n_coders": row.n_coders,
        "skew_ms": row.av_skew_ms,
        "skew_uncertainty_ms": row.av_skew_uncertainty_ms,
        "sound_flags": list(row.sound_flags),
        "picture": row.picture if picture is Shown.YES else None,
        "sound": row.sound if sound is Shown.YES else None,
        "picture_shown": picture.value,
        "sound_shown": sound.value,
        "peaks": peaks_of(clip.seal.file(row.sound)) if sound is Shown.YES and row.sound else [],
        "judgements": [_said(one, row.judged_shift) for one in clip.judgements],
    }


def _ticks(
    dataset: Dataset, row: ClipRow, judged: JudgedClipRow, *, has_picture: bool
) -> tuple[Fraction, Sequence[int]]:
    """How long each frame lasts, and the tick in seconds; no frames where neither tables nor a shown picture tell.

    The cut may reach beyond what was judged; then only the picture knows.
    """
    first = -row.judged_shift
    if first >= 0 and first + row.n_frames <= judged.n_frames:
        return Fraction(judged.time_base), durations_of(judged.durations)[first : first + row.n_frames]
    if has_picture and row.picture is not None:
        clock = read_clock(dataset.root / row.picture)
        return clock.time_base, [later - earlier for earlier, later in pairwise((*clock.pts, clock.end_pts))]
    return Fraction(1), ()


def _said(row: JudgementRow, shift: int) -> dict[str, Any]:
    answer = judgement_of(row).answer
    events: list[dict[str, Any]] | None = None
    found: list[list[int]] = []
    if isinstance(answer, (Coding, Adjudication)):
        events = [_event(event, shift) for event in answer.events]
    elif isinstance(answer, Screening):
        found = [[span.onset + shift, span.offset + shift] for span in answer.found]
    return {
        "coder": row.coder,
        "order": row.order,
        "stage": row.stage,
        "round": row.round,
        "turn": row.turn,
        "modality": row.modality,
        "superseded": row.superseded,
        "verdict": row.verdict,
        "cut_again": row.cut_again,
        "participants": list(row.participants),
        "found": found,
        "events": events,
    }


def _event(event: CodedEvent, shift: int) -> dict[str, Any]:
    span = event.span
    return {
        "span": [span.onset + shift, span.apex + shift, span.offset + shift],
        "event_type": event.event_type,
        "emotion": event.emotion,
        "basis": event.basis,
        "confidence": event.confidence,
        "action_units": [action_unit_text(mark) for mark in event.action_units],
        "vocal_cues": [_cue(cue.code, cue.onset + shift, cue.offset + shift, cue.owner) for cue in event.vocal_cues],
        "not_visible": list(event.not_visible),
    }


def _cue_of_text(text: str) -> dict[str, Any]:
    code, span, owner = text.split(":")
    onset, _, offset = span.partition("-")
    return _cue(code, int(onset), int(offset), owner)


def _cue(code: str, onset: int, offset: int, owner: str) -> dict[str, Any]:
    return {"code": code, "span": [onset, offset], "owner": owner}


def _codes(texts: Sequence[str]) -> str:
    """The codes of marks, each once, joined by spaces."""
    return " ".join(dict.fromkeys(text.split(":")[0] for text in texts))


def facts_for_script(dataset: Dataset, title: str) -> Mapping[str, Any]:
    """What the script needs to know of the release as a whole."""
    return {
        "title": title,
        "version": dataset.release.version,
        "clips_per_file": CLIPS_PER_FILE,
        "labels": labels(dataset.codebook),
    }

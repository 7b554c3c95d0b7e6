"""What a recording's contact sheet is told: facts of the recording, and an entry for each of its clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mmed_curate.domain.findings import Finding
from mmed_curate.domain.identity import SubjectId
from mmed_curate.domain.protocol import ClipOrigin
from mmed_curate.domain.records import Candidate, Clip, Recording
from mmed_curate.domain.time import Frame, Span
from mmed_curate.ingest.coding import coding_folder
from mmed_curate.ingest.features import FACE_FILE, SOUND_FILE
from mmed_curate.ingest.sheet import SheetEntry, SheetFacts
from mmed_curate.ingest.watched import n_watched
from mmed_curate.report.sheet import Mark


def sheet_facts(
    recording: Recording, candidates: Sequence[Candidate], clips: Sequence[Clip], notes: Sequence[Finding]
) -> SheetFacts:
    """Head of the sheet, and every candidate on the strip over the whole recording."""
    clock = recording.clock
    begins = clock.start_of(Frame(0))
    skew = recording.skew
    marks = []
    for candidate in candidates:
        shown = next((clip.id for clip in clips if _shows(clip, candidate)), None)
        marks.append(
            Mark(
                start_s=float(clock.start_of(candidate.span.onset) - begins),
                stop_s=float(clock.end_of(candidate.span.offset) - begins),
                score=candidate.score,
                tagged=bool(candidate.tags),
                clip=shown,
            )
        )
    return SheetFacts(
        title=Path(recording.path).name,
        duration_s=float(clock.duration),
        facts=(
            ("picture", f"{recording.width} × {recording.height}, {float(clock.rate_hz()):.2f} frames a second"),
            ("sound", _sound(recording)),
            ("skew", "unmeasured" if skew is None else f"{skew.start_ms:+.0f} ± {skew.uncertainty_ms:.0f} ms"),
            ("proposed", f"{len(candidates)}, {sum(bool(one.tags) for one in candidates)} of them tagged"),
            ("clips", _clips(clips)),
        ),
        findings=tuple(notes),
        marks=tuple(marks),
    )


def _clips(clips: Sequence[Clip]) -> str:
    watched = n_watched(clips)
    return f"{len(clips)}, {watched} of them watched" if watched else str(len(clips))


def _sound(recording: Recording) -> str:
    if recording.sample_rate_hz is None:
        return "none"
    return f"{recording.sample_rate_hz} Hz" if recording.has_sound else "silence"


def sheet_entries(
    recording: Recording,
    candidates: Sequence[Candidate],
    clips: Sequence[Clip],
    codes: Mapping[SubjectId, str],
    media: Path,
) -> tuple[SheetEntry, ...]:
    """One entry for each clip, with the candidate that it was cut round; of a watched stretch all is shown."""
    by_id = {candidate.id: candidate for candidate in candidates}
    entries = []
    for clip in clips:
        if clip.candidate is None and clip.origin is not ClipOrigin.WATCHED:
            continue
        candidate = None if clip.candidate is None else by_id[clip.candidate]
        folder, last = coding_folder(media, clip), clip.clock.last_frame
        whole = Span(onset=Frame(0), apex=Frame(last // 2), offset=last)
        sound = folder / SOUND_FILE
        entries.append(
            SheetEntry(
                name=clip.id,
                clock=clip.clock,
                start_s=float(recording.clock.start_of(clip.first)),
                span=whole if candidate is None else clip.in_clip(candidate.span),
                region="" if candidate is None else candidate.region,
                picture=folder / "picture.mp4",
                face=folder / FACE_FILE,
                sound=sound if sound.is_file() else None,
                score=None if candidate is None else candidate.score,
                tags=frozenset() if candidate is None else candidate.tags,
                watched=candidate is None,
                remarks=_remarks(clip, codes),
            )
        )
    return tuple(entries)


def _remarks(clip: Clip, codes: Mapping[SubjectId, str]) -> tuple[str, ...]:
    said = [f"face of {codes[clip.subject]}"] if len(codes) > 1 else []
    said += [flag.value for flag in sorted(clip.sound_flags or (), key=lambda flag: flag.value)]
    others = ["somebody unnamed" if who is None else codes[who] for who in clip.also_visible]
    if others:
        said.append(f"also in the picture: {', '.join(others)}")
    return tuple(said)


def _shows(clip: Clip, candidate: Candidate) -> bool:
    return clip.first <= candidate.span.onset and candidate.span.offset <= clip.last

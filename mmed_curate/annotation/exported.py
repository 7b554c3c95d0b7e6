"""What was judged and what was settled, as tiers for a curator to look at in another tool. It is not blind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mmed_curate.agreement.gold import as_coded
from mmed_curate.agreement.settle import course
from mmed_curate.domain.identity import ClipId, CoderId, RecordingId
from mmed_curate.domain.judgements import Adjudication, CodedEvent, Coding, Judgement, Screening, VocalCueMark
from mmed_curate.domain.protocol import Purpose, Stage
from mmed_curate.domain.records import AssetKind, Clip
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.interchange.answers import timeline_of
from mmed_curate.interchange.timelines import Annotation, Medium, Tier, Timeline
from mmed_curate.store import Reader, Workspace

FOUND = "found"
"""The tier of what a screener marked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """Timelines by the name that their file should have, and what is not in them."""

    timelines: tuple[tuple[str, Timeline], ...]
    """Named after clips, or after recordings; one that says nothing is there too, without tiers."""
    n_verdicts: int
    """Judgements that have no time: a screening without marks, a verification."""
    n_unsettled: int
    """Clips of which nothing is settled."""


@dataclass(frozen=True, slots=True)
class _Voice:
    """What one coder, or the consensus, says of one clip."""

    name: str
    """What is put behind the names of its tiers; empty: nothing."""
    coder: str
    events: tuple[CodedEvent, ...]
    found: tuple[tuple[Frame, Frame], ...] = ()
    note: str = ""


def judged(workspace: Workspace, *, on_recording: bool) -> Exported:
    """What was said of each clip and stands, in tiers per coder: `event@ann`, `apex@ann`, and so on.

    Repeats, gold and training are not in it. Of a coder who judged a clip in several rounds or passes, those after
    the first are named so: `event@ann, round 2`.

    Args:
        workspace: whose judgements.
        on_recording: one timeline for each recording, on its clock; else one for each clip, on its own.
    """
    with workspace.read() as records:
        codes = {coder.id: coder.code for coder in records.coders()}
        said = records.judgements_by_clip((Purpose.ORDINARY,))
        voices: dict[ClipId, list[_Voice]] = {}
        verdicts = 0
        for clip in _present(records):
            gone = {one.supersedes for one in said.get(clip.id, ())}
            standing = [one for one in said.get(clip.id, ()) if one.id not in gone]
            voices[clip.id] = [voice for voice in (_voice(one, codes) for one in standing) if voice is not None]
            verdicts += len(standing) - len(voices[clip.id])
        drawn = tuple(_drawn(workspace, records, voices, on_recording=on_recording))
    return Exported(timelines=drawn, n_verdicts=verdicts, n_unsettled=0)


def settled(workspace: Workspace, *, on_recording: bool) -> Exported:
    """What was settled of each clip.

    Args:
        workspace: whose clips.
        on_recording: one timeline for each recording, on its clock; else one for each clip, on its own.
    """
    with workspace.read() as records:
        terms = records.terms()
        history = records.judgements_by_clip()
        voices: dict[ClipId, list[_Voice]] = {}
        unsettled = 0
        for clip in _present(records):
            now = course(history.get(clip.id, ()), workspace.protocol, clip.clock, workspace.codebook, terms[clip.id])
            if now.stage is Stage.SETTLED and now.consensus is not None:
                events = tuple(as_coded(event) for event in now.consensus.events)
                voices[clip.id] = [_Voice("", "", events)]
            else:
                unsettled += 1
        drawn = tuple(_drawn(workspace, records, voices, on_recording=on_recording))
    return Exported(timelines=drawn, n_verdicts=0, n_unsettled=unsettled)


def _present(records: Reader) -> Iterator[Clip]:
    """Clips in which nobody withdrew."""
    yield from (clip for clip in records.clips() if not records.is_gone(clip.id))


def _voice(one: Judgement, codes: dict[CoderId, str]) -> _Voice | None:
    coder = codes[one.coder]
    later = [f"round {one.round}"] if one.round > 1 else []
    later += [f"pass {one.turn}"] if one.turn > 1 else []
    name = "@" + ", ".join((coder, *later))
    match one.answer:
        case Coding(events=events, note=note):
            return _Voice(name, coder, events, note=note)
        case Adjudication(events=events, reason=reason):
            return _Voice(name, coder, events, note=reason)
        case Screening(found=found) if found:
            return _Voice(name, coder, (), found=tuple((span.onset, span.offset) for span in found))
    return None


def _drawn(
    workspace: Workspace, records: Reader, voices: dict[ClipId, list[_Voice]], *, on_recording: bool
) -> Iterator[tuple[str, Timeline]]:
    clips = {clip.id: clip for clip in records.clips() if clip.id in voices}
    if not on_recording:
        pictures = {one.clip: workspace.media / one.path for one in records.assets(kind=AssetKind.CODING_PICTURE)}
        for id, clip in clips.items():
            yield id, _timeline(voices[id], clip.clock, pictures.get(id))
        return
    by_recording: dict[RecordingId, list[_Voice]] = {}
    for id, clip in clips.items():
        moved = [_moved(voice, clip) for voice in voices[id]]
        by_recording.setdefault(clip.recording, []).extend(moved)
    for recording, mine in by_recording.items():
        known = records.recording(recording)
        yield recording, _timeline(_together(mine), known.clock, Path(known.path))


def _timeline(voices: Sequence[_Voice], clock: FrameClock, medium: Path | None) -> Timeline:
    empty = timeline_of((), clock)
    tiers: list[Tier] = []
    for voice in voices:
        said = timeline_of(voice.events, clock, note=voice.note).tiers if voice.events or voice.note else ()
        if voice.found:
            marks = tuple(
                Annotation(start=clock.start_of(first), end=clock.end_of(last), value=FOUND)
                for first, last in voice.found
            )
            said = (*said, Tier(name=FOUND, annotations=marks))
        for tier in said:
            parent = None if tier.parent is None else f"{tier.parent}{voice.name}"
            labels = tuple(replace(one, coder=voice.coder) for one in tier.annotations)
            tiers.append(
                replace(tier, name=f"{tier.name}{voice.name}", parent=parent, coder=voice.coder, annotations=labels)
            )
    media = () if medium is None else (Medium(name=str(medium), length_s=clock.duration),)
    return replace(empty, tiers=tuple(tiers), media=media)


def _moved(voice: _Voice, clip: Clip) -> _Voice:
    """The same on the recording's frames. A note says of which clip it is, by its first frame."""
    by = clip.first
    events = tuple(
        replace(
            event,
            span=event.span.shifted(by),
            vocal_cues=tuple(_cue_moved(cue, by) for cue in event.vocal_cues),
        )
        for event in voice.events
    )
    found = tuple((Frame(first + by), Frame(last + by)) for first, last in voice.found)
    note = f"clip from frame {by}: {voice.note}" if voice.note else ""
    return replace(voice, events=events, found=found, note=note)


def _cue_moved(cue: VocalCueMark, by: int) -> VocalCueMark:
    return replace(cue, onset=Frame(cue.onset + by), offset=Frame(cue.offset + by))


def _together(voices: Sequence[_Voice]) -> list[_Voice]:
    """One voice for all that was said under one name."""
    merged: dict[str, _Voice] = {}
    for one in voices:
        before = merged.get(one.name)
        merged[one.name] = (
            one
            if before is None
            else _Voice(
                one.name,
                one.coder,
                (*before.events, *one.events),
                (*before.found, *one.found),
                "\n".join(text for text in (before.note, one.note) if text),
            )
        )
    return list(merged.values())

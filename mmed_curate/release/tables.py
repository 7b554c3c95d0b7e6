"""The rows of a release out of a snapshot: settled events, what was judged, and what everyone said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from mmed_curate.dataset.answers import action_unit_text, vocal_cues_text
from mmed_curate.dataset.rows import ClipRow, JudgedClipRow, JudgementRow, durations_text
from mmed_curate.dataset.transcript import TranscriptRow
from mmed_curate.domain.collecting import no_search_for_circles
from mmed_curate.domain.counted import counted
from mmed_curate.domain.findings import Finding, Refused
from mmed_curate.domain.judgements import ConsensusEvent
from mmed_curate.domain.protocol import NEXT, Stage
from mmed_curate.domain.records import Asset, AssetKind, Clip, Term
from mmed_curate.release.consented import NEEDS, Publication, publication_of
from mmed_curate.release.evidence import SAYS, kinds_of
from mmed_curate.release.pseudonyms import check_apart
from mmed_curate.release.snapshot import Snapshot
from mmed_curate.release.spoken import transcript_rows

FILE_OF: dict[AssetKind, str] = {
    AssetKind.RELEASE_PICTURE: "picture.mp4",
    AssetKind.RELEASE_ARCHIVE: "archival.mov",
    AssetKind.RELEASE_SOUND: "sound.wav",
    AssetKind.FEATURES: "features.npz",
    AssetKind.SOUND_FEATURES: "sound-features.npz",
}
"""What each kind is called inside a clip's folder."""


MEDIA = "media"
"""Folder of what is copied, in a release."""
_WITH_SOUND = frozenset({AssetKind.RELEASE_PICTURE, AssetKind.RELEASE_ARCHIVE})
"""Pictures that carry the sound too."""
_NO_ARCHIVE = (
    "say `archive: true` in the workspace's ingest recipe and run `mmed recut`, or `archival: false` in the release's"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedFile:
    """A file of the workspace on its way into a release."""

    asset: Asset
    path: str
    """Where it goes, relative to the release."""
    strip_sound: bool = False
    """The face may be published, the voices may not."""
    strip_face: bool = False
    """How the face moves may be published, the face may not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """All rows of a release, sorted by name, and the files that go with them."""

    clips: tuple[ClipRow, ...]
    judged_clips: tuple[JudgedClipRow, ...]
    judgements: tuple[JudgementRow, ...]
    files: tuple[CopiedFile, ...]
    transcripts: tuple[TranscriptRow, ...] = ()


@no_search_for_circles()
def tables_of(snapshot: Snapshot, *, on: date, archival: bool = False) -> Tables:
    """Lay out what a release of this snapshot holds.

    Args:
        snapshot: what is released.
        on: the day for which consent to publication is looked up.
        archival: the copies without loss go out beside the pictures.

    Raises:
        Refused: a file is missing, or a clip that was begun is still open, or is to be cut again.
        BadInput: two things would go out under one name.
    """
    clips = snapshot.judged
    _refuse_open(snapshot, clips)
    rows: list[ClipRow] = []
    files: list[CopiedFile] = []
    for clip in clips:
        for place, event in snapshot.events(clip.id):
            publication = publication_of(snapshot, clip, on)
            copied = _files(snapshot, clip, place, publication, archival=archival)
            rows.append(_clip_row(snapshot, clip, place, event, copied, publication))
            files.extend(copied)
    tables = Tables(
        clips=tuple(sorted(rows, key=lambda row: row.clip)),
        judged_clips=tuple(_judged_clip_row(snapshot, clip) for clip in clips),
        judgements=tuple(row for clip in clips for row in snapshot.judgement_rows(clip)),
        files=tuple(sorted(files, key=lambda file: file.path)),
        transcripts=transcript_rows(snapshot, on=on),
    )
    names = snapshot.pseudonyms
    check_apart(
        [
            *(row.clip for row in tables.judged_clips),
            *(row.judgement for row in tables.judgements),
            *(names.subject(subject) for subject in snapshot.subjects),
            *(names.session(session) for session in snapshot.sessions),
            *(names.coder(coder) for coder in snapshot.coders),
        ]
    )
    return tables


def _refuse_open(snapshot: Snapshot, clips: Sequence[Clip]) -> None:
    waiting = [
        clip.id
        for clip in clips
        if snapshot.courses[clip.id].stage is Stage.REPLACED and clip.id not in snapshot.replaced
    ]
    if waiting:
        raise Refused(
            Finding(
                code="release.not_cut_again",
                what=f"{counted(len(waiting), 'clip waits', 'clips wait')} to be cut again as screeners asked",
                remedy="run `mmed recut`, and have the new clips judged",
            )
        )
    open_clips = [clip.id for clip in clips if NEXT[snapshot.courses[clip.id].stage]]
    if open_clips:
        raise Refused(
            Finding(
                code="release.open_clips",
                what=f"{counted(len(open_clips), 'clip is', 'clips are')} still being judged, and a release would "
                "show what was said",
                remedy="finish them first",
            ),
            tuple(
                Finding(
                    code="release.open_clip",
                    what=f"clip {clip} is at {snapshot.courses[clip].stage.value}",
                    remedy="have it finished",
                )
                for clip in open_clips
            ),
        )


def _files(
    snapshot: Snapshot, clip: Clip, place: int, publication: Publication, *, archival: bool
) -> tuple[CopiedFile, ...]:
    name = snapshot.pseudonyms.clip(clip.id, place)
    files = []
    for kind in (*kinds_of(snapshot, clip), *([AssetKind.RELEASE_ARCHIVE] if archival else [])):
        asset = snapshot.assets.get((clip.id, place, kind))
        if asset is None:
            raise Refused(
                Finding(
                    code="release.no_file",
                    what=f"clip {clip.id} has no {SAYS[kind]} cut round its event {place + 1}",
                    remedy=_NO_ARCHIVE if kind is AssetKind.RELEASE_ARCHIVE else "run `mmed recut`",
                )
            )
        if not publication.allows(kind):
            continue
        files.append(
            CopiedFile(
                asset=asset,
                path=f"{MEDIA}/{name}/{FILE_OF[kind]}",
                strip_sound=kind in _WITH_SOUND and Term.PUBLISH_VOICE not in publication.terms,
                strip_face=kind is AssetKind.FEATURES and Term.PUBLISH_FACE not in publication.terms,
            )
        )
    return tuple(files)


def _clip_row(
    snapshot: Snapshot,
    clip: Clip,
    place: int,
    event: ConsensusEvent,
    files: tuple[CopiedFile, ...],
    publication: Publication,
) -> ClipRow:
    recording = snapshot.recordings[clip.recording]
    path_of = {file.asset.kind: file.path for file in files}
    window = snapshot.assets[clip.id, place, AssetKind.FEATURES]  # all files of an event cover the same frames
    shift = clip.first - window.first
    if event.span.onset + shift < 0 or event.span.offset + shift > window.last - window.first:
        raise Refused(
            Finding(
                code="release.stale_file",
                what=f"clip {clip.id} was cut round another span than its event {place + 1} settled on",
                remedy="run `mmed recut`",
            )
        )
    span = event.span.shifted(shift)
    clock = recording.clock.window(window.first, window.last).from_zero()
    skew, flags = recording.skew, clip.sound_flags
    event_apex = clip.in_recording(event.span).apex
    lacking = frozenset[Term]().union(*(NEEDS[kind] for kind in kinds_of(snapshot, clip))) - publication.terms
    return ClipRow(
        clip=snapshot.pseudonyms.clip(clip.id, place),
        judged_clip=snapshot.pseudonyms.clip(clip.id),
        subject=snapshot.pseudonyms.subject(clip.subject),
        session=snapshot.pseudonyms.session(recording.session),
        simulated=snapshot.is_simulated(clip),
        onset=span.onset,
        apex=span.apex,
        offset=span.offset,
        onset_s=float(clock.start_of(span.onset)),
        apex_s=float(clock.start_of(span.apex)),
        offset_s=float(clock.end_of(span.offset)),
        n_frames=clock.n_frames,
        rate_hz=float(clock.rate_hz()),
        event_type=event.event_type,
        emotion=event.emotion,
        emotion_class=snapshot.codebook.class_of(event.emotion),
        basis=event.basis or None,
        action_units=tuple(action_unit_text(mark) for mark in event.action_units),
        vocal_cues=vocal_cues_text(event.vocal_cues, shift=shift, n_frames=clock.n_frames),
        n_coders=len(snapshot.courses[clip.id].coded),
        settled_by=tuple(f"{name}:{how.rule.value}" for name, how in sorted(event.how.items())),
        judged_shift=shift,
        picture=path_of.get(AssetKind.RELEASE_PICTURE),
        sound=path_of.get(AssetKind.RELEASE_SOUND),
        features=path_of.get(AssetKind.FEATURES),
        sound_features=path_of.get(AssetKind.SOUND_FEATURES),
        withheld=tuple(sorted(term.value for term in lacking)),
        av_skew_ms=None if skew is None else skew.at_ms(float(recording.clock.start_of(event_apex))),
        av_skew_uncertainty_ms=None if skew is None else skew.uncertainty_ms,
        sound_flags=() if flags is None else tuple(sorted(flag.value for flag in flags)) or ("none",),
        not_visible=event.not_visible,
        may_be_shown=publication.may_be_shown,
        archival=path_of.get(AssetKind.RELEASE_ARCHIVE),
    )


def _judged_clip_row(snapshot: Snapshot, clip: Clip) -> JudgedClipRow:
    ticks = (*clip.clock.pts, clip.clock.end_pts)
    terms = snapshot.terms[clip.id]
    return JudgedClipRow(
        clip=snapshot.pseudonyms.clip(clip.id),
        subject=snapshot.pseudonyms.subject(clip.subject),
        session=snapshot.pseudonyms.session(snapshot.recordings[clip.recording].session),
        simulated=snapshot.is_simulated(clip),
        stage=snapshot.courses[clip.id].stage.value,
        n_events=len(snapshot.events(clip.id)),
        n_frames=clip.clock.n_frames,
        time_base=str(clip.clock.time_base),
        durations=durations_text([later - earlier for earlier, later in pairwise(ticks)]),
        origin=terms.origin.value,
        screened_again=terms.screened_again,
        foil=terms.foil,
        replaces=None if clip.replaces is None else snapshot.pseudonyms.clip(clip.replaces),
        recodings=tuple(act.kind.value for act in snapshot.recodings if clip.id in act.clips),
        coded_after=tuple(str(one.after) for one in snapshot.codings[clip.id]),
        measured_in=tuple(
            f"{one.number}:{one.measured[clip.id]}" for one in snapshot.attempts if clip.id in one.measured
        ),
    )

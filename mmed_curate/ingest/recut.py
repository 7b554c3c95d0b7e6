"""After settling: every settled event cut round its consensus and measured, once, so that a release only copies."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from mmed_curate.agreement.settle import course
from mmed_curate.domain.files import canonical_json, sha256_of
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId, RecordingId, SubjectId
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.records import Asset, AssetKind, Clip, Companion, Recording
from mmed_curate.domain.serial import to_json
from mmed_curate.domain.time import Span
from mmed_curate.ingest.batch import Watch, run_jobs, unwatched
from mmed_curate.ingest.clips import Owners
from mmed_curate.ingest.coding import Cutting, asset_of, cut_into_folders
from mmed_curate.ingest.crew import Crew, Step, Tell, processes
from mmed_curate.ingest.features import (
    FEATURES_VERSION,
    SOUND_RATE_HZ,
    write_picture_features,
    write_sound_features,
)
from mmed_curate.ingest.kept import known_faces, observation_of, streams_of
from mmed_curate.ingest.recipe import Recipe
from mmed_curate.ingest.recording import changed_since
from mmed_curate.ingest.soundtrack import has_clip_sound, microphone_of, opened_sound
from mmed_curate.ingest.windows import release_window
from mmed_curate.media.cut import CutRequest
from mmed_curate.store.workspace import Workspace

NAME_OF: Mapping[AssetKind, str] = MappingProxyType(
    {
        AssetKind.RELEASE_PICTURE: "picture.mp4",
        AssetKind.RELEASE_SOUND: "sound.wav",
        AssetKind.RELEASE_ARCHIVE: "archive.mov",
        AssetKind.FEATURES: "features.npz",
        AssetKind.SOUND_FEATURES: "sound-features.npz",
    }
)
"""File of each kind in an event's folder."""
RELEASE_KINDS = frozenset(NAME_OF)
SOUND_KINDS = frozenset({AssetKind.RELEASE_SOUND, AssetKind.SOUND_FEATURES})
"""What a recording without sound has none of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledEvent:
    """One event of a clip as the experts settled it."""

    clip: Clip
    event: int
    """Which event of the clip, from 0 in order of onset."""
    span: Span
    """In frames of the recording."""

    def folder(self, recipe: Recipe, companions: Sequence[Companion]) -> str:
        """Where its files lie, relative to the media folder: another span, recipe or microphone, another folder."""
        microphone = microphone_of(self.clip.subject, companions)
        made_from = canonical_json(
            {
                "span": to_json(self.span),
                "cut": recipe.release.model_dump(mode="json"),
                "crop": None if self.clip.crop is None else to_json(self.clip.crop),
                "features": [FEATURES_VERSION, SOUND_RATE_HZ],
                "microphone": None if microphone is None else to_json(microphone),
            }
        )
        return f"release/{self.clip.id}/{self.event}-{hashlib.sha256(made_from.encode()).hexdigest()[:12]}"

    def files(self, recipe: Recipe, recording: Recording, companions: Sequence[Companion]) -> frozenset[str]:
        """Paths of all its files, relative to the media folder."""
        heard = has_clip_sound(recording, self.clip.subject, companions)
        kinds = RELEASE_KINDS if heard else RELEASE_KINDS - SOUND_KINDS
        if not recipe.release.archive:
            kinds -= {AssetKind.RELEASE_ARCHIVE}
        folder = self.folder(recipe, companions)
        return frozenset(f"{folder}/{NAME_OF[kind]}" for kind in kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecutJob:
    """What a worker is told: one recording and its settled events."""

    recording: Recording
    events: tuple[SettledEvent, ...]
    companions: tuple[Companion, ...]
    owners: Owners
    recipe: Recipe
    media: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class RecutFiles:
    """What a worker made of one recording's events."""

    assets: tuple[Asset, ...]
    errors: tuple[BadInput, ...]
    """One for each event that could not be measured; the others are whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecutSummary:
    """What a recut did."""

    n_cut: int
    n_up_to_date: int
    errors: tuple[BadInput, ...]
    """One for each recording that could not be read again, and for each event that could not be measured."""


def recut(
    workspace: Workspace, recipe: Recipe, *, crew: AbstractContextManager[Crew] | None = None, watch: Watch = unwatched
) -> RecutSummary:
    """Cut and measure every settled event that has no up-to-date files.

    Args:
        workspace: whose clips.
        recipe: context and encoding of the release cut.
        crew: who does it; None: a process for each core.
        watch: called with how far the batch is, in events.
    """
    settled = settled_events(workspace)
    with workspace.read() as records:
        recordings = {recording.id: recording for recording in records.recordings()}
        companions: dict[RecordingId, list[Companion]] = defaultdict(list)
        for companion in records.companions():
            companions[companion.recording].append(companion)
        owners: dict[RecordingId, dict[int, SubjectId]] = defaultdict(dict)
        for owner in records.face_owners():
            owners[owner.recording][owner.track] = owner.subject
        assets = defaultdict(list)
        for asset in records.assets():
            if asset.kind in RELEASE_KINDS:
                assets[asset.clip].append(asset)
    stale: dict[RecordingId, list[SettledEvent]] = defaultdict(list)
    n_up_to_date = 0
    for clip, events in settled.items():
        recording = recordings[events[0].clip.recording]
        expected = {path for event in events for path in event.files(recipe, recording, companions[recording.id])}
        whole = {asset.path for asset in assets[clip] if _is_whole(asset, workspace.media)}
        if whole == expected:
            n_up_to_date += len(events)
        else:
            stale[recording.id].extend(events)
    jobs = {
        position: RecutJob(
            recording=recordings[recording],
            events=tuple(events),
            companions=tuple(companions[recording]),
            owners=owners[recording],
            recipe=recipe,
            media=workspace.media,
        )
        for position, (recording, events) in enumerate(sorted(stale.items()))
    }
    errors: list[BadInput] = []
    n_cut = 0

    def store(position: int, result: RecutFiles | BadInput) -> None:
        nonlocal n_cut
        if isinstance(result, BadInput):
            errors.append(result)
            return
        errors.extend(result.errors)
        made = defaultdict(list)
        for asset in result.assets:
            made[asset.clip].append(asset)
        with workspace.write(actor="recut") as records:
            for clip in sorted({event.clip.id for event in jobs[position].events}):
                kept = [asset for asset in records.assets(clip=clip) if asset.kind not in RELEASE_KINDS]
                records.put_assets(clip, [*kept, *made[clip]])
        n_cut += len(jobs[position].events) - len(result.errors)

    run_jobs(
        make_release_files,
        jobs,
        store,
        crew=crew or processes(None, len(jobs)),
        units={position: len(job.events) for position, job in jobs.items()},
        watch=watch,
    )
    return RecutSummary(n_cut=n_cut, n_up_to_date=n_up_to_date, errors=tuple(errors))


def settled_events(workspace: Workspace) -> dict[ClipId, tuple[SettledEvent, ...]]:
    """The events of every settled clip that holds any, by clip, in order of onset; not of clips with who withdrew."""
    with workspace.read() as records:
        clips = {clip.id: clip for clip in records.clips()}
        gone = records.gone()
        settled = [clip for clip, stage in records.stages().items() if stage is Stage.SETTLED and clip not in gone]
        terms = records.terms()
        said = records.judgements_by_clip()
    events: dict[ClipId, tuple[SettledEvent, ...]] = {}
    for clip_id in sorted(settled):
        clip = clips[clip_id]
        consensus = course(
            said.get(clip_id, ()), workspace.protocol, clip.clock, workspace.codebook, terms[clip_id]
        ).consensus
        if consensus is not None and consensus.events:
            events[clip_id] = tuple(
                SettledEvent(clip=clip, event=index, span=clip.in_recording(event.span))
                for index, event in enumerate(consensus.events)
            )
    return events


def make_release_files(job: RecutJob, tell: Tell) -> RecutFiles:
    """Cut one recording's settled events and measure each; one that cannot be measured spoils no other.

    Raises:
        BadInput: the recording is gone or is no longer the file that was ingested.
    """
    if (error := changed_since(job.recording)) is not None:
        raise error
    path = Path(job.recording.path)
    kept = observation_of(job.recording, job.owners, job.media, job.recipe, _unheard)
    how = Cutting(
        path=path,
        streams=streams_of(job.recording),
        recording=job.recording,
        recipe=job.recipe,
        media=job.media,
        companions=job.companions,
        known={} if kept is None else known_faces(kept, job.owners),
    )
    requests = [_request(event, how) for event in job.events]
    cut_into_folders(how, requests, job.recipe.release.encoding, _unheard)
    assets: list[Asset] = []
    errors: list[BadInput] = []
    for done, (event, request) in enumerate(zip(job.events, requests, strict=True)):
        try:
            assets.extend(_measured(event, request, how))
        except BadInput as unmeasured:
            errors.append(unmeasured)
        tell(Step.WATCHING, done + 1, len(job.events))
    return RecutFiles(assets=tuple(assets), errors=tuple(errors))


def _request(event: SettledEvent, how: Cutting) -> CutRequest:
    first, last = release_window(event.span, how.recording.clock, context_s=how.recipe.release.context_s)
    # who else is in the picture is known of the judged clip alone
    first, last = max(first, event.clip.first), min(last, event.clip.last)
    folder = how.media / event.folder(how.recipe, how.companions)
    return how.request(
        event.clip,
        first,
        last,
        picture=folder / NAME_OF[AssetKind.RELEASE_PICTURE],
        sound=folder / NAME_OF[AssetKind.RELEASE_SOUND],
        archive=folder / NAME_OF[AssetKind.RELEASE_ARCHIVE] if how.recipe.release.archive else None,
    )


def _measured(event: SettledEvent, request: CutRequest, how: Cutting) -> Sequence[Asset]:
    clock, folder = how.recording.clock, request.picture.parent
    write_picture_features(
        folder / NAME_OF[AssetKind.FEATURES],
        how.path,
        clock,
        request,
        event.span,
        streams=how.streams,
        known=how.known.get(event.clip.subject),
    )
    kinds = [AssetKind.RELEASE_PICTURE, AssetKind.FEATURES]
    if request.archive is not None:
        kinds.append(AssetKind.RELEASE_ARCHIVE)
    if request.sound is not None:
        with opened_sound(how.path, how.streams, request.sound_from) as heard:
            write_sound_features(
                folder / NAME_OF[AssetKind.SOUND_FEATURES],
                how.path,
                clock,
                request,
                event.span,
                streams=how.streams,
                sound_from=heard,
            )
        kinds += [AssetKind.RELEASE_SOUND, AssetKind.SOUND_FEATURES]
    return [asset_of(event.clip, kind, folder / NAME_OF[kind], how.media, request, event.event) for kind in kinds]


def _is_whole(asset: Asset, media: Path) -> bool:
    path = media / asset.path
    return path.is_file() and path.stat().st_size == asset.n_bytes and sha256_of(path) == asset.sha256


def _unheard(step: Step, done: int, total: int | None) -> None:
    """Cutting is quick beside measuring: events measured are what is counted."""

"""What was seen in a recording is kept beside the media, so that nothing is decoded again to change one's mind.

Until a recording is registered, whose its faces are may be said and said again; afterwards spans, context and codec
may change. The frames, faces and motions that were measured are read back.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import RecordingId, SubjectId
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.domain.records import Recording
from mmed_curate.domain.time import Frame
from mmed_curate.face.track import FaceTracker
from mmed_curate.ingest.closeup import KnownFace
from mmed_curate.ingest.crew import Step, Tell
from mmed_curate.ingest.recipe import Recipe
from mmed_curate.media.container import StreamChoice
from mmed_curate.media.pictures import pictures
from mmed_curate.spotting.keep import load_observation, save_observation
from mmed_curate.spotting.observation import Observation, measured_by, observe
from mmed_curate.spotting.parameters import SpottingParameters, load_parameters
from mmed_curate.spotting.tracks import FaceTrack, TrackBuilder


def observation_folder(media: Path) -> Path:
    """Where observations lie."""
    return media / "observed"


def observation_path(
    media: Path, recording: RecordingId, parameters: SpottingParameters, streams: StreamChoice
) -> Path:
    """Where a recording's observation lies: other parameters of observing, another file."""
    stream = "" if streams.picture is None else f"-{streams.picture}"
    return observation_folder(media) / f"{recording}{stream}-{measured_by(parameters)}.npz"


def observed(
    path: Path,
    recording: RecordingId,
    media: Path,
    parameters: SpottingParameters,
    *,
    streams: StreamChoice,
    progress: Progress = silent,
) -> Observation:
    """What is seen in a recording: read back where it is kept, else observed and kept.

    Args:
        path: the recording's file.
        recording: its id.
        media: the workspace's media folder.
        parameters: how faces are followed and motion is measured.
        streams: which picture.
        progress: called with frames done.

    Raises:
        BadInput: the recording cannot be read, or the observation cannot be kept.
    """
    kept = observation_path(media, recording, parameters, streams)
    if kept.is_file():
        try:
            return load_observation(kept)
        except BadInput:  # of an older version, or damaged: it can be made again
            kept.unlink()
    found = observe(path, parameters, streams=streams, progress=progress)
    kept.parent.mkdir(parents=True, exist_ok=True)
    save_observation(found, kept)
    return found


def observation_of(
    recording: Recording, owners: Mapping[int, SubjectId], media: Path, recipe: Recipe, tell: Tell
) -> Observation | None:
    """What was seen of a registered recording: read back, or where its faces are known by number, seen again.

    A recording of the first version, whose faces have no owners by number, was never kept: None.

    Raises:
        BadInput: the recording cannot be read, or the recipe numbers its faces otherwise than when it was taken in.
    """
    parameters = load_parameters(recipe.spotting)
    if not owners:
        path = observation_path(media, recording.id, parameters, streams_of(recording))
        try:
            return load_observation(path) if path.is_file() else None
        except BadInput:
            return None
    seen = observed(
        Path(recording.path),
        recording.id,
        media,
        parameters,
        streams=streams_of(recording),
        progress=lambda done, total: tell(Step.WATCHING, done, total),
    )
    if not set(owners) <= {track.track for track in seen.tracks}:
        raise BadInput.of(
            "recut.other_faces",
            f"the recipe's parameters find other faces in {Path(recording.path).name} than those that have owners",
            "use the recipe that the recording was taken in with",
        )
    return seen


def streams_of(recording: Recording) -> StreamChoice:
    """Which streams of its file a registered recording is."""
    return StreamChoice(picture=recording.picture_stream, sound=recording.sound_stream)


def faces_in(
    recording: Recording, first: Frame, last: Frame, subject: SubjectId, recipe: Recipe
) -> tuple[tuple[FaceTrack, ...], dict[int, SubjectId]]:
    """The faces of some frames of a recording of which nothing was kept; the largest one is taken as the subject's.

    Raises:
        BadInput: the recording cannot be read there.
    """
    tracker = FaceTracker(load_parameters(recipe.spotting).face.bounds())
    builders: dict[int, TrackBuilder] = {}
    shown = pictures(Path(recording.path), first=first, last=last, clock=recording.clock, streams=streams_of(recording))
    for picture in shown:
        bgr, time_s = picture.bgr(), float(picture.time_s)
        for face in tracker.step(bgr, time_s):
            builders.setdefault(face.track, TrackBuilder(face.track)).see(picture.frame, time_s, bgr, face)
    tracks = tuple(builders[number].track() for number in sorted(builders))
    largest = max(tracks, key=lambda track: float(np.median(track.eye_distance_px)), default=None)
    return tracks, {} if largest is None else {largest.track: subject}


def known_faces(observation: Observation, owners: Mapping[int, SubjectId]) -> dict[SubjectId, KnownFace]:
    """What is known of each subject's face."""
    return {
        subject: KnownFace(
            tracks=tuple(track for track in observation.tracks if owners.get(track.track) == subject),
            curves=observation.curves,
        )
        for subject in set(owners.values())
    }

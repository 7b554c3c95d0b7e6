"""Where a subject's face is at rest: stretches of what was seen, for a curator to choose a reference from.

A face rests where it moves least, near its usual place, with open eyes, turned to the camera, sharp, and where nobody
speaks; far from all that is judged. That a face is still does not say that it shows nothing: the curator sees that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from mmed_curate.domain.identity import RecordingId, SubjectId
from mmed_curate.domain.packaged import named_or_path
from mmed_curate.domain.records import Companion, Recording
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.domain.yamlfile import Declared, read_yaml
from mmed_curate.ingest.features import SOUND_RATE_HZ
from mmed_curate.ingest.kept import streams_of
from mmed_curate.ingest.soundtrack import has_clip_sound, opened_sound, source_of
from mmed_curate.signals.motion import MotionCurve
from mmed_curate.signals.sound import HOP_S, sound_features
from mmed_curate.spotting.observation import Observation
from mmed_curate.spotting.tracks import FaceTrack
from mmed_curate.store.read import Reader

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Frames = tuple[Frame, Frame]
"""First and last, both inside."""


class RestBounds(Declared):
    """What counts as rest; `pipelines/reference/` says where each number comes from."""

    format: Literal["mmed-reference"]
    version: Literal[1]
    name: str
    title: str
    length_s: Positive
    step_s: Positive
    apart_s: Annotated[float, Field(ge=0)]
    """From candidates and clips of the subject."""
    least_open: Positive
    """Of the face's usual eye aspect ratio."""
    most_yaw_deg: Positive
    most_blur: Positive
    """Times the face's usual blur."""
    least_eye_px: Positive
    speech_share: Annotated[float, Field(ge=0, le=1)]
    speech_around_s: Positive
    moves_to_usual: Annotated[float, Field(ge=0)]
    """Weight of a pixel off the usual place against a pixel of motion."""
    n_heard: Annotated[int, Field(ge=1)]
    """So many of the best are listened to."""
    n_proposals: Annotated[int, Field(ge=1)]


def load_rest_bounds(name_or_path: str) -> RestBounds:
    """Read packaged bounds by name, or any by their path.

    Raises:
        BadInput: there are none of that name, or the file has a mistake.
    """
    return read_yaml(named_or_path(name_or_path, "pipelines", "reference"), RestBounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """A stretch in which a face seems to rest."""

    recording: RecordingId
    track: int
    first: Frame
    last: Frame
    """Frames of the recording, both inside."""
    at_s: float
    """Its middle on the recording's clock: what `mmed reference add --at` takes."""
    motion_px: float
    """Root mean square of the place that moves most off its mean in the stretch, px of the aligned face."""
    off_usual_px: float
    """Mean distance of all places from where they usually are, px of the aligned face."""
    openness: float
    """Least eye aspect ratio in it, over the usual one."""
    yaw_deg: float | None
    """Most that the head is turned; None: nobody looked in that stretch."""
    blur_px: float | None
    """Blur of the sharpest edges round the eyes, px of the picture."""
    eye_px: float
    """Median distance between the eyes, px of the picture."""
    speech: float | None
    """Share of it in which somebody speaks; None: there is no sound to tell."""
    score: float
    """Smaller is better; compares stretches of one subject."""


def judged_stretches(records: Reader, recording: RecordingId, subject: SubjectId) -> tuple[Frames, ...]:
    """What of a recording is judged of a subject: spans of candidates on their face, and all frames of their clips."""
    owners = {owner.track: owner.subject for owner in records.face_owners(recording)}
    of_recording = records.recording(recording).subject
    spans = [
        (candidate.span.onset, candidate.span.offset)
        for candidate in records.candidates(recording)
        if owners.get(candidate.track, of_recording) == subject
    ]
    clips = [(clip.first, clip.last) for clip in records.clips(recording) if clip.subject == subject]
    return tuple(sorted({*spans, *clips}))


def resting(
    recording: Recording,
    seen: Observation,
    tracks: Iterable[int],
    judged: Sequence[Frames],
    bounds: RestBounds,
) -> tuple[Rest, ...]:
    """Stretches in which a face seems to rest, the best first; they do not overlap. Nothing is said of speech yet.

    Args:
        recording: whose.
        seen: what was seen in it.
        tracks: the subject's.
        judged: frames that are judged, which no stretch comes near.
        bounds: what counts as rest.
    """
    clock, wanted = seen.clock, set(tracks)
    taken = _near(judged, clock, bounds.apart_s)
    found = [
        rest
        for track in seen.tracks
        if track.track in wanted
        for rest in _of_track(recording.id, track, seen, taken, bounds)
    ]
    return apart(found)


def apart(found: Iterable[Rest]) -> tuple[Rest, ...]:
    """The best of those that overlap, the best of all first."""
    kept: list[Rest] = []
    for rest in sorted(found, key=lambda one: (one.score, one.recording, one.first)):
        if not any(
            one.recording == rest.recording and one.first <= rest.last and rest.first <= one.last for one in kept
        ):
            kept.append(rest)
    return tuple(kept)


def spoken_share(
    rest: Rest, recording: Recording, subject: SubjectId, companions: Sequence[Companion], around_s: float
) -> float | None:
    """Share of a stretch in which the subject's microphone, or else the recording, hears somebody speak.

    Args:
        rest: the stretch.
        recording: in which it lies.
        subject: whose it is.
        companions: files beside the recording.
        around_s: of sound to hear on each side, to know what quiet is.

    Returns:
        None: there is no sound.

    Raises:
        BadInput: the sound cannot be read.
    """
    if not has_clip_sound(recording, subject, companions):
        return None
    start, stop = recording.clock.start_of(rest.first), recording.clock.end_of(rest.last)
    around, clock = Fraction(around_s), recording.clock
    # beyond the recording is digital silence: beside it any room would be loud
    begins, ends = max(start - around, clock.start_of(Frame(0))), min(stop + around, clock.end_of(clock.last_frame))
    with opened_sound(Path(recording.path), streams_of(recording), source_of(subject, companions)) as reader:
        sound = reader.read(begins, ends, rate_hz=SOUND_RATE_HZ, mono=True)
    speaks = sound_features(sound.samples[:, 0], SOUND_RATE_HZ).voice_activity
    first = max(round(float(start - sound.start) / HOP_S), 0)
    inside = speaks[first : first + max(round(float(stop - start) / HOP_S), 1)]
    return float(inside.mean()) if len(inside) else None


def _near(judged: Sequence[Frames], clock: FrameClock, apart_s: float) -> npt.NDArray[np.bool_]:
    """(T,) frames that are judged or too near to those."""
    taken = np.zeros(clock.n_frames, dtype=np.bool_)
    room = Fraction(apart_s)
    for first, last in judged:
        begin, end = clock.frame_at(clock.start_of(first) - room), clock.frame_at(clock.end_of(last) + room)
        taken[begin : end + 1] = True
    return taken


def _of_track(
    recording: RecordingId, track: FaceTrack, seen: Observation, taken: npt.NDArray[np.bool_], bounds: RestBounds
) -> Iterable[Rest]:
    clock, curve = seen.clock, seen.curves[track.track]
    places = np.asarray(curve.displacement) + np.asarray(curve.drift)  # (N, P, 2) px, a row for each of its frames
    usual = np.median(places, axis=0)  # (P, 2)
    usual_open = float(np.median(curve.openness))
    looks = _Looks(seen, track.track)
    step, length = exact(bounds.step_s), exact(bounds.length_s)
    at = clock.start_of(Frame(int(track.frames[0])))
    end = clock.end_of(Frame(int(track.frames[-1])))
    while at + length <= end:
        first, last = clock.frame_at(at), frame_before(clock, at + length)
        at += step
        rows = slice(int(np.searchsorted(track.frames, first)), int(np.searchsorted(track.frames, last, side="right")))
        if rows.stop - rows.start != last - first + 1 or rows.stop - rows.start < 2 or taken[first : last + 1].any():
            continue  # it was not seen all the time, or is judged
        openness = float(np.min(curve.openness[rows])) / max(usual_open, 1e-6)
        yaw_deg, blur_px = looks.of(curve.times_s[rows.start], curve.times_s[rows.stop - 1])
        if openness < bounds.least_open or (yaw_deg is not None and yaw_deg > bounds.most_yaw_deg):
            continue
        if blur_px is not None and blur_px > bounds.most_blur * looks.usual_blur_px:
            continue
        motion_px, off_usual_px = _motion_px(places[rows], curve, rows), _off_px(places[rows], usual)
        eye_px = float(np.median(track.eye_distance_px[rows]))
        small = max(bounds.least_eye_px / max(eye_px, 1e-6), 1.0)
        yield Rest(
            recording=recording,
            track=track.track,
            first=first,
            last=last,
            at_s=float(clock.start_of(first) + clock.end_of(last)) / 2,
            motion_px=motion_px,
            off_usual_px=off_usual_px,
            openness=openness,
            yaw_deg=yaw_deg,
            blur_px=blur_px,
            eye_px=eye_px,
            speech=None,
            score=(motion_px + bounds.moves_to_usual * off_usual_px) * small,
        )


def exact(seconds: float) -> Fraction:
    """Seconds as a file writes them: 0.1 is a tenth, and not the binary number next to it."""
    return Fraction(seconds).limit_denominator(1_000_000)


def frame_before(clock: FrameClock, time: Fraction) -> Frame:
    """The last frame that appears before a time, in seconds."""
    frame = clock.frame_at(time)
    return Frame(frame - 1) if frame > 0 and clock.start_of(frame) >= time else frame


def _motion_px(places: npt.NDArray[np.float32], curve: MotionCurve, rows: slice) -> float:
    """Of the place that moves most, or of the head where that moves more."""
    own = np.sqrt(((places - places.mean(axis=0)) ** 2).sum(axis=2).mean(axis=0)).max()
    head = np.asarray(curve.head[rows])
    return float(max(own, np.sqrt(((head - head.mean(axis=0)) ** 2).sum(axis=1).mean())))


def _off_px(places: npt.NDArray[np.float32], usual: npt.NDArray[np.float32]) -> float:
    return float(np.sqrt(((np.median(places, axis=0) - usual) ** 2).sum(axis=1)).mean())


class _Looks:
    """What close looks at one face said."""

    def __init__(self, seen: Observation, track: int) -> None:
        faces, looks = seen.quality.faces, seen.quality.looks
        rows = np.flatnonzero(faces.track == track)
        self._times_s = np.asarray(looks.time_s)[faces.look[rows]]
        self._yaw_deg, self._edge_px = np.abs(faces.yaw_deg[rows]), faces.edge_px[rows]
        sharp = self._edge_px[np.isfinite(self._edge_px)]
        self.usual_blur_px = float(np.median(sharp)) if len(sharp) else float("inf")

    def of(self, start_s: float, stop_s: float) -> tuple[float | None, float | None]:
        """Most that it was turned, and its median blur, between two times; None: nobody looked."""
        inside = (self._times_s >= start_s) & (self._times_s <= stop_s)
        yaw, edge = self._yaw_deg[inside], self._edge_px[inside]
        yaw, edge = yaw[np.isfinite(yaw)], edge[np.isfinite(edge)]
        return float(yaw.max()) if len(yaw) else None, float(np.median(edge)) if len(edge) else None

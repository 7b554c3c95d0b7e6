"""What is measured of a clip, once: the aligned face with its landmarks and motion, and the sound of its voice.

Array files are NumPy `.npz` without pickles, described in docs/arrays.md; `format` and `version` say what they are.
A coding clip's hold nothing that depends on where an event lies. A release clip's hold the same of its own window, and
what is measured round the settled event. Times count from the first frame of the clip.
"""

from __future__ import annotations

from contextlib import nullcontext
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import FrameClock, Span
from mmed_curate.ingest.closeup import PLACES, Closeup, KnownFace, closeups
from mmed_curate.media.arrayfile import write_arrays
from mmed_curate.media.container import AS_PLAYED, StreamChoice
from mmed_curate.media.cut import CutRequest
from mmed_curate.media.sound import Sound, SoundReader
from mmed_curate.signals.flow import onset_apex_flow
from mmed_curate.signals.sound import HOP_S, WINDOW_S, band_centres_hz, sound_features

FEATURES_VERSION = 2
"""2 adds the aligned face, its landmarks and the motion of its parts; pitch and voice activity."""
SOUND_RATE_HZ = 16_000
"""Rate that sound features are measured at: speech lies below 8 kHz."""
FACE_FILE, SOUND_FILE = "face.npz", "sound.npz"
"""Names of a coding clip's array files."""

Arrays = dict[str, npt.NDArray[np.generic]]


class ReadsSound(Protocol):
    """Sound on the recording's clock: the recording's own, or a companion file's after sync."""

    def read(self, start: Fraction, stop: Fraction, *, rate_hz: int | None = None, mono: bool = False) -> Sound:
        """The samples that sound from `start` up to `stop`, in seconds."""
        ...


def write_clip_features(
    folder: Path,
    recording: Path,
    clock: FrameClock,
    window: CutRequest,
    *,
    streams: StreamChoice = AS_PLAYED,
    sound_from: ReadsSound | None = None,
    known: KnownFace | None = None,
    closeup: Closeup | None = None,
) -> tuple[Path, Path | None]:
    """Measure a coding clip: `face.npz`, and `sound.npz` where the window asks for sound.

    Args:
        folder: where to.
        recording: the recording's file.
        clock: its clock.
        window: the coding cut; `sound` is None where the clip has none.
        streams: which picture and sound of the recording.
        sound_from: a companion's sound, opened; None: the recording's own.
        known: the subject's face as the analysis of the recording knows it; None: it is found and measured anew.
        closeup: the window's face where it was looked at already (`closeup.closeups`); None: it is looked at here.

    Returns:
        The two files; None for a clip without sound.

    Raises:
        BadInput: the recording cannot be read, or a file cannot be written.
    """
    closeup = closeup or _closeup(recording, clock, window, streams, known)
    face, sound = folder / FACE_FILE, folder / SOUND_FILE
    write_arrays(face, _face_arrays(closeup))
    if window.sound is None:
        return face, None
    write_arrays(sound, _sound_arrays(recording, clock, window, streams, sound_from))
    return face, sound


def write_picture_features(
    path: Path,
    recording: Path,
    clock: FrameClock,
    window: CutRequest,
    span: Span,
    *,
    streams: StreamChoice = AS_PLAYED,
    known: KnownFace | None = None,
    closeup: Closeup | None = None,
) -> None:
    """Measure the face in the window of a settled event and write `features.npz`.

    Beside what a coding clip's file holds: `flow` (3, 48, 48) float32: u, v (px of the 128-px aligned face) and strain
    from the onset to the apex frame; `motion` (T,) float32: mean length of the flow from the onset frame to each frame
    of the window, px of the aligned face, NaN where no face was seen; `onset`, `apex`, `offset`: frames of the window.

    Args:
        path: where to.
        recording: the recording's file.
        clock: its clock.
        window: the release cut.
        span: the settled event, in frames of the recording.
        streams: which picture of the recording.
        known: the subject's face as the analysis of the recording knows it; None: the largest face is the subject's.
        closeup: the window's face where it was looked at already (`closeup.closeups`); None: it is looked at here.

    Raises:
        BadInput: no face is seen in the whole window, or the recording cannot be read.
    """
    closeup = closeup or _closeup(recording, clock, window, streams, known)
    if not closeup.seen.any():
        raise BadInput.of(
            "features.no_face",
            f"{recording.name} shows no face in frames {window.first}..{window.last}, round a settled event",
            "look at its clip; an event without a face cannot be released",
            first=window.first,
            last=window.last,
        )
    onset, apex, offset = (frame - window.first for frame in (span.onset, span.apex, span.offset))
    rest = closeup.faces[onset]
    motion = np.full(len(closeup.seen), np.nan, dtype=np.float32)  # (T,)
    for index in np.flatnonzero(closeup.seen):
        flow = onset_apex_flow(rest, closeup.faces[index])  # (3, 48, 48)
        motion[index] = np.hypot(flow[0], flow[1]).mean()
    write_arrays(
        path,
        _face_arrays(closeup)
        | {
            "flow": onset_apex_flow(rest, closeup.faces[apex]),
            "motion": motion,
            "onset": np.array(onset),
            "apex": np.array(apex),
            "offset": np.array(offset),
        },
    )


def write_sound_features(
    path: Path,
    recording: Path,
    clock: FrameClock,
    window: CutRequest,
    span: Span,
    *,
    streams: StreamChoice = AS_PLAYED,
    sound_from: ReadsSound | None = None,
) -> None:
    """Measure the sound in the window of a settled event and write `sound-features.npz`.

    Beside what a coding clip's file holds: `onset_s`, `apex_s`, `offset_s`, the event's times from the window's first
    frame, `offset_s` being when the offset frame ends.

    Args:
        path: where to.
        recording: the recording's file.
        clock: its clock.
        window: the release cut.
        span: the settled event, in frames of the recording.
        streams: which sound of the recording.
        sound_from: a companion's sound, opened; None: the recording's own.

    Raises:
        BadInput: the sound cannot be read, or the file cannot be written.
    """
    start = clock.start_of(window.first)
    write_arrays(
        path,
        _sound_arrays(recording, clock, window, streams, sound_from)
        | {
            "onset_s": np.array(float(clock.start_of(span.onset) - start)),
            "apex_s": np.array(float(clock.start_of(span.apex) - start)),
            "offset_s": np.array(float(clock.end_of(span.offset) - start)),
        },
    )


def _closeup(
    recording: Path, clock: FrameClock, window: CutRequest, streams: StreamChoice, known: KnownFace | None
) -> Closeup:
    ((_, closeup),) = closeups(recording, clock, [window], streams=streams, known=[known])
    return closeup


def _face_arrays(closeup: Closeup) -> Arrays:
    return {
        "format": np.array("mmed-features"),
        "version": np.array(FEATURES_VERSION),
        "times_s": closeup.times_s,
        "faces": closeup.faces,
        "alignment": closeup.alignment,
        "landmarks": closeup.landmarks,
        "seen": closeup.seen,
        "eye_distance_px": closeup.eye_distance_px,
        "places": np.array(PLACES),
        "place_motion": closeup.motion,
    }


def _sound_arrays(
    recording: Path, clock: FrameClock, window: CutRequest, streams: StreamChoice, sound_from: ReadsSound | None
) -> Arrays:
    start, stop = clock.start_of(window.first), clock.end_of(window.last)
    with nullcontext(sound_from) if sound_from is not None else SoundReader(recording, streams=streams) as reader:
        sound = reader.read(start, stop, rate_hz=SOUND_RATE_HZ, mono=True)
    found = sound_features(sound.samples[:, 0], SOUND_RATE_HZ)
    return {
        "format": np.array("mmed-sound-features"),
        "version": np.array(FEATURES_VERSION),
        "log_mel": found.log_mel,
        "band_hz": band_centres_hz(),
        "intensity_db": found.intensity_db,
        "f0_hz": found.f0_hz,
        "periodicity": found.periodicity,
        "voice_activity": found.voice_activity,
        "start_s": np.array(float(sound.start - start)),
        "hop_s": np.array(HOP_S),
        "window_s": np.array(WINDOW_S),
        "rate_hz": np.array(SOUND_RATE_HZ),
    }

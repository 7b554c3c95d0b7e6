"""What is measured of a settled event, once: flow and motion of the aligned face, log-mel and intensity of the voice.

Array files are NumPy `.npz` without pickles. `format` and `version` say what they are; floats carry their unit.
Times count from the first frame of the event's release cut.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.files import written_aside
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import Frame, FrameClock, Span
from mmed_curate.face.align import alignment, warped
from mmed_curate.face.track import FaceTracker
from mmed_curate.media.cut import CutRequest
from mmed_curate.media.pictures import pictures
from mmed_curate.media.sound import read_sound
from mmed_curate.signals.flow import onset_apex_flow
from mmed_curate.signals.sound import HOP_S, WINDOW_S, intensity_db, log_mel

FEATURES_VERSION = 1
SOUND_RATE_HZ = 16_000
"""Rate that sound features are measured at: speech lies below 8 kHz."""

_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip entry can carry: array files hold no time of day."""


def write_picture_features(path: Path, recording: Path, clock: FrameClock, window: CutRequest, span: Span) -> None:
    """Measure the face in a window of a recording and write `features.npz`.

    Holds `flow` (3, 48, 48) float32: u, v (px of the 128-px aligned face) and strain from the onset to the apex
    frame; `motion` (T,) float32: mean length of the flow from the onset frame to each frame of the window, px of the
    aligned face, NaN where no face was seen; `times_s` (T,) float64; `onset`, `apex`, `offset`: frames of the window.

    Args:
        path: where to.
        recording: the recording's file.
        clock: its clock.
        window: the release cut.
        span: the settled event, in frames of the recording.

    Raises:
        BadInput: no face is seen in the whole window.
    """
    faces, seen = _aligned_faces(recording, clock, window)
    if not seen:
        raise BadInput.of(
            "features.no_face",
            f"{recording.name} shows no face in frames {window.first}..{window.last}, round a settled event",
            "look at its clip; an event without a face cannot be released",
            first=window.first,
            last=window.last,
        )
    rest = faces[span.onset]
    motion = np.full(window.last - window.first + 1, np.nan, dtype=np.float32)  # (T,)
    for frame in seen:
        flow = onset_apex_flow(rest, faces[frame])  # (3, 48, 48)
        motion[frame - window.first] = np.hypot(flow[0], flow[1]).mean()
    own_clock = clock.window(window.first, window.last).from_zero()
    _write_arrays(
        path,
        {
            "format": np.array("mmed-features"),
            "version": np.array(FEATURES_VERSION),
            "flow": onset_apex_flow(rest, faces[span.apex]),
            "motion": motion,
            "times_s": np.array([float(tick * own_clock.time_base) for tick in own_clock.pts]),
            "onset": np.array(span.onset - window.first),
            "apex": np.array(span.apex - window.first),
            "offset": np.array(span.offset - window.first),
        },
    )


def write_sound_features(path: Path, recording: Path, clock: FrameClock, window: CutRequest, span: Span) -> None:
    """Measure the sound in a window of a recording and write `sound-features.npz`.

    Holds `log_mel` (64, n) float32 and `intensity_db` (n,) float32, one column every `hop_s` over windows of
    `window_s`, measured at `rate_hz`; `onset_s`, `apex_s`, `offset_s`: the event's times from the window's first
    frame, `offset_s` being when the offset frame ends.

    Args:
        path: where to.
        recording: the recording's file.
        clock: its clock.
        window: the release cut.
        span: the settled event, in frames of the recording.
    """
    start, stop = clock.start_of(window.first), clock.end_of(window.last)
    sound = read_sound(recording, start, stop, rate_hz=SOUND_RATE_HZ, mono=True)
    samples = sound.samples[:, 0]  # (N,)

    def since_start(time: Fraction) -> npt.NDArray[np.float64]:
        return np.array(float(time - start))

    _write_arrays(
        path,
        {
            "format": np.array("mmed-sound-features"),
            "version": np.array(FEATURES_VERSION),
            "log_mel": log_mel(samples, SOUND_RATE_HZ),
            "intensity_db": intensity_db(samples, SOUND_RATE_HZ),
            "hop_s": np.array(HOP_S),
            "window_s": np.array(WINDOW_S),
            "rate_hz": np.array(SOUND_RATE_HZ),
            "onset_s": since_start(clock.start_of(span.onset)),
            "apex_s": since_start(clock.start_of(span.apex)),
            "offset_s": since_start(clock.end_of(span.offset)),
        },
    )


def _aligned_faces(
    recording: Path, clock: FrameClock, window: CutRequest
) -> tuple[dict[Frame, npt.NDArray[np.uint8]], frozenset[Frame]]:
    """The subject's face in every frame of a window, (128, 128) grey, and the frames that showed it.

    Where the face is lost for a moment (a hand, a turn), the picture is aligned as in the nearest frame that shows it.
    """
    tracker = FaceTracker(max_faces=1)
    alignments: dict[Frame, npt.NDArray[np.float32]] = {}
    pieces: dict[Frame, npt.NDArray[np.uint8]] = {}
    for picture in pictures(recording, first=window.first, last=window.last, clock=clock):
        left, top = (window.crop.left, window.crop.top) if window.crop else (0, 0)
        right, bottom = (window.crop.right, window.crop.bottom) if window.crop else (picture.width, picture.height)
        pieces[picture.frame] = np.ascontiguousarray(picture.luma()[top:bottom, left:right])
        seen = tracker.step(np.ascontiguousarray(picture.bgr()[top:bottom, left:right]))
        if seen:
            alignments[picture.frame] = alignment(seen[0].landmarks)
    if not alignments:
        return {}, frozenset()
    faces = {
        frame: warped(piece, alignments[min(alignments, key=lambda other: (abs(other - frame), other))])
        for frame, piece in pieces.items()
    }
    return faces, frozenset(alignments)


def _write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
    """An `.npz` whose bytes depend on the arrays alone; np.savez would write the time of day into it."""
    with written_aside(path) as aside, zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=_ZIP_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            with archive.open(entry, "w") as stream:
                np.lib.format.write_array(stream, np.asanyarray(array), allow_pickle=False)

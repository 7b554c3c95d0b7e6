"""The curves that lie beside a clip, as the window reads them, their scales, and the outline of a waveform. No Qt.

The desk lays them out for a ticket (`mmed_curate.annotation.curves`); docs/arrays.md says what each array is. Times
count in seconds from the clip's first frame.
"""

from __future__ import annotations

import math
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.findings import BadInput

FloatArray = npt.NDArray[np.float32]
Arrays = Mapping[str, npt.NDArray[Any]]

T = TypeVar("T")

FACE_FORMAT, VOICE_FORMAT = "mmed-features", "mmed-sound-features"
VERSION = 2
"""The newest version of a ticket's files that is read."""
_RANGE_NATS = 9.2
"""A spectrogram shows 40 dB below what is loudest in the clip (ours; speech over a room's noise)."""
_FLOOR_NATS = math.log(1e-10)
"""Digital silence."""
_LOUDEST = 99.5
"""Percentile that counts as loudest, so that one click does not make all else dark."""
_LEAST_MOTION_PX = 1.0
"""A motion curve fills its lane, but a face at rest does not look like a moving one (ours)."""

_DAMAGE = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading a damaged zip, or a header that lies, raises."""


class HasSamples(Protocol):
    """Sound in memory; `mmed_curate.media.sound.Sound` is one."""

    @property
    def samples(self) -> FloatArray:
        """(N, C) in [-1, 1]."""

    @property
    def rate_hz(self) -> int:
        """Samples per second."""

    @property
    def start(self) -> Fraction:
        """Time of the first sample on the clip's clock, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Face:
    """Where the face is on each of T frames, and how much its regions move."""

    times_s: npt.NDArray[np.float64]
    """(T,) when each frame appears."""
    alignment: FloatArray
    """(T, 2, 3) from px of the clip's picture to those of the aligned face, whose side is 128."""
    landmarks: FloatArray
    """(T, 468, 2) px of the clip's picture; NaN where not seen."""
    seen: npt.NDArray[np.bool_]
    """(T,)"""
    eye_distance_px: FloatArray
    """(T,); NaN where not seen."""
    regions: tuple[str, ...] = ()
    """R names of parts of the face; empty: this pass does not show how they move."""
    motion: FloatArray | None = None
    """(T, R) px of the aligned face by which a part lies off its median over the clip; NaN where not seen. None: this
    pass does not show it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Voice:
    """What was measured of the sound in n windows of one grid."""

    log_mel: FloatArray
    """(B, n) natural log of the mean square; bands from low to high."""
    band_hz: FloatArray
    """(B,) the peak of each band."""
    intensity_db: FloatArray
    """(n,)"""
    f0_hz: FloatArray
    """(n,) NaN where there is no voice."""
    voice_activity: npt.NDArray[np.bool_]
    """(n,) whether somebody speaks."""
    start_s: float
    """When the first window begins."""
    hop_s: float
    window_s: float

    @property
    def middles_s(self) -> npt.NDArray[np.float64]:
        """(n,) when the middle of each window sounds."""
        places = np.arange(self.log_mel.shape[1], dtype=np.float64)
        return np.asarray(self.start_s + self.window_s / 2 + self.hop_s * places, dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """What a ticket gives to be drawn; None: nothing of that kind."""

    face: Face | None = None
    voice: Voice | None = None


def read_curves(*, face: Path | None, voice: Path | None) -> Curves:
    """What lies beside a clip.

    Raises:
        BadInput: a file is missing, damaged, newer than this window, or something else.
    """
    return Curves(
        face=None if face is None else read_face(face),
        voice=None if voice is None else read_voice(voice),
    )


def read_face(path: Path) -> Face:
    """Read `face.npz`.

    Raises:
        BadInput: it is missing, damaged, newer than this window, or something else.
    """
    return _read(path, FACE_FORMAT, _face)


def read_voice(path: Path) -> Voice:
    """Read `voice.npz`.

    Raises:
        BadInput: it is missing, damaged, newer than this window, or something else.
    """
    return _read(path, VOICE_FORMAT, _voice)


def outline(samples: FloatArray, edges: npt.NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """Lowest and highest sample of any channel between neighbouring edges: what a waveform draws in each pixel.

    Args:
        samples: (N, C) or (N,).
        edges: (W + 1,) places of samples, not falling; those outside 0..N hold silence.

    Returns:
        (W,) lowest and (W,) highest; 0 where there are no samples. Where an edge meets the next one (more pixels than
        samples), the sample there counts.
    """
    n = len(samples)
    lows, highs = np.zeros(len(edges) - 1, np.float32), np.zeros(len(edges) - 1, np.float32)
    begins, ends = edges[:-1], edges[1:]
    inside = np.flatnonzero((begins < n) & (ends >= 0) & ((ends > 0) | (begins == ends)))
    if n == 0 or len(inside) == 0:
        return lows, highs
    first, last = inside[0], inside[-1] + 1
    starts = np.clip(begins[first:last], 0, n - 1)
    stop = int(np.clip(ends[last - 1], starts[-1] + 1, n))
    channels = samples.reshape(n, -1)[:stop].T
    # a channel at a time lies badly in memory where there are many, and there are one or two
    lows[first:last] = np.min([np.minimum.reduceat(one, starts) for one in channels], axis=0)
    highs[first:last] = np.max([np.maximum.reduceat(one, starts) for one in channels], axis=0)
    return lows, highs


def loudness(voice: Voice) -> npt.NDArray[np.uint8]:
    """(B, n) 0..255 for a spectrogram: 255 is what is loudest in the clip, 0 is 40 dB below, high bands first."""
    top = np.percentile(voice.log_mel, _LOUDEST) if voice.log_mel.size else 0.0
    share = (voice.log_mel - (top - _RANGE_NATS)) / _RANGE_NATS
    return np.ascontiguousarray((np.clip(share, 0, 1) * 255).astype(np.uint8)[::-1])


def runs_of(there: npt.NDArray[np.bool_]) -> tuple[tuple[int, int], ...]:
    """Runs of neighbouring True values: first place, and the place behind the last."""
    steps = np.flatnonzero(np.diff(np.concatenate(([False], there, [False])).astype(np.int8)))
    return tuple((int(first), int(stop)) for first, stop in steps.reshape(-1, 2))


def _face(held: Arrays) -> Face:
    n = len(held["times_s"])
    regions = tuple(map(str, held["regions"])) if "regions" in held else ()
    return Face(
        times_s=_shaped(held, "times_s", (n,), np.float64),
        alignment=_shaped(held, "alignment", (n, 2, 3), np.float32),
        landmarks=_shaped(held, "landmarks", (n, None, 2), np.float32),
        seen=_shaped(held, "seen", (n,), np.bool_),
        eye_distance_px=_shaped(held, "eye_distance_px", (n,), np.float32),
        regions=regions,
        motion=_shaped(held, "motion", (n, len(regions)), np.float32) if regions else None,
    )


def _voice(held: Arrays) -> Voice:
    n_bands, n = held["log_mel"].shape
    start_s, hop_s, window_s = (float(held[name]) for name in ("start_s", "hop_s", "window_s"))
    if not (math.isfinite(start_s) and 0 < hop_s < math.inf and 0 < window_s < math.inf):
        raise ValueError("no grid")
    return Voice(
        log_mel=np.nan_to_num(_shaped(held, "log_mel", (n_bands, n), np.float32), nan=_FLOOR_NATS),
        band_hz=_shaped(held, "band_hz", (n_bands,), np.float32),
        intensity_db=_shaped(held, "intensity_db", (n,), np.float32),
        f0_hz=_shaped(held, "f0_hz", (n,), np.float32),
        voice_activity=_shaped(held, "voice_activity", (n,), np.bool_),
        start_s=start_s,
        hop_s=hop_s,
        window_s=window_s,
    )


def _shaped(held: Arrays, name: str, shape: tuple[int | None, ...], kind: type) -> npt.NDArray[Any]:
    """An array of the file, of the shape that it must have; None: any length."""
    array = held[name]
    fits = array.ndim == len(shape) and all(
        want is None or have == want for have, want in zip(array.shape, shape, strict=True)
    )
    if not fits or array.dtype.kind not in "bfiu":
        raise ValueError(f"{name} is {array.dtype} {array.shape}")
    return array.astype(kind, copy=False)


def _read(path: Path, format_name: str, of: Callable[[Arrays], T]) -> T:
    try:
        with np.load(path, allow_pickle=False) as file:
            if str(file["format"]) != format_name:
                raise ValueError(format_name)
            version = int(file["version"])
            if version > VERSION:
                raise BadInput.of(
                    "gui.newer_arrays",
                    f"{path.name} has version {version}, this window reads up to {VERSION}",
                    "update the window",
                    version=version,
                )
            return of({name: file[name] for name in file.files})
    except FileNotFoundError as error:
        raise BadInput.of("gui.no_arrays", f"{path.name} is missing", "tell the curator the ticket's number") from error
    except _DAMAGE as error:
        raise BadInput.of(
            "gui.damaged_arrays", f"{path.name} is damaged, or something else", "tell the curator the ticket's number"
        ) from error


def pitch_ends_hz(voice: Voice) -> tuple[float, float] | None:
    """The ends of the pitch lane: an octave at least; None: there is no pitch in the clip."""
    if not np.isfinite(voice.f0_hz).any():
        return None
    low, high = float(np.nanmin(voice.f0_hz)) / 1.1, float(np.nanmax(voice.f0_hz)) * 1.1
    if high < 2 * low:
        middle = math.sqrt(low * high)
        low, high = middle / math.sqrt(2), middle * math.sqrt(2)
    return low, high


def motion_peak_px(face: Face) -> float:
    """The top of the motion lane, in px of the aligned face."""
    if face.motion is None or not np.isfinite(face.motion).any():
        return _LEAST_MOTION_PX
    return max(_LEAST_MOTION_PX, float(np.nanmax(face.motion)))

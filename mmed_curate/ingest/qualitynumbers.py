"""From series to the numbers of a quality report: medians and shares, one per question."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.time import FrameClock
from mmed_curate.ingest.qualitybounds import QualityBounds
from mmed_curate.signals.quality import FaceSeries, PictureQuality
from mmed_curate.signals.repeats import frame_times, repeated
from mmed_curate.signals.soundquality import SoundQuality

ALIGNED_EYES_PX = 44.0
"""Between the eyes of the aligned face, on which movement is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceNumbers:
    """The face that matters: of the chosen tracks, else the largest one in each look. Medians over looks."""

    seen_share: float
    """Of the looks."""
    most_at_once: int
    """Faces in one look, whoever they are."""
    eye_px: float
    """Between the middles of the eyes, px of the picture."""
    least_eye_px: float
    """10th percentile of that."""
    level: float
    """Mean, from 0 (black) to 1 (white)."""
    spread: float
    """Of levels, from the 5th to the 95th percentile."""
    crushed_share: float
    blown_share: float
    edge_px: float
    """Blur of the sharpest edges, px of the picture."""
    edge_aligned_px: float
    """The same in px of the aligned face."""
    blurred_share: float
    """Looks in which edges are blurred beyond the bounds."""
    yaw_deg: float
    """Middle of the signed angle; positive: to the left of the picture."""
    pitch_deg: float
    """Middle of the signed angle; positive: down."""
    turned_share: float
    """Looks in which the head is turned beyond the bounds."""
    texture: float | None
    """Of the skin, in steps of 8-bit luma; None: no bare skin inside the picture."""
    blocks: float | None
    """Steps across the borders of blocks over those inside; None: the face is too small."""
    frozen_share: float | None
    """Of the face, bit for bit that of the frame before; None: there is but one frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureNumbers:
    """The picture."""

    width: int
    height: int
    n_frames: int
    duration_s: float
    rate_hz: float
    """Frames a second."""
    effective_rate_hz: float
    """Frames a second that show something new; repeated ones count from the share on that deserves a look."""
    event_frames: float
    """How many of these fall into a short event."""
    repeated_share: float
    missing_share: float
    """Frames missing between the others, of all there should be."""
    longest_gap_ms: float
    jitter_ms: float
    """95 % of the steps that are no gaps differ by less from the usual one."""
    codec: str | None
    """FFmpeg's name; None: not known."""
    bits_per_pixel: float | None
    """Of the compressed picture, per pixel of each frame that shows something new; None: not known."""
    face: FaceNumbers | None
    """None: no face was seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundNumbers:
    """The sound."""

    rate_hz: int
    channels: int
    duration_s: float
    begins_late_s: float
    """After the picture; negative: before."""
    ends_early_s: float
    """Before the picture; negative: after."""
    peak: float
    """1: full scale."""
    level_db: float
    """95th percentile of windows of 50 ms, relative to full scale."""
    noise_db: float | None
    """That over the 10th percentile of windows that are no digital silence: roughly voice over noise, too small where
    nobody ever pauses. None: all is digital silence."""
    clipped_share: float
    silent_share: float
    zero_share: float
    """Digital silence."""
    gap_share: float
    """Digital silence between the first and the last window that sounds."""
    offset: float
    same_channels: bool
    dead_channels: int


def picture_numbers(
    quality: PictureQuality,
    clock: FrameClock,
    bounds: QualityBounds,
    *,
    codec: str | None,
    bits_per_pixel: float | None,
    tracks: Collection[int] | None,
) -> PictureNumbers:
    """The numbers of a picture.

    Args:
        quality: what was measured.
        clock: of the same recording.
        bounds: what counts as blurred and turned.
        codec, bits_per_pixel: of the stream; None: not known.
        tracks: the faces that matter; None: the largest one in each look.
    """
    is_repeat = repeated(quality.frames.change, quality.frames.same)
    times = frame_times(quality.frames.time_s)
    duration_s = float(clock.duration)
    rate_hz = clock.n_frames / duration_s
    share = float(is_repeat.mean())
    # a few frames are always named by mistake: they must not take a recording of 25 below 25
    new_hz = rate_hz * (1 - share) if share >= bounds.repeats.look else rate_hz
    return PictureNumbers(
        width=quality.width,
        height=quality.height,
        n_frames=clock.n_frames,
        duration_s=duration_s,
        rate_hz=rate_hz,
        effective_rate_hz=new_hz,
        event_frames=new_hz * bounds.event_s,
        repeated_share=share,
        missing_share=times.n_missing / (times.n_missing + clock.n_frames),
        longest_gap_ms=1000 * times.longest_gap_s,
        jitter_ms=1000 * times.jitter_s,
        codec=codec,
        # an encoder spends next to nothing on a repeated frame
        bits_per_pixel=None if bits_per_pixel is None else bits_per_pixel / max(1 - share, 1 / clock.n_frames),
        face=_face_numbers(quality, bounds, tracks),
    )


def chosen_faces(quality: PictureQuality, tracks: Collection[int] | None) -> npt.NDArray[np.int64]:
    """Entries of the face series that matter: those of some tracks, else the largest face of each look.

    Returns:
        (n,) in order of time.
    """
    faces = quality.faces
    if tracks is not None:
        return np.flatnonzero(np.isin(faces.track, list(tracks)))
    by_size = np.lexsort((-faces.eye_px, faces.look))
    _, first = np.unique(faces.look[by_size], return_index=True)
    return by_size[first]


def aligned_edges(faces: FaceSeries) -> npt.NDArray[np.float32]:
    """(F,) blur of edges in px of the aligned face."""
    return (faces.edge_px * ALIGNED_EYES_PX / np.maximum(faces.eye_px, 1e-3)).astype(np.float32)


def _face_numbers(quality: PictureQuality, bounds: QualityBounds, tracks: Collection[int] | None) -> FaceNumbers | None:
    at = chosen_faces(quality, tracks)
    if not len(at):
        return None
    faces = quality.faces
    aligned = aligned_edges(faces)[at]
    blurred = (aligned > bounds.blur.aligned_px.look) & (faces.edge_px[at] > bounds.blur.own_px)
    turned = (np.abs(faces.yaw_deg[at]) > bounds.head.yaw_deg) | (np.abs(faces.pitch_deg[at]) > bounds.head.pitch_deg)

    def middle(values: npt.NDArray[np.float32]) -> float:
        found = _middle(values[at])
        return 0.0 if found is None else found

    return FaceNumbers(
        seen_share=len(np.unique(faces.look[at])) / len(quality.looks.time_s),
        most_at_once=int(quality.looks.n_faces.max()),
        eye_px=middle(faces.eye_px),
        least_eye_px=float(np.percentile(faces.eye_px[at], 10)),
        level=middle(faces.level),
        spread=middle(faces.spread),
        crushed_share=middle(faces.crushed),
        blown_share=middle(faces.blown),
        edge_px=middle(faces.edge_px),
        edge_aligned_px=_middle(aligned) or 0.0,
        blurred_share=float(blurred.mean()),
        yaw_deg=middle(faces.yaw_deg),
        pitch_deg=middle(faces.pitch_deg),
        turned_share=float(turned.mean()),
        texture=_middle(faces.texture[at]),
        blocks=_middle(faces.blocks[at]),
        frozen_share=_middle(faces.frozen[at]),
    )


def sound_numbers(quality: SoundQuality, clock: FrameClock, bounds: QualityBounds) -> SoundNumbers:
    """The numbers of a sound.

    Args:
        quality: what was measured.
        clock: of the recording's picture.
        bounds: what counts as silence.
    """
    first_s = float(clock.pts[0] * clock.time_base)
    heard = quality.level_db[~quality.zero]
    level_db = float(np.percentile(quality.level_db, 95)) if len(quality.level_db) else -100.0
    return SoundNumbers(
        rate_hz=quality.rate_hz,
        channels=quality.channels,
        duration_s=quality.n_samples / quality.rate_hz,
        begins_late_s=quality.start_s - first_s,
        ends_early_s=first_s + float(clock.duration) - quality.end_s,
        peak=max(quality.peaks, default=0.0),
        level_db=level_db,
        noise_db=float(np.percentile(heard, 95) - np.percentile(heard, 10)) if len(heard) else None,
        clipped_share=quality.clipped_share,
        silent_share=float((quality.level_db < bounds.sound.silent_db).mean()) if len(quality.level_db) else 1.0,
        zero_share=float(quality.zero.mean()) if len(quality.zero) else 1.0,
        gap_share=_gaps(quality.zero),
        offset=quality.offset,
        same_channels=quality.same_channels,
        dead_channels=quality.dead_channels,
    )


def _gaps(zero: npt.NDArray[np.bool_]) -> float:
    sounds = np.flatnonzero(~zero)
    return float(zero[sounds[0] : sounds[-1]].mean()) if len(sounds) > 1 else 0.0


def _middle(values: npt.NDArray[np.float32]) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else None

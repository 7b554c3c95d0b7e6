"""When quality deserves a look, and when it is poor: read from `pipelines/quality/`, numbers with their sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from mmed_curate.domain.packaged import named_or_path
from mmed_curate.domain.yamlfile import Declared, read_yaml

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]


class Bounds(Declared):
    """From where on somebody should look, and from where on it is poor; upward or downward, as the line says."""

    look: Annotated[float, Field(allow_inf_nan=False)]
    poor: Annotated[float, Field(allow_inf_nan=False)]


class RateBounds(Declared):
    """Different pictures a second."""

    few_hz: Positive
    """Fewer deserve a word."""
    least_hz: Positive
    """Below, nothing is spotted unless the recipe insists."""


class DropBounds(Bounds):
    """Share of frames missing between the others."""

    gap_s: Positive
    """A gap this long deserves a look."""


class LightBounds(Declared):
    """Levels inside the face, from 0 (black) to 1 (white)."""

    dark: Bounds
    blown: Bounds
    """Share of the face that is white."""
    crushed: Bounds
    """Share of the face that is black."""
    flat: Bounds
    """From the 5th to the 95th percentile."""


class BlurBounds(Declared):
    """Standard deviation of the blur of the sharpest edges round the eyes."""

    aligned_px: Bounds
    """In px of the aligned face."""
    own_px: Positive
    """... and more than this in px of the picture."""
    at_times: Share
    """Share of looks from which a face that is sharp otherwise is called smeared."""


class FaceBounds(Declared):
    """How large a face is and how often it is seen."""

    eye_px: Bounds
    """Between the middles of the eyes, px of the picture."""
    seen: Bounds
    """Share of looks with a face."""


class HeadBounds(Declared):
    """Which way the head is turned."""

    yaw_deg: Positive
    pitch_deg: Positive
    turned: Bounds
    """Share of looks in which it is turned further."""


class SmoothingBounds(Declared):
    """Signs of a smoothing filter."""

    texture: Positive
    """Less than this in the skin, in steps of 8-bit luma, ..."""
    sharp_px: Positive
    """... between edges that are blurred by less than this, px of the picture, ..."""
    least_eye_px: Positive
    """... in a face of at least this size."""


class CodingBounds(Declared):
    """What the encoder left."""

    bits: Bounds
    """Per pixel and frame, for H.264."""
    thrift: Mapping[str, Positive]
    """The part of that which other codecs need, by FFmpeg's name."""
    blocks: Bounds
    """Steps across borders of blocks over those inside."""


class SoundBounds(Declared):
    """The voice."""

    clipped: Bounds
    """Share of samples."""
    level_db: Bounds
    """Of the louder moments, below full scale."""
    silent_db: Annotated[float, Field(lt=0)]
    """A quieter window is silence."""
    silent: Bounds
    """Share of the time."""
    zeros: Share
    """Share of digital silence in a sound that is not silent."""
    noise_db: Bounds
    """Louder moments over the quietest tenth."""
    offset: Positive
    """Mean of the samples."""
    lacks_s: Positive
    """Begins so much later or ends so much earlier than the picture."""


class QualityBounds(Declared):
    """Everything that a quality report is held against."""

    format: Literal["mmed-quality-bounds"]
    version: Literal[1]
    name: str
    title: str
    event_s: Positive
    """Length of the micro-expression whose frames are counted."""
    rate: RateBounds
    repeats: Bounds
    """Share of frames that show nothing new."""
    drops: DropBounds
    light: LightBounds
    blur: BlurBounds
    face: FaceBounds
    head: HeadBounds
    smoothing: SmoothingBounds
    coding: CodingBounds
    sound: SoundBounds


def load_bounds(name_or_path: str) -> QualityBounds:
    """Read packaged bounds by name, or any by their path.

    Raises:
        BadInput: there are none of that name, or the file has a mistake.
    """
    return read_yaml(named_or_path(name_or_path, "pipelines", "quality"), QualityBounds)

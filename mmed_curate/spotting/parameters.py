"""How candidates are proposed: read from `pipelines/spotting/`, where each number has its source."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mmed_curate.domain.packaged import named_or_path
from mmed_curate.domain.yamlfile import Declared, read_yaml

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, lt=1)]


class FaceParameters(Declared):
    """How faces are followed."""

    redetect_every: Annotated[int, Field(ge=1)]
    """Frames between looks for new faces."""
    patience: Annotated[int, Field(ge=0)]
    """Frames for which a lost face keeps its track."""
    max_faces: Annotated[int, Field(ge=1)]
    """Most faces followed at once."""


class ReferenceParameters(Declared):
    """The resting face that each frame is compared with."""

    window_s: Positive
    """The median is taken over this long, centred."""
    step_s: Positive
    """How often it is renewed."""
    n_faces: Annotated[int, Field(ge=3)]
    """How many faces of the window the median is taken of."""


class CurveParameters(Declared):
    """From displacements to a curve."""

    smoothing_s: Positive
    """Standard deviation of the Gaussian over time."""
    baseline_s: Positive
    """Length of the running median that is subtracted."""


class PeakParameters(Declared):
    """From a curve to spans."""

    least_px: Positive
    """A peak is at least this high, in px of the aligned face."""
    times_noise: Positive
    """A peak is at least so many times the region's median motion."""
    height: Annotated[float, Field(gt=0, lt=0.5)]
    """A movement is bounded at this part of its peak."""
    extend: bool
    """Lead the bounds on to the base, along the slope between `height` and twice `height`."""
    overlap: Share
    """Peaks of several regions that share more than this part of the shorter one are one movement."""
    least_s: Positive
    """Shorter movements are dropped."""


class TagParameters(Declared):
    """What else a proposal may be."""

    micro_s: Positive
    """Longer movements are macro-expressions."""
    settle: Share
    """The face must come back below this part of the peak within `micro_s`."""
    blink_openness: Share
    """Eyes open less than this part of their usual openness are a blink."""
    blink_narrowing: Share
    """Eyes open less than this are one too, while the lids of both eyes go down ..."""
    blink_px: Positive
    """... by more than this, in px of the aligned face."""
    blink_reach_s: Positive
    """Motion this close to a blink may be the blink's."""
    head_px: Positive
    """The head itself moves more than this within the span, in px of the aligned face."""
    speech_window_s: Positive
    """How long round the peak the mouth is watched."""
    speech_px: Positive
    """The mouth moves where it is further than this from its usual place, in px of the aligned face."""
    speech_beats: Annotated[int, Field(ge=2)]
    """The mouth moves so many times in that window."""


class SpottingParameters(Declared):
    """Everything that `analyse` needs to know."""

    format: Literal["mmed-spotting"]
    version: Literal[1]
    name: str
    title: str
    face: FaceParameters
    reference: ReferenceParameters
    curve: CurveParameters
    peak: PeakParameters
    tags: TagParameters
    small_px: Positive
    """Below this distance between the eyes in the picture a note says that small movements may be missed."""
    few_hz: Positive
    """Below this frame rate a note says that short movements may be missed."""


def load_parameters(name_or_path: str) -> SpottingParameters:
    """Read packaged spotting parameters by name, or any by their path.

    Raises:
        BadInput: there are none of that name, or the file has a mistake.
    """
    path = named_or_path(name_or_path, "pipelines", "spotting")
    return read_yaml(path, SpottingParameters)

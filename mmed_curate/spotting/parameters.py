"""How candidates are proposed: read from `pipelines/spotting/`, where each number has its source."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from pydantic import Field

from mmed_curate.domain.files import canonical_json
from mmed_curate.domain.packaged import named_or_path
from mmed_curate.domain.yamlfile import Declared, read_yaml
from mmed_curate.face.bounds import TrackBounds
from mmed_curate.face.scene import SceneBounds
from mmed_curate.face.track import TRACKING

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, lt=1)]


class SceneParameters(Declared):
    """When the picture is cut to another scene. Pictures are compared small, by correlation."""

    cut_below: Share
    """Two neighbouring pictures that correlate less are a cut ..."""
    same_above: Share
    """... unless a picture soon after correlates more than this with the last one before: a flash ..."""
    return_s: Positive
    """... so soon."""
    changing_below: Share
    """A picture that correlates less with an older one is in a scene that changes slowly ..."""
    changing_s: Positive
    """... older by this."""


class FaceParameters(Declared):
    """How faces are followed; `face.track.TrackBounds` says more of each. Likeness is a correlation of small faces."""

    max_faces: Annotated[int, Field(ge=1)]
    """Most faces followed at once, the largest ones."""
    redetect_s: Positive
    """Between looks for new faces ..."""
    search_s: Positive
    """... and while one is missing, or none is seen ..."""
    eager_s: Positive
    """... for so long after it was lost."""
    patience_s: Positive
    """For so long a lost face keeps its track."""
    same_likeness: Share
    """A face is taken for a remembered one from this likeness on ..."""
    margin: Share
    """... if no other one is like it by so little less."""
    jump_likeness: Share
    """A face less like its last picture must be like a remembered one."""
    least_likeness: Share
    """A face less like all its remembered looks is hidden in part, or another one."""
    crossing_likeness: Share
    """While another face is near it, it must look so much like itself, and by the margin more than like the other."""
    crossing_room: Annotated[float, Field(ge=1)]
    """Faces whose boxes, made so many times larger, overlap cross ..."""
    crossing_s: Positive
    """... and still do for so long after."""
    one_face_iou: Share
    """Two meshes that overlap more lie on one face."""
    speed: Positive
    """Eye distances a second that a head moves at most ..."""
    jitter: Positive
    """... and so many more, whatever the time between."""
    reach: Positive
    """A lost face is looked for within so many eye distances of where it should be ..."""
    stray: Positive
    """... and so many more each second."""
    anonymous_s: Positive
    """So long an unlike face at the place of a lost one goes without a number."""
    over_a_cut: Share
    """A face so like its last picture goes on where the picture round it is cut."""
    remember_s: Positive
    """Between two looks that are remembered."""
    n_remembered: Annotated[int, Field(ge=1)]
    """Looks that are remembered."""
    least_s: Positive
    """Tracks that are seen for less than this are dropped."""
    scene: SceneParameters

    def bounds(self) -> TrackBounds:
        """What the tracker needs of it."""
        return TrackBounds(
            scene=SceneBounds(**self.scene.model_dump()), **self.model_dump(exclude={"scene", "least_s"})
        )

    def digest(self) -> str:
        """Twelve hex digits that change whenever the same recording might get other track numbers."""
        text = canonical_json({"tracking": TRACKING, **self.model_dump(mode="json")})
        return hashlib.sha256(text.encode()).hexdigest()[:12]


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
    noise_s: Positive
    """How much of the curve says what is usual at a time."""


class PeakParameters(Declared):
    """From a curve to spans."""

    least_px: Positive
    """A peak is at least this high, in px of the aligned face."""
    times_noise: Positive
    """A peak is at least so many times the median motion of the seconds round it ..."""
    times_usual: Positive
    """... and of the whole recording."""
    height: Annotated[float, Field(gt=0, lt=0.5)]
    """A movement is bounded at this part of its peak."""
    extend: bool
    """Lead the bounds on to the base, along the slope between `height` and twice `height`."""
    overlap: Share
    """Peaks of several regions that share more than this part of the shorter one are one movement."""
    dragged: Share
    """Beside a blink or speech, a movement elsewhere counts where its score is above this part of the other's."""
    least_s: Positive
    """Shorter movements are dropped."""


class TagParameters(Declared):
    """What else a proposal may be."""

    micro_s: Positive
    """Longer movements are macro-expressions."""
    settle: Share
    """The face must come back below this part of the peak's height, on both sides of it, within `micro_s`."""
    blink_openness: Share
    """Eyes open less than this part of their usual openness are a blink."""
    blink_narrowing: Share
    """Eyes open less than this are one too, while the lids of both eyes go down ..."""
    blink_px: Positive
    """... by more than this, in px of the aligned face."""
    blink_reach_s: Positive
    """Motion this close to a blink may be the blink's."""
    head_px: Positive
    """The head itself moves more than this within the span, in px of the aligned face ..."""
    head_share: Share
    """... and what moved by itself is below this part of that: perspective may have made it."""
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

"""How each part of a face moved over time, and how much was asked of it: what a picture of it is drawn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmed_curate.signals.motion import MotionCurve
from mmed_curate.spotting.parameters import SpottingParameters
from mmed_curate.spotting.peaks import asked_px, even_runs, usual_strength


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Course:
    """One part of one face."""

    channel: str
    """A region, or both sides of one."""
    times_s: npt.NDArray[np.float64]
    """(T,) seconds, even but for gaps."""
    px: npt.NDArray[np.float64]
    """(T,) px of the aligned face from its usual place."""
    asked_px: npt.NDArray[np.float64]
    """(T,) from here on a peak is proposed."""


def courses(curve: MotionCurve, frames: npt.NDArray[np.int64], parameters: SpottingParameters) -> tuple[Course, ...]:
    """The courses of all parts, from the brows down; none where the face was seen for a moment only.

    Args:
        curve: what the meter measured.
        frames: (T,) the recording's frame of each point of the curve.
        parameters: the recipe.
    """
    runs = [run for run in even_runs(curve, frames, parameters) if len(run.frames) > 2]
    if not runs:
        return ()
    usual = usual_strength(runs)
    times_s = np.concatenate([run.times_s for run in runs])
    return tuple(
        Course(
            channel=channel,
            times_s=times_s,
            px=np.concatenate([run.strength[:, index] for run in runs]).astype(np.float64),
            asked_px=np.concatenate([asked_px(run, usual, index, parameters.peak) for run in runs]),
        )
        for index, channel in enumerate(runs[0].channels)
    )

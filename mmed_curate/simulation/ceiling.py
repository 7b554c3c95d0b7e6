"""What a model can know: the best accuracy that picture, sound, or both allow, by Bayes' rule over the planted table.

The class is the emotion's. The movement is the event's own with probability `picture_informative`, else that of an
emotion drawn by its share; the cue likewise, and apart from the movement. A reader who sees the movement without
error and knows these numbers does best by naming the class with the largest posterior; its accuracy is the ceiling.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.codebook import Codebook
from mmed_curate.simulation.settings import SessionSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """Attainable accuracies on the classes, in 0..1."""

    chance: float
    """Always naming the most frequent class."""
    picture: float
    sound: float
    both: float


def ceiling(settings: SessionSettings, codebook: Codebook) -> Ceiling:
    """The best attainable accuracies under these settings."""
    shares = np.array(settings.shares)  # (E,)
    classes = [codebook.class_of(row.code) for row in settings.emotions]
    names = sorted({str(name) for name in classes})
    member = np.array([[name == one for one in classes] for name in names], dtype=float)  # (K, E)
    seen = _shown([row.movement for row in settings.emotions], shares, settings.picture_informative)  # (E, M)
    heard = _shown([row.cue for row in settings.emotions], shares, settings.sound_informative)  # (E, C)
    together = seen[:, :, None] * heard[:, None, :]  # (E, M, C): apart from each other, given the emotion
    return Ceiling(
        chance=float((member @ shares).max()),
        picture=_best(member, shares, seen),
        sound=_best(member, shares, heard),
        both=_best(member, shares, together.reshape(len(shares), -1)),
    )


def _shown(names: list[str], shares: npt.NDArray[np.float64], informative: float) -> npt.NDArray[np.float64]:
    """(E, N) probability of each shown thing, given the event's emotion; N distinct things in sorted order."""
    own = np.array([[name == one for one in sorted(set(names))] for name in names], dtype=float)
    shown: npt.NDArray[np.float64] = informative * own + (1 - informative) * (shares @ own)
    return shown


def _best(member: npt.NDArray[np.float64], shares: npt.NDArray[np.float64], given: npt.NDArray[np.float64]) -> float:
    joint = member @ (shares[:, None] * given)  # (K, N): class and what is shown
    return float(joint.max(axis=0).sum())

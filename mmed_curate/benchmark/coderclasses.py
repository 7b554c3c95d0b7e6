"""What each coder chose of each clip, before anybody discussed it. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmed_curate.dataset import Dataset
from mmed_curate.dataset.asked import Field
from mmed_curate.domain.findings import BadInput

NO_CHOICE = -1
"""This coder judged the clip and chose none of the classes: marked no such event, or an emotion that is in none."""
NOT_ASKED = -2
"""This coder's coding of the clip is none of those that counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoderClasses:
    """The class that each coder chose of each clip."""

    clips: tuple[str, ...]
    subjects: tuple[str, ...]
    """(N,) whose clip it is."""
    coders: tuple[str, ...]
    """Pseudonyms, sorted."""
    classes: tuple[str, ...]
    chosen: npt.NDArray[np.int64]
    """(N, K) index into `classes`, NO_CHOICE or NOT_ASKED."""

    def __post_init__(self) -> None:
        expected = (len(self.clips), len(self.coders))
        if self.chosen.shape != expected or len(self.subjects) != len(self.clips):
            raise BadInput.of(
                "coders.shape",
                f"choices are {self.chosen.shape}, subjects {len(self.subjects)}; expected {expected}",
                "give one choice per clip and coder, and one subject per clip",
            )
        if not np.all((self.chosen >= NOT_ASKED) & (self.chosen < len(self.classes))):
            raise BadInput.of("coders.class", "a choice is none of the classes", "number classes from 0")

    @property
    def votes(self) -> npt.NDArray[np.int64]:
        """(N, C) how many coders chose each class."""
        places = np.arange(len(self.classes))
        votes: npt.NDArray[np.int64] = (self.chosen[:, :, None] == places).sum(axis=1)
        return votes

    @property
    def shares(self) -> npt.NDArray[np.float64]:
        """(N, C) of the coders who chose a class; NaN where nobody did."""
        votes = self.votes
        with np.errstate(invalid="ignore"):
            shares: npt.NDArray[np.float64] = votes / votes.sum(axis=1, keepdims=True)
        return shares


def read_coder_classes(dataset: Dataset, clips: Sequence[str], classes: Sequence[str]) -> CoderClasses:
    """Each coder's class of each clip of a release, as it stood when coding closed, through the codebook.

    Coders are those of the clip's last coding; what they said later, in discussion, is not looked at.

    Args:
        dataset: the release.
        clips: names.
        classes: codes; whoever chose another class counts as having chosen none.

    Raises:
        BadInput: there is no such clip, or the tables do not give the clips that they list.
    """
    votes = [dataset.clip(name).votes(Field.EMOTION_CLASS) for name in clips]
    coders = tuple(sorted({coder for said in votes for coder in said}))
    place = {code: index for index, code in enumerate(classes)}
    chosen = [
        [place.get(str(said[coder]), NO_CHOICE) if coder in said else NOT_ASKED for coder in coders] for said in votes
    ]
    return CoderClasses(
        clips=tuple(clips),
        subjects=tuple(dataset.clip(name).subject for name in clips),
        coders=coders,
        classes=tuple(classes),
        chosen=np.array(chosen, dtype=np.int64).reshape(len(clips), len(coders)),
    )

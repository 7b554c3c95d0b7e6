"""How few clips of a class are enough: all but k of them are taken from what each fold learns. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from mmed_curate.benchmark.folds import Folds, Mask
from mmed_curate.benchmark.settings import FewShot
from mmed_curate.domain.findings import BadInput


def few_shot(folds: Folds, labels: npt.ArrayLike, classes: Sequence[str], mode: FewShot) -> Folds:
    """The same folds, learning from no more than `mode.clips` clips of each class that `mode` names.

    Clips are put in one order, drawn by seed, and every fold keeps the first that it may learn from: folds differ in
    no more clips than they must, and the clips of a smaller k are among those of a larger one. Inner splits lose the
    same clips. Every clip is asked about as before.

    Args:
        folds: K splits of N clips.
        labels: (N,) index of each clip's class.
        classes: names of the classes.
        mode: how many, of which, and the seed of the draw.

    Raises:
        BadInput: `mode` names a class that there is not.
    """
    coded = np.asarray(labels)  # (N,)
    for name in mode.classes:
        if name not in classes:
            raise BadInput.of(
                "benchmark.few_shot",
                f"few_shot names the class {name}, which is none of {', '.join(classes)}",
                "name classes of the release in few_shot.classes, or none for the smallest",
            )
    named = [tuple(classes).index(name) for name in mode.classes]
    order = np.random.default_rng(mode.seed).permutation(len(coded))  # (N,)
    learned = np.stack(
        [_fewer(row, coded, named or [_smallest(coded[row])], mode.clips, order) for row in folds.learned]
    )
    return replace(folds, learned=learned, inner=None if folds.inner is None else folds.inner & learned)


def _fewer(
    row: Mask, coded: npt.NDArray[np.int64], few: Sequence[int], clips: int, order: npt.NDArray[np.int64]
) -> Mask:
    kept = row.copy()
    for one in few:
        own = [place for place in order if row[place] and coded[place] == one]
        kept[own[clips:]] = False
    return kept


def _smallest(learned: npt.NDArray[np.int64]) -> int:
    """Of the classes that occur, the one with the fewest clips; of equals the first."""
    found, counts = np.unique(learned, return_counts=True)
    return int(found[counts.argmin()])

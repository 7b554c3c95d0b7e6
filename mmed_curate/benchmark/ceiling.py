"""The human ceiling: how well one coder predicts the others. Needs no torch.

Each coder in turn is treated as a model: what the coder chose is held against what most of the others chose, and
against their distribution. One choice is no distribution; so what a choice says of the others is learned from the clips
of all other subjects (how often the others chose each class when one coder chose this one, one more counted for each),
which gives a coder the same chance to be unsure as a calibrated model has.

It is no bound: a model that has learned from many coders may well come nearer to their majority than one coder does. A
model above it is not better than experts at seeing; it is better at guessing what they will say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mmed_curate.benchmark.coderclasses import CoderClasses
from mmed_curate.benchmark.scores import Counts, Interval, Scores, bootstrap, intervals_json
from mmed_curate.benchmark.softscores import SoftScores, soft_scores
from mmed_curate.domain.findings import Finding, Severity

Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanCeiling:
    """How well one coder predicts the others, pooled over coders: nobody is named."""

    n_coders: int
    n_coders_left_out: int
    """Coders who chose a class in too few clips."""
    n_answers: int
    """Choices of one coder of one clip of which another coder chose a class too."""
    n_clips: int
    n_tied: int
    """Answers left out of the scores because the others had no one commonest class."""
    others_per_answer: float | None
    """How many others there were, on average; None: there was no answer."""
    scores: Scores | None
    """Rows: what most of the others chose; columns: what the coder did. None: there is nothing to compare."""
    intervals: tuple[Interval | None, Interval | None, Interval | None]
    """Of accuracy, UF1 and UAR, over subjects."""
    soft: SoftScores | None
    """Against the distribution of the others."""
    notes: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """As JSON values; what is undetermined is null."""
        return {
            "n_coders": self.n_coders,
            "n_coders_left_out": self.n_coders_left_out,
            "n_answers": self.n_answers,
            "n_clips": self.n_clips,
            "n_tied": self.n_tied,
            "others_per_answer": self.others_per_answer,
            "scores": None if self.scores is None else self.scores.as_json(),
            "intervals": intervals_json(self.intervals),
            "soft": None if self.soft is None else self.soft.as_json(),
            "notes": [str(note) for note in self.notes],
        }


def human_ceiling(coders: CoderClasses, *, min_clips: int, seed: int, resamples: int, level: float) -> HumanCeiling:
    """Leave one coder out at a time, and let what that one chose predict the others.

    Args:
        coders: what each chose of each clip.
        min_clips: a coder who chose a class in fewer is left out as a predictor, and stays among the others.
        seed: of the draws.
        resamples: draws of the intervals over subjects.
        level: coverage aimed at.
    """
    n_chosen = (coders.chosen >= 0).sum(axis=0)  # (K,)
    enough = (n_chosen >= min_clips) & (n_chosen > 0)  # (K,)
    clip, coder = np.nonzero((coders.chosen >= 0) & enough)  # (A,) each: one entry per answer
    answer = coders.chosen[clip, coder]  # (A,)
    others = coders.votes[clip]  # (A, C)
    others[np.arange(len(answer)), answer] -= 1
    together = others.sum(axis=1) > 0
    clip, answer, others = clip[together], answer[together], others[together]
    names = tuple(sorted(set(coders.subjects)))
    place = {name: index for index, name in enumerate(names)}
    owner = np.array([place[name] for name in coders.subjects], dtype=np.int64)[clip]  # (A,)
    tied = (others == others.max(axis=1, keepdims=True)).sum(axis=1) > 1  # (A,)

    counts: Counts = np.zeros((len(names), len(coders.classes), len(coders.classes)), dtype=np.int64)
    np.add.at(counts, (owner[~tied], others[~tied].argmax(axis=1), answer[~tied]), 1)
    present = counts[counts.sum(axis=(1, 2)) > 0]  # subjects with an answer
    known = len(present) > 0
    shares = others / others.sum(axis=1, keepdims=True)  # (A, C)
    return HumanCeiling(
        n_coders=int(enough.sum()),
        n_coders_left_out=int((~enough).sum()),
        n_answers=len(answer),
        n_clips=len(set(clip.tolist())),
        n_tied=int(tied.sum()),
        others_per_answer=float(others.sum(axis=1).mean()) if len(answer) else None,
        scores=Scores.of(present.sum(axis=0), coders.classes) if known else None,
        intervals=bootstrap(present, seed=seed, resamples=resamples, level=level) if known else (None, None, None),
        soft=soft_scores(
            _what_it_says(answer, shares, owner, n_subjects=len(names)),
            shares,
            [names[index] for index in owner],
            seed=seed,
            resamples=resamples,
            level=level,
        ),
        notes=_notes(enough, min_clips, others.sum(axis=1)),
    )


def _what_it_says(
    answer: Labels, shares: npt.NDArray[np.float64], owner: Labels, *, n_subjects: int
) -> npt.NDArray[np.float64]:
    """(A, C) what the others choose when one coder chose this, on the clips of all other subjects."""
    n_classes = shares.shape[1]
    table = np.zeros((n_subjects, n_classes, n_classes))  # rows: the coder's choice; columns: the others'
    np.add.at(table, (owner, answer), shares)
    elsewhere = table.sum(axis=0) - table + 1  # (S, C, C), one more counted for each (Laplace)
    rows = elsewhere[owner, answer]  # (A, C)
    told: npt.NDArray[np.float64] = rows / rows.sum(axis=1, keepdims=True)
    return told


def _notes(enough: npt.NDArray[np.bool_], min_clips: int, n_others: Labels) -> tuple[Finding, ...]:
    found = []
    n_left_out = int((~enough).sum())
    if n_left_out:
        found.append(
            Finding(
                code="ceiling.coders_left_out",
                what=f"{n_left_out} of {len(enough)} coders chose a class in fewer than {min_clips} clips, so the "
                "human ceiling does not ask how well they predict the others",
                remedy="nothing, unless they were meant to judge more",
                severity=Severity.NOTE,
                parameters={"n_left_out": n_left_out, "min_clips": min_clips},
            )
        )
    if not len(n_others):
        found.append(
            Finding(
                code="ceiling.undetermined",
                what="no clip has two coders who chose a class, of whom one chose in enough clips, so there is no "
                "human ceiling",
                remedy="let at least two coders judge each clip",
                severity=Severity.WARNING,
            )
        )
    elif np.mean(n_others == 1) > 0.5:
        found.append(
            Finding(
                code="ceiling.one_other",
                what=f"in {np.mean(n_others == 1):.0%} of the answers there is one other coder only, so the ceiling "
                "is how often two coders agree, which is lower than how well one predicts what was settled",
                remedy="let three or more coders judge each clip, or read it as agreement of pairs",
                severity=Severity.WARNING,
            )
        )
    return tuple(found)

"""Scores per group of subjects: does a model serve everybody alike? Needs no torch.

Groups are small, so that an interval over subjects matters more than the score. Of groups below the least number of
subjects nothing is told but that they are: a score of two people is about these two people. Two groups whose intervals
overlap may still differ, and the other way round; groups differ in other things than their name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmed_curate.benchmark.scores import Counts, Interval, Scores, bootstrap, intervals_json
from mmed_curate.domain.findings import BadInput, Finding, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupScores:
    """How a model fared on the clips of one group."""

    attribute: str
    """What subjects are grouped by, such as glasses."""
    value: str
    n_subjects: int
    scores: Scores
    intervals: tuple[Interval | None, Interval | None, Interval | None]
    """Of accuracy, UF1 and UAR, over the group's subjects."""

    def as_json(self) -> dict[str, Any]:
        """As JSON values; what is undetermined is null."""
        return {
            "attribute": self.attribute,
            "value": self.value,
            "n_subjects": self.n_subjects,
            "scores": self.scores.as_json(),
            "intervals": intervals_json(self.intervals),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTable:
    """Every group that is large enough, attributes and values sorted."""

    rows: tuple[GroupScores, ...]
    notes: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {"rows": [row.as_json() for row in self.rows], "notes": [str(note) for note in self.notes]}


def group_scores(
    counts: Counts,
    subjects: Sequence[str],
    attributes: Mapping[str, Mapping[str, str]],
    labels: Sequence[str],
    *,
    min_subjects: int,
    seed: int,
    resamples: int,
    level: float,
) -> GroupTable:
    """Scores of each group with enough subjects.

    Args:
        counts: (S, C, C) confusion matrices per subject.
        subjects: (S,) names, in that order.
        attributes: by what to group: value by subject, by attribute. Subjects who are not named have told nothing.
        labels: classes, in the order of rows and columns.
        min_subjects: groups of fewer have no row.
        seed: of the draws.
        resamples: draws of the intervals.
        level: coverage aimed at.

    Raises:
        BadInput: shapes do not fit.
    """
    if counts.ndim != 3 or len(subjects) != len(counts):
        raise BadInput.of(
            "groups.shape", f"counts are {counts.shape}, subjects {len(subjects)}", "give one matrix per subject"
        )
    rows: list[GroupScores] = []
    notes: list[Finding] = []
    for attribute in sorted(attributes):
        told = [attributes[attribute].get(subject) for subject in subjects]
        small = 0
        for value in sorted({one for one in told if one is not None}):
            inside = counts[np.array([one == value for one in told])]  # (S', C, C)
            if len(inside) < min_subjects or not inside.sum():
                small += 1
                continue
            rows.append(
                GroupScores(
                    attribute=attribute,
                    value=value,
                    n_subjects=len(inside),
                    scores=Scores.of(inside.sum(axis=0), labels),
                    intervals=bootstrap(inside, seed=seed, resamples=resamples, level=level),
                )
            )
        if small:
            notes.append(
                Finding(
                    code="groups.too_small",
                    what=f"{small} group{'s' if small > 1 else ''} by {attribute} of fewer than {min_subjects} "
                    f"subjects {'have' if small > 1 else 'has'} no row",
                    remedy="nothing: so few people would be scored as persons",
                    severity=Severity.NOTE,
                    parameters={"attribute": attribute, "n_groups": small},
                )
            )
        n_silent = sum(one is None for one in told)
        if n_silent:
            notes.append(
                Finding(
                    code="groups.not_told",
                    what=f"of {n_silent} of {len(subjects)} subjects no {attribute} is known, so they are in no group "
                    "by it",
                    remedy="nothing: nobody has to tell",
                    severity=Severity.NOTE,
                    parameters={"attribute": attribute, "n_subjects": n_silent},
                )
            )
    return GroupTable(rows=tuple(rows), notes=tuple(notes))

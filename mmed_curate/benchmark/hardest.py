"""Clips that models most often answer wrongly: where to look first. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmed_curate.benchmark.features import BenchmarkData
from mmed_curate.benchmark.standing import ModelResult


@dataclass(frozen=True, slots=True, kw_only=True)
class HardClip:
    """One clip and what models made of it."""

    clip: str
    subject: str
    truth: str
    answers: tuple[tuple[str, int], ...]
    """Class and how many answers named it, of all models and seeds; the commonest first."""

    @property
    def n_answers(self) -> int:
        """Answers in all."""
        return sum(count for _, count in self.answers)

    @property
    def n_wrong(self) -> int:
        """Answers that are not the truth."""
        return sum(count for code, count in self.answers if code != self.truth)

    def as_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "clip": self.clip,
            "subject": self.subject,
            "truth": self.truth,
            "n_answers": self.n_answers,
            "n_wrong": self.n_wrong,
            "answers": [{"class": code, "n": count} for code, count in self.answers],
        }


def hardest_clips(models: Sequence[ModelResult], data: BenchmarkData, *, most: int) -> tuple[HardClip, ...]:
    """Clips with the largest share of wrong answers, each model counting alike; only those wrong more often than not.

    Args:
        models: whose answers count.
        data: the clips.
        most: how many clips to name.
    """
    if not models:
        return ()
    wrong = np.mean([(~model.right(data)).mean(axis=0) for model in models], axis=0)  # (N,)
    order = sorted(np.flatnonzero(wrong > 0.5).tolist(), key=lambda place: (-wrong[place], data.names[place]))
    found = []
    for place in order[:most]:
        said = np.concatenate([model.predicted[:, place] for model in models])
        counts = np.bincount(said, minlength=len(data.classes))
        ranked = sorted(np.flatnonzero(counts).tolist(), key=lambda code: (-counts[code], code))
        found.append(
            HardClip(
                clip=data.names[place],
                subject=data.subjects[place],
                truth=data.classes[data.labels[place]],
                answers=tuple((data.classes[code], int(counts[code])) for code in ranked),
            )
        )
    return tuple(found)

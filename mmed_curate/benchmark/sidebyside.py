"""Two sets of answers on the same clips, from reports, releases or tables, and the paired test between them.

Needs no torch. What is not paired is refused: a difference between other clips says nothing about the models.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mmed_curate.benchmark.answersread import Answers, Texts, few
from mmed_curate.benchmark.paired import PairedComparison, compare, subject_counts
from mmed_curate.benchmark.power import ClipsNeeded, clips_needed
from mmed_curate.benchmark.scores import Scores
from mmed_curate.benchmark.settings import BenchmarkSettings
from mmed_curate.benchmark.soundquestion import ALPHA, POWER
from mmed_curate.benchmark.standing import LEVEL
from mmed_curate.domain.counted import counted
from mmed_curate.domain.findings import BadInput, Finding, Severity

FORMAT, VERSION = "mmed-benchmark-compare", 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """The first model against the second, on the clips that both answered."""

    first: Answers
    second: Answers
    left_out: tuple[int, int]
    """Clips that only the first, only the second answered."""
    classes: tuple[str, ...]
    scores: tuple[Scores, Scores]
    difference: PairedComparison
    """The first less the second."""
    needed: ClipsNeeded
    notes: tuple[Finding, ...]

    @property
    def simulated(self) -> bool:
        """Whether anything behind it is."""
        return self.first.simulated or self.second.simulated

    @property
    def notice(self) -> str:
        """The sentence that stands before the numbers."""
        if self.simulated:
            return "SIMULATED: these numbers say what was planted; they are no result on real faces."
        return "A difference between these two, on these clips; it says nothing of others."

    @property
    def sentence(self) -> str:
        """The answer in words."""
        found = self.difference.uar
        if found.value is None or found.p_two_sided is None:
            return "Which of them has the higher UAR is undetermined: no clip is of one of the classes."
        spread = (
            f", {100 * LEVEL:.0f} % {100 * found.interval.low:+.1f} to {100 * found.interval.high:+.1f}"
            if found.interval
            else ""
        )
        points = (
            f"{100 * found.value:+.1f} points of UAR for the first{spread} (p = {found.p_two_sided:.3f}, two-sided, "
            "swaps of subjects)"
        )
        if found.p_two_sided < ALPHA:
            return f"They differ: {points}."
        return f"No difference is shown: {points}. That is no proof of none."

    def as_json(self) -> dict[str, Any]:
        """As JSON values, in the shape of `schema/json/benchmark-compare.schema.json`."""
        first, second = self.scores
        return {
            "format": FORMAT,
            "version": VERSION,
            "notice": self.notice,
            "simulated": self.simulated,
            "first": {**self.first.as_json(), "n_left_out": self.left_out[0], "scores": first.as_json()},
            "second": {**self.second.as_json(), "n_left_out": self.left_out[1], "scores": second.as_json()},
            "classes": list(self.classes),
            "n_clips": len(self.first.clips),
            "sentence": self.sentence,
            "difference": self.difference.as_json(),
            "power": self.needed.as_json(),
            "notes": [str(note) for note in self.notes],
        }


def set_side_by_side(
    first: Answers, second: Answers, settings: BenchmarkSettings, *, common: bool = False
) -> SideBySide:
    """Compare two sets of answers.

    Args:
        first, second: the answers.
        settings: numbers of swaps and draws.
        common: compare on the clips that both have, though they are of one release or of none that is known. Answers
            of two releases are always compared so.

    Raises:
        BadInput: they are not paired: other clips, other truths or subjects, or seeds that cannot be paired.
    """
    if (first.source, first.model) == (second.source, second.model):
        raise BadInput.of(
            "compare.same",
            f"{first.source} is named twice",
            "name two models, such as REPORT:amf-net and REPORT:visual-only, or two reports",
        )
    shared = sorted(set(first.clips) & set(second.clips))
    left_out = (len(first.clips) - len(shared), len(second.clips) - len(shared))
    two_releases = None not in (first.release, second.release) and first.release != second.release
    if not shared:
        raise BadInput.of(
            "compare.no_common_clip",
            f"{first.source} and {second.source} have no clip in common, of {len(first.clips)} and {len(second.clips)}",
            "compare answers on the same clips, or benchmark both models on one release",
        )
    if any(left_out) and not (two_releases or common):
        raise BadInput.of(
            "compare.other_clips",
            f"{counted(left_out[0], 'clip')} of {first.source} and {counted(left_out[1], 'clip')} of {second.source} "
            f"are not in the other, beside {counted(len(shared), 'clip')} in both",
            "compare answers on the same clips, or add --common to compare on those in both",
        )
    rows = _paired_seeds(first, second)
    first, second = (
        one.at([one.clips.index(clip) for clip in shared], chosen)
        for one, chosen in zip((first, second), rows, strict=True)
    )
    _check_alike("truth", first, second, lambda one: one.truth)
    _check_alike("subject", first, second, lambda one: one.subjects)
    classes = _classes(first, second)
    n_seeds = max(len(first.predicted), len(second.predicted))
    truth = np.array([classes.index(code) for code in first.truth], dtype=np.int64)  # (N,)
    numbers = [_numbered(one.predicted, classes) for one in (first, second)]  # (R, N) each
    counts = [
        subject_counts(predicted, truth, first.subjects, n_classes=len(classes), n_seeds=n_seeds)[1]
        for predicted in numbers
    ]
    difference = compare(
        *counts,
        seed=settings.intervals.seed,
        swaps=settings.permutations,
        resamples=settings.intervals.resamples,
        level=LEVEL,
    )
    needed = clips_needed(numbers[0] == truth, numbers[1] == truth, first.subjects, alpha=ALPHA, power=POWER)
    return SideBySide(
        first=first,
        second=second,
        left_out=left_out,
        classes=classes,
        scores=(Scores.of(counts[0].sum(axis=0), classes), Scores.of(counts[1].sum(axis=0), classes)),
        difference=difference,
        needed=needed,
        notes=(*_notes(first, second, left_out), *difference.notes, *needed.notes),
    )


def _paired_seeds(first: Answers, second: Answers) -> tuple[list[int], list[int]]:
    """Which rows of each stand beside each other: those of common seeds, or all where there is nothing to choose."""
    shared = sorted(set(first.seeds) & set(second.seeds))
    if shared:
        return [first.seeds.index(seed) for seed in shared], [second.seeds.index(seed) for seed in shared]
    n_first, n_second = len(first.predicted), len(second.predicted)
    if n_first != n_second and 1 not in (n_first, n_second):
        raise BadInput.of(
            "compare.seeds",
            f"{first.source} has {n_first} seeds, {second.source} {n_second}, and none in common",
            "benchmark both with the same seeds",
        )
    return list(range(n_first)), list(range(n_second))


def _check_alike(what: str, first: Answers, second: Answers, told: Callable[[Answers], tuple[str, ...]]) -> None:
    differ = [clip for clip, one, other in zip(first.clips, told(first), told(second), strict=True) if one != other]
    if differ:
        raise BadInput.of(
            f"compare.other_{what}",
            f"{len(differ)} of {counted(len(first.clips), 'clip')} have another {what} in {first.source} than in "
            f"{second.source}, {few(differ)}",
            "compare answers to the same question: benchmark both models on one release",
        )


def _classes(first: Answers, second: Answers) -> tuple[str, ...]:
    """Those that occur on these clips, as truth or as answer, in the order of the first."""
    found = {*first.truth, *first.predicted.ravel().tolist(), *second.predicted.ravel().tolist()}
    order = dict.fromkeys((*first.classes, *second.classes, *sorted(found)))
    return tuple(code for code in order if code in found)


def _numbered(predicted: Texts, classes: Sequence[str]) -> npt.NDArray[np.int64]:
    place = {code: index for index, code in enumerate(classes)}
    return np.array([[place[code] for code in row] for row in predicted.tolist()], dtype=np.int64)


def _notes(first: Answers, second: Answers, left_out: tuple[int, int]) -> list[Finding]:
    notes = []
    if any(left_out):
        notes.append(
            Finding(
                code="compare.common_clips",
                what=f"compared on the {counted(len(first.clips), 'clip')} in both; {left_out[0]} only in "
                f"{first.source} and {left_out[1]} only in {second.source} are left out",
                remedy="bear in mind that each model learned from its own clips, also from those left out here",
                severity=Severity.WARNING,
            )
        )
    if first.seeds != second.seeds:
        said = " and ".join(", ".join(map(str, one.seeds)) or "none" for one in (first, second))
        notes.append(
            Finding(
                code="compare.other_seeds",
                what=f"the seeds are not the same ({said}), so chance in training is not paired",
                remedy="benchmark both with the same seeds, where both have any",
                severity=Severity.NOTE,
            )
        )
    return notes

"""How good proposals are: each proposal meets at most one true event, and overlaps it by half or more.

Spans count with both ends inside. One-to-one matching at an intersection over union of at least 0.5 is the measure
of the Micro-Expression Grand Challenge (MEGC 2019 onward) and of the spot-then-recognise metric (Liong et al. 2023).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.records import Tag
from mmed_curate.domain.time import Span

FloatArray = npt.NDArray[np.float64]

MEGC_IOU = 0.5
"""What the challenge asks of a hit."""
LOOSE_IOU = 0.3
"""A proposal that a coder would still find the event by; reported beside the other."""


class Spanned(Protocol):
    """What can be scored: a proposal, or a candidate made of one."""

    @property
    def span(self) -> Span:
        """In frames."""

    @property
    def tags(self) -> Collection[Tag]:
        """What else it may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpottingScores:
    """Counts, and what follows from them. A score that the counts cannot answer is None, never a number."""

    true_positives: int
    """Proposals that met an event."""
    false_positives: int
    """Proposals that met none."""
    false_negatives: int
    """Events that no proposal met."""
    iou: float
    """Least overlap of a hit."""
    n_tagged: int = 0
    """Tagged proposals that were counted neither as hit nor as false."""
    minutes: float | None = None
    """Length of what was searched; None: not known."""

    @property
    def recall(self) -> float | None:
        """Share of events that were met; None where there are none."""
        return _share(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def precision(self) -> float | None:
        """Share of proposals that met an event; None where there are none."""
        return _share(self.true_positives, self.true_positives + self.false_positives)

    @property
    def f1(self) -> float | None:
        """2 TP / (2 TP + FP + FN); None where there are neither events nor proposals."""
        return _share(2 * self.true_positives, 2 * self.true_positives + self.false_positives + self.false_negatives)

    @property
    def proposals_per_minute(self) -> float | None:
        """Proposals that were counted, per minute searched; None where the length is not known."""
        return None if self.minutes is None else (self.true_positives + self.false_positives) / self.minutes

    @property
    def false_per_minute(self) -> float | None:
        """Proposals that met no event, per minute searched; None where the length is not known."""
        return None if self.minutes is None else self.false_positives / self.minutes


def evaluate(
    proposals: Sequence[Spanned],
    truth: Sequence[Span],
    *,
    iou: float = MEGC_IOU,
    minutes: float | None = None,
    count_tagged: bool = False,
) -> SpottingScores:
    """Score the proposals of one recording.

    Args:
        proposals: what was proposed.
        truth: the events that are there, in frames of the same recording.
        iou: least overlap of a hit, above 0 and at most 1.
        minutes: length of the recording; None: not known.
        count_tagged: count tagged proposals like the others; else they are neither hits nor false.

    Raises:
        BadInput: `iou` or `minutes` make no sense.
    """
    counted = [proposal for proposal in proposals if count_tagged or not proposal.tags]
    return score_intervals(
        intervals(proposal.span for proposal in counted),
        intervals(truth),
        iou=iou,
        minutes=minutes,
        n_tagged=len(proposals) - len(counted),
    )


def intervals(spans: Iterable[Span]) -> FloatArray:
    """(N, 2) begin and end of spans, the end outside."""
    return np.array([(span.onset, span.offset + 1) for span in spans], dtype=np.float64).reshape(-1, 2)


def score_intervals(
    proposed: FloatArray, true: FloatArray, *, iou: float, minutes: float | None = None, n_tagged: int = 0
) -> SpottingScores:
    """Score intervals of one recording, whatever they count in.

    Args:
        proposed: (N, 2) begin and end, the end outside.
        true: (M, 2) in the same unit.
        iou, minutes: as in `evaluate`.
        n_tagged: proposals that were left out because they are tagged.

    Raises:
        BadInput: `iou` or `minutes` make no sense.
    """
    if not 0 < iou <= 1:
        raise BadInput.of("spotting.iou", f"an overlap lies above 0 and up to 1, got {iou:g}", "use 0.5, as MEGC does")
    if minutes is not None and not minutes > 0:
        raise BadInput.of("spotting.minutes", f"need more than 0 minutes, got {minutes:g}", "give the length searched")
    hits = len(matches(proposed, true, iou=iou))
    return SpottingScores(
        true_positives=hits,
        false_positives=len(proposed) - hits,
        false_negatives=len(true) - hits,
        iou=iou,
        n_tagged=n_tagged,
        minutes=minutes,
    )


def matches(proposed: FloatArray, true: FloatArray, *, iou: float) -> tuple[tuple[int, int], ...]:
    """Pairs (proposal, event) of the one-to-one matching with the most hits, and among these the most overlap.

    Args:
        proposed: (N, 2) begin and end, the end outside.
        true: (M, 2) in the same unit.
        iou: least overlap of a hit.
    """
    common = np.minimum(proposed[:, None, 1], true[None, :, 1]) - np.maximum(proposed[:, None, 0], true[None, :, 0])
    common = np.maximum(common, 0.0)  # (N, M)
    lengths = proposed[:, 1] - proposed[:, 0], true[:, 1] - true[:, 0]
    union = lengths[0][:, None] + lengths[1][None] - common
    overlap = common / np.where(union > 0, union, np.inf)
    hit = overlap >= iou
    # a hit outweighs any overlap that could be won by losing one
    gain = np.where(hit, 1.0 + overlap / (1 + min(hit.shape)), 0.0)
    rows, columns = linear_sum_assignment(gain, maximize=True)
    return tuple((int(row), int(column)) for row, column in zip(rows, columns, strict=True) if hit[row, column])


def pooled(scores: Sequence[SpottingScores]) -> SpottingScores:
    """Counts of several recordings added up; the minutes are known where all are.

    Raises:
        BadInput: there are none, or they were scored at different overlaps.
    """
    if len({score.iou for score in scores}) != 1:
        raise BadInput.of(
            "spotting.pool", "need scores at one and the same overlap, got none or several", "score them alike"
        )
    minutes = [score.minutes for score in scores if score.minutes is not None]
    return SpottingScores(
        true_positives=sum(score.true_positives for score in scores),
        false_positives=sum(score.false_positives for score in scores),
        false_negatives=sum(score.false_negatives for score in scores),
        iou=scores[0].iou,
        n_tagged=sum(score.n_tagged for score in scores),
        minutes=sum(minutes) if len(minutes) == len(scores) else None,
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None

"""Does sound help? AMF-Net against the same AMF-Net trained on sound that was dealt out anew. Needs no torch.

Fused against visual-only compares two networks of different size and shape: in a prototype on simulated data the fused
one won on 12 of 14 datasets whose sound held nothing. Against itself on permuted sound nothing differs but what the
sound has to do with the clip, so that comparison leads and the other stands behind it.

The answer is that of the log-score, whose power and errors a stored study measured (`benchmarks/study.py`); the same
difference in UAR, which people read more easily, stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mmed_curate.benchmark.calibrated import within_reach
from mmed_curate.benchmark.controls import Control
from mmed_curate.benchmark.features import BenchmarkData
from mmed_curate.benchmark.logscore import LogScoreDifference, log_score_difference
from mmed_curate.benchmark.paired import PairedComparison
from mmed_curate.benchmark.power import ClipsNeeded, clips_needed
from mmed_curate.benchmark.scores import Interval, Scores, bootstrap
from mmed_curate.benchmark.settings import BenchmarkSettings
from mmed_curate.benchmark.standing import LEVEL, ModelResult, compared, counts_of

ALPHA, POWER = 0.05, 0.8
"""Two-sided level of a difference, and how often the power line asks that it be found (Cohen 1988)."""

MEANS: Mapping[Control, str] = {
    Control.SILENCE: "the picture alone, through the same network: what the others are held against",
    Control.SHIFTED: "a gain that stays says that what sounds counts, and hardly when it does",
    Control.WITHIN_CLASS: "the gain should stay: the sound is of the same class, though of another moment",
    Control.ACROSS_CLASSES: "the gain must vanish or turn to harm: the sound now says another class",
    Control.NO_VOICES: "a gain that stays is not in anybody's voice but in the game, the room or the microphone",
    Control.NO_WORDS: "what is left of the gain without the transcript",
    Control.BLANK_PICTURE: "what the sound says when nothing is seen; no gain over the picture is meant",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlResult:
    """AMF-Net with its senses disturbed, asked about the same clips."""

    control: Control
    n_changed: int
    """Clips of which the control changed anything."""
    scores: Scores
    """Of all clips."""
    intervals: tuple[Interval | None, Interval | None, Interval | None]
    gain: PairedComparison
    """Over the same network without any sound."""

    def as_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "control": self.control.value,
            "means": MEANS[self.control],
            "n_changed": self.n_changed,
            "scores": self.scores.as_json(),
            "gain": self.gain.as_json(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundQuestion:
    """What the benchmark says of whether sound helps."""

    log_score: LogScoreDifference
    """AMF-Net less AMF-Net on permuted sound: the answer."""
    against_permuted: PairedComparison
    """The same in accuracy, UF1 and UAR."""
    needed: ClipsNeeded
    """How many clips a difference like this needs."""
    against_visual: PairedComparison | None
    """AMF-Net less visual-only: two architectures, stands behind. None: visual-only was not run."""
    while_nobody_speaks: PairedComparison | None
    """The first comparison on clips in which nobody speaks; None: there are none of two subjects, or it is unknown."""
    n_without_voice: int | None
    """Clips with sound in which nobody speaks; None: not measured in every clip."""
    controls: tuple[ControlResult, ...]

    @property
    def sentence(self) -> str:
        """The answer in words."""
        uar = self.against_permuted.uar
        points = "" if uar.value is None else f"; beside it {100 * uar.value:+.1f} points of UAR"
        spread = f" (95 % {100 * uar.interval.low:+.1f} to {100 * uar.interval.high:+.1f})" if uar.interval else ""
        lead = self.log_score
        nats = f" (95 % {lead.interval.low:+.3f} to {lead.interval.high:+.3f})" if lead.interval else ""
        said = (
            f"against the same network on permuted sound {lead.nats:+.3f} nats of log-score per clip{nats}, "
            f"p = {lead.p_greater:.3f} by swaps of subjects (one-sided; {ALPHA / 2:g} is asked){points}{spread}."
        )
        if self.helps:
            return f"Sound helps: {said}"
        return f"No help of sound is shown: {said} That is no proof of none."

    @property
    def helps(self) -> bool:
        """Whether it is found, by a two-sided test at ALPHA and in favour of sound."""
        return self.log_score.p_greater <= ALPHA / 2

    def as_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "sentence": self.sentence,
            "helps": self.helps,
            "log_score": self.log_score.as_json(),
            "against_permuted": self.against_permuted.as_json(),
            "power": self.needed.as_json(),
            "against_visual": None if self.against_visual is None else self.against_visual.as_json(),
            "n_without_voice": self.n_without_voice,
            "while_nobody_speaks": None if self.while_nobody_speaks is None else self.while_nobody_speaks.as_json(),
            "controls": [one.as_json() for one in self.controls],
        }


def sound_question(
    intact: ModelResult,
    intact_logits: npt.NDArray[np.float32],
    permuted_logits: npt.NDArray[np.float32],
    visual: ModelResult | None,
    controlled: Mapping[Control, tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]],
    data: BenchmarkData,
    settings: BenchmarkSettings,
) -> SoundQuestion:
    """Answer it.

    Args:
        intact: AMF-Net.
        intact_logits: (R, N, C) its answers.
        permuted_logits: (R, N, C) what it answers when trained on permuted sound.
        visual: visual-only, where it was run.
        controlled: (R, N) what AMF-Net answers under each control, and (N,) whose clip it changed with any seed.
        data: the clips.
        settings: numbers of the tests.
    """
    speechless = None if data.voice is None else data.has_sound & ~(data.voice & data.sound_mask).any(axis=1)  # (N,)
    owners = set() if speechless is None else {data.subjects[index] for index in np.flatnonzero(speechless)}
    permuted = permuted_logits.argmax(axis=2)  # (R, N)
    return SoundQuestion(
        log_score=log_score_difference(
            within_reach(intact_logits),
            within_reach(permuted_logits),
            data.labels,
            data.subjects,
            seed=settings.intervals.seed,
            swaps=settings.permutations,
            resamples=settings.intervals.resamples,
            level=LEVEL,
        ),
        against_permuted=compared(intact.predicted, permuted, data, settings),
        needed=clips_needed(intact.right(data), permuted == data.labels, data.subjects, alpha=ALPHA, power=POWER),
        against_visual=None if visual is None else compared(intact.predicted, visual.predicted, data, settings),
        n_without_voice=None if speechless is None else int(speechless.sum()),
        while_nobody_speaks=compared(intact.predicted, permuted, data, settings, among=speechless)
        if len(owners) > 1
        else None,
        controls=tuple(
            _controlled(control, *found, controlled[Control.SILENCE][0], data, settings)
            for control, found in controlled.items()
        )
        if Control.SILENCE in controlled
        else (),
    )


def _controlled(
    control: Control,
    predicted: npt.NDArray[np.int64],
    changed: npt.NDArray[np.bool_],
    silent: npt.NDArray[np.int64],
    data: BenchmarkData,
    settings: BenchmarkSettings,
) -> ControlResult:
    _, counts = counts_of(predicted, data, n_seeds=len(predicted))
    return ControlResult(
        control=control,
        n_changed=int(changed.sum()),
        scores=Scores.of(counts.sum(axis=0), data.classes),
        intervals=bootstrap(counts, seed=settings.intervals.seed, resamples=settings.intervals.resamples),
        gain=compared(predicted, silent, data, settings),
    )

"""Where AMF-Net listened: up to six clips, their sound as it was released, and the attention over it. Needs no torch.

Attention says what the pooled sound was made of, and not why the answer came out as it did: an attended stretch may
change nothing (Jain & Wallace, "Attention is not Explanation", NAACL 2019). The controls ask that.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from mmed_curate.benchmark.report import BenchmarkReport
from mmed_curate.benchmark.standing import ModelResult
from mmed_curate.dataset import Dataset
from mmed_curate.dataset.clip import ReleasedClip
from mmed_curate.report.figures_benchmark import Listened, attention_figure

MOST = 6
"""Clips that are drawn: the one answered best and the one answered worst of each of three classes."""
FRAMES_PER_STEP = 8
"""Frames of log-mel that one step of the attention stands for; the step's middle is the first of them (`amfnet`)."""
_COLUMNS = 800
"""Points that a waveform is thinned to: the least and most sample of each stretch stay."""


def attention_name(clip: str) -> str:
    """Name of the picture of a clip."""
    return f"attention-{clip}.png"


def draw_attention(dataset: Dataset, report: BenchmarkReport, folder: Path) -> tuple[str, ...]:
    """Draw the chosen clips.

    Args:
        dataset: the release that was benchmarked; what it withholds is not drawn.
        report: what was found.
        folder: where to.

    Returns:
        Names of the clips drawn.
    """
    model = next((one for one in report.models if one.name == "amf-net"), None)
    if model is None or report.attention is None:
        return ()
    chosen = chosen_clips(report, model)
    for place in chosen:
        clip = dataset.clip(report.names[place])
        attention_figure(_listened(clip, report, model, place), folder / attention_name(clip.name))
    return tuple(report.names[place] for place in chosen)


def chosen_clips(report: BenchmarkReport, model: ModelResult) -> tuple[int, ...]:
    """Places of the clips to draw: of each class, as far as `MOST` goes, the best answered and the worst.

    Best: the highest mean probability of the truth where probabilities were calibrated, else the largest share of
    right answers; of equals the first by name.
    """
    assert report.attention is not None
    truth = _truth(report, model)  # (N,)
    if report.calibrated is None:
        good = (model.predicted == truth).mean(axis=0)  # (N,)
    else:
        good = report.calibrated.probabilities.mean(axis=0)[np.arange(len(truth)), truth]  # (N,)
    heard = report.attention.sum(axis=1) > 0  # (N,)
    chosen: list[int] = []
    for code in range(min(len(report.classes), MOST // 2)):
        places = np.flatnonzero(heard & (truth == code)).tolist()
        if places:
            best = min(places, key=lambda place: (-good[place], report.names[place]))
            worst = min(places, key=lambda place: (good[place], report.names[place]))
            chosen += [best] if best == worst else [best, worst]
    return tuple(chosen)


def _truth(report: BenchmarkReport, model: ModelResult) -> npt.NDArray[np.int64]:
    """(N,) index of each clip's class, in order of the report's names."""
    said = dict(zip(model.predictions.clips or (), model.predictions.truth, strict=True))
    return np.array([report.classes.index(said[name]) for name in report.names])


def _listened(clip: ReleasedClip, report: BenchmarkReport, model: ModelResult, place: int) -> Listened:
    assert report.attention is not None
    arrays = clip.sound_features()
    apex_s, hop_s = float(arrays["apex_s"]), float(arrays["hop_s"])
    steps = report.attention[place].astype(np.float64)  # (T',)
    step_s = (FRAMES_PER_STEP * np.arange(len(steps)) - FRAMES_PER_STEP * len(steps) / 2) * hop_s  # (T',) from the apex
    if clip.row.sound is None:
        level = np.asarray(arrays["log_mel"], dtype=np.float64).mean(axis=0)  # (n,)
        times_s = np.arange(len(level)) * hop_s + float(arrays["window_s"]) / 2 - apex_s
        low = high = level
        curve = "loudness (mean log-mel)"
    else:
        times_s, low, high = _wave(clip, apex_s)
        curve = "sound pressure"
    inside = (times_s >= step_s[0] - hop_s) & (times_s <= step_s[-1] + FRAMES_PER_STEP * hop_s)
    right = int((model.predicted[:, place] == _truth(report, model)[place]).sum())
    said = f"{clip.name}, {clip.emotion_class}: answered right with {right} of {len(model.predicted)} seeds"
    return Listened(
        title=f"SIMULATED {said}" if clip.row.simulated else said,
        times_s=times_s[inside],
        low=low[inside],
        high=high[inside],
        curve=curve,
        step_s=step_s,
        attention=steps,
        marks_s={
            "onset": float(arrays["onset_s"]) - apex_s,
            "apex": 0.0,
            "offset": float(arrays["offset_s"]) - apex_s,
        },
    )


def _wave(clip: ReleasedClip, apex_s: float) -> tuple[npt.NDArray[np.float64], ...]:
    """Times from the apex, and the least and most sample of each stretch, (n,) each."""
    sound = clip.audio()
    mono = sound.samples.mean(axis=1).astype(np.float64)  # (N,)
    each = max(1, len(mono) // _COLUMNS)
    n = len(mono) // each
    stretches = mono[: n * each].reshape(n, each)  # (n, each)
    times_s = (np.arange(n) + 0.5) * each / sound.rate_hz - apex_s
    return times_s, stretches.min(axis=1), stretches.max(axis=1)

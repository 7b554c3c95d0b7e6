"""Does the benchmark find sound that helps, and only that? A stored study on SIMULATED features.

Each dataset is 400 clips of 20 subjects. AMF-Net is trained on it, leave-one-subject-out, and the *same* AMF-Net again
on sound permuted across clips; whether sound helps is a paired subject-swap permutation of the difference. What
is asked, and all settings, stand in `study.yaml`, which was committed before the first dataset was drawn.

Run: `nice -n 19 python benchmarks/study.py --part 1/2` and, beside it, `--part 2/2`: hours, at one thread each. What is
done is kept line by line, so a run that was stopped goes on where it was. `--summary` writes table and curve of what
there is so far, and exits 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
import torch
from matplotlib.figure import Figure
from pydantic import Field
from scipy.optimize import minimize_scalar
from scipy.stats import binomtest, norm

sys.path.insert(0, str(Path(__file__).parent))
from measured import RESULTS, keep
from simulated_features import World, permuted_sound, simulated

from mmed_curate.benchmark.amfnet import Clips, Design
from mmed_curate.benchmark.entrants import Entrant
from mmed_curate.benchmark.features import BenchmarkData
from mmed_curate.benchmark.folds import Folds, LeftOut
from mmed_curate.benchmark.logscore import log_scores, swapped
from mmed_curate.benchmark.settings import BenchmarkSettings, load_settings
from mmed_curate.benchmark.training import Lesson, one_quiet_thread, train_together
from mmed_curate.domain.yamlfile import Declared, read_yaml

PLAN = Path(__file__).with_suffix(".yaml")
SETTINGS = Path(__file__).with_name("study-settings.yaml")
LINES = RESULTS / "study.jsonl"
OFTEN_SAID = 0.05
"""Another level of significance, told beside the plan's."""
Array = npt.NDArray[np.float64]
Share = Annotated[float, Field(ge=0, le=1)]


class Target(Declared):
    """What is asked of datasets with one effect."""

    gain: Share
    """What sound is worth to a perfect classifier."""
    datasets: Annotated[int, Field(ge=1)]
    at_least: Share | None = None
    """Of them are to be found."""
    at_most: Share | None = None


class Plan(Declared):
    """All that the study is told."""

    format: Literal["mmed-study"]
    version: Literal[1]
    settings: str
    """Of the benchmark, by name."""
    epochs: Annotated[int, Field(ge=1)]
    learning_rate: Annotated[float, Field(gt=0)]
    shown: Share
    movement_px: Annotated[float, Field(gt=0)]
    loudness: Annotated[float, Field(gt=0)]
    alpha: Annotated[float, Field(gt=0, lt=1)]
    statistic: Literal["calibrated_log_score", "log_score", "probability", "uar"]
    first_seed: Annotated[int, Field(ge=0)]
    """Dataset n is drawn, and trained on, from this seed plus n."""
    order: tuple[Share, ...]
    """Effects of datasets in turn, until each has its number, so that a run that is stopped early is balanced."""
    targets: tuple[Target, ...]
    afterwards: tuple[Target, ...]
    """For the curve of power, in turn, after all of the above."""

    def benchmark(self) -> BenchmarkSettings:
        """How networks are trained: by the settings of that name as they were when the study was fixed."""
        return load_settings(str(SETTINGS)).model_copy(
            update={"epochs": self.epochs, "learning_rate": self.learning_rate}
        )

    def gains(self) -> Iterator[float]:
        """The effect of every dataset, by number."""
        left = {target.gain: target.datasets for target in self.targets}
        while any(left.values()):
            for gain in self.order:
                if left[gain]:
                    left[gain] -= 1
                    yield gain
        for rank in range(max(target.datasets for target in self.afterwards)):
            yield from (target.gain for target in self.afterwards if rank < target.datasets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One SIMULATED dataset, and what was found in it."""

    number: int
    gain: float
    """Planted: what sound is worth to a perfect classifier, in expectation."""
    seed: int
    perfect_picture: float
    """Accuracy on these very clips of a perfect classifier that sees."""
    perfect_together: float
    accuracy: float
    """Of AMF-Net."""
    accuracy_permuted: float
    """Of the same AMF-Net on permuted sound."""
    differences: dict[str, float]
    """By statistic; above zero: better with the sound of its own clip."""
    ps: dict[str, float]
    """One-sided, by statistic."""
    cpu_s: float
    plan: str
    """Digest of the plan it was made by."""


def differences(
    answers: Array, permuted: Array, truth: npt.NDArray[np.int64], subjects: npt.NDArray[np.str_]
) -> dict[str, Array]:
    """By how much each clip's answer is better with its own sound.

    Args:
        answers, permuted: (N, C) probabilities.
        truth: (N,) index of a class.
        subjects: (N,).

    Returns:
        (N,) per statistic, to be summed: the sum over clips is the difference in mean logarithm of the true class's
        probability (Good 1952), calibrated and as answered; in its mean; in UAR.
    """
    n, each = len(truth), np.arange(len(truth))
    owner = np.unique(subjects, return_inverse=True)[1]  # (N,)
    by_class = np.bincount(truth, minlength=answers.shape[1])[truth] * len(set(truth.tolist()))  # (N,)

    def log_score(given: Array) -> Array:
        return np.log(given[each, truth]) / n

    def tempered(given: Array) -> Array:
        return log_scores(np.log(given)[None], truth, owner)

    def hit(given: Array) -> Array:
        return (given.argmax(axis=1) == truth) / by_class

    return {
        "calibrated_log_score": (tempered(answers) - tempered(permuted)) / n,
        "log_score": log_score(answers) - log_score(permuted),
        "probability": (answers[each, truth] - permuted[each, truth]) / n,
        "uar": hit(answers) - hit(permuted),
    }


def left_out_answers(data: BenchmarkData, settings: BenchmarkSettings, seed: int) -> Array:
    """(N, C) probabilities that AMF-Net gives each clip, by the network that never met its subject."""
    folds = Folds.by(LeftOut.SUBJECT, data.subjects, data.subjects)
    n = len(data.names)
    clips = Clips(
        flow=torch.from_numpy(data.flow),
        log_mel=torch.from_numpy(data.log_mel),
        sound_mask=torch.from_numpy(data.sound_mask),
        words=torch.zeros(n, 0, 0),
        word_mask=torch.zeros(n, 0, dtype=torch.bool),
    )
    lesson = Lesson(
        clips=clips,
        labels=torch.from_numpy(data.labels),
        learned=torch.from_numpy(folds.learned),
        n_classes=len(data.classes),
    )
    answers = train_together(lesson, Entrant(Design.AMF_NET.value), settings, seed).answers(clips)  # (K, N, C)
    own: Array = answers.double().softmax(dim=2).numpy()[folds.answering, np.arange(n)]
    return own


def run_one(plan: Plan, number: int, gain: float, digest: str) -> Done:
    """Draw one dataset, train on it twice, and ask."""
    begin, seed, settings = time.process_time(), plan.first_seed + number, plan.benchmark()
    world = World.worth(gain, shown=plan.shown, movement_px=plan.movement_px, loudness=plan.loudness)
    drawn = simulated(world, seed)
    truth, subjects = drawn.data.labels, np.array(drawn.data.subjects)
    own = left_out_answers(drawn.data, settings, seed)
    other = left_out_answers(permuted_sound(drawn.data, seed), settings, seed)
    found = differences(own, other, truth, subjects)
    by_subject = {
        name: np.array([each[subjects == subject].sum() for subject in sorted(set(drawn.data.subjects))])
        for name, each in found.items()
    }
    picture, together = drawn.perfect
    return Done(
        number=number,
        gain=gain,
        seed=seed,
        perfect_picture=round(picture, 4),
        perfect_together=round(together, 4),
        accuracy=round(float((own.argmax(axis=1) == truth).mean()), 4),
        accuracy_permuted=round(float((other.argmax(axis=1) == truth).mean()), 4),
        differences={name: round(float(each.sum()), 5) for name, each in found.items()},
        ps={name: round(swapped(each), 6) for name, each in by_subject.items()},
        cpu_s=round(time.process_time() - begin, 1),
        plan=digest,
    )


def read_done(digest: str) -> list[Done]:
    """What is there, by number.

    Raises:
        SystemExit: it was made by another plan.
    """
    lines = LINES.read_text(encoding="utf-8").splitlines() if LINES.exists() else []
    found = sorted((_parsed(line) for line in lines), key=lambda one: one.number)
    if any(one.plan != digest for one in found):
        raise SystemExit(f"{LINES} holds datasets of another plan: move it aside, or bring {PLAN.name} back")
    return found


def run(plan: Plan, digest: str, part: int, parts: int) -> None:
    """Do what is left of one part, dataset by dataset."""
    done = {one.number for one in read_done(digest)}
    left = [(number, gain) for number, gain in enumerate(plan.gains()) if number % parts == part]
    left = [(number, gain) for number, gain in left if number not in done]
    begin = time.monotonic()
    with one_quiet_thread():
        for rank, (number, gain) in enumerate(left, start=1):
            one = run_one(plan, number, gain, digest)
            with LINES.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps({"simulated": True, **asdict(one)}) + "\n")
            each = (time.monotonic() - begin) / rank
            said = f"dataset {number} (+{100 * gain:g}): p {one.ps[plan.statistic]:.4f}"
            print(f"{said}; {len(left) - rank} left, {each:.0f} s each, about {each * (len(left) - rank) / 3600:.1f} h")


def summary(plan: Plan, done: Sequence[Done]) -> str:
    """The table, with exact intervals (Clopper & Pearson 1934), and in words what it means."""
    lines = [
        "SIMULATED features, 400 clips, 20 subjects: AMF-Net against the same on sound permuted across clips.",
        f"Found: p of the {plan.statistic} at most {plan.alpha:g}, one-sided, by subject swaps, leave-one-subject-out.",
        "Accuracies are means: of perfect classifiers that see, and that also hear; of AMF-Net on permuted sound, and",
        "on each clip's own.",
        "",
        f"{'sound is':9} {'datasets':>10} {'found':>12} {'95 % interval':>18} {'asked':>13}"
        f" {'perfect':>15} {'AMF-Net':>15}",
    ]
    for target in sorted([*plan.targets, *plan.afterwards], key=lambda one: one.gain):
        some = [one for one in done if one.gain == target.gain]
        if not some:
            continue
        hits = sum(one.ps[plan.statistic] <= plan.alpha for one in some)
        low, high = interval(hits, len(some))
        seen, both = _mean(one.perfect_picture for one in some), _mean(one.perfect_together for one in some)
        without, own = _mean(one.accuracy_permuted for one in some), _mean(one.accuracy for one in some)
        lines.append(
            f"worth {100 * target.gain:+3.0f} {f'{len(some)} of {target.datasets}':>10}"
            f" {f'{hits} = {hits / len(some):.1%}':>12} {f'{low:.1%} to {high:.1%}':>18} {_asked(target):>13}"
            f" {f'{seen:.3f} {both:.3f}':>15} {f'{without:.3f} {own:.3f}':>15}"
        )
    names = list(done[0].ps)
    lines += ["", "Found by each statistic at each level; only the first column decides:", ""]
    levels = [(name, alpha) for name in names for alpha in (plan.alpha, OFTEN_SAID)]
    lines.append(f"{'':9}" + "".join(f" {f'{name} {alpha:g}':>27}" for name, alpha in levels[:4]))
    lines += [_shares(done, gain, levels[:4]) for gain in sorted({one.gain for one in done})]
    lines.append(f"{'':9}" + "".join(f" {f'{name} {alpha:g}':>27}" for name, alpha in levels[4:]))
    lines += [_shares(done, gain, levels[4:]) for gain in sorted({one.gain for one in done})]
    reach = reached(plan, done)
    if reach is not None:
        lines += [
            "",
            f"90 % would be found from about +{100 * reach:.1f} points on (curve fitted to all of the above).",
        ]
    n_seconds = sum(one.cpu_s for one in done)
    lines += ["", f"{len(done)} datasets, {n_seconds / 3600:.2f} hours of one core."]
    return "\n".join(lines) + "\n"


def missed(plan: Plan, done: Sequence[Done]) -> list[str]:
    """What was asked and is not so, or is not known yet."""
    said = []
    for target in plan.targets:
        ps = [one.ps[plan.statistic] for one in done if one.gain == target.gain]
        share = sum(p <= plan.alpha for p in ps) / len(ps) if ps else float("nan")
        if len(ps) < target.datasets:
            said.append(f"+{100 * target.gain:g} points: {len(ps)} of {target.datasets} datasets so far")
        elif not share >= (target.at_least or 0) or not share <= (1 if target.at_most is None else target.at_most):
            said.append(f"+{100 * target.gain:g} points: found in {share:.1%}, asked {_asked(target)}")
    return said


def interval(hits: int, count: int) -> tuple[float, float]:
    """95 % exact interval of a share."""
    found = binomtest(hits, count).proportion_ci(method="exact")
    return float(found.low), float(found.high)


def slope_of(plan: Plan, done: Sequence[Done]) -> float | None:
    """Of a one-sided z-test whose z grows with the gain, by maximum likelihood; None: one effect alone says nothing."""
    gains = np.array([one.gain for one in done if one.gain > 0])
    found = np.array([one.ps[plan.statistic] <= plan.alpha for one in done if one.gain > 0])
    if not len(gains) or found.all() or not found.any():
        return None

    def unlikely(slope: float) -> float:
        share = norm.cdf(slope * gains - norm.isf(plan.alpha))
        return float(-np.log(np.where(found, share, 1 - share).clip(1e-12)).sum())

    return float(minimize_scalar(unlikely, bounds=(0, 500), method="bounded").x)


def reached(plan: Plan, done: Sequence[Done], power: float = 0.9) -> float | None:
    """The gain at which this share is found."""
    slope = slope_of(plan, done)
    return None if not slope else float((norm.isf(plan.alpha) + norm.ppf(power)) / slope)


def draw_curve(plan: Plan, done: Sequence[Done]) -> None:
    """Share found over what sound is worth."""
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.add_subplot()
    for gain in sorted({one.gain for one in done}):
        found = [one.ps[plan.statistic] <= plan.alpha for one in done if one.gain == gain]
        low, high = interval(sum(found), len(found))
        share = float(np.mean(found))
        axes.errorbar(100 * gain, share, [[share - low], [high - share]], fmt="o", color="C0", capsize=3)
        axes.annotate(f" n = {len(found)}", (100 * gain, share), fontsize=8, va="top")
    slope = slope_of(plan, done)
    if slope:
        at = np.linspace(0, 0.2, 100)
        axes.plot(100 * at, norm.cdf(slope * at - norm.isf(plan.alpha)), color="C0", alpha=0.5)
    axes.axhline(0.9, color="grey", linestyle=":")
    axes.axhline(plan.alpha, color="grey", linestyle=":")
    axes.set(xlabel="sound is worth, points of accuracy of a perfect classifier", ylabel="found", ylim=(-0.02, 1.02))
    axes.set_title("SIMULATED: is sound that helps found?", fontsize=10)
    figure.savefig(RESULTS / "study.svg", metadata={"Date": None})


def _shares(done: Sequence[Done], gain: float, levels: Sequence[tuple[str, float]]) -> str:
    some = [one for one in done if one.gain == gain]
    shares = [_mean(one.ps[name] <= alpha for one in some) for name, alpha in levels]
    return f"worth {100 * gain:+3.0f}" + "".join(f" {share:27.1%}" for share in shares)


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))


def _asked(target: Target) -> str:
    if target.at_least is not None:
        return f"at least {target.at_least:.0%}"
    return "" if target.at_most is None else f"at most {target.at_most:.0%}"


def _parsed(line: str) -> Done:
    fields = json.loads(line)
    del fields["simulated"]
    return Done(**fields)


def _part(text: str) -> tuple[int, int]:
    part, _, parts = text.partition("/")
    return int(part) - 1, int(parts)


def main() -> int:
    """Run or sum up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--part", type=_part, default=(0, 1), metavar="K/N", help="every N-th dataset, from the K-th on"
    )
    parser.add_argument("--summary", action="store_true", help="only sum up what there is")
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    plan, digest = read_yaml(PLAN, Plan), hashlib.sha256(PLAN.read_bytes()).hexdigest()[:16]
    if not arguments.summary:
        run(plan, digest, *arguments.part)
        return 0
    done = read_done(digest)
    table = summary(plan, done)
    keep("study.txt", table)
    draw_curve(plan, done)
    print(table)
    short = missed(plan, done)
    print("\n".join(["missed, or not known yet:", *short]) if short else "all that was asked holds")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())

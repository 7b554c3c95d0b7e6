"""`mmed benchmark`: what a model can get from a release, said honestly."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import click
from rich.markup import escape

from mmed_curate.benchmark.run import NAME_OF, REPORT, BenchmarkReport, notice, run_benchmark
from mmed_curate.benchmark.scores import Interval
from mmed_curate.benchmark.settings import BenchmarkSettings, load_settings
from mmed_curate.cli.console import RunUnlessNamed, err, json_option, out, print_json, progress_bar, table
from mmed_curate.cli.score import confusion_table
from mmed_curate.dataset import DraftWarning
from mmed_curate.domain.findings import BadInput


@click.group(cls=RunUnlessNamed)
def benchmark() -> None:
    """AMF-Net and its ablations, leave-one-subject-out.

    `mmed benchmark RELEASE` means `mmed benchmark run RELEASE`.
    """


@benchmark.command()
@click.argument("release", type=click.Path(path_type=Path))
@click.option("--settings", default="mmed", show_default=True, help="Name of packaged settings, or a YAML file.")
@click.option(
    "--model",
    "own",
    multiple=True,
    metavar="MODULE:CLASS",
    help="A network of your own beside ours, under the same protocol; runs the code of MODULE (docs: own-model).",
)
@click.option("--seed", "seeds", type=click.IntRange(min=0), multiple=True, help="Instead of the settings' seeds.")
@click.option("--epochs", type=click.IntRange(min=1), help="Instead of the settings' number of epochs.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes [default: one per core].")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Folder to make [default: benchmark-<name of RELEASE>]."
)
@json_option
def run(
    release: Path,
    settings: str,
    own: tuple[str, ...],
    seeds: tuple[int, ...],
    epochs: int | None,
    workers: int | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Train and score AMF-Net, visual-only and audio-only on RELEASE, beside the majority class.

    AMF-Net is our reading of the paper's abstract: neither it nor numbers on simulated data are the paper's.
    """
    to = output or Path(f"benchmark-{release.resolve().name}")
    if to.resolve().is_relative_to(release.resolve()):
        raise BadInput.of(
            "benchmark.inside_release", f"{to} lies inside the release", "choose another folder with -o; it is sealed"
        )
    with progress_bar("training folds", "fold") as progress, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", DraftWarning)
        report = run_benchmark(
            release,
            _with(load_settings(settings), seeds, epochs),
            to=to,
            own=own,
            progress=progress,
            workers=workers,
        )
    for one in warned:
        if issubclass(one.category, DraftWarning):
            err.print(f"mmed benchmark: {one.message}", markup=False)
        else:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    if as_json:
        print_json(report.as_json())
    else:
        render(report)
        out.print(f"written: {to / REPORT}, with predictions and confusion matrices beside it", markup=False)
    if any(note.code == LEFT_OUT for note in report.notes):
        sys.exit(BadInput.exit_code)  # bad input, for part of what was asked


def render(report: BenchmarkReport) -> None:
    """The comparison for people."""
    out.print(notice(report.simulated), style="bold", markup=False)
    rows = [
        (
            model.name,
            _said(model.scores.accuracy, model.intervals[0]),
            _said(model.scores.uf1, model.intervals[1]),
            _said(model.scores.uar, model.intervals[2]),
            f"{model.n_parameters:,}",
        )
        for model in report.models
    ]
    seeds = ", ".join(map(str, report.settings.seeds))
    out.print(
        table(
            f"{escape(report.release)} {escape(report.release_version)}: {report.n_clips} clips, "
            f"{len(report.subjects)} subjects, leave-one-subject-out, pooled over folds and seeds {seeds}",
            ("model", "accuracy", "UF1", "UAR", "parameters"),
            rows,
        )
    )
    out.print("In brackets: 95 % over subjects; with few subjects they are too narrow.")
    for model in report.models:
        if model.name in NAME_OF.values():
            out.print(model.name, style="bold", markup=False)
            out.print(confusion_table(model.scores))
    for note in report.notes:
        err.print(f"mmed benchmark: {note}", markup=False)


def _with(settings: BenchmarkSettings, seeds: tuple[int, ...], epochs: int | None) -> BenchmarkSettings:
    told: dict[str, object] = {}
    if seeds:
        told["seeds"] = tuple(dict.fromkeys(seeds))
    if epochs is not None:
        told["epochs"] = epochs
    return settings.model_copy(update=told)


def _said(value: float | None, found: Interval | None) -> str:
    score = "undetermined" if value is None else f"{value:.3f}"
    return score if found is None else f"{score} ({found.low:.2f}-{found.high:.2f})"

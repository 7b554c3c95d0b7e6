"""`mmed benchmark`: what a model can get from a release, said honestly."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import click

from mmed_curate.benchmark.report import REPORT
from mmed_curate.benchmark.run import LEFT_OUT, run_benchmark
from mmed_curate.benchmark.settings import BenchmarkSettings, load_settings
from mmed_curate.cli.benchmark_compare import compare
from mmed_curate.cli.benchmark_told import tell
from mmed_curate.cli.benchmark_train import train
from mmed_curate.cli.console import RunUnlessNamed, err, json_option, out, print_json, progress_bar
from mmed_curate.dataset import DraftWarning
from mmed_curate.domain.counted import counted
from mmed_curate.domain.findings import BadInput

PARTIAL = ".partial"
"""Ends the name of the folder that finished trainings are kept in until all are."""


@click.group(cls=RunUnlessNamed)
def benchmark() -> None:
    """AMF-Net, its ablations and rivals, leave-one-subject-out; and whether sound helps.

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
    """Train and score AMF-Net and what it is held against on RELEASE, leaving out one subject at a time.

    AMF-Net is our reading of the paper's abstract: neither it nor numbers on simulated data are the paper's.

    What is finished is kept in <output>.partial until all is, and taken up by the same command after an interrupt.
    `--settings quick-look` gives a first look, which is not the benchmark.
    """
    to = output or Path(f"benchmark-{release.resolve().name}")
    if to.resolve().is_relative_to(release.resolve()):
        raise BadInput.of(
            "benchmark.inside_release", f"{to} lies inside the release", "choose another folder with -o; it is sealed"
        )
    kept = to.with_name(to.name + PARTIAL)
    if n_before := n_kept(kept):
        err.print(
            f"mmed benchmark: taking up an earlier run: {counted(n_before, 'training')} in {kept}, used where release "
            "and settings are the same",
            markup=False,
        )
    try:
        with progress_bar("training", "trainings") as progress, warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always", DraftWarning)
            report = run_benchmark(
                release,
                _with(load_settings(settings), seeds, epochs),
                to=to,
                own=own,
                progress=progress,
                workers=workers,
                kept=kept,
            )
    except KeyboardInterrupt:
        err.print(f"mmed benchmark: {counted(n_kept(kept), 'training')} finished so far, in {kept}", markup=False)
        raise
    for one in warned:
        if issubclass(one.category, DraftWarning):
            err.print(f"mmed benchmark: {one.message}", markup=False)
        else:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    if as_json:
        print_json(report.as_json())
    else:
        tell(report)
        out.print(f"written: {to / REPORT}; predictions, figures and gallery.html beside it", markup=False)
    if any(note.code == LEFT_OUT for note in report.notes):
        sys.exit(BadInput.exit_code)  # bad input, for part of what was asked


benchmark.add_command(compare)
benchmark.add_command(train)


def n_kept(folder: Path) -> int:
    """How many finished trainings a folder holds; 0 where there is none."""
    return sum(1 for _ in folder.glob("*.npz")) if folder.is_dir() else 0


def _with(settings: BenchmarkSettings, seeds: tuple[int, ...], epochs: int | None) -> BenchmarkSettings:
    told: dict[str, object] = {}
    if seeds:
        told["seeds"] = tuple(dict.fromkeys(seeds))
    if epochs is not None:
        told["epochs"] = epochs
    return settings.model_copy(update=told)

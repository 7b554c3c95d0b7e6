"""`mmed predict`: what a trained model says of clips, with calibrated probabilities."""

from __future__ import annotations

from pathlib import Path

import click
from rich.markup import escape

from mmed_curate.benchmark.newclips import read_clips
from mmed_curate.benchmark.predicting import Predicted, predict, write_predicted
from mmed_curate.benchmark.savedmodel import read_model
from mmed_curate.cli.console import err, json_option, out, print_json, table
from mmed_curate.cli.drafts import drafts_said
from mmed_curate.cli.outputs import TABLE
from mmed_curate.dataset.tombstones import TOMBSTONES, Tombstones, read_tombstones
from mmed_curate.domain.counted import counted
from mmed_curate.domain.findings import BadInput

_SHOWN = 40
"""Rows of a table for people; --json and --output hold all."""


@click.command(name="predict")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("clips", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", type=TABLE, help="CSV table to write, one line per clip.")
@json_option
def predict_(model: Path, clips: tuple[Path, ...], output: Path | None, as_json: bool) -> None:
    """Ask MODEL, a folder that `mmed benchmark train` wrote, about CLIPS.

    Each of CLIPS is a release, a folder of clips with a features.npz each (and sound-features.npz, where they have
    sound), or a features.npz. Not for judging people: no lie detection, hiring, surveillance or clinical use.
    """
    if output is not None and output.exists():
        raise BadInput.of("files.exists", f"{output} exists already", "choose another name, or move it away")
    read = read_model(model)
    err.print(f"mmed predict: {read.description.not_for}", markup=False)
    with drafts_said("mmed predict"):
        told = read.description.input
        asked = read_clips(clips, sound_frames=told.sound_frames, word_tokens=told.word_tokens)
    found = predict(read, asked, tombstones=_tombstones(clips))
    for one in found.warnings:
        err.print(f"mmed predict: {one}", markup=False)
    if output is not None:
        write_predicted(output, found)
    if as_json:
        print_json(found.as_json())
        return
    _tell(found)
    if output is not None:
        out.print(f"written: {output}", markup=False)


def _tombstones(clips: tuple[Path, ...]) -> tuple[Tombstones, ...]:
    return tuple(read_tombstones(path) for path in clips if (path / TOMBSTONES).is_file())


def _tell(found: Predicted) -> None:
    source = found.model.learned_from
    out.print(found.notice, style="bold", markup=False)
    rows = [
        (escape(name), escape(predicted), *(float(one) for one in values))
        for name, predicted, values in zip(
            found.clips.names, found.predicted, found.probabilities[:_SHOWN], strict=False
        )
    ]
    title = (
        f"{counted(len(found.clips.names), 'clip')}, asked of {found.model.model} trained on {escape(source.name)} "
        f"{escape(source.version)}"
    )
    out.print(table(title, ("clip", "predicted", *map(escape, found.model.classes)), rows))
    if len(found.clips.names) > _SHOWN:
        out.print(f"and {len(found.clips.names) - _SHOWN} more: --output and --json hold all", markup=False)

"""`mmed benchmark train`: AMF-Net on all clips of a release, to be used on others."""

from __future__ import annotations

from pathlib import Path

import click

from mmed_curate.benchmark.savedmodel import CARD
from mmed_curate.benchmark.settings import load_settings
from mmed_curate.benchmark.trainall import train_on_all
from mmed_curate.cli.console import json_option, out, print_json, progress_bar
from mmed_curate.cli.drafts import drafts_said
from mmed_curate.domain.findings import BadInput


@click.command()
@click.argument("release", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder to make for the model.")
@click.option("--settings", default="mmed", show_default=True, help="Name of packaged settings, or a YAML file.")
@click.option(
    "--benchmark",
    type=click.Path(path_type=Path),
    help="A benchmark of RELEASE, whose scores the card tells [default: the one inside RELEASE].",
)
@json_option
def train(release: Path, output: Path, settings: str, benchmark: Path | None, as_json: bool) -> None:
    """Train AMF-Net, our reading, on all clips of RELEASE, and write weights (safetensors), model.json and a card.

    One network per seed of the settings; probabilities are calibrated on subjects that inner networks had not met. The
    licence of RELEASE applies to what is learned from it.
    """
    if output.resolve().is_relative_to(release.resolve()):
        raise BadInput.of(
            "model.inside_release",
            f"{output} lies inside the release",
            "choose another folder with -o; it is sealed",
        )
    with drafts_said("mmed benchmark train"), progress_bar("training", "seeds") as progress:
        found = train_on_all(release, load_settings(settings), to=output, benchmark=benchmark, progress=progress)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    out.print(found.notice, style="bold", markup=False)
    source, temperature = found.learned_from, found.temperature
    told = "not calibrated" if temperature is None else f"calibrated, temperature {temperature.value:.3f}"
    out.print(
        f"{len(found.seeds)} networks, {source.n_clips} clips of {len(source.subjects)} subjects; {told}.", markup=False
    )
    out.print(f"written: {output}; read {output / CARD} before you pass it on", markup=False)

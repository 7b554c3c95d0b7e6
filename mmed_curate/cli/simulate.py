"""`mmed simulate`: sessions and footage with a known truth, and coders of a known reliability."""

from __future__ import annotations

import os
from pathlib import Path

import click

from mmed_curate.cli.console import json_option, out, print_json, progress_bar, table
from mmed_curate.domain.protocol import Stage
from mmed_curate.simulation.coders import SimulatedJudgements, simulate_coders
from mmed_curate.simulation.crew import load_coders
from mmed_curate.simulation.footage import PlantedFootage, load_footage_settings, plant_into
from mmed_curate.simulation.sessions import SimulatedSessions, simulate_sessions
from mmed_curate.simulation.settings import FaceSource, SessionSettings, load_settings
from mmed_curate.simulation.truth import Kind
from mmed_curate.store.workspace import Workspace


@click.group()
def simulate() -> None:
    """Make simulated sessions, footage with planted movements, and simulated coders' judgements; all are named so."""


@simulate.command()
@click.option("-o", "--out", "to", type=click.Path(path_type=Path), required=True, help="A folder to make.")
@click.option("--subjects", type=click.IntRange(1, 500), help="How many [default: as the settings say].")
@click.option("--minutes", type=click.FloatRange(0.05, 240), help="Length of each recording [default: settings].")
@click.option("--seed", type=int, help="Another seed, another world [default: as the settings say].")
@click.option("--settings", default="mmed", show_default=True, help="Packaged simulation settings, or a path.")
@click.option(
    "--picture-informative",
    type=click.FloatRange(0, 1),
    help="Probability that a movement is its emotion's own; 0: the picture tells nothing [default: settings].",
)
@click.option(
    "--sound-informative",
    type=click.FloatRange(0, 1),
    help="Probability that a voice cue is its emotion's own; 0: the sound tells nothing [default: settings].",
)
@click.option("--face", "faces", multiple=True, help="A picture or recording of a face to start from; may be repeated.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes; one for each core where left out.")
@json_option
def sessions(
    to: Path,
    subjects: int | None,
    minutes: float | None,
    seed: int | None,
    settings: str,
    picture_informative: float | None,
    sound_informative: float | None,
    faces: tuple[str, ...],
    workers: int | None,
    as_json: bool,
) -> None:
    """Plant micro-expressions, distractors and voice cues into recordings, and write down the truth.

    The same settings and seed give the same bytes on one machine.
    """
    world = _changed(
        load_settings(settings),
        faces,
        subjects=subjects,
        minutes=minutes,
        seed=seed,
        picture_informative=picture_informative,
        sound_informative=sound_informative,
    )
    with progress_bar("simulate", "pictures") as progress:
        made = simulate_sessions(world, to, workers=workers or os.cpu_count() or 1, progress=progress)
    if as_json:
        print_json(_sessions_as_json(made))
    else:
        show_sessions(made)


@simulate.command()
@click.option("--truth", type=click.Path(path_type=Path), required=True, help="The truth.csv of the sessions.")
@click.option("--profile", default="reliable", show_default=True, help="Which coders: reliable or unreliable.")
@click.option("--seed", default=1, show_default=True, help="Of who gets which clip, and of every judgement.")
@click.option("--settings", default="coders", show_default=True, help="Packaged simulated coders, or a path.")
@json_option
def coders(truth: Path, profile: str, seed: int, settings: str, as_json: bool) -> None:
    """Let simulated coders judge all clips of this workspace, through the desk that people use.

    Only in a workspace whose recordings are all simulated. Run again, nothing is judged twice.
    """
    crew = load_coders(settings)
    workspace = Workspace.find()
    with progress_bar("judge", "judgements") as progress:
        done = simulate_coders(workspace, truth, crew, profile=profile, seed=seed, progress=progress)
    if as_json:
        print_json(_coders_as_json(done, profile))
    else:
        show_judgements(done)


@simulate.command()
@click.argument("recording", type=click.Path(path_type=Path))
@click.option("-o", "--out", "to", type=click.Path(path_type=Path), required=True, help="A folder to make.")
@click.option("--seed", type=int, help="Another seed, other movements [default: as the settings say].")
@click.option("--settings", default="footage", show_default=True, help="Packaged footage settings, or a path.")
@json_option
def footage(recording: Path, to: Path, seed: int | None, settings: str, as_json: bool) -> None:
    """Plant small movements into RECORDING, real footage of a face, and write down the truth.

    The recording is encoded anew without its sound; everything else that the face does stays as it is. The result is
    named simulated. Hold what the spotter proposes against truth.csv with mmed spot evaluate.
    """
    chosen = load_footage_settings(settings)
    if seed is not None:
        chosen = chosen.model_copy(update={"seed": seed})
    with progress_bar(f"planting into {recording.name}", "frames") as progress:
        made = plant_into(recording, to, chosen, progress=progress)
    if as_json:
        print_json(_footage_as_json(made))
        return
    rows = [
        (one.span.onset, one.span.apex, one.span.offset, one.movement, f"{one.amplitude_px:.2f}")
        for one in made.planted
    ]
    out.print(table(f"Simulated: planted into {recording.name}", ("onset", "apex", "offset", "movement", "px"), rows))
    out.print(f"Recording: {made.recording}\nTruth: {made.truth}", markup=False)


def show_sessions(made: SimulatedSessions) -> None:
    """Print what was planted, and what a model can know of it."""
    rows = [
        (one.file, one.subject, one.session, *(sum(p.kind is kind for p in one.planted) for kind in Kind))
        for one in made.recordings
    ]
    columns = ("recording", "subject", "session", *(f"{kind.value}s" for kind in Kind))
    out.print(table("Simulated sessions", columns, rows))
    best = made.ceiling
    out.print(
        f"Of the planted classes a model can know at best {best.picture:.1%} from the picture, {best.sound:.1%} from "
        f"the sound, {best.both:.1%} from both; {best.chance:.1%} without looking."
    )
    out.print(f"Truth: {made.truth}", markup=False)


def show_judgements(done: SimulatedJudgements) -> None:
    """Print what the simulated coders did, stage by stage."""
    rows = [(stage.value, done.judgements.get(stage, 0), done.stages.get(stage, 0)) for stage in Stage]
    out.print(table("Simulated coders", ("stage", "judgements now", "clips standing here"), rows))


def _changed(world: SessionSettings, faces: tuple[str, ...], **given: float | None) -> SessionSettings:
    changes: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    if faces:
        changes["faces"] = tuple(FaceSource(file=file) for file in faces)
    return world.model_copy(update=changes)


def _sessions_as_json(made: SimulatedSessions) -> dict[str, object]:
    best = made.ceiling
    return {
        "simulated": True,
        "folder": str(made.folder),
        "truth": str(made.truth),
        "recordings": [
            {"recording": one.file, "sha256": one.sha256, "subject": one.subject, "session": one.session}
            for one in made.recordings
        ],
        "planted": {kind.value: made.count(kind) for kind in Kind},
        "ceiling": {"chance": best.chance, "picture": best.picture, "sound": best.sound, "both": best.both},
    }


def _footage_as_json(made: PlantedFootage) -> dict[str, object]:
    return {
        "simulated": True,
        "recording": str(made.recording),
        "sha256": made.sha256,
        "truth": str(made.truth),
        "face_minutes": made.face_minutes,
        "planted": len(made.planted),
    }


def _coders_as_json(done: SimulatedJudgements, profile: str) -> dict[str, object]:
    return {
        "simulated": True,
        "profile": profile,
        "judgements": {stage.value: done.judgements.get(stage, 0) for stage in Stage},
        "clips": {stage.value: done.stages.get(stage, 0) for stage in Stage},
    }

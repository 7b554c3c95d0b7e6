"""`mmed quality`: how good recordings are, line by line with remedies, without a workspace."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
import numpy.typing as npt

from mmed_curate.cli.console import err, json_option, out, print_json, progress_bar, table
from mmed_curate.cli.outputs import PICTURE, check_outputs
from mmed_curate.domain.findings import BadInput
from mmed_curate.ingest.quality import Measured, QualityReport, measure, quality_document
from mmed_curate.ingest.qualitybounds import QualityBounds, load_bounds
from mmed_curate.ingest.qualitynumbers import aligned_edges, chosen_faces
from mmed_curate.report.figures_quality import Panel, quality_figure
from mmed_curate.signals.repeats import repeated


@click.command(name="quality")
@click.argument("recordings", metavar="RECORDING...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--bounds", default="mmed", show_default=True, help="Packaged bounds, or the path of your own.")
@click.option(
    "--plot",
    type=PICTURE,
    help="PNG, SVG or PDF of the quality over time; of several recordings one each, named after it and them.",
)
@json_option
def quality(recordings: tuple[Path, ...], bounds: str, plot: Path | None, as_json: bool) -> None:
    """Say how good each RECORDING is: frame rate, repeated and dropped frames, face, head, light, sharpness, skin,
    compression, sound.

    Each line is good, look or poor, and a problem comes with its remedy. This is a report: problems do not change the
    exit code; a recording that cannot be read does (2), and stops none of the others.
    """
    chosen = load_bounds(bounds)
    if plot is not None and not plot.parent.is_dir():
        raise BadInput.of("files.no_folder", f"there is no folder {plot.parent}", "make it first")
    if plot is not None:
        several = len(recordings) > 1
        check_outputs([_beside(plot, one, recordings) if several else plot for one in recordings], recordings)
    reports: list[tuple[str, QualityReport]] = []
    failed: list[BadInput] = []
    for recording in recordings:
        try:
            with progress_bar(f"looking at {recording.name}", "frames") as progress:
                measured = measure(recording, bounds=chosen, progress=progress)
        except BadInput as error:
            failed.append(error)
            if len(recordings) > 1:
                err.print(f"mmed quality: {error}", markup=False)
            continue
        reports.append((str(recording), measured.report))
        if plot is not None:
            to = plot if len(recordings) == 1 else _beside(plot, recording, recordings)
            draw(measured, chosen, recording.name, to)
        if not as_json:
            _show(measured.report, recording)
    if as_json and reports:
        print_json(quality_document(reports))
    if len(failed) == 1 and len(recordings) == 1:
        raise failed[0]
    if failed:
        raise BadInput.of(
            "quality.some_failed",
            f"{len(failed)} of {len(recordings)} recordings could not be read",
            "see the sentences above",
        )


def draw(measured: Measured, bounds: QualityBounds, name: str, path: Path) -> None:
    """Draw a recording's quality over time.

    Args:
        measured: the recording.
        bounds: drawn as dashed lines.
        name: of the recording.
        path: the PNG to write.

    Raises:
        BadInput: the file cannot be written.
    """
    picture, sound = measured.picture, measured.sound
    first_s = float(measured.clock.pts[0] * measured.clock.time_base)
    faces, at = picture.faces, chosen_faces(picture, None)
    look_s = picture.looks.time_s - first_s
    light = bounds.light.dark

    def over_looks(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        spread = np.full(len(look_s), np.nan, dtype=np.float32)
        spread[faces.look[at]] = values[at]
        return spread

    new_hz, second_s = _rate_over_time(measured)
    rate = bounds.rate
    eyes, edges, turned = bounds.face.eye_px, bounds.blur.aligned_px, bounds.head.yaw_deg
    panels = [
        Panel(
            title="different pictures a second",
            time_s=second_s,
            values=new_hz,
            bounds=(rate.least_hz,),
            least=0.0,
            most=1.15 * max(float(new_hz.max()), rate.least_hz),
        ),
        Panel(
            title="level of the face, 0 black to 1 white",
            time_s=look_s,
            values=over_looks(faces.level),
            bounds=(light.look, light.poor),
            least=0.0,
            most=1.0,
        ),
        Panel(
            title="blur of edges round the eyes, pixels where the eyes are 44 apart",
            time_s=look_s,
            values=over_looks(aligned_edges(faces)),
            bounds=(edges.look, edges.poor),
            least=0.0,
        ),
        Panel(
            title="pixels between the eyes (no curve: no face)",
            time_s=look_s,
            values=over_looks(faces.eye_px),
            bounds=(eyes.look, eyes.poor),
            least=0.0,
        ),
        Panel(
            title="head turned aside, degrees (coarse)",
            time_s=look_s,
            values=over_looks(faces.yaw_deg),
            bounds=(-turned, turned),
            least=-45.0,
            most=45.0,
        ),
        Panel(
            title="head turned down (positive) or up, degrees (coarser)",
            time_s=look_s,
            values=over_looks(faces.pitch_deg),
            bounds=(-bounds.head.pitch_deg, bounds.head.pitch_deg),
            least=-45.0,
            most=45.0,
        ),
    ]
    if sound is not None and len(sound.level_db):
        window_s = sound.n_samples / sound.rate_hz / len(sound.level_db)
        panels.append(
            Panel(
                title="level of the sound, dB below full scale",
                time_s=sound.start_s - first_s + window_s * np.arange(len(sound.level_db), dtype=np.float64),
                values=sound.level_db,
                bounds=(bounds.sound.silent_db,),
                least=-80.0,
                most=0.0,
            )
        )
    said = f"{name}: {measured.report.verdict.value}"
    quality_figure(panels, path, title=said, lasts_s=float(measured.clock.duration))


def _rate_over_time(measured: Measured) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """New frames in each second, and when these seconds begin."""
    frames = measured.picture.frames
    since_s = frames.time_s - frames.time_s[0]
    n_seconds = max(int(float(measured.clock.duration)), 1)
    new_s = since_s[~repeated(frames.change, frames.same)]
    counts, edges = np.histogram(new_s[new_s < n_seconds], bins=n_seconds, range=(0.0, float(n_seconds)))
    if float(measured.clock.duration) < 1:
        counts = counts / float(measured.clock.duration)
    return counts.astype(np.float64), edges[:-1].astype(np.float64)


def _show(report: QualityReport, recording: Path) -> None:
    rows = [(line.about.value, line.verdict.value, line.said) for line in report.lines]
    out.print(table(f"{recording.name}: {report.verdict.value}", ("about", "verdict", "measured"), rows))
    for finding in report.findings:
        out.print(f"{recording.name}: {finding}", markup=False)


def _beside(plot: Path, recording: Path, recordings: tuple[Path, ...]) -> Path:
    """Where the plot of one of several recordings goes: `quality.png` becomes `quality-MATCH.png`."""
    alike = [other for other in recordings if other.name == recording.name]
    number = f"-{recordings.index(recording) + 1}" if len(alike) > 1 else ""
    return plot.with_name(f"{plot.stem}-{recording.name}{number}{plot.suffix or '.png'}")

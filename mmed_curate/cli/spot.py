"""`mmed spot`: propose micro-expressions in one recording, or score proposals, without a workspace."""

from __future__ import annotations

from pathlib import Path

import click

from mmed_curate.cli.console import (
    RunUnlessNamed,
    err,
    json_option,
    out,
    print_json,
    progress_bar,
    table,
)
from mmed_curate.cli.outputs import PICTURE, TEXT, check_outputs
from mmed_curate.domain.files import write_text
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.serial import to_json
from mmed_curate.report.figures_spotting import ProposedSpan, RegionCurve, spotting_figure
from mmed_curate.spotting.courses import courses
from mmed_curate.spotting.evaluate import LOOSE_IOU, MEGC_IOU, SpottingScores
from mmed_curate.spotting.parameters import SpottingParameters, load_parameters
from mmed_curate.spotting.run import Analysis, analyse
from mmed_curate.spotting.tables import evaluate_tables, proposals_csv, read_scored

_SHOWN_AT_MOST = 20
"""Rows that the terminal shows; the file holds all."""
_DRAWN_AT_MOST = 2
"""Faces that a picture shows."""


@click.group(cls=RunUnlessNamed)
def spot() -> None:
    """Propose micro-expressions: mmed spot RECORDING -o CANDIDATES.csv. Or score them: mmed spot evaluate."""


@spot.command(name="run")
@click.argument("recording", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=TEXT, help="CSV of proposals to write.")
@click.option("--parameters", default="mmed", show_default=True, help="Packaged spotting parameters, or a path.")
@click.option("--plot", type=PICTURE, help="PNG, SVG or PDF to draw: motion of each part of the face over time.")
@json_option
def run(recording: Path, output: Path, parameters: str, plot: Path | None, as_json: bool) -> None:
    """Find the faces of RECORDING and propose when they made a micro-expression.

    Writes onset,apex,offset (frames, both ends inside), score, region, tag, track, the times in seconds, and the
    recording. A tag says what else it may be: blink, head-motion, speech, macro; tagged proposals are kept.
    """
    chosen = load_parameters(parameters)
    check_outputs([output, plot], [recording])
    if not output.parent.is_dir():
        raise BadInput.of("files.no_folder", f"there is no folder {output.parent}", "make it first")
    if plot is not None and not plot.parent.is_dir():
        raise BadInput.of("files.no_folder", f"there is no folder {plot.parent}", "make it first")
    with progress_bar(f"spotting {recording.name}", "frames") as progress:
        analysis = analyse(recording, chosen, progress=progress)
    write_text(output, proposals_csv(analysis.proposals, analysis.clock, recording.name))
    if plot is not None:
        ends_s = float(analysis.clock.end_of(analysis.clock.last_frame))
        title = f"{recording.name}: motion of the face in px (eyes 44 px apart), grey: what is asked of a peak"
        spotting_figure(_region_curves(analysis, chosen), plot, title=title, lasts_s=ends_s)
    if as_json:
        print_json(_analysis_as_json(analysis, recording, output, chosen.name))
        return
    untagged = [proposal for proposal in analysis.proposals if not proposal.tags]
    strongest = sorted(untagged, key=lambda proposal: -proposal.score)[:_SHOWN_AT_MOST]
    rows = [
        (
            *(proposal.span.onset, proposal.span.apex, proposal.span.offset),
            f"{float(analysis.clock.start_of(proposal.span.onset)):.3f}",
            f"{1000 * float(analysis.clock.span_duration(proposal.span)):.0f}",
            round(proposal.score, 2),
            proposal.region,
            proposal.track,
        )
        for proposal in strongest
    ]
    title = f"{len(untagged)} proposals and {len(analysis.proposals) - len(untagged)} tagged ones in {output}"
    columns = ("onset", "apex", "offset", "at s", "lasts ms", "score", "region", "face")
    out.print(table(title, columns, rows))
    for note in analysis.notes:
        err.print(f"mmed spot: {note}", markup=False)


@spot.command(name="evaluate")
@click.argument("candidates", type=click.Path(path_type=Path))
@click.argument("truth", type=click.Path(path_type=Path))
@click.option("--iou", default=MEGC_IOU, show_default=True, help="Least overlap of a hit (intersection over union).")
@click.option("--minutes", type=float, help="Minutes searched in all, for false proposals per minute.")
@click.option("--recording", help="Score only the rows of this recording (column recording or video).")
@click.option("--count-tagged", is_flag=True, help="Count tagged proposals too; else they are neither hit nor false.")
@json_option
def evaluate(
    candidates: Path,
    truth: Path,
    iou: float,
    minutes: float | None,
    recording: str | None,
    count_tagged: bool,
    as_json: bool,
) -> None:
    """Hold CANDIDATES against TRUTH, two CSV tables with onset,offset (frames) or onset_s,offset_s.

    Rows meet one to one, and only where the columns subject, session, video, recording agree that both tables have.
    Where TRUTH has a column kind, only its rows of kind event count as events. Counts of several recordings are
    pooled.
    """
    tables = read_scored(candidates), read_scored(truth)
    scores, loose = (
        evaluate_tables(*tables, iou=least, minutes=minutes, count_tagged=count_tagged, recording=recording)
        for least in (iou, LOOSE_IOU)
    )
    if as_json:
        print_json(scores_as_json(scores, loose))
        return
    rows = [
        ("recall", _said(scores.recall)),
        (f"recall, IoU >= {LOOSE_IOU:g}", _said(loose.recall)),
        ("precision", _said(scores.precision)),
        ("F1", _said(scores.f1)),
        ("true positives", str(scores.true_positives)),
        ("false positives", str(scores.false_positives)),
        ("false negatives", str(scores.false_negatives)),
        ("tagged, not counted", str(scores.n_tagged)),
        ("proposals per minute", _said(scores.proposals_per_minute)),
        ("false per minute", _said(scores.false_per_minute)),
    ]
    out.print(table(f"{candidates.name} against {truth.name}, IoU >= {iou:g}", ("score", "value"), rows))


def scores_as_json(scores: SpottingScores, loose: SpottingScores) -> dict[str, object]:
    """The document that `mmed spot evaluate --json` prints; what the counts cannot answer is null.

    Args:
        scores: at the overlap that was asked for.
        loose: the same tables at `LOOSE_IOU`.
    """
    return {
        "format": "mmed-spotting-scores",
        "version": "1.0",
        "iou": scores.iou,
        "true_positives": scores.true_positives,
        "false_positives": scores.false_positives,
        "false_negatives": scores.false_negatives,
        "n_tagged": scores.n_tagged,
        "recall": scores.recall,
        "precision": scores.precision,
        "f1": scores.f1,
        "loose": {"iou": loose.iou, "true_positives": loose.true_positives, "recall": loose.recall},
        "minutes": scores.minutes,
        "proposals_per_minute": scores.proposals_per_minute,
        "false_per_minute": scores.false_per_minute,
    }


def _region_curves(analysis: Analysis, parameters: SpottingParameters) -> list[RegionCurve]:
    """What the picture shows: the faces seen longest, each part with its own proposals."""
    longest = sorted(analysis.tracks, key=lambda track: (-len(track.frames), track.track))[:_DRAWN_AT_MOST]
    rows = []
    for track in sorted(longest, key=lambda track: track.track):
        for course in courses(analysis.curves[track.track], track.frames, parameters):
            own = [
                ProposedSpan(
                    onset_s=float(analysis.clock.start_of(one.span.onset)),
                    apex_s=float(analysis.clock.start_of(one.span.apex)),
                    offset_s=float(analysis.clock.end_of(one.span.offset)),
                    score=one.score,
                    tags=tuple(sorted(tag.value for tag in one.tags)),
                )
                for one in analysis.proposals
                if one.track == track.track and one.region == course.channel
            ]
            face = f" of face {track.track}" if len(longest) > 1 else ""
            rows.append(
                RegionCurve(
                    title=f"{course.channel}{face}",
                    time_s=course.times_s,
                    px=course.px,
                    asked_px=course.asked_px,
                    proposals=tuple(own),
                )
            )
    return rows


def _analysis_as_json(analysis: Analysis, recording: Path, output: Path, parameters: str) -> dict[str, object]:
    return {
        "format": "mmed-spotting",
        "version": "1.0",
        "recording": str(recording),
        "parameters": parameters,
        "candidates": str(output),
        "n_frames": analysis.clock.n_frames,
        "rate_hz": round(float(analysis.clock.rate_hz()), 6),
        "tracks": [
            {
                "track": track.track,
                "first": int(track.frames[0]),
                "last": int(track.frames[-1]),
                "n_frames": len(track.frames),
            }
            for track in analysis.tracks
        ],
        "proposals": [
            {
                "onset": proposal.span.onset,
                "apex": proposal.span.apex,
                "offset": proposal.span.offset,
                "score": round(proposal.score, 6),
                "region": proposal.region,
                "tags": sorted(tag.value for tag in proposal.tags),
                "track": proposal.track,
            }
            for proposal in analysis.proposals
        ],
        "notes": [to_json(note) for note in analysis.notes],
    }


def _said(value: float | None) -> str:
    return "undetermined" if value is None else f"{value:.4f}"

"""`mmed sync` and `mmed skew`: companion files on the camera's clock, and how far the picture truly lags the sound."""

from __future__ import annotations

import csv
import io
import os
from math import isfinite
from pathlib import Path

import click

from mmed_curate.cli.console import err, json_option, out, print_json, progress_bar, table
from mmed_curate.cli.outputs import PICTURE, TEXT, check_outputs
from mmed_curate.domain.files import write_text
from mmed_curate.domain.findings import BadInput, Finding, Refused
from mmed_curate.ingest.companions import COLUMNS, MEASURED_COLUMNS, load_bounds
from mmed_curate.media.container import StreamChoice
from mmed_curate.media.skew import SkewMeasurement, measure_skew
from mmed_curate.media.sound import SoundReader
from mmed_curate.media.sync import check_channel
from mmed_curate.media.synchrony import SyncMeasurement, find_synchrony
from mmed_curate.report.figures_sync import SkewBar, SyncPanel, skew_figure, sync_figure

_FILE = click.Path(path_type=Path)


@click.command(name="sync")
@click.argument("camera", type=_FILE)
@click.argument("companions", metavar="COMPANION...", nargs=-1, required=True, type=_FILE)
@click.option(
    "-o", "--output", type=TEXT, help="Write sync.csv here; with kind and subject filled in, a table of companions."
)
@click.option("--plot", type=PICTURE, metavar="FILE.png", help="Draw what was found; also as .svg or .pdf.")
@click.option("--bounds", "bounds_name", default="mmed", show_default=True, help="Packaged bounds, or a YAML file.")
@click.option(
    "--least-confidence", type=click.FloatRange(0, 1), help="Refuse below this; the bounds say otherwise.  [0..1]"
)
@click.option("--camera-stream", type=click.IntRange(0), help="Number of the camera's sound stream.")
@click.option("--stream", type=click.IntRange(0), help="Number of the companions' sound stream.")
@click.option("--channel", type=click.IntRange(0), help="Channel of the companions, from 0; else the loudest.")
@json_option
def sync(
    camera: Path,
    companions: tuple[Path, ...],
    output: Path | None,
    plot: Path | None,
    bounds_name: str,
    least_confidence: float | None,
    camera_stream: int | None,
    stream: int | None,
    channel: int | None,
    as_json: bool,
) -> None:
    """Find offset and clock drift of each COMPANION (a player's microphone, a game's capture) against the sound of
    CAMERA.

    A companion without enough sound in common is named, its offset stays empty in sync.csv to be given by hand, and
    the exit code is 1.
    """
    bounds = load_bounds(bounds_name).search
    check_outputs([output, plot], [camera, *companions])
    for companion in companions:  # before hours are listened to
        with SoundReader(companion, streams=StreamChoice(sound=stream)) as heard:
            check_channel(companion, channel, heard.channels)
    found: list[tuple[Path, SyncMeasurement | Finding]] = []
    for companion in companions:
        with progress_bar(f"listening to {companion.name}", "steps") as progress:
            try:
                measured = find_synchrony(
                    camera,
                    companion,
                    bounds=bounds,
                    camera_streams=StreamChoice(sound=camera_stream),
                    companion_streams=StreamChoice(sound=stream),
                    channel=channel,
                    least_confidence=least_confidence,
                    progress=progress,
                )
            except Refused as refusal:
                found.append((companion, refusal.finding))
            else:
                found.append((companion, measured))
    if output is not None:
        write_text(output, _table(output.parent, camera, found, stream, channel))
    drawn = [_panel(path, one, bounds.agree_ms) for path, one in found if isinstance(one, SyncMeasurement)]
    if plot is not None and drawn:
        sync_figure(drawn, plot)
    rows = [_document_row(path, one) for path, one in found]
    if as_json:
        print_json({"format": "mmed-sync", "version": "1.0", "camera": str(camera), "companions": rows})
    else:
        columns = ("companion", "offset_s", "drift_ppm", "uncertainty_ms", "confidence", "windows")
        lines = [
            [
                row["companion"],
                *(f"{row[name]:.{digits}f}" for name, digits in (("offset_s", 5), ("drift_ppm", 2))),
                *(f"{row[name]:.{digits}f}" for name, digits in (("uncertainty_ms", 3), ("confidence", 2))),
                f"{row['windows_agreeing']} of {row['windows']}",
            ]
            if row["found"]
            else [row["companion"], "not found", "", "", "", ""]
            for row in rows
        ]
        out.print(table(f"On the clock of {camera.name}", columns, lines))
        for path, one in found:
            if isinstance(one, SyncMeasurement):
                for note in _notes(one):
                    err.print(f"{path.name}: {note}")
    refused = [one for _, one in found if isinstance(one, Finding)]
    if len(refused) == 1:
        raise Refused(refused[0])
    if refused:
        raise Refused(
            Finding(
                code="sync.some_not_found",
                what=f"{len(refused)} of {len(found)} companions cannot be laid on the clock of {camera.name}",
                remedy="give offset_s and drift_ppm by hand in the table of companions",
            ),
            tuple(refused),
        )


@click.command(name="skew")
@click.argument("recording", type=_FILE)
@click.option("--clap-s", "claps_s", multiple=True, type=float, help="Time of a clap in seconds; look only there.")
@click.option("--bounds", "bounds_name", default="mmed", show_default=True, help="Packaged bounds, or a YAML file.")
@click.option("--picture-stream", type=click.IntRange(0), help="Number of the picture's stream.")
@click.option("--sound-stream", type=click.IntRange(0), help="Number of the sound's stream.")
@click.option("--plot", type=PICTURE, metavar="FILE.png", help="Draw what was found; also as .svg or .pdf.")
@json_option
def skew(
    recording: Path,
    claps_s: tuple[float, ...],
    bounds_name: str,
    picture_stream: int | None,
    sound_stream: int | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Measure how far the picture of RECORDING truly lags its sound, by flashes with clicks or by claps near its start
    and its end. Says "unmeasured" where nothing shows it.
    """
    bounds = load_bounds(bounds_name).skew
    check_outputs([plot], [recording])
    if not all(isfinite(time) for time in claps_s):
        raise BadInput.of("skew.clap", "--clap-s must be a number of seconds", "give when the clap is seen and heard")
    with progress_bar(f"watching {recording.name}", "frames") as progress:
        found = measure_skew(
            recording,
            bounds=bounds,
            streams=StreamChoice(picture=picture_stream, sound=sound_stream),
            claps_s=claps_s,
            progress=progress,
        )
    if plot is not None:
        _draw_skew(recording, found, plot)
    if as_json:
        print_json(_skew_document(recording, found))
        return
    heard = f"{found.n_flashes} flashes seen, {found.n_clicks} clicks or claps heard"
    if found.skew is None:
        out.print(f"{recording.name}: unmeasured ({heard}; none is surely both)")
        err.print("name the moment of a clap that you see and hear with --clap-s, or flash and click when you record")
        return
    lag = found.skew
    out.print(
        f"{recording.name}: the picture comes {_late(lag.start_ms)} at {lag.start_s:.1f} s"
        + ("" if lag.end_s == lag.start_s else f", and {_late(lag.end_ms)} at {lag.end_s:.1f} s")
        + f", give or take {lag.uncertainty_ms:.1f} ms ({heard}; {len(found.events)} are both)"
    )


def _late(lag_ms: float) -> str:
    return f"{abs(lag_ms):.1f} ms {'later' if lag_ms >= 0 else 'earlier'} than its sound"


def _table(
    folder: Path,
    camera: Path,
    found: list[tuple[Path, SyncMeasurement | Finding]],
    stream: int | None,
    channel: int | None,
) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*COLUMNS, *MEASURED_COLUMNS))
    for path, one in found:
        row: list[object] = [_from(folder, camera), _from(folder, path), "", "", _said(stream), _said(channel)]
        if isinstance(one, SyncMeasurement):
            place = one.synchrony
            row += [f"{place.offset_s:.6f}", f"{place.drift_ppm:.4f}", f"{place.uncertainty_ms or 0:.3f}"]
            row += [f"{one.confidence:.3f}", place.basis.value]
        else:
            row += ["", "", "", "", ""]
        writer.writerow(row)
    return text.getvalue()


def _from(folder: Path, path: Path) -> str:
    """A path as a table in that folder says it."""
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


def _said(index: int | None) -> str:
    return "" if index is None else str(index)


def _document_row(path: Path, one: SyncMeasurement | Finding) -> dict[str, object]:
    if isinstance(one, Finding):
        return {"companion": str(path), "found": False, "reason": str(one)}
    place = one.synchrony
    return {
        "companion": str(path),
        "found": True,
        "offset_s": round(place.offset_s, 7),
        "drift_ppm": round(place.drift_ppm, 4),
        "uncertainty_ms": round(place.uncertainty_ms or 0.0, 4),
        "basis": place.basis.value,
        "confidence": round(one.confidence, 4),
        "windows": len(one.agrees),
        "windows_agreeing": int(one.agrees.sum()),
        "rival_share": round(one.rival_share, 4),
        "peak_ratio": round(min(one.peak_ratio, 1e6), 3),
        "spread_ms": round(one.spread_ms, 4),
        "wander_ms": round(one.wander_ms, 4),
        "inverted": one.inverted,
    }


def _notes(one: SyncMeasurement) -> list[str]:
    notes = []
    if one.inverted:
        notes.append("its polarity is the other way round: nothing to do, both are found")
    if one.wander_ms > 1:
        notes.append(
            f"its clock wanders by {one.wander_ms:.1f} ms round a straight line: look at --plot for lost samples"
        )
    return notes


def _panel(path: Path, one: SyncMeasurement, agree_ms: float) -> SyncPanel:
    place = one.synchrony
    return SyncPanel(
        title=path.name,
        note=f"{place.offset_s:.5f} s, {place.drift_ppm:+.2f} ppm, ± {place.uncertainty_ms or 0:.2f} ms, "
        f"confidence {one.confidence:.2f}",
        times_s=one.times_s,
        lags_s=one.lags_s,
        agrees=one.agrees,
        offset_s=place.offset_s,
        drift_ppm=place.drift_ppm,
        agree_ms=agree_ms,
        search_lags_s=one.search_lags_s,
        search_scores=one.search_scores,
    )


def _draw_skew(recording: Path, found: SkewMeasurement, plot: Path) -> None:
    lag = found.skew
    skew_figure(
        [
            SkewBar(label=event.kind.value, time_s=event.sound_s, least_ms=event.least_ms, most_ms=event.most_ms)
            for event in found.events
        ],
        plot,
        title=f"{recording.name}: what each event bounds, and the skew that fits all",
        start=None if lag is None else (lag.start_s, lag.start_ms),
        end=None if lag is None else (lag.end_s, lag.end_ms),
        uncertainty_ms=0.0 if lag is None else lag.uncertainty_ms,
    )


def _skew_document(recording: Path, found: SkewMeasurement) -> dict[str, object]:
    lag = found.skew
    return {
        "format": "mmed-skew",
        "version": "1.0",
        "recording": str(recording),
        "skew": None
        if lag is None
        else {
            "start_ms": round(lag.start_ms, 3),
            "end_ms": round(lag.end_ms, 3),
            "uncertainty_ms": round(lag.uncertainty_ms, 3),
            "start_s": round(lag.start_s, 4),
            "end_s": round(lag.end_s, 4),
        },
        "flashes": found.n_flashes,
        "clicks": found.n_clicks,
        "events": [
            {
                "kind": event.kind.value,
                "sound_s": round(event.sound_s, 4),
                "least_ms": round(event.least_ms, 3),
                "most_ms": round(event.most_ms, 3),
            }
            for event in found.events
        ],
    }

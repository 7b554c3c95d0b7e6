"""`mmed cut`: clips out of one recording, exact to the frame and the sample, without a workspace."""

from __future__ import annotations

import csv
import io
from fractions import Fraction
from pathlib import Path
from typing import get_args

import click

from mmed_curate.cli.console import err, json_option, out, print_json, progress_bar, table
from mmed_curate.domain.files import folder_written_aside, write_text
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.spantable import SpanTable, exact_seconds, read_spans
from mmed_curate.domain.time import Frame, FrameClock, Span
from mmed_curate.media.clipfiles import SMALL_AND_QUICK
from mmed_curate.media.clipsound import SoundOfClips
from mmed_curate.media.clock import clock_from_packets, read_clock
from mmed_curate.media.cut import ClipEncoding, CutClip, CutRequest
from mmed_curate.media.cut import cut as cut_clips
from mmed_curate.media.write import Preset

COLUMNS = (
    "name",
    "onset",
    "apex",
    "offset",
    "first",
    "last",
    "start_s",
    "n_frames",
    "n_samples",
    "sample_rate_hz",
    "rate_hz",
    "picture",
    "sound",
    "archive",
)
"""Of clips.csv: onset, apex, offset count in the clip's frames; first, last in the recording's, both inside."""

_LONGEST_NAME = 100


def _seconds(ctx: click.Context, param: click.Parameter, value: str) -> Fraction:
    """A number of seconds from 0 on, such as `0.75` or `3/4`, kept exact."""
    try:
        seconds = exact_seconds(value)
    except (ValueError, ZeroDivisionError):
        raise click.BadParameter(f"{value!r} is no number of seconds", ctx, param) from None
    if seconds < 0:
        raise click.BadParameter(f"{value} is below 0", ctx, param)
    return seconds


@click.command(name="cut")
@click.argument("recording", type=click.Path(path_type=Path))
@click.argument("spans", type=click.Path(path_type=Path))
@click.option("-o", "--output", "folder", required=True, type=click.Path(path_type=Path), help="Folder to make.")
@click.option("--context-s", callback=_seconds, default="0", show_default=True, help="Seconds to keep on each side.")
@click.option(
    "--crf", type=click.IntRange(0, 51), default=16, show_default=True, help="x264's rate factor; 0: lossless."
)
@click.option(
    "--preset", type=click.Choice(get_args(Preset)), default="veryfast", show_default=True, help="x264's preset."
)
@click.option("--archive", is_flag=True, help="Also write NAME.mov: lossless, pixels and samples as decoded.")
@json_option
def cut(
    recording: Path,
    spans: Path,
    folder: Path,
    context_s: Fraction,
    crf: int,
    preset: str,
    archive: bool,
    as_json: bool,
) -> None:
    """Cut one clip out of RECORDING for each row of SPANS, a CSV with onset,apex,offset (frames, from 0, both ends
    inside) or onset_s,apex_s,offset_s (seconds), and optionally name.

    Writes NAME.mp4, NAME.wav (the exact samples) and clips.csv. Context stops at the ends of the recording. Only the
    parts of RECORDING that some clip needs are decoded.
    """
    given = read_spans(spans)
    if not given.rows:
        raise BadInput.of("cut.no_rows", f"{spans} has no rows", "give at least one span")
    names = clip_names(given)
    if folder.exists():
        raise BadInput.of("files.exists", f"{folder} exists already", "choose another name, or move it away")
    with err.status("reading the clock"):
        clock = clock_from_packets(recording) or read_clock(recording)
    chosen = given.spans(clock)
    windows = [window_of(span, clock, context_s) for span in chosen]
    heard = _is_heard(recording, clock, windows)
    with folder_written_aside(folder) as aside, progress_bar("cutting", "frames") as progress:
        requests = [
            CutRequest(
                first=first,
                last=last,
                crop=None,
                picture=aside / f"{name}.mp4",
                sound=aside / f"{name}.wav" if heard else None,
                archive=aside / f"{name}.mov" if archive else None,
            )
            for name, (first, last) in zip(names, windows, strict=True)
        ]
        clips = cut_clips(
            recording,
            clock,
            requests,
            encoding=ClipEncoding(crf=crf, preset=preset),
            archive=SMALL_AND_QUICK,
            progress=progress,
        )
        rows = [
            _row(name, span, clip, clock, heard=heard, archived=archive)
            for name, span, clip in zip(names, chosen, clips, strict=True)
        ]
        write_text(aside / "clips.csv", _csv(rows))
    if as_json:
        print_json(
            {
                "format": "mmed-cut",
                "version": "1.0",
                "recording": str(recording),
                "folder": str(folder),
                "has_sound": heard,
                "clips": rows,
            }
        )
        return
    shown = ("name", "first", "last", "n_frames", "n_samples", "rate_hz")
    out.print(table(f"{len(rows)} clips in {folder}", shown, [[_said(row[name]) for name in shown] for row in rows]))
    if not heard:
        err.print(f"{recording.name} has no sound, or only digital silence where it is cut: the clips have no sound")


def _is_heard(recording: Path, clock: FrameClock, windows: list[tuple[Frame, Frame]]) -> bool:
    """Whether some clip would hold more than digital silence; only what is cut is listened to."""
    with SoundOfClips(recording) as sounds:
        return sounds.is_heard(None, [(clock.start_of(first), clock.end_of(last)) for first, last in sorted(windows)])


def window_of(span: Span, clock: FrameClock, context_s: Fraction) -> tuple[Frame, Frame]:
    """First and last frame of a cut: those on screen from `context_s` before the onset to as long after the offset."""
    first = clock.frame_at(clock.start_of(span.onset) - context_s)
    until = clock.end_of(span.offset) + context_s
    last = clock.frame_at(until)
    if last > span.offset and clock.start_of(last) >= until:
        last = Frame(last - 1)
    return first, last


def clip_names(given: SpanTable) -> tuple[str, ...]:
    """Names for the clips: those of the table, or clip-001 and so on.

    Raises:
        BadInput: a name is not safe as a file name, or is there twice; named with its row.
    """
    digits = max(3, len(str(len(given.rows))))
    seen: dict[str, int] = {}
    names: list[str] = []
    for position, row in enumerate(given.rows, start=1):
        name = row.name if row.name is not None else f"clip-{position:0{digits}d}"
        if not _is_safe(name):
            raise BadInput.of(
                "cut.name",
                f"{given.path}, row {row.row}: {name!r} cannot be the name of a file",
                "use letters, digits, dots, dashes and underscores, with a letter or digit in front",
            )
        # file systems may not tell a from A
        if (before := seen.setdefault(name.casefold(), row.row)) != row.row:
            raise BadInput.of(
                "cut.name_twice",
                f"{given.path}, row {row.row}: the name {name} is taken by row {before}",
                "give each row its own name",
            )
        names.append(name)
    return tuple(names)


def _is_safe(name: str) -> bool:
    plain = all(sign.isalnum() or sign in "._-" for sign in name)
    return plain and name[0].isalnum() and not name.endswith(".") and len(name) <= _LONGEST_NAME


def _row(
    name: str, span: Span, clip: CutClip, clock: FrameClock, *, heard: bool, archived: bool
) -> dict[str, str | int | float | None]:
    inside = span.shifted(-clip.first)
    return {
        "name": name,
        "onset": inside.onset,
        "apex": inside.apex,
        "offset": inside.offset,
        "first": clip.first,
        "last": clip.last,
        "start_s": round(float(clock.start_of(clip.first)), 9),
        "n_frames": clip.clock.n_frames,
        "n_samples": clip.n_samples if heard else None,
        "sample_rate_hz": clip.sample_rate_hz,
        "rate_hz": round(float(clip.clock.rate_hz()), 6),
        "picture": f"{name}.mp4",
        "sound": f"{name}.wav" if heard else None,
        "archive": f"{name}.mov" if archived else None,
    }


def _csv(rows: list[dict[str, str | int | float | None]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _said(cell: str | int | float | None) -> str | int | float:
    return "–" if cell is None else cell

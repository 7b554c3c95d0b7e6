"""`mmed import FORMAT` and `mmed export FORMAT`: other tools' annotations to our tables, and back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import click
from rich.markup import escape

from mmed_curate.cli.console import err, json_option, out, print_json, table
from mmed_curate.cli.labels import labels
from mmed_curate.cli.outputs import TEXT, check_outputs
from mmed_curate.cli.records import consensus, judgements
from mmed_curate.cli.transcript import transcript
from mmed_curate.domain.findings import BadInput, Finding, Severity
from mmed_curate.domain.time import FrameClock
from mmed_curate.interchange.formats import TIMELINE_FORMATS, TimelineFormat, reading_document, timelines_from
from mmed_curate.interchange.spancsv import read_span_csv, with_media, write_lines
from mmed_curate.interchange.spans import ApexFrom, SpanLine, span_lines
from mmed_curate.interchange.timelines import Medium, Reading, Timeline, read_whole
from mmed_curate.media.clock import clock_from_packets, read_clock

_SHOWN_OF_A_KIND = 3
"""Remarks of one kind that are spelled out; --json has all."""


@click.group(name="import")
def import_() -> None:
    """Take annotations of other tools in: as a table of spans, or whole as JSON.

    What is odd in a file is said and never mended. Exit code 2 where something of it could not be used.
    """


@click.group()
def export() -> None:
    """Write annotations for other tools: ELAN, BORIS, Praat, or a plain table.

    What a format cannot hold is said.
    """


Reader = Callable[[Path, FrameClock | None], Reading]


def _importer(name: str, title: str, read: Reader) -> click.Command:
    @click.command(name=name, help=f"Read {title}, into a table of spans.")
    @click.argument("file", type=click.Path(path_type=Path))
    @click.option("-o", "--output", type=TEXT, help="The table of spans to write, a CSV.")
    @click.option("--tier", "tiers", multiple=True, help="Take this tier; again for more [default: all].")
    @click.option("--observation", help="Take this one, where a file holds several.")
    @click.option("--coder", default="", help="Who coded it, where the file does not say.")
    @click.option("--recording", type=click.Path(path_type=Path), help="The recording: spans are then in its frames.")
    @json_option
    def command(
        file: Path,
        output: Path | None,
        tiers: tuple[str, ...],
        observation: str | None,
        coder: str,
        recording: Path | None,
        as_json: bool,
    ) -> None:
        _import(
            read,
            file,
            output,
            tiers=tiers,
            observation=observation,
            coder=coder,
            recording=recording,
            as_json=as_json,
        )

    return command


def _exporter(name: str, chosen: TimelineFormat) -> click.Command:
    @click.command(name=name, help=f"Write {chosen.title}, from a table of spans or from what import --json printed.")
    @click.argument("spans", type=click.Path(path_type=Path))
    @click.option("-o", "--output", required=True, type=TEXT, help="The file to write.")
    @click.option("--media", help="Path or address of the recording, for the tool to open.")
    @click.option("--recording", type=click.Path(path_type=Path), help="The recording, where SPANS counts its frames.")
    def command(spans: Path, output: Path, media: str | None, recording: Path | None) -> None:
        _export(chosen, spans, output, media=media, recording=recording)

    return command


for _name, _format in TIMELINE_FORMATS.items():
    if _format.read is not None:
        import_.add_command(_importer(_name, _format.title, _format.read))
    export.add_command(_exporter(_name, _format))
import_.add_command(labels)
import_.add_command(transcript)
export.add_command(judgements)
export.add_command(consensus)


def _import(
    read: Reader,
    file: Path,
    output: Path | None,
    *,
    tiers: tuple[str, ...],
    observation: str | None,
    coder: str,
    recording: Path | None,
    as_json: bool,
) -> None:
    if output is None and not as_json:
        raise BadInput.of("interchange.no_output", "nothing says where to write", "give -o SPANS.csv, or --json")
    check_outputs([output], [file, *([recording] if recording else [])])
    clock = _clock(recording)
    reading = _chosen(read(file, clock), observation)
    lines, unfit = span_lines(
        reading.timelines, tiers=tiers, coder=coder, recording=recording.name if recording else None, clock=clock
    )
    if output is not None:
        write_lines(output, lines)
    findings = (*reading.findings, *(unfit if output is not None else ()))
    if as_json:
        kept = tuple(_only(timeline, tiers) for timeline in reading.timelines)
        print_json(reading_document(str(file), Reading(timelines=kept, findings=findings)))
    elif output is not None:
        _tell(output, lines)
    _say(findings)
    if any(one.severity is Severity.ERROR for one in findings):
        raise SystemExit(2)


def _export(chosen: TimelineFormat, spans: Path, output: Path, *, media: str | None, recording: Path | None) -> None:
    check_outputs([output], [spans, *([recording] if recording else [])])
    clock = _clock(recording)
    if spans.suffix.lower() == ".json":
        reading = Reading(timelines=timelines_from(_json(spans)))
    else:
        reading = read_span_csv(spans, clock)
    timelines: Sequence[Timeline] = reading.timelines
    if media is not None or recording is not None:
        length = None if clock is None else clock.end_of(clock.last_frame)
        timelines = with_media(timelines, Medium(name=media if media is not None else str(recording), length_s=length))
    findings = (*reading.findings, *chosen.write(output, timelines))
    count = sum(timeline.n_annotations for timeline in timelines)
    out.print(f"{count} annotations from {escape(spans.name)} to {escape(str(output))}")
    _say(findings)
    if any(one.severity is Severity.ERROR for one in findings):
        raise SystemExit(2)


def _clock(recording: Path | None) -> FrameClock | None:
    if recording is None:
        return None
    with err.status("reading the clock"):
        return clock_from_packets(recording) or read_clock(recording)


def _json(path: Path) -> object:
    try:
        document: object = json.loads(read_whole(path, "what import --json printed"))
    except (ValueError, RecursionError) as error:
        raise BadInput.of(
            "interchange.document", f"{path} is no JSON document", "give what import --json printed"
        ) from error
    return document


def _chosen(reading: Reading, observation: str | None) -> Reading:
    if observation is None:
        return reading
    kept = tuple(timeline for timeline in reading.timelines if timeline.name == observation)
    if not kept:
        names = ", ".join(timeline.name for timeline in reading.timelines)
        raise BadInput.of(
            "interchange.no_observation", f"there is no observation {observation}", f"choose from: {names or 'none'}"
        )
    about = tuple(one for one in reading.findings if one.parameters.get("observation", observation) == observation)
    return Reading(timelines=kept, findings=about)


def _only(timeline: Timeline, tiers: Sequence[str]) -> Timeline:
    if not tiers:
        return timeline
    return replace(timeline, tiers=tuple(tier for tier in timeline.tiers if tier.name in tiers))


def _tell(output: Path, lines: Sequence[SpanLine]) -> None:
    keys = dict.fromkeys((line.observation, line.tier) for line in lines)
    rows = []
    for observation, tier in keys:
        mine = [line for line in lines if (line.observation, line.tier) == (observation, tier)]
        marked = sum(line.apex_from is ApexFrom.MARK for line in mine)
        rows.append((*([escape(observation)] if any(key[0] for key in keys) else []), escape(tier), len(mine), marked))
    columns = (*(["observation"] if any(key[0] for key in keys) else []), "tier", "rows", "with an apex mark")
    out.print(table(f"{len(lines)} spans in {escape(str(output))}", columns, rows))


def _say(findings: Sequence[Finding]) -> None:
    """Say what was found on stderr: errors first, a few of each kind."""
    weight = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}
    counts = Counter(one.code for one in findings)
    said: Counter[str] = Counter()
    for one in sorted(findings, key=lambda one: weight[one.severity]):
        said[one.code] += 1
        if said[one.code] <= _SHOWN_OF_A_KIND:
            err.print(f"{one.severity.value}: {one}", markup=False)
        elif said[one.code] == _SHOWN_OF_A_KIND + 1:
            more = counts[one.code] - _SHOWN_OF_A_KIND
            err.print(f"  and {more} more of this kind (import --json has all)", markup=False)

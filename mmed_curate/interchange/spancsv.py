"""Plain tables of annotations: ours, and others with a start, an end and a label in seconds.

Rows are named as a spreadsheet shows them: the header is row 1. A label that a spreadsheet would take for a formula is
written with an apostrophe in front, and read without it.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from io import StringIO
from pathlib import Path

from mmed_curate.domain.files import written_aside
from mmed_curate.domain.findings import BadInput, Finding
from mmed_curate.domain.spantable import FRAME_COLUMNS, SECOND_COLUMNS, exact_seconds
from mmed_curate.domain.tablefile import guarded, unguarded
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.interchange.spans import APEX_TIER, ApexFrom, SpanLine, is_apex, lane_of, marks_apex_of, span_lines
from mmed_curate.interchange.timelines import (
    Annotation,
    Medium,
    Reading,
    Tier,
    TierKind,
    Timeline,
    all_printable,
    cannot_hold,
    fault,
    note,
    of_observation,
    read_whole,
    remarks,
)

_KIND = "a UTF-8 CSV file"
_NAMES: dict[str, tuple[str, ...]] = {
    "start": ("onset_s", "start_s", "start", "start (s)", "begin", "begin_s", "tmin", "begin time - ss.msec"),
    "end": ("offset_s", "end_s", "stop_s", "end", "stop", "stop (s)", "tmax", "end time - ss.msec"),
    "apex": ("apex_s",),
    "value": ("value", "label", "text", "annotation", "event"),
    "tier": ("tier",),
    "subject": ("subject", "participant"),
    "coder": ("coder", "rater", "annotator"),
    "comment": ("comment", "note"),
    "observation": ("observation",),
    "recording": ("recording", "media"),
}
"""By what we need: the columns that give it, whichever letters are large."""
_TIER = "event"
"""Of rows that name none."""
_DECIMALS = 30


def read_span_csv(path: Path, clock: FrameClock | None = None) -> Reading:
    """Read a table with a row for each annotation: our span tables, or start, end and label in seconds.

    Args:
        path: the file; commas, semicolons or tabs.
        clock: of the recording, where the table counts frames.

    Raises:
        BadInput: it is no such table, or counts frames and no clock is given.
    """
    header, rows = _table(path)
    in_frames = set(FRAME_COLUMNS) <= set(header)
    if in_frames and clock is None:
        raise BadInput.of(
            "interchange.frames", f"{path} counts frames", "name the recording with --recording, to know their times"
        )
    columns = {what: next((name for name in header if name.lower() in names), None) for what, names in _NAMES.items()}
    if not in_frames and (columns["start"] is None or columns["end"] is None):
        raise BadInput.of(
            "interchange.columns",
            f"{path} has no columns for start and end; its first row says {', '.join(header)[:200] or 'nothing'}",
            f"name them {SECOND_COLUMNS[0]} and {SECOND_COLUMNS[2]}, or start and end",
        )
    findings: list[Finding] = []
    made: dict[str, _Made] = {}
    for number, row in rows:
        if len(row) != len(header):
            findings.append(
                fault(
                    "cells", f"row {number}: {len(row)} cells under {len(header)} columns", "correct it; it is left out"
                )
            )
            continue
        plain = {name: cell for name, cell in zip(header, row, strict=True) if name}
        cells = {what: unguarded(plain[name]) if name else "" for what, name in columns.items()}
        times = _in_frames(plain, clock) if in_frames and clock else _in_seconds(cells)
        if isinstance(times, str):
            findings.append(fault("row", f"row {number}: {times}", "correct it; it is left out"))
            continue
        made.setdefault(cells["observation"], _Made()).add(plain, cells, times)
    timelines = tuple(one.timeline(name) for name, one in made.items()) or (Timeline(),)
    for timeline in timelines:
        odd = remarks(timeline, empty_labels=columns["value"] is not None)
        findings.extend(of_observation(odd, timeline.name))
    return Reading(timelines=timelines, findings=tuple(findings))


class _Made:
    """A timeline in the making."""

    def __init__(self) -> None:
        self._tiers: dict[tuple[str, TierKind], list[Annotation]] = {}
        self._apexes: dict[str, list[Annotation]] = {}
        self._media: dict[str, None] = {}

    def add(
        self, plain: Mapping[str, str], cells: Mapping[str, str], times: tuple[Fraction, Fraction | None, Fraction]
    ) -> None:
        start, apex, end = times
        kind = TierKind.POINT if plain.get("kind", "").strip() == TierKind.POINT.value else TierKind.INTERVAL
        tier = cells["tier"] or _TIER
        one = Annotation(
            start=start,
            end=start if kind is TierKind.POINT and plain.get("apex_from") else end,
            value=cells["value"],
            subject=cells["subject"],
            coder=cells["coder"],
            comment=cells["comment"],
        )
        self._tiers.setdefault((tier, kind), []).append(one)
        basis = plain.get("apex_from", ApexFrom.MARK.value).strip()
        if apex is not None and kind is TierKind.INTERVAL and basis == ApexFrom.MARK.value:
            marks = self._apexes.setdefault(tier, [])
            mark = Annotation(start=apex, end=apex, value=APEX_TIER, subject=one.subject, coder=one.coder)
            if mark not in marks:
                marks.append(mark)
        if cells["recording"]:
            self._media.setdefault(cells["recording"])

    def timeline(self, name: str) -> Timeline:
        names = Counter(tier for tier, _ in self._tiers)
        tiers = [
            Tier(name=tier if names[tier] == 1 else f"{tier} ({kind.value})", kind=kind, annotations=tuple(ones))
            for (tier, kind), ones in self._tiers.items()
        ]
        for apexes in list(self._apex_tiers(tiers)):
            stray = next((one for one in tiers if one.name == apexes.name), None)
            if stray is not None:  # marks that lie in no interval have rows of their own
                tiers.remove(stray)
                apexes = replace(apexes, annotations=(*apexes.annotations, *stray.annotations))
            tiers.append(apexes)
        return Timeline(name=name, media=tuple(Medium(name=one) for one in self._media), tiers=tuple(tiers))

    def _apex_tiers(self, tiers: Sequence[Tier]) -> Iterator[Tier]:
        """One tier of apexes for those that belong together, where it says the same as one for each."""
        for lane in dict.fromkeys(lane_of(name) for name in self._apexes):
            mine = {name: marks for name, marks in self._apexes.items() if lane_of(name) == lane}
            union = list(dict.fromkeys(mark for marks in mine.values() for mark in marks))
            clear = all(
                mark in mine.get(tier.name, ())
                for tier in tiers
                if tier.kind is TierKind.INTERVAL and lane_of(tier.name) == lane
                for one in tier.annotations
                for mark in union
                if one.end is not None and marks_apex_of(mark, one, one.end)
            )
            for name, marks in {f"{lane}{APEX_TIER}": union}.items() if clear else mine.items():
                yield Tier(
                    name=name if clear else f"{name}.{APEX_TIER}",
                    kind=TierKind.POINT,
                    annotations=tuple(sorted(marks, key=lambda one: one.start or 0)),
                )


def _table(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    data = read_whole(path, _KIND)
    try:
        text = data.decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
        first = text.partition("\n")[0]
        lines = list(csv.reader(StringIO(text, newline=""), delimiter=max(",\t;", key=first.count), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput.of("interchange.csv", f"{path} cannot be read as CSV ({error})", f"give {_KIND}") from error
    header = [name.strip() for name in lines[0]] if lines else []
    doubled = next((name for name, count in Counter(header).items() if name and count > 1), None)
    if doubled is not None:
        raise BadInput.of(
            "interchange.csv", f"{path} names the column {doubled} {header.count(doubled)} times", "keep one"
        )
    return header, [(number, row) for number, row in enumerate(lines[1:], start=2) if any(cell.strip() for cell in row)]


def _in_seconds(cells: Mapping[str, str]) -> tuple[Fraction, Fraction | None, Fraction] | str:
    times: list[Fraction | None] = []
    for what in ("start", "apex", "end"):
        text = cells[what].strip()
        try:
            times.append(exact_seconds(text) if text or what != "apex" else None)
        except (ValueError, ZeroDivisionError):
            return f"{text[:40]!r} is no time in seconds"
    start, apex, end = times
    return "a time is missing" if start is None or end is None else (start, apex, end)


def _in_frames(plain: Mapping[str, str], clock: FrameClock) -> tuple[Fraction, Fraction | None, Fraction] | str:
    frames = []
    for column in FRAME_COLUMNS:
        text = plain[column].strip()
        if not (text.isascii() and text.isdigit() and len(text) < 12):
            return f"{column} is {text[:40]!r}, no frame number"
        if int(text) > clock.last_frame:
            return f"{column} is {text}, the recording's last frame is {clock.last_frame}"
        frames.append(Frame(int(text)))
    onset, apex, offset = frames
    return clock.start_of(onset), clock.start_of(apex), clock.end_of(offset)


def write_span_csv(path: Path, timelines: Sequence[Timeline]) -> tuple[Finding, ...]:
    """Write every annotation as a row in seconds.

    Returns:
        What the format cannot hold.

    Raises:
        BadInput: it cannot be written.
    """
    findings: list[Finding] = []
    clean = []
    for timeline in timelines:
        printable, unprintable = all_printable(timeline)
        clean.append(printable)
        findings.extend(unprintable)
    lines, unfit = span_lines(clean)
    write_lines(path, lines)
    return (*findings, *unfit, *_lost(clean))


def write_lines(path: Path, lines: Sequence[SpanLine]) -> None:
    """Write the rows of a span table, in frames where every row has them, else in seconds."""
    in_frames = bool(lines) and all(line.frames is not None for line in lines)
    times = FRAME_COLUMNS if in_frames else SECOND_COLUMNS
    rows = [["observation", "recording", "tier", "kind", *times, "apex_from", "value", "subject", "coder", "comment"]]
    for line in lines:
        span = line.frames
        seconds = [decimal(time) for time in line.seconds]
        rows.append(
            [
                guarded(line.observation),
                guarded(line.recording),
                guarded(line.tier),
                line.kind.value,
                *([f"{span.onset}", f"{span.apex}", f"{span.offset}"] if in_frames and span is not None else seconds),
                line.apex_from.value,
                *(guarded(cell) for cell in (line.value, line.subject, line.coder, line.comment)),
            ]
        )
    with written_aside(path) as aside:
        aside.write_bytes("".join(",".join(map(_cell, row)) + "\n" for row in rows).encode())


def _cell(text: str) -> str:
    """A cell, in quotes where it needs them: the csv module leaves a carriage return bare, which ends the row."""
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",\r\n]', text) else text


def decimal(time: Fraction) -> str:
    """A time as a decimal: exact where it ends within 30 digits, else the shortest that gives the same double."""
    for digits in range(_DECIMALS + 1):
        scaled = time * 10**digits
        if scaled.denominator == 1:
            sign, whole = ("-" if scaled < 0 else ""), str(abs(int(scaled))).rjust(digits + 1, "0")
            return sign + (f"{whole[:-digits]}.{whole[-digits:]}" if digits else whole)
    return repr(float(time))


def _lost(timelines: Sequence[Timeline]) -> Iterator[Finding]:
    tiers = [tier for timeline in timelines for tier in timeline.tiers]
    empty = sum(not tier.annotations for tier in tiers)
    depending = sum(one.parent is not None for tier in tiers for one in tier.annotations)
    vocabularies = sum(len(tier.vocabularies) for tier in tiers)
    shifted = sum(one.offset_s != 0 for timeline in timelines for one in timeline.media)
    further = sum(max(0, len(timeline.media) - 1) for timeline in timelines)
    for what, count in (
        ("empty tiers", empty),
        ("which label depends on which", depending),
        ("lists of what may be chosen", vocabularies),
        ("further media", further),
        (
            "labels of apex marks",
            sum(one.value not in {"", APEX_TIER} for t in tiers if is_apex(t) for one in t.annotations),
        ),
    ):
        if count:
            yield cannot_hold("a table", what, count)
    if shifted:
        yield note("media_offset", "times are written on the first medium's own clock", "nothing")


def with_media(timelines: Sequence[Timeline], medium: Medium) -> tuple[Timeline, ...]:
    """The timelines on another recording, which ends them where its length is known."""
    return tuple(
        replace(timeline, media=(medium,), end_s=medium.length_s if medium.length_s is not None else timeline.end_s)
        for timeline in timelines
    )

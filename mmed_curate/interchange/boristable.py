"""BORIS events as tables (`.csv`, `.tsv`), read: "tabular events" with a row for each START, STOP and POINT, and
"aggregated events" with a row for each interval; those of today, and the older ones with lines of facts on top.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from io import StringIO
from pathlib import Path

from mmed_curate.domain.findings import BadInput, Finding
from mmed_curate.domain.spantable import exact_seconds
from mmed_curate.interchange.boris import (
    KIND,
    NO_SUBJECT,
    Event,
    bare,
    read_boris_project,
    tiers_of,
)
from mmed_curate.interchange.timelines import (
    Annotation,
    Medium,
    Reading,
    Tier,
    TierKind,
    Timeline,
    fault,
    note,
    of_observation,
    read_whole,
    remarks,
    said,
)

_TIME, _START, _STOP = ("Time", "Time (s)"), ("Start (s)", "Start"), ("Stop (s)", "Stop")
_STATUS = ("Behavior type", "Status", "Type")
_MEDIA = ("Media file name", "Media file path", "Media file", "Source")
_OBSERVATION, _OFFSET = "Observation id", "Time offset (s)"
_HEADER_WITHIN = 200
"""Rows of facts above the header at most (ours)."""


def read_boris(path: Path) -> Reading:
    """Read a BORIS project, or a table of its events where the file ends in .csv, .tsv or .txt.

    Raises:
        BadInput: it is neither.
    """
    if path.suffix.lower() not in {".csv", ".tsv", ".txt"}:
        return read_boris_project(path)
    rows = _rows(path)
    at = next((number for number, row in enumerate(rows[:_HEADER_WITHIN]) if _is_header(row)), None)
    if at is None:
        raise BadInput.of(
            "interchange.boris_table",
            f"{path} has no row with the columns Behavior and Time, or Behavior and Start (s)",
            "export the events from BORIS as tabular or aggregated events",
        )
    header = [name.strip() for name in rows[at]]
    doubled = next((name for name in header if name and header.count(name) > 1), None)
    if doubled is not None:
        raise BadInput.of("interchange.boris_table", f"{path} has the column {doubled} twice", "keep one of them")
    facts = {row[0].strip(): row[1].strip() for row in rows[:at] if len(row) > 1 and row[0].strip()}
    findings: list[Finding] = []
    by_observation: dict[str, list[tuple[int, Mapping[str, str]]]] = {}
    for number, row in enumerate(rows[at + 1 :], start=at + 2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) < len(header) and any(cell.strip() for cell in row[len(header) :]):
            findings.append(fault("cells", f"row {number}: {len(row)} cells under {len(header)} columns", "correct it"))
            continue
        cells = {name: cell.strip() for name, cell in zip(header, row, strict=False) if name}
        name = cells.get(_OBSERVATION) or facts.get(_OBSERVATION, "")
        by_observation.setdefault(name, []).append((number, cells))
    paired = any(name in header for name in _START)
    timelines = []
    for name, mine in by_observation.items():
        found: list[Finding] = []
        timelines.append(_timeline(name, mine, header, facts, found, paired=paired))
        findings.extend(of_observation(found, name))
    return Reading(
        timelines=tuple(timelines) or (Timeline(name=facts.get(_OBSERVATION, "")),), findings=tuple(findings)
    )


def _rows(path: Path) -> list[list[str]]:
    data = read_whole(path, KIND)
    try:
        text = data.decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
        head = text[:20000]
        delimiter = max("\t,;", key=head.count)
        return list(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput.of(
            "interchange.boris_table", f"{path} cannot be read as a table ({error})", f"give {KIND}, in UTF-8"
        ) from error


def _is_header(row: Sequence[str]) -> bool:
    names = {name.strip() for name in row}
    return "Behavior" in names and bool(names & {*_TIME, *_START})


def _timeline(
    name: str,
    rows: Sequence[tuple[int, Mapping[str, str]]],
    header: Sequence[str],
    facts: Mapping[str, str],
    findings: list[Finding],
    *,
    paired: bool,
) -> Timeline:
    if paired:
        tiers = _aggregated(rows, header, findings)
    else:
        events = list(_events(rows, header, findings))
        states = {one.behaviour for one in events if one.status in {"START", "STOP"}}
        known = {
            code: Tier(name=code, kind=TierKind.INTERVAL if code in states else TierKind.POINT)
            for code in dict.fromkeys(one.behaviour for one in events)
        }
        tiers = tiers_of(events, known, findings)
    offset = _time(_first(rows, (_OFFSET,)) or facts.get(_OFFSET, "")) or Fraction(0)
    if offset:
        findings.append(
            note(
                "time_offset",
                f"observation {name}: BORIS gives its time offset as {said(offset)}",
                "it is not taken off the times; take care which clock they are on",
            )
        )
    media = dict.fromkeys(cell for _, cells in rows for cell in [_named(cells, _MEDIA)] if cell)
    if not media:
        media = dict.fromkeys(value for key, value in facts.items() if key.startswith("Player #") and value)
    timeline = Timeline(name=name, media=tuple(Medium(name=one) for one in media), tiers=tiers, offset_s=offset)
    findings.extend(remarks(timeline, empty_labels=False))
    return timeline


def _events(
    rows: Sequence[tuple[int, Mapping[str, str]]], header: Sequence[str], findings: list[Finding]
) -> Iterator[Event]:
    for number, cells in rows:
        time = _time(_named(cells, _TIME))
        if time is None or not cells.get("Behavior"):
            findings.append(
                fault(
                    "event", f"row {number}: it has no time in seconds, or no behaviour", "correct it; it is left out"
                )
            )
            continue
        yield Event(
            place=f"row {number}",
            time=time,
            subject=_subject(cells),
            behaviour=cells["Behavior"],
            modifiers=_modifiers(cells, header),
            comment=cells.get("Comment", ""),
            status=next((cells[key].upper() for key in _STATUS if cells.get(key, "").upper() in _STATES), ""),
        )


_STATES = {"START", "STOP", "POINT"}


def _aggregated(
    rows: Sequence[tuple[int, Mapping[str, str]]], header: Sequence[str], findings: list[Finding]
) -> tuple[Tier, ...]:
    tiers: dict[str, Tier] = {}
    for number, cells in rows:
        start, end = _time(_named(cells, _START)), _time(_named(cells, _STOP))
        code, is_point = cells.get("Behavior", ""), cells.get("Behavior type", "").upper().startswith("POINT")
        if start is None or not code:
            findings.append(
                fault(
                    "event", f"row {number}: it has no start in seconds, or no behaviour", "correct it; it is left out"
                )
            )
            continue
        if end is None and not is_point:
            findings.append(
                fault(
                    "state_without_stop",
                    f"row {number}: {code} starts at {said(start)} and has no stop",
                    "add it in BORIS; its end stays unknown",
                    tier=code,
                )
            )
        tier = tiers.get(code) or Tier(name=code, kind=TierKind.POINT if is_point else TierKind.INTERVAL)
        one = Annotation(
            start=start,
            end=start if is_point and end is None else end,
            value=_modifiers(cells, header),
            subject=_subject(cells),
            comment=cells.get("Comment start") or cells.get("Comment", ""),
        )
        stopped = cells.get("Comment stop", "")
        if stopped and stopped != one.comment:
            findings.append(
                note("stop_comment", f"row {number}: the comment at the stop is not kept: {stopped[:80]}", "move it")
            )
        tiers[code] = replace(tier, annotations=(*tier.annotations, one))
    return tuple(tiers.values())


def _subject(cells: Mapping[str, str]) -> str:
    subject = cells.get("Subject", "")
    return "" if subject == NO_SUBJECT else subject


def _modifiers(cells: Mapping[str, str], header: Sequence[str]) -> str:
    numbered = [cells.get(name, "") for name in header if name.startswith("Modifier #")]
    return bare(cells.get("Modifiers", "") or "|".join(numbered).rstrip("|"))


def _named(cells: Mapping[str, str], names: Sequence[str]) -> str:
    return next((cells[name] for name in names if cells.get(name)), "")


def _first(rows: Sequence[tuple[int, Mapping[str, str]]], names: Sequence[str]) -> str:
    return _named(rows[0][1], names) if rows else ""


def _time(text: str) -> Fraction | None:
    try:
        return None if "/" in text else exact_seconds(text)
    except (ValueError, ZeroDivisionError):
        return None

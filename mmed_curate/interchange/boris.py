"""BORIS projects (`.boris`, JSON, project format 7.0 and what came before it): read.

A behaviour is a tier, its modifiers are the value: one part for each set, joined by `|` as BORIS does. A state event is
two rows, START and STOP in turns for each subject, behaviour and modifiers; they become one interval.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from mmed_curate.domain.findings import BadInput, Finding
from mmed_curate.domain.spantable import exact_seconds
from mmed_curate.interchange.timelines import (
    Annotation,
    Entry,
    Medium,
    Reading,
    Tier,
    TierKind,
    Timeline,
    Vocabulary,
    fault,
    note,
    of_observation,
    read_whole,
    remarks,
    said,
    warning,
)

KIND = "a BORIS project (.boris), or its events as .csv or .tsv"
NO_SUBJECT = "No focal subject"
POINT, STATE = "Point event", "State event"
NO_MODIFIER = "None"
"""What BORIS writes where no modifier was chosen."""
_SEVERAL = 1
"""Type of a set of modifiers of which several may be chosen."""
_KEPT = {"time_format", "project_name", "project_date", "subjects_conf", "observations", "behaviors_conf"}
_KEPT |= {"project_format_version", "project_description"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One row of BORIS: a point event, or one end of a state event."""

    place: str
    """For sentences, such as `row 12`."""
    time: Fraction
    subject: str
    behaviour: str
    modifiers: str
    comment: str
    status: str = ""
    """START, STOP or POINT where the file says so."""


def read_boris_project(path: Path) -> Reading:
    """Read a BORIS project: one timeline for each observation.

    Raises:
        BadInput: it is no such project.
    """
    project = _loaded(path)
    findings: list[Finding] = []
    behaviours = _behaviours(project, findings)
    timelines = []
    for name, observation in project["observations"].items():
        if not isinstance(observation, dict):
            raise _shape(path, f"observation {name} is no object")
        found: list[Finding] = []
        timelines.append(_observation(path, str(name), observation, behaviours, found))
        findings.extend(of_observation(found, str(name)))
    for key in sorted(set(project) - _KEPT):
        if project[key]:
            findings.append(note("not_kept", f"{key} is not kept", "keep the BORIS project for it", tag=key))
    return Reading(timelines=tuple(timelines), findings=tuple(findings))


def _loaded(path: Path) -> dict[str, Any]:
    data = read_whole(path, KIND)

    def unlike(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise ValueError(f"the key {key[:60]} is there twice")
            found[key] = value
        return found

    def barred(constant: str) -> None:
        raise ValueError(f"{constant} is no number")

    try:
        project = json.loads(data, parse_float=Decimal, object_pairs_hook=unlike, parse_constant=barred)
    except (ValueError, RecursionError, ArithmeticError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise BadInput.of("interchange.boris", f"{path} is no JSON document ({reason})", f"give {KIND}") from error
    if not isinstance(project, dict) or not isinstance(project.get("observations"), dict):
        raise _shape(path, "it has no observations")
    return project


def _shape(path: Path, what: str) -> BadInput:
    return BadInput.of("interchange.boris", f"{path} is no BORIS project: {what}", f"give {KIND}")


def _behaviours(project: Mapping[str, Any], findings: list[Finding]) -> dict[str, Tier]:
    found: dict[str, Tier] = {}
    configured = project.get("behaviors_conf")
    for one in configured.values() if isinstance(configured, dict) else ():
        code, kind = (str(one.get(key, "")) for key in ("code", "type")) if isinstance(one, dict) else ("", "")
        if not code:
            findings.append(warning("behaviour", "a behaviour has no code", "name it in BORIS"))
            continue
        if code in found:
            findings.append(
                warning("doubled_tier", f"the behaviour {code} is defined twice", "keep one of them", tier=code)
            )
            continue
        # the words may be followed by "with coding map" and the like
        is_point = kind.lower().startswith("point")
        found[code] = Tier(
            name=code,
            kind=TierKind.POINT if is_point else TierKind.INTERVAL,
            vocabularies=tuple(_sets(one.get("modifiers"))),
        )
    return found


def _sets(modifiers: object) -> Iterator[Vocabulary]:
    for position, one in enumerate(modifiers.values() if isinstance(modifiers, dict) else (), start=1):
        values = one.get("values") if isinstance(one, dict) else None
        if isinstance(values, list):
            yield Vocabulary(
                name=str(one.get("name") or f"modifier {position}"),
                # a value may carry its key in brackets: "left (l)"
                entries=tuple(Entry(value=str(value)) for value in values),
                several=one.get("type") == _SEVERAL,
            )


def _observation(
    path: Path, name: str, observation: Mapping[str, Any], behaviours: Mapping[str, Tier], findings: list[Finding]
) -> Timeline:
    rows = observation.get("events", [])
    if not isinstance(rows, list):
        raise _shape(path, f"the events of observation {name} are no list")
    events = []
    for number, row in enumerate(rows, start=1):
        where = f"observation {name}, event {number}"
        event = _event(where, row)
        if event is None:
            findings.append(
                fault("event", f"{where}: it is no time, subject, behaviour, modifiers and comment", "correct it")
            )
        else:
            events.append(event)
    offset = _seconds(observation.get("time offset", 0)) or Fraction(0)
    if offset:
        findings.append(
            note(
                "time_offset",
                f"observation {name}: BORIS shows its times {said(offset)} later than they are",
                "the times here are on the recording's clock, without it",
            )
        )
    media = tuple(_media(name, observation, findings))
    timeline = Timeline(
        name=name,
        media=media,
        tiers=tiers_of(events, behaviours, findings),
        end_s=_length(observation),
        offset_s=offset,
    )
    findings.extend(remarks(timeline, empty_labels=False))
    return timeline


def _event(where: str, row: object) -> Event | None:
    if not isinstance(row, list) or len(row) < 5:
        return None
    time = _seconds(row[0])
    subject, behaviour, modifiers, comment = ("" if cell is None else str(cell) for cell in row[1:5])
    if time is None or not behaviour:
        return None
    return Event(
        place=where, time=time, subject=subject, behaviour=behaviour, modifiers=bare(modifiers), comment=comment
    )


def bare(modifiers: str) -> str:
    """Modifiers without the word that BORIS puts where none was chosen at all."""
    return "" if set(modifiers.split("|")) == {NO_MODIFIER} else modifiers


def _seconds(value: object) -> Fraction | None:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return None
    try:
        return exact_seconds(str(value))
    except (ValueError, ZeroDivisionError):
        return None


def tiers_of(events: Iterable[Event], behaviours: Mapping[str, Tier], findings: list[Finding]) -> tuple[Tier, ...]:
    """Tiers for behaviours, in the order in which they are defined: STARTs and STOPs paired."""
    rows: dict[str, list[Event]] = {code: [] for code in behaviours}
    for event in sorted(events, key=lambda event: event.time):
        rows.setdefault(event.behaviour, []).append(event)
    tiers = []
    for code, mine in rows.items():
        tier = behaviours.get(code)
        if tier is None:
            findings.append(
                warning(
                    "unknown_behaviour",
                    f"{mine[0].place}: the behaviour {code} is not defined",
                    "define it in BORIS; it is read as points",
                    tier=code,
                )
            )
            tier = Tier(name=code, kind=TierKind.POINT)
        annotations = _points(mine) if tier.kind is TierKind.POINT else _paired(mine, findings)
        tiers.append(
            Tier(name=tier.name, kind=tier.kind, annotations=tuple(annotations), vocabularies=tier.vocabularies)
        )
    return tuple(tiers)


def _points(events: Iterable[Event]) -> Iterator[Annotation]:
    for one in events:
        yield Annotation(start=one.time, end=one.time, value=one.modifiers, subject=one.subject, comment=one.comment)


def _paired(events: Iterable[Event], findings: list[Finding]) -> list[Annotation]:
    open_: dict[tuple[str, str], Event] = {}
    paired: list[Annotation] = []
    for one in events:
        key = (one.subject, one.modifiers)
        started = open_.pop(key, None)
        if one.status == "START" and started is not None:
            paired.append(_interval(started, None, findings))
            started = None
        if started is None:
            if one.status == "STOP":
                findings.append(
                    fault(
                        "stop_without_start",
                        f"{one.place}: {one.behaviour} stops at {said(one.time)} and was never started",
                        "add its START in BORIS; it is left out",
                        tier=one.behaviour,
                    )
                )
            else:
                open_[key] = one
            continue
        paired.append(_interval(started, one, findings))
    paired.extend(_interval(one, None, findings) for one in open_.values())
    return sorted(paired, key=lambda one: (one.start or 0, one.end is None, one.end or 0))


def _interval(started: Event, stopped: Event | None, findings: list[Finding]) -> Annotation:
    if stopped is None:
        findings.append(
            fault(
                "state_without_stop",
                f"{started.place}: {started.behaviour} starts at {said(started.time)} and never stops",
                "add its STOP in BORIS; its end stays unknown",
                tier=started.behaviour,
            )
        )
    elif stopped.comment and stopped.comment != started.comment:
        findings.append(
            note(
                "stop_comment",
                f"{stopped.place}: the comment at the STOP is not kept: {stopped.comment[:80]}",
                "put it at the START",
            )
        )
    return Annotation(
        start=started.time,
        end=None if stopped is None else stopped.time,
        value=started.modifiers,
        subject=started.subject,
        comment=started.comment,
    )


def _media(name: str, observation: Mapping[str, Any], findings: list[Finding]) -> Iterator[Medium]:
    info = observation.get("media_info")
    lengths, offsets = (_within(info, key) for key in ("length", "offset"))
    players = observation.get("file")
    for player, files in sorted(players.items()) if isinstance(players, dict) else ():
        named = [str(file) for file in files] if isinstance(files, list) else []
        if len(named) > 1:
            findings.append(
                note(
                    "media_in_turn",
                    f"observation {name}: player {player} plays {len(named)} files one after the other",
                    "times count from the beginning of the first",
                )
            )
        # a player that is set later by n seconds shows what its file holds n seconds earlier
        offset = -(_seconds(offsets.get(player, 0)) or Fraction(0))
        for file in named:
            length = _seconds(lengths.get(file))
            yield Medium(name=file, offset_s=offset, length_s=length)
            offset -= length or 0


def _within(holder: object, key: str) -> Mapping[str, Any]:
    found = holder.get(key) if isinstance(holder, dict) else None
    return found if isinstance(found, dict) else {}


def _length(observation: Mapping[str, Any]) -> Fraction | None:
    """Where the media of the first player end; None: a live observation, or not known."""
    players, info = observation.get("file"), observation.get("media_info")
    if not isinstance(players, dict) or not isinstance(info, dict) or not isinstance(info.get("length"), dict):
        return None
    first = players.get("1")
    lengths = [_seconds(info["length"].get(file)) for file in first] if isinstance(first, list) else []
    known = [length for length in lengths if length is not None]
    return sum(known, Fraction(0)) if known and len(known) == len(lengths) else None

"""BORIS projects (`.boris`), written: project format 7.0, as BORIS 7 and later save it.

Tiers become behaviours, values modifiers. A state event is written as its START and its STOP.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from mmed_curate.domain.files import write_text
from mmed_curate.domain.findings import BadInput, Finding
from mmed_curate.interchange.boris import NO_MODIFIER, POINT, STATE
from mmed_curate.interchange.timelines import (
    Annotation,
    Medium,
    Tier,
    TierKind,
    Timeline,
    Vocabulary,
    all_printable,
    cannot_hold,
    fault,
    note,
    place,
    without_overlaps,
)

_NO_DATE = "1970-01-01T00:00:00"
"""BORIS asks for dates; ours do not come from the clock, so that equal timelines give equal files."""
_PLAYERS = 8
_KEYS = "abcdefghijklmnopqrstuvwxyz0123456789"


def write_boris(path: Path, timelines: Sequence[Timeline]) -> tuple[Finding, ...]:
    """Write timelines as the observations of one BORIS project.

    Args:
        path: to write; an older file there is replaced.
        timelines: at least one; their tiers of one name become one behaviour.

    Returns:
        What the format cannot hold.

    Raises:
        BadInput: there is no timeline, two have one name, or it cannot be written.
    """
    if not timelines:
        raise BadInput.of("interchange.no_timeline", f"{path}: there is nothing to write", "give at least one timeline")
    findings: list[Finding] = []
    observations: dict[str, Any] = {}
    behaviours: dict[str, Tier] = {}
    subjects: dict[str, None] = {}
    for position, given in enumerate(timelines, start=1):
        timeline, unprintable = all_printable(given)
        findings.extend(unprintable)
        name = timeline.name or f"observation {position}"
        if name in observations:
            raise BadInput.of(
                "interchange.doubled_observation", f"{path}: two timelines are named {name}", "name each differently"
            )
        tiers = list(_tiers(timeline, findings))
        for tier in tiers:
            known = behaviours.setdefault(tier.name, tier)
            if known.kind is not tier.kind:
                raise BadInput.of(
                    "interchange.two_kinds",
                    f"{path}: {tier.name} is a tier of points in one observation and of intervals in another",
                    "name one of them differently",
                )
        subjects.update(dict.fromkeys(one.subject for tier in tiers for one in tier.annotations if one.subject))
        observations[name] = _observation(timeline, tiers)
        findings.extend(_lost(timeline))
    project = {
        "time_format": "hh:mm:ss",
        "project_date": _NO_DATE,
        "project_name": path.stem,
        "project_description": "",
        "project_format_version": "7.0",
        "subjects_conf": {
            str(index): {"key": "", "name": name, "description": ""} for index, name in enumerate(subjects)
        },
        "behaviors_conf": {
            str(index): _behaviour(tier, _KEYS[index] if index < len(_KEYS) else "")
            for index, tier in enumerate(behaviours.values())
        },
        "observations": observations,
        "behavioral_categories": [],
        "behavioral_categories_config": {},
        "independent_variables": {},
        "coding_map": {},
        "behaviors_coding_map": [],
        "converters": {},
    }
    write_text(path, json.dumps(project, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    return tuple(findings)


def _tiers(timeline: Timeline, findings: list[Finding]) -> Iterator[Tier]:
    """Tiers whose events BORIS can pair again: no two that overlap share subject and modifiers."""
    counts = Counter(tier.name for tier in timeline.tiers)
    merged: dict[str, Tier] = {}
    for tier in timeline.tiers:
        name = tier.name or "tier"
        before = merged.get(name)
        if before is not None and before.kind is not tier.kind:
            name, before = f"{name} ({tier.kind.value})", None
        merged[name] = replace(
            before or tier, name=name, annotations=(*(before.annotations if before else ()), *tier.annotations)
        )
    for name, count in counts.items():
        if count > 1:
            findings.append(note("merged_tiers", f"{count} tiers named {name} became one behaviour", "nothing"))
    for tier in merged.values():
        kept = []
        for one in tier.annotations:
            reason = _unfit(tier, one)
            if reason is None:
                kept.append(one)
            else:
                findings.append(
                    fault("left_out", f"{place(tier, one)}: BORIS cannot hold {reason}", "it is left out; correct it")
                )
        whole = replace(tier, annotations=tuple(kept))
        yield from [whole] if tier.kind is TierKind.POINT else _pairable(whole, findings)


def _pairable(tier: Tier, findings: list[Finding]) -> Iterator[Tier]:
    lanes: dict[int, list[Annotation]] = {0: []}
    by_key: dict[tuple[str, str], list[Annotation]] = {}
    for one in tier.annotations:
        by_key.setdefault((one.subject, one.value), []).append(one)
    for key, alike in by_key.items():
        ended = [one for one in alike if one.end is not None]
        # a START that never stops would be paired with the next START
        endless = [one for one in alike if one.end is None]
        closed = replace(tier, annotations=tuple(ended))
        for lane, part in enumerate(without_overlaps(closed, Fraction(0))):
            lanes.setdefault(lane, []).extend(part.annotations)
        for one in endless:
            lane = 0
            while any(
                (other.subject, other.value) == key and (other.end is None or other.end > (one.start or 0))
                for other in lanes.setdefault(lane, [])
            ):
                lane += 1
            lanes[lane].append(one)
    if len(lanes) > 1:
        findings.append(
            note(
                "split_tier",
                f"tier {tier.name}: BORIS cannot tell overlapping events with equal modifiers apart, it became "
                f"{len(lanes)} behaviours",
                "read them as one",
                tier=tier.name,
            )
        )
    for lane, mine in lanes.items():
        name = tier.name if lane == 0 else f"{tier.name}/{lane + 1}"
        yield replace(tier, name=name, annotations=tuple(mine))


def _unfit(tier: Tier, one: Annotation) -> str | None:
    if one.start is None:
        return "a label without times"
    if one.end is not None and one.end < one.start:
        return "an interval that ends before it starts"
    return "a point without its time" if one.end is None and tier.kind is TierKind.POINT else None


def _lost(timeline: Timeline) -> Iterator[Finding]:
    annotations = [one for tier in timeline.tiers for one in tier.annotations]
    for what, count in (
        ("who made a label", sum(bool(one.coder) for one in annotations)),
        ("which label depends on which", sum(one.parent is not None for one in annotations)),
        ("descriptions of what may be chosen", sum(_described(one) for t in timeline.tiers for one in t.vocabularies)),
        (f"more than {_PLAYERS} media", max(0, len(timeline.media) - _PLAYERS)),
        (
            "the end of a point",
            sum(
                one.end != one.start
                for tier in timeline.tiers
                if tier.kind is TierKind.POINT
                for one in tier.annotations
                if one.end is not None
            ),
        ),
    ):
        if count:
            yield cannot_hold("BORIS", what, count)
    for tier in timeline.tiers:
        for one in tier.annotations:
            if set(one.value.split("|")) == {NO_MODIFIER}:
                yield fault(
                    "ambiguous", f"{place(tier, one)}: BORIS reads the label {one.value} as none at all", "rename it"
                )


def _described(vocabulary: Vocabulary) -> int:
    return sum(bool(entry.description) for entry in vocabulary.entries)


def _behaviour(tier: Tier, key: str) -> dict[str, Any]:
    return {
        "type": POINT if tier.kind is TierKind.POINT else STATE,
        "key": key,
        "code": tier.name,
        "description": "",
        "color": "",
        "category": "",
        "modifiers": {
            str(index): {
                "name": one.name,
                "description": "",
                "type": 1 if one.several else 0,
                "ask at stop": False,
                "values": [entry.value for entry in one.entries],
            }
            for index, one in enumerate(tier.vocabularies)
        },
        "excluded": "",
        "coding map": "",
    }


def _observation(timeline: Timeline, tiers: Sequence[Tier]) -> dict[str, Any]:
    events: list[tuple[Fraction, int, list[Any]]] = []
    for tier in tiers:
        # in their order, so that at one moment what ends does so before the next begins
        for one in sorted(tier.annotations, key=lambda one: (one.start or 0, one.end is None, one.end or 0)):
            ends = [(one.start, one.comment)]
            if tier.kind is TierKind.INTERVAL:
                ends.append((one.end, ""))
            for time, comment in ends:
                if time is not None:
                    row = [_number(time), one.subject, tier.name, one.value, comment, "NA"]
                    events.append((time, len(events), row))
    players = _players(timeline)
    files: dict[str, list[str]] = {str(player): [] for player in range(1, _PLAYERS + 1)}
    files.update({str(player): [one.name for one in media] for player, media in enumerate(players, start=1)})
    media = [one for played in players for one in played]
    return {
        "file": files if media else [],
        "type": "MEDIA" if media else "LIVE",
        "date": _NO_DATE,
        "description": "",
        "time offset": _number(timeline.offset_s),
        "events": [row for _, _, row in sorted(events, key=lambda event: event[:2])],
        "observation time interval": [0, 0],
        "independent_variables": {},
        "visualize_spectrogram": False,
        "visualize_waveform": False,
        "close_behaviors_between_videos": False,
        "media_info": {
            "length": {one.name: _number(one.length_s) for one in media if one.length_s is not None},
            "fps": {},
            "hasVideo": {},
            "hasAudio": {},
            "offset": {str(player): _number(-one.offset_s) for player, (one, *_) in enumerate(players, start=1)},
        },
    }


def _players(timeline: Timeline) -> list[list[Medium]]:
    """Media by player: one that begins where another ends follows it in the same player."""
    players: list[list[Medium]] = []
    for medium in timeline.media:
        last = players[-1][-1] if players else None
        if last is not None and last.length_s and medium.offset_s == last.offset_s - last.length_s:
            players[-1].append(medium)
        else:
            players.append([medium])
    return players[:_PLAYERS]


def _number(time: Fraction) -> float | int:
    """As JSON holds it: the shortest decimal that gives the same double."""
    number = float(time)
    return int(number) if number.is_integer() else number

"""Timelines as our span tables: one row for each annotation, with an apex where somebody marked one.

`mmed cut`, `mmed recut --spans` and `mmed agreement` read these tables.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction

from mmed_curate.domain.findings import BadInput, Finding
from mmed_curate.domain.time import FrameClock, Span
from mmed_curate.interchange.frames import frame_from, frame_until, lies_in
from mmed_curate.interchange.timelines import (
    Annotation,
    Medium,
    Tier,
    TierKind,
    Timeline,
    fault,
    note,
    place,
    said,
    warning,
)

APEX_TIER = "apex"
"""Points in a tier of this name, or in `TIER.apex`, are the apexes of the intervals round them."""


class ApexFrom(Enum):
    """Where a row's apex comes from."""

    MARK = "mark"
    """Somebody marked it."""
    MIDDLE = "middle"
    """Nobody did: the middle of the interval stands in."""
    POINT = "point"
    """The row is a point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanLine:
    """One row of the table."""

    observation: str
    recording: str
    """File name of the recording; empty: the file names none."""
    tier: str
    kind: TierKind
    seconds: tuple[Fraction, Fraction, Fraction]
    """Onset, apex, offset on the recording's own clock."""
    frames: Span | None
    """None: no clock was given."""
    apex_from: ApexFrom
    value: str
    subject: str
    coder: str
    comment: str


def span_lines(
    timelines: Sequence[Timeline],
    *,
    tiers: Collection[str] = (),
    coder: str = "",
    recording: str | None = None,
    clock: FrameClock | None = None,
) -> tuple[tuple[SpanLine, ...], tuple[Finding, ...]]:
    """The rows of a span table, and what could not become one.

    Args:
        timelines: as they were read.
        tiers: names of those to take; empty: all but the apexes.
        coder: whom to name where the file does not say; empty: the author of the file.
        recording: file name of the recording; None: the first medium that a timeline names.
        clock: of the recording, to count in frames; None: seconds.

    Raises:
        BadInput: there is no tier of a name that was asked for.
    """
    known = dict.fromkeys(tier.name for timeline in timelines for tier in timeline.tiers)
    for name in tiers:
        if name not in known:
            raise BadInput.of(
                "interchange.no_tier", f"there is no tier {name}", f"choose from: {', '.join(known) or 'none'}"
            )
    lines: list[SpanLine] = []
    findings: list[Finding] = []
    for timeline in timelines:
        medium = _medium(timeline, recording, findings)
        marks = _marks(timeline)
        for tier in timeline.tiers:
            if tiers and tier.name not in tiers:
                continue
            if not tiers and is_apex(tier):
                tier = _unused(tier, timeline, marks, findings)
            timed = [one for one in tier.annotations if _has_times(tier, one)]
            unknown = len(tier.annotations) - len(timed)
            if unknown:
                findings.append(
                    warning(
                        "unknown_times",
                        f"tier {tier.name}: {unknown} of {len(tier.annotations)} annotations have an unknown time",
                        "they are not in the table; set their times where they are needed",
                        tier=tier.name,
                        count=unknown,
                    )
                )
            for one in timed:
                line = _line(timeline, tier, one, marks, medium, coder, recording, clock, findings)
                if line is not None:
                    lines.append(line)
    guessed = sum(line.apex_from is ApexFrom.MIDDLE for line in lines)
    if guessed:
        findings.append(
            note(
                "no_apex",
                f"{guessed} of {len(lines)} rows have no apex mark: the middle stands in, apex_from says so",
                f"mark apexes as points in a tier named {APEX_TIER} where they are needed",
                count=guessed,
            )
        )
    return tuple(lines), tuple(findings)


def base_name(tier: str) -> str:
    """The name of a tier before it was split: without `@person` and `/2`, which exports add."""
    return tier.partition("@")[0].partition("/")[0] or tier


def is_apex(tier: Tier) -> bool:
    """Whether a tier holds the apexes of others."""
    name = base_name(tier.name)
    return tier.kind is TierKind.POINT and (name == APEX_TIER or name.endswith(f".{APEX_TIER}"))


def _unused(apexes: Tier, timeline: Timeline, marks: Mapping[str, _Marks], findings: list[Finding]) -> Tier:
    """The apexes that lie in no interval: they stay points of their own."""
    mine = marks.get(base_name(apexes.name))
    used = {
        id(mark)
        for tier in timeline.tiers
        if tier.kind is TierKind.INTERVAL and _of(tier, marks) is mine
        for one in tier.annotations
        if one.end is not None and mine is not None
        for mark in mine.within(one, one.end)
    }
    stray = tuple(mark for mark in apexes.annotations if id(mark) not in used)
    if stray:
        findings.append(
            warning(
                "stray_apex",
                f"tier {apexes.name}: {len(stray)} apexes lie in no interval, the first at {said(stray[0].start)}",
                "they are rows of their own; draw their intervals",
                tier=apexes.name,
                count=len(stray),
            )
        )
    return replace(apexes, annotations=stray)


def _medium(timeline: Timeline, recording: str | None, findings: list[Finding]) -> Medium | None:
    if not timeline.media:
        return None
    if recording is None:
        return timeline.media[0]
    found = next((one for one in timeline.media if one.file_name == recording), None)
    if found is None:
        named = ", ".join(one.file_name for one in timeline.media)
        findings.append(
            warning("other_medium", f"the file was made on {named}, not on {recording}", "check that it is the same")
        )
        return timeline.media[0]
    return found


@dataclass(frozen=True, slots=True)
class _Marks:
    """Apexes in the order of their times."""

    times: tuple[Fraction, ...]
    marks: tuple[Annotation, ...]

    def within(self, one: Annotation, end: Fraction) -> Iterator[Annotation]:
        """Those in an interval that ends at `end`, of the same people."""
        if one.start is not None:
            inside = slice(bisect_left(self.times, one.start), bisect_right(self.times, end))
            yield from (mark for mark in self.marks[inside] if marks_apex_of(mark, one, end))


_NO_MARKS = _Marks((), ())


def _marks(timeline: Timeline) -> dict[str, _Marks]:
    found: dict[str, list[tuple[Fraction, int, Annotation]]] = {}
    for tier in timeline.tiers:
        if is_apex(tier):
            mine = found.setdefault(base_name(tier.name), [])
            mine.extend(
                (one.start, len(mine) + i, one) for i, one in enumerate(tier.annotations) if one.start is not None
            )
    return {
        name: _Marks(tuple(time for time, _, _ in ones), tuple(one for _, _, one in ones))
        for name, ones in ((name, sorted(ones, key=lambda one: one[:2])) for name, ones in found.items())
    }


def _of(tier: Tier, marks: Mapping[str, _Marks]) -> _Marks:
    """The apexes of an interval tier: its own, else those of the tiers it belongs to."""
    base = base_name(tier.name)
    names = (f"{base}.{APEX_TIER}", f"{lane_of(base)}{APEX_TIER}")
    return next((marks[name] for name in names if name in marks), _NO_MARKS)


def lane_of(tier: str) -> str:
    """`2.` of `2.event`: tiers that begin with the same number belong together; empty: the first of them."""
    match = re.match(r"[1-9][0-9]*\.", tier)
    return match[0] if match else ""


def _line(
    timeline: Timeline,
    tier: Tier,
    one: Annotation,
    marks: Mapping[str, _Marks],
    medium: Medium | None,
    coder: str,
    recording: str | None,
    clock: FrameClock | None,
    findings: list[Finding],
) -> SpanLine | None:
    start, end = one.start, one.start if tier.kind is TierKind.POINT else one.end
    if start is None or end is None or end < start:
        findings.append(
            fault("no_span", f"{place(tier, one)}: it ends before it starts", "it is not in the table; correct it")
        )
        return None
    apex, apex_from = _apex(tier, one, end, marks, findings)
    shift = Fraction(0) if medium is None else medium.offset_s
    seconds = (start + shift, apex + shift, end + shift)
    frames = None
    if clock is not None:
        outside = next((time for time in seconds if not lies_in(time, clock)), None)
        if outside is not None:
            findings.append(
                fault(
                    "outside",
                    f"{place(tier, one)}: {said(outside)} is outside the recording",
                    "it is not in the table; check that the file belongs to this recording",
                )
            )
            return None
        onset = frame_from(seconds[0], clock)
        offset = max(onset, onset if tier.kind is TierKind.POINT else frame_until(seconds[2], clock))
        frames = Span(onset=onset, apex=min(max(frame_from(seconds[1], clock), onset), offset), offset=offset)
    name = recording if recording is not None else "" if medium is None else medium.file_name
    return SpanLine(
        observation=timeline.name,
        recording=name,
        tier=tier.name,
        kind=tier.kind,
        seconds=seconds,
        frames=frames,
        apex_from=apex_from,
        value=one.value,
        subject=one.subject or tier.subject,
        coder=one.coder or tier.coder or coder or timeline.coder,
        comment=one.comment,
    )


def _has_times(tier: Tier, one: Annotation) -> bool:
    return one.start is not None and (one.end is not None or tier.kind is TierKind.POINT)


def _apex(
    tier: Tier,
    one: Annotation,
    end: Fraction,
    marks: Mapping[str, _Marks],
    findings: list[Finding],
) -> tuple[Fraction, ApexFrom]:
    start = one.start or Fraction(0)
    if tier.kind is TierKind.POINT:
        return start, ApexFrom.POINT
    inside = [mark.start for mark in _of(tier, marks).within(one, end) if mark.start is not None]
    if len(inside) > 1:
        findings.append(
            warning(
                "several_apexes",
                f"tier {tier.name}, {said(start)}: {len(inside)} apexes lie in it",
                "the first is taken; leave one",
            )
        )
    return (inside[0], ApexFrom.MARK) if inside else ((start + end) / 2, ApexFrom.MIDDLE)


def marks_apex_of(mark: Annotation, one: Annotation, end: Fraction) -> bool:
    """Whether a mark lies in an interval that ends at `end`, and is of the same people."""
    if mark.start is None or one.start is None or not one.start <= mark.start <= end:
        return False
    return mark.subject in {"", one.subject} and mark.coder in {"", one.coder}

"""What annotation tools have in common: tiers of labelled times on the clock of a medium. Times are exact seconds.

Nothing that a file says is mended here. A time that a file does not give is None; a start after its end stays so.
What is odd is said in findings, with the tier and the time of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction
from pathlib import Path, PurePath, PureWindowsPath
from urllib.parse import unquote

from mmed_curate.domain.files import opened_text
from mmed_curate.domain.findings import BadInput, Finding, Severity


class TierKind(Enum):
    """What the labels of a tier stand on."""

    INTERVAL = "interval"
    POINT = "point"


class Relation(Enum):
    """How the annotations of a tier hang on those of its parent tier, in ELAN's four ways."""

    TIME_SUBDIVISION = "time-subdivision"
    """Parts of the parent's time, without gaps."""
    INCLUDED_IN = "included-in"
    """Within the parent's time, with gaps."""
    SYMBOLIC_SUBDIVISION = "symbolic-subdivision"
    """Parts of the parent, in order, without times of their own."""
    SYMBOLIC_ASSOCIATION = "symbolic-association"
    """One to one with the parent, without times of their own."""


SYMBOLIC = frozenset({Relation.SYMBOLIC_SUBDIVISION, Relation.SYMBOLIC_ASSOCIATION})
"""Relations under which an annotation takes its parent's time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that may be chosen."""

    value: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What may be chosen in a tier."""

    name: str
    entries: tuple[Entry, ...]
    several: bool = False
    """Several entries may be chosen at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One label in time."""

    start: Fraction | None
    """Seconds on the timeline; None: the file does not say."""
    end: Fraction | None
    """Where it ends, the moment itself outside; equal to the start in a tier of points. None: the file does not say."""
    value: str
    subject: str = ""
    """Whose behaviour it is; empty: not said."""
    coder: str = ""
    """Who made it; empty: not said."""
    comment: str = ""
    parent: int | None = None
    """Position of its parent among the parent tier's annotations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One line of annotations."""

    name: str
    kind: TierKind = TierKind.INTERVAL
    annotations: tuple[Annotation, ...] = ()
    """In the order of the file."""
    subject: str = ""
    """Of the tier as a whole; empty: not said."""
    coder: str = ""
    parent: str | None = None
    """Name of the tier that it depends on."""
    relation: Relation | None = None
    vocabularies: tuple[Vocabulary, ...] = ()
    """What may be chosen, one list for each part of a value; empty: free text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """A media file that a timeline was made on."""

    name: str
    """As the file names it: a path or an address."""
    offset_s: Fraction = Fraction(0)
    """What is added to a time of the timeline to get this file's own time."""
    length_s: Fraction | None = None
    mime: str = ""

    @property
    def file_name(self) -> str:
        """Its last part, without folders, whichever system wrote it."""
        plain = unquote(self.name) if "://" in self.name or self.name.startswith("file:") else self.name
        return PureWindowsPath(plain).name if "\\" in plain else PurePath(plain).name


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Everything that was annotated on one recording, or on several that were watched together."""

    name: str = ""
    """Of the observation, where a file holds several."""
    media: tuple[Medium, ...] = ()
    """The first one is what the times belong to."""
    tiers: tuple[Tier, ...] = ()
    start_s: Fraction = Fraction(0)
    """Where the timeline begins."""
    end_s: Fraction | None = None
    """Where it ends; None: the file does not say."""
    offset_s: Fraction = Fraction(0)
    """What the tool adds to a time where it shows it, such as the time of day; not in the times here."""
    coder: str = ""
    """Who made the file; empty: not said."""

    @property
    def n_annotations(self) -> int:
        """Annotations in all tiers."""
        return sum(len(tier.annotations) for tier in self.tiers)

    def tier(self, name: str) -> Tier | None:
        """The first tier of that name."""
        return next((tier for tier in self.tiers if tier.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a file held, and what was odd about it."""

    timelines: tuple[Timeline, ...]
    findings: tuple[Finding, ...] = ()


_NAMED_AT_MOST = 3
"""Places that one remark spells out; the rest are counted."""


def note(code: str, what: str, remedy: str, **parameters: str | int | float) -> Finding:
    """A remark that needs nothing to be done."""
    return Finding(code=f"interchange.{code}", what=what, remedy=remedy, severity=Severity.NOTE, parameters=parameters)


def warning(code: str, what: str, remedy: str, **parameters: str | int | float) -> Finding:
    """Something that someone should look at."""
    return Finding(
        code=f"interchange.{code}", what=what, remedy=remedy, severity=Severity.WARNING, parameters=parameters
    )


def fault(code: str, what: str, remedy: str, **parameters: str | int | float) -> Finding:
    """Something that cannot be used as it is."""
    return Finding(code=f"interchange.{code}", what=what, remedy=remedy, parameters=parameters)


def said(time: Fraction | None) -> str:
    """A time for a sentence, in seconds."""
    return "an unknown time" if time is None else f"{float(time):.3f} s"


def place(tier: Tier, annotation: Annotation) -> str:
    """Where an annotation lies, for a sentence."""
    return f"tier {tier.name}, {said(annotation.start)}"


def remarks(timeline: Timeline, *, empty_labels: bool = True) -> Iterator[Finding]:
    """What is odd in a timeline: names, order, overlaps, times outside, empty labels. Nothing is changed.

    Args:
        timeline: as it was read.
        empty_labels: False where the format says nothing with them.
    """
    names = [tier.name for tier in timeline.tiers]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield warning(
            "doubled_tier",
            f"{names.count(name)} tiers are named {name}",
            "give each a name of its own, or they will be taken as one",
            tier=name,
        )
    ends = timeline.end_s if timeline.end_s is not None else (timeline.media[0].length_s if timeline.media else None)
    for tier in timeline.tiers:
        yield from _of_tier(tier, timeline.start_s, ends, empty_labels=empty_labels)


def _of_tier(tier: Tier, begins: Fraction, ends: Fraction | None, *, empty_labels: bool) -> Iterator[Finding]:
    symbolic = tier.relation in SYMBOLIC
    empty = [one for one in tier.annotations if not one.value.strip()] if empty_labels else []
    if empty:
        times = ", ".join(said(one.start) for one in empty[:_NAMED_AT_MOST])
        more = f" and {len(empty) - _NAMED_AT_MOST} more" if len(empty) > _NAMED_AT_MOST else ""
        yield note(
            "empty_label",
            f"tier {tier.name}: the label at {times}{more} is empty",
            "fill it in where one was meant",
            tier=tier.name,
            count=len(empty),
        )
    for annotation in () if symbolic else tier.annotations:
        where = place(tier, annotation)
        start, end = annotation.start, annotation.end
        if start is not None and end is not None and end < start:
            yield fault(
                "order", f"{where}: it ends before it starts, at {said(end)}", "correct one of them", tier=tier.name
            )
        elif tier.kind is TierKind.INTERVAL and start is not None and start == end:
            yield warning(
                "no_duration", f"{where}: an interval without duration", "stretch it, or use points", tier=tier.name
            )
        elif tier.kind is TierKind.POINT and start != end:
            yield warning(
                "stretched_point",
                f"{where}: a point was expected, it lasts until {said(end)}",
                "mark its moment only; its beginning is taken",
                tier=tier.name,
            )
        for time in {start, end} - {None}:
            if time is not None and (time < begins or (ends is not None and time > ends)):
                limit = "before it begins" if time < begins else f"after its end at {said(ends)}"
                yield warning(
                    "outside",
                    f"{where}: {said(time)} is outside the timeline, {limit}",
                    "check that it belongs to this recording",
                    tier=tier.name,
                )
    if tier.kind is TierKind.INTERVAL and not symbolic:
        for before, after in _overlaps(tier):
            yield warning(
                "overlap",
                f"{place(tier, after)}: it overlaps the interval {said(before.start)} to {said(before.end)}",
                "move one of them, or put it in a tier of its own",
                tier=tier.name,
            )


def _overlaps(tier: Tier) -> Iterator[tuple[Annotation, Annotation]]:
    latest: dict[tuple[str, str], tuple[Fraction, Annotation]] = {}
    for start, end, annotation in sorted(_whole(tier.annotations), key=lambda one: one[:2]):
        key = (annotation.subject, annotation.coder)
        if key in latest and start < latest[key][0]:
            yield latest[key][1], annotation
        if key not in latest or end > latest[key][0]:
            latest[key] = (end, annotation)


def _whole(annotations: Iterable[Annotation]) -> Iterator[tuple[Fraction, Fraction, Annotation]]:
    for one in annotations:
        if one.start is not None and one.end is not None and one.start <= one.end:
            yield one.start, one.end, one


def of_observation(findings: Iterable[Finding], name: str) -> tuple[Finding, ...]:
    """The findings, each saying of which of a file's timelines it is."""
    return tuple(replace(one, parameters={**one.parameters, "observation": name}) for one in findings)


def cannot_hold(format_name: str, what: str, count: int, *, remedy: str = "keep the table beside it") -> Finding:
    """What a file that is written leaves out."""
    return warning("lost", f"{format_name} cannot hold {what} ({count} left out)", remedy, count=count)


def without_overlaps(tier: Tier, least_s: Fraction) -> tuple[Tier, ...]:
    """The tier in as many tiers as it takes that no two annotations of one share a moment: `name`, `name/2`, and so on.

    Annotations whose order is wrong or whose times are unknown stay in the first.

    Args:
        tier: one without children.
        least_s: time that a label takes up at least, in seconds, also a point.
    """
    free: list[Fraction] = []
    lane_of = [0] * len(tier.annotations)
    timed = [(one.start, one.end, index) for index, one in enumerate(tier.annotations)]
    for start, end, index in sorted((a, b, i) for a, b, i in timed if a is not None and b is not None and a <= b):
        lane = next((lane for lane, until in enumerate(free) if start >= until), len(free))
        until = max(end, start + least_s)
        free[lane : lane + 1] = [until]
        lane_of[index] = lane
    return tuple(
        replace(
            tier,
            name=tier.name if lane == 0 else f"{tier.name}/{lane + 1}",
            annotations=tuple(one for one, its in zip(tier.annotations, lane_of, strict=True) if its == lane),
        )
        for lane in range(max(len(free), 1))
    )


def split_overlaps(timeline: Timeline, least_s: Fraction, format_name: str) -> tuple[Timeline, tuple[Finding, ...]]:
    """The timeline with overlapping annotations in tiers of their own, and what was split.

    Args:
        timeline: to be written.
        least_s: time that a label takes up at least, in seconds, also a point.
        format_name: for the sentences.
    """
    parents = {tier.parent for tier in timeline.tiers}
    tiers: list[Tier] = []
    findings: list[Finding] = []
    for tier in timeline.tiers:
        if tier.name in parents or tier.relation in SYMBOLIC:
            tiers.append(tier)
            continue
        lanes = without_overlaps(tier, least_s)
        tiers.extend(lanes)
        if len(lanes) > 1:
            findings.append(
                note(
                    "split_tier",
                    f"tier {tier.name}: {format_name} cannot hold overlapping labels in one tier, it became "
                    f"{len(lanes)} tiers, {lanes[0].name} to {lanes[-1].name}",
                    "read them as one",
                    tier=tier.name,
                )
            )
    return replace(timeline, tiers=tuple(tiers)), tuple(findings)


_BARRED = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold; no text format of ours holds it either."""


def printable(text: str) -> str:
    """The text with signs that no text file can hold (control codes, half characters) shown as U+FFFD."""
    return _BARRED.sub("\N{REPLACEMENT CHARACTER}", text)


def only_one(path: Path, timelines: Sequence[Timeline], holder: str) -> Timeline:
    """The one timeline that goes into a file.

    Args:
        path: of the file.
        timelines: what was given.
        holder: what the format calls a file of it, with its article.

    Raises:
        BadInput: there is not exactly one.
    """
    if len(timelines) != 1:
        raise BadInput.of(
            "interchange.one_timeline",
            f"{path}: {holder} holds one recording, {len(timelines)} were given",
            "write one file for each",
        )
    return timelines[0]


def all_printable(timeline: Timeline) -> tuple[Timeline, tuple[Finding, ...]]:
    """The timeline with every label and comment `printable`, and where that changed something."""
    findings: list[Finding] = []
    tiers: list[Tier] = []
    for tier in timeline.tiers:
        annotations = []
        for one in tier.annotations:
            clean = replace(
                one,
                value=printable(one.value),
                subject=printable(one.subject),
                coder=printable(one.coder),
                comment=printable(one.comment),
            )
            if clean != one:
                findings.append(
                    warning(
                        "unprintable",
                        f"{place(tier, one)}: it holds a control code that no text file can hold",
                        "it is written as a replacement character; correct the label",
                        tier=tier.name,
                    )
                )
            annotations.append(clean)
        tiers.append(replace(tier, name=printable(tier.name), annotations=tuple(annotations)))
    return replace(timeline, tiers=tuple(tiers)), tuple(findings)


def read_whole(path: Path, kind: str) -> bytes:
    """The bytes of a file that someone gave us.

    Raises:
        BadInput: it is no regular file, cannot be read, is empty, or is longer than any annotation file.
    """
    try:
        with opened_text(path) as stream:
            data = stream.buffer.read(_MOST_BYTES + 1)
    except OSError as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
        raise BadInput.of(
            "interchange.unreadable", f"{path} cannot be read ({reason})", f"give the path of {kind}"
        ) from error
    if not data.strip():
        raise BadInput.of("interchange.empty", f"{path} is empty", f"give the path of {kind}")
    if len(data) > _MOST_BYTES:
        raise BadInput.of(
            "interchange.too_long",
            f"{path} is longer than {_MOST_BYTES >> 20} MiB, which no annotation file is",
            f"give the path of {kind}",
        )
    return data


_MOST_BYTES = 256 << 20
"""Ours: a hundred times a large ELAN document."""

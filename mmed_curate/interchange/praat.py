"""Praat TextGrids: long and short text, UTF-8 and UTF-16, as Praat's manual describes them ("TextGrid file formats").

Praat reads only free-standing numbers, texts in quotes and flags such as <exists>; all else is for people. So do we:
long and short files are one format. Interval tiers have no gaps: an empty label is where nothing was annotated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from mmed_curate.domain.files import written_aside
from mmed_curate.domain.findings import BadInput, Finding
from mmed_curate.domain.spantable import exact_seconds
from mmed_curate.interchange.timelines import (
    Annotation,
    Reading,
    Tier,
    TierKind,
    Timeline,
    all_printable,
    cannot_hold,
    fault,
    note,
    only_one,
    place,
    read_whole,
    remarks,
    said,
    split_overlaps,
    warning,
)

_KIND = "a Praat TextGrid, saved as a text file"
_TOKEN = re.compile(
    r'"(?P<text>(?:[^"]|"")*)"|(?P<flag><[a-z]+>)|(?P<comment>!.*)|(?P<number>(?<!\S)[-+]?(?:\d+\.?\d*|\.\d+)'
    r"(?:[eE][-+]?\d+)?(?!\S))|(?P<open>\")"
)
_CLASSES = {"IntervalTier": TierKind.INTERVAL, "TextTier": TierKind.POINT}
_LEAST = Fraction(1, 10**9)
"""Two marks closer than this cannot be told apart in Praat's window (ours)."""


def read_textgrid(path: Path) -> Reading:
    """Read a TextGrid. Each tier keeps its name and order; empty intervals, which fill the gaps, are passed over.

    Raises:
        BadInput: it is no TextGrid in text form, or breaks off.
    """
    findings: list[Finding] = []
    text = _decoded(path, findings)
    tokens = _Tokens(path, text)
    if tokens.text("the file type") not in {"ooTextFile", "ooTextFile short"} or tokens.text("the class") != "TextGrid":
        raise tokens.wrong("it does not begin as a TextGrid")
    start, end = tokens.number("xmin"), tokens.number("xmax")
    tiers: list[Tier] = []
    if tokens.flag() == "<exists>":
        for position in range(1, tokens.count("tiers") + 1):
            tiers.append(_tier(tokens, position, start, end, findings))
    if tokens.left():
        findings.append(
            warning("left_over", f"{path.name}: there is more after the last tier", "check that the file is whole")
        )
    timeline = Timeline(tiers=tuple(tiers), start_s=start, end_s=end)
    findings.extend(remarks(timeline))
    return Reading(timelines=(timeline,), findings=tuple(findings))


def _tier(tokens: _Tokens, position: int, start: Fraction, end: Fraction, findings: list[Finding]) -> Tier:
    name_of_class = tokens.text(f"the class of tier {position}")
    kind = _CLASSES.get(name_of_class)
    if kind is None:
        raise tokens.wrong(f"tier {position} is a {name_of_class}, which is neither IntervalTier nor TextTier")
    name = tokens.text(f"the name of tier {position}")
    first, last = tokens.number(f"xmin of tier {name}"), tokens.number(f"xmax of tier {name}")
    if (first, last) != (start, end):
        findings.append(
            note(
                "tier_span",
                f"tier {name} runs from {said(first)} to {said(last)}, the grid from {said(start)} to {said(end)}",
                "nothing: the grid's is kept",
                tier=name,
            )
        )
    annotations = []
    before = first
    for index in range(1, tokens.count(f"what is in tier {name}") + 1):
        what = f"label {index} of tier {name}"
        begins = tokens.number(what)
        ends = begins if kind is TierKind.POINT else tokens.number(what)
        if kind is TierKind.INTERVAL and begins > before:
            findings.append(
                note("gap", f"tier {name}: nothing between {said(before)} and {said(begins)}", "nothing", tier=name)
            )
        before = max(before, ends)
        value = tokens.text(what)
        if value or kind is TierKind.POINT:
            annotations.append(Annotation(start=begins, end=ends, value=value))
        elif ends < begins:
            findings.append(
                fault("order", f"tier {name}, {said(begins)}: an empty interval ends before it starts", "correct it")
            )
    return Tier(name=name, kind=kind, annotations=tuple(annotations))


class _Tokens:
    """What Praat reads of a text file, one after the other."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text
        self._found = self._all()
        self._at = 0

    def _all(self) -> Iterator[re.Match[str]]:
        for match in _TOKEN.finditer(self._text):
            if match.lastgroup != "comment":
                yield match

    def wrong(self, what: str) -> BadInput:
        """The error that names file and line."""
        line = self._text.count("\n", 0, self._at) + 1
        return BadInput.of(
            "interchange.textgrid", f"{self._path}, line {line}: {what}", f"give {_KIND}, as Praat wrote it"
        )

    def _next(self, group: str, what: str) -> str:
        match = next(self._found, None)
        if match is None:
            self._at = len(self._text)
            raise self.wrong(f"the file breaks off before {what}")
        self._at = match.start()
        if match.lastgroup != group:
            raise self.wrong(f"{what} should stand here")
        return match[group]

    def text(self, what: str) -> str:
        return self._next("text", what).replace('""', '"')

    def flag(self) -> str:
        return self._next("flag", "<exists>")

    def number(self, what: str) -> Fraction:
        written = self._next("number", what)
        try:
            return exact_seconds(written)
        except (ValueError, ZeroDivisionError):
            raise self.wrong(f"{written[:40]} is no time of a recording") from None

    def count(self, what: str) -> int:
        number = self.number(f"the number of {what}")
        if number.denominator != 1 or number < 0:
            raise self.wrong(f"the number of {what} is {float(number):g}")
        return int(number)

    def left(self) -> bool:
        return next(self._found, None) is not None


def _decoded(path: Path, findings: list[Finding]) -> str:
    data = read_whole(path, _KIND)
    if data.startswith((b"ooBinaryFile", b"\xef\xbb\xbfooBinaryFile")):
        raise BadInput.of(
            "interchange.binary_textgrid", f"{path} is a binary TextGrid", "save it in Praat as a text file"
        )
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = "" if encoding == "utf-16" else data.decode("latin-1")
        findings.append(
            warning("encoding", f"{path.name} is not UTF-8; it was read as Latin-1", "look at its accents and symbols")
        )
    if "ooTextFile" not in text[:200] or "\0" in text:
        raise BadInput.of("interchange.textgrid", f"{path} is no TextGrid", f"give {_KIND}")
    return text


def write_textgrid(path: Path, timelines: Sequence[Timeline], *, short: bool = False) -> tuple[Finding, ...]:
    """Write one timeline as a TextGrid in UTF-8, long or short.

    Args:
        path: to write; an older file there is replaced.
        timelines: exactly one, of which tiers, times and labels are written.
        short: without the words that only people read.

    Returns:
        What the format cannot hold.

    Raises:
        BadInput: there is not exactly one timeline, or it cannot be written.
    """
    timeline, findings = _prepared(path, timelines)
    start, end = _grid(timeline)
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', ""]

    def put(depth: int, name: str, value: str) -> None:
        lines.append(value if short else f"{'    ' * depth}{name} {value} ")

    def head(depth: int, name: str) -> None:
        if not short:
            lines.append(f"{'    ' * depth}{name}")

    put(0, "xmin =", _number(start))
    put(0, "xmax =", _number(end))
    put(0, "tiers?", "<exists>" if timeline.tiers else "<absent>")
    if timeline.tiers:
        put(0, "size =", str(len(timeline.tiers)))
        head(0, "item []: ")
    for position, tier in enumerate(timeline.tiers, start=1):
        is_point = tier.kind is TierKind.POINT
        rows = [(_number(t), None, v) for t, _, v in _rows(tier)] if is_point else _filled(_rows(tier), start, end)
        kind = "points" if is_point else "intervals"
        head(1, f"item [{position}]:")
        put(2, "class =", '"TextTier"' if is_point else '"IntervalTier"')
        put(2, "name =", _quoted(tier.name))
        put(2, "xmin =", _number(start))
        put(2, "xmax =", _number(end))
        put(2, f"{kind}: size =", str(len(rows)))
        for index, (begins, ends, value) in enumerate(rows, start=1):
            head(2, f"{kind} [{index}]:")
            put(3, "number =" if is_point else "xmin =", begins)
            if ends is not None:
                put(3, "xmax =", ends)
            put(3, "mark =" if is_point else "text =", _quoted(value))
    with written_aside(path) as aside:
        aside.write_bytes(("\n".join(lines) + "\n").encode())
    return findings


def _prepared(path: Path, timelines: Sequence[Timeline]) -> tuple[Timeline, tuple[Finding, ...]]:
    timeline, findings = all_printable(only_one(path, timelines, "a TextGrid"))
    findings += tuple(_lost(timeline))
    kept = Timeline(
        start_s=timeline.start_s,
        end_s=timeline.end_s if timeline.end_s is not None or not timeline.media else timeline.media[0].length_s,
        tiers=tuple(
            Tier(
                name=tier.name,
                kind=tier.kind,
                annotations=tuple(one for one in tier.annotations if not _unfit(tier, one)),
            )
            for tier in timeline.tiers
        ),
    )
    apart, split = split_overlaps(kept, _LEAST, "Praat")
    return apart, (*findings, *split)


def _unfit(tier: Tier, one: Annotation) -> str | None:
    """Why Praat cannot hold an annotation; None: it can."""
    if one.start is None or one.end is None:
        return "a label without times"
    if one.end < one.start:
        return "an interval that ends before it starts"
    if tier.kind is TierKind.INTERVAL and _number(one.start) == _number(one.end):
        return "an interval without duration"
    return "an empty label of an interval" if tier.kind is TierKind.INTERVAL and not one.value else None


def _lost(timeline: Timeline) -> Iterator[Finding]:
    annotations = [one for tier in timeline.tiers for one in tier.annotations]
    for what, count in (
        ("whose behaviour a label is", sum(bool(one.subject) for one in annotations)),
        ("who made a label", sum(bool(one.coder) for one in annotations)),
        ("comments", sum(bool(one.comment) for one in annotations)),
        ("which label depends on which", sum(one.parent is not None for one in annotations)),
        ("lists of what may be chosen", sum(len(tier.vocabularies) for tier in timeline.tiers)),
        ("links to media", len(timeline.media)),
    ):
        if count:
            yield cannot_hold("Praat", what, count)
    for tier in timeline.tiers:
        for one in tier.annotations:
            reason = _unfit(tier, one)
            if reason is not None:
                yield fault(
                    "left_out",
                    f"{place(tier, one)}: Praat cannot hold {reason}",
                    "it is left out; give it times and a label",
                )
            if tier.kind is TierKind.POINT and one.start != one.end and reason is None:
                yield warning(
                    "stretched_point", f"{place(tier, one)}: it lasts until {said(one.end)}", "its beginning is written"
                )


def _rows(tier: Tier) -> list[tuple[Fraction, Fraction, str]]:
    rows = [(one.start, one.end, one.value) for one in tier.annotations]
    return sorted((start, end, value) for start, end, value in rows if start is not None and end is not None)


def _grid(timeline: Timeline) -> tuple[Fraction, Fraction]:
    times = [time for tier in timeline.tiers for row in _rows(tier) for time in row[:2]]
    start = min([timeline.start_s, *times])
    end = max([*times, start + 1] if timeline.end_s is None else [*times, timeline.end_s])
    return start, end


def _filled(
    rows: Sequence[tuple[Fraction, Fraction, str]], start: Fraction, end: Fraction
) -> list[tuple[str, str | None, str]]:
    """Rows with empty ones in the gaps, as Praat wants them."""
    filled: list[tuple[str, str | None, str]] = []
    at = _number(start)
    for begins, ends, value in rows:
        if _number(begins) != at:
            filled.append((at, _number(begins), ""))
        at = _number(ends)
        filled.append((_number(begins), at, value))
    if at != _number(end) or not filled:
        filled.append((at, _number(end), ""))
    return filled


def _number(time: Fraction) -> str:
    """As Praat writes it: the shortest decimal that gives the same double."""
    number = float(time)
    return str(int(number)) if number.is_integer() else repr(number)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'

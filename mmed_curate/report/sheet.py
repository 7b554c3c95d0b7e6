"""A contact sheet as a page: every movement that was proposed, with its pictures and curves. One file, no scripts.

Arrays and words in, text out: pictures arrive as encoded bytes. Curves are drawn as SVG. Everything is escaped.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.findings import Finding, Severity

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

CELL_PX = 128
"""Side of a picture on a sheet."""
CELLS = ("the clip at its apex", "onset", "apex", "offset", "onset to apex")
"""Pictures of a movement, from left to right."""
QUIET_DB, LOUD_DB = -70.0, 0.0
"""Ends of the axis of level."""
LEAST_AXIS_PX = 1.0
"""The axis of motion reaches at least so far, so that noise does not look like a movement."""

_MOST_POINTS = 240
"""Points of a curve; more would not be told apart at its width."""
_WIDE, _HIGH, _SOUND_HIGH = 520.0, 84.0, 40.0
"""Size of the curves, in units of the SVG."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Movement:
    """One row of a sheet."""

    name: str
    """What the clip is called."""
    when: str
    """Where in the recording."""
    words: tuple[str, ...]
    """Region, length and whatever else is known, a line each."""
    tags: tuple[str, ...]
    score: float | None
    """None: it has none."""
    strip: Bytes | None
    """(128, 640, 3) the five pictures of `CELLS`; None: there are none to show."""
    times_s: npt.NDArray[np.float64]
    """(T,) of the clip's frames."""
    own: Floats
    """(T,) px of the aligned face by which the region lies off its usual place; NaN where it was not seen."""
    others: Floats
    """(T,) the furthest of all regions."""
    span_s: tuple[float, float, float]
    """Onset, apex, and when the offset frame ends, in seconds of the clip."""
    duration_s: float
    """Of the clip."""
    level_times_s: npt.NDArray[np.float64]
    """(n,) of the sound's windows; empty: there is no sound."""
    level_db: Floats
    """(n,) dB relative to full scale."""
    speaks: npt.NDArray[np.bool_]
    """(n,)"""
    unscored: str = "marked by a person"
    """What is said in the place of a score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A movement on the strip over the whole recording."""

    start_s: float
    stop_s: float
    score: float
    tagged: bool
    """Something else was seen there: a blink, speech, ..."""
    clip: str | None
    """The clip that shows it; None: it was not cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetFacts:
    """What a sheet says of the recording itself."""

    title: str
    duration_s: float
    facts: tuple[tuple[str, str], ...] = ()
    """Name and value: length, rate, size, faces, ..."""
    findings: tuple[Finding, ...] = ()
    """Remarks, quality among them."""
    marks: tuple[Mark, ...] = ()
    """Every candidate, cut or not, for the strip over the whole recording."""


def clock_time(seconds: float) -> str:
    """Such as 1:02:03.450, hours only where there are any."""
    whole_ms = round(seconds * 1000)
    minutes, ms = divmod(whole_ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    tail = f"{minutes:02}:{ms / 1000:06.3f}" if hours else f"{minutes}:{ms / 1000:06.3f}"
    return f"{hours}:{tail}" if hours else tail


def sheet_page(head: SheetFacts, rows: Sequence[tuple[Movement, bytes | None]]) -> str:
    """The page, all in one.

    Args:
        head: the recording.
        rows: the movements, strongest first, each with its strip as a JPEG; None: none is shown.
    """
    body = [
        f"<h1>{escape(head.title)}</h1>",
        "<p class=note>For the curator: it shows what the machine thinks, and coders must not see it.</p>",
        _facts(head),
        _findings(head.findings),
        _whole(head),
        "<p class=key>In each row: the clip at its apex; the aligned face at onset, apex and offset; what changed from "
        "onset to apex, amplified (<b class=up>brighter</b>, <b class=down>darker</b>). Point at the apex to see it "
        "take turns with the onset. Curves: how far the region lies off its usual place (bold), the furthest region "
        "(thin), the level of the sound, and where somebody speaks (bar). The span is shaded, the apex a line.</p>",
        *(_row(place, movement, picture) for place, (movement, picture) in enumerate(rows, start=1)),
    ]
    if not rows:
        body.append("<p>No clip was cut from this recording.</p>")
    return (
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width, initial-scale=1">'
        f"<title>{escape(head.title)}</title><style>{_STYLE}</style></head>\n<body>"
        + "\n".join(part for part in body if part)
        + "</body></html>\n"
    )


def span_px(movement: Movement) -> float:
    """Upper end of the axis of motion, px of the aligned face."""
    seen = movement.own[np.isfinite(movement.own)]
    return max(LEAST_AXIS_PX, 1.15 * float(seen.max())) if len(seen) else LEAST_AXIS_PX


def _facts(head: SheetFacts) -> str:
    items = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in head.facts)
    return f"<dl>{items}</dl>" if items else ""


def _findings(findings: Sequence[Finding]) -> str:
    order = (Severity.ERROR, Severity.WARNING, Severity.NOTE)
    items = "".join(
        f"<li class={finding.severity.value}><b>{escape(finding.what)}</b>: {escape(finding.remedy)}</li>"
        for severity in order
        for finding in findings
        if finding.severity is severity
    )
    return f"<ul class=findings>{items}</ul>" if items else ""


def _whole(head: SheetFacts) -> str:
    """The strip over the whole recording: a bar for each candidate, as high as its score."""
    wide, high = 1000.0, 70.0
    length_s = max(head.duration_s, 1e-3)
    top = max((mark.score for mark in head.marks), default=1.0) or 1.0
    parts = []
    step_s = tick_step_s(length_s)
    for tick in np.arange(0, length_s + 1e-9, step_s):
        x = wide * tick / length_s
        parts.append(f"<line class=grid x1={x:.1f} x2={x:.1f} y1=0 y2={high:.0f} />")
        anchor = "end" if x > wide - 40 else "start"
        shift = -3 if anchor == "end" else 3
        parts.append(
            f"<text x={x + shift:.1f} y={high + 12:.0f} text-anchor={anchor}>{clock_time(float(tick))[:-4]}</text>"
        )
    for mark in sorted(head.marks, key=lambda mark: mark.score):
        x, width = wide * mark.start_s / length_s, max(wide * (mark.stop_s - mark.start_s) / length_s, 2.0)
        tall = max(high * mark.score / top, 4.0)
        kind = "tagged" if mark.tagged else "plain"
        said = f"{clock_time(mark.start_s)}, score {mark.score:.2f}" + (", tagged" if mark.tagged else "")
        bar = (
            f'<rect class="{kind}{"" if mark.clip else " uncut"}" x={x:.1f} y={high - tall:.1f} width={width:.1f} '
            f"height={tall:.1f}><title>{escape(said)}</title></rect>"
        )
        parts.append(f'<a href="#{escape(mark.clip, quote=True)}">{bar}</a>' if mark.clip else bar)
    return (
        f"<figure><svg class=whole viewBox='0 0 {wide:.0f} {high + 16:.0f}'>{''.join(parts)}</svg>"
        f"<figcaption>{len(head.marks)} candidates over the recording, as high as their scores: "
        "<b class=plain>plain</b>, <b class=tagged>tagged</b>, pale where no clip was cut</figcaption></figure>"
    )


def tick_step_s(length_s: float) -> float:
    """Seconds between two ticks of an axis, so that there are at most ten."""
    steps = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
    return next((float(step) for step in steps if length_s / step <= 10), 3600.0)


def _row(place: int, movement: Movement, picture: bytes | None) -> str:
    shown = ""
    if picture is not None:
        source = base64.b64encode(picture).decode("ascii")
        cells = "".join(
            f'<span class="cell{" turns" if place_ == 2 else ""}" role=img aria-label="{escape(what)}" '
            f'style="background-position:-{place_ * CELL_PX}px 0"><i>{escape(what)}</i></span>'
            for place_, what in enumerate(CELLS)
        )
        shown = f'<div class=strip style="--strip:url(data:image/jpeg;base64,{source})">{cells}</div>'
    score = escape(movement.unscored) if movement.score is None else f"score {movement.score:.2f}"
    words = "".join(f"<p>{escape(word)}</p>" for word in movement.words)
    tags = "".join(f"<span class=tag>{escape(tag)}</span>" for tag in movement.tags)
    return (
        f'<section id="{escape(movement.name, quote=True)}"><div class=words><h2>{place}. {escape(movement.when)}</h2>'
        f"<p>{score}</p>{words}<p>{tags}</p><p class=name>{escape(movement.name)}</p></div>"
        f"{shown}<div class=curves>{_curves(movement)}</div></section>"
    )


def _curves(movement: Movement) -> str:
    length_s = max(movement.duration_s, 1e-3)
    top = span_px(movement)

    def x(time_s: float) -> float:
        return _WIDE * min(max(time_s / length_s, 0.0), 1.0)

    onset, apex, offset = movement.span_s
    high = _HIGH + 8 + _SOUND_HIGH
    parts = [
        f"<rect class=span x={x(onset):.1f} y=0 width={max(x(offset) - x(onset), 1):.1f} height={high:.0f} />",
        f"<line class=apex x1={x(apex):.1f} x2={x(apex):.1f} y1=0 y2={high:.0f} />",
        f"<line class=axis x1=0 x2={_WIDE:.0f} y1={_HIGH:.0f} y2={_HIGH:.0f} />",
    ]
    for values, kind in ((movement.others, "others"), (movement.own, "own")):
        times_s, few = thinned(movement.times_s, values)
        heights = _HIGH * (1 - np.clip(few / top, 0, 1))
        parts.append(f'<path class={kind} d="{_path(times_s, heights, x)}" />')
    parts.append(f"<text x=3 y=10>{top:.1f} px</text>")
    base = _HIGH + 8 + _SOUND_HIGH - 6
    if len(movement.level_db):
        times_s, few = thinned(movement.level_times_s, movement.level_db)
        share = (np.clip(few, QUIET_DB, LOUD_DB) - QUIET_DB) / (LOUD_DB - QUIET_DB)
        line = _path(times_s, base - (_SOUND_HIGH - 8) * share, x)
        first, last = x(float(times_s[0])), x(float(times_s[-1]))
        parts.append(f'<path class=level d="M{first:.1f} {base:.1f}L{line[1:]}L{last:.1f} {base:.1f}Z" />')
        parts += [
            f"<rect class=speaks x={x(start):.1f} y={base + 2:.1f} width={max(x(stop) - x(start), 1):.1f} height=4 />"
            for start, stop in runs_s(movement.speaks, movement.level_times_s)
        ]
    else:
        parts.append(f"<text x=3 y={base:.0f}>no sound</text>")
    for tick in np.arange(0, length_s + 1e-9, tick_step_s(length_s)):
        anchor = "end" if x(tick) > _WIDE - 20 else "start"
        parts.append(f"<line class=grid x1={x(tick):.1f} x2={x(tick):.1f} y1=0 y2={high:.0f} />")
        parts.append(f"<text x={x(tick) + 2:.1f} y={high + 11:.0f} text-anchor={anchor}>{tick:.1f} s</text>")
    return f"<svg viewBox='0 0 {_WIDE:.0f} {high + 14:.0f}'>{''.join(parts)}</svg>"


def runs_s(flags: npt.NDArray[np.bool_], times_s: npt.NDArray[np.float64]) -> list[tuple[float, float]]:
    """When runs of true values begin and end, in seconds."""
    edges = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    step_s = float(times_s[1] - times_s[0]) if len(times_s) > 1 else 0.0
    return [
        (float(times_s[start]), float(times_s[stop - 1]) + step_s)
        for start, stop in zip(np.flatnonzero(edges > 0), np.flatnonzero(edges < 0), strict=True)
    ]


def thinned(times_s: npt.NDArray[np.float64], values: Floats) -> tuple[npt.NDArray[np.float64], Floats]:
    """At most 240 points: of each stretch of time the greatest value, so that no peak is lost."""
    if len(values) <= _MOST_POINTS:
        return times_s, values
    parts = np.array_split(np.arange(len(values)), _MOST_POINTS)
    greatest = np.array([_greatest(values[part]) for part in parts], dtype=np.float32)
    return np.array([times_s[part[0]] for part in parts]), greatest


def _greatest(values: Floats) -> float:
    seen = values[np.isfinite(values)]
    return float(seen.max()) if len(seen) else float("nan")


def _path(times_s: npt.NDArray[np.float64], heights: Floats, x: Callable[[float], float]) -> str:
    """An SVG path through points; it breaks where there are none."""
    found, pen = [], "M"
    for time_s, height in zip(times_s, heights, strict=True):
        if not np.isfinite(height):
            pen = "M"
            continue
        found.append(f"{pen}{x(float(time_s)):.1f} {height:.1f}")
        pen = "L"
    return "".join(found) or "M0 0"


_STYLE = """
:root{--ink:#1d2329;--soft:#66707a;--line:#dfe3e7;--own:#0072b2;--warm:#d55e00;--span:#fdf0d5;--paper:#fff}
*{box-sizing:border-box}body{margin:0 auto;max-width:1500px;padding:20px 24px 60px;color:var(--ink);
background:var(--paper);font:14px/1.4 system-ui,sans-serif}h1{font-size:22px;margin:0 0 4px}
.note,.key,figcaption{color:var(--soft);margin:0 0 10px;max-width:110ch}.key{margin-top:14px}
dl{display:flex;flex-wrap:wrap;gap:4px 26px;margin:12px 0}dl div{display:flex;gap:6px}dt{color:var(--soft)}
dd{margin:0;font-weight:600}.findings{padding:0;list-style:none;margin:8px 0 14px}
.findings li{border-left:4px solid var(--line);padding:2px 10px;margin:3px 0}
.findings .warning{border-color:#e69f00}.findings .error{border-color:var(--warm)}
figure{margin:10px 0}svg{width:100%;display:block;overflow:visible}svg text{font-size:10px;fill:var(--soft)}
.whole{border-bottom:1px solid var(--soft)}.grid{stroke:var(--line);stroke-width:.7}
.plain{fill:var(--own);color:var(--own)}.tagged{fill:#9aa3ab;color:#76808a}.uncut{opacity:.45}
a rect:hover{fill:var(--warm)}
section{display:grid;grid-template-columns:190px 650px minmax(320px,1fr);gap:14px;align-items:start;
border-top:1px solid var(--line);padding:10px 0;content-visibility:auto;contain-intrinsic-size:auto 170px}
section:target{background:#f3f8fc}h2{font-size:15px;margin:0}.words p{margin:1px 0;color:var(--soft)}
.tag{display:inline-block;background:#e9edf0;color:var(--ink);border-radius:8px;padding:0 7px;margin:2px 4px 0 0;
font-size:12px}.name{font:11px/1.3 ui-monospace,monospace;overflow-wrap:anywhere}
.strip{display:flex;gap:2px}.cell{width:128px;height:128px;background:var(--strip) no-repeat;position:relative;
print-color-adjust:exact;-webkit-print-color-adjust:exact}.cell i{position:absolute;left:0;right:0;top:100%;
font-size:10px;font-style:normal;color:var(--soft);text-align:center;white-space:nowrap;overflow:hidden}
.turns:hover{animation:turn .9s steps(1) infinite}@keyframes turn{0%{background-position:-256px 0}
50%{background-position:-128px 0}}
.span{fill:var(--span)}.apex{stroke:#e69f00;stroke-width:1.2}.axis{stroke:var(--line)}
.own{fill:none;stroke:var(--own);stroke-width:1.8;stroke-linejoin:round}.others{fill:none;stroke:#b8c0c7;stroke-width:1}
.level{fill:#c5d9cf;stroke:#4c8a6b;stroke-width:.8}.speaks{fill:#4c8a6b}
.up{color:#d55e00}.down{color:#0072b2}
@media(max-width:1250px){section{grid-template-columns:1fr}.strip{overflow-x:auto;padding-bottom:14px}}
"""

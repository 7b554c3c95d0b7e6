"""Faces of recordings as one HTML page that needs nothing else: pictures, when each is seen, who is there at once."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import numpy.typing as npt

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe & Ito 2008, Color Universal Design: told apart by people with any kind of colour vision."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SheetFace:
    """What is shown of one face track."""

    track: int
    first: int
    """Frame of the recording; both ends are inside."""
    last: int
    n_frames: int
    """Frames that show it."""
    seen_s: float
    """For how long it is seen in all, in seconds."""
    spells: tuple[tuple[float, float], ...]
    """From when to when it is seen without a break, in seconds of the recording."""
    eye_distance_px: float
    """Median."""
    pictures: tuple[npt.NDArray[np.uint8], ...]
    """(S, S, 3) each, red first."""
    jpegs: tuple[bytes, ...]
    """The same as files."""
    pictures_s: tuple[float, ...]
    """When they were taken, in seconds of the recording."""
    at_once: tuple[tuple[int, float], ...]
    """Other tracks that are there at the same time, and for how many seconds: surely other people."""
    alike: tuple[tuple[int, float], ...]
    """Tracks never there at the same time that look like it, the likest first, and their likeness in 0..1: a hint."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SheetRecording:
    """The faces of one recording."""

    name: str
    begin_s: float
    end_s: float
    at_once_s: float
    """For how long more than one face is there, in seconds."""
    faces: tuple[SheetFace, ...]


def clock_time(seconds: float) -> str:
    """Such as 0:07.4, 12:03.0 or 1:12:03.0."""
    tenths = round(seconds * 10)
    sign = "-" if tenths < 0 else ""
    whole, tenth = divmod(abs(tenths), 10)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{sign}{hours}:{minutes:02d}:{rest:02d}.{tenth}" if hours else f"{sign}{minutes}:{rest:02d}.{tenth}"


def facts(face: SheetFace) -> tuple[str, ...]:
    """What is said beside the pictures of a face, a sentence each."""
    breaks = len(face.spells) - 1
    lines = [
        f"{clock_time(face.spells[0][0])} to {clock_time(face.spells[-1][1])}, seen for {face.seen_s:.1f} s"
        + (f" with {breaks} break{'s' if breaks > 1 else ''}" if breaks else ""),
        f"{face.eye_distance_px:.0f} px between the eyes",
    ]
    if face.at_once:
        others = ", ".join(f"{track} ({seconds:.1f} s)" for track, seconds in face.at_once)
        lines.append(f"there at once with {others}: somebody else")
    if face.alike:
        others = ", ".join(f"{track} ({likeness:.2f})" for track, likeness in face.alike)
        lines.append(f"looks like {others}: the same person?")
    return tuple(lines)


def summary(recording: SheetRecording) -> str:
    """One line on a recording."""
    n = len(recording.faces)
    said = f"{clock_time(recording.end_s - recording.begin_s)} long, {n or 'no'} face track{'' if n == 1 else 's'}"
    if recording.at_once_s > 0:
        return f"{said}, more than one at once for {recording.at_once_s:.1f} s: say whose each is"
    return f"{said}, never two at once" if n > 1 else said


def faces_page(recordings: Sequence[SheetRecording], table: str) -> str:
    """The page.

    Args:
        recordings: in the order in which they are shown.
        table: file name of the table that is to be filled in.
    """
    parts = [
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'><title>Whose face is whose</title>",
        f"<style>{_STYLE}</style></head><body>",
        "<h1>Whose face is whose?</h1>",
        f"<p>Write each subject's code into the column <b>subject</b> of <b>{escape(table)}</b>, in the row of the "
        "track. Several tracks may be one person: give them the same code. Leave the field empty for faces of nobody "
        "who takes part; they never enter a clip. What is said to look alike is a hint: look yourself.</p>",
    ]
    for recording in recordings:
        parts.append(f"<h2>{escape(recording.name)}</h2><p class='sum'>{escape(summary(recording))}</p>")
        if recording.faces:
            parts.append("<table>")
            parts.extend(_row(face, recording) for face in recording.faces)
            parts.append("</table>")
    parts.append("</body></html>\n")
    return "\n".join(parts)


def _row(face: SheetFace, recording: SheetRecording) -> str:
    colour = COLOURS[face.track % len(COLOURS)]
    pictures = "".join(
        f"<figure><img alt='track {face.track} at {clock_time(when)}' "
        f"src='data:image/jpeg;base64,{base64.b64encode(data).decode()}'>"
        f"<figcaption>{clock_time(when)}</figcaption></figure>"
        for data, when in zip(face.jpegs, face.pictures_s, strict=True)
    )
    length = max(recording.end_s - recording.begin_s, 1e-9)
    bars = "".join(
        f"<rect x='{1000 * (start - recording.begin_s) / length:.2f}' y='0' height='20' "
        f"width='{max(1000 * (end - start) / length, 1.5):.2f}' fill='{colour}'/>"
        for start, end in face.spells
    )
    said = "".join(f"<li>{escape(line)}</li>" for line in facts(face))
    return (
        f"<tr><th style='color:{colour}'>{face.track}</th><td class='pics'>{pictures}</td>"
        f"<td class='about'><svg viewBox='0 0 1000 20' preserveAspectRatio='none'>"
        f"<rect width='1000' height='20' fill='#e8e8e8'/>{bars}</svg>"
        f"<div class='ends'><span>{clock_time(recording.begin_s)}</span><span>{clock_time(recording.end_s)}</span>"
        f"</div><ul>{said}</ul></td></tr>"
    )


_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1a1a1a}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin:2rem 0 0}p.sum{margin:.1rem 0 .6rem;color:#555}
table{border-collapse:collapse;width:100%}tr{border-top:1px solid #ddd}td,th{padding:.6rem;vertical-align:top}
th{font-size:1.7rem;width:3rem;text-align:right}td.pics{white-space:nowrap;width:26rem}
figure{display:inline-block;margin:0 .3rem 0 0}img{width:96px;height:96px;border-radius:4px;display:block}
figcaption{font-size:.75rem;color:#666;text-align:center}svg{width:100%;height:14px;display:block;border-radius:3px}
.ends{display:flex;justify-content:space-between;font-size:.75rem;color:#666}ul{margin:.2rem 0 0;padding-left:1.1rem}
"""

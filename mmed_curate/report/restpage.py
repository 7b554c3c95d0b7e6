"""Stretches of a face at rest as one HTML page that needs nothing else, for a curator to choose a reference from."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import numpy.typing as npt

from mmed_curate.report.facepage import clock_time


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SheetRest:
    """What is shown of one stretch."""

    number: int
    """From 1, the best first."""
    recording: str
    """File name."""
    at_s: float
    """Its middle, seconds on the recording's clock."""
    facts: tuple[str, ...]
    pictures: tuple[npt.NDArray[np.uint8], ...]
    """(H, W, 3) each, red first: its first, middle and last frame."""
    jpegs: tuple[bytes, ...]
    """The same as files."""


def rest_page(subject: str, rests: Sequence[SheetRest]) -> str:
    """The page.

    Args:
        subject: the lab's code.
        rests: the best first.
    """
    parts = [
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>",
        f"<title>{escape(subject)} at rest?</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(subject)} at rest?</h1>",
        "<p>Each row is about a second in which this face hardly moves: its first, middle and last frame. Choose one "
        "that shows <b>nothing</b>: no smile that is held, no raised brow, no talking. Coders compare every "
        "clip with it.</p><table>",
        *(_row(subject, rest) for rest in rests),
        "</table></body></html>\n",
    ]
    return "\n".join(parts)


def _row(subject: str, rest: SheetRest) -> str:
    pictures = "".join(
        f"<img alt='{rest.number}' src='data:image/jpeg;base64,{base64.b64encode(data).decode()}'>"
        for data in rest.jpegs
    )
    said = "".join(f"<li>{escape(fact)}</li>" for fact in rest.facts)
    command = (
        f"mmed reference add {shlex.quote(subject)} --recording {shlex.quote(rest.recording)} --at {rest.at_s:.3f}"
    )
    return (
        f"<tr><th>{rest.number}</th><td class='pics'>{pictures}</td><td><b>{escape(rest.recording)}</b> at "
        f"{clock_time(rest.at_s)}<ul>{said}</ul><code>{escape(command)}</code></td></tr>"
    )


_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1a1a1a}
h1{font-size:1.5rem}table{border-collapse:collapse;width:100%}tr{border-top:1px solid #ddd}
td,th{padding:.6rem;vertical-align:top}th{font-size:1.7rem;width:3rem;text-align:right;color:#0072B2}
td.pics{white-space:nowrap}img{max-width:180px;max-height:180px;border-radius:4px;margin-right:.3rem}
ul{margin:.2rem 0;padding-left:1.1rem}code{font-size:.8rem;background:#f2f2f2;padding:.1rem .3rem}
"""

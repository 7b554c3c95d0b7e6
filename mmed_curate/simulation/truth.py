"""What was planted, as a table: one row for each micro-expression and each distractor, in frames of its recording."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from pathlib import Path

import numpy as np

from mmed_curate.domain.files import write_text
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.tablefile import opened_table
from mmed_curate.domain.time import Frame, Span


class Kind(Enum):
    """What was planted."""

    EVENT = "event"
    """A micro-expression."""
    BLINK = "blink"
    HEAD_MOTION = "head-motion"
    MACRO = "macro"
    """An expression too long to be micro."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One planted thing."""

    kind: Kind
    span: Span
    """In frames of the recording: the first and last that differ from rest, and the first of the greatest change."""
    hold: int = 0
    """Frames for which the greatest change lasts after the apex."""
    amplitude_px: float = 0.0
    """Greatest displacement in the picture: of the skin, the lid, or the head. For blinks it follows from the face."""
    closure: float = 0.0
    """Blinks: how far the eye closes; 1: the lids meet."""
    emotion: str = ""
    """Code; empty: it stands for none."""
    emotion_class: str = ""
    movement: str = ""
    """Which movement was planted; it need not be the emotion's own."""
    region: str = ""
    action_units: tuple[str, ...] = ()
    """Codes of what the planted movement shows."""
    voice_cue: str = ""
    """Code of the cue in the voice; empty: none."""
    cue_start: int = 0
    """First sample of the cue, counted from the recording's first."""
    cue_stop: int = 0
    """First sample after it."""
    turn_deg: float = 0.0
    """Head motions: turn in the picture at the apex, clockwise as seen."""
    heading_deg: float = 0.0
    """Head motions: where to, 0 right, 90 down."""

    def envelope(self, frame: int) -> float:
        """Share of the greatest change at a frame, 0..1: cosine ramps, so that speed starts and ends at 0."""
        span = self.span
        if frame < span.onset or frame > span.offset:
            return 0.0
        if frame <= span.apex:
            return _ramp((frame - span.onset + 1) / (span.apex - span.onset + 1))
        held = span.apex + self.hold
        return 1.0 if frame <= held else _ramp((span.offset + 1 - frame) / (span.offset + 1 - held))


def _ramp(share: float) -> float:
    return float((1 - np.cos(np.pi * share)) / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthRow:
    """One planted thing and where it lies."""

    subject: str
    session: str
    recording: str
    """File name."""
    sha256: str
    """Of the file: how simulated coders know it again."""
    planted: Planted
    rate_hz: int
    """Pictures a second: frame n appears at n / rate_hz."""
    sample_rate_hz: int


COLUMNS = (
    "subject", "session", "recording", "kind", "onset", "apex", "offset", "onset_s", "apex_s", "offset_s",
    "emotion", "emotion_class", "movement", "region", "amplitude_px", "action_units",
    "voice_cue", "cue_onset_s", "cue_offset_s", "sha256", "simulated",
)  # fmt: skip


def write_truth(path: Path, rows: Sequence[TruthRow]) -> None:
    """Write the table; times in seconds are those at which a frame appears, and of a cue's first and last sample.

    They are rounded up to whole microseconds.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        one, span = row.planted, row.planted.span
        cue = (
            [_seconds(one.cue_start, row.sample_rate_hz), _seconds(one.cue_stop - 1, row.sample_rate_hz)]
            if one.voice_cue
            else ["", ""]
        )
        writer.writerow(
            [row.subject, row.session, row.recording, one.kind.value]
            + [span.onset, span.apex, span.offset]
            + [_seconds(frame, row.rate_hz) for frame in (span.onset, span.apex, span.offset)]
            + [one.emotion, one.emotion_class, one.movement, one.region, f"{one.amplitude_px:.3f}"]
            + [" ".join(one.action_units), one.voice_cue, *cue, row.sha256, "yes"]
        )
    write_text(path, text.getvalue())


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEvent:
    """A row of a truth table, as far as a judge could know it."""

    recording: str
    """File name."""
    sha256: str
    kind: Kind
    span: Span
    """In frames of the recording."""
    emotion: str
    action_units: tuple[str, ...]
    voice_cue: str
    cue_onset_s: float | None
    cue_offset_s: float | None


def read_truth(path: Path) -> tuple[KnownEvent, ...]:
    """Read a truth table back.

    Raises:
        BadInput: it is missing, lacks a column, or a row cannot be read; names the row.
    """
    try:
        with opened_table(path, encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput.of(
            "simulation.truth_unreadable", f"{path} cannot be read ({error})", "give the truth.csv that simulate wrote"
        ) from error
    events = []
    for number, row in enumerate(rows, start=2):
        try:
            events.append(
                KnownEvent(
                    recording=row["recording"],
                    sha256=row["sha256"],
                    kind=Kind(row["kind"]),
                    span=Span(
                        onset=Frame(int(row["onset"])), apex=Frame(int(row["apex"])), offset=Frame(int(row["offset"]))
                    ),
                    emotion=row["emotion"],
                    action_units=tuple(row["action_units"].split()),
                    voice_cue=row["voice_cue"],
                    cue_onset_s=float(row["cue_onset_s"]) if row["voice_cue"] else None,
                    cue_offset_s=float(row["cue_offset_s"]) if row["voice_cue"] else None,
                )
            )
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise BadInput.of(
                "simulation.truth_row",
                f"{path}, line {number} is not a row of a truth table ({error!r})",
                "give the truth.csv that simulate wrote",
            ) from error
    return tuple(events)


def _seconds(count: int, rate_hz: int) -> str:
    # up to the next microsecond: rounded down it would name a time at which the frame before is still on screen
    return f"{math.ceil(Fraction(count, rate_hz) * 1_000_000) / 1_000_000:.6f}"

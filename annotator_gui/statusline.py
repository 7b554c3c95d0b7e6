"""The line below: which frame, when, how fast, how long; and what there is to say, in a sentence."""

from __future__ import annotations

from fractions import Fraction

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from annotator_gui.language import Words
from annotator_gui.marks import Marks, total_ms
from annotator_gui.timeaxis import ms_of
from mmed_curate.domain.time import Frame, FrameClock

_AS_WRITTEN = {Fraction(1): "1×", Fraction(1, 2): "½×", Fraction(1, 4): "¼×", Fraction(1, 10): "0.1×"}


def speed_text(speed: Fraction) -> str:
    """A speed as people write it."""
    return _AS_WRITTEN.get(speed, f"{float(speed):g}×")


def time_text(frame: Frame, clock: FrameClock) -> str:
    """When a frame appears on the clip's own time, in milliseconds."""
    return f"{ms_of(frame, clock)} ms"


def length_text(marks: Marks, clock: FrameClock) -> str:
    """How long an event lasts; empty where a mark is missing."""
    span = marks.span
    return "" if span is None else f"{total_ms(span, clock)} ms"


class StatusLine(QWidget):
    """Frame, time, speed and length on the left; a sentence on the right."""

    def __init__(self, *, words: Words, parent: QWidget | None = None) -> None:
        """Empty."""
        super().__init__(parent)
        self._words = words
        self.setObjectName("panel")
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 4, 10, 4)
        row.setSpacing(18)
        self._frame, self._time, self._speed, self._length = (QLabel() for _ in range(4))
        for label, name in (
            (self._frame, words("Frame")),
            (self._time, words("Time in the clip")),
            (self._speed, words("Speed and sound")),
            (self._length, words("Length of the event")),
        ):
            label.setAccessibleName(name)
            label.setTextFormat(Qt.TextFormat.PlainText)
            row.addWidget(label)
        self._said = QLabel()
        self._said.setTextFormat(Qt.TextFormat.PlainText)
        self._said.setAccessibleName(words("What there is to say"))
        self._said.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(self._said, 1)

    def show_frame(self, frame: Frame, clock: FrameClock) -> None:
        """Where the clip stands."""
        self._frame.setText(self._words("Frame {frame} of {last}", frame=frame, last=clock.last_frame))
        self._time.setText(time_text(frame, clock))

    def show_speed(self, speed: Fraction, *, playing: bool, sound: bool) -> None:
        """How the clip plays."""
        heard = self._words("with sound") if sound else self._words("without sound")
        state = self._words("playing") if playing else self._words("standing")
        self._speed.setText(f"{speed_text(speed)}, {heard}, {state}")

    def show_length(self, marks: Marks | None, clock: FrameClock | None) -> None:
        """How long the selected event lasts."""
        length = "" if marks is None or clock is None else length_text(marks, clock)
        self._length.setText(self._words("event {length}", length=length) if length else "")

    def clear(self) -> None:
        """No clip."""
        for label in (self._frame, self._time, self._speed, self._length, self._said):
            label.clear()

    def say(self, sentence: str, *, warn: bool = False) -> None:
        """Say a sentence; the one before goes."""
        self._said.setProperty("warn", "true" if warn else "false")
        style = self._said.style()
        if style is not None:
            style.unpolish(self._said)
            style.polish(self._said)
        self._said.setText(sentence)
        self._said.setToolTip(sentence)

    @property
    def said(self) -> str:
        """The sentence that stands there."""
        return self._said.text()

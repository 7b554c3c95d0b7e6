"""The events of a clip at the head of the coding form: chips to choose between them, to begin and to remove one."""

from __future__ import annotations

from functools import partial

from PyQt6.QtCore import QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from annotator_gui.boxes import command_chip, enable
from annotator_gui.chips import Chip
from annotator_gui.draft import Draft
from annotator_gui.flow import FlowLayout
from annotator_gui.keys import Command, KeyMap
from annotator_gui.language import Words
from annotator_gui.marks import total_ms
from annotator_gui.theme import Theme
from mmed_curate.domain.time import FrameClock

_GAP_PX = 4
_MOST_LINES = 4
"""Lines of events that are seen at once; more would push the codes out of the window (ours)."""


class EventBar(QWidget):
    """One chip for each event, and what can be done to all of them."""

    selected = pyqtSignal(int)
    """Place of the event that acts shall go to."""
    asked = pyqtSignal(object)
    """A Command."""
    left = pyqtSignal()
    """The keyboard wants back to the codes."""

    def __init__(self, *, words: Words, theme: Theme, keys: KeyMap, parent: QWidget | None = None) -> None:
        """No events at first."""
        super().__init__(parent)
        self._words, self._theme = words, theme
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        self._events = QWidget()
        self._flow = FlowLayout(self._events, gap=_GAP_PX)
        self._few = _FewLines(self._events, self._flow)
        column.addWidget(self._few)
        self._managing = QWidget()
        managing = FlowLayout(self._managing)
        column.addWidget(self._managing)
        self._chips: list[Chip] = []
        self._commands: dict[Command, Chip] = {}
        for command, label in (
            (Command.NOTHING, words("Nothing happens")),
            (Command.NEW_EVENT, words("New event")),
            (Command.REMOVE_EVENT, words("Remove event")),
        ):
            chip = command_chip(theme=theme, label=label, key=keys.shown(command), chooses=command is Command.NOTHING)
            chip.clicked.connect(lambda _=False, command=command: self.asked.emit(command))
            managing.addWidget(chip)
            self._commands[command] = chip

    def set_theme(self, theme: Theme) -> None:
        """Other colours, for chips to come."""
        self._theme = theme

    def set_keys(self, keys: KeyMap) -> None:
        """Other keys."""
        for command, chip in self._commands.items():
            chip.set_key(keys.shown(command))

    def show_events(self, draft: Draft, clock: FrameClock, *, locked: bool) -> None:
        """The events, and which is selected.

        Args:
            draft: whose events.
            clock: the clip's.
            locked: none can be begun or removed.
        """
        while len(self._chips) < len(draft.events):
            place = len(self._chips)
            chip = Chip(theme=self._theme, label="", number=str(place + 1))
            chip.clicked.connect(partial(self.selected.emit, place))
            self._flow.addWidget(chip)
            self._chips.append(chip)
        for place, chip in enumerate(self._chips):
            there = place < len(draft.events)
            if chip.isVisibleTo(self._events) != there:
                chip.setVisible(there)
            if there:
                chip.say(self._said(draft, place, clock))
                chip.show_chosen(place == draft.selected)
        for part, shows in ((self._few, bool(draft.events)), (self._managing, not locked)):
            if part.isVisibleTo(self) != shows:
                part.setVisible(shows)
        self._few.bring(None if draft.selected is None else self._chips[draft.selected])
        self._commands[Command.NOTHING].show_chosen(draft.nothing)
        enable(self._commands[Command.NOTHING], not draft.events, leave=self.left.emit)
        enable(self._commands[Command.REMOVE_EVENT], draft.event is not None, leave=self.left.emit)

    def _said(self, draft: Draft, place: int, clock: FrameClock) -> str:
        span = draft.events[place].marks.span
        if span is None:
            return self._words("not all marks set")
        return self._words(
            "frames {first}–{last} · {ms} ms",
            first=span.onset,
            last=span.offset,
            ms=total_ms(span, clock),
        )


class _FewLines(QScrollArea):
    """Chips in lines, as tall as they are up to some lines; then it scrolls."""

    def __init__(self, inside: QWidget, flow: FlowLayout) -> None:
        super().__init__()
        self._flow = flow
        self._brought: QWidget | None = None
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._bringing = QTimer(self)
        """Once everything has its place."""
        self._bringing.setSingleShot(True)
        self._bringing.timeout.connect(self._bring)

    def bring(self, chip: QWidget | None) -> None:
        """Keep a chip in sight."""
        self._brought = chip
        self.updateGeometry()
        self._bringing.start(0)

    def hasHeightForWidth(self) -> bool:
        """Chips wrap."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Of the lines that are seen."""
        first = self._flow.itemAt(0)
        line = 0 if first is None else first.sizeHint().height() + _GAP_PX
        return min(self._flow.heightForWidth(width), _MOST_LINES * line)

    def minimumSizeHint(self) -> QSize:
        """As narrow as it may be: the width comes from outside."""
        return QSize(80, 0)

    def sizeHint(self) -> QSize:
        """As tall as its lines."""
        return QSize(200, self.heightForWidth(self.width()))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """The chip in hand stays in sight."""
        super().resizeEvent(event)
        self._bringing.start(0)

    def _bring(self) -> None:
        if self._brought is not None:
            self.ensureWidgetVisible(self._brought, 0, 0)

"""Groups of the coding form: a frame with a name, and in it the codes that a field offers, as chips."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PyQt6.QtCore import QEvent, QRect, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QLabel, QVBoxLayout, QWidget

from annotator_gui.chipgroups import GroupedChips
from annotator_gui.chips import Chip, Look
from annotator_gui.fields import Choice, Field, title
from annotator_gui.flow import FlowLayout
from annotator_gui.formwords import called
from annotator_gui.language import Words
from annotator_gui.texts import small, tip
from annotator_gui.theme import Theme

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class FieldBox(QWidget):
    """A framed group with its name; the one in hand has a bar at its left and a stronger frame."""

    asked = pyqtSignal()
    """A click on it: take it in hand."""

    def __init__(self, *, name: str, theme: Theme, parent: QWidget | None = None) -> None:
        """Empty at first."""
        super().__init__(parent)
        self._theme, self._here, self._tag, self._open = theme, False, "", False
        self._name = name
        self.setAccessibleName(name)
        self.body = QVBoxLayout(self)
        self.body.setSpacing(5)
        self._margins()

    @property
    def name(self) -> str:
        """What stands over it."""
        return self._name

    @property
    def here(self) -> bool:
        """Whether it is in hand."""
        return self._here

    @property
    def tag(self) -> str:
        """The word at its upper right."""
        return self._tag

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        self._theme = theme
        self.update()

    def show_here(self, here: bool) -> None:
        """Whether it is in hand."""
        if here != self._here:
            self._here = here
            self.update()

    def say(self, tag: str, *, is_open: bool = False) -> None:
        """A word at its upper right.

        Args:
            tag: the word; empty: none.
            is_open: something is still to be said here.
        """
        if (tag, is_open) != (self._tag, self._open):
            self._tag, self._open = tag, is_open
            self.setAccessibleDescription(tag)
            self.update()

    def rename(self, name: str) -> None:
        """Another name."""
        if name != self._name:
            self._name = name
            self.setAccessibleName(name)
            self.update()

    def changeEvent(self, event: QEvent | None) -> None:
        """Another size of text needs another margin."""
        if event is not None and event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}:
            self._margins()
        super().changeEvent(event)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Take it in hand."""
        self.asked.emit()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw frame, name and tag."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(QPen(QColor(self._theme.accent if self._here else self._theme.line), 1))
        painter.setBrush(QColor(self._theme.panel))
        painter.drawRoundedRect(frame, 5, 5)
        if self._here:
            painter.fillRect(QRectF(1, 5, 4, self.height() - 10), QColor(self._theme.accent))
        head = QRect(10, 3, self.width() - 20, self._head())
        bold = self.font()
        bold.setBold(True)
        painter.setFont(bold)
        painter.setPen(QColor(self._theme.accent if self._here else self._theme.text))
        painter.drawText(head, LEFT, self._name)
        if self._tag:
            taken = painter.fontMetrics().horizontalAdvance(self._name) + 10
            painter.setFont(small(self.font()))
            painter.setPen(QColor(self._theme.warn if self._open else self._theme.quiet))
            rest = head.adjusted(taken, 0, 0, 0)
            shown = painter.fontMetrics().elidedText(self._tag, Qt.TextElideMode.ElideRight, rest.width())
            painter.drawText(rest, RIGHT, shown)

    def _head(self) -> int:
        return QFontMetrics(self.font()).height() + 4

    def _margins(self) -> None:
        self.body.setContentsMargins(10, self._head() + 5, 8, 8)


class ChoiceBox(FieldBox):
    """A field's codes. What is chosen is shown once the box is told of it."""

    chosen = pyqtSignal(object)
    """A `Choice` that was clicked."""
    pointed = pyqtSignal(object, bool)
    """A `Choice` to which the pointer or the keyboard came (True), or from which it went."""

    def __init__(
        self,
        *,
        field: Field,
        offered: Sequence[Choice],
        words: Words,
        theme: Theme,
        regions: Mapping[str, str] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """Nothing is chosen at first.

        Args:
            field: whose codes they are.
            offered: the codes, in order.
            words: the coder's language.
            theme: colours.
            regions: names of the parts of the face under which the codes stand; None: side by side.
            parent: as Qt wants it.
        """
        super().__init__(name=title(field, words), theme=theme, parent=parent)
        self._words = words
        self.field, self.offered = field, tuple(offered)
        self._by_key = {one.key: one for one in offered if one.key}
        self._chips = {one.code: self._chip(one, Look.PLAIN if regions is None else Look.UNIT) for one in offered}
        if regions is None:
            flow = FlowLayout()
            for chip in self._chips.values():
                flow.addWidget(chip)
            self.body.addLayout(flow)
            return
        there = dict.fromkeys([*regions, *(one.region for one in offered)])
        named = [
            (regions.get(region, region), [self._chips[one.code] for one in offered if one.region == region])
            for region in there
        ]
        self.body.addWidget(GroupedChips([one for one in named if one[1]], theme=theme))

    def choice(self, key: str) -> Choice | None:
        """The code with this key; None: no code has it."""
        return self._by_key.get(key)

    @property
    def labels(self) -> Mapping[str, str]:
        """What a coder reads of each code."""
        return {one.code: self._words.label(one.entry) for one in self.offered}

    def show_here(self, here: bool) -> None:
        """Whether it is in hand, so that its keys are live."""
        super().show_here(here)
        for chip in self._chips.values():
            chip.show_here(here)

    def show_chosen(self, codes: frozenset[str], details: Mapping[str, str] | None = None) -> None:
        """Which codes are chosen, and what more is said of some of them."""
        for code, chip in self._chips.items():
            chip.show_chosen(code in codes, "" if details is None else details.get(code, ""))

    def _chip(self, choice: Choice, look: Look) -> Chip:
        entry = choice.entry
        chip = Chip(theme=self._theme, label=self._words.label(entry), key=choice.key, number=choice.number, look=look)
        chip.setToolTip(tip(heading=called(choice, self._words), text=entry.definition, source=entry.source))
        chip.clicked.connect(lambda: self.chosen.emit(choice))
        chip.pointed.connect(partial(self.pointed.emit, choice))
        return chip


def command_chip(*, theme: Theme, label: str, key: str, chooses: bool = False) -> Chip:
    """A chip that does what a command does; its key is always live."""
    chip = Chip(theme=theme, label=label, key=key, look=Look.SMALL, chooses=chooses)
    chip.show_here(True)
    return chip


def enable(widget: QWidget, on: bool, *, leave: Callable[[], None]) -> None:
    """Open or close a control; the keyboard does not wander to a neighbour when what it is on is closed.

    Args:
        widget: the control.
        on: whether it can be used.
        leave: brings the keyboard back to the codes.
    """
    if widget.isEnabled() != on:
        if not on and widget.hasFocus():
            leave()
        widget.setEnabled(on)


def line_label(text: str = "") -> QLabel:
    """Words in a line, never read as markup."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def set_text(label: QLabel, text: str) -> None:
    """Say something else, where it is something else."""
    if label.text() != text:
        label.setText(text)

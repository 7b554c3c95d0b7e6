"""Vocal cues in the coding form: chips, and below them a row for each that is heard in the event."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PyQt6.QtCore import QRect, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from annotator_gui import acts
from annotator_gui.boxes import ChoiceBox, line_label, set_text
from annotator_gui.chips import Chip, Look
from annotator_gui.fields import Choice, Field
from annotator_gui.language import Words
from annotator_gui.theme import Theme
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.judgements import VocalCueMark
from mmed_curate.domain.time import Frame


class CueBox(ChoiceBox):
    """All vocal cues, and where those of the event are heard."""

    acted = pyqtSignal(object)
    """An Act: a cue is moved or taken away."""
    taken = pyqtSignal(int)
    """Place among the event's cues: take it in hand."""
    to_hear = pyqtSignal(int, int)
    """First and last frame: play them once at full speed."""
    left = pyqtSignal()
    """The keyboard wants back to the codes."""

    def __init__(self, *, offered: Sequence[Choice], words: Words, theme: Theme, parent: QWidget | None = None) -> None:
        """None is heard at first."""
        super().__init__(field=Field.VOCAL_CUES, offered=offered, words=words, theme=theme, parent=parent)
        self._rows: list[CueRow] = []
        self._place = QVBoxLayout()
        self._place.setSpacing(3)
        self.body.addLayout(self._place)

    def show_cues(
        self,
        cues: Sequence[VocalCueMark],
        *,
        book: Codebook,
        last: Frame,
        unheard: Collection[tuple[str, Frame, Frame]],
        here: int | None,
    ) -> None:
        """The cues of the event.

        Args:
            cues: in order.
            book: what they and their owners are called.
            last: the clip's last frame.
            unheard: code, first and last frame of those not heard at full speed yet.
            here: place of the one to which keys for whose it is go.
        """
        while len(self._rows) < len(cues):
            self._add_row()
        labels, owners = (
            {entry.code: self._words.label(entry) for entry in entries}
            for entries in (book.vocal_cues, book.cue_owners)
        )
        for place, row in enumerate(self._rows):
            if row.isVisibleTo(row.parentWidget() or self) != (place < len(cues)):
                row.setVisible(place < len(cues))
            if place >= len(cues):
                continue
            cue = cues[place]
            row.show_cue(
                cue,
                label=labels.get(cue.code, cue.code),
                owner=owners.get(cue.owner, cue.owner),
                last=last,
                heard=(cue.code, cue.onset, cue.offset) not in unheard,
                here=place == here,
            )

    def _add_row(self) -> None:
        row = CueRow(place=len(self._rows), words=self._words, theme=self._theme)
        row.taken.connect(self.taken)
        row.moved.connect(lambda place, first, last: self.acted.emit(acts.change_cue(place, first=first, last=last)))
        row.removed.connect(lambda place: self.acted.emit(acts.remove_cue(place)))
        row.to_hear.connect(self.to_hear)
        row.left.connect(self.left)
        self._place.addWidget(row)
        self._rows.append(row)


class CueRow(QWidget):
    """A vocal cue of the event: where it is heard, whose it is, and whether it was heard at full speed yet."""

    taken = pyqtSignal(int)
    """Place among the event's cues: take it in hand."""
    moved = pyqtSignal(int, object, object)
    """Place, first frame or None, last frame or None."""
    to_hear = pyqtSignal(int, int)
    """First and last frame: play them once at full speed."""
    removed = pyqtSignal(int)
    left = pyqtSignal()
    """Enter or Esc in a number: the keyboard wants back to the codes."""

    def __init__(self, *, place: int, words: Words, theme: Theme, parent: QWidget | None = None) -> None:
        """Of no cue yet.

        Args:
            place: among the event's cues.
            words: the coder's language.
            theme: colours.
            parent: as Qt wants it.
        """
        super().__init__(parent)
        self._place, self._words, self._theme, self._here = place, words, theme, False
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 2, 0, 2)
        column.setSpacing(2)
        upper, lower = QHBoxLayout(), QHBoxLayout()
        for row in (upper, lower):
            row.setSpacing(5)
            column.addLayout(row)
        self._label = line_label()
        upper.addWidget(self._label, 1)
        self._hear = Chip(theme=theme, label="", look=Look.PART, chooses=False)
        self._hear.clicked.connect(lambda: self.to_hear.emit(self._first.value(), self._last.value()))
        upper.addWidget(self._hear)
        self._away = Chip(theme=theme, label="×", look=Look.PART, chooses=False)
        self._away.setAccessibleName(words("Take this cue away"))
        self._away.setToolTip(words("Take this cue away"))
        self._away.clicked.connect(lambda: self.removed.emit(self._place))
        upper.addWidget(self._away)
        self._first, self._last = _Number(), _Number()
        for spin, name in (
            (self._first, words("First frame of the cue")),
            (self._last, words("Last frame of the cue")),
        ):
            spin.setAccessibleName(name)
            spin.setToolTip(name)
            spin.setKeyboardTracking(False)
            spin.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            spin.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
            spin.setFixedWidth(56)
            spin.left.connect(self.left)
        self._first.valueChanged.connect(lambda value: self.moved.emit(self._place, Frame(value), None))
        self._last.valueChanged.connect(lambda value: self.moved.emit(self._place, None, Frame(value)))
        lower.addWidget(line_label(words("Frames")))
        lower.addWidget(self._first)
        lower.addWidget(line_label("–"))
        lower.addWidget(self._last)
        self._owner = line_label()
        self._owner.setProperty("quiet", True)
        lower.addWidget(self._owner, 1)

    @property
    def spins(self) -> tuple[QSpinBox, QSpinBox]:
        """First and last frame."""
        return self._first, self._last

    @property
    def heard(self) -> str:
        """What it says of having been heard."""
        return self._hear.text()

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        self._theme = theme
        self.update()

    def show_cue(self, cue: VocalCueMark, *, label: str, owner: str, last: Frame, heard: bool, here: bool) -> None:
        """One cue.

        Args:
            cue: as it stands.
            label: what it is called.
            owner: whose it is, in words.
            last: the clip's last frame.
            heard: it was heard at full speed.
            here: keys for whose it is go to it.
        """
        set_text(self._label, label)
        set_text(self._owner, owner)
        for spin, value, low, high in (
            (self._first, cue.onset, Frame(0), cue.offset),
            (self._last, cue.offset, cue.onset, last),
        ):
            blocked = spin.blockSignals(True)
            if (spin.minimum(), spin.maximum()) != (low, high):
                spin.setRange(low, high)
            if spin.value() != value:
                spin.setValue(value)
            spin.blockSignals(blocked)
        said = self._words("✓ heard at 1×") if heard else self._words("▶ hear it at 1×")
        if said != self._hear.text():
            self._hear.say(said)
        if here != self._here:
            self._here = here
            self.update()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Take it in hand."""
        self.taken.emit(self._place)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """A bar where the keys go to."""
        colour = self._theme.accent if self._here else self._theme.line
        QPainter(self).fillRect(QRect(0, 4, 3, self.height() - 8), QColor(colour))


class _Number(QSpinBox):
    """A frame to type; Enter and Esc leave it."""

    left = pyqtSignal()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape}:
            if event.key() == Qt.Key.Key_Escape:
                self.setValue(self.value())  # as it was before
            self.interpretText()
            self.left.emit()
            return
        super().keyPressEvent(event)

"""Action units in the coding form: chips by part of the face, and below them a row for each that is scored."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PyQt6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from annotator_gui.boxes import LEFT, ChoiceBox
from annotator_gui.chips import Chip, Look
from annotator_gui.fields import Choice, Field, unit_number
from annotator_gui.formwords import scored
from annotator_gui.keys import Command, KeyMap
from annotator_gui.language import Words
from annotator_gui.texts import SmallText, large, small
from annotator_gui.theme import Theme
from mmed_curate.domain.codebook import Entry
from mmed_curate.domain.judgements import ActionUnitMark, Intensity, Side


class UnitBox(ChoiceBox):
    """All action units, and side and intensity of those that are scored."""

    side_asked = pyqtSignal(str, object)
    """Code and Side."""
    intensity_asked = pyqtSignal(str, object)
    """Code and Intensity."""
    removed = pyqtSignal(str)

    def __init__(
        self,
        *,
        offered: Sequence[Choice],
        regions: Sequence[Entry],
        words: Words,
        theme: Theme,
        keys: KeyMap,
        parent: QWidget | None = None,
    ) -> None:
        """None is scored at first.

        Args:
            offered: the action units, in order.
            regions: parts of the face under which they stand.
            words: the coder's language.
            theme: colours.
            keys: that score the marked line.
            parent: as Qt wants it.
        """
        names = {entry.code: words.label(entry) for entry in regions}
        super().__init__(
            field=Field.ACTION_UNITS, offered=offered, words=words, theme=theme, regions=names, parent=parent
        )
        self._keys = keys
        self._rows: list[UnitRow] = []
        self._place = QVBoxLayout()
        self._place.setSpacing(1)
        self.body.addLayout(self._place)
        self._hint = SmallText(theme=theme)
        self.body.addWidget(self._hint)

    def set_keys(self, keys: KeyMap) -> None:
        """Other keys; they are named once units are shown anew."""
        self._keys = keys

    def show_units(self, units: Sequence[ActionUnitMark], *, here: str | None) -> None:
        """What is scored.

        Args:
            units: in order.
            here: code of the one to which keys for side and intensity go.
        """
        self.show_chosen(frozenset(one.code for one in units), {one.code: scored(one, self._words) for one in units})
        while len(self._rows) < len(units):
            self._add_row()
        labels = self.labels
        for place, row in enumerate(self._rows):
            if row.isVisibleTo(row.parentWidget() or self) != (place < len(units)):
                row.setVisible(place < len(units))
            if place < len(units):
                code = units[place].code
                row.show_unit(units[place], labels.get(code, code), here=code == here)
        self._hint.setVisible(bool(units))
        if units:
            shown = self._keys.shown
            self._hint.say(
                self._words(
                    "Keys for the marked line: {a} to {e} intensity; {left}, {both}, {right} side.",
                    a=shown(Command.INTENSITY_A),
                    e=shown(Command.INTENSITY_E),
                    left=shown(Command.SIDE_LEFT),
                    both=shown(Command.SIDE_BOTH),
                    right=shown(Command.SIDE_RIGHT),
                )
            )

    def _add_row(self) -> None:
        row = UnitRow(words=self._words, theme=self._theme)
        row.side_asked.connect(self.side_asked)
        row.intensity_asked.connect(self.intensity_asked)
        row.removed.connect(self.removed)
        self._place.addWidget(row)
        self._rows.append(row)


class UnitRow(QWidget):
    """A scored action unit with its side and intensity."""

    side_asked = pyqtSignal(str, object)
    """Code and Side."""
    intensity_asked = pyqtSignal(str, object)
    """Code and Intensity."""
    removed = pyqtSignal(str)

    def __init__(self, *, words: Words, theme: Theme, parent: QWidget | None = None) -> None:
        """Of no unit yet."""
        super().__init__(parent)
        self._words, self._theme, self._here = words, theme, False
        self._code, self._label = "", ""
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 1, 0, 1)
        row.setSpacing(2)
        self._name = _Name(theme=theme)
        row.addWidget(self._name, 1)
        sides = {
            Side.LEFT: (words("L"), words("Left side of the face")),
            Side.BOTH: (words("L+R"), words("Both sides of the face")),
            Side.RIGHT: (words("R"), words("Right side of the face")),
        }
        self._sides: dict[Side, Chip] = {}
        for side, (short, long) in sides.items():
            chip = Chip(theme=theme, label=short, look=Look.PART)
            chip.setToolTip(long)
            chip.setAccessibleName(long)
            chip.clicked.connect(lambda _=False, side=side: self.side_asked.emit(self._code, side))
            row.addWidget(chip)
            self._sides[side] = chip
        row.addSpacing(6)
        self._intensities: dict[Intensity, Chip] = {}
        for intensity in Intensity:
            chip = Chip(theme=theme, label=intensity.value, look=Look.PART)
            chip.setAccessibleName(words("Intensity {letter}", letter=intensity.value))
            chip.setToolTip(words("Intensity {letter}", letter=intensity.value))
            chip.clicked.connect(lambda _=False, one=intensity: self.intensity_asked.emit(self._code, one))
            row.addWidget(chip)
            self._intensities[intensity] = chip
        row.addSpacing(4)
        self._away = Chip(theme=theme, label="×", look=Look.PART, chooses=False)
        self._away.clicked.connect(lambda: self.removed.emit(self._code))
        row.addWidget(self._away)

    @property
    def code(self) -> str:
        """Whose row it is."""
        return self._code

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        self._theme = theme
        self.update()

    def show_unit(self, mark: ActionUnitMark, label: str, *, here: bool) -> None:
        """One scored unit.

        Args:
            mark: what is scored.
            label: what it is called.
            here: whether keys for side and intensity go to it.
        """
        if (mark.code, label) != (self._code, self._label):
            self._code, self._label = mark.code, label
            self._name.say(unit_number(mark.code), label)
            self.setAccessibleName(f"{unit_number(mark.code)} {label}")
            self._away.setAccessibleName(self._words("Take {label} away", label=label))
            self._away.setToolTip(self._words("Take {label} away", label=label))
        for side, chip in self._sides.items():
            chip.show_chosen(mark.side is side)
        for intensity, chip in self._intensities.items():
            chip.show_chosen(mark.intensity is intensity)
        if here != self._here:
            self._here = here
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """A bar where the keys go to."""
        if self._here:
            QPainter(self).fillRect(QRect(0, 3, 3, self.height() - 6), QColor(self._theme.accent))


class _Name(QWidget):
    """A number and what it is called, as far as there is room."""

    def __init__(self, *, theme: Theme) -> None:
        super().__init__()
        self._theme, self._number, self._label = theme, "", ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        self._theme = theme
        self.update()

    def say(self, number: str, label: str) -> None:
        self._number, self._label = number, label
        self.setToolTip(label)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(60, QFontMetrics(large(self.font())).height() + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(QFontMetrics(large(self.font())).horizontalAdvance("50") + 2, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setPen(QColor(self._theme.text))
        painter.setFont(large(self.font()))
        painter.drawText(self.rect(), LEFT, self._number)
        taken = painter.fontMetrics().horizontalAdvance(self._number) + 6
        rest = self.rect().adjusted(taken, 0, -4, 0)
        painter.setFont(small(self.font()))
        if rest.width() > painter.fontMetrics().averageCharWidth() * 5:
            shown = painter.fontMetrics().elidedText(self._label, Qt.TextElideMode.ElideRight, rest.width())
            painter.drawText(rest, LEFT, shown)

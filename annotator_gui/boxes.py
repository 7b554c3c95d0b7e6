"""Parts of the coding form: framed groups, rows of marks, scored action units, vocal cues and open problems."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QEnterEvent,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PyQt6.QtWidgets import (
    QAbstractButton,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from annotator_gui.chips import Chip, Look, large, small
from annotator_gui.fields import time_ms, unit_number
from annotator_gui.language import Words
from annotator_gui.marks import Mark
from annotator_gui.theme import Theme
from mmed_curate.domain.judgements import ActionUnitMark, Intensity, Side, VocalCueMark
from mmed_curate.domain.time import Frame, FrameClock

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


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
        painter.drawText(head, _LEFT, self._name)
        if self._tag:
            taken = painter.fontMetrics().horizontalAdvance(self._name) + 10
            painter.setFont(small(self.font()))
            painter.setPen(QColor(self._theme.warn if self._open else self._theme.quiet))
            rest = head.adjusted(taken, 0, 0, 0)
            shown = painter.fontMetrics().elidedText(self._tag, Qt.TextElideMode.ElideRight, rest.width())
            painter.drawText(rest, _RIGHT, shown)

    def _head(self) -> int:
        return QFontMetrics(self.font()).height() + 4

    def _margins(self) -> None:
        self.body.setContentsMargins(10, self._head() + 5, 8, 8)


class MarkRow(QAbstractButton):
    """One mark: shape, name, frame and time. A click goes there; where it is not set, its key is said."""

    def __init__(self, *, mark: Mark, words: Words, theme: Theme, parent: QWidget | None = None) -> None:
        """Not set at first."""
        super().__init__(parent)
        self._mark, self._words, self._theme = mark, words, theme
        self._name = {Mark.ONSET: words("Onset"), Mark.APEX: words("Apex"), Mark.OFFSET: words("Offset")}[mark]
        self._frame: Frame | None = None
        self._time_ms = 0.0
        self._key = ""
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self._name)

    @property
    def frame(self) -> Frame | None:
        """Where it is; None: not set."""
        return self._frame

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        self._theme = theme
        self.update()

    def show_mark(self, frame: Frame | None, clock: FrameClock | None, *, key: str) -> None:
        """Where it is.

        Args:
            frame: of the mark; None: not set.
            clock: of the clip.
            key: that sets it.
        """
        time = 0.0 if frame is None or clock is None else time_ms(frame, clock)
        if (frame, time, key) == (self._frame, self._time_ms, self._key):
            return
        self._frame, self._time_ms, self._key = frame, time, key
        self.setAccessibleDescription(self.says)
        self.update()

    @property
    def says(self) -> str:
        """What it reads."""
        if self._frame is None:
            return self._words("not set: press {key}", key=self._key)
        return self._words("frame {frame} at {ms} ms", frame=self._frame, ms=round(self._time_ms))

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(200, QFontMetrics(self.font()).height() + 6)

    def minimumSizeHint(self) -> QSize:
        """It may shrink."""
        return QSize(120, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw it."""
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        there = self._frame is not None
        middle = self.height() / 2
        colour = QColor(theme.of(self._mark))
        painter.setPen(QPen(colour, 1.5))
        painter.setBrush(colour if there else Qt.BrushStyle.NoBrush)
        painter.drawPolygon(_shape(self._mark, QPointF(9, middle), 5.5))
        painter.setFont(self.font())
        painter.setPen(QColor(theme.text))
        wide = max(painter.fontMetrics().horizontalAdvance(self._name) + 10, 64)
        painter.drawText(QRect(22, 0, wide, self.height()), _LEFT, self._name)
        rest = QRect(22 + wide, 0, self.width() - 22 - wide - 4, self.height())
        if self._frame is None:
            painter.setPen(QColor(theme.quiet))
            painter.drawText(rest, _LEFT, self.says)
            return
        painter.setFont(large(self.font()))
        painter.drawText(rest, _LEFT, str(self._frame))
        painter.setFont(self.font())
        painter.setPen(QColor(theme.quiet))
        painter.drawText(rest, _RIGHT, self._words("{ms} ms", ms=round(self._time_ms)))
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent), 1, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))


def _shape(mark: Mark, at: QPointF, reach: float) -> QPolygonF:
    """Onset points right, apex is a diamond, offset points left."""
    corners = {
        Mark.ONSET: ((-1, -1), (1, 0), (-1, 1)),
        Mark.APEX: ((0, -1.15), (1.15, 0), (0, 1.15), (-1.15, 0)),
        Mark.OFFSET: ((1, -1), (-1, 0), (1, 1)),
    }[mark]
    return QPolygonF([at + QPointF(x * reach, y * reach) for x, y in corners])


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
        painter.drawText(self.rect(), _LEFT, self._number)
        taken = painter.fontMetrics().horizontalAdvance(self._number) + 6
        rest = self.rect().adjusted(taken, 0, -4, 0)
        painter.setFont(small(self.font()))
        if rest.width() > painter.fontMetrics().averageCharWidth() * 5:
            shown = painter.fontMetrics().elidedText(self._label, Qt.TextElideMode.ElideRight, rest.width())
            painter.drawText(rest, _LEFT, shown)


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
        self._label = _plain_label()
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
        lower.addWidget(_plain_label(words("Frames")))
        lower.addWidget(self._first)
        lower.addWidget(_plain_label("–"))
        lower.addWidget(self._last)
        self._owner = _plain_label()
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

    def show_cue(
        self, cue: VocalCueMark, *, label: str, owner: str, last: Frame, heard: bool, here: bool, locked: bool
    ) -> None:
        """One cue.

        Args:
            cue: as it stands.
            label: what it is called.
            owner: whose it is, in words.
            last: the clip's last frame.
            heard: it was heard at full speed.
            here: keys for whose it is go to it.
            locked: nothing can be changed.
        """
        _set_text(self._label, label)
        _set_text(self._owner, owner)
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
            spin.setEnabled(not locked)
        said = self._words("✓ heard at 1×") if heard else self._words("▶ hear it at 1×")
        if said != self._hear.text():
            self._hear.say(said)
        self._away.setEnabled(not locked)
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


class ProblemRow(QAbstractButton):
    """Something that is still open, in words; a click goes to where it can be mended."""

    def __init__(self, *, theme: Theme, parent: QWidget | None = None) -> None:
        """Empty at first."""
        super().__init__(parent)
        self._theme, self._field, self._over = theme, "", False
        self._known: tuple[tuple[int, str, str], int] | None = None
        """Width, words and font with the height they need."""
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        self._theme = theme
        self.update()

    def say(self, field: str, sentence: str) -> None:
        """What is open.

        Args:
            field: name of the group; empty: none in particular.
            sentence: what is wrong and what to do.
        """
        if (field, sentence) == (self._field, self.text()):
            return
        self._field = field
        self.setText(sentence)
        self.setAccessibleName(f"{field}: {sentence}" if field else sentence)
        self.updateGeometry()
        self.update()

    @property
    def says(self) -> str:
        """Group and sentence."""
        return f"{self._field} · {self.text()}" if self._field else self.text()

    def hasHeightForWidth(self) -> bool:
        """Narrower is taller."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Room for all lines."""
        name = (width, self.says, self.font().key())
        if self._known is None or self._known[0] != name:
            metrics = QFontMetrics(small(self.font()))
            room = QRect(0, 0, max(1, width - 16), 10_000)
            self._known = (name, metrics.boundingRect(room, Qt.TextFlag.TextWordWrap, self.says).height() + 2)
        return self._known[1]

    def sizeHint(self) -> QSize:
        """Some width; the height follows from it."""
        return QSize(200, self.heightForWidth(max(self.width(), 200)))

    def minimumSizeHint(self) -> QSize:
        """One line."""
        return QSize(80, QFontMetrics(small(self.font())).lineSpacing() + 2)

    def enterEvent(self, event: QEnterEvent | None) -> None:
        """The pointer came."""
        self._over = True
        self.update()

    def leaveEvent(self, event: QEvent | None) -> None:
        """The pointer went."""
        self._over = False
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """A ring, since it is open, and the words."""
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = small(self.font())
        painter.setFont(font)
        line = painter.fontMetrics().lineSpacing()
        painter.setPen(QPen(QColor(theme.warn), 1.6))
        painter.drawEllipse(QPointF(6, line / 2 + 0.5), 3.2, 3.2)
        painter.setPen(QColor(theme.accent if self._over or self.hasFocus() else theme.text))
        painter.drawText(
            self.rect().adjusted(16, 0, 0, 0), Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop, self.says
        )


def _plain_label(text: str = "") -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def _set_text(label: QLabel, text: str) -> None:
    if label.text() != text:
        label.setText(text)

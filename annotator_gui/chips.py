"""What codes are chosen by: chips that show key, number, label and what was scored."""

from __future__ import annotations

from enum import Enum
from typing import Protocol, runtime_checkable

from PyQt6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QEnterEvent,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
)
from PyQt6.QtWidgets import QAbstractButton, QWidget

from annotator_gui.texts import in_lines, large, small
from annotator_gui.theme import Theme

_MOST_LINES = 3
"""Of a label (ours)."""
_TICK = 16
"""Pixels at the end of a chip for its tick (ours)."""
_MIDDLE = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_CENTRE = Qt.AlignmentFlag.AlignCenter


@runtime_checkable
class Painted(Protocol):
    """What paints itself in a theme's colours."""

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""


class Look(Enum):
    """How a chip is drawn."""

    PLAIN = "plain"
    """Number, label and key in a line."""
    SMALL = "small"
    """The same in small text."""
    UNIT = "unit"
    """Number over key at the left, the label in some lines beside them."""
    PART = "part"
    """A letter or two among others of its kind."""


class Chip(QAbstractButton):
    """One code: chosen by a click as by its key. Shows a choice only once it is told of it."""

    pointed = pyqtSignal(bool)
    """The pointer or the keyboard came (True) or went."""

    def __init__(
        self,
        *,
        theme: Theme,
        label: str,
        key: str = "",
        number: str = "",
        look: Look = Look.PLAIN,
        chooses: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        """Not chosen at first.

        Args:
            theme: colours.
            label: what it stands for.
            key: shown as a key cap; empty: none.
            number: shown large before the label; empty: none.
            look: how it is drawn.
            chooses: whether it stands for something that is chosen; else it does something.
            parent: as Qt wants it.
        """
        super().__init__(parent)
        self._theme = theme
        self._key, self._number, self._look = key, number, look
        self._detail = ""
        self._here = False
        self._over = False
        self._hint: tuple[object, QSize] | None = None
        self._drawn: tuple[object, QPixmap] | None = None
        """How it looked when it was last drawn, and what it looked like: most paintings find nothing new."""
        self.setText(label)
        self.setAccessibleName(f"{number} {label}".strip())
        self.setCheckable(chooses)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard with the window
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @property
    def detail(self) -> str:
        """What is said of it beyond that it is chosen."""
        return self._detail

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        self._theme = theme
        self.update()

    def say(self, label: str) -> None:
        """Another label."""
        if label != self.text():
            self.setText(label)
            self.setAccessibleName(f"{self._number} {label}".strip())
            self.updateGeometry()

    def set_key(self, key: str) -> None:
        """Another key."""
        if key != self._key:
            self._key, self._hint, self._drawn = key, None, None
            self.updateGeometry()
            self.update()

    def show_chosen(self, chosen: bool, detail: str = "") -> None:
        """Whether it is chosen, and what more is said of it."""
        if chosen == self.isChecked() and detail == self._detail:
            return
        self._detail = detail
        self.setChecked(chosen)
        self.setAccessibleDescription(detail)
        self.update()

    def show_here(self, here: bool) -> None:
        """Whether its field is in hand, so that its key is live."""
        if here != self._here:
            self._here = here
            if self._key:
                self.update()

    def nextCheckState(self) -> None:
        """A click alone chooses nothing: what is on disk is shown."""

    def sizeHint(self) -> QSize:
        """Room for key, number, label and the tick of what is chosen."""
        name = (self.text(), self.font().key())
        if self._hint is None or self._hint[0] != name:
            self._hint = (name, self._size())
        return self._hint[1]

    def _size(self) -> QSize:
        font = self._font()
        metrics, little = QFontMetrics(font), QFontMetrics(small(self.font()))
        if self._look is Look.UNIT:
            return QSize(96, max(little.lineSpacing() * 2 + 6, QFontMetrics(large(self.font())).height() + 18))
        if self._look is Look.PART:
            return QSize(metrics.horizontalAdvance(self.text()) + 14, metrics.height() + 8)
        wide = metrics.horizontalAdvance(self.text()) + 14 + (_TICK if self.isCheckable() else 0)
        if self._number:
            wide += QFontMetrics(large(font)).horizontalAdvance(self._number) + 6
        if self._key:
            wide += self._key_width() + 6
        return QSize(wide, metrics.height() + 10)

    def minimumSizeHint(self) -> QSize:
        """It may shrink; its label is cut then."""
        return QSize(24, self.sizeHint().height())

    def enterEvent(self, event: QEnterEvent | None) -> None:
        """The pointer came."""
        self._over = True
        self.update()
        self.pointed.emit(True)

    def leaveEvent(self, event: QEvent | None) -> None:
        """The pointer went."""
        self._over = False
        self.update()
        self.pointed.emit(False)

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        """The keyboard came."""
        self.update()
        self.pointed.emit(True)

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        """The keyboard went."""
        self.update()
        self.pointed.emit(False)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Only Space chooses here; arrows step frames and belong to the window."""
        if event is None:
            return
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.click()
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw it, from memory where nothing is new."""
        ratio = self.devicePixelRatioF()
        state = (
            self._theme,
            self.text(),
            self._detail,
            self._here and bool(self._key),
            self._over,
            self.isChecked(),
            self.isEnabled(),
            self.hasFocus(),
            self.font().key(),
            self.width(),
            self.height(),
            ratio,
        )
        if self._drawn is None or self._drawn[0] != state:
            pixmap = QPixmap(self.size() * ratio)
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            self._draw(painter)
            painter.end()
            self._drawn = (state, pixmap)
        QPainter(self).drawPixmap(0, 0, self._drawn[1])

    def _draw(self, painter: QPainter) -> None:
        theme = self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen, may = self.isChecked(), self.isEnabled()
        text = QColor(theme.on_accent if chosen else theme.text if may else theme.quiet)
        edge = theme.accent if chosen or (self._over and may) else theme.line
        body = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(QColor(edge), 1))
        painter.setBrush(QColor(theme.accent if chosen else theme.raised if may else theme.panel))
        painter.drawRoundedRect(body, 4, 4)
        if self.hasFocus():
            painter.setPen(QPen(text, 1, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(body.adjusted(2, 2, -2, -2), 3, 3)
        if self._look is Look.UNIT:
            self._paint_unit(painter, text)
        elif self._look is Look.PART:
            font = self._font()
            font.setBold(chosen)
            painter.setFont(font)
            painter.setPen(text)
            painter.drawText(self.rect(), _CENTRE, self.text())
        else:
            self._paint_line(painter, text)

    def _font(self) -> QFont:
        return self.font() if self._look is Look.PLAIN else small(self.font())

    def _paint_line(self, painter: QPainter, text: QColor) -> None:
        """Key, number and label in a line; a tick at the end of what is chosen."""
        inner = self.rect().adjusted(6, 1, -6, -1)
        left, right = inner.left(), inner.right() + 1
        if self.isCheckable():
            right -= _TICK - 2
            if self.isChecked():
                self._paint_tick(painter, QPointF(right + 3, inner.center().y() + 1.5), text)
        if self._key:
            cap = QRectF(left, inner.center().y() - 7.5, self._key_width(), 16)
            self._paint_key(painter, cap, text)
            left += self._key_width() + 6
        painter.setPen(text)
        if self._number:
            font = large(self._font())
            painter.setFont(font)
            wide = QFontMetrics(font).horizontalAdvance(self._number)
            painter.drawText(QRect(left, inner.top(), wide + 2, inner.height()), _MIDDLE, self._number)
            left += wide + 6
        painter.setFont(self._font())
        rest = QRect(left, inner.top(), max(0, right - left), inner.height())
        shown = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, rest.width() + 1)
        painter.drawText(rest, _MIDDLE, shown)

    def lines_at(self, width: int) -> int:
        """How many lines the label of a unit takes in a chip of this width."""
        metrics = QFontMetrics(small(self.font()))
        return len(in_lines(self.text(), metrics, width - self._gutter() - 15, most=_MOST_LINES))

    def holds(self, width: int) -> bool:
        """Whether a chip of this width shows the label of a unit in two lines, uncut."""
        metrics, room = QFontMetrics(small(self.font())), width - self._gutter() - 15
        return not any(line.endswith("…") for line in in_lines(self.text(), metrics, room, most=2))

    def _gutter(self) -> int:
        metrics = QFontMetrics(large(self.font()))
        return max(metrics.horizontalAdvance("00"), metrics.horizontalAdvance(self._number))

    def _paint_unit(self, painter: QPainter, text: QColor) -> None:
        """Number over key; beside them the label. What is scored of it stands where its key stood, else a tick."""
        inner = self.rect().adjusted(6, 2, -4, -2)
        font, little = large(self.font()), small(self.font())
        high, gutter = QFontMetrics(font).height(), self._gutter()
        step = QFontMetrics(little).lineSpacing()
        top = inner.center().y() - (high + 15) // 2 + 1
        painter.setFont(font)
        painter.setPen(text)
        painter.drawText(QRect(inner.left(), top, gutter, high), _MIDDLE, self._number)
        below = top + high
        if self._detail:
            painter.setFont(small(font))
            gutter = max(gutter, painter.fontMetrics().horizontalAdvance(self._detail))
            painter.drawText(QRect(inner.left(), below - 2, gutter + 4, step), _MIDDLE, self._detail)
        elif self.isChecked():
            self._paint_tick(painter, QPointF(inner.left() + 2, below + 6), text)
        elif self._key:
            self._paint_key(painter, QRectF(inner.left(), below - 1, self._key_width(), 15), text)
        painter.setFont(little)
        painter.setPen(text)
        rest = QRect(inner.left() + gutter + 5, inner.top(), max(0, inner.width() - gutter - 5), inner.height())
        most = max(1, min(_MOST_LINES, (inner.height() + 3) // step))
        lines = in_lines(self.text(), painter.fontMetrics(), rest.width(), most=most)
        first = rest.center().y() - step * len(lines) // 2 + 1
        for place, line in enumerate(lines):
            painter.drawText(QRect(rest.left(), first + place * step, rest.width(), step), _MIDDLE, line)

    def _key_width(self) -> int:
        return max(16, QFontMetrics(small(self.font())).horizontalAdvance(self._key) + 8)

    def _paint_key(self, painter: QPainter, cap: QRectF, text: QColor) -> None:
        """A key cap: strong while the key is live."""
        theme, chosen = self._theme, self.isChecked()
        live = self._here and self.isEnabled()
        painter.setPen(QPen(text if chosen else QColor(theme.text if live else theme.line), 1))
        painter.setBrush(QColor(theme.panel) if live and not chosen else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(cap, 3, 3)
        painter.setFont(small(self.font()))
        painter.setPen(text if chosen else QColor(theme.text if live else theme.quiet))
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, self._key)

    def _paint_tick(self, painter: QPainter, at: QPointF, colour: QColor) -> None:
        """A tick: what is chosen is told by more than its colour."""
        painter.setPen(QPen(colour, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF([at, at + QPointF(3, 4), at + QPointF(9, -4)]))

"""What codes are chosen by: chips that show key, number, label and what was scored; small words; groups of chips."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
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
    QPolygonF,
    QResizeEvent,
)
from PyQt6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from annotator_gui.chipplaces import grouped
from annotator_gui.theme import Theme

_SMALL = 0.84
"""Small text beside ordinary text (ours)."""
_LARGE = 1.15


@runtime_checkable
class Painted(Protocol):
    """What paints itself in a theme's colours."""

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""


def small(font: QFont) -> QFont:
    """The same, smaller."""
    return _scaled(font, _SMALL)


def large(font: QFont) -> QFont:
    """The same, larger and bold."""
    bold = _scaled(font, _LARGE)
    bold.setBold(True)
    return bold


def _scaled(font: QFont, by: float) -> QFont:
    other = QFont(font)
    if font.pointSizeF() > 0:
        other.setPointSizeF(font.pointSizeF() * by)
    else:
        other.setPixelSize(max(1, round(font.pixelSize() * by)))
    return other


def tip(*, heading: str, text: str, source: str = "") -> str:
    """A tooltip that wraps; nothing in it is read as markup."""
    parts = [f"<b>{escape(heading)}</b>", escape(text)]
    if source:
        parts.append(f"<i>{escape(source)}</i>")
    return f"<qt>{'<br>'.join(parts)}</qt>"


class SmallText(QWidget):
    """Small quiet words that wrap."""

    def __init__(self, *, theme: Theme, lines: int = 0, warns: bool = False, parent: QWidget | None = None) -> None:
        """Empty at first.

        Args:
            theme: colours.
            lines: as tall as so many lines, whatever it says; 0: as tall as its words.
            warns: it speaks of what is open.
            parent: as Qt wants it.
        """
        super().__init__(parent)
        self._theme, self._lines, self._warns = theme, lines, warns
        self._text = ""
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def text(self) -> str:
        """What it says."""
        return self._text

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        self._theme = theme
        self.update()

    def say(self, text: str) -> None:
        """Say something else."""
        if text == self._text:
            return
        self._text = text
        self.setAccessibleName(text)
        if not self._lines:
            self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        """Narrower is taller."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Room for all lines."""
        metrics = QFontMetrics(small(self.font()))
        if self._lines:
            return metrics.lineSpacing() * self._lines
        bounds = metrics.boundingRect(QRect(0, 0, max(1, width), 10_000), Qt.TextFlag.TextWordWrap, self._text)
        return bounds.height()

    def sizeHint(self) -> QSize:
        """Some width; the height follows from it."""
        return QSize(120, self.heightForWidth(max(self.width(), 120)))

    def minimumSizeHint(self) -> QSize:
        """One line."""
        return QSize(20, QFontMetrics(small(self.font())).lineSpacing())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the words."""
        painter = QPainter(self)
        painter.setFont(small(self.font()))
        painter.setPen(QColor(self._theme.warn if self._warns else self._theme.quiet))
        painter.drawText(self.rect(), Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop, self._text)


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
        tall: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """Not chosen at first.

        Args:
            theme: colours.
            label: what it stands for.
            key: shown in a corner; empty: none.
            number: shown large before the label; empty: none.
            tall: the label stands below the number.
            parent: as Qt wants it.
        """
        super().__init__(parent)
        self._theme = theme
        self._key, self._number, self._tall = key, number, tall
        self._detail = ""
        self._here = False
        self._over = False
        self.setText(label)
        self.setAccessibleName(f"{number} {label}".strip())
        self.setCheckable(True)
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
        """Room for key, number and label."""
        font = self.font()
        line = QFontMetrics(font).height()
        if self._tall:
            return QSize(92, QFontMetrics(large(font)).height() + QFontMetrics(small(font)).height() + 6)
        wide = QFontMetrics(font).horizontalAdvance(self.text()) + 16
        if self._number:
            wide += QFontMetrics(large(font)).horizontalAdvance(self._number) + 6
        if self._key:
            wide += self._key_width() + 6
        return QSize(wide, line + 10)

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
        """Draw it."""
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen, may = self.isChecked(), self.isEnabled()
        fill = QColor(theme.accent if chosen else theme.raised if may else theme.panel)
        text = QColor(theme.on_accent if chosen else theme.text if may else theme.quiet)
        edge = QColor(theme.accent if (self._over and may) or chosen else theme.line)
        body = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(edge, 1))
        painter.setBrush(fill)
        painter.drawRoundedRect(body, 4, 4)
        if self.hasFocus():
            painter.setPen(QPen(text, 1, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(body.adjusted(2, 2, -2, -2), 3, 3)
        inner = self.rect().adjusted(7, 2, -7, -2)
        first = QRect(inner)
        if self._tall:
            first.setHeight(QFontMetrics(large(self.font())).height())
        right = first.right() + 1
        if self._key:
            cap = QRectF(right - self._key_width(), first.center().y() - 7.5, self._key_width(), 16)
            self._paint_key(painter, cap, text)
            right = int(cap.left()) - 5
        left = first.left()
        if chosen and (self._tall or not self._number):
            left += self._paint_tick(painter, QPointF(left, first.center().y() + 1), text)
        painter.setPen(text)
        if self._number:
            font = large(self.font())
            painter.setFont(font)
            wide = QFontMetrics(font).horizontalAdvance(self._number)
            painter.drawText(QRect(left, first.top(), wide + 2, first.height()), _MIDDLE, self._number)
            left += wide + 6
        if self._tall:
            painter.setFont(small(self.font()))
            if self._detail:
                painter.drawText(QRect(left, first.top(), max(0, right - left), first.height()), _MIDDLE, self._detail)
            below = inner.adjusted(0, first.height() - 1, 0, 1)
            metrics = painter.fontMetrics()
            painter.setPen(text if chosen or not may else QColor(theme.text))
            shown = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, below.width())
            painter.drawText(below, _MIDDLE, shown)
            return
        painter.setFont(self.font())
        rest = QRect(left, first.top(), max(0, right - left), first.height())
        shown = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, rest.width() + 1)
        centred = not self._key and not self._number and not chosen
        painter.drawText(rest, _CENTRE if centred else _MIDDLE, shown)

    def _key_width(self) -> int:
        return max(16, QFontMetrics(small(self.font())).horizontalAdvance(self._key) + 8)

    def _paint_key(self, painter: QPainter, cap: QRectF, text: QColor) -> None:
        """A key cap: filled while the key is live."""
        theme, chosen = self._theme, self.isChecked()
        live = self._here and self.isEnabled()
        painter.setPen(QPen(text if chosen else QColor(theme.text if live else theme.line), 1))
        painter.setBrush(QColor(theme.panel) if live and not chosen else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(cap, 3, 3)
        painter.setFont(small(self.font()))
        painter.setPen(text if chosen else QColor(theme.text if live else theme.quiet))
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, self._key)

    def _paint_tick(self, painter: QPainter, at: QPointF, colour: QColor) -> int:
        """A tick: what is chosen is told by more than its colour."""
        painter.setPen(QPen(colour, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF([at, at + QPointF(3, 4), at + QPointF(9, -4)]))
        return 14


_MIDDLE = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_CENTRE = Qt.AlignmentFlag.AlignCenter


class GroupedChips(QWidget):
    """Chips in groups, each with its name at the left: 30 or 60 of them can be scanned."""

    def __init__(
        self, named: Sequence[tuple[str, Sequence[Chip]]], *, theme: Theme, parent: QWidget | None = None
    ) -> None:
        """Take the chips.

        Args:
            named: name of each group and its chips, in order.
            theme: colours.
            parent: as Qt wants it.
        """
        super().__init__(parent)
        self._theme = theme
        self._named = [(name, tuple(chips)) for name, chips in named]
        self._captions: tuple[tuple[int, int, int, int], ...] = ()
        for _, chips in self._named:
            for chip in chips:
                chip.setParent(self)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        self._theme = theme
        self.update()

    def hasHeightForWidth(self) -> bool:
        """Narrower is taller."""
        return True

    def heightForWidth(self, width: int) -> int:
        """How tall the chips are together."""
        return self._places(width)[2]

    def sizeHint(self) -> QSize:
        """Three columns."""
        return QSize(350, self.heightForWidth(350))

    def minimumSizeHint(self) -> QSize:
        """Two columns."""
        return QSize(260, 40)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Put the chips in their places."""
        self._place()

    def changeEvent(self, event: QEvent | None) -> None:
        """Another size of text needs other places."""
        if event is not None and event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}:
            self.updateGeometry()
            self._place()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the groups' names."""
        painter = QPainter(self)
        painter.setFont(small(self.font()))
        painter.setPen(QColor(self._theme.quiet))
        for (name, _), (left, top, width, height) in zip(self._named, self._captions, strict=False):
            box = QRect(left, top + 2, width, max(height, painter.fontMetrics().lineSpacing() * 2))
            painter.drawText(box, Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop, name)

    def _places(
        self, width: int
    ) -> tuple[tuple[tuple[tuple[int, int, int, int], ...], ...], tuple[tuple[int, int, int, int], ...], int]:
        metrics = QFontMetrics(small(self.font()))
        longest = max((metrics.horizontalAdvance(word) for name, _ in self._named for word in name.split()), default=0)
        first = next((chip for _, chips in self._named for chip in chips), None)
        high = first.sizeHint().height() if first is not None else 20
        return grouped(
            [len(chips) for _, chips in self._named],
            width=width,
            caption=min(longest + 2, width // 4),
            least=round(QFontMetrics(small(self.font())).averageCharWidth() * 12.5),
            height=high,
            gap=3,
            between=6,
        )

    def _place(self) -> None:
        cells, self._captions, _ = self._places(self.width())
        for (_, chips), places in zip(self._named, cells, strict=True):
            for chip, place in zip(chips, places, strict=True):
                chip.setGeometry(QRect(*place))
        self.update()

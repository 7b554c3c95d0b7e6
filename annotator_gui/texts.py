"""Words beside others: smaller and larger fonts, small words that wrap, words in a few lines, tooltips."""

from __future__ import annotations

import re
from html import escape

from PyQt6.QtCore import QRect, QSize, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from annotator_gui.theme import Theme

_SMALL = 0.84
"""Small text beside ordinary text (ours)."""
_LARGE = 1.15
_FONTS: dict[tuple[str, float], QFont] = {}
"""Fonts already scaled: asked for at every painting."""
_WIDE = 62
"""Signs in a line from which on a sentence needs a line less (ours)."""
_SIGNS = re.compile(r"（?.[）、，。]*")
"""Chinese breaks at any sign, but not inside its brackets."""


def small(font: QFont) -> QFont:
    """The same, smaller."""
    return _scaled(font, _SMALL)


def large(font: QFont) -> QFont:
    """The same, larger and bold."""
    bold = _scaled(font, _LARGE)
    bold.setBold(True)
    return bold


def _scaled(font: QFont, by: float) -> QFont:
    name = (font.key(), by)
    if name not in _FONTS:
        _FONTS[name] = _made(font, by)
    return QFont(_FONTS[name])


def _made(font: QFont, by: float) -> QFont:
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


def in_lines(text: str, metrics: QFontMetrics, width: int, *, most: int) -> list[str]:
    """Words in a few lines; what does not fit is cut.

    Args:
        text: the words.
        metrics: of the font.
        width: of the room, in pixels.
        most: lines at most.
    """
    spaced = " " in text or text.isascii()
    words, space = (text.split(), " ") if spaced else (_SIGNS.findall(text), "")
    lines: list[str] = []
    while words and len(lines) < most - 1:
        line = words.pop(0)
        while words and metrics.horizontalAdvance(line + space + words[0]) < width:
            line += space + words.pop(0)
        lines.append(line)
    if words:
        lines.append(space.join(words))
    return [metrics.elidedText(line, Qt.TextElideMode.ElideRight, width) for line in lines]


class SmallText(QWidget):
    """Small quiet words that wrap."""

    def __init__(self, *, theme: Theme, lines: int = 0, warns: bool = False, parent: QWidget | None = None) -> None:
        """Empty at first.

        Args:
            theme: colours.
            lines: as tall as so many lines, whatever it says, one less where there is room; 0: as tall as its words.
            warns: it speaks of what is open.
            parent: as Qt wants it.
        """
        super().__init__(parent)
        self._theme, self._lines, self._warns = theme, lines, warns
        self._text = ""
        self._heights: dict[tuple[int, str, str], int] = {}
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
        name = (width, self._text if not self._lines else "", self.font().key())
        if name not in self._heights:
            self._heights = {name: self._height(width), **dict(list(self._heights.items())[:3])}
        return self._heights[name]

    def _height(self, width: int) -> int:
        metrics = QFontMetrics(small(self.font()))
        if self._lines:
            wide = width >= metrics.averageCharWidth() * _WIDE
            return metrics.lineSpacing() * (self._lines - wide)
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

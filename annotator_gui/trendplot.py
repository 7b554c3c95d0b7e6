"""Agreement by week, drawn: a point with its interval; a ring at the foot where it is undetermined."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from annotator_gui.language import Words
from annotator_gui.numberwords import measure_words
from annotator_gui.theme import Theme
from annotator_gui.trend import axis, dots
from mmed_curate.annotation.overview import TrendPoint

_LEFT_PX = 34
"""Beside the plot, for the numbers of its grid."""
_BELOW_PX = 18


class TrendPlot(QWidget):
    """Agreement by week: a point with its interval; a ring at the foot where it is undetermined."""

    def __init__(self, *, words: Words, theme: Theme, parent: QWidget | None = None) -> None:
        """Empty at first."""
        super().__init__(parent)
        self._words, self._theme = words, theme
        self._points: tuple[TrendPoint, ...] = ()
        self.setMinimumHeight(150)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(words("Emotion agreement by week, with intervals"))

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        self._theme = theme
        self.update()

    def show_points(self, points: tuple[TrendPoint, ...]) -> None:
        """Draw these weeks."""
        self._points = points
        said = "\n".join(f"{point.week}: {measure_words(point.emotion_alpha, self._words)}" for point in points)
        self.setAccessibleDescription(said)
        self.setToolTip(said.replace("<", "‹"))
        self.update()

    def sizeHint(self) -> QSize:
        """Small."""
        return QSize(420, 170)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw it."""
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._points:
            painter.setPen(QColor(theme.quiet))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._words("No week has closed yet"))
            return
        measures = [point.emotion_alpha for point in self._points]
        on = axis(measures, top=8, bottom=self.height() - _BELOW_PX - 4)
        right = self.width() - 6
        for value in on.grid:
            y = on.y(value)
            painter.setPen(QPen(QColor(theme.line), 1, Qt.PenStyle.SolidLine if value == 0 else Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(_LEFT_PX, y), QPointF(right, y))
            painter.setPen(QColor(theme.quiet))
            box = QRectF(0, y - 8, _LEFT_PX - 6, 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{value:.2f}")
        placed = dots(measures, on, left=_LEFT_PX, right=right)
        metrics = painter.fontMetrics()
        wide = metrics.horizontalAdvance("W00") + 8
        every = max(1, -(-wide * len(placed) // max(1, right - _LEFT_PX)))
        before: QPointF | None = None
        for place, (dot, point) in enumerate(zip(placed, self._points, strict=True)):
            if place % every == 0:
                painter.setPen(QColor(theme.quiet))
                box = QRectF(dot.x - wide, self.height() - _BELOW_PX, 2 * wide, _BELOW_PX)
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, point.week.rpartition("-")[2])
            if dot.y is None:
                painter.setPen(QPen(QColor(theme.quiet), 1.5))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(QPointF(dot.x, on.bottom), 4, 4)
                before = None
                continue
            here = QPointF(dot.x, dot.y)
            painter.setPen(QPen(QColor(theme.accent), 1.2))
            if before is not None:
                painter.drawLine(before, here)
            if dot.top is not None and dot.bottom is not None:
                painter.setPen(QPen(QColor(theme.accent), 2))
                painter.drawLine(QPointF(dot.x, dot.top), QPointF(dot.x, dot.bottom))
                for end in (dot.top, dot.bottom):
                    painter.drawLine(QPointF(dot.x - 4, end), QPointF(dot.x + 4, end))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.accent))
            painter.drawEllipse(here, 4, 4)
            before = here

"""Agreement layer by layer, drawn: a point with its interval in each row, and the bounds that alpha is held against."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from annotator_gui.language import Words
from annotator_gui.numberwords import layer_words, measure_words
from annotator_gui.theme import Theme
from annotator_gui.trend import axis
from mmed_curate.annotation.measured import LayerLine
from mmed_curate.domain.measures import Interval, Undetermined

_ROW_PX, _TOP_PX, _BELOW_PX = 24, 18, 20
_WIDEST = 0.4
"""Share of the plot that names may take."""


class IntervalPlot(QWidget):
    """What it shows is told to who cannot see it, too."""

    def __init__(self, *, words: Words, theme: Theme, parent: QWidget | None = None) -> None:
        """Empty at first."""
        super().__init__(parent)
        self._words, self._theme = words, theme
        self._layers: tuple[LayerLine, ...] = ()
        self._bounds: tuple[float, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(words("Alpha of each layer, with intervals"))

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        self._theme = theme
        self.update()

    def show_layers(self, layers: tuple[LayerLine, ...], bounds: tuple[float, ...]) -> None:
        """Draw these, and the bounds as dashed lines."""
        self._layers, self._bounds = layers, bounds
        said = "\n".join(f"{self._name(one)}: {measure_words(one.alpha, self._words)}" for one in layers)
        self.setAccessibleDescription(said)
        self.setToolTip(said.replace("<", "‹"))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As tall as its rows."""
        return QSize(420, _TOP_PX + _ROW_PX * max(1, len(self._layers)) + _BELOW_PX)

    def minimumSizeHint(self) -> QSize:
        """Narrow, if it must be."""
        return QSize(240, self.sizeHint().height())

    def _name(self, one: LayerLine) -> str:
        return layer_words(one.name, self._words)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw it."""
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = painter.fontMetrics()
        names = [self._name(one) for one in self._layers]
        most = int(self.width() * _WIDEST)
        left = min(most, max((metrics.horizontalAdvance(name) for name in names), default=0)) + 12
        foot = _TOP_PX + _ROW_PX * len(names)
        along = axis([one.alpha for one in self._layers], top=self.width() - 20, bottom=left + 6)  # turned on its side
        for value in along.grid:
            x = along.y(value)
            painter.setPen(QPen(QColor(theme.line), 1, Qt.PenStyle.SolidLine if value == 0 else Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(x, _TOP_PX), QPointF(x, foot))
            painter.setPen(QColor(theme.quiet))
            painter.drawText(QRectF(x - 24, foot + 2, 48, 16), Qt.AlignmentFlag.AlignCenter, f"{value:.2f}")
        for place, bound in enumerate(sorted(self._bounds)):
            x = along.y(bound)
            painter.setPen(QPen(QColor(theme.warn), 1.2, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, _TOP_PX - 2), QPointF(x, foot))
            painter.setPen(QColor(theme.quiet))
            beside = QRectF(x + 2, 0, 50, 16) if place else QRectF(x - 52, 0, 50, 16)
            side = Qt.AlignmentFlag.AlignLeft if place else Qt.AlignmentFlag.AlignRight
            painter.drawText(beside, side | Qt.AlignmentFlag.AlignVCenter, f"{bound:g}")
        for place, (one, name) in enumerate(zip(self._layers, names, strict=True)):
            middle = _TOP_PX + _ROW_PX * (place + 0.5)
            painter.setPen(QColor(theme.text))
            shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, left - 12)
            box = QRectF(0, middle - 10, left - 8, 20)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, shown)
            if isinstance(one.alpha, Undetermined):
                painter.setPen(QColor(theme.quiet))
                box = QRectF(along.y(0) + 6, middle - 10, self.width(), 20)
                painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, self._words("undetermined"))
                continue
            ends = one.alpha.interval
            painter.setPen(QPen(QColor(theme.accent), 2))
            if isinstance(ends, Interval):
                painter.drawLine(QPointF(along.y(ends.lower), middle), QPointF(along.y(ends.upper), middle))
                for end in (ends.lower, ends.upper):
                    painter.drawLine(QPointF(along.y(end), middle - 4), QPointF(along.y(end), middle + 4))
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(theme.accent))
            else:
                painter.setBrush(Qt.BrushStyle.NoBrush)  # a ring: it has no interval
            painter.drawEllipse(QPointF(along.y(one.alpha.value), middle), 4, 4)

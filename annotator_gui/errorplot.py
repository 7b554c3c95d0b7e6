"""How far apart coders put a mark, drawn: full bars within tolerance, hollow ones beyond."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from annotator_gui.language import Words
from annotator_gui.marks import Mark, mark_names
from annotator_gui.numberwords import measure_words
from annotator_gui.theme import Theme
from mmed_curate.annotation.measured import MarkLine

_TOP_PX, _BELOW_PX, _SIDE_PX = 22, 20, 8


class ErrorPlot(QWidget):
    """Of one mark; what it shows is told to who cannot see it, too."""

    def __init__(self, mark: Mark, *, words: Words, theme: Theme, parent: QWidget | None = None) -> None:
        """Empty at first.

        Args:
            mark: whose colour the bars take.
            words: the window's.
            theme: its colours.
            parent: as Qt wants it.
        """
        super().__init__(parent)
        self._mark, self._words, self._theme = mark, words, theme
        self._line: MarkLine | None = None
        self.setMinimumHeight(120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setAccessibleName(words("How far apart coders put it, in ms: {mark}", mark=mark_names(words)[mark]))

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        self._theme = theme
        self.update()

    def show_line(self, line: MarkLine) -> None:
        """Draw this."""
        self._line = line
        words = self._words
        said = []
        if line.median_ms is not None and line.p95_ms is not None:
            values = {"pairs": line.n_pairs, "half": f"{line.median_ms:.0f}", "most": f"{line.p95_ms:.0f}"}
            said.append(words("half of {pairs} pairs below {half} ms, 95 % below {most} ms", **values))
        ms, measure = f"{line.histogram.tolerance_ms:.0f}", measure_words(line.within, words)
        said.append(words("within {ms} ms: {measure}", ms=ms, measure=measure))
        self.setAccessibleDescription("\n".join(said))
        self.setToolTip("\n".join((self.accessibleName(), *said)).replace("<", "‹"))
        self.update()

    def sizeHint(self) -> QSize:
        """Small."""
        return QSize(200, 140)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw it."""
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(theme.text))
        head = QRectF(_SIDE_PX, 0, self.width() - 2 * _SIDE_PX, 18)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(head, Qt.AlignmentFlag.AlignLeft | middle, mark_names(self._words)[self._mark])
        painter.setPen(QColor(theme.quiet))
        if self._line is None or not self._line.n_pairs:
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._words("Nobody marked the same event yet"))
            return
        told = self._words("tolerance {ms} ms", ms=f"{self._line.histogram.tolerance_ms:.0f}")
        painter.drawText(head, Qt.AlignmentFlag.AlignRight | middle, told)
        self._paint_bars(painter, self._line)

    def _paint_bars(self, painter: QPainter, line: MarkLine) -> None:
        found, theme, colour = line.histogram, self._theme, QColor(self._theme.of(self._mark))
        bars = [*found.counts, *([(0, found.n_more)] if found.n_more else [])]
        left, right, bottom = _SIDE_PX, self.width() - _SIDE_PX, self.height() - _BELOW_PX
        each, most = (right - left) / len(bars), max(map(sum, bars))
        for place, (within, beyond) in enumerate(bars):
            x, foot = left + each * place, float(bottom)
            for n, full in ((within, True), (beyond, False)):
                high = n / most * (bottom - _TOP_PX)
                if n:
                    painter.setPen(Qt.PenStyle.NoPen if full else QPen(colour, 1.2))
                    painter.setBrush(colour if full else Qt.BrushStyle.NoBrush)
                    painter.drawRect(QRectF(x + 1, foot - high, max(1.0, each - 2), high))
                foot -= high
        painter.setPen(QPen(QColor(theme.quiet), 1))
        painter.drawLine(QPointF(left, bottom), QPointF(right, bottom))
        at = left + each * found.bars_within
        if at <= right:
            painter.setPen(QPen(QColor(theme.warn), 1.2, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(at, _TOP_PX - 2), QPointF(at, bottom))
        painter.setPen(QColor(theme.quiet))
        wide = painter.fontMetrics().horizontalAdvance("0000") + 6
        every = max(1, -(-wide // max(1, int(each))))
        for place in range(0, len(found.counts), every):
            box = QRectF(left + each * (place + 0.5) - wide, bottom + 2, 2 * wide, _BELOW_PX - 2)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"{place * found.step_ms:.0f}")

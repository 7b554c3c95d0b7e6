"""Chips in groups, in columns as wide as the room lets them be."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QEvent, QRect, QSize, Qt
from PyQt6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from annotator_gui.chipplaces import Rect, columns, grouped
from annotator_gui.chips import Chip
from annotator_gui.texts import small
from annotator_gui.theme import Theme

_GAP = 3
_COLUMNS = 3
"""Of action units, where there is room for so many: rather than fewer, labels are cut (ours)."""


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
        self._captions: tuple[Rect, ...] = ()
        self._known: dict[tuple[int, str], tuple[tuple[tuple[Rect, ...], ...], tuple[Rect, ...], int]] = {}
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
            box = QRect(left, top + 2, width, max(height, painter.fontMetrics().lineSpacing() * 3))
            painter.drawText(box, Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop, name)

    def _places(self, width: int) -> tuple[tuple[tuple[Rect, ...], ...], tuple[Rect, ...], int]:
        name = (width, self.font().key())
        if name not in self._known:
            self._known = {name: self._sums(width), **dict(list(self._known.items())[:3])}
        return self._known[name]

    def _sums(self, width: int) -> tuple[tuple[tuple[Rect, ...], ...], tuple[Rect, ...], int]:
        metrics = QFontMetrics(small(self.font()))
        longest = max((metrics.horizontalAdvance(word) for name, _ in self._named for word in name.split()), default=0)
        chips = [chip for _, chips in self._named for chip in chips]
        caption = min(longest + 2, width // 5)
        least = metrics.averageCharWidth() * 14
        room = max(1, width - caption - _GAP)
        n = columns(room, least=least, gap=_GAP)
        while n > _COLUMNS and not all(chip.holds((room - (n - 1) * _GAP) // n) for chip in chips):
            n -= 1  # more columns would cut labels
        least = (room - (n - 1) * _GAP) // n
        each = (room - (n - 1) * _GAP) // n
        lines = max((chip.lines_at(each) for chip in chips), default=1)
        high = max(metrics.lineSpacing() * lines + 6, chips[0].sizeHint().height() if chips else 0)
        return grouped(
            [len(chips) for _, chips in self._named],
            width=width,
            caption=caption,
            least=least,
            height=high,
            gap=_GAP,
            between=5,
        )

    def _place(self) -> None:
        cells, self._captions, _ = self._places(self.width())
        for (_, chips), places in zip(self._named, cells, strict=True):
            for chip, place in zip(chips, places, strict=True):
                chip.setGeometry(QRect(*place))
        self.update()

"""A table to read: as tall as its rows, so that the page scrolls and not the table."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

_AROUND_PX = 8
"""Above and below the words of a row of one line."""


class FittedTable(QTableWidget):
    """Nothing in it can be changed; words wrap."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Empty at first."""
        super().__init__(parent)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setWordWrap(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # rows are as tall as their words at the width that columns have in the end
        self._head(self.horizontalHeader()).sectionResized.connect(lambda *_: self.fit())

    def show_rows(self, heads: Sequence[str], rows: Sequence[Sequence[str]], *, widest: int | None = None) -> None:
        """Put text in.

        Args:
            heads: of the columns.
            rows: a text for each cell.
            widest: the column that takes what the others leave; None: all are as wide as each other.
        """
        self.clear()
        self.setColumnCount(len(heads))
        self.setHorizontalHeaderLabels(list(heads))
        self.setRowCount(len(rows))
        for row, cells in enumerate(rows):
            for column, text in enumerate(cells):
                self.setItem(row, column, QTableWidgetItem(text))
        self._head(self.verticalHeader()).hide()
        across = self._head(self.horizontalHeader())
        if widest is None:
            across.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        else:
            across.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
            across.setSectionResizeMode(widest, QHeaderView.ResizeMode.Stretch)
        self.fit()

    def fit(self) -> None:
        """As tall as what it holds."""
        self.resizeRowsToContents()
        line = self.fontMetrics().height()
        for row in range(self.rowCount()):
            tall = self.rowHeight(row)
            several = tall > line * 3 // 2
            self.setRowHeight(row, max(tall + (_AROUND_PX // 2 if several else 0), line + _AROUND_PX))
        head = self._head(self.horizontalHeader())
        rows = sum(self.rowHeight(row) for row in range(self.rowCount()))
        above = 0 if head.isHidden() else max(head.height(), head.sizeHint().height())
        self.setFixedHeight(rows + above + 2 * self.frameWidth() + 8)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Words wrap anew."""
        super().resizeEvent(event)
        self.fit()
        QTimer.singleShot(0, self.fit)  # once columns have found their width

    def _head(self, header: QHeaderView | None) -> QHeaderView:
        if header is None:
            raise TypeError("a table has headers")
        return header

"""A layout that wraps: widgets side by side, in lines that break where the room ends."""

from __future__ import annotations

from PyQt6.QtCore import QRect, QSize, Qt
from PyQt6.QtWidgets import QLayout, QLayoutItem, QWidget

from annotator_gui.chipplaces import wrapped


class FlowLayout(QLayout):
    """Gives each widget the size it wants; hidden ones take no room."""

    def __init__(self, parent: QWidget | None = None, *, gap: int = 4) -> None:
        """Empty at first.

        Args:
            parent: the widget that it lays out.
            gap: pixels between two, across and down.
        """
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap = gap
        self._heights: dict[int, int] = {}
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem | None) -> None:
        """One more at the end."""
        if item is not None:
            self._items.append(item)

    def count(self) -> int:
        """How many there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """The one at a place."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Take one out."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """It takes what it needs."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """Narrower is taller."""
        return True

    def heightForWidth(self, width: int) -> int:
        """How tall it is at a width."""
        if width not in self._heights:
            sizes = [self._size(item) for item in self._shown()]
            self._heights[width] = wrapped(sizes, width=width, gap=self._gap)[1]
        return self._heights[width]

    def invalidate(self) -> None:
        """What was known of sizes holds no more."""
        self._heights.clear()
        super().invalidate()

    def setGeometry(self, rect: QRect) -> None:
        """Put everything in its place."""
        super().setGeometry(rect)
        shown = self._shown()
        places, _ = wrapped([self._size(item) for item in shown], width=rect.width(), gap=self._gap)
        for item, (left, top, width, height) in zip(shown, places, strict=True):
            item.setGeometry(QRect(rect.left() + left, rect.top() + top, width, height))

    def sizeHint(self) -> QSize:
        """As narrow as it may be: the width comes from outside."""
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        """Room for the widest minimum."""
        least = QSize()
        for item in self._shown():
            least = least.expandedTo(item.minimumSize())
        return least

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _size(self, item: QLayoutItem) -> tuple[int, int]:
        hint = item.sizeHint()
        return hint.width(), hint.height()

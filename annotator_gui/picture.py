"""The frame on screen: painted straight from the decoded clip, without a copy; zoomed and moved about."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from annotator_gui.language import Words
from annotator_gui.regions import Box, fitted, zoomed
from annotator_gui.theme import Theme

_CLOSER = 1.25
"""One notch of the wheel (ours)."""
_CLOSEST_PX = 24
"""Fewest pixels across that are shown (ours)."""


class PictureView(QWidget):
    """Shows one frame."""

    zoomed = pyqtSignal()
    """The view was moved or zoomed by hand."""

    def __init__(self, *, words: Words, theme: Theme, parent: QWidget | None = None) -> None:
        """Empty at first."""
        super().__init__(parent)
        self._words, self._theme = words, theme
        self._pixels: NDArray[np.uint8] | None = None
        self._image: QImage | None = None
        self._says = ""
        self._label = ""
        self._box: Box | None = None
        """What is looked at; None: the whole picture."""
        self._moving = False
        self.fills = True
        """The whole picture is made as large as there is room for; else one pixel of it is one of the screen."""
        self._dragged_from: QPointF | None = None
        self.n_painted = 0
        """Frames painted so far."""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(QSize(320, 180))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(words("Picture of the clip"))

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        self._theme = theme
        self.update()

    def show_frame(self, pixels: NDArray[np.uint8], *, label: str = "") -> None:
        """Paint a frame.

        Args:
            pixels: (H, W, 3) RGB, rows contiguous; kept, not copied.
            label: a word in the corner, such as that this is the face at rest; empty: none.
        """
        height, width = pixels.shape[:2]
        self._pixels = pixels  # the image points into it
        self._image = QImage(
            pixels.data,  # type: ignore[call-overload]  # takes any buffer
            width,
            height,
            pixels.strides[0],
            QImage.Format.Format_RGB888,
        )
        self._says, self._label = "", label
        self.update()

    def show_image(self, image: QImage, *, label: str = "") -> None:
        """Paint a picture that is no frame of the clip, such as the face at rest."""
        self._pixels, self._image = None, image
        self._says, self._label = "", label
        self.update()

    def say(self, sentence: str) -> None:
        """Show words in place of a picture: nothing of a picture stays on screen."""
        self._pixels, self._image = None, None
        self._says, self._label = sentence, ""
        self.update()

    @property
    def label(self) -> str:
        """The word in the corner; empty: none."""
        return self._label

    @property
    def is_close(self) -> bool:
        """A part of the picture is shown, not all of it."""
        return self._box is not None

    @property
    def shows(self) -> NDArray[np.uint8] | None:
        """The frame that is painted; None: words."""
        return self._pixels

    def set_moving(self, moving: bool) -> None:
        """Whether frames follow one another: then they come in time, and are smoothed once they stand."""
        if moving != self._moving:
            self._moving = moving
            self.update()

    def look_at(self, box: Box | None) -> None:
        """Bring a part of the picture close; None: all of it."""
        self._box = box
        self.update()

    def zoom(self, by: float) -> None:
        """Closer (by > 1) or further off, about the middle."""
        shown = self._shown()
        if shown is not None:
            self._zoom(by, shown.left + shown.width / 2, shown.top + shown.height / 2)

    def image_rect(self) -> QRectF:
        """Where on the widget the whole picture would lie, in device-independent pixels; empty without one."""
        shown = self._shown()
        if shown is None or self._image is None:
            return QRectF()
        scale = self.width() / shown.width
        return QRectF(
            -shown.left * scale, -shown.top * scale, self._image.width() * scale, self._image.height() * scale
        )

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the frame where it belongs."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.window))
        if self._image is None:
            painter.setPen(QColor(self._theme.quiet))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._says)
            return
        target = self.image_rect()
        ratio = self.devicePixelRatioF()
        exact = abs(target.width() * ratio - self._image.width()) < 1
        if exact:  # one pixel of the clip is one of the screen
            target = QRectF(
                round(target.left() * ratio) / ratio,
                round(target.top() * ratio) / ratio,
                self._image.width() / ratio,
                self._image.height() / ratio,
            )
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not exact and not self._moving)
        painter.setClipRect(self.rect())
        painter.drawImage(target, self._image)
        self.n_painted += 1
        if self._label:
            painter.fillRect(
                QRectF(8, 8, painter.fontMetrics().horizontalAdvance(self._label) + 16, 26), QColor(self._theme.accent)
            )
            painter.setPen(QColor(self._theme.on_accent))
            painter.drawText(QPointF(16, 26), self._label)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """The same part stays in view."""
        self.update()

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Zoom about the pointer."""
        shown = self._shown()
        if event is None or shown is None:
            return
        scale = shown.width / self.width()
        at = event.position()
        by = _CLOSER if event.angleDelta().y() > 0 else 1 / _CLOSER
        self._zoom(by, shown.left + at.x() * scale, shown.top + at.y() * scale)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Take hold of the picture."""
        if event is not None and event.button() is Qt.MouseButton.LeftButton:
            self._dragged_from = event.position()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Move it about."""
        shown = self._shown()
        if event is None or self._dragged_from is None or shown is None:
            return
        scale = shown.width / self.width()
        by = event.position() - self._dragged_from
        self._dragged_from = event.position()
        self._box = Box(
            left=shown.left - by.x() * scale, top=shown.top - by.y() * scale, width=shown.width, height=shown.height
        )
        self.update()
        self.zoomed.emit()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Let go."""
        self._dragged_from = None

    def _shown(self) -> Box | None:
        if self._image is None or not self.width() or not self.height():
            return None
        whole = Box(left=0, top=0, width=self._image.width(), height=self._image.height())
        box = self._box or whole
        shown = fitted(box, width=self.width(), height=self.height())
        ratio = self.devicePixelRatioF()
        if self._box is None and not self.fills:
            wide, high = self.width() * ratio, self.height() * ratio
            return Box(left=(whole.width - wide) / 2, top=(whole.height - high) / 2, width=wide, height=high)
        return shown

    def _zoom(self, by: float, at_x: float, at_y: float) -> None:
        shown = self._shown()
        if shown is None or self._image is None:
            return
        closer = zoomed(shown, by, at_x=at_x, at_y=at_y)
        if closer.width < _CLOSEST_PX:
            return
        self._box = None if closer.width >= max(self._image.width(), shown.width) and by < 1 else closer
        self.update()
        self.zoomed.emit()

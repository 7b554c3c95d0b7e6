"""The timeline: one time axis for the sound, its spectrum and pitch, the motion of the face, the marks and the cues.

Draws what it is shown and says what a hand wants; the rules are elsewhere. Order: `show_view` with a new ticket empties
the tracks, then `show_clip` fills them. Nothing that a pass hides is drawn, whatever is handed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QFontMetrics,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QRegion,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QToolTip, QWidget

from annotator_gui.draft import EMPTY, Draft
from annotator_gui.dragging import CueDrag, Drag, MarkDrag, Press, RangeDrag, Scrub, act_of, as_dragged, dragged
from annotator_gui.hitting import Layout, OnCue, OnCueEnd, OnMark, OnSpan, Target, hit
from annotator_gui.keys import DEFAULT_KEYS, KeyMap
from annotator_gui.lanes import Lane, Track, Wish, stacked
from annotator_gui.language import Words
from annotator_gui.layers import (
    marked_box,
    paint_badge,
    paint_ground,
    paint_marked,
    paint_playhead,
    playhead_strip,
)
from annotator_gui.marks import Range
from annotator_gui.material import Material, given_readings, wishes
from annotator_gui.placing import HANDLE_PX, Rows, apart_frames, layout, rows
from annotator_gui.signals import Curves, Face, HasSamples
from annotator_gui.telling import described, marks_at, no_sound, on_its_way, track_names
from annotator_gui.theme import Theme
from annotator_gui.timeaxis import Axis
from annotator_gui.trackpaint import Ink, spectrum_image, tinted
from mmed_curate.domain.time import Frame, FrameClock, Span

if TYPE_CHECKING:
    from annotator_gui.session import View

_REACH_PX = 9.0
"""A handle is taken hold of from so far away."""
_DRAG_PX = 4
"""A hand that moves less has clicked."""
_GAP_PX = 3
_ZOOM_PER_NOTCH = 1.3
_SCROLL_PER_NOTCH = 0.12
"""Share of what is visible."""
_NOTCH = 120
"""What Qt calls an eighth of a degree, 15 degrees of them."""


class Timeline(QWidget):
    """All tracks of a clip on one axis."""

    acted = pyqtSignal(object)
    """An `Act`: a mark or a cue was put elsewhere."""
    sought = pyqtSignal(int)
    """Go to a frame; also while a mark is dragged, so that the picture shows what is being marked."""
    ranged = pyqtSignal(int, int)
    """Loop these frames, both inside."""
    unranged = pyqtSignal()
    """Loop no chosen frames any more."""
    picked = pyqtSignal(int)
    """Let acts go to another event."""
    said = pyqtSignal(str)
    """Why something cannot be done; empty: nothing is in the way any more."""

    def __init__(
        self, *, words: Words, theme: Theme, keys: KeyMap = DEFAULT_KEYS, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._words, self._theme, self._keys = words, theme, keys
        self._draft: Draft = EMPTY
        self._locked = False
        self._material = Material()
        self._playhead = Frame(0)
        self._range: Range | None = None
        self._axis: Axis | None = None
        self._press: Press | None = None
        self._drag: Drag | None = None
        self._led: Frame | None = None
        """Where the hand that is down has sent the playhead."""
        self._said = ""
        self._spectrum: tuple[object, QImage] | None = None
        self._ground: tuple[object, QPixmap] | None = None
        """What does not change with a mark, and what it was painted of."""
        self._drawn: QPixmap | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(words("Timeline"))
        self._describe()

    # what the window tells

    def show_view(self, view: View) -> None:
        """Show the marks of a draft; a new ticket empties all tracks, and brings what others marked with it."""
        ticket, before = view.ticket, self._material.ticket
        if ticket is None or before is None or ticket.id != before.id:
            self._empty()
            self._material = (
                Material()
                if ticket is None
                else Material(clock=ticket.clock, readings=given_readings(ticket, self._words))
            )
        shown = (self._draft, self._wishes())
        self._draft, self._locked = view.draft, view.movement_given
        # the same record while nothing of it is new: the ground is painted of it
        if ticket is not self._material.ticket or view.may_show_motion != self._material.may_show_motion:
            self._material = replace(self._material, ticket=ticket, may_show_motion=view.may_show_motion)
        if shown != (self._draft, self._wishes()):
            self._let_go()
        self._lay_out()

    def show_clip(self, clock: FrameClock, sound: HasSamples | None, curves: Curves | None) -> None:
        """Fill the tracks.

        Args:
            clock: the clip's.
            sound: its samples; None: it has none, or this pass lets nothing be heard.
            curves: what lies beside it. The motion of the face waits for `show_motion`.
        """
        if clock != self._material.clock:
            self._axis, self._playhead, self._range = None, Frame(0), None
        self._material = replace(
            self._material,
            clock=clock,
            opened=True,
            given_sound=sound if sound is not None and len(sound.samples) else None,
            given_voice=None if curves is None else curves.voice,
        )
        self._let_go()
        self._lay_out()

    def show_motion(self, face: Face | None) -> None:
        """Show the motion curve, or hide it (None). It is drawn while the view says that it may be."""
        self._material = replace(self._material, given_face=face)
        self._lay_out()

    def show_readings(self, readings: Sequence[tuple[str, Sequence[Span]]], *, tolerance_frames: int = 0) -> None:
        """Show what others marked, each under a letter; marks that lie farther apart than the tolerance are lit."""
        self._material = replace(
            self._material,
            readings=tuple((letter, tuple(spans)) for letter, spans in readings),
            tolerance_frames=tolerance_frames,
        )
        self._lay_out()

    def show_range(self, range_: Range | None) -> None:
        """Show which frames are looped, both ends inside; None: none are chosen."""
        if range_ != self._range:
            self._range = range_
            self._redraw()

    def set_playhead(self, frame: Frame) -> None:
        """Move the playhead; only what it leaves and where it comes is painted anew, unless the page turns."""
        clock = self._material.clock
        if clock is None or self._axis is None or frame == self._playhead:
            return
        frame = Frame(max(0, min(clock.last_frame, frame)))
        left, self._playhead = self._strip(), frame
        turned = self._axis.holding(frame, clock)
        if turned != self._axis and self._press is None:
            self._set_axis(turned)
            return
        self.update(QRegion(left) + QRegion(self._strip()))

    def set_theme(self, theme: Theme) -> None:
        """Paint in other colours."""
        self._theme = theme
        self._lay_out()

    def set_keys(self, keys: KeyMap) -> None:
        """Name other keys."""
        self._keys = keys
        self._redraw()

    def zoom(self, factor: float) -> None:
        """Closer (above 1) or farther round the playhead."""
        clock = self._material.clock
        if self._axis is not None and clock is not None:
            self._set_axis(self._axis.zoomed(factor, self._axis.middle_of(self._playhead, clock)))

    def show_whole(self) -> None:
        """The whole clip again."""
        clock = self._material.clock
        if clock is not None and self._axis is not None:
            self._set_axis(Axis.whole(clock, left_px=self._axis.left_px, width_px=self._axis.width_px))

    def cancel_drag(self) -> bool:
        """Let go of what is being dragged without a change; whether anything was."""
        there = self._drag is not None
        self._let_go()
        self._redraw()
        return there

    @property
    def tracks(self) -> tuple[Track, ...]:
        """The tracks that are drawn, from the top."""
        return tuple(wish.track for wish in self._wishes())

    @property
    def axis(self) -> Axis | None:
        """What is visible; None: no clip is shown."""
        return self._axis

    # what is where

    def _empty(self) -> None:
        self._axis, self._range, self._playhead = None, None, Frame(0)
        self._let_go()

    def _wishes(self) -> list[Wish]:
        return wishes(self._material, self._rows(), text_px=QFontMetrics(self.font()).height())

    def _rows(self) -> Rows:
        if self._axis is None or self._material.clock is None:
            return rows(self._draft)
        return rows(self._draft, apart_frames=apart_frames(self._axis, self._material.clock))

    def _lanes(self) -> tuple[Lane, ...]:
        return stacked(self._wishes(), height=self.height() - 2, gap=_GAP_PX)

    def _gutter_px(self) -> int:
        metrics, names = QFontMetrics(self.font()), track_names(self._words)
        scale = round(metrics.horizontalAdvance("000 Hz") * 0.8) + 6
        scaled = {Track.SPECTRUM, Track.PITCH, Track.MOTION}
        wide = [metrics.horizontalAdvance(name) + (track in scaled) * scale for track, name in names.items()]
        return 14 + max(*wide, *(metrics.horizontalAdvance(letter) for letter, _ in self._material.readings))

    def _lay_out(self) -> None:
        """Everything may have changed."""
        left, width = self._gutter_px(), self.width() - self._gutter_px() - HANDLE_PX - 2
        if self._material.clock is None:
            self._axis = None
        elif self._axis is None:
            self._axis = Axis.whole(self._material.clock, left_px=left, width_px=width)
        else:
            self._axis = self._axis.placed(left_px=left, width_px=width)
        self.setMinimumHeight(self.minimumSizeHint().height())
        self._describe()
        self._redraw()

    def _set_axis(self, axis: Axis) -> None:
        if axis != self._axis:
            self._axis = axis
            self._redraw()

    def _redraw(self) -> None:
        self._drawn = None
        self.update()

    def _layout(self, draft: Draft) -> Layout:
        material = self._material
        if self._axis is None or material.clock is None:
            return Layout(lanes=self._lanes())
        # rows stay as they were while something is dragged: lanes that jump under a hand are hard to hit
        return layout(
            draft, self._lanes(), self._rows(), axis=self._axis, clock=material.clock, with_cues=material.heard
        )

    # painting

    def sizeHint(self) -> QSize:
        """Room in which every track can be read well."""
        asked = self._wishes()
        text = QFontMetrics(self.font()).height()
        return QSize(900, self._least_height(asked) + text * sum(wish.share for wish in asked) // 3)

    def minimumSizeHint(self) -> QSize:
        """Room in which every track can be read."""
        return QSize(self._gutter_px() + 240, self._least_height(self._wishes()))

    def _least_height(self, asked: Sequence[Wish]) -> int:
        return sum(wish.least for wish in asked) + _GAP_PX * (len(asked) - 1) + 2

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Lay out anew."""
        self._lay_out()
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent | None) -> None:
        """Lay out anew in another font."""
        if event is not None and event.type() == QEvent.Type.FontChange:
            self._lay_out()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Copy what stands still, then draw the playhead over it."""
        if self._drawn is None:
            self._drawn = self._paint_all()
        painter = QPainter(self)
        box = self.rect() if event is None else event.rect()
        ratio = self._drawn.devicePixelRatio()
        source = QRectF(box.x() * ratio, box.y() * ratio, box.width() * ratio, box.height() * ratio)
        painter.drawPixmap(QRectF(box), self._drawn, source)
        head = self._head()
        if head is not None:
            paint_playhead(painter, self._theme, *head, self.height())
        if self.hasFocus():
            painter.setPen(tinted(self._theme.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _ink(self, painter: QPainter) -> Ink | None:
        if self._axis is None or self._material.clock is None:
            return None
        return Ink(
            painter=painter,
            axis=self._axis,
            clock=self._material.clock,
            theme=self._theme,
            words=self._words,
            font=self.font(),
            dark=QColor(self._theme.window).lightnessF() < QColor(self._theme.text).lightnessF(),
        )

    def _paint_all(self) -> QPixmap:
        name = (
            self._material,
            self._axis,
            self._lanes(),
            self._theme,
            self.font().key(),
            self.size(),
            self.devicePixelRatioF(),
        )
        if self._ground is None or self._ground[0] != name:
            self._ground = (name, self._paint_ground())
        sheet = self._ground[1].copy()
        painter = QPainter(sheet)
        ink = self._ink(painter)
        if ink is not None:
            painter.setClipRect(marked_box(ink, self.height()))
            self._paint_marked(ink)
        painter.end()
        return sheet

    def _paint_ground(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        sheet = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        sheet.setDevicePixelRatio(ratio)
        sheet.fill(tinted(self._theme.panel))
        painter = QPainter(sheet)
        ink = self._ink(painter)
        if ink is None:
            painter.setPen(tinted(self._theme.quiet))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._words("no clip on the desk"))
        else:
            paint_ground(ink, self._lanes(), self._material, spectrum=self._spectrum_in(ink), ratio=ratio)
        painter.end()
        return sheet

    def _spectrum_in(self, ink: Ink) -> QImage | None:
        voice = self._material.voice
        if voice is None:
            return None
        if self._spectrum is None or self._spectrum[0] != (voice, ink.dark):
            self._spectrum = ((voice, ink.dark), spectrum_image(voice, dark=ink.dark))
        return self._spectrum[1]

    def _paint_marked(self, ink: Ink) -> None:
        drag, draft = self._drag, as_dragged(self._draft, self._drag)
        placed = self._layout(draft)
        looped = (drag.first, drag.last) if isinstance(drag, RangeDrag) else self._range
        paint_marked(ink, placed, draft, self._material, looped=looped, keys=self._keys)
        if isinstance(drag, MarkDrag | CueDrag):
            at = drag.frame if isinstance(drag, MarkDrag) else drag.first
            above = next(lane.top for lane in placed.lanes if lane.track is Track.MARKS)
            paint_badge(ink, on_its_way(drag, ink.clock, ink.words), at=at, above=above, warns=bool(drag.why))

    def _head(self) -> tuple[float, float] | None:
        """Pixels at which the playhead's frame begins and ends; None: it is not visible."""
        axis, clock = self._axis, self._material.clock
        if axis is None or clock is None:
            return None
        begin, end = axis.pixels_of(self._playhead, clock)
        return (begin, end) if axis.left_px < end and begin < axis.right_px else None

    def _strip(self) -> QRect:
        """What the playhead covers."""
        head = self._head()
        return QRect() if head is None else playhead_strip(*head, self.height())

    # words

    def _no_sound(self) -> str:
        return no_sound(self._material, self._words)

    def _describe(self) -> None:
        self.setAccessibleDescription(described(self._material, self._draft, self._words, self._keys))

    def _say(self, why: str) -> None:
        if why != self._said:
            self._said = why
            self.said.emit(why)

    # the hand

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Take hold of what lies under the pointer."""
        clock = self._material.clock
        if event is None or event.button() != Qt.MouseButton.LeftButton or self._axis is None or clock is None:
            return
        x, y = event.position().x(), event.position().y()
        self._say("")
        frame = self._axis.frame_at(x, clock)
        self._press, self._led = Press(x=x, target=self._under(x, y), frame=frame), None
        if self._press.scrubs:
            self._drag = Scrub(frame=frame)
            self._lead(frame)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Drag what is held, or show what could be held."""
        press, clock = self._press, self._material.clock
        if event is None or self._axis is None or clock is None:
            return
        x, y = event.position().x(), event.position().y()
        if press is None:
            self._point(self._under(x, y))
            return
        if self._drag is None and abs(x - press.x) < _DRAG_PX:
            return
        if self._locked and isinstance(press.target, OnMark):
            self._say(self._words("the movement is handed in: open it again to move its marks"))
            return
        drag = dragged(press, x, before=self._drag, draft=self._draft, axis=self._axis, clock=clock, words=self._words)
        if drag == self._drag:
            return
        self._drag = drag
        if isinstance(drag, MarkDrag | CueDrag):
            self._say(drag.why)
        if isinstance(drag, MarkDrag | Scrub):
            self._lead(drag.frame)
        if not isinstance(drag, Scrub):  # which moves the playhead alone
            self._redraw()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Let go: what was dragged becomes an act, a click becomes a jump."""
        if event is None or event.button() != Qt.MouseButton.LeftButton or self._press is None:
            return
        press, drag = self._press, self._drag
        # drawn where it was until the draft says otherwise: nothing looks done before it is kept
        self._press, self._drag = None, None
        act = act_of(drag, self._draft)
        if act is not None:
            self.acted.emit(act)
        elif isinstance(drag, RangeDrag):
            self.ranged.emit(drag.first, drag.last)
        elif drag is None:
            self._clicked(press)
        self._redraw()

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Loop no chosen frames any more."""
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self.unranged.emit()

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Scroll; with Ctrl, zoom round the pointer."""
        if event is None or self._axis is None:
            return
        turn = event.angleDelta().y() or event.angleDelta().x()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._set_axis(self._axis.zoomed(_ZOOM_PER_NOTCH ** (turn / _NOTCH), event.position().x()))
        elif self._axis.is_whole:
            event.ignore()  # whatever holds the timeline may scroll
            return
        else:
            fingers = event.pixelDelta().x()
            self._set_axis(self._axis.scrolled(-fingers or -turn / _NOTCH * _SCROLL_PER_NOTCH * self._axis.width_px))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Escape lets go of what is being dragged; all other keys belong to the window."""
        if event is None:
            return
        if event.key() == Qt.Key.Key_Escape and self.cancel_drag():
            event.accept()
        else:
            event.ignore()

    def event(self, event: QEvent | None) -> bool:
        """Say what a handle is while the pointer rests on it."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self._told(event.pos().x(), event.pos().y()), self)
            return True
        return super().event(event)

    def _under(self, x: float, y: float) -> Target:
        return hit(x=x, y=y, layout=self._layout(self._draft), reach_px=_REACH_PX)

    def _point(self, target: Target) -> None:
        shape = Qt.CursorShape.ArrowCursor
        if isinstance(target, OnMark):
            shape = Qt.CursorShape.ForbiddenCursor if self._locked else Qt.CursorShape.SizeHorCursor
        elif isinstance(target, OnCueEnd):
            shape = Qt.CursorShape.SizeHorCursor
        elif isinstance(target, OnCue):
            shape = Qt.CursorShape.OpenHandCursor
        elif isinstance(target, OnSpan) and target.event != self._draft.selected:
            shape = Qt.CursorShape.PointingHandCursor
        if shape != self.cursor().shape():
            self.setCursor(shape)

    def _told(self, x: float, y: float) -> str:
        target, clock = self._under(x, y), self._material.clock
        if clock is None or not isinstance(target, OnMark):
            return ""
        return marks_at(target.marks, target.frame, clock, self._words)

    def _lead(self, frame: Frame) -> None:
        """Take the playhead along with the hand."""
        if frame != self._led:
            self._led = frame
            self.sought.emit(frame)

    def _clicked(self, press: Press) -> None:
        target = press.target
        if isinstance(target, OnMark | OnSpan | OnCue) and target.event != self._draft.selected:
            self.picked.emit(target.event)
        self.sought.emit(target.frame if isinstance(target, OnMark) else press.frame)

    def _let_go(self) -> None:
        self._press, self._drag = None, None
        self._say("")

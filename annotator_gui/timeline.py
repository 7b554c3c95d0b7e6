"""The timeline: one time axis for the sound, its spectrum and pitch, the motion of the face, the marks and the cues.

Draws what it is shown and says what a hand wants; the rules are elsewhere. Order: `show_view` with a new ticket empties
the tracks, then `show_clip` fills them. Nothing that a pass hides is drawn, whatever is handed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QLineF, QPointF, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QFontMetrics,
    QFontMetricsF,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QPolygonF,
    QRegion,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QToolTip, QWidget

from annotator_gui import acts
from annotator_gui.draft import EMPTY, Draft
from annotator_gui.hitting import (
    Layout,
    OnCue,
    OnCueEnd,
    OnEmpty,
    OnMark,
    OnSpan,
    Target,
    chosen,
    hit,
)
from annotator_gui.keys import DEFAULT_KEYS, Command, KeyMap
from annotator_gui.lanes import Lane, Track, Wish, differing, frames_of, stacked
from annotator_gui.language import Words
from annotator_gui.markpaint import (
    BAR_PX,
    mark_names,
    paint_cues,
    paint_event_lines,
    paint_events,
    paint_frame_lines,
    paint_reading,
)
from annotator_gui.marks import Mark, legal_range, moved
from annotator_gui.placing import HANDLE_PX, Rows, apart_frames, layout, rows
from annotator_gui.signals import Curves, Face, HasSamples, Voice
from annotator_gui.theme import Theme
from annotator_gui.timeaxis import Axis, ms_of
from annotator_gui.trackpaint import (
    Ink,
    motion_peak_px,
    paint_gutter,
    paint_motion,
    paint_pitch,
    paint_ruler,
    paint_said,
    paint_spectrum,
    paint_wave,
    pitch_ends_hz,
    spectrum_image,
    tinted,
)
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.time import Frame, FrameClock, Span

if TYPE_CHECKING:
    from annotator_gui.session import View
    from mmed_curate.annotation import Ticket

_REACH_PX = 9.0
"""A handle is taken hold of from so far away."""
_DRAG_PX = 4
"""A hand that moves less has clicked."""
_GAP_PX = 3
_HEAD_PX = 6
"""Half the width of the playhead's head."""
_ZOOM_PER_NOTCH = 1.3
_SCROLL_PER_NOTCH = 0.12
"""Share of what is visible."""
_NOTCH = 120
"""What Qt calls an eighth of a degree, 15 degrees of them."""
_RANGED = frozenset({Track.RULER, Track.WAVE, Track.SPECTRUM, Track.PITCH, Track.MOTION})
"""Where dragging chooses what to loop; elsewhere it moves the playhead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Press:
    """A mouse button that went down."""

    x: float
    y: float
    target: Target
    frame: Frame
    """Under the pointer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _MarkDrag:
    """A mark on its way."""

    event: int
    mark: Mark
    frame: Frame
    why: str = ""
    """Why it goes no further; empty: it follows the hand."""
    stopped_by: Mark | None = None
    """The mark that is in the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _CueDrag:
    """A vocal cue on its way."""

    place: int
    first: Frame
    last: Frame
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _RangeDrag:
    """What to loop, being chosen; both ends inside."""

    first: Frame
    last: Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scrub:
    """The playhead follows the hand."""


_Drag = _MarkDrag | _CueDrag | _RangeDrag | _Scrub


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
        self._ticket: Ticket | None = None
        self._draft: Draft = EMPTY
        self._locked = False
        self._may_show_motion = False
        self._clock: FrameClock | None = None
        self._opened = False
        self._sound: HasSamples | None = None
        self._voice: Voice | None = None
        self._face: Face | None = None
        self._readings: tuple[tuple[str, tuple[Span, ...]], ...] = ()
        self._tolerance = 0
        self._playhead = Frame(0)
        self._range: tuple[Frame, Frame] | None = None
        self._axis: Axis | None = None
        self._press: _Press | None = None
        self._drag: _Drag | None = None
        self._led: Frame | None = None
        """Where the hand that is down has sent the playhead."""
        self._said = ""
        self._spectrum: QImage | None = None
        self._standing: tuple[object, ...] = ()
        """What `_ground` was painted of."""
        self._ground: QPixmap | None = None
        self._drawn: QPixmap | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(words("Timeline"))
        self._describe()

    # what the window tells

    def show_view(self, view: View) -> None:
        """Show the marks of a draft; a new ticket empties all tracks, and brings what others marked with it."""
        ticket = view.ticket
        if ticket is None or self._ticket is None or ticket.id != self._ticket.id:
            self._empty(None if ticket is None else ticket.clock)
            if ticket is not None:
                self._readings = self._given(ticket)
        before = (self._draft, self._tracks())
        self._ticket, self._draft = ticket, view.draft
        self._locked, self._may_show_motion = view.movement_given, view.may_show_motion
        if before != (self._draft, self._tracks()):
            self._let_go()
        self._lay_out()

    def show_clip(self, clock: FrameClock, sound: HasSamples | None, curves: Curves | None) -> None:
        """Fill the tracks.

        Args:
            clock: the clip's.
            sound: its samples; None: it has none, or this pass lets nothing be heard.
            curves: what lies beside it. The motion of the face waits for `show_motion`.
        """
        if clock != self._clock:
            self._clock, self._axis, self._playhead, self._range = clock, None, Frame(0), None
        self._opened = True
        self._sound = sound if sound is not None and len(sound.samples) else None
        self._voice = None if curves is None else curves.voice
        self._spectrum = self._ground = None
        self._let_go()
        self._lay_out()

    def show_motion(self, face: Face | None) -> None:
        """Show the motion curve, or hide it (None). It is drawn while the view says that it may be."""
        self._face, self._ground = face, None
        self._lay_out()

    def show_readings(self, readings: Sequence[tuple[str, Sequence[Span]]], *, tolerance_frames: int = 0) -> None:
        """Show what others marked, each under a letter; marks that lie farther apart than the tolerance are lit."""
        self._readings = tuple((letter, tuple(spans)) for letter, spans in readings)
        self._tolerance = tolerance_frames
        self._describe()
        self._lay_out()

    def show_range(self, range_: tuple[Frame, Frame] | None) -> None:
        """Show which frames are looped, both ends inside; None: none are chosen."""
        if range_ != self._range:
            self._range = range_
            self._redraw()

    def set_playhead(self, frame: Frame) -> None:
        """Move the playhead; only what it leaves and where it comes is painted anew, unless the page turns."""
        if self._clock is None or self._axis is None or frame == self._playhead:
            return
        frame = Frame(max(0, min(self._clock.last_frame, frame)))
        left, self._playhead = self._strip(), frame
        turned = self._axis.holding(frame, self._clock)
        if turned != self._axis and self._press is None:
            self._set_axis(turned)
            return
        self.update(QRegion(left) + QRegion(self._strip()))

    def set_theme(self, theme: Theme) -> None:
        """Paint in other colours."""
        self._theme, self._spectrum = theme, None
        self._lay_out()

    def set_keys(self, keys: KeyMap) -> None:
        """Name other keys."""
        self._keys = keys
        self._redraw()

    def zoom(self, factor: float) -> None:
        """Closer (above 1) or farther round the playhead."""
        if self._axis is not None and self._clock is not None:
            self._set_axis(self._axis.zoomed(factor, self._axis.middle_of(self._playhead, self._clock)))

    def show_whole(self) -> None:
        """The whole clip again."""
        if self._clock is not None and self._axis is not None:
            self._set_axis(Axis.whole(self._clock, left_px=self._axis.left_px, width_px=self._axis.width_px))

    def cancel_drag(self) -> bool:
        """Let go of what is being dragged without a change; whether anything was."""
        there = self._drag is not None
        self._let_go()
        self._redraw()
        return there

    @property
    def tracks(self) -> tuple[Track, ...]:
        """The tracks that are drawn, from the top."""
        return tuple(wish.track for wish in self._tracks())

    @property
    def axis(self) -> Axis | None:
        """What is visible; None: no clip is shown."""
        return self._axis

    def _given(self, ticket: Ticket) -> tuple[tuple[str, tuple[Span, ...]], ...]:
        """At adjudication what each coder marked, at verification what would stand."""
        if ticket.stage is Stage.VERIFICATION:
            return ((self._words("consensus"), tuple(event.span for event in ticket.proposed)),)
        return tuple((one.letter, tuple(event.span for event in one.events)) for one in ticket.readings)

    # what is where

    def _empty(self, clock: FrameClock | None) -> None:
        self._clock, self._axis, self._opened = clock, None, False
        self._sound = self._voice = self._face = self._spectrum = self._ground = None
        self._readings, self._range, self._playhead = (), None, Frame(0)
        self._let_go()

    @property
    def _heard(self) -> bool:
        """Whether this pass lets anything be heard."""
        return self._ticket is not None and self._ticket.sound is not None

    @property
    def _motion(self) -> Face | None:
        """The motion curve, where it is given and may be seen."""
        may = self._may_show_motion and self._ticket is not None and self._ticket.picture is not None
        return self._face if may else None

    def _tracks(self) -> list[Wish]:
        text = QFontMetrics(self.font()).height()
        wishes = [Wish(track=Track.RULER, least=round(text * 2.2))]
        if self._sounds is None:
            wishes.append(Wish(track=Track.WAVE, least=text + 8))
        else:
            wishes.append(Wish(track=Track.WAVE, least=text * 2, share=3))
            if self._voices is not None:
                wishes.append(Wish(track=Track.SPECTRUM, least=text * 3, share=4))
                if pitch_ends_hz(self._voices) is not None:
                    wishes.append(Wish(track=Track.PITCH, least=text * 2 + 2, share=2))
                else:
                    wishes.append(Wish(track=Track.PITCH, least=text + 8))
        if self._motion is not None:
            wishes.append(Wish(track=Track.MOTION, least=text * 2 + 2, share=3))
        taken = self._rows()
        wishes.append(Wish(track=Track.MARKS, least=taken.n_events * (round(text * 0.85) + BAR_PX + 5)))
        if taken.n_cues and self._heard:
            wishes.append(Wish(track=Track.CUES, least=taken.n_cues * (text + 6)))
        wishes += [
            Wish(track=Track.READING, least=round(text * 0.85) + BAR_PX, row=row) for row in range(len(self._readings))
        ]
        return wishes

    def _rows(self) -> Rows:
        if self._axis is None or self._clock is None:
            return rows(self._draft)
        return rows(self._draft, apart_frames=apart_frames(self._axis, self._clock))

    @property
    def _sounds(self) -> HasSamples | None:
        return self._sound if self._heard else None

    @property
    def _voices(self) -> Voice | None:
        return self._voice if self._heard else None

    def _lanes(self) -> tuple[Lane, ...]:
        return stacked(self._tracks(), height=self.height() - 2, gap=_GAP_PX)

    def _names(self) -> Mapping[Track, str]:
        words = self._words
        return {
            Track.RULER: words("time, frame"),
            Track.WAVE: words("sound"),
            Track.SPECTRUM: words("spectrum"),
            Track.PITCH: words("pitch"),
            Track.MOTION: words("motion"),
            Track.MARKS: words("events"),
            Track.CUES: words("cues"),
        }

    def _gutter_px(self) -> int:
        metrics, names = QFontMetrics(self.font()), self._names()
        scale = round(metrics.horizontalAdvance("000 Hz") * 0.8) + 6
        scaled = {Track.SPECTRUM, Track.PITCH, Track.MOTION}
        wide = [metrics.horizontalAdvance(name) + (track in scaled) * scale for track, name in names.items()]
        return 14 + max(*wide, *(metrics.horizontalAdvance(letter) for letter, _ in self._readings))

    def _lay_out(self) -> None:
        """Everything may have changed."""
        left, width = self._gutter_px(), self.width() - self._gutter_px() - HANDLE_PX - 2
        if self._clock is None:
            self._axis = None
        elif self._axis is None:
            self._axis = Axis.whole(self._clock, left_px=left, width_px=width)
        else:
            self._axis = self._axis.placed(left_px=left, width_px=width)
        self.setMinimumHeight(self.minimumSizeHint().height())
        standing = (
            self._axis,
            self._lanes(),
            self._theme,
            self.font().key(),
            self._no_sound(),
            tuple(letter for letter, _ in self._readings),
            *(shown is None for shown in (self._sounds, self._voices, self._motion)),
        )
        if standing != self._standing:
            self._standing, self._ground = standing, None
        self._describe()
        self._redraw()

    def _set_axis(self, axis: Axis) -> None:
        if axis != self._axis:
            self._axis, self._ground = axis, None
            self._redraw()

    def _redraw(self) -> None:
        self._drawn = None
        self.update()

    def _shown(self) -> Draft:
        """The draft with what is being dragged where the hand holds it."""
        draft, drag = self._draft, self._drag
        if isinstance(drag, _MarkDrag):
            event = draft.events[drag.event]
            marks = replace(event.marks, **{drag.mark.value: drag.frame})
            return replace(draft, selected=drag.event).with_event(replace(event, marks=marks))
        if isinstance(drag, _CueDrag) and draft.event is not None:
            cues = list(draft.event.vocal_cues)
            cues[drag.place] = replace(cues[drag.place], onset=drag.first, offset=drag.last)
            return draft.with_event(replace(draft.event, vocal_cues=tuple(cues)))
        return draft

    def _layout(self, draft: Draft) -> Layout:
        if self._axis is None or self._clock is None:
            return Layout(lanes=self._lanes())
        # rows stay as they were while something is dragged: lanes that jump under a hand are hard to hit
        return layout(draft, self._lanes(), self._rows(), axis=self._axis, clock=self._clock, with_cues=self._heard)

    # painting

    def sizeHint(self) -> QSize:
        """Room in which every track can be read well."""
        wishes = self._tracks()
        text = QFontMetrics(self.font()).height()
        return QSize(900, self._least_height(wishes) + text * sum(wish.share for wish in wishes) // 3)

    def minimumSizeHint(self) -> QSize:
        """Room in which every track can be read."""
        return QSize(self._gutter_px() + 240, self._least_height(self._tracks()))

    def _least_height(self, wishes: Sequence[Wish]) -> int:
        return sum(wish.least for wish in wishes) + _GAP_PX * (len(wishes) - 1) + 2

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
        self._paint_playhead(painter)
        if self.hasFocus():
            painter.setPen(tinted(self._theme.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _sheet(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        sheet = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        sheet.setDevicePixelRatio(ratio)
        return sheet

    def _ink(self, painter: QPainter) -> Ink | None:
        if self._axis is None or self._clock is None:
            return None
        return Ink(
            painter=painter,
            axis=self._axis,
            clock=self._clock,
            theme=self._theme,
            words=self._words,
            font=self.font(),
            dark=QColor(self._theme.window).lightnessF() < QColor(self._theme.text).lightnessF(),
        )

    def _paint_all(self) -> QPixmap:
        if self._ground is None:
            self._ground = self._paint_ground()
        sheet = self._ground.copy()
        painter = QPainter(sheet)
        ink = self._ink(painter)
        if ink is not None:
            painter.setClipRect(self._track_box(ink.axis))
            self._paint_marks(ink)
        painter.end()
        return sheet

    def _track_box(self, axis: Axis) -> QRectF:
        # handles of the clip's first and last frame lie outside its frames
        before = HANDLE_PX + 1 if axis.first_s == axis.start_s else 0
        behind = HANDLE_PX + 1 if axis.last_s == axis.end_s else 0
        return QRectF(axis.left_px - before, 0, axis.width_px + before + behind, self.height())

    def _paint_ground(self) -> QPixmap:
        sheet = self._sheet()
        sheet.fill(tinted(self._theme.panel))
        painter = QPainter(sheet)
        ink = self._ink(painter)
        if ink is None:
            painter.setPen(tinted(self._theme.quiet))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._words("no clip on the desk"))
            painter.end()
            return sheet
        names, axis = self._names(), ink.axis
        for lane in self._lanes():
            ends = ("", "")
            box = QRectF(axis.left_px, lane.top, axis.width_px, lane.height)
            painter.fillRect(box, tinted(self._theme.panel if lane.track is Track.RULER else self._theme.window))
            painter.save()
            painter.setClipRect(box)
            if lane.track is Track.RULER:
                paint_ruler(ink, lane)
            elif lane.track is Track.WAVE and self._sounds is not None:
                paint_wave(ink, lane, self._sounds, self._voices, ratio=sheet.devicePixelRatio())
            elif lane.track is Track.WAVE:
                paint_said(ink, lane, self._no_sound())
            elif lane.track is Track.SPECTRUM and self._voices is not None:
                if self._spectrum is None:
                    self._spectrum = spectrum_image(self._voices, dark=ink.dark)
                paint_spectrum(ink, lane, self._spectrum, self._voices)
                ends = _band_ends(self._voices)
            elif lane.track is Track.PITCH and self._voices is not None:
                hz = pitch_ends_hz(self._voices)
                if hz is None:
                    paint_said(ink, lane, self._words("no pitch was found"))
                else:
                    ends = (f"{hz[1]:.0f} Hz", f"{hz[0]:.0f} Hz")
                    paint_pitch(ink, lane, self._voices)
            elif lane.track is Track.MOTION and self._motion is not None:
                if self._motion.seen.any() and self._motion.motion is not None:
                    ends = (f"{motion_peak_px(self._motion):.1f} px", "0 px")
                    paint_motion(ink, lane, self._motion)
                else:
                    paint_said(ink, lane, self._words("the face was not found in this clip"))
            elif lane.track in {Track.MARKS, Track.READING}:
                paint_frame_lines(ink, lane)
            painter.restore()
            name = self._readings[lane.row][0] if lane.track is Track.READING else names[lane.track]
            paint_gutter(ink, lane, name, top=ends[0], bottom=ends[1])
        painter.end()
        return sheet

    def _paint_marks(self, ink: Ink) -> None:
        draft = self._shown()
        placed = self._layout(draft)
        lanes = {(lane.track, lane.row): lane for lane in placed.lanes}
        range_ = self._drag if isinstance(self._drag, _RangeDrag) else None
        looped = (range_.first, range_.last) if range_ is not None else self._range
        if looped is not None:
            self._paint_range(ink, looped, placed.lanes)
        bottom = placed.lanes[-1].bottom
        paint_event_lines(ink, placed, top=lanes[Track.RULER, 0].bottom, bottom=bottom)
        if placed.spans:
            paint_events(ink, placed, [self._lasts(draft, place) for place in range(len(draft.events))])
        else:
            paint_said(ink, lanes[Track.MARKS, 0], self._no_events())
        if placed.cues:
            paint_cues(ink, placed, self._cue_names(draft))
        spans = [one for _, one in self._readings]
        apart = differing(spans, tolerance_frames=self._tolerance)
        for row, own in enumerate(spans):
            lane = lanes[Track.READING, row]
            if own:
                paint_reading(ink, lane, own, apart[row])
            else:
                paint_said(ink, lane, self._words("no event"))
        if isinstance(self._drag, _MarkDrag | _CueDrag):
            self._paint_badge(ink, self._drag, lanes[Track.MARKS, 0])

    def _paint_range(self, ink: Ink, looped: tuple[Frame, Frame], lanes: Sequence[Lane]) -> None:
        left, right = ink.axis.pixels_of(looped[0], ink.clock)[0], ink.axis.pixels_of(looped[1], ink.clock)[1]
        top, bottom = lanes[0].top, lanes[-1].bottom
        ink.painter.fillRect(QRectF(left, top, right - left, bottom - top), tinted(self._theme.accent, 38))
        ink.painter.setPen(ink.pen(self._theme.accent, 2.0))
        foot = lanes[0].bottom - 1
        for x, way in ((left, 1), (right, -1)):
            # brackets: told by shape too
            ink.painter.drawLine(QLineF(x, lanes[0].top + 1, x, foot))
            ink.painter.drawLine(QLineF(x, lanes[0].top + 1, x + 5 * way, lanes[0].top + 1))
            ink.painter.drawLine(QLineF(x, foot, x + 5 * way, foot))

    def _paint_badge(self, ink: Ink, drag: _MarkDrag | _CueDrag, lane: Lane) -> None:
        """Beside the hand: the frame and its time, and why it goes no further."""
        if isinstance(drag, _MarkDrag):
            at, name = drag.frame, mark_names(self._words)[drag.mark]
            said = self._words("{name}: frame {frame}, {ms} ms", name=name, frame=at, ms=ms_of(at, ink.clock))
            if drag.why and drag.stopped_by is not None:
                other = mark_names(self._words)[drag.stopped_by]
                said = self._words("{said} – the {other} is there", said=said, other=other)
        else:
            at = drag.first
            said = self._words("frames {first} to {last}", first=drag.first, last=drag.last)
            said = f"{said} – {drag.why}" if drag.why else said
        metrics = QFontMetricsF(self.font())
        wide = min(metrics.horizontalAdvance(said) + 16, float(ink.axis.width_px))
        left = min(max(ink.axis.left_px, ink.axis.middle_of(at, ink.clock) - wide / 2), ink.axis.right_px - wide)
        box = QRectF(left, lane.top - metrics.height() - 8, wide, metrics.height() + 4)
        ink.painter.setPen(ink.pen(self._theme.warn if drag.why else self._theme.accent))
        ink.painter.setBrush(tinted(self._theme.raised))
        ink.painter.drawRoundedRect(box, 4, 4)
        ink.painter.setFont(self.font())
        ink.painter.setPen(ink.pen(self._theme.warn if drag.why else self._theme.text))
        shown = metrics.elidedText(said, Qt.TextElideMode.ElideRight, wide - 12)
        ink.painter.drawText(box, Qt.AlignmentFlag.AlignCenter, shown)

    def _strip(self) -> QRect:
        """What the playhead covers."""
        if self._axis is None or self._clock is None:
            return QRect()
        begin, end = self._axis.pixels_of(self._playhead, self._clock)
        left = int(begin) - _HEAD_PX - 2
        return QRect(left, 0, int(end) + _HEAD_PX + 3 - left, self.height())

    def _paint_playhead(self, painter: QPainter) -> None:
        if self._axis is None or self._clock is None:
            return
        begin, end = self._axis.pixels_of(self._playhead, self._clock)
        if end <= self._axis.left_px or begin >= self._axis.right_px:
            return
        painter.fillRect(QRectF(begin, 0, end - begin, self.height()), tinted(self._theme.text, 40))
        painter.fillRect(QRectF(begin - 0.75, 0, 1.5, self.height()), tinted(self._theme.text))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tinted(self._theme.text))
        painter.drawPolygon(
            QPolygonF([QPointF(begin - _HEAD_PX, 0), QPointF(begin + _HEAD_PX, 0), QPointF(begin, _HEAD_PX * 1.4)])
        )

    # words

    def _no_sound(self) -> str:
        if self._ticket is not None and self._ticket.sound is None:
            return self._words("nothing to hear: this pass hides the sound, or the clip has none")
        return self._words("this clip has no sound") if self._opened else self._words("the sound is being opened")

    def _no_events(self) -> str:
        if self._draft.nothing:
            return self._words("nothing happens in this clip")
        if self._ticket is not None and self._ticket.stage is Stage.VERIFICATION:
            return self._words("events are not marked here: accept them, or send them back")
        marks = (Command.MARK_ONSET, Command.MARK_APEX, Command.MARK_OFFSET)
        onset, apex, offset = (self._keys.shown(command) for command in marks)
        return self._words(
            "no event is marked yet: {onset}, {apex} and {offset} set onset, apex and offset",
            onset=onset,
            apex=apex,
            offset=offset,
        )

    def _lasts(self, draft: Draft, place: int) -> str:
        span = draft.events[place].marks.span
        if span is None or self._clock is None:
            return ""
        return self._words("{ms} ms", ms=round(self._clock.span_duration(span) * 1000))

    def _cue_names(self, draft: Draft) -> Mapping[tuple[int, int], str]:
        labels: dict[str, str] = {}
        if self._ticket is not None:
            book = self._ticket.codebook
            labels = {entry.code: self._words.label(entry) for entry in (*book.cue_owners, *book.vocal_cues)}
        return {
            (number, place): f"{labels.get(cue.code, cue.code)} · {labels.get(cue.owner, cue.owner)}"
            for number, event in enumerate(draft.events)
            for place, cue in enumerate(event.vocal_cues)
        }

    def _describe(self) -> None:
        """For screen readers: what is marked, in frames and milliseconds."""
        clock, words = self._clock, self._words
        if clock is None:
            self.setAccessibleDescription(words("no clip on the desk"))
            return
        draft, names = self._draft, mark_names(words)
        said = [] if any(event.marks.missing != tuple(Mark) for event in draft.events) else [self._no_events()]
        for number, event in enumerate(draft.events):
            marks = [
                words("{name}: frame {frame}, {ms} ms", name=names[mark], frame=frame, ms=ms_of(frame, clock))
                for mark in Mark
                if (frame := event.marks.at(mark)) is not None
            ]
            head = (
                words("event {number} of {all}, selected", number=number + 1, all=len(draft.events))
                if number == draft.selected
                else words("event {number} of {all}", number=number + 1, all=len(draft.events))
            )
            lasts = self._lasts(draft, number)
            said.append("; ".join([head, *marks, *([words("lasts {time}", time=lasts)] if lasts else [])]))
        if self._heard:
            cues = [cue for event in draft.events for cue in event.vocal_cues]
            for name, cue in zip(self._cue_names(draft).values(), cues, strict=True):
                said.append(words("{name}: frames {first} to {last}", name=name, first=cue.onset, last=cue.offset))
        else:
            said.append(self._no_sound())
        apart = differing([spans for _, spans in self._readings], tolerance_frames=self._tolerance)
        for (letter, spans), differs in zip(self._readings, apart, strict=True):
            for span, lit in zip(spans, differs, strict=True):
                marks = [
                    words("{name} at frame {frame} differs", name=names[mark], frame=frame)
                    if mark in lit
                    else words("{name} at frame {frame}", name=names[mark], frame=frame)
                    for mark, frame in frames_of(span).items()
                ]
                said.append(f"{letter}: {'; '.join(marks)}")
            if not spans:
                said.append(f"{letter}: {words('no event')}")
        self.setAccessibleDescription(". ".join(said))

    def _say(self, why: str) -> None:
        if why != self._said:
            self._said = why
            self.said.emit(why)

    # the hand

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Take hold of what lies under the pointer."""
        if event is None or event.button() != Qt.MouseButton.LeftButton or self._axis is None or self._clock is None:
            return
        x, y = event.position().x(), event.position().y()
        self._say("")
        frame = self._axis.frame_at(x, self._clock)
        self._press, self._led = _Press(x=x, y=y, target=self._under(x, y), frame=frame), None
        if isinstance(self._press.target, OnEmpty) and self._press.target.track not in _RANGED:
            self._drag = _Scrub()
            self._lead(frame)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Drag what is held, or show what could be held."""
        if event is None or self._axis is None or self._clock is None:
            return
        x, y = event.position().x(), event.position().y()
        press = self._press
        if press is None:
            self._point(self._under(x, y))
            return
        if self._drag is None and abs(x - press.x) < _DRAG_PX:
            return
        drag = self._dragged(press, x, self._axis, self._clock)
        if drag == self._drag:
            return
        if isinstance(drag, _MarkDrag | _CueDrag):
            self._say(drag.why)
        self._drag = drag
        if isinstance(drag, _MarkDrag):
            self._lead(drag.frame)
        self._redraw()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Let go: what was dragged becomes an act, a click becomes a jump."""
        if event is None or event.button() != Qt.MouseButton.LeftButton or self._press is None:
            return
        press, drag = self._press, self._drag
        # drawn where it was until the draft says otherwise: nothing looks done before it is kept
        self._press, self._drag = None, None
        if isinstance(drag, _MarkDrag):
            if self._draft.events[drag.event].marks.at(drag.mark) != drag.frame:
                self.acted.emit(acts.drag_mark(drag.event, drag.mark, drag.frame))
        elif isinstance(drag, _CueDrag):
            self._put_cue(drag)
        elif isinstance(drag, _RangeDrag):
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
        target = self._under(x, y)
        if self._clock is None or not isinstance(target, OnMark):
            return ""
        names = mark_names(self._words)
        name = self._words(", ").join(names[mark] for mark in target.marks)
        ms = ms_of(target.frame, self._clock)
        return self._words("{name}: frame {frame}, {ms} ms", name=name, frame=target.frame, ms=ms)

    def _dragged(self, press: _Press, x: float, axis: Axis, clock: FrameClock) -> _Drag | None:
        target = press.target
        if isinstance(target, OnMark):
            return self._dragged_mark(target, press, x, axis, clock)
        if isinstance(target, OnCueEnd) or (isinstance(target, OnCue) and target.event == self._draft.selected):
            return self._dragged_cue(target, press, x, axis, clock)
        if isinstance(target, OnEmpty) and target.track in _RANGED:
            frame = axis.frame_at(x, clock)
            return _RangeDrag(first=min(press.frame, frame), last=max(press.frame, frame))
        self._lead(axis.frame_at(x, clock))
        return _Scrub()

    def _dragged_mark(self, target: OnMark, press: _Press, x: float, axis: Axis, clock: FrameClock) -> _MarkDrag | None:
        if self._locked:
            self._say(self._words("the movement is handed in: open it again to move its marks"))
            return None
        held = self._drag.mark if isinstance(self._drag, _MarkDrag) else chosen(target, backward=x < press.x)
        marks = self._draft.events[target.event].marks
        # a hand that moves by a frame's width moves the mark by a frame, wherever it took hold of it
        wanted = axis.frame_at(axis.middle_of(target.frame, clock) + x - press.x, clock)
        try:
            moved(marks, held, wanted, last=clock.last_frame)
        except BadInput as error:
            low, high = legal_range(marks, held, last=clock.last_frame)
            frame = Frame(max(low, min(high, wanted)))
            others = [mark for mark in Mark if mark is not held and marks.at(mark) == frame]
            # the one next to it: an onset is stopped by the apex, also where the offset is there too
            order = list(Mark)
            stopped_by = min(others, key=lambda one: abs(order.index(one) - order.index(held)), default=None)
            why = self._words.finding(error.finding)
            return _MarkDrag(event=target.event, mark=held, frame=frame, why=why, stopped_by=stopped_by)
        return _MarkDrag(event=target.event, mark=held, frame=wanted)

    def _dragged_cue(
        self, target: OnCueEnd | OnCue, press: _Press, x: float, axis: Axis, clock: FrameClock
    ) -> _CueDrag | None:
        if self._draft.event is None:
            return None
        cue = self._draft.event.vocal_cues[target.place]
        if isinstance(target, OnCue):
            length = cue.offset - cue.onset
            wanted = axis.frame_at(axis.middle_of(cue.onset, clock) + x - press.x, clock)
            first = Frame(max(0, min(clock.last_frame - length, wanted)))
            return _CueDrag(place=target.place, first=first, last=Frame(first + length))
        held = cue.onset if target.is_first else cue.offset
        wanted = axis.frame_at(axis.middle_of(held, clock) + x - press.x, clock)
        crossed = wanted > cue.offset if target.is_first else wanted < cue.onset
        why = self._words("a cue cannot end before it begins") if crossed else ""
        if target.is_first:
            return _CueDrag(place=target.place, first=min(wanted, cue.offset), last=cue.offset, why=why)
        return _CueDrag(place=target.place, first=cue.onset, last=max(wanted, cue.onset), why=why)

    def _lead(self, frame: Frame) -> None:
        """Take the playhead along with the hand."""
        if frame != self._led:
            self._led = frame
            self.sought.emit(frame)

    def _put_cue(self, drag: _CueDrag) -> None:
        cue = None if self._draft.event is None else self._draft.event.vocal_cues[drag.place]
        if cue is not None and (cue.onset, cue.offset) != (drag.first, drag.last):
            first = drag.first if drag.first != cue.onset else None
            last = drag.last if drag.last != cue.offset else None
            self.acted.emit(acts.change_cue(drag.place, first=first, last=last))

    def _clicked(self, press: _Press) -> None:
        target = press.target
        if isinstance(target, OnMark | OnSpan | OnCue) and target.event != self._draft.selected:
            self.picked.emit(target.event)
        self.sought.emit(target.frame if isinstance(target, OnMark) else press.frame)

    def _let_go(self) -> None:
        self._press, self._drag = None, None
        self._say("")


def _band_ends(voice: Voice) -> tuple[str, str]:
    return f"{voice.band_hz[-1] / 1000:.0f} kHz", f"{voice.band_hz[0]:.0f} Hz"

"""Paints what coders marked: events with their three marks, vocal cues, other coders' readings.

Onset: a triangle that points into the event from before it; apex: a diamond; offset: a triangle that points back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PyQt6.QtCore import QLineF, QPointF, QRectF, Qt
from PyQt6.QtGui import QBrush, QFontMetricsF, QPainter, QPolygonF

from annotator_gui.hitting import Bar, Handle, Layout
from annotator_gui.lanes import Lane, frames_of
from annotator_gui.language import Words
from annotator_gui.marks import Mark
from annotator_gui.placing import BAR_PX, HANDLE_PX, handle_x, spread
from annotator_gui.timeaxis import Axis
from annotator_gui.trackpaint import Ink, tinted
from mmed_curate.domain.time import Frame, FrameClock, Span

_LETTER_GAP_PX = 4
_FRAME_LINES_PX = 8
"""Frames at least so wide have a line at their start."""


def mark_letters(words: Words) -> Mapping[Mark, str]:
    """The marks in as few letters as tell them apart."""
    return {Mark.ONSET: words("on"), Mark.APEX: words("ap"), Mark.OFFSET: words("off")}


def shape(mark: Mark, x: float, y: float, *, size: float = HANDLE_PX) -> QPolygonF:
    """The outline of a mark round its middle."""
    half, tall = size / 2, size * 0.68
    if mark is Mark.APEX:
        return QPolygonF([QPointF(x, y - tall), QPointF(x + tall, y), QPointF(x, y + tall), QPointF(x - tall, y)])
    tip, back = (x + half, x - half) if mark is Mark.ONSET else (x - half, x + half)
    return QPolygonF([QPointF(tip, y), QPointF(back, y - tall), QPointF(back, y + tall)])


def paint_frame_lines(ink: Ink, lane: Lane) -> None:
    """Where each frame begins, once frames are wide enough to be told apart."""
    axis, clock = ink.axis, ink.clock
    first, last = axis.visible_frames(clock)
    begin, end = axis.x_of(clock.start_of(first)), axis.x_of(clock.end_of(last))
    if (end - begin) / (last - first + 1) < _FRAME_LINES_PX:
        return
    ink.painter.setPen(ink.pen(ink.theme.line, alpha=110))
    for number in range(first, last + 1):
        x = axis.x_of(clock.start_of(Frame(number)))
        ink.painter.drawLine(QLineF(x, lane.top, x, lane.bottom))


def paint_event_lines(ink: Ink, layout: Layout, *, top: int, bottom: int) -> None:
    """Thin lines of the selected event's marks through all tracks."""
    for handle in layout.handles:
        if handle.event != layout.selected:
            continue
        x = _edge(handle.mark, handle.frame, ink.axis, ink.clock)
        pen = ink.pen(ink.theme.of(handle.mark), 1.0, alpha=200)
        pen.setStyle(Qt.PenStyle.DashLine)
        ink.painter.setPen(pen)
        ink.painter.drawLine(QLineF(x, top, x, bottom))


def paint_events(ink: Ink, layout: Layout, durations: Sequence[str]) -> None:
    """Spans and handles, the selected event last and strongest.

    Args:
        ink: what to paint with.
        layout: where they lie.
        durations: for each event how long it lasts; empty: it is not known yet.
    """
    selected = layout.selected
    numbered = len({bar.event for bar in layout.spans}) > 1
    for bar in sorted(layout.spans, key=lambda bar: bar.event == selected):
        own = bar.event == selected
        handles = [handle for handle in layout.handles if handle.event == bar.event]
        middle = _middle(bar)
        box = QRectF(bar.left, middle - BAR_PX / 2 + 3, max(1.0, bar.right - bar.left), BAR_PX - 6)
        ink.painter.fillRect(box, tinted(ink.theme.accent if own else ink.theme.quiet, 90 if own else 55))
        if own:
            ink.painter.setPen(ink.pen(ink.theme.accent, 1.5))
            ink.painter.setBrush(Qt.BrushStyle.NoBrush)
            ink.painter.drawRect(box)
        _shapes(ink, handles, middle, own=own)
        _letters(ink, handles, bar.top, middle - BAR_PX / 2, own=own)
    taken = [(bar.left - HANDLE_PX, bar.right + HANDLE_PX, bar.top) for bar in layout.spans]
    for bar in sorted(layout.spans, key=lambda bar: bar.event != selected):
        number = str(bar.event + 1) if numbered else ""
        said = ": ".join(part for part in (number, durations[bar.event]) if part)
        run = _beside(ink, bar, said, taken, own=bar.event == selected)
        if run is not None:
            taken.append((*run, bar.top))


def _middle(bar: Bar) -> float:
    return bar.bottom - BAR_PX / 2 - 3


def _shapes(ink: Ink, handles: Sequence[Handle], y: float, *, own: bool) -> None:
    ink.painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    # the apex lies over the other two where they share a frame
    for handle in sorted(handles, key=lambda one: one.mark is Mark.APEX):
        colour = ink.theme.of(handle.mark)
        ink.painter.setBrush(QBrush(tinted(colour if own else ink.theme.window)))
        ink.painter.setPen(ink.pen(ink.theme.window if own else colour, 1.0 if own else 1.6))
        ink.painter.drawPolygon(shape(handle.mark, handle.x, y))
    ink.painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _letters(ink: Ink, handles: Sequence[Handle], top: float, bottom: float, *, own: bool) -> None:
    """Over each handle that can be seen what it is; pushed apart where they would meet."""
    metrics, letters = QFontMetricsF(ink.small), mark_letters(ink.words)
    left, right = ink.axis.left_px - HANDLE_PX, ink.axis.right_px + HANDLE_PX
    seen = [handle for handle in handles if left <= handle.x <= right]
    wide = {handle.mark: metrics.horizontalAdvance(letters[handle.mark]) for handle in seen}
    places = {handle.mark: handle.x - wide[handle.mark] / 2 for handle in seen}
    if Mark.APEX in places:
        # the apex keeps its middle, the others make way
        if Mark.ONSET in places:
            places[Mark.ONSET] = min(places[Mark.ONSET], places[Mark.APEX] - wide[Mark.ONSET] - _LETTER_GAP_PX)
        if Mark.OFFSET in places:
            places[Mark.OFFSET] = max(places[Mark.OFFSET], places[Mark.APEX] + wide[Mark.APEX] + _LETTER_GAP_PX)
    wanted = [(places[handle.mark], wide[handle.mark]) for handle in seen]
    ink.painter.setFont(ink.small)
    for handle, edge in zip(seen, spread(wanted, left=left, right=right, gap=_LETTER_GAP_PX), strict=True):
        ink.painter.setPen(ink.pen(ink.theme.of(handle.mark) if own else ink.theme.quiet))
        ink.painter.drawText(QPointF(edge, min(bottom - 1, top + metrics.ascent())), letters[handle.mark])


def _beside(
    ink: Ink, bar: Bar, said: str, taken: Sequence[tuple[float, float, int]], *, own: bool
) -> tuple[float, float] | None:
    """Which event it is and how long it lasts, where there is room behind it, or else before it; gives the pixels that
    it takes."""
    metrics = QFontMetricsF(ink.small)
    wide = metrics.horizontalAdvance(said)
    for left in (bar.right + HANDLE_PX + 6, bar.left - HANDLE_PX - 6 - wide):
        right = left + wide
        free = all(right + 4 < begin or left > end + 4 for begin, end, top in taken if top == bar.top)
        if said and free and ink.axis.left_px <= left and right <= ink.axis.right_px:
            ink.painter.setFont(ink.small)
            ink.painter.setPen(ink.pen(ink.theme.text if own else ink.theme.quiet))
            ink.painter.drawText(QPointF(left, _middle(bar) + metrics.ascent() / 2 - 1), said)
            return left, right
    return None


def paint_cues(ink: Ink, layout: Layout, names: Mapping[tuple[int, int], str]) -> None:
    """Vocal cues as bars with what and whose they are; those of the selected event can be taken by their ends.

    Args:
        ink: what to paint with.
        layout: where they lie.
        names: by event and place of the cue.
    """
    metrics = QFontMetricsF(ink.small)
    for bar in sorted(layout.cues, key=lambda bar: bar.event == layout.selected):
        own = bar.event == layout.selected
        box = QRectF(bar.left, bar.top + 2, max(2.0, bar.right - bar.left), bar.bottom - bar.top - 4)
        ink.painter.fillRect(box, tinted(ink.theme.cue, 80 if own else 35))
        ink.painter.setPen(ink.pen(ink.theme.cue, 1.0, alpha=255 if own else 130))
        ink.painter.setBrush(Qt.BrushStyle.NoBrush)
        ink.painter.drawRect(box)
        if own:
            for edge in (box.left(), box.right() - 3):
                ink.painter.fillRect(QRectF(edge, box.top(), 4, box.height()), tinted(ink.theme.cue))
        name = names[bar.event, bar.place]
        left = max(box.left(), ink.axis.left_px) + 8
        inside = metrics.horizontalAdvance(name) + 12 <= box.right() - left
        shown = name
        if not inside:
            # beside a short cue where nothing is in the way, else as much as fits
            room = _room_behind(bar, layout, ink.axis)
            if room >= metrics.horizontalAdvance(name) + 10:
                left = box.right() + 6
            else:
                shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, max(0.0, box.right() - left - 6))
        ink.painter.setFont(ink.small)
        ink.painter.setPen(ink.pen(ink.theme.text if own else ink.theme.quiet))
        ink.painter.drawText(
            QRectF(left, box.top(), metrics.horizontalAdvance(shown) + 2, box.height()),
            Qt.AlignmentFlag.AlignVCenter,
            shown,
        )


def _room_behind(bar: Bar, layout: Layout, axis: Axis) -> float:
    later = [one.left for one in layout.cues if one.top == bar.top and one.left >= bar.right]
    return min([float(axis.right_px), *later]) - bar.right


def paint_reading(ink: Ink, lane: Lane, spans: Sequence[Span], apart: Sequence[frozenset[Mark]]) -> None:
    """What another coder marked. Marks on which the readings differ are filled and carry their frame; the others are
    hollow and quiet."""
    metrics = QFontMetricsF(ink.small)
    middle = lane.bottom - BAR_PX / 2 - 2
    ink.painter.setFont(ink.small)
    for span, differs in zip(spans, apart, strict=True):
        left = ink.axis.pixels_of(span.onset, ink.clock)[0]
        right = ink.axis.pixels_of(span.offset, ink.clock)[1]
        ink.painter.fillRect(QRectF(left, middle - 4, max(1.0, right - left), 8), tinted(ink.theme.quiet, 70))
        places = {mark: handle_x(mark, frame, ink.axis, ink.clock) for mark, frame in frames_of(span).items()}
        for mark, frame in sorted(frames_of(span).items(), key=lambda one: one[0] is Mark.APEX):
            lit, x = mark in differs, places[mark]
            ink.painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            ink.painter.setBrush(QBrush(tinted(ink.theme.of(mark) if lit else ink.theme.window)))
            ink.painter.setPen(ink.pen(ink.theme.text if lit else ink.theme.quiet, 1.2))
            ink.painter.drawPolygon(shape(mark, x, middle, size=HANDLE_PX if lit else HANDLE_PX - 3))
            ink.painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            if lit:
                _number(ink, str(frame), mark, places, lane.top + metrics.ascent(), differs)


def _number(ink: Ink, said: str, mark: Mark, places: Mapping[Mark, float], y: float, differs: frozenset[Mark]) -> None:
    metrics = QFontMetricsF(ink.small)
    wide = metrics.horizontalAdvance(said)
    x = places[mark] - wide / 2
    if mark is not Mark.APEX and Mark.APEX in differs:
        room = wide + 4
        apex = places[Mark.APEX]
        x = min(x, apex - wide / 2 - room) if mark is Mark.ONSET else max(x, apex - wide / 2 + room)
    ink.painter.setPen(ink.pen(ink.theme.of(mark)))
    ink.painter.drawText(QPointF(x, y), said)


def _edge(mark: Mark, frame: Frame, axis: Axis, clock: FrameClock) -> float:
    """Where a mark's line runs: before an onset, through an apex, behind an offset."""
    begin, end = axis.pixels_of(frame, clock)
    return {Mark.ONSET: begin, Mark.APEX: (begin + end) / 2, Mark.OFFSET: end}[mark]

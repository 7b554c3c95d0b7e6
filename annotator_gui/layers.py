"""Paints the timeline in layers: the ground that stands still, over it what is marked, over that the playhead."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PyQt6.QtGui import QFontMetricsF, QImage, QPainter, QPolygonF

from annotator_gui.draft import Draft
from annotator_gui.hitting import Layout
from annotator_gui.keys import KeyMap
from annotator_gui.lanes import Lane, Track, differing
from annotator_gui.markpaint import paint_cues, paint_event_lines, paint_events, paint_frame_lines, paint_reading
from annotator_gui.marks import Range
from annotator_gui.material import Material
from annotator_gui.placing import HANDLE_PX
from annotator_gui.signals import Voice, motion_peak_px, pitch_ends_hz
from annotator_gui.telling import cue_names, durations, no_events, no_sound, track_names
from annotator_gui.theme import Theme
from annotator_gui.trackpaint import (
    Ink,
    paint_gutter,
    paint_motion,
    paint_pitch,
    paint_ruler,
    paint_said,
    paint_spectrum,
    paint_wave,
    tinted,
)
from mmed_curate.domain.time import Frame

_HEAD_PX = 6
"""Half the width of the playhead's head."""


def paint_ground(ink: Ink, lanes: Sequence[Lane], material: Material, *, spectrum: QImage | None, ratio: float) -> None:
    """Every track with its name and the ends of its scale.

    Args:
        ink: what to paint with.
        lanes: where the tracks lie.
        material: what they show.
        spectrum: the voice's, as a picture; None: there is no such track.
        ratio: pixels of the screen per pixel of the axis.
    """
    names, axis = track_names(ink.words), ink.axis
    for lane in lanes:
        box = QRectF(axis.left_px, lane.top, axis.width_px, lane.height)
        ink.painter.fillRect(box, tinted(ink.theme.panel if lane.track is Track.RULER else ink.theme.window))
        ink.painter.save()
        ink.painter.setClipRect(box)
        top, bottom = _paint_track(ink, lane, material, spectrum=spectrum, ratio=ratio)
        ink.painter.restore()
        name = material.readings[lane.row][0] if lane.track is Track.READING else names[lane.track]
        paint_gutter(ink, lane, name, top=top, bottom=bottom)


def _paint_track(ink: Ink, lane: Lane, material: Material, *, spectrum: QImage | None, ratio: float) -> tuple[str, str]:
    """Gives the ends of its scale, upper and lower; empty: it has none."""
    track, voice, motion = lane.track, material.voice, material.motion
    if track is Track.RULER:
        paint_ruler(ink, lane)
    elif track is Track.WAVE and material.sound is not None:
        paint_wave(ink, lane, material.sound, voice, ratio=ratio)
    elif track is Track.WAVE:
        paint_said(ink, lane, no_sound(material, ink.words))
    elif track is Track.SPECTRUM and voice is not None and spectrum is not None:
        paint_spectrum(ink, lane, spectrum, voice)
        return _band_ends(voice)
    elif track is Track.PITCH and voice is not None:
        ends_hz = pitch_ends_hz(voice)
        if ends_hz is not None:
            paint_pitch(ink, lane, voice)
            return f"{ends_hz[1]:.0f} Hz", f"{ends_hz[0]:.0f} Hz"
        paint_said(ink, lane, ink.words("no pitch was found"))
    elif track is Track.MOTION and motion is not None:
        if motion.seen.any() and motion.motion is not None:
            paint_motion(ink, lane, motion)
            return f"{motion_peak_px(motion):.1f} px", "0 px"
        paint_said(ink, lane, ink.words("the face was not found in this clip"))
    elif track in {Track.MARKS, Track.READING}:
        paint_frame_lines(ink, lane)
    return "", ""


def _band_ends(voice: Voice) -> tuple[str, str]:
    return f"{voice.band_hz[-1] / 1000:.0f} kHz", f"{voice.band_hz[0]:.0f} Hz"


def paint_marked(
    ink: Ink, placed: Layout, draft: Draft, material: Material, *, looped: Range | None, keys: KeyMap
) -> None:
    """What is looped, events, cues, and what others marked.

    Args:
        ink: what to paint with.
        placed: where they lie.
        draft: with what is being dragged where the hand holds it.
        material: whose readings.
        looped: first and last frame, both inside; None: the whole clip.
        keys: to say how an event comes about.
    """
    lanes = {(lane.track, lane.row): lane for lane in placed.lanes}
    if looped is not None:
        _paint_range(ink, looped, placed.lanes)
    paint_event_lines(ink, placed, top=lanes[Track.RULER, 0].bottom, bottom=placed.lanes[-1].bottom)
    if placed.spans:
        paint_events(ink, placed, durations(draft, ink.clock, ink.words))
    else:
        paint_said(ink, lanes[Track.MARKS, 0], no_events(material, draft, ink.words, keys))
    if placed.cues:
        paint_cues(ink, placed, cue_names(material, draft, ink.words))
    spans = [one for _, one in material.readings]
    apart = differing(spans, tolerance_frames=material.tolerance_frames)
    for row, own in enumerate(spans):
        lane = lanes[Track.READING, row]
        if own:
            paint_reading(ink, lane, own, apart[row])
        else:
            paint_said(ink, lane, ink.words("no event"))


def marked_box(ink: Ink, height: int) -> QRectF:
    """Where marks may be painted: handles of the clip's first and last frame lie outside its frames."""
    axis = ink.axis
    before = HANDLE_PX + 1 if axis.first_s == axis.start_s else 0
    behind = HANDLE_PX + 1 if axis.last_s == axis.end_s else 0
    return QRectF(axis.left_px - before, 0, axis.width_px + before + behind, height)


def _paint_range(ink: Ink, looped: Range, lanes: Sequence[Lane]) -> None:
    left, right = ink.axis.pixels_of(looped[0], ink.clock)[0], ink.axis.pixels_of(looped[1], ink.clock)[1]
    top, bottom = lanes[0].top, lanes[-1].bottom
    ink.painter.fillRect(QRectF(left, top, right - left, bottom - top), tinted(ink.theme.accent, 38))
    ink.painter.setPen(ink.pen(ink.theme.accent, 2.0))
    foot = lanes[0].bottom - 1
    for x, way in ((left, 1), (right, -1)):
        # brackets: told by shape too
        ink.painter.drawLine(QLineF(x, lanes[0].top + 1, x, foot))
        ink.painter.drawLine(QLineF(x, lanes[0].top + 1, x + 5 * way, lanes[0].top + 1))
        ink.painter.drawLine(QLineF(x, foot, x + 5 * way, foot))


def paint_badge(ink: Ink, said: str, *, at: Frame, above: int, warns: bool) -> None:
    """Words beside the hand.

    Args:
        ink: what to paint with.
        said: the words.
        at: the frame under which they lie.
        above: pixel that they end over.
        warns: something is in the way.
    """
    metrics = QFontMetricsF(ink.font)
    wide = min(metrics.horizontalAdvance(said) + 16, float(ink.axis.width_px))
    left = min(max(ink.axis.left_px, ink.axis.middle_of(at, ink.clock) - wide / 2), ink.axis.right_px - wide)
    box = QRectF(left, above - metrics.height() - 8, wide, metrics.height() + 4)
    ink.painter.setPen(ink.pen(ink.theme.warn if warns else ink.theme.accent))
    ink.painter.setBrush(tinted(ink.theme.raised))
    ink.painter.drawRoundedRect(box, 4, 4)
    ink.painter.setFont(ink.font)
    ink.painter.setPen(ink.pen(ink.theme.warn if warns else ink.theme.text))
    shown = metrics.elidedText(said, Qt.TextElideMode.ElideRight, wide - 12)
    ink.painter.drawText(box, Qt.AlignmentFlag.AlignCenter, shown)


def playhead_strip(begin: float, end: float, height: int) -> QRect:
    """What the playhead covers on a frame between two pixels."""
    left = int(begin) - _HEAD_PX - 2
    return QRect(left, 0, int(end) + _HEAD_PX + 3 - left, height)


def paint_playhead(painter: QPainter, theme: Theme, begin: float, end: float, height: int) -> None:
    """The playhead on a frame between two pixels."""
    painter.fillRect(QRectF(begin, 0, end - begin, height), tinted(theme.text, 40))
    painter.fillRect(QRectF(begin - 0.75, 0, 1.5, height), tinted(theme.text))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tinted(theme.text))
    painter.drawPolygon(
        QPolygonF([QPointF(begin - _HEAD_PX, 0), QPointF(begin + _HEAD_PX, 0), QPointF(begin, _HEAD_PX * 1.4)])
    )

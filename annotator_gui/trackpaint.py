"""Paints the tracks of the timeline that stand still: ruler, waveform, spectrum, pitch, motion."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PyQt6.QtCore import QLineF, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen, QPolygonF

from annotator_gui.colourmap import colours
from annotator_gui.lanes import Lane
from annotator_gui.language import Words
from annotator_gui.signals import (
    Face,
    HasSamples,
    Voice,
    loudness,
    motion_peak_px,
    outline,
    pitch_ends_hz,
    runs_of,
)
from annotator_gui.theme import Theme
from annotator_gui.timeaxis import Axis, frame_ticks, time_ticks
from mmed_curate.domain.time import FrameClock

_QUIETEST_PEAK = 0.02
"""A waveform fills its lane, but silence is not blown up to look like sound (ours: -34 dB)."""
_PAD_PX = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ink:
    """What every track is painted with."""

    painter: QPainter
    axis: Axis
    clock: FrameClock
    theme: Theme
    words: Words
    font: QFont
    """Of ordinary text."""
    dark: bool

    def pen(self, colour: str, width: float = 1.0, *, alpha: int = 255) -> QPen:
        """A pen in a colour of the theme."""
        return QPen(tinted(colour, alpha), width)

    @property
    def small(self) -> QFont:
        """For numbers on scales."""
        font = QFont(self.font)
        font.setPointSizeF(max(6.0, self.font.pointSizeF() * 0.8))
        return font


def tinted(colour: str, alpha: int = 255) -> QColor:
    """A colour of the theme, seen through."""
    found = QColor(colour)
    found.setAlpha(alpha)
    return found


def paint_gutter(ink: Ink, lane: Lane, name: str, *, top: str = "", bottom: str = "") -> None:
    """What a lane is, left of it, and the ends of its scale."""
    box = QRectF(6, lane.top, ink.axis.left_px - 12, lane.height)
    ink.painter.setFont(ink.font)
    ink.painter.setPen(ink.pen(ink.theme.quiet))
    ink.painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
    ink.painter.setFont(ink.small)
    ink.painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, top)
    ink.painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, bottom)


def paint_said(ink: Ink, lane: Lane, sentence: str) -> None:
    """A sentence in place of a track that has nothing to show."""
    ink.painter.setFont(ink.font)
    ink.painter.setPen(ink.pen(ink.theme.quiet))
    box = QRectF(ink.axis.left_px + 8, lane.top, ink.axis.width_px - 16, lane.height)
    said = QFontMetricsF(ink.font).elidedText(sentence, Qt.TextElideMode.ElideRight, box.width())
    ink.painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, said)


def paint_ruler(ink: Ink, lane: Lane) -> None:
    """Milliseconds above, frames below."""
    painter, metrics = ink.painter, QFontMetricsF(ink.small)
    half = lane.height / 2
    painter.setFont(ink.small)
    for row, ticks in enumerate(
        (
            time_ticks(ink.axis, least_px=round(metrics.horizontalAdvance("0000.0 ms") + 16)),
            frame_ticks(ink.axis, ink.clock, label_px=round(metrics.horizontalAdvance("0000") + 10)),
        )
    ):
        bottom = lane.top + (row + 1) * half
        for tick in ticks:
            long = half * (0.45 if tick.label else 0.2)
            painter.setPen(ink.pen(ink.theme.quiet if tick.label else ink.theme.line))
            painter.drawLine(QLineF(tick.x, bottom - long, tick.x, bottom))
            if tick.label and tick.x + 3 + metrics.horizontalAdvance(tick.label) <= ink.axis.right_px:
                painter.setPen(ink.pen(ink.theme.quiet if row else ink.theme.text))
                painter.drawText(QPointF(tick.x + 3, bottom - half * 0.25), tick.label)
        painter.setPen(ink.pen(ink.theme.line))
        painter.drawLine(QLineF(ink.axis.left_px, bottom - 0.5, ink.axis.right_px, bottom - 0.5))


def paint_wave(ink: Ink, lane: Lane, sound: HasSamples, voice: Voice | None, *, ratio: float) -> None:
    """The outline of the sound over all channels, filling the lane; under it where somebody speaks."""
    lows, highs = outline(sound.samples, sample_edges(ink.axis, sound, ratio=ratio))
    peak = max(_QUIETEST_PEAK, float(np.abs(sound.samples).max(initial=0.0)))
    middle, reach = lane.top + (lane.height - _PAD_PX) / 2, (lane.height - 2 * _PAD_PX - 4) / 2 / peak
    # neighbouring columns touch, so that a steep wave stays one line
    tops = middle - reach * np.maximum(highs, np.concatenate((highs[:1], lows[:-1])))
    bottoms = middle - reach * np.minimum(lows, np.concatenate((lows[:1], highs[:-1])))
    bottoms = np.maximum(bottoms, tops + 1 / ratio)
    lefts = ink.axis.left_px + (np.arange(len(lows)) + 0.5) / ratio
    pen = ink.pen(ink.theme.wave, 1 / ratio)
    ink.painter.setPen(pen)
    columns = zip(lefts.tolist(), tops.tolist(), bottoms.tolist(), strict=True)
    lines = [QLineF(x, top, x, bottom) for x, top, bottom in columns]
    if lines:
        ink.painter.drawLines(lines[0], *lines[1:])
    if voice is None:
        return
    half = voice.hop_s / 2
    middles = voice.middles_s
    for first, stop in runs_of(voice.voice_activity):
        left, right = _x_of_s(ink, middles[first] - half), _x_of_s(ink, middles[stop - 1] + half)
        ink.painter.fillRect(QRectF(left, lane.bottom - 4, right - left, 3), tinted(ink.theme.wave, 170))


def sample_edges(axis: Axis, sound: HasSamples, *, ratio: float) -> npt.NDArray[np.int64]:
    """The sample at which each pixel of the screen begins, and the end of the last.

    Args:
        axis: what is visible.
        sound: whose samples.
        ratio: pixels of the screen per pixel of the axis.
    """
    columns = max(1, round(axis.width_px * ratio))
    first = float((axis.first_s - sound.start) * sound.rate_hz)
    per_column = float(axis.visible_s * sound.rate_hz) / columns
    edges: npt.NDArray[np.int64] = np.ceil(first + per_column * np.arange(columns + 1) - 1e-6).astype(np.int64)
    return edges


def spectrum_image(voice: Voice, *, dark: bool) -> QImage:
    """One pixel for each window and band, low bands at the bottom."""
    levels = loudness(voice)  # (B, n)
    table = colours(dark=dark)[levels]  # (B, n, 3)
    height, width = levels.shape
    return QImage(table.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def paint_spectrum(ink: Ink, lane: Lane, image: QImage, voice: Voice) -> None:
    """A cached picture of the log-mel bands, stretched over the times at which its windows sound."""
    if image.width() == 0:
        return
    begin = voice.start_s + voice.window_s / 2 - voice.hop_s / 2
    left, right = _x_of_s(ink, begin), _x_of_s(ink, begin + voice.hop_s * image.width())
    ink.painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
    ink.painter.drawImage(
        QRectF(left, lane.top, right - left, lane.height), image, QRectF(0, 0, image.width(), image.height())
    )


def paint_pitch(ink: Ink, lane: Lane, voice: Voice) -> None:
    """Pitch on a logarithmic scale, broken where there is no voice."""
    ends = pitch_ends_hz(voice)
    if ends is None:
        return
    low, high = math.log(ends[0]), math.log(ends[1])
    there = np.isfinite(voice.f0_hz)
    share = (np.log(np.where(there, voice.f0_hz, 1.0)) - low) / (high - low)
    ys = lane.bottom - _PAD_PX - share * (lane.height - 2 * _PAD_PX)
    xs = np.array([_x_of_s(ink, time) for time in voice.middles_s])
    _curve(ink, xs, ys, there, ink.pen(ink.theme.pitch, 2.0))


def paint_motion(ink: Ink, lane: Lane, face: Face) -> None:
    """How far each region of the face lies off its rest: thin lines, and a thick one for the region that lies farthest,
    named at its peak."""
    if face.motion is None:
        return
    peak = motion_peak_px(face)
    ys = lane.bottom - _PAD_PX - face.motion / peak * (lane.height - 2 * _PAD_PX)  # (T, R)
    xs = np.array(_frame_middles(ink, face))
    there = np.isfinite(face.motion)
    for region in range(len(face.regions)):
        _curve(ink, xs, ys[:, region], there[:, region], ink.pen(ink.theme.motion, 1.0, alpha=110))
    filled = np.where(there, face.motion, -1.0)
    farthest = filled.max(axis=1)
    seen = farthest >= 0
    if not seen.any():
        return
    _curve(ink, xs, ys[np.arange(len(xs)), filled.argmax(axis=1)], seen, ink.pen(ink.theme.motion, 2.0))
    at = int(farthest.argmax())
    name = face.regions[int(filled[at].argmax())].replace("_", " ").replace("-", " ")
    ink.painter.setFont(ink.small)
    ink.painter.setPen(ink.pen(ink.theme.text))
    width = QFontMetricsF(ink.small).horizontalAdvance(name)
    x = xs[at] + 6 if xs[at] + 6 + width < ink.axis.right_px else xs[at] - 6 - width
    ink.painter.drawText(QPointF(x, lane.top + QFontMetricsF(ink.small).ascent() + 1), name)


def _curve(
    ink: Ink, xs: npt.NDArray[np.floating], ys: npt.NDArray[np.floating], there: npt.NDArray[np.bool_], pen: QPen
) -> None:
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    ink.painter.setPen(pen)
    ink.painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    for first, stop in runs_of(there):
        points = [QPointF(float(x), float(y)) for x, y in zip(xs[first:stop], ys[first:stop], strict=True)]
        if len(points) == 1:
            ink.painter.drawPoint(points[0])
        else:
            ink.painter.drawPolyline(QPolygonF(points))
    ink.painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _frame_middles(ink: Ink, face: Face) -> list[float]:
    """A frame's motion stands in the middle of its pixels, where its apex would."""
    if len(face.times_s) == ink.clock.n_frames:
        edges = (*ink.clock.pts, ink.clock.end_pts)
        origin = float(ink.axis.x_of(Fraction(0)))
        per_tick = float(ink.clock.time_base * ink.axis.width_px / ink.axis.visible_s)
        return [origin + per_tick * (begin + end) / 2 for begin, end in pairwise(edges)]
    return [_x_of_s(ink, float(time)) for time in face.times_s]


def _x_of_s(ink: Ink, time_s: float) -> float:
    """Pixel of a time counted from the clip's first frame."""
    axis = ink.axis
    return axis.left_px + (time_s - float(axis.first_s - axis.start_s)) * axis.width_px / float(axis.visible_s)

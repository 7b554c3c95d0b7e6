"""The timeline under a hand: each act that a person does on it, and what each pass hides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from builders.views import a_clock, a_ticket, a_view
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QColor, QImage, QMouseEvent, QPaintEvent, QWheelEvent
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from annotator_gui.acts import Act
from annotator_gui.draft import Draft, DraftEvent
from annotator_gui.lanes import Track
from annotator_gui.language import Words
from annotator_gui.marks import Mark, Marks
from annotator_gui.signals import Curves, Face, Voice
from annotator_gui.theme import DARK, LIGHT
from annotator_gui.timeline import Timeline
from mmed_curate.annotation.ticket import LetteredReading
from mmed_curate.domain.judgements import CodedEvent, VocalCueMark
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.time import Frame, FrameClock, Span

CLOCK = a_clock(60, 60)
CUE = VocalCueMark(code="laugh", onset=Frame(12), offset=Frame(30), owner="subject")
ONE = DraftEvent(marks=Marks(onset=Frame(10), apex=Frame(20), offset=Frame(30)), vocal_cues=(CUE,))
TWO = DraftEvent(marks=Marks(onset=Frame(40), apex=Frame(44), offset=Frame(50)))
BOTH = Draft(events=(ONE, TWO), selected=0)


def a_sound(clock: FrameClock = CLOCK) -> SimpleNamespace:
    """A tone as long as the clip."""
    times = np.arange(round(clock.duration * 48_000)) / 48_000
    return SimpleNamespace(
        samples=(0.4 * np.sin(2 * np.pi * 220 * times)).astype(np.float32)[:, None],
        rate_hz=48_000,
        start=clock.start_of(Frame(0)),
    )


def a_voice(n: int = 98) -> Voice:
    """A band that is loud, with a pitch."""
    mel = np.full((64, n), -20, np.float32)
    mel[20] = 0
    return Voice(
        log_mel=mel,
        band_hz=np.linspace(80, 7900, 64, dtype=np.float32),
        intensity_db=np.full(n, -20, np.float32),
        f0_hz=np.full(n, 220, np.float32),
        voice_activity=np.ones(n, np.bool_),
        start_s=0.0,
        hop_s=0.01,
        window_s=0.025,
    )


def a_face(n: int = 60) -> Face:
    """One region that moves once."""
    return Face(
        times_s=np.arange(n) / 60,
        alignment=np.zeros((n, 2, 3), np.float32),
        landmarks=np.zeros((n, 468, 2), np.float32),
        seen=np.ones(n, np.bool_),
        eye_distance_px=np.full(n, 60, np.float32),
        regions=("brow",),
        motion=np.exp(-(((np.arange(n) - 20) / 5) ** 2)).astype(np.float32)[:, None],
    )


@pytest.fixture
def timeline(qtbot: QtBot) -> Timeline:
    """Two events on a clip of one second at 60 frames a second, everything shown but the motion."""
    shown = Timeline(words=Words(), theme=DARK)
    qtbot.addWidget(shown)
    shown.resize(1000, 360)
    shown.show()
    shown.show_view(a_view(draft=BOTH))
    shown.show_clip(CLOCK, a_sound(), Curves(voice=a_voice()))
    return shown


def at(timeline: Timeline, track: Track, frame: int) -> QPoint:
    """The middle of a frame in a lane, near the lane's foot."""
    lane = next(lane for lane in timeline._lanes() if lane.track is track)
    assert timeline.axis is not None
    return QPoint(round(timeline.axis.middle_of(Frame(frame), CLOCK)), lane.bottom - 9)


def handle(timeline: Timeline, mark: Mark, event: int = 0) -> QPoint:
    """The middle of a mark's handle."""
    one = next(one for one in timeline._layout(timeline._draft).handles if (one.event, one.mark) == (event, mark))
    return QPoint(round(one.x), one.bottom - 9)


def send(timeline: Timeline, kind: QEvent.Type, place: QPoint, button: Qt.MouseButton) -> None:
    held = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseButtonRelease else Qt.MouseButton.LeftButton
    where = QPointF(place)
    globally = QPointF(timeline.mapToGlobal(place))
    QApplication.sendEvent(timeline, QMouseEvent(kind, where, globally, button, held, Qt.KeyboardModifier.NoModifier))


def press(timeline: Timeline, place: QPoint) -> None:
    send(timeline, QEvent.Type.MouseButtonPress, place, Qt.MouseButton.LeftButton)


def move(timeline: Timeline, place: QPoint) -> None:
    send(timeline, QEvent.Type.MouseMove, place, Qt.MouseButton.NoButton)


def release(timeline: Timeline, place: QPoint) -> None:
    send(timeline, QEvent.Type.MouseButtonRelease, place, Qt.MouseButton.LeftButton)


def drag(timeline: Timeline, begin: QPoint, end: QPoint) -> None:
    press(timeline, begin)
    for share in (0.25, 0.5, 0.75, 1.0):
        move(timeline, begin + QPoint(round((end - begin).x() * share), round((end - begin).y() * share)))
    release(timeline, end)


def by_frames(timeline: Timeline, frames: float) -> QPoint:
    assert timeline.axis is not None
    return QPoint(round(frames * timeline.axis.width_px / 60), 0)


def turn(timeline: Timeline, place: QPoint, notches: int, *, ctrl: bool) -> bool:
    keys = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(
        QPointF(place),
        QPointF(timeline.mapToGlobal(place)),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        keys,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    event.ignore()
    QApplication.sendEvent(timeline, event)
    return event.isAccepted()


def heard_of(signal: Any) -> list[Any]:
    """What a signal says from now on."""
    said: list[Any] = []
    signal.connect(lambda *values: said.append(values[0] if len(values) == 1 else values))
    return said


def applied(act: Act, draft: Draft = BOTH) -> Draft:
    return act.apply(draft, a_ticket())


def picture_of(timeline: Timeline) -> QImage:
    return timeline.grab().toImage()


# marks


def test_an_onset_is_dragged(timeline: Timeline) -> None:
    acted, sought = heard_of(timeline.acted), heard_of(timeline.sought)
    begin = handle(timeline, Mark.ONSET)
    drag(timeline, begin, begin + by_frames(timeline, 4))
    (act,) = acted
    assert applied(act).events[0].marks == Marks(onset=14, apex=20, offset=30)
    # the picture follows the mark while it moves
    assert sought == [11, 12, 13, 14]


def test_beyond_the_apex_an_onset_stops_and_why_is_said(timeline: Timeline) -> None:
    acted, said = heard_of(timeline.acted), heard_of(timeline.said)
    begin = handle(timeline, Mark.ONSET)
    drag(timeline, begin, begin + by_frames(timeline, 25))
    (act,) = acted
    assert applied(act).events[0].marks.onset == 20
    assert any("apex is at frame 20, and comes later" in sentence for sentence in said)


def test_what_was_said_is_taken_back_once_the_hand_is_back(timeline: Timeline) -> None:
    said = heard_of(timeline.said)
    begin = handle(timeline, Mark.APEX)
    press(timeline, begin)
    move(timeline, begin + by_frames(timeline, 30))
    move(timeline, begin + by_frames(timeline, 2))
    assert len(said) == 2 and said[0] and said[1] == ""


def test_a_mark_stops_at_the_ends_of_the_clip(timeline: Timeline) -> None:
    acted = heard_of(timeline.acted)
    begin = handle(timeline, Mark.ONSET)
    drag(timeline, begin, QPoint(-500, begin.y()))
    assert applied(acted[0]).events[0].marks.onset == 0


def test_a_mark_of_another_event_is_dragged_and_that_event_selected(timeline: Timeline) -> None:
    acted = heard_of(timeline.acted)
    begin = handle(timeline, Mark.OFFSET, event=1)
    drag(timeline, begin, begin + by_frames(timeline, 3))
    after = applied(acted[0])
    assert (after.selected, after.events[1].marks.offset) == (1, 53)


@pytest.mark.parametrize("mark", Mark)
@pytest.mark.parametrize(("frames", "expected"), [(-3, (17, 20, 20)), (4, (20, 20, 24))])
def test_three_marks_on_one_frame_come_apart_either_way(
    timeline: Timeline, mark: Mark, frames: int, expected: tuple[int, int, int]
) -> None:
    draft = Draft(events=(DraftEvent(marks=Marks(onset=20, apex=20, offset=20)),), selected=0)
    timeline.show_view(a_view(draft=draft))
    acted = heard_of(timeline.acted)
    begin = handle(timeline, mark)
    drag(timeline, begin, begin + by_frames(timeline, frames))
    marks = applied(acted[0], draft).events[0].marks
    assert (marks.onset, marks.apex, marks.offset) == expected


def test_a_mark_that_comes_back_to_where_it_was_is_no_act(timeline: Timeline) -> None:
    acted = heard_of(timeline.acted)
    begin = handle(timeline, Mark.APEX)
    press(timeline, begin)
    move(timeline, begin + by_frames(timeline, 5))
    move(timeline, begin)
    release(timeline, begin)
    assert acted == []


def test_escape_lets_go_without_an_act(timeline: Timeline, qtbot: QtBot) -> None:
    acted = heard_of(timeline.acted)
    begin = handle(timeline, Mark.APEX)
    press(timeline, begin)
    move(timeline, begin + by_frames(timeline, 5))
    qtbot.keyClick(timeline, Qt.Key.Key_Escape)
    move(timeline, begin + by_frames(timeline, 7))
    release(timeline, begin + by_frames(timeline, 7))
    assert acted == []


def test_a_movement_that_is_handed_in_stays_and_why_is_said(timeline: Timeline) -> None:
    timeline.show_view(a_view(draft=BOTH, movement_given=True))
    acted, said = heard_of(timeline.acted), heard_of(timeline.said)
    begin = handle(timeline, Mark.APEX)
    drag(timeline, begin, begin + by_frames(timeline, 5))
    assert acted == [] and "handed in" in said[-1]


def test_a_drag_ends_when_the_draft_changes_under_it(timeline: Timeline) -> None:
    acted = heard_of(timeline.acted)
    begin = handle(timeline, Mark.OFFSET, event=1)
    press(timeline, begin)
    move(timeline, begin + by_frames(timeline, 3))
    timeline.show_view(a_view(draft=Draft(events=(ONE,), selected=0)))
    move(timeline, begin + by_frames(timeline, 5))
    release(timeline, begin + by_frames(timeline, 5))
    assert acted == []


def test_marks_are_dragged_by_frames_at_a_variable_rate(timeline: Timeline) -> None:
    clock = FrameClock(pts=(0, 100, 110, 300, 340, 700, 710, 900), end_pts=1000, time_base=Fraction(1, 1000))
    draft = Draft(events=(DraftEvent(marks=Marks(onset=1, apex=3, offset=6)),), selected=0)
    timeline.show_view(a_view(draft=draft, clock=clock, number="2"))
    timeline.show_clip(clock, None, None)
    acted = heard_of(timeline.acted)
    assert timeline.axis is not None
    begin = handle(timeline, Mark.APEX)
    way = timeline.axis.middle_of(Frame(5), clock) - timeline.axis.middle_of(Frame(3), clock)
    drag(timeline, begin, begin + QPoint(round(way), 0))
    assert acted[0].apply(draft, a_ticket(clock=clock)).events[0].marks.apex == 5


# the playhead and the range


@pytest.mark.parametrize("track", [Track.RULER, Track.WAVE, Track.SPECTRUM, Track.PITCH, Track.MARKS, Track.CUES])
def test_a_click_goes_to_the_frame_under_it(timeline: Timeline, track: Track) -> None:
    sought, acted = heard_of(timeline.sought), heard_of(timeline.acted)
    place = at(timeline, track, 35)
    press(timeline, place)
    release(timeline, place)
    assert sought == [35] and acted == []


def test_a_click_on_a_mark_goes_to_its_frame(timeline: Timeline) -> None:
    sought, acted = heard_of(timeline.sought), heard_of(timeline.acted)
    press(timeline, handle(timeline, Mark.ONSET))
    release(timeline, handle(timeline, Mark.ONSET))
    assert sought == [10] and acted == []


def test_a_click_on_another_event_picks_it(timeline: Timeline) -> None:
    picked = heard_of(timeline.picked)
    for frame in (47, 15):
        press(timeline, at(timeline, Track.MARKS, frame))
        release(timeline, at(timeline, Track.MARKS, frame))
    assert picked == [1]  # the other one is selected already


@pytest.mark.parametrize("track", [Track.RULER, Track.WAVE, Track.SPECTRUM])
def test_a_drag_over_the_sound_chooses_what_to_loop(timeline: Timeline, track: Track) -> None:
    ranged, sought = heard_of(timeline.ranged), heard_of(timeline.sought)
    drag(timeline, at(timeline, track, 45), at(timeline, track, 33))
    assert ranged == [(33, 45)] and sought == []


def test_a_double_click_takes_the_choice_back(timeline: Timeline, qtbot: QtBot) -> None:
    with qtbot.waitSignal(timeline.unranged):
        qtbot.mouseDClick(timeline, Qt.MouseButton.LeftButton, pos=at(timeline, Track.WAVE, 40))


def test_a_drag_over_an_empty_part_of_the_events_takes_the_playhead_along(timeline: Timeline) -> None:
    sought, ranged = heard_of(timeline.sought), heard_of(timeline.ranged)
    drag(timeline, at(timeline, Track.MARKS, 55), at(timeline, Track.MARKS, 59))
    assert sought == [55, 56, 57, 58, 59] and ranged == []


def test_a_range_is_drawn_where_it_is_told(timeline: Timeline) -> None:
    before = picture_of(timeline)
    timeline.show_range((Frame(33), Frame(45)))
    assert picture_of(timeline) != before
    timeline.show_range(None)
    assert picture_of(timeline) == before


class Watched(Timeline):
    """Keeps what it was asked to paint."""

    def paintEvent(self, event: QPaintEvent | None) -> None:
        if event is not None:
            self.painted = event.region()
        super().paintEvent(event)


def test_a_step_paints_two_strips_and_no_more(qtbot: QtBot) -> None:
    shown = Watched(words=Words(), theme=DARK)
    qtbot.addWidget(shown)
    shown.resize(1000, 360)
    shown.show()
    shown.show_view(a_view(draft=BOTH))
    shown.show_clip(CLOCK, a_sound(), Curves(voice=a_voice()))
    QApplication.processEvents()
    shown.set_playhead(Frame(50))
    QApplication.processEvents()
    assert shown.axis is not None
    height = shown.height() // 2
    columns = [x for x in range(shown.width()) if shown.painted.contains(QPoint(x, height))]
    middles = [shown.axis.middle_of(Frame(frame), CLOCK) for frame in (0, 50)]
    # a frame of 15 px with the playhead's head on both sides
    assert columns and all(min(abs(x - middle) for middle in middles) <= 15 / 2 + 10 for x in columns)


@pytest.mark.parametrize("frames", [[30, 5, 59, 0], list(range(60))])
def test_steps_leave_nothing_behind(timeline: Timeline, frames: list[int]) -> None:
    for frame in frames:
        timeline.set_playhead(Frame(frame))
        QApplication.processEvents()
    stepped = picture_of(timeline)
    timeline.set_playhead(Frame(7))
    timeline._ground = None
    timeline._redraw()
    timeline.set_playhead(Frame(frames[-1]))
    assert picture_of(timeline) == stepped


# zoom


def test_ctrl_and_the_wheel_zoom_round_the_pointer(timeline: Timeline) -> None:
    place = at(timeline, Track.WAVE, 40)
    assert timeline.axis is not None
    before = timeline.axis.time_at(place.x())
    assert turn(timeline, place, 4, ctrl=True)
    assert not timeline.axis.is_whole
    assert float(timeline.axis.time_at(place.x())) == pytest.approx(float(before), abs=1e-6)
    turn(timeline, place, -20, ctrl=True)
    assert timeline.axis.is_whole


def test_the_wheel_scrolls_what_is_zoomed_and_leaves_the_rest_to_others(timeline: Timeline) -> None:
    place = at(timeline, Track.WAVE, 40)
    assert not turn(timeline, place, -1, ctrl=False)
    turn(timeline, place, 4, ctrl=True)
    assert timeline.axis is not None
    before = timeline.axis.first_s
    assert turn(timeline, place, -1, ctrl=False)
    assert timeline.axis.first_s > before


def test_zoomed_in_the_page_turns_with_the_playhead(timeline: Timeline) -> None:
    timeline.zoom(6)
    timeline.set_playhead(Frame(55))
    assert timeline.axis is not None
    first, last = timeline.axis.visible_frames(CLOCK)
    assert first <= 55 <= last
    timeline.show_whole()
    assert timeline.axis.is_whole


def test_zoomed_in_marks_are_dragged_by_frames_too(timeline: Timeline) -> None:
    timeline.set_playhead(Frame(20))
    timeline.zoom(4)
    acted = heard_of(timeline.acted)
    begin = handle(timeline, Mark.APEX)
    drag(timeline, begin, begin + by_frames(timeline, 4 * 2))
    assert applied(acted[0]).events[0].marks.apex == 22


def test_another_size_keeps_what_is_visible(timeline: Timeline) -> None:
    timeline.zoom(4)
    assert timeline.axis is not None
    before = (timeline.axis.first_s, timeline.axis.last_s)
    timeline.resize(1300, 500)
    assert (timeline.axis.first_s, timeline.axis.last_s) == before


# cues


@pytest.mark.parametrize(
    ("end", "frames", "expected"), [("first", -5, (7, 30)), ("last", 6, (12, 36)), ("first", 40, (30, 30))]
)
def test_an_end_of_a_cue_is_dragged(timeline: Timeline, end: str, frames: int, expected: tuple[int, int]) -> None:
    acted, said = heard_of(timeline.acted), heard_of(timeline.said)
    bar = timeline._layout(BOTH).cues[0]
    begin = QPoint(round(bar.left + 1 if end == "first" else bar.right - 1), (bar.top + bar.bottom) // 2)
    drag(timeline, begin, begin + by_frames(timeline, frames))
    cue = applied(acted[0]).events[0].vocal_cues[0]
    assert (cue.onset, cue.offset) == expected
    assert bool(said) == (frames == 40)


def test_a_cue_is_moved_whole_by_its_body(timeline: Timeline) -> None:
    acted = heard_of(timeline.acted)
    begin = at(timeline, Track.CUES, 20)
    drag(timeline, begin, begin + by_frames(timeline, 50))
    cue = applied(acted[0]).events[0].vocal_cues[0]
    assert (cue.onset, cue.offset) == (41, 59)


# what is hidden


def test_a_pass_without_sound_draws_none_whatever_is_handed_over(timeline: Timeline) -> None:
    view = a_view(draft=BOTH, sound=False, number="2")
    timeline.show_view(view)
    timeline.show_clip(CLOCK, None, None)
    nothing = picture_of(timeline)
    timeline.show_clip(CLOCK, a_sound(), Curves(voice=a_voice()))
    assert timeline.tracks == (Track.RULER, Track.WAVE, Track.MARKS)
    assert picture_of(timeline) == nothing
    assert "Laugh" not in timeline.accessibleDescription()
    assert "hides the sound" in timeline.accessibleDescription()


def test_without_a_ticket_nothing_is_drawn_of_a_clip(qtbot: QtBot) -> None:
    shown = Timeline(words=Words(), theme=DARK)
    qtbot.addWidget(shown)
    shown.show_clip(CLOCK, a_sound(), Curves(voice=a_voice()))
    shown.show_motion(a_face())
    assert shown.tracks == (Track.RULER, Track.WAVE, Track.MARKS)


def test_a_pass_without_picture_draws_nothing_made_from_it(timeline: Timeline) -> None:
    timeline.show_view(a_view(draft=BOTH, picture=False, may_show_motion=True, number="2"))
    timeline.show_clip(CLOCK, a_sound(), Curves(face=a_face(), voice=a_voice()))
    before = picture_of(timeline)
    timeline.show_motion(a_face())
    assert Track.MOTION not in timeline.tracks and picture_of(timeline) == before


def test_the_motion_waits_until_it_is_given_and_may_be_seen(timeline: Timeline) -> None:
    timeline.show_clip(CLOCK, a_sound(), Curves(face=a_face(), voice=a_voice()))
    assert Track.MOTION not in timeline.tracks
    timeline.show_motion(a_face())
    assert Track.MOTION not in timeline.tracks
    timeline.show_view(a_view(draft=BOTH, may_show_motion=True))
    assert Track.MOTION in timeline.tracks
    timeline.show_view(a_view(draft=BOTH, may_show_motion=False))
    assert Track.MOTION not in timeline.tracks


def test_the_next_ticket_shows_nothing_of_the_last_one(timeline: Timeline) -> None:
    timeline.show_motion(a_face())
    timeline.show_readings([("A", [Span(onset=Frame(1), apex=Frame(2), offset=Frame(3))])])
    timeline.show_range((Frame(3), Frame(9)))
    timeline.show_view(a_view(number="2", may_show_motion=True))
    assert timeline.tracks == (Track.RULER, Track.WAVE, Track.MARKS)
    fresh = Timeline(words=Words(), theme=DARK)
    fresh.resize(timeline.size())
    fresh.show_view(a_view(number="2", may_show_motion=True))
    timeline.clearFocus()
    assert picture_of(timeline) == picture_of(fresh)
    timeline.show_view(SimpleNamespace(ticket=None, draft=Draft(), movement_given=False, may_show_motion=False))
    assert timeline.axis is None and timeline.accessibleDescription() == "no clip on the desk"


# words


@pytest.mark.parametrize(
    ("show", "said"),
    [
        (lambda one: one.show_view(a_view(number="2")), "no event is marked yet: F2, F3 and F4"),
        (lambda one: one.show_view(a_view(number="2", draft=Draft(nothing=True))), "nothing happens in this clip"),
        (lambda one: one.show_view(a_view(number="2", stage=Stage.VERIFICATION)), "accept them, or send them back"),
    ],
)
def test_an_empty_timeline_says_why(timeline: Timeline, show: Callable[[Timeline], None], said: str) -> None:
    show(timeline)
    assert said in timeline.accessibleDescription()


def test_a_clip_without_sound_says_so(timeline: Timeline) -> None:
    timeline.show_view(a_view(number="2"))
    assert timeline._no_sound() == "the sound is being opened"
    timeline.show_clip(CLOCK, None, None)
    assert timeline._no_sound() == "this clip has no sound"
    assert timeline.tracks == (Track.RULER, Track.WAVE, Track.MARKS)


def test_a_voice_without_pitch_and_an_unseen_face_are_drawn_in_words(timeline: Timeline) -> None:
    voice, face = a_voice(), a_face()
    silent = replace(voice, f0_hz=np.full(98, np.nan, np.float32))
    unseen = replace(face, seen=np.zeros(60, np.bool_), motion=np.full((60, 1), np.nan, np.float32))
    timeline.show_view(a_view(draft=BOTH, may_show_motion=True))
    timeline.show_clip(CLOCK, a_sound(), Curves(voice=silent))
    timeline.show_motion(unseen)
    assert {Track.PITCH, Track.MOTION} <= set(timeline.tracks)
    assert not picture_of(timeline).isNull()


def test_marks_are_told_in_words(timeline: Timeline) -> None:
    # frame 10 of 60 a second appears at 167 ms; 21 frames last 350 ms
    told = timeline.accessibleDescription()
    assert "event 1 of 2, selected; onset: frame 10, 167 ms; apex: frame 20, 333 ms" in told
    assert "lasts 350 ms" in told and "Laugh" in told
    assert timeline.accessibleName() == "Timeline"


def test_readings_are_lit_where_they_differ_and_told(timeline: Timeline) -> None:
    one, other = (Span(onset=Frame(10), apex=Frame(apex), offset=Frame(30)) for apex in (20, 23))
    timeline.show_readings([("A", [one]), ("B", [other]), ("C", [])])
    assert timeline.tracks[-3:] == (Track.READING,) * 3
    assert "A: onset at frame 10 differs" in timeline.accessibleDescription()  # C saw nothing
    assert "C: no event" in timeline.accessibleDescription()
    timeline.show_readings([("A", [one]), ("B", [other])])
    assert "A: onset at frame 10; apex at frame 20 differs" in timeline.accessibleDescription()
    timeline.show_readings([("A", [one]), ("B", [other])], tolerance_frames=3)
    assert "differs" not in timeline.accessibleDescription()


def test_what_others_marked_comes_with_the_ticket(timeline: Timeline) -> None:
    span = Span(onset=Frame(10), apex=Frame(20), offset=Frame(30))
    seen = CodedEvent(span=span, event_type="micro", emotion="", basis="")
    readings = (LetteredReading(letter="A", events=(seen,)), LetteredReading(letter="B", events=()))
    timeline.show_view(a_view(number="2", stage=Stage.ADJUDICATION, readings=readings))
    assert timeline.tracks[-2:] == (Track.READING,) * 2
    assert "A: onset at frame 10 differs" in timeline.accessibleDescription()
    timeline.show_view(a_view(number="3", stage=Stage.VERIFICATION, proposed=(seen,)))
    assert timeline.tracks[-1:] == (Track.READING,)
    assert "consensus: onset at frame 10; apex at frame 20" in timeline.accessibleDescription()


def test_keys_belong_to_the_window(timeline: Timeline, qtbot: QtBot) -> None:
    sought, acted = heard_of(timeline.sought), heard_of(timeline.acted)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Space, Qt.Key.Key_Escape):
        qtbot.keyClick(timeline, key)
    assert sought == acted == []
    assert timeline.focusPolicy() is Qt.FocusPolicy.StrongFocus


def test_both_themes_are_painted(timeline: Timeline) -> None:
    corner = picture_of(timeline).pixelColor(3, timeline.height() - 4)
    assert corner == QColor(DARK.panel)
    timeline.set_theme(LIGHT)
    assert picture_of(timeline).pixelColor(3, timeline.height() - 4) == QColor(LIGHT.panel)


def test_all_lanes_stay_legible_in_a_small_window(timeline: Timeline) -> None:
    timeline.resize(300, 10)
    assert timeline.height() >= timeline.minimumSizeHint().height()
    assert timeline._lanes()[-1].bottom <= timeline.height()


def test_real_speech_is_drawn(timeline: Timeline, material: Any) -> None:
    from mmed_curate.media.sound import read_sound

    path = material / "whisper-jfk" / "jfk.flac"
    if not path.exists():
        pytest.skip("the recording is not there")
    before = picture_of(timeline)
    timeline.show_clip(CLOCK, read_sound(path, Fraction(0), Fraction(1), rate_hz=48_000), None)
    assert timeline.tracks[:2] == (Track.RULER, Track.WAVE)
    assert picture_of(timeline) != before

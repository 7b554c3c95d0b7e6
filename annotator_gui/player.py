"""Plays a clip: picture and sound on one clock, frames by their own times."""

from __future__ import annotations

from collections import deque
from fractions import Fraction

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal

from annotator_gui.film import SlowSound
from annotator_gui.playing import Loop
from annotator_gui.speaker import Speaker
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.media.stretch import SPEEDS


class Player(QObject):
    """What frame is on screen, and what is heard with it."""

    moved = pyqtSignal(int)
    """Another frame is to be shown."""
    changed = pyqtSignal()
    """It began or stopped, or its speed, range or sound changed."""
    played_through = pyqtSignal(int, int, object, bool)
    """First and last frame of a round, its speed (Fraction), and whether its sound was heard."""

    def __init__(self, speaker: Speaker, *, parent: QObject | None = None) -> None:
        """Empty; `open` gives it a clip.

        Args:
            speaker: plays the sound, or is silent and says why; it tells how far a loop is.
            parent: as Qt has it.
        """
        super().__init__(parent)
        self._speaker = speaker
        self._clock: FrameClock | None = None
        self._sound: SlowSound | None = None
        self._loop: Loop | None = None
        self._shown_step = -1
        """Of the frame that the loop showed last."""
        self._from_start = False
        """The round under way began with the loop's first frame."""
        self._replays = 0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._tick)
        self.frame = Frame(0)
        self.speed = SPEEDS[0]
        self.sound_on = True
        self.range: tuple[Frame, Frame] | None = None
        """First and last frame of the loop; None: the whole clip."""
        self.late_ms: deque[float] = deque(maxlen=10_000)
        """By how much each played frame came later than it was due, for measurements."""

    def open(self, clock: FrameClock) -> None:
        """A clip, from its first frame."""
        self.stop()
        self._clock, self._sound, self.range = clock, None, None
        self.frame = Frame(0)
        self.moved.emit(0)
        self.changed.emit()

    def hear(self, sound: SlowSound | None) -> None:
        """Its sound, once that is there."""
        self._sound = sound
        self.changed.emit()

    def close(self) -> None:
        """No clip."""
        self.stop()
        self._clock, self._sound, self.range = None, None, None

    @property
    def playing(self) -> bool:
        """The clip runs."""
        return self._loop is not None

    @property
    def heard(self) -> bool:
        """Playing now would be heard."""
        return self.sound_on and self._sound is not None and not self._speaker.silent_because

    @property
    def now_s(self) -> Fraction | None:
        """Where the clip is, on its own time; None: it stands."""
        if self._loop is None or self._clock is None:
            return None
        elapsed_s = self._speaker.elapsed_s()
        moment = self._loop.at(elapsed_s)
        into = elapsed_s - self._loop.due_s(moment.step)
        return self._clock.start_of(moment.frame) + into * self._loop.speed

    def share_shown(self, refresh_hz: float) -> Fraction:
        """Which share of the frames a screen shows at this speed; below 1 it drops some."""
        loop = self._loop_now()
        return Fraction(1) if loop is None else loop.share_shown(Fraction(refresh_hz))

    def toggle(self) -> None:
        """Play, or stop where it is."""
        if self.playing:
            self.stop()
        else:
            self.play()

    def play(self) -> None:
        """Play the loop, from the frame that is shown where that is in it."""
        loop = self._loop_now()
        if loop is None:
            return
        begin = self.frame if loop.first <= self.frame < loop.last else loop.first
        self._loop, self._shown_step = loop, -1
        self._from_start, self._replays = begin == loop.first, 0
        samples = None
        if self.sound_on and self._sound is not None:
            samples = self._sound.at(loop.speed)[loop.samples(self._sound.sound.rate_hz)]
        rate_hz = self._sound.sound.rate_hz if self._sound is not None else 1
        self._speaker.play(samples, rate_hz=rate_hz, round_s=loop.round_s, begin_s=loop.begins_s(begin))
        self._tick()
        self.changed.emit()

    def play_once(self, first: Frame, last: Frame) -> None:
        """Play some frames at full speed with their sound, from their first one; it goes on as a loop."""
        self.stop()
        self.range, self.speed, self.sound_on = (first, last), SPEEDS[0], True
        self.seek(first)
        self.play()

    def stop(self) -> None:
        """Stand still."""
        if self._loop is None:
            return
        self._timer.stop()
        self._speaker.stop()
        self._loop = None
        self.changed.emit()

    def seek(self, frame: int) -> None:
        """Show a frame; the clip stands then."""
        self.stop()
        if self._clock is None:
            return
        self.frame = Frame(max(0, min(self._clock.last_frame, frame)))
        self.moved.emit(self.frame)

    def step(self, by: int) -> None:
        """Some frames on (by > 0) or back."""
        self.seek(self.frame + by)

    def set_range(self, chosen: tuple[Frame, Frame] | None) -> None:
        """Loop other frames, both ends inside; None: the whole clip."""
        self.range = chosen
        self._again()

    def set_speed(self, speed: Fraction) -> None:
        """Play at another speed."""
        self.speed = speed
        self._again()

    def change_speed(self, by: int) -> None:
        """Some steps faster (by > 0) or slower."""
        place = SPEEDS.index(self.speed) - by
        self.set_speed(SPEEDS[max(0, min(len(SPEEDS) - 1, place))])

    def set_sound(self, on: bool) -> None:
        """With or without sound."""
        self.sound_on = on
        self._again()

    def _again(self) -> None:
        if self.playing:
            self.stop()
            self.play()
        else:
            self.changed.emit()

    def _loop_now(self) -> Loop | None:
        if self._clock is None:
            return None
        first, last = self.range or (Frame(0), self._clock.last_frame)
        return Loop(clock=self._clock, first=first, last=last, speed=self.speed)

    def _tick(self) -> None:
        loop = self._loop
        if loop is None:
            return
        elapsed_s = self._speaker.elapsed_s()
        moment = loop.at(elapsed_s)
        if moment.replays > self._replays:
            if self._from_start or moment.replays > self._replays + 1:
                self.played_through.emit(loop.first, loop.last, loop.speed, self._speaker.playing)
            self._from_start, self._replays = True, moment.replays
        if moment.step != self._shown_step:
            if self._shown_step >= 0:
                self.late_ms.append(float(elapsed_s - loop.due_s(moment.step)) * 1000)
            self.frame, self._shown_step = moment.frame, moment.step
            self.moved.emit(moment.frame)
        wait_s = loop.next_due_s(elapsed_s) - self._speaker.elapsed_s()
        self._timer.start(max(0, round(float(wait_s) * 1000)))

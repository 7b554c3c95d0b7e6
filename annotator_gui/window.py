"""The desk: joins picture, timeline, form and the other stages' panels to one sitting.

Holds no rules. Acts go to the sitting in the worker's thread; what comes back is shown, and only that.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from PyQt6.QtCore import QByteArray, QEvent, QObject, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QApplication, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from annotator_gui import acts
from annotator_gui.acts import Act
from annotator_gui.adjudication import AdjudicationPanel
from annotator_gui.form import Form
from annotator_gui.keys import Command, KeyMap
from annotator_gui.loading import Beside, Loader
from annotator_gui.looking import Looking
from annotator_gui.marks import Mark
from annotator_gui.picture import PictureView
from annotator_gui.player import Player
from annotator_gui.preferences import packed, unpacked
from annotator_gui.queue import NothingNow, QueueBar
from annotator_gui.screening import ScreeningPanel
from annotator_gui.session import DeskLike, Outcome, Part, Sitting, View
from annotator_gui.shell import Shell
from annotator_gui.signals import Face
from annotator_gui.speaker import Speaker
from annotator_gui.statusline import StatusLine
from annotator_gui.timeline import Timeline
from annotator_gui.tour import TourPanel
from annotator_gui.training import FeedbackPanel
from annotator_gui.typed import HELD, belongs_to_text, is_text, key_of
from annotator_gui.verification import VerificationPanel
from annotator_gui.worker import Worker
from mmed_curate.annotation import Ticket
from mmed_curate.domain.conduct import Aid
from mmed_curate.domain.findings import Finding
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.time import Frame

_AHEAD = 2
"""Tickets whose media are made ready while one is judged (ours)."""
_MOST_WAITING = 128
"""Keys that wait for a disk; a key that is held adds no more (ours)."""
_WAKE_MS = 600
"""When the sound library is loaded: after the first clip is there, before anybody plays it (ours)."""
_NO_PICTURE = frozenset({"gui.other_picture", "gui.no_picture", "gui.film_too_large", "gui.no_media"})
"""Findings after which there is no picture to look at."""
_ELSEWHERE = frozenset({"gui.elsewhere", "desk.submitted", "desk.went_back", "desk.not_on_desk"})
"""Findings after which the clip is taken anew: another window went on with it, handed it in, or gave it back."""
_IDLE_S = 60.0
"""A longer pause between two keys is no time of work (ours)."""


class Obeys(Protocol):
    """What does commands on a page."""

    def run(self, command: Command) -> bool:
        """Do it; False: it means nothing now."""

    def press_code(self, key: str) -> bool:
        """Choose the code with a plain key; False: there is none."""


class DeskPage(QWidget):
    """One coder's desk, in a window."""

    toured = pyqtSignal()
    """The guided tour was gone through, or left."""
    shown = pyqtSignal(object)
    """A View, once everything of it is on screen."""

    def __init__(
        self,
        shell: Shell,
        open_desk: Callable[[], DeskLike],
        *,
        keys: KeyMap,
        speaker: Speaker | None = None,
        tour: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """Lay everything out and sit down.

        Args:
            shell: the window's frame.
            open_desk: opens the desk; called in the worker's thread.
            keys: the coder's.
            speaker: None: the machine's own.
            tour: lead through the desk.
            parent: as Qt has it.
        """
        super().__init__(parent or shell)
        self.shell, self.keys, self.words = shell, keys, shell.words
        self.view = View(ticket=None)
        self._open_desk = open_desk
        self.sitting: Sitting | None = None
        self.unopened = False
        """The ticket on the desk could not be opened: all that can be done with it is to give it back."""
        self.range: tuple[Frame, Frame] | None = None
        """Frames chosen on the timeline, both ends inside; None: none."""
        self.last_mark = Mark.OFFSET
        """The mark that was set last, by a key or by hand: nudges go to it."""
        self._face: Face | None = None
        self._motion_shown = False
        self._answered: Ticket | None = None
        """The training clip whose known reading is shown."""
        self._n_steps, self._active_s, self._last_key_s = 0, 0.0, time.monotonic()
        self._n_asked = 0
        """Calls to the sitting whose answer is not shown yet."""
        self._keys_waiting: deque[QKeyEvent] = deque()
        """Keys pressed until then, to be taken one after the other."""
        self._under_way: deque[Act] = deque()
        """Acts that were asked for and not answered yet, in order."""
        self._refusals = 0
        self._stayed = False
        """It was to be closed, and something that was typed could not be kept."""
        self._left = False

        self.worker = Worker(self)
        self.loader = Loader(parent=self)
        self.speaker = speaker or Speaker()
        self.player = Player(self.speaker, parent=self)
        self.picture = PictureView(words=self.words, theme=shell.theme)
        self.looking = Looking(self.picture, words=self.words, parent=self)
        self.timeline = Timeline(words=self.words, theme=shell.theme, keys=keys)
        self.status = StatusLine(words=self.words)
        self.queue = QueueBar(words=self.words, theme=shell.theme, keys=keys)
        self.form = Form(words=self.words, theme=shell.theme, keys=keys)
        panel: dict[str, Any] = {"words": self.words, "theme": shell.theme, "keys": keys}
        self.screening = ScreeningPanel(**panel)
        self.adjudication = AdjudicationPanel(**panel)
        self.verification = VerificationPanel(**panel)
        self.training = FeedbackPanel(**panel)
        self.obeys: Obeys | None = None
        """What knows what each command does; set by who makes the page."""
        self._lay_out()
        self._connect()
        application = QApplication.instance()
        if application is not None:
            application.installEventFilter(self)
        self.tour: TourPanel | None = None
        if tour:
            self.tour = TourPanel(words=self.words, theme=shell.theme, keys=keys, find=self._pointed_at, parent=self)
            self.tour.left.connect(self._tour_over)
        self.queue.show_view(self.view)
        self.sit_down()
        if speaker is None:
            QTimer.singleShot(_WAKE_MS, self._wake)

    # what is asked for

    def do(
        self,
        call: Callable[..., Outcome],
        *arguments: object,
        then: Callable[[View], None] | None = None,
        **named: object,
    ) -> None:
        """Ask the sitting for something; what came of it is shown, then `then` is told."""

        def finish(outcome: Outcome) -> None:
            self.show_outcome(outcome)
            if then is not None:
                then(outcome.view)

        self._ask(call, *arguments, then=finish, otherwise=self._refused, **named)

    def _ask(
        self,
        call: Callable[..., Outcome],
        *arguments: object,
        then: Callable[[Outcome], None],
        otherwise: Callable[[Finding], None],
        **named: object,
    ) -> None:
        """Ask the sitting; keys that are pressed until its answer is shown wait for it."""
        self._n_asked += 1

        def answered(outcome: Outcome) -> None:
            self._n_asked -= 1
            then(outcome)
            self._obey_waiting()

        def refused(finding: Finding) -> None:
            self._n_asked -= 1
            otherwise(finding)
            self._obey_waiting()

        self.worker.do(call, *arguments, then=answered, otherwise=refused, **named)

    def act(self, act: Act, then: Callable[[View], None] | None = None) -> None:
        """Do an act to the draft; `then` is told what is there."""
        if self.sitting is None:
            return
        self._under_way.append(act)

        def finish(outcome: Outcome) -> None:
            self._under_way.popleft()
            self.show_outcome(outcome)
            if then is not None:
                then(outcome.view)

        def refused(finding: Finding) -> None:
            self._under_way.popleft()
            self._refused(finding)

        self._ask(self.sitting.act, act, then=finish, otherwise=refused)

    def nudge(self, by: int) -> None:
        """Move the last mark by some frames, and the picture to where it came to lie."""
        mark = self.last_mark

        def go_there(view: View) -> None:
            at = None if view.draft.event is None else view.draft.event.marks.at(mark)
            if at is not None:
                self.seek(at)

        self.act(acts.nudge(mark, by), go_there)

    def hand_in(self) -> None:
        """Hand in what is there."""
        sitting, ticket = self.sitting, self.view.ticket
        if sitting is None or ticket is None:
            return
        self._flush()
        steps, seconds = self._n_steps, self._active_s
        self._n_steps, self._active_s = 0, 0.0
        self.worker.do(sitting.stepped, steps, seconds)
        self.do(sitting.hand_in, then=self._after_hand_in)

    def take(self) -> None:
        """Take the next ticket."""
        self.training.hide()
        if self.sitting is None:
            self.sit_down()
            return
        self._ask(self.sitting.take, then=self.show_outcome, otherwise=self._not_taken)

    def sit_down(self) -> None:
        """Open the desk, and take the first ticket."""
        self.looking.close(self.words("Opening…"))
        self.worker.do(self._open_desk, then=self._sit_down, otherwise=self._not_taken)

    def use(self, aid: Aid, then: Callable[[], None]) -> None:
        """Have an aid noted, and only then use it."""
        if self.sitting is not None:
            self.do(self.sitting.use, aid, then=lambda view: then())

    def say(self, sentence: str, *, warn: bool = False) -> None:
        """Say a sentence at the bottom."""
        self.status.say(sentence, warn=warn)

    @property
    def clip(self) -> Ticket | None:
        """The clip in sight: the one in hand, or the one just answered; None: none."""
        answered = self._answered if self.view.handed_in is not None else None
        return self.view.ticket or answered

    def seek(self, frame: int) -> None:
        """Show a frame, and stand."""
        self._n_steps += 1
        self.player.seek(frame)

    def choose_range(self, first: int, last: int) -> None:
        """Loop these frames, both inside."""
        self._set_range((Frame(first), Frame(last)))

    def choose_all(self) -> None:
        """Loop the whole clip."""
        self._set_range(None)

    def toggle_motion(self) -> None:
        """Show or hide the motion curve; it was noted before."""
        self._motion_shown = not self._motion_shown
        self.timeline.show_motion(self._face if self._motion_shown else None)

    def set_keys(self, keys: KeyMap) -> None:
        """Other keys, from now on; panels name them when they are next made."""
        self.keys = keys
        self.form.set_keys(keys)
        self.timeline.set_keys(keys)

    def restyle(self) -> None:
        """Colours and sizes as the coder likes them now."""
        theme = self.shell.theme
        for widget in (
            self.picture,
            self.timeline,
            self.queue,
            self.form,
            self.screening,
            self.adjudication,
            self.verification,
            self.training,
        ):
            widget.set_theme(theme)
        if self.tour is not None:
            self.tour.set_theme(theme)

    def may_leave(self) -> bool:
        """Whether all that was typed is kept; False: it is said why not, and leaving once more leaves without it."""
        if self._left:
            return True
        before = self._refusals
        self._flush()
        self.worker.finish()
        kept, again = self._refusals == before, self._stayed
        if not kept:
            self._stayed = True
            why = self.status.said
            self.say(self.words("{why} (close again to leave without what was written last)", why=why), warn=True)
        return kept or again

    def leave(self) -> str:
        """Close everything down; how the panels were, to be kept."""
        self._left = True
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        self.player.close()
        self.worker.close()
        self.loader.close()
        states = (self._beside_split.saveState(), self._above_split.saveState())
        return "|".join(packed(bytes(state.data())) for state in states)

    # what is shown

    def show_outcome(self, outcome: Outcome) -> None:
        """Show what came of an act; only what changed is drawn."""
        before, view = self.view, outcome.view
        self.view, self.unopened = view, False
        over = before.handed_in is not None and view.ticket is None  # what was handed in was the last one
        if over or (before.ticket and before.ticket.id) != (view.ticket and view.ticket.id):
            self._keys_waiting.clear()  # they were meant for the clip before
            self._show_ticket(view)
        if view.handed_in is None:
            self.timeline.show_view(view)
        stage = None if view.ticket is None else view.ticket.stage
        if stage in {Stage.CODING, Stage.ADJUDICATION}:
            self.form.show_view(view, outcome.changed, under_way=tuple(self._under_way))
        panel = (
            {
                Stage.SCREENING: self.screening,
                Stage.ADJUDICATION: self.adjudication,
                Stage.VERIFICATION: self.verification,
            }.get(stage)
            if stage is not None
            else None
        )
        if panel is not None:
            panel.show_view(view)
        if Part.PROGRESS in outcome.changed:
            self.queue.show_view(view)
            self._nothing.show_view(view)
        marks = None if view.draft.event is None else view.draft.event.marks
        self.looking.mark(None if marks is None else marks.onset, None if marks is None else marks.apex)
        self.status.show_length(marks, None if view.ticket is None else view.ticket.clock)
        if not view.may_show_motion and self._motion_shown:
            self.toggle_motion()
        if Part.EVENTS in outcome.changed:
            self.say("; ".join(self.words.finding(note) for note in view.notes))
        if self.tour is not None:
            self.tour.show_view(view)
        self.shown.emit(view)

    def _show_ticket(self, view: View) -> None:
        ticket = view.ticket
        self._face, self._motion_shown, self.range = None, False, None
        self.timeline.show_motion(None)
        self._n_steps, self._active_s = 0, 0.0
        if ticket is None and view.handed_in is not None:
            self.player.stop()  # what was judged stays in sight: training shows its known reading beside it
            return
        if ticket is None:
            self.player.close()
            self.looking.close(self.words("Nothing to do now"))
            self.status.clear()
            self._pages.setCurrentWidget(self._nothing)
            return
        closed = self.words("This pass shows no picture") if ticket.picture is None else self.words("Opening…")
        self.looking.close(closed)
        self.timeline.show_readings([(one.letter, [event.span for event in one.events]) for one in ticket.readings])
        self._pages.setCurrentWidget(
            {Stage.SCREENING: self.screening, Stage.VERIFICATION: self.verification}.get(ticket.stage, self._coding)
        )
        self.adjudication.setVisible(ticket.stage is Stage.ADJUDICATION)
        if ticket.stage is Stage.ADJUDICATION and self.sitting is not None:
            self.worker.do(self.sitting.colleagues, then=self.adjudication.show_colleagues)
        self.player.open(ticket.clock)
        self.loader.open(ticket)
        self.picture.setFocus()

    def _lay_out(self) -> None:
        self._coding = QSplitter(Qt.Orientation.Vertical)
        self._coding.addWidget(self.adjudication)
        self._coding.addWidget(self.form)
        self._coding.setStretchFactor(1, 1)
        self._nothing = NothingNow(words=self.words, theme=self.shell.theme)
        self._pages = QStackedWidget()
        self._not_yet = QWidget()
        for page in (self._not_yet, self._coding, self.screening, self.verification, self.training, self._nothing):
            self._pages.addWidget(page)
        self._above_split = QSplitter(Qt.Orientation.Vertical)
        self._above_split.addWidget(self.picture)
        self._above_split.addWidget(self.timeline)
        self._above_split.setStretchFactor(0, 3)
        self._above_split.setStretchFactor(1, 2)
        self._beside_split = QSplitter(Qt.Orientation.Horizontal)
        self._beside_split.addWidget(self._above_split)
        self._beside_split.addWidget(self._pages)
        self._beside_split.setStretchFactor(0, 1)
        self._beside_split.setSizes([880, 460])
        for split in (self._above_split, self._beside_split, self._coding):
            split.setChildrenCollapsible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.queue)
        column.addWidget(self._beside_split, 1)
        column.addWidget(self.status)
        states = self.shell.preferences.layout.split("|")
        if len(states) == 2:
            self._beside_split.restoreState(QByteArray(unpacked(states[0])))
            self._above_split.restoreState(QByteArray(unpacked(states[1])))
        self.player.sound_on = self.shell.preferences.sound

    def _connect(self) -> None:
        self.worker.failed.connect(self._failed)
        self.player.moved.connect(self._moved)
        self.player.changed.connect(self._played)
        self.player.played_through.connect(self._played_through)
        self.loader.begun.connect(self._film_begun)
        self.loader.whole.connect(self._film_begun)
        self.loader.beside.connect(self._beside)
        self.loader.failed.connect(self._not_loaded)
        self.timeline.acted.connect(self._act_by_hand)
        self.timeline.sought.connect(self.seek)
        self.timeline.ranged.connect(self.choose_range)
        self.timeline.unranged.connect(self.choose_all)
        self.timeline.picked.connect(self._select)
        self.timeline.said.connect(lambda sentence: self.say(sentence, warn=True))
        self.form.acted.connect(self.act)
        self.form.selected.connect(self._select)
        self.form.handed_in.connect(self.hand_in)
        self.form.reopened.connect(self._reopen)
        self.form.asked.connect(lambda name: self.run(Command(name)))
        self.form.frame_asked.connect(self.seek)
        self.form.hearing_asked.connect(lambda first, last: self.player.play_once(Frame(first), Frame(last)))
        for panel in (self.screening, self.adjudication, self.verification):
            panel.acted.connect(self.act)
            panel.chosen.connect(self._select)
            panel.handed_in.connect(self.hand_in)
        self.training.asked.connect(lambda word: self.take())
        self.queue.given_back.connect(self._give_back)
        self.queue.flagged.connect(self._flag)
        self._nothing.asked.connect(lambda word: self.take())

    # what happens

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Keys go to commands and codes first, unless somebody writes."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress or watched is None:
            return False
        if QApplication.activeModalWidget() is not None or QApplication.activePopupWidget() is not None:
            return False
        focus = QApplication.focusWidget()
        if watched is not (focus or self.shell):  # asked again for each parent that the event comes to
            return False
        if focus is not None and not self.isAncestorOf(focus) and focus not in {self, self.shell}:
            return False
        return self.press(event, focus)

    def press(self, event: QKeyEvent, focus: QWidget | None) -> bool:
        """Take a key; False: it is the focused widget's."""
        key = key_of(event)
        if not key:
            return False
        now_s = time.monotonic()
        if now_s - self._last_key_s < _IDLE_S:
            self._active_s += now_s - self._last_key_s
        self._last_key_s = now_s
        self.queue.stirred(now_s)
        if is_text(focus) and belongs_to_text(key):
            return False
        command = self.keys.command(key)
        if command is not None and event.isAutoRepeat() and command not in HELD:
            return True
        if (
            self._n_asked or self._keys_waiting
        ):  # what a key means hangs on what is shown: fingers are faster than disks
            copy = event.clone()  # Qt takes its own back
            if copy is not None and len(self._keys_waiting) < _MOST_WAITING:
                self._keys_waiting.append(copy)
            return True
        return self._obey(key)

    def _obey(self, key: str) -> bool:
        command = self.keys.command(key)
        if command is not None:
            return self.run(command)
        return self.obeys is not None and self.obeys.press_code(key)

    def _obey_waiting(self) -> None:
        """Take the keys that were pressed meanwhile, as far as nothing is asked anew."""
        while self._keys_waiting and not self._n_asked:
            event = self._keys_waiting.popleft()
            key, focus = key_of(event), QApplication.focusWidget()
            if focus is not None and is_text(focus) and belongs_to_text(key):
                QApplication.sendEvent(focus, event)
            else:
                self._obey(key)

    def run(self, command: Command) -> bool:
        """Do what a command says; False: it means nothing now."""
        return self.obeys is not None and self.obeys.run(command)

    def _wake(self) -> None:
        self.speaker.wake()
        self._played()  # whether there is any sound is known only now

    def _sit_down(self, desk: DeskLike) -> None:
        self.sitting = Sitting(desk)
        self.take()

    def _pointed_at(self, name: str) -> QWidget | None:
        named: dict[str, QWidget] = {
            "picture": self.picture,
            "timeline": self.timeline,
            "form": self.form,
            "bar": self.queue,
            "feedback": self.training,
        }
        return named.get(name)

    def _tour_over(self) -> None:
        self.tour = None
        self.shell.restyle(replace(self.shell.preferences, toured=True))
        self.toured.emit()

    def _after_hand_in(self, view: View) -> None:
        if view.ticket is not None:
            self.say(self.words("The movement is handed in; now say what it means"))
            return
        if view.feedback is not None and self._answered is not None:
            self._pages.setCurrentWidget(self.training)
            self.training.show_feedback(view.feedback, self._answered)
            known = [event.span for event in view.feedback.known.events]
            self.timeline.show_readings([(self.words("Known"), known)])
            return
        self.take()

    def _act_by_hand(self, act: Act) -> None:
        """Do what was done on the timeline, and know then which mark was moved."""

        before = self.view.draft.events

        def remember(view: View) -> None:
            for was, now in zip(before, view.draft.events, strict=False):
                self.last_mark = next(
                    (mark for mark in Mark if was.marks.at(mark) != now.marks.at(mark)), self.last_mark
                )

        self.act(act, remember)

    def _select(self, event: int) -> None:
        if self.sitting is not None:
            self.do(self.sitting.select, event)

    def _give_back(self, because: str, knows_them: bool) -> None:
        if self.sitting is not None and (self.view.ticket is not None or self.unopened):
            give_back = self.sitting.give_back
            self.do(give_back, because, knows_them=knows_them, then=lambda view: self.take())

    def _flag(self, because: str) -> None:
        if self.sitting is not None and self.view.ticket is not None:
            said = self.words("Flagged; the curator will see it")
            self.do(self.sitting.flag, because, then=lambda view: self.say(said))

    def _reopen(self) -> None:
        if self.sitting is not None:
            self.do(self.sitting.reopen_movement)

    def _flush(self) -> None:
        if self.view.ticket is not None:
            self._answered = self.view.ticket
            self.form.flush()
            for panel in (self.screening, self.adjudication, self.verification):
                panel.flush()

    def _refused(self, finding: Finding) -> None:
        self._refusals += 1
        self.form.act_failed(under_way=tuple(self._under_way))
        for panel in (self.screening, self.adjudication, self.verification):
            panel.act_failed()
        if finding.code in _ELSEWHERE and self.sitting is not None:  # what is shown is no longer so
            said = self.words.finding(finding)
            self.worker.do(
                self.sitting.take, then=lambda outcome: self._show_again(outcome, said), otherwise=self._not_taken
            )
            return
        self.say(self.words.finding(finding), warn=True)

    def _show_again(self, outcome: Outcome, said: str) -> None:
        self.show_outcome(outcome)
        self.say(said, warn=True)

    def _not_taken(self, finding: Finding) -> None:
        """There is no ticket, and why; one that cannot be opened can be given back unseen."""
        sentence = self.words.finding(finding)
        self.unopened = self.sitting is not None and self.sitting.unopened is not None
        self.looking.close(sentence)
        self._nothing.show_trouble(sentence)
        self._pages.setCurrentWidget(self._nothing)
        self.queue.show_unopened(self.unopened)
        self.say(sentence, warn=True)

    def _failed(self, finding: Finding) -> None:
        if self.sitting is None:  # nobody sits here: there is nothing to show but why
            self.leave()
            self.shell.say(self.words.finding(finding))
            return
        if self.view.ticket is None:
            self.looking.close(self.words.finding(finding))
        self.say(self.words.finding(finding), warn=True)

    def _not_loaded(self, ticket: object, finding: Finding) -> None:
        if self.view.ticket is not None and ticket == self.view.ticket.id:
            if finding.code in _NO_PICTURE:
                self.looking.close(self.words.finding(finding))
            self.say(self.words.finding(finding), warn=True)

    def _film_begun(self, ticket: object, film: Any) -> None:
        if self.view.ticket is None or ticket != self.view.ticket.id:
            return
        self.looking.open(film)
        if film.whole and self.sitting is not None:
            self.worker.do(self.sitting.coming, _AHEAD, then=self.loader.prefetch, otherwise=lambda finding: None)

    def _beside(self, beside: Beside) -> None:
        ticket = self.view.ticket
        if ticket is None or beside.ticket != ticket.id:
            return
        self._face = beside.curves.face
        landmarks = None if self._face is None else self._face.landmarks
        self.looking.know(landmarks, beside.neutral)
        self.player.hear(beside.sound)
        self.timeline.show_clip(ticket.clock, None if beside.sound is None else beside.sound.sound, beside.curves)

    def _moved(self, frame: int) -> None:
        ticket = self.clip
        if ticket is None:
            return
        self.looking.show(Frame(frame))
        self.timeline.set_playhead(Frame(frame))
        self.status.show_frame(Frame(frame), ticket.clock)

    def _played(self) -> None:
        player = self.player
        self.picture.set_moving(player.playing)
        self.status.show_speed(player.speed, playing=player.playing, sound=player.heard)
        if not player.playing:
            return
        screen = self.screen()
        refresh_hz = 60.0 if screen is None else screen.refreshRate()
        share = player.share_shown(refresh_hz)
        if share < 1:
            self.say(
                self.words(
                    "The screen shows {share} % of the frames at this speed: go slower to see each of them",
                    share=f"{float(share) * 100:.0f}",
                ),
                warn=True,
            )
        elif player.sound_on and self.speaker.silent_because:
            self.say(self.words(self.speaker.silent_because), warn=True)

    def _played_through(self, first: int, last: int, speed: Any, heard: bool) -> None:
        if self.sitting is not None and self.view.ticket is not None:
            self.do(self.sitting.played, Frame(first), Frame(last), speed=speed, with_sound=heard)

    def _set_range(self, chosen: tuple[Frame, Frame] | None) -> None:
        self.range = chosen
        self.player.set_range(chosen)
        self.timeline.show_range(chosen)
        self.form.set_range(chosen)

    def set_sound(self, on: bool) -> None:
        """With or without sound, also tomorrow."""
        self.player.set_sound(on)
        self.shell.preferences = replace(self.shell.preferences, sound=on)

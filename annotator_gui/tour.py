"""The guided tour of a first day: steps on the practice clip, each pointing at what it speaks of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtCore import QEvent, QObject, QPoint, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QKeySequence, QPainter, QPaintEvent, QPen, QShortcut
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from annotator_gui.draft import DraftEvent
from annotator_gui.keys import Command, KeyMap
from annotator_gui.language import Words
from annotator_gui.pointing import Place, beside, in_corner
from annotator_gui.session import View
from annotator_gui.stageparts import KeyButton, plain
from annotator_gui.theme import Theme

_WIDTH = 380
_RING_PX = 3
_NEXT_KEY = "Ctrl+Return"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the tour."""

    title: str
    says: str
    """What to do, in the coder's language."""
    points_at: str
    """Name of what it speaks of: picture, timeline, form, bar, feedback; empty: nothing."""
    done: Callable[[View], bool] | None = None
    """Whether it is done; None: only the coder can say."""


def steps(words: Words, keys: KeyMap) -> tuple[Step, ...]:
    """The whole tour, with the coder's own keys."""
    key = keys.shown
    return (
        Step(
            title=words("Welcome to the desk"),
            says=words(
                "This clip is for practice: nothing you do here is stored, and its sound is SIMULATED. "
                "In a few minutes you will have coded it once, without the mouse."
            ),
            points_at="",
        ),
        Step(
            title=words("Watch it"),
            says=words(
                "{play} plays and stops the loop. {slower} and {faster} change the speed, {sound} the sound. "
                "At half speed, look for where the mouth begins to move.",
                play=key(Command.PLAY),
                slower=key(Command.SLOWER),
                faster=key(Command.FASTER),
                sound=key(Command.SOUND),
            ),
            points_at="picture",
        ),
        Step(
            title=words("Frame by frame"),
            says=words(
                "{back} and {on} step one frame; hold to run. The frame number below is always the one on screen. "
                "{neutral} shows the face at rest against this frame.",
                back=key(Command.STEP_BACK),
                on=key(Command.STEP_ON),
                neutral=key(Command.NEUTRAL),
            ),
            points_at="picture",
        ),
        Step(
            title=words("Set the onset"),
            says=words(
                "Go to the first frame that differs from rest and press {onset}. "
                "It appears on the timeline, where it can be dragged too.",
                onset=key(Command.MARK_ONSET),
            ),
            points_at="timeline",
            done=lambda view: any(event.marks.onset is not None for event in view.draft.events),
        ),
        Step(
            title=words("Set apex and offset"),
            says=words(
                "{apex} where the change is greatest, {offset} on the last frame that still differs. "
                "{back} and {on} move the last mark by one frame.",
                apex=key(Command.MARK_APEX),
                offset=key(Command.MARK_OFFSET),
                back=key(Command.NUDGE_BACK),
                on=key(Command.NUDGE_ON),
            ),
            points_at="timeline",
            done=lambda view: _any(view, lambda event: event.marks.span is not None),
        ),
        Step(
            title=words("Say what kind it is"),
            says=words(
                "Each choice has its key beside it. This one lasts long: is it still a micro-expression? "
                "Rest the pointer on a choice to read its definition."
            ),
            points_at="form",
            done=lambda view: _any(view, lambda event: bool(event.event_type)),
        ),
        Step(
            title=words("Score action units"),
            says=words(
                "Press the key of each unit that you see, or {search} and type a word of its name. "
                "{a} to {e} give the last one an intensity, {left} and {right} a side.",
                search=key(Command.SEARCH),
                a=key(Command.INTENSITY_A),
                e=key(Command.INTENSITY_E),
                left=key(Command.SIDE_LEFT),
                right=key(Command.SIDE_RIGHT),
            ),
            points_at="form",
            done=lambda view: _any(view, lambda event: bool(event.action_units)),
        ),
        Step(
            title=words("Take something back"),
            says=words(
                "{undo} takes back any act, {redo} does it again. There is no save button: "
                "at a real desk, every act is on disk before you see it.",
                undo=key(Command.UNDO),
                redo=key(Command.REDO),
            ),
            points_at="form",
        ),
        Step(
            title=words("Hand in the movement"),
            says=words(
                "{hand_in} hands in what you saw. Only then is the emotion asked for, so that it does not colour "
                "what you see.",
                hand_in=key(Command.HAND_IN),
            ),
            points_at="form",
            done=lambda view: view.movement_given,
        ),
        Step(
            title=words("Name the emotion"),
            says=words("One key again. It rests on what is seen and heard here, and on nothing else."),
            points_at="form",
            done=lambda view: _any(view, lambda event: bool(event.emotion)),
        ),
        Step(
            title=words("Say how sure you are"),
            says=words("Low is a good answer too: it tells others to look closely."),
            points_at="form",
            done=lambda view: _any(view, lambda event: event.confidence is not None),
        ),
        Step(
            title=words("Hand in the answer"),
            says=words(
                "{hand_in} again, and the clip is done. Where something is missing, a line says what.",
                hand_in=key(Command.HAND_IN),
            ),
            points_at="form",
            done=lambda view: view.handed_in is not None,
        ),
        Step(
            title=words("Compare"),
            says=words(
                "In training you see your reading beside the known one; what differs is lit. "
                "{keys} lists all keys at any time. That is all: welcome aboard.",
                keys=key(Command.KEYS),
            ),
            points_at="feedback",
        ),
    )


def _any(view: View, holds: Callable[[DraftEvent], bool]) -> bool:
    return any(holds(event) for event in view.draft.events)


class TourPanel(QFrame):
    """Stands beside what the step speaks of, and goes on by itself once the step is done."""

    left = pyqtSignal()
    """The tour is over, or the coder has had enough of it."""

    def __init__(
        self,
        *,
        words: Words,
        theme: Theme,
        keys: KeyMap,
        find: Callable[[str], QWidget | None],
        parent: QWidget,
    ) -> None:
        """Begin at the first step.

        Args:
            words: the window's.
            theme: its colours.
            keys: its keys.
            find: the widget of a name that a step points at; None: it is not there at the moment.
            parent: over which the tour stands.
        """
        super().__init__(parent)
        self._words, self._theme, self._find, self._host = words, theme, find, parent
        self.steps = steps(words, keys)
        self._at = 0
        self._was_done = False
        self._view: View | None = None
        self._target: QWidget | None = None
        self._ring = _Ring(theme, parent)
        self.setObjectName("tour")
        self.setFixedWidth(_WIDTH)
        self.setAccessibleName(words("Guided tour"))
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(8)
        self._where = plain(quiet=True)
        self._title = plain(large=True)
        self._says = plain()
        column.addWidget(self._where)
        column.addWidget(self._title)
        column.addWidget(self._says)
        row = QHBoxLayout()
        row.setSpacing(6)
        self.leave_button = KeyButton(words("Leave the tour"), checkable=False)
        self.back_button = KeyButton(words("Back"), checkable=False)
        self.next_button = KeyButton(words("Next"), key="Ctrl+Enter", checkable=False)
        self.leave_button.clicked.connect(self._leave)
        self.back_button.clicked.connect(lambda: self.go_to(self._at - 1))
        self.next_button.clicked.connect(lambda: self.go_to(self._at + 1))
        QShortcut(QKeySequence(_NEXT_KEY), self, self.next_button.click)  # the tour is gone through without the mouse
        row.addWidget(self.leave_button)
        row.addStretch(1)
        row.addWidget(self.back_button)
        row.addWidget(self.next_button)
        column.addLayout(row)
        self.set_theme(theme)
        parent.installEventFilter(self)
        self.go_to(0)

    @property
    def step(self) -> Step:
        """The step that is shown."""
        return self.steps[self._at]

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        self._theme = theme
        self._ring.set_theme(theme)
        self.setStyleSheet(
            f"QFrame#tour {{ background: {theme.panel}; border: 2px solid {theme.accent}; border-radius: 8px; }}"
        )

    def show_view(self, view: View) -> None:
        """Go on where what the step asks for has just been done."""
        self._view = view
        done = self.step.done is not None and self.step.done(view)
        if done and not self._was_done:
            self.go_to(self._at + 1)
        else:
            self._was_done = done
            self._place()

    def go_to(self, at: int) -> None:
        """Show a step; after the last one the tour is over."""
        if at >= len(self.steps):
            self._leave()
            return
        self._at = max(0, at)
        step = self.step
        # who goes back to a step that is done is not sent on at once
        self._was_done = self._view is not None and step.done is not None and step.done(self._view)
        self._where.setText(self._words("Practice, step {n} of {all}", n=self._at + 1, all=len(self.steps)))
        self._title.setText(f"✓ {step.title}" if self._was_done else step.title)
        self._says.setText(step.says)
        self.back_button.setEnabled(self._at > 0)
        last = self._at == len(self.steps) - 1
        waits = step.done is not None and not self._was_done
        self.next_button.say(self._words("Finish") if last else self._words("Skip") if waits else self._words("Next"))
        self._place()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Follow the window and what is pointed at."""
        if event is not None and event.type() in _MOVES:
            self._place()
        return super().eventFilter(watched, event)

    def _leave(self) -> None:
        self._host.removeEventFilter(self)
        self._watch(None)
        self._ring.hide()
        self.hide()
        self.left.emit()

    def _watch(self, target: QWidget | None) -> None:
        if target is self._target:
            return
        if self._target is not None:
            self._target.removeEventFilter(self)
        if target is not None:
            target.installEventFilter(self)
        self._target = target

    def _place(self) -> None:
        target = self._find(self.step.points_at) if self.step.points_at else None
        if target is not None and not target.isVisible():
            target = None
        self._watch(target)
        height = self.heightForWidth(_WIDTH) if self.hasHeightForWidth() else self.sizeHint().height()
        host = Place(left=0, top=0, width=self._host.width(), height=self._host.height())
        if target is None:
            place = in_corner(host=host, width=_WIDTH, height=height)
            self._ring.hide()
        else:
            corner = target.mapTo(self._host, QPoint(0, 0))
            around = Place(left=corner.x(), top=corner.y(), width=target.width(), height=target.height())
            place = beside(around, width=_WIDTH, height=height, host=host)
            self._ring.setGeometry(around.left, around.top, around.width, around.height)
            self._ring.show()
            self._ring.raise_()
        self.setGeometry(place.left, place.top, place.width, place.height)
        self.raise_()


_MOVES = frozenset({QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide})


class _Ring(QWidget):
    """A frame round what is pointed at; the mouse goes through it."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self._theme.accent), _RING_PX))
        inset = _RING_PX / 2 + 0.5
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), 6, 6)

"""A person at the real window: keys go in where the keyboard's do, and what is on screen is read back from it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QImage, QKeyEvent, QKeySequence, QMouseEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from annotator_gui.dispatch import desk_page
from annotator_gui.keys import DEFAULT_KEYS, KeyMap
from annotator_gui.lanes import Track
from annotator_gui.marks import Mark
from annotator_gui.preferences import Preferences
from annotator_gui.session import DeskLike, View
from annotator_gui.shell import Shell
from annotator_gui.speaker import Round, Silent, Speaker
from annotator_gui.window import DeskPage
from builders.video import read_barcode
from mmed_curate.annotation import Desk, Ticket
from mmed_curate.domain.judgements import Answer
from mmed_curate.domain.time import Frame
from mmed_curate.store import Workspace

PATIENCE_MS = 30_000
"""A busy machine is no failure."""


class AnEar:
    """A sound device that nobody hears: it goes on with the wall's clock, and counts how often it was started."""

    rate_hz, channels, is_float = 48_000, 1, True

    def __init__(self) -> None:
        self.n_started = 0
        self._began_ns = 0

    def now_ns(self) -> int:
        """What its clock says."""
        return time.monotonic_ns()

    def open(self, rate_hz: int, channels: int) -> AnEar:
        """As a speaker opens its device."""
        self.rate_hz, self.channels = rate_hz, channels
        return self

    def start(self, source: Round) -> None:
        """Begin."""
        self.n_started += 1
        self._began_ns = self.now_ns()

    def stop(self) -> None:
        """Be still."""

    def processed_us(self) -> int:
        """How far it is."""
        return (self.now_ns() - self._began_ns) // 1000


class AnEarByHand(AnEar):
    """Its clock goes on when it is told to: what a key finds does not hang on how busy the machine is."""

    def __init__(self) -> None:
        super().__init__()
        self._now_ns = 1_000_000_000

    def now_ns(self) -> int:
        """What its clock says."""
        return self._now_ns

    def goes_on(self, ms: int) -> None:
        """Let so much time pass."""
        self._now_ns += ms * 1_000_000

    def speaker(self) -> Speaker:
        """Plays to it, by its clock."""
        return Speaker(self.open, now_ns=self.now_ns)


def no_device(rate_hz: int, channels: int) -> AnEar:
    """Opens nothing: this machine has no sound."""
    raise Silent("sound cannot be played: this machine has no sound device")


class Seat:
    """Somebody in front of a window."""

    def __init__(
        self,
        qtbot: QtBot,
        open_desk: Callable[[], DeskLike],
        config: Path,
        *,
        speaker: Speaker | None = None,
        preferences: Preferences | None = None,
        keys: KeyMap = DEFAULT_KEYS,
        wait: bool = True,
    ) -> None:
        """Open the window and wait for the first clip, whole.

        Args:
            qtbot: of the test.
            open_desk: sits down at a desk; called in the window's worker.
            config: where likings are kept.
            speaker: None: one that nobody hears.
            preferences: None: the usual ones, in English.
            keys: the coder's.
            wait: until the clip is there.
        """
        self.ear = AnEar()
        self.qtbot = qtbot
        self.shell = Shell(preferences or Preferences(language="en"), config)
        qtbot.addWidget(self.shell)
        self.shell.show()
        QTest.qWaitForWindowActive(self.shell)
        self.page: DeskPage = desk_page(self.shell, open_desk, keys=keys, speaker=speaker or Speaker(self.ear.open))
        self.shell.setCentralWidget(self.page)
        if wait:
            self.settle()

    # the keyboard

    def press(self, *keys: str, settle: bool = True) -> None:
        """Press keys, each written as the key map writes it.

        Args:
            keys: in this order.
            settle: wait after each until what it did is shown; else they come faster than any disk.
        """
        window = self.shell.windowHandle()
        assert window is not None
        for key in keys:
            combination = QKeySequence(key)[0]
            text = key if len(key) == 1 else ""
            if len(text) == 1 and not text.isalnum():
                QTest.keyClick(window, text)
            else:
                QTest.keyClick(window, combination.key(), combination.keyboardModifiers())
            if settle:
                self.settle()

    def hold(self, key: str, times: int) -> None:
        """Hold a key down until it has repeated so often."""
        combination = QKeySequence(key)[0]
        for number in range(times):
            target = QApplication.focusWidget() or self.shell
            event = QKeyEvent(
                QEvent.Type.KeyPress, combination.key(), combination.keyboardModifiers(), "", number > 0, 1
            )
            QApplication.sendEvent(target, event)
        self.settle()

    def type(self, text: str, *, settle: bool = True) -> None:
        """Write."""
        window = self.shell.windowHandle()
        assert window is not None
        for letter in text:
            QTest.keyClick(window, letter)
        if settle:
            self.settle()

    def mark(self, onset: int, apex: int, offset: int) -> None:
        """Go to three frames and set the marks of an event there, by keys."""
        for key, frame in (("F2", onset), ("F3", apex), ("F4", offset)):
            self.go_to(frame)
            self.press(key)

    def go_to(self, frame: int) -> None:
        """Step to a frame, as fingers do: tens first."""
        tens, ones = divmod(frame - self.page.player.frame, 10)
        self.press(*["Shift+Right" if tens > 0 else "Shift+Left"] * abs(tens), *["Right"] * ones, settle=False)
        self.settle()

    # the mouse

    def drag(self, mark: Mark, to: int, event: int = 0) -> None:
        """Take hold of a mark on the timeline and let go of it over another frame."""
        timeline = self.page.timeline
        handles = timeline._layout(timeline._draft).handles
        handle = next(one for one in handles if (one.event, one.mark) == (event, mark))
        begin = QPoint(round(handle.x), handle.bottom - 9)
        at = timeline._draft.events[event].marks.at(mark)
        assert at is not None
        end = QPoint(begin.x() + self.x_of(to) - self.x_of(at), begin.y())
        self._mouse(QEvent.Type.MouseButtonPress, begin)
        middle = QPoint((begin.x() + end.x()) // 2, begin.y())
        for place in (middle, end):
            self._mouse(QEvent.Type.MouseMove, place)
        self._mouse(QEvent.Type.MouseButtonRelease, end)
        self.settle()

    def x_of(self, frame: int) -> int:
        """Where the middle of a frame lies on the timeline."""
        ticket, axis = self.page.view.ticket, self.page.timeline.axis
        assert ticket is not None
        assert axis is not None
        return round(axis.middle_of(Frame(frame), ticket.clock))

    def _mouse(self, kind: QEvent.Type, place: QPoint) -> None:
        timeline = self.page.timeline
        held = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseButtonRelease else Qt.MouseButton.LeftButton
        event = QMouseEvent(
            kind,
            QPointF(place),
            QPointF(timeline.mapToGlobal(place)),
            Qt.MouseButton.LeftButton,
            held,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(timeline, event)

    # what is there

    def settle(self) -> None:
        """Wait until all that was asked for is done and shown."""
        self.wait(lambda: not self.page.worker.busy and self._loaded())
        QApplication.processEvents()

    def wait(self, until: Callable[[], bool]) -> None:
        """Wait for something."""
        self.qtbot.waitUntil(until, timeout=PATIENCE_MS)

    def _loaded(self) -> bool:
        if self.page.sitting is None:
            return bool(self.said)  # no desk was opened, and why is said
        ticket = self.page.view.ticket
        return ticket is None or (self._seen(ticket) and self.page.timeline._material.opened)

    def _seen(self, ticket: Ticket) -> bool:
        """The picture is there, all of it; or it is said why not."""
        film, picture = self.page.looking._film, self.page.picture
        if film is None:
            return ticket.picture is None or picture._says != self.page.words("Opening…")
        return film.whole and picture.shows is not None

    @property
    def view(self) -> View:
        """What the window shows."""
        return self.page.view

    @property
    def said(self) -> str:
        """The sentence at the bottom."""
        return self.page.status.said

    @property
    def frame(self) -> int:
        """The number that the picture on screen shows."""
        pixels = self.page.picture.shows
        assert pixels is not None, "no frame is on screen"
        return read_barcode(pixels)

    @property
    def marks(self) -> tuple[int | None, int | None, int | None]:
        """Of the event in hand."""
        event = self.view.draft.event
        assert event is not None
        return event.marks.onset, event.marks.apex, event.marks.offset

    def tracks(self) -> tuple[Track, ...]:
        """What the timeline draws."""
        return self.page.timeline.tracks

    def pixels(self, widget: QWidget) -> NDArray[np.uint8]:
        """What a widget looks like: (H, W, 4)."""
        image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGBA8888)
        bits = image.constBits()
        assert bits is not None
        held = np.frombuffer(bits.asarray(image.sizeInBytes()), dtype=np.uint8).copy()  # the image goes, the copy stays
        rows = held.reshape(image.height(), image.bytesPerLine())[:, : 4 * image.width()]
        return rows.reshape(image.height(), image.width(), 4)

    def leave(self) -> Preferences:
        """Close the window; how it was left."""
        self.shell.close()
        QApplication.processEvents()
        return replace(self.shell.preferences, layout=self.shell.preferences.layout)


def answers(workspace: Workspace, code: str) -> list[Answer]:
    """What the database holds of a person's answers."""
    with workspace.read() as records:
        return [one.answer for one in records.judgements(coder=records.coder(code).id)]


def desk_of(workspace: Workspace, code: str) -> Callable[[], Desk]:
    """Opens a desk of its own on a workspace, as the window's door does."""
    return lambda: Desk(Workspace.open(workspace.root, now=workspace.now), code)


SitDown = Callable[..., Seat]
"""Opens the window for somebody; named arguments as `Seat` has them."""

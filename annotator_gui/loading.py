"""Brings a ticket's picture, sound, curves and face at rest into memory, off the window's thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QImage

from annotator_gui.film import Film, SlowSound, heard
from annotator_gui.shelf import Reel, Shelf
from annotator_gui.signals import Curves, read_face, read_voice
from mmed_curate.annotation import Ticket
from mmed_curate.domain.findings import BadInput, Finding, MmedError
from mmed_curate.domain.identity import TicketId
from mmed_curate.media.stretch import SPEEDS

_log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What lies beside a ticket's picture."""

    ticket: TicketId
    sound: SlowSound | None
    """None: this pass lets nothing be heard, or the clip has no sound."""
    curves: Curves
    neutral: QImage | None
    """The face at rest; None: it is not shown, or there is none."""


class Loader(QObject):
    """Loads the ticket in hand, and those to come as far as memory goes."""

    begun = pyqtSignal(object, object)
    """Ticket id and its film as soon as a first frame can be shown."""
    whole = pyqtSignal(object, object)
    """Ticket id and its film, all frames there."""
    beside = pyqtSignal(object)
    """A `Beside`."""
    failed = pyqtSignal(object, object)
    """Ticket id and a Finding."""

    def __init__(self, shelf: Shelf | None = None, parent: QObject | None = None) -> None:
        """Nothing is loaded yet."""
        super().__init__(parent)
        self.shelf = shelf or Shelf()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sound")

    def open(self, ticket: Ticket) -> None:
        """Load a ticket; what was open before may go."""
        self._pool.submit(self._load_beside, ticket)
        if ticket.picture is None:
            return
        told = False

        def tell(film: Film) -> None:
            nonlocal told
            if not told:
                told = True
                self.begun.emit(ticket.id, film)

        def finish(done: Future[Film]) -> None:
            if done.cancelled():
                return
            error = done.exception()
            if error is None:
                self.whole.emit(ticket.id, done.result())
            elif not isinstance(error, CancelledError):
                self.failed.emit(ticket.id, _finding(error, ticket.id))

        self.shelf.open(_reel(ticket), tell).add_done_callback(finish)

    def prefetch(self, tickets: Sequence[Ticket]) -> None:
        """Load what comes next, while nothing else is to be done."""
        self.shelf.prefetch([_reel(ticket) for ticket in tickets if ticket.picture is not None])

    def close(self) -> None:
        """Stop, and let go of everything."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self.shelf.close()

    def _load_beside(self, ticket: Ticket) -> None:
        """What can be read is given, and what cannot is said: a damaged curve takes nobody's sound away."""

        def read(load: Callable[[], T], instead: T) -> T:
            try:
                return load()
            except Exception as error:  # told in the window, whatever it is
                self.failed.emit(ticket.id, _finding(error, ticket.id))
                return instead

        path, still = ticket.sound, ticket.neutral_still
        sound = None if path is None else read(lambda: SlowSound(heard(path, ticket=ticket.id)), None)
        face = read(lambda: None if ticket.face is None else read_face(ticket.face), None)
        voice = read(lambda: None if ticket.voice is None else read_voice(ticket.voice), None)
        neutral = None if still is None else read(lambda: _still(ticket), None)
        self.beside.emit(Beside(ticket=ticket.id, sound=sound, curves=Curves(face=face, voice=voice), neutral=neutral))
        if sound is not None:
            for speed in SPEEDS:  # made now, so that nobody waits for it when the speed changes
                sound.at(speed)


def _reel(ticket: Ticket) -> Reel:
    if ticket.picture is None:
        raise ValueError("a pass without a picture has no film")
    return Reel(ticket=ticket.id, path=ticket.picture, clock=ticket.clock)


def _still(ticket: Ticket) -> QImage:
    image = QImage(str(ticket.neutral_still)).convertToFormat(QImage.Format.Format_RGB888)
    if image.isNull():
        raise BadInput.of(
            "gui.no_neutral",
            f"the face at rest of ticket {ticket.id} cannot be read",
            "tell the curator the ticket's number",
            ticket=ticket.id,
        )
    return image


def _finding(error: BaseException, ticket: TicketId) -> Finding:
    if isinstance(error, MmedError):
        return error.finding
    _log.error("ticket %s: its media were not loaded", ticket, exc_info=(type(error), error, error.__traceback__))
    return Finding(
        code="gui.no_media",
        what=f"the media of ticket {ticket} cannot be read",
        remedy="tell the curator the ticket's number",
        parameters={"ticket": ticket},
    )

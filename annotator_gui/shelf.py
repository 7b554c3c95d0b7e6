"""Films at hand: the open one, and those of coming tickets as far as the memory set aside for them goes. Knows no Qt.

One thread decodes. Opening goes before fetching ahead; what nobody waits for any more is stopped at its next frame.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from annotator_gui.film import Film, decode
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import TicketId
from mmed_curate.domain.time import FrameClock

MOST_BYTES = 1_200_000_000
"""Of all films together (ours): a 2 s clip of 720p at 200 Hz takes 1.106 GB, the window shall stay below 1.5 GB."""

_log = logging.getLogger(__name__)

OnFrame = Callable[[Film], None]
"""Told each time that one more frame of a film can be shown; `film.n_ready` says how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reel:
    """A picture that is or will be wanted."""

    ticket: TicketId
    path: Path
    clock: FrameClock | None = None
    """The ticket's clock; None: the file's own, as for a reference."""


class _NoRoom(Exception):
    """A film that was to be fetched ahead does not fit."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Job:
    reel: Reel
    opening: bool
    """Somebody waits for it."""
    done: Future[Film] = field(default_factory=Future)
    stop: threading.Event = field(default_factory=threading.Event)
    listeners: list[OnFrame] = field(default_factory=list)
    film: Film | None = None
    """As far as it is decoded."""
    reserved: int = 0
    """Bytes."""


class Shelf:
    """Holds films, never more bytes than set aside. May be called from any thread; only `close` waits."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Begin empty.

        Args:
            most_bytes: of all films together, the open one and what is being decoded included.
        """
        self._most_bytes = most_bytes
        self._lock = threading.RLock()
        self._films: dict[Reel, Film] = {}
        """Whole ones, the one that was opened last at the end."""
        self._open: Reel | None = None
        self._wishes: tuple[Reel, ...] = ()
        self._passed_over: set[Reel] = set()
        """Wishes that did not fit or could not be read."""
        self._job: _Job | None = None
        """What is being decoded, or about to be."""
        self._next: _Job | None = None
        """What is opened as soon as that has stopped."""
        self._closed = False
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="film")

    @property
    def n_bytes(self) -> int:
        """Of all films that are held, and of the one being decoded when it will be whole."""
        with self._lock:
            return sum(film.n_bytes for film in self._films.values()) + (self._job.reserved if self._job else 0)

    @property
    def idle(self) -> bool:
        """Nothing is being decoded, and nothing waits to be."""
        with self._lock:
            return self._job is None and self._next is None

    def held(self, reel: Reel) -> Film | None:
        """A whole film that is at hand; None: it is not."""
        with self._lock:
            return self._films.get(reel)

    def open(self, reel: Reel, on_frame: OnFrame | None = None) -> Future[Film]:
        """Take a film in hand. The one that was open before may go now: whoever shows it lets go of it first.

        Args:
            reel: which.
            on_frame: told once at once, in this thread, where frames are there already; then in the decoding thread.

        Returns:
            The film once it is whole, at once where it was at hand. Else BadInput, or CancelledError where another one
            was opened before this one was whole.
        """
        with self._lock:
            self._open = reel
            self._passed_over.clear()
            self._drop_next()
            wanted = self._wanted(reel, on_frame)
            if self._job is not None and self._job is not wanted and (self._job.opening or not wanted.done.done()):
                self._job.stop.set()
            self._go_on()
            film = wanted.film
        if film is not None and on_frame is not None and film.n_ready:
            on_frame(film)
        return wanted.done

    def prefetch(self, reels: Sequence[Reel]) -> None:
        """Say which films will be wanted next, the first first; replaces what was said before.

        A film that does not fit beside the open one and those before it is passed over.
        """
        with self._lock:
            self._wishes = tuple(reels)
            self._passed_over.clear()
            if self._job is not None and not self._job.opening and self._job.reel not in self._wishes:
                self._job.stop.set()
            self._go_on()

    def close(self) -> None:
        """Stop decoding and let go of everything."""
        with self._lock:
            self._closed = True
            self._drop_next()
            if self._job is not None:
                self._job.stop.set()
        self._pool.shutdown(wait=True)
        self._films.clear()

    def _wanted(self, reel: Reel, on_frame: OnFrame | None) -> _Job:
        """What will give the film: done already, under way, or to be begun. Under the lock."""
        film = self._films.pop(reel, None)
        if film is not None:
            self._films[reel] = film  # at the end
            ready = _Job(reel=reel, opening=True, film=film)
            ready.done.set_result(film)
            return ready
        listeners = [] if on_frame is None else [on_frame]
        if self._job is not None and self._job.reel == reel and not self._job.stop.is_set():
            self._job.opening = True
            self._job.listeners.extend(listeners)
            return self._job
        self._next = _Job(reel=reel, opening=True, listeners=listeners)
        return self._next

    def _drop_next(self) -> None:
        if self._next is not None:
            self._next.done.cancel()
            self._next = None

    def _go_on(self) -> None:
        """Begin the next job, where none is under way. Under the lock."""
        if self._job is not None or self._closed:
            return
        job, self._next = self._next, None
        if job is None:
            not_wanted = self._films.keys() | self._passed_over
            wish = next((reel for reel in self._wishes if reel not in not_wanted), None)
            if wish is None:
                return
            job = _Job(reel=wish, opening=False)
        self._job = job
        self._pool.submit(self._work, job)

    def _work(self, job: _Job) -> None:
        came = self._decoded(job)
        with self._lock:
            self._job = None
            job.film, job.reserved = None, 0
            stopped = job.stop.is_set()
            if isinstance(came, Film):
                self._films[job.reel] = came
            # opened just when it was passed over: now others make room for it
            again = isinstance(came, _NoRoom) and job.opening and not stopped
            if again:
                self._next = job
            elif not stopped and not isinstance(came, Film):
                self._passed_over.add(job.reel)
            self._go_on()
        if again:
            return
        if stopped or isinstance(came, _NoRoom):
            came = CancelledError()
        if isinstance(came, Film):
            job.done.set_result(came)
        elif not job.done.cancelled():
            job.done.set_exception(came)

    def _decoded(self, job: _Job) -> Film | BaseException:
        """The film, or why there is none; without a traceback, which would keep what was decoded in memory."""
        try:
            return decode(
                job.reel.path,
                job.reel.clock,
                ticket=job.reel.ticket,
                admit=lambda n_bytes: self._admit(job, n_bytes),
                on_frame=lambda film: self._grown(job, film),
                cancelled=job.stop.is_set,
            )
        except CancelledError:
            return CancelledError()
        except _NoRoom:
            return _NoRoom()
        except BadInput as error:
            _log.info("ticket %s: its picture is not shown (%s)", job.reel.ticket, error.finding.code)
            return BadInput(error.finding)
        except Exception as error:
            _log.exception("ticket %s: its picture is not shown", job.reel.ticket)
            return error.with_traceback(None)

    def _admit(self, job: _Job, n_bytes: int) -> bool:
        """Make room for a film, where others may go for it."""
        with self._lock:
            keep = set() if self._open is None else {self._open}
            if not job.opening:
                keep |= set(self._wishes[: self._wishes.index(job.reel)] if job.reel in self._wishes else self._wishes)
            may_go = [reel for reel in self._by_worth() if reel not in keep]
            free = self._most_bytes - sum(film.n_bytes for film in self._films.values())
            if free + sum(self._films[reel].n_bytes for reel in may_go) < n_bytes:
                if not job.opening:
                    raise _NoRoom
                return False
            for reel in may_go:
                if free >= n_bytes:
                    break
                free += self._films.pop(reel).n_bytes
            job.reserved = n_bytes
            return True

    def _by_worth(self) -> list[Reel]:
        """Films, the one that is missed least first: those that nobody wished for, then the last wishes."""
        unasked = [reel for reel in self._films if reel not in self._wishes]
        return unasked + [reel for reel in reversed(self._wishes) if reel in self._films]

    def _grown(self, job: _Job, film: Film) -> None:
        with self._lock:
            job.film = film
            listeners = [] if job.stop.is_set() else list(job.listeners)
        for listener in listeners:
            listener(film)

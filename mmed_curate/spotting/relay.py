"""A step of a stream of work in a thread of its own: order is kept, so the outcome is the same with and without.

`ahead(source)` gives what the source gives, while a thread already works out what comes next. Laid round one another
(`ahead(step(ahead(source)))`), steps overlap as far as their work leaves Python's lock: decoding, networks, filters.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")

NAME = "mmed-ahead"
"""Beginning of the names of these threads."""


def ahead(source: Generator[Item, None, None], *, room: int) -> Generator[Item, None, None]:
    """Run a generator in a thread, at most `room` items before the one that is asked for.

    What the source raises is raised here, after the items before it. When this generator is closed, or left by an
    error or an interrupt, the source is closed in its thread, and the thread has ended.

    Args:
        source: nobody else may touch it.
        room: how many items may wait.
    """
    belt: _Belt[Item] = _Belt(room)
    thread = threading.Thread(target=_fill, args=(belt, source), name=NAME, daemon=True)
    thread.start()
    del source
    try:
        yield from belt.items()
    finally:
        belt.close()
        thread.join()


@dataclass(frozen=True, slots=True)
class _End:
    """The source gives no more: it is through, or raised an error."""

    error: BaseException | None


class _Belt(Generic[Item]):
    """What waits between two threads."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._waiting: deque[Item | _End] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, item: Item | _End) -> bool:
        """Add an item as soon as there is room; false: nobody wants it any more."""
        with self._changed:
            while len(self._waiting) >= self._room and not self._closed:
                self._changed.wait()
            if not self._closed:
                self._waiting.append(item)
                self._changed.notify_all()
            return not self._closed

    def items(self) -> Iterator[Item]:
        """All items in order; raises the error that ended them."""
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                item = self._waiting.popleft()
                self._changed.notify_all()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
            del item  # a picture in a belt is large: do not hold it while waiting for the next

    def close(self) -> None:
        """Nobody takes any more."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()


def _fill(belt: _Belt[Item], source: Generator[Item, None, None]) -> None:
    try:
        with closing(source):
            for item in source:
                if not belt.put(item):
                    return
                del item
    except BaseException as error:  # it is raised where the items are taken
        belt.put(_End(error))
    else:
        belt.put(_End(None))

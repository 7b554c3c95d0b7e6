"""One thread for everything that touches the desk, so that the window never waits and acts keep their order."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from mmed_curate.domain.findings import Finding, MmedError

_log = logging.getLogger(__name__)


class Worker(QObject):
    """Does calls one after the other and tells of each in the window's thread."""

    _done = pyqtSignal(object)
    failed = pyqtSignal(object)
    """A Finding: what could not be done, and what to do."""

    def __init__(self, parent: QObject | None = None) -> None:
        """Start the thread."""
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="desk")
        self._done.connect(self._tell)
        self._closed = False
        self._waiting: dict[Future[Any], tuple[Any, Any]] = {}
        """Calls in their order, and who is told of each."""

    @property
    def busy(self) -> bool:
        """Calls are under way or waiting."""
        return bool(self._waiting)

    def do(
        self,
        call: Callable[..., Any],
        *arguments: Any,
        then: Callable[[Any], None] | None = None,
        otherwise: Callable[[Finding], None] | None = None,
        **named: Any,
    ) -> None:
        """Call something in the thread; nothing once it is closed: what comes then was asked of a window that is gone.

        Args:
            call: what.
            arguments: its arguments.
            then: told the result, in the window's thread.
            otherwise: told why it failed; None: `failed` tells it.
            named: its named arguments.
        """
        if self._closed:
            return
        future = self._pool.submit(call, *arguments, **named)
        self._waiting[future] = (then, otherwise)
        future.add_done_callback(self._done.emit)

    def finish(self) -> None:
        """Wait until nothing is under way, and tell of it."""
        while self._waiting and not self._closed:
            future = next(iter(self._waiting))
            wait([future])
            self._tell(future)

    def close(self) -> None:
        """Finish what waits, then end."""
        self._closed = True
        self._pool.shutdown(wait=True)

    def _tell(self, done: Future[Any]) -> None:
        told = self._waiting.pop(done, None)
        if told is None or self._closed:  # told already, or nobody is there any more
            return
        then, otherwise = told
        error = done.exception()
        if error is None:
            if then is not None:
                then(done.result())
            return
        finding = error.finding if isinstance(error, MmedError) else _unforeseen(error)
        if otherwise is not None:
            otherwise(finding)
        else:
            self.failed.emit(finding)


def _unforeseen(error: BaseException) -> Finding:
    _log.error("unforeseen", exc_info=(type(error), error, error.__traceback__))
    return Finding(
        code="gui.unforeseen",
        what="something went wrong that should not (our fault)",
        remedy="go on; what was shown as done is kept. The log says more",
    )

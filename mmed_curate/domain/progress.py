"""How long work says how far it is, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called now and then by long work."""

    def __call__(self, done: int, total: int | None, /) -> None:
        """Tell how many units are done, of how many; None: the total is not known."""


def silent(done: int, total: int | None) -> None:
    """A listener that does not listen."""

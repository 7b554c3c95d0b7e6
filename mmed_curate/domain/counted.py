"""Numbers of things in sentences: 1 unit, 2 units."""

from __future__ import annotations


def counted(number: int, one: str, several: str | None = None) -> str:
    """A number with its noun, or with all words that go with it.

    Args:
        number: of things.
        one: the words for one of them, such as `unit` or `rule fails`.
        several: the words for none, or for more; None: `one` with an s.
    """
    return f"{number} {one if number == 1 else several or f'{one}s'}"

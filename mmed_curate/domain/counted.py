"""Numbers in sentences: 1 unit, 2 units; a measured number without more digits than it needs."""

from __future__ import annotations


def counted(number: int, one: str, several: str | None = None) -> str:
    """A number with its noun, or with all words that go with it.

    Args:
        number: of things.
        one: the words for one of them, such as `unit` or `rule fails`.
        several: the words for none, or for more; None: `one` with an s.
    """
    return f"{number} {one if number == 1 else several or f'{one}s'}"


def figure(value: float) -> str:
    """A measured number or its bound: whole ones that are counts without a point, others with three digits at most."""
    return f"{value:.0f}" if value == int(value) and abs(value) != 1 else f"{value:.3f}".rstrip("0").rstrip(".")

"""Where chips go: sums of a layout that wraps. Lengths are device-independent pixels. Knows no Qt."""

from __future__ import annotations

from collections.abc import Sequence

Rect = tuple[int, int, int, int]
"""Left, top, width, height."""


def wrapped(sizes: Sequence[tuple[int, int]], *, width: int, gap: int) -> tuple[tuple[Rect, ...], int]:
    """Things of their own width side by side, in lines that break where the room ends.

    Args:
        sizes: width and height of each; one wider than the room is made as wide as it.
        width: of the room.
        gap: between two, across and down.

    Returns:
        Where each lies, and the height of them all.
    """
    places: list[Rect] = []
    left = top = high = 0
    for own_width, height in sizes:
        own_width = min(own_width, width)
        if left and left + own_width > width:
            left, top, high = 0, top + high + gap, 0
        places.append((left, top, own_width, height))
        left += own_width + gap
        high = max(high, height)
    return tuple(places), top + high


def columns(width: int, *, least: int, gap: int) -> int:
    """How many columns of at least this width fit; at least one."""
    return max(1, (width + gap) // (least + gap))


def grouped(
    counts: Sequence[int], *, width: int, caption: int, least: int, height: int, gap: int, between: int
) -> tuple[tuple[tuple[Rect, ...], ...], tuple[Rect, ...], int]:
    """Groups below one another: a caption at the left, at its right cells of one width in lines.

    Args:
        counts: cells of each group.
        width: of the room.
        caption: width of the captions.
        least: width of a cell at least; cells share the room evenly.
        height: of a cell.
        gap: between cells.
        between: between groups.

    Returns:
        Cells of each group, captions, and the height of them all.
    """
    room = max(1, width - caption - gap)
    n = columns(room, least=least, gap=gap)
    each = (room - (n - 1) * gap) // n
    cells, captions = [], []
    top = 0
    for count in counts:
        lines = max(1, -(-count // n))
        cells.append(
            tuple(
                (caption + gap + place % n * (each + gap), top + place // n * (height + gap), each, height)
                for place in range(count)
            )
        )
        tall = lines * height + (lines - 1) * gap
        captions.append((0, top, caption, tall))
        top += tall + between
    return tuple(cells), tuple(captions), max(0, top - between)

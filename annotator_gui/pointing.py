"""Where a small panel stands that points at something: beside it, over it only where there is no room. No Qt."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A rectangle in device-independent pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """First pixel to the right of it."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """First pixel below it."""
        return self.top + self.height


def beside(target: Place, *, width: int, height: int, host: Place, gap: int = 14) -> Place:
    """Where a panel of a size stands: right of the target, left of it, below or above it; else over its corner.

    Args:
        target: what is pointed at.
        width: of the panel.
        height: of the panel.
        host: the window, in which all of the panel has to be.
        gap: pixels between the two.
    """
    top = _within(target.top, height, host.top, host.bottom)
    left = _within(target.left, width, host.left, host.right)
    if target.right + gap + width <= host.right:
        return Place(left=target.right + gap, top=top, width=width, height=height)
    if target.left - gap - width >= host.left:
        return Place(left=target.left - gap - width, top=top, width=width, height=height)
    if target.bottom + gap + height <= host.bottom:
        return Place(left=left, top=target.bottom + gap, width=width, height=height)
    if target.top - gap - height >= host.top:
        return Place(left=left, top=target.top - gap - height, width=width, height=height)
    return in_corner(host=host, width=width, height=height, gap=gap)


def in_corner(*, host: Place, width: int, height: int, gap: int = 14) -> Place:
    """At the bottom right of the window."""
    left = max(host.left, host.right - width - gap)
    top = max(host.top, host.bottom - height - gap)
    return Place(left=left, top=top, width=width, height=height)


def _within(start: int, length: int, first: int, end: int) -> int:
    return max(first, min(start, end - length))

"""Where clips begin and end: no two clips of a recording share a frame, so no event can be settled twice."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from mmed_curate.domain.time import Frame, FrameClock, Span
from mmed_curate.ingest.recipe import ContextRange


class Spanned(Protocol):
    """Anything that covers a span of a recording."""

    @property
    def span(self) -> Span:
        """In frames of the recording."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The frames of one clip, both ends inside, and which of the given candidates lie in it."""

    first: Frame
    last: Frame
    members: tuple[int, ...]
    """Positions in the sequence that was given, in order of onset."""


def coding_windows(
    candidates: Sequence[Spanned],
    clock: FrameClock,
    *,
    context: ContextRange,
    join_gap_s: float,
    longest_s: float,
    seed: bytes,
    taken: Sequence[tuple[Frame, Frame]] = (),
) -> tuple[Window, ...]:
    """One window per candidate, or per run of candidates too close together to be shown apart.

    The context before and after is drawn for each window from `seed` and the run's place, each side apart, so
    that the place of an event in its clip says nothing. Where the contexts of neighbours would meet, each ends
    in the middle between them.

    Args:
        candidates: spans in frames of the recording, in any order.
        clock: the recording's clock.
        context: bounds of the context on each side, in seconds.
        join_gap_s: runs are joined across gaps shorter than this, in seconds ...
        longest_s: ... as long as the run does not become longer than this.
        seed: secret bytes; the same seed and spans give the same windows.
        taken: first and last frames of clips that are there already, which no candidate touches: no window does.
    """
    order = sorted(range(len(candidates)), key=lambda index: (candidates[index].span.onset, index))
    runs: list[list[int]] = []
    end = Frame(-1)
    for index in order:
        span = candidates[index].span
        overlaps = bool(runs) and span.onset <= end
        near = bool(runs) and not overlaps and clock.start_of(span.onset) - clock.end_of(end) < join_gap_s
        if near:
            near = not any(end < first and last < span.onset for first, last in taken)
        if near:
            near = clock.end_of(span.offset) - clock.start_of(candidates[runs[-1][0]].span.onset) <= longest_s
        if overlaps or near:
            runs[-1].append(index)
            end = max(end, span.offset)
        else:
            runs.append([index])
            end = span.offset
    edges = [
        (min(candidates[i].span.onset for i in run), Frame(max(candidates[i].span.offset for i in run))) for run in runs
    ]
    windows = []
    for position, (run, (onset, offset)) in enumerate(zip(runs, edges, strict=True)):
        floor = Frame(0) if position == 0 else Frame((edges[position - 1][1] + onset) // 2 + 1)
        ceiling = clock.last_frame if position + 1 == len(runs) else Frame((offset + edges[position + 1][0]) // 2)
        floor = max([floor, *(Frame(last + 1) for _, last in taken if last < onset)])
        ceiling = min([ceiling, *(Frame(first - 1) for first, _ in taken if first > offset)])
        before, after = (_drawn(context, seed, onset, offset, side) for side in ("before", "after"))
        windows.append(
            Window(
                first=max(floor, clock.frame_at(clock.start_of(onset) - before)),
                last=min(ceiling, _last_shown_before(clock.end_of(offset) + after, clock)),
                members=tuple(run),
            )
        )
    return tuple(windows)


def release_window(span: Span, clock: FrameClock, *, context_s: float) -> tuple[Frame, Frame]:
    """First and last frame of the release cut round a settled span, clamped to the recording."""
    context = Fraction(context_s).limit_denominator(1000)
    first = clock.frame_at(clock.start_of(span.onset) - context)
    return first, _last_shown_before(clock.end_of(span.offset) + context, clock)


def _last_shown_before(time: Fraction, clock: FrameClock) -> Frame:
    frame = clock.frame_at(time)
    return Frame(frame - 1) if frame > 0 and clock.start_of(frame) == time else frame


def _drawn(context: ContextRange, seed: bytes, onset: Frame, offset: Frame, side: str) -> Fraction:
    digest = hashlib.sha256(seed + f"|{onset}|{offset}|{side}".encode()).digest()
    share = Fraction(int.from_bytes(digest[:6], "big"), 1 << 48)
    least, most = (Fraction(bound).limit_denominator(1000) for bound in (context.least, context.most))
    return least + (most - least) * share

"""Which events of several coders are the same event: a partition, at most one event of each coder in a group.

Two events can be the same from an intersection over union of `match_iou` on. A group may hold two events below
it when a third one joins them (transitive). Of all partitions the one with the greatest sum of intersection over
union inside its groups is taken, so that a chain of overlapping events is not torn apart by its best pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import combinations

from mmed_curate.domain.time import Frame, Span

_EXACT_UP_TO = 9
"""Events in one chain that are partitioned exactly (Bell number of 9: 21,147 at most); beyond, best pair first."""


def same_event(a: Span, b: Span) -> Fraction:
    """Intersection over union of two spans as an exact fraction, frames counted with both ends."""
    return Fraction(*_shared(a, b))


def _shared(a: Span, b: Span) -> tuple[int, int]:
    """Frames in both, and frames in either."""
    common = max(min(a.offset, b.offset) - max(a.onset, b.onset) + 1, 0)
    return common, a.n_frames + b.n_frames - common


def match_events(spans: Sequence[Sequence[Span]], *, match_iou: float) -> tuple[tuple[int | None, ...], ...]:
    """Match the events of several coders one to one.

    Args:
        spans: per coder, the spans of his events in any order.
        match_iou: least intersection over union of two events that are the same; 0 means: one shared frame.

    Returns:
        Groups in order of their earliest onset. A group holds, for each coder in the order given, the index of his
        event, or None where he has none. Every event stands in exactly one group. Naming the coders in another
        order gives the same groups unless two partitions are exactly as good and hold the same spans.
    """
    least, of = match_iou.as_integer_ratio()
    if max(map(len, spans), default=0) == 1:
        # the usual case: each coder saw one event, and all of them the same
        first, *others = [own[0] for own in spans if own]
        shared_with_first = [_shared(first, other) for other in others]
        if all(common > 0 and common * of >= least * union for common, union in shared_with_first):
            return (tuple([0 if own else None for own in spans]),)
    events = sorted(
        ((coder, index) for coder, own in enumerate(spans) for index in range(len(own))),
        key=lambda event: (*_key(spans[event[0]][event[1]]), event),
    )
    chosen = [spans[coder][index] for coder, index in events]
    likeness: dict[tuple[int, int], tuple[int, int]] = {}
    for a, b in combinations(range(len(events)), 2):
        if events[a][0] == events[b][0] or chosen[b].onset > chosen[a].offset:
            continue
        common, union = _shared(chosen[a], chosen[b])
        if common > 0 and common * of >= least * union:
            likeness[a, b] = (common, union)
    groups: list[list[int]] = []
    owner = [coder for coder, _ in events]
    for chain in _chains(len(events), likeness):
        if len({owner[event] for event in chain}) == len(chain):
            groups.append(chain)
            continue
        inside = set(chain)
        exact = {pair: Fraction(*shared) for pair, shared in likeness.items() if pair[0] in inside}
        choose = _best_partition if len(chain) <= _EXACT_UP_TO else _best_pairs_first
        groups.extend(choose(chain, owner, exact))
    groups.sort(key=lambda group: [_key(chosen[event]) for event in sorted(group)])
    rows: list[tuple[int | None, ...]] = []
    for group in groups:
        row: list[int | None] = [None] * len(spans)
        for event in group:
            coder, index = events[event]
            row[coder] = index
        rows.append(tuple(row))
    return tuple(rows)


def _key(span: Span) -> tuple[Frame, Frame, Frame]:
    return (span.onset, span.offset, span.apex)


def _chains(n: int, likeness: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Connected components, each sorted, in order of their first member."""
    root = list(range(n))

    def find(event: int) -> int:
        while root[event] != event:
            root[event] = root[root[event]]
            event = root[event]
        return event

    for a, b in likeness:
        low, high = sorted((find(a), find(b)))
        root[high] = low
    chains: dict[int, list[int]] = {}
    for event in range(n):
        chains.setdefault(find(event), []).append(event)
    return list(chains.values())


def _best_partition(chain: list[int], owner: list[int], likeness: dict[tuple[int, int], Fraction]) -> list[list[int]]:
    best: list[list[int]] = []
    most = Fraction(-1)

    def place(position: int, groups: list[list[int]], total: Fraction) -> None:
        nonlocal best, most
        if position == len(chain):
            if total > most and all(_is_connected(group, likeness) for group in groups):
                best, most = [list(group) for group in groups], total
            return
        event = chain[position]
        for group in groups:
            if all(owner[member] != owner[event] for member in group):
                gained = sum((likeness.get((member, event), Fraction(0)) for member in group), Fraction(0))
                group.append(event)
                place(position + 1, groups, total + gained)
                group.pop()
        groups.append([event])
        place(position + 1, groups, total)
        groups.pop()

    place(0, [], Fraction(0))
    return best


def _is_connected(group: list[int], likeness: dict[tuple[int, int], Fraction]) -> bool:
    reached, todo = {group[0]}, [group[0]]
    while todo:
        event = todo.pop()
        for other in group:
            if other not in reached and (min(event, other), max(event, other)) in likeness:
                reached.add(other)
                todo.append(other)
    return len(reached) == len(group)


def _best_pairs_first(chain: list[int], owner: list[int], likeness: dict[tuple[int, int], Fraction]) -> list[list[int]]:
    group_of = {event: [event] for event in chain}
    inside = set(chain)
    pairs = sorted((pair for pair in likeness if pair[0] in inside), key=lambda pair: (-likeness[pair], pair))
    for a, b in pairs:
        one, other = group_of[a], group_of[b]
        if one is other or {owner[event] for event in one} & {owner[event] for event in other}:
            continue
        one.extend(other)
        for event in other:
            group_of[event] = one
    return [sorted(group) for event, group in group_of.items() if event == min(group)]

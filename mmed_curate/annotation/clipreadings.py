"""What each coder said of a clip as rows of a table, and in which of its columns they differ from another coder."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence

from mmed_curate.agreement.differing import Compared
from mmed_curate.agreement.gathering import matched
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.identity import ClipId, CoderId
from mmed_curate.domain.judgements import CodedEvent, Coding, Judgement, Side
from mmed_curate.domain.protocol import Protocol
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.report.agreementshown import ShownEvent

COLUMNS = ("onset", "apex", "offset", "event type", "emotion", "sure", "action units", "vocal cues")
"""What is said of an event."""
_COLUMN_OF: Mapping[str, int] = {
    "onset": 0,
    "apex": 1,
    "offset": 2,
    "event-type": 3,
    "emotion": 4,
    "confidence": 5,
    "action-units": 6,
    "intensity": 6,
    "vocal-cues": 7,
}
_SIDE: Mapping[Side, str] = {Side.BOTH: "", Side.LEFT: " left", Side.RIGHT: " right"}

Differing = Mapping[tuple[int, CoderId], frozenset[int]]
"""By event and coder, columns in which they differ from another."""


def differing_columns(compared: Compared, clips: Collection[ClipId]) -> Mapping[ClipId, Differing]:
    """Where coders differ, in some clips."""
    found: dict[ClipId, dict[tuple[int, CoderId], set[int]]] = defaultdict(lambda: defaultdict(set))
    for one in compared.discrepancies:
        column = _COLUMN_OF.get(one.layer)
        if column is not None and one.clip in clips:
            for coder in (one.one, one.other):
                found[one.clip][one.event, coder].add(column)
    return {clip: {where: frozenset(columns) for where, columns in of_clip.items()} for clip, of_clip in found.items()}


def events_shown(
    coded: Sequence[Judgement],
    protocol: Protocol,
    codebook: Codebook,
    clock: FrameClock,
    codes: Mapping[CoderId, str],
    differing: Differing,
) -> tuple[ShownEvent, ...]:
    """One row for each coder and event, coders by code.

    Args:
        coded: what stood when the clip's coding closed.
        protocol: its `match_iou`.
        codebook: the vocabulary.
        clock: the clip's own.
        codes: of the coders.
        differing: of this clip.
    """
    events, groups = matched(coded, protocol, codebook)
    coders = [one.coder for one in coded if isinstance(one.answer, Coding)]
    order = sorted(range(len(coders)), key=lambda at: codes.get(coders[at], coders[at]))
    rows = []
    for number, group in enumerate(groups):
        for at in order:
            index, coder = group[at], coders[at]
            rows.append(
                ShownEvent(
                    event=number + 1,
                    coder=codes.get(coder, coder),
                    cells=() if index is None else _cells(events[at][index], clock),
                    differs=differing.get((number, coder), frozenset()),
                )
            )
    return tuple(rows)


def notes_of(coded: Sequence[Judgement], codes: Mapping[CoderId, str]) -> tuple[str, ...]:
    """What coders noted of a clip."""
    return tuple(
        f"{codes.get(one.coder, one.coder)} notes: {one.answer.note}"
        for one in coded
        if isinstance(one.answer, Coding) and one.answer.note.strip()
    )


def matrix_of(compared: Compared, layer: str) -> Mapping[tuple[str, str], int]:
    """Pairs of coders by what the one and the other said, symmetric; both the same on the diagonal."""
    counts: Counter[tuple[str, str]] = Counter()
    for (named, code), n in compared.agreed.items():
        if named == layer:
            counts[code, code] += n
    for one in compared.of((layer,)):
        counts[one.says, one.other_says] += 1
        counts[one.other_says, one.says] += 1
    return counts


def _cells(event: CodedEvent, clock: FrameClock) -> tuple[str, ...]:
    units = (
        f"{mark.code}{_SIDE[mark.side]}{'' if mark.intensity is None else f' {mark.intensity.value}'}"
        for mark in event.action_units
    )
    cues = (f"{cue.code} {_ms(cue.onset, clock)}–{_ms(cue.offset, clock)}" for cue in event.vocal_cues)
    hidden = f" (cannot see {', '.join(event.not_visible)})" if event.not_visible else ""
    return (
        *(f"{_ms(mark, clock)} ms" for mark in (event.span.onset, event.span.apex, event.span.offset)),
        event.event_type,
        event.emotion or "–",
        event.confidence or "–",
        (", ".join(units) or "none") + hidden,
        ", ".join(cues) or "none",
    )


def _ms(frame: Frame, clock: FrameClock) -> str:
    return f"{float((clock.start_of(frame) - clock.start_of(Frame(0))) * 1000):.0f}"

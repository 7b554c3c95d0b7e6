"""Judged clips out of a release's tables: with their clock, their lot, all that was said of them, and what settled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate

from mmed_curate.agreement.judged import JudgedClip
from mmed_curate.agreement.settle import Course
from mmed_curate.dataset.rows import JudgedClipRow, durations_of
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId, SubjectId
from mmed_curate.domain.judgements import ConsensusEvent, Judgement
from mmed_curate.domain.protocol import ClipOrigin, ClipTerms, Stage
from mmed_curate.domain.time import FrameClock


def judged_from(clips: Iterable[JudgedClipRow], judgements: Iterable[Judgement]) -> tuple[JudgedClip, ...]:
    """Every judged clip with what was said of it: what agreement is measured on.

    Args:
        clips: rows of judged-clips.csv.
        judgements: what rows of judgements.csv stand for.

    Raises:
        BadInput: a clock in the tables is none.
    """
    said: dict[str, list[Judgement]] = defaultdict(list)
    for one in judgements:
        said[one.clip].append(one)
    return tuple(
        JudgedClip(
            clip=ClipId(row.clip),
            subject=SubjectId(row.subject),
            clock=clock_of(row),
            judgements=tuple(said[row.clip]),
            terms=terms_of(row),
            simulated=row.simulated,
        )
        for row in clips
    )


def terms_of(row: JudgedClipRow) -> ClipTerms:
    """What lot fell to a judged clip, and how often it was sent back to coding.

    Raises:
        BadInput: the row says no such origin.
    """
    try:
        return ClipTerms(
            origin=ClipOrigin(row.origin),
            screened_again=row.screened_again,
            foil=row.foil,
            recodings=len(row.recodings),
        )
    except ValueError as error:
        raise BadInput.of(
            "dataset.origin", f"judged-clips.csv says no origin of {row.clip} ({error})", "run `mmed verify` on it"
        ) from error


def clock_of(row: JudgedClipRow) -> FrameClock:
    """The clock of a judged clip, from its row.

    Raises:
        BadInput: the row holds none.
    """
    try:
        return _clock(row.durations, row.n_frames, row.time_base)
    except (ValueError, ZeroDivisionError) as error:
        raise BadInput.of(
            "dataset.clock", f"judged-clips.csv holds no times for {row.clip} ({error})", "run `mmed verify` on it"
        ) from error


@lru_cache(maxsize=1024)
def _clock(durations: tuple[str, ...], n_frames: int, time_base: str) -> FrameClock:
    """Clips that are as long at one rate share theirs."""
    ticks = tuple(accumulate(durations_of(durations), initial=0))
    if len(ticks) != n_frames + 1:
        raise ValueError(f"{len(ticks) - 1} frames, not {n_frames}")
    return FrameClock(pts=ticks[:-1], end_pts=ticks[-1], time_base=Fraction(time_base))


def settled_events(found: Course, codebook: Codebook) -> dict[int, ConsensusEvent]:
    """The settled events of a clip that are events by the codebook, by their place among all."""
    if found.stage is not Stage.SETTLED or found.consensus is None:
        return {}
    is_event = {entry.code: entry.is_event for entry in codebook.event_types}
    return {place: event for place, event in enumerate(found.consensus.events) if is_event[event.event_type]}

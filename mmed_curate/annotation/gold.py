"""Clips whose reading is taken as known: settled ones, or read by hand; and how they are drawn."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from mmed_curate.agreement.gold import reading_of
from mmed_curate.agreement.reading import events_of
from mmed_curate.agreement.settle import course
from mmed_curate.annotation.answers import check_answer
from mmed_curate.annotation.lots import by_lot
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.conduct import GoldClip
from mmed_curate.domain.findings import BadInput, Finding, Severity
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.judgements import Coding, Judgement
from mmed_curate.domain.protocol import Protocol, Purpose, Stage
from mmed_curate.store import Reader, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownClip:
    """One clip of known reading, for the curator."""

    clip: ClipId
    reading: Coding
    why: str
    n_events: int
    emotion_class: str | None
    """Of its first event; None: no event, or an emotion without a class."""
    n_had: int
    """Coders who had it as gold or for training: to them it is no news any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedGold:
    """Clips whose reading is known from now on."""

    clips: tuple[GoldClip, ...]
    findings: tuple[Finding, ...] = ()
    """Warnings: what was wanted and is not there."""


def add_settled(workspace: Workspace, clips: Sequence[ClipId], *, why: str) -> AddedGold:
    """Take what was settled of these clips as known.

    Raises:
        BadInput: no reason is given, a clip is not there, not settled, or nobody may judge it any more.
    """
    with workspace.read() as records:
        for clip in clips:
            records.clip(clip)
        readings = settled_readings(records, workspace, clips)
    unsettled = [clip for clip in clips if clip not in readings]
    if unsettled:
        raise BadInput.of(
            "gold.not_settled",
            f"clip {unsettled[0]} is not settled",
            "choose settled clips, or give the reading by hand with --reading",
        )
    return _added(workspace, {clip: readings[clip] for clip in clips}, why)


def add_drawn(workspace: Workspace, number: int, *, seed: int, why: str) -> AddedGold:
    """Draw among the settled clips that are not known yet: balanced over classes, and some without an event.

    Raises:
        BadInput: no reason is given, or there are fewer such clips.
    """
    with workspace.read() as records:
        known = records.gold()
        readings = {clip: one for clip, one in settled_readings(records, workspace).items() if clip not in known}
    if len(readings) < number:
        raise BadInput.of(
            "gold.too_few",
            f"{number} clips are wanted, and {len(readings)} are settled and not known yet",
            "ask for fewer, or settle more",
        )
    n_free = event_free_among(number, workspace.protocol)
    drawn = draw_balanced(readings, number, n_free=n_free, codebook=workspace.codebook, seed=seed)
    added = _added(workspace, {clip: readings[clip] for clip in drawn}, why)
    return AddedGold(clips=added.clips, findings=lacking(readings, drawn, n_free, workspace.codebook))


def add_by_hand(workspace: Workspace, clip: ClipId, reading: Coding, *, why: str) -> AddedGold:
    """Take a reading that a person gives as known.

    Raises:
        BadInput: no reason is given, there is no such clip, or the reading does not fit it or the codebook.
    """
    if reading.note.strip():
        raise BadInput.of(
            "gold.note", "the reading holds a note, which coders would be shown", "take it out, or put it in --because"
        )
    with workspace.read() as records:
        clock = records.clip(clip).clock
    fields = workspace.protocol.coding.turns[-1].fields
    check_answer(reading, Stage.CODING, clock, workspace.codebook, fields=fields)
    return _added(workspace, {clip: reading}, why)


def known_clips(workspace: Workspace) -> tuple[KnownClip, ...]:
    """Every clip of known reading, by id."""
    with workspace.read() as records:
        gold = records.gold()
        had: dict[ClipId, set[str]] = defaultdict(set)
        for ticket in records.tickets():
            if ticket.purpose in (Purpose.GOLD, Purpose.TRAINING):
                had[ticket.clip].add(ticket.coder)
    return tuple(
        KnownClip(
            clip=clip,
            reading=one.reading,
            why=one.why,
            n_events=len(events_of(one.reading, workspace.codebook)),
            emotion_class=_class_of(one.reading, workspace.codebook) or None,
            n_had=len(had[clip]),
        )
        for clip, one in sorted(gold.items())
    )


def settled_readings(
    records: Reader, workspace: Workspace, clips: Collection[ClipId] | None = None
) -> dict[ClipId, Coding]:
    """What stands of each settled clip, by id, without clips of subjects who left.

    Args:
        records: one view of the workspace.
        workspace: its protocol and codebook.
        clips: look at these only; None: at all.
    """
    away, erased, people = records.withdrawn(), records.erased(), records.people()
    wanted = {
        clip
        for clip, stage in records.stages().items()
        if stage is Stage.SETTLED
        and (clips is None or clip in clips)
        and clip not in erased
        and not people[clip] & away
    }
    said: dict[ClipId, list[Judgement]] = defaultdict(list)
    if clips is None:
        for judgement in records.judgements(purposes=(Purpose.ORDINARY,)):
            if judgement.clip in wanted:
                said[judgement.clip].append(judgement)
    else:
        for clip in wanted:
            said[clip].extend(records.judgements(clip))
    terms = records.terms()
    readings = {}
    for clip in sorted(wanted):
        now = course(said[clip], workspace.protocol, records.clip(clip).clock, workspace.codebook, terms[clip])
        if now.consensus is not None:
            readings[clip] = reading_of(now.consensus)
    return readings


def event_free_among(number: int, protocol: Protocol) -> int | None:
    """How many of so many gold clips shall hold no event: the qualification's proportion; None: it names none."""
    asked = protocol.qualification
    return None if asked is None else math.ceil(round(number * asked.event_free / asked.clips, 9))


def draw_balanced(
    readings: Mapping[ClipId, Coding], number: int, *, n_free: int | None, codebook: Codebook, seed: int
) -> tuple[ClipId, ...]:
    """Draw clips evenly over the classes of their first events.

    Args:
        readings: what is known of each clip.
        number: how many; fewer come where there are fewer.
        n_free: so many without an event, as far as there are; None: these are one class among the others.
        codebook: says which class an emotion has.
        seed: another seed draws others.

    Returns:
        Clips sorted by id.
    """
    of_class: dict[str, list[ClipId]] = defaultdict(list)
    free: list[ClipId] = []
    for clip in sorted(readings, key=lambda clip: by_lot(seed, "gold", clip)):
        if events_of(readings[clip], codebook):
            of_class[_class_of(readings[clip], codebook)].append(clip)
        else:
            free.append(clip)
    if n_free is None:
        of_class["event-free"], n_free, free = free, 0, []
    rows = zip_longest(*(of_class[name] for name in sorted(of_class)))
    with_event = [clip for clip in chain.from_iterable(rows) if clip is not None]
    n_free = min(n_free, len(free), number)
    chosen = [*free[:n_free], *with_event[: number - n_free]]
    chosen += free[n_free : n_free + number - len(chosen)]
    return tuple(sorted(chosen))


def lacking(
    readings: Mapping[ClipId, Coding], drawn: Iterable[ClipId], n_free: int | None, codebook: Codebook
) -> tuple[Finding, ...]:
    """What to say where fewer clips without an event were drawn than wanted."""
    found = sum(not events_of(readings[clip], codebook) for clip in drawn)
    if n_free is None or found >= n_free:
        return ()
    return (
        Finding(
            code="gold.few_event_free",
            what=f"{n_free} clips without an event are wanted, and there are {found}",
            remedy="settle more stretches without a candidate, or name such a clip with --reading",
            severity=Severity.WARNING,
            parameters={"wanted": n_free, "found": found},
        ),
    )


def _class_of(reading: Coding, codebook: Codebook) -> str:
    events = sorted(events_of(reading, codebook), key=lambda event: event.span.onset)
    of_emotion = {entry.code: entry.emotion_class or "" for entry in codebook.emotions}
    return of_emotion.get(events[0].emotion, "") if events else ""


def _added(workspace: Workspace, readings: Mapping[ClipId, Coding], why: str) -> AddedGold:
    if not why.strip():
        raise BadInput.of("gold.no_reason", "gold needs a reason", "say where the reading comes from")
    gold = tuple(GoldClip(clip=clip, reading=reading, why=why) for clip, reading in readings.items())
    with workspace.write() as records:
        records.add_gold(gold)
    return AddedGold(clips=gold)

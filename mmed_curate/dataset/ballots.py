"""Who said what of a settled event: the coders whose coding counted, each with the event that they marked.

The coders' events are matched among each other as agreement matches them (`agreement.matching`). A group of theirs is
the settled event where its median span is matched with the settled one, by the same rule. Of a clip that was coded
more than once, the last coding counts, as it does for the consensus.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mmed_curate.agreement.gathering import matched
from mmed_curate.agreement.matching import match_events
from mmed_curate.agreement.reading import median_frame, one_mark_each
from mmed_curate.agreement.settle import Course, course
from mmed_curate.dataset.answers import judgement_of
from mmed_curate.dataset.asked import NO_CLASS, Field, Vote
from mmed_curate.dataset.judged import judged_from, settled_events
from mmed_curate.dataset.rows import ClipRow, JudgedClipRow, JudgementRow
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.judgements import CodedEvent, Coding
from mmed_curate.domain.protocol import Protocol
from mmed_curate.domain.time import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """What the coders whose coding counted said of one settled event."""

    events: Mapping[str, CodedEvent | None]
    """By the coder's pseudonym, sorted; None: this coder marked no such event, which is a vote that there was none."""
    codebook: Codebook

    def votes(self, field: Field) -> dict[str, Vote]:
        """What each of them chose, by pseudonym."""
        return {
            coder: None if event is None else vote_of(event, field, self.codebook)
            for coder, event in self.events.items()
        }


def vote_of(event: CodedEvent, field: Field, codebook: Codebook) -> str | tuple[str, ...]:
    """What one coder's event says in one field; an emotion that is in no class says NO_CLASS."""
    if field is Field.EMOTION_CLASS:
        return codebook.class_of(event.emotion) or NO_CLASS
    if field is Field.ACTION_UNITS:
        return tuple(sorted(one_mark_each(event.action_units)))
    return event.emotion if field is Field.EMOTION else event.event_type


def ballots_in(
    clips: Iterable[ClipRow],
    judged: Iterable[JudgedClipRow],
    judgements: Iterable[JudgementRow],
    protocol: Protocol,
    codebook: Codebook,
) -> dict[str, Ballot]:
    """The ballot of each clip, by its name, in the order of the clips.

    Args:
        clips: rows of clips.csv.
        judged: rows of judged-clips.csv, of at least the clips that were judged for these.
        judgements: rows of judgements.csv, of at least those.
        protocol, codebook: those of the release.

    Raises:
        KeyError: the judgements do not give a clip that is listed.
        BadInput: they are no history of a clip.
    """
    found: dict[str, Ballot] = {}
    for one in judged_from(judged, map(judgement_of, judgements)):
        ballots = ballots_of(course(one.judgements, protocol, one.clock, codebook, one.terms), protocol, codebook)
        found.update(
            {one.clip if place == 0 else f"{one.clip}-e{place + 1}": ballot for place, ballot in ballots.items()}
        )
    return {row.clip: found[row.clip] for row in clips}


def ballots_of(found: Course, protocol: Protocol, codebook: Codebook) -> dict[int, Ballot]:
    """The ballot of each settled event of one clip, by the event's place among all that were settled.

    Args:
        found: where the clip stands.
        protocol: says from which overlap on two events are the same.
        codebook: says which event types are none.
    """
    settled = settled_events(found, codebook)
    if not settled:
        return {}
    coders = [said.coder for said in found.coded if isinstance(said.answer, Coding)]
    events, groups = matched(found.coded, protocol, codebook)
    medians = [
        _median([events[at][index].span for at, index in enumerate(group) if index is not None]) for group in groups
    ]
    pairs = match_events([medians, [event.span for event in settled.values()]], match_iou=protocol.match_iou)
    group_of = {event: groups[group] for group, event in pairs if group is not None and event is not None}
    nobody: tuple[int | None, ...] = (None,) * len(coders)
    return {
        place: Ballot(
            events=dict(
                sorted(
                    (str(coder), None if index is None else own[index])
                    for coder, own, index in zip(coders, events, group_of.get(at, nobody), strict=True)
                )
            ),
            codebook=codebook,
        )
        for at, place in enumerate(settled)
    }


def _median(spans: list[Span]) -> Span:
    return Span(
        onset=median_frame([span.onset for span in spans]),
        apex=median_frame([span.apex for span in spans]),
        offset=median_frame([span.offset for span in spans]),
    )

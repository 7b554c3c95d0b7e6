"""What changes from one codebook to another, and which judgements that touches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from mmed_curate.domain.codebook import Codebook, Entry
from mmed_curate.domain.findings import BadInput, Finding
from mmed_curate.domain.judgements import Adjudication, Answer, CodedEvent, Coding, Judgement


class Change(Enum):
    """What happened to a code."""

    ADDED = "added"
    REMOVED = "removed"
    MEANING = "meaning"
    """Its definition, class, region or kind is another one now."""
    WORDS = "words"
    """Only its labels, source or example are."""


_LISTS = (
    "classes",
    "event_types",
    "emotions",
    "action_units",
    "vocal_cues",
    "cue_owners",
    "confidences",
    "bases",
    "regions",
)
_WORDS = frozenset({"label", "source", "example"})
"""Keys of an entry that change how it reads, not what it means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeChange:
    """One code that is not as it was."""

    kind: str
    """Which list of the codebook: `emotions`, `action_units` …"""
    code: str
    change: Change
    touched: int
    """Judgements, gold readings and self-reports that use it."""


def code_changes(
    old: Codebook,
    new: Codebook,
    judgements: Iterable[Judgement] = (),
    gold: Iterable[Coding] = (),
    reported: Iterable[str] = (),
) -> tuple[CodeChange, ...]:
    """Codes that came, went or changed, in the order of the codebook's lists.

    Args:
        old: the codebook so far.
        new: the one that is to come.
        judgements: those that may be touched.
        gold: readings that are taken as known.
        reported: emotion codes that players named themselves.
    """
    answers = [one.answer for one in judgements]
    said = [frozenset(_used(answer)) for answer in (*answers, *gold)]
    said += [frozenset({("emotions", code)}) for code in reported]
    found = []
    for kind in _LISTS:
        before = {entry.code: entry for entry in getattr(old, kind)}
        after = {entry.code: entry for entry in getattr(new, kind)}
        for code in [*before, *(code for code in after if code not in before)]:
            change = _change(before.get(code), after.get(code))
            if change is not None:
                touched = sum((kind, code) in codes for codes in said)
                found.append(CodeChange(kind=kind, code=code, change=change, touched=touched))
    return tuple(found)


def check_change(old: Codebook, new: Codebook, changes: Iterable[CodeChange]) -> None:
    """Stop a codebook that would leave judgements without their words, or change what they say in silence.

    Raises:
        BadInput: a code that judgements use is gone, or codes changed and the version did not.
    """
    changes = tuple(changes)
    lost = [one for one in changes if one.change is Change.REMOVED and one.touched]
    if lost:
        names = ", ".join(f"{one.code} ({one.kind}, {one.touched} judgements)" for one in lost)
        raise BadInput.of(
            "codebook.code_in_use",
            f"the codebook {new.name} {new.version} lacks what was judged with: {names}",
            "keep these codes; say in their definition that they are not to be used any more",
        )
    if changes and new.version == old.version and new.name == old.name:
        raise BadInput.of(
            "codebook.same_version",
            f"the codebook {new.name} changes {len(changes)} codes and is still of version {new.version}",
            "give it a new version: judgements point at theirs",
        )


def change_findings(changes: Iterable[CodeChange]) -> tuple[Finding, ...]:
    """A sentence for each change that touches judgements."""
    return tuple(
        Finding(
            code="codebook.touches",
            what=f"{one.code} ({one.kind}) means something else now; {one.touched} judgements were made before",
            remedy="have these clips coded again, or tell the readings apart by their codebook's version",
            parameters={"kind": one.kind, "code": one.code, "touched": one.touched},
        )
        for one in changes
        if one.change is Change.MEANING and one.touched
    )


def _change(before: Entry | None, after: Entry | None) -> Change | None:
    if before is None or after is None:
        return Change.ADDED if before is None else Change.REMOVED
    then, now = before.model_dump(), after.model_dump()
    differ = {key for key in {*then, *now} if then.get(key) != now.get(key)}
    if not differ:
        return None
    return Change.WORDS if differ <= _WORDS else Change.MEANING


def _used(answer: Answer) -> Iterator[tuple[str, str]]:
    if isinstance(answer, (Coding, Adjudication)):
        for event in answer.events:
            yield from _codes_of(event)


def _codes_of(event: CodedEvent) -> Iterator[tuple[str, str]]:
    yield "event_types", event.event_type
    yield "emotions", event.emotion
    yield "bases", event.basis
    if event.confidence is not None:
        yield "confidences", event.confidence
    for mark in event.action_units:
        yield "action_units", mark.code
    for cue in event.vocal_cues:
        yield "vocal_cues", cue.code
        yield "cue_owners", cue.owner
    for region in event.not_visible:
        yield "regions", region

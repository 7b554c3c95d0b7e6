"""What the coding form says in words: of choices, scores and lengths, of what is open and of what is locked. No Qt."""

from __future__ import annotations

from collections.abc import Collection

from annotator_gui.draft import DraftEvent
from annotator_gui.fields import SINGLE, Choice, Field, title, unit_number
from annotator_gui.keys import Command, KeyMap
from annotator_gui.language import Words
from annotator_gui.marks import length_note, rise_ms, total_ms
from mmed_curate.annotation import Ticket
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.judgements import ActionUnitMark, Side
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.time import FrameClock


def called(choice: Choice, words: Words) -> str:
    """What a code is called, with its number where it has one."""
    label = words.label(choice.entry)
    return f"{choice.number} {label}" if choice.number else label


def scored(mark: ActionUnitMark, words: Words) -> str:
    """Side and intensity of an action unit, in a letter each; empty: both sides, not scored."""
    side = {Side.LEFT: words("L"), Side.RIGHT: words("R"), Side.BOTH: ""}[mark.side]
    return " ".join(part for part in (side, mark.intensity.value if mark.intensity else "") if part)


def length_of(event: DraftEvent | None, clock: FrameClock, words: Words) -> str:
    """How long an event lasts, and whether that is long; empty: a mark is missing."""
    span = event.marks.span if event is not None else None
    if span is None:
        return ""
    note = length_note(span, clock)
    if note is not None:
        return words.finding(note)
    total, rise = total_ms(span, clock), rise_ms(span, clock)
    return words("{total} ms in all, {rise} ms to the apex", total=total, rise=rise)


def movement_of(event: DraftEvent | None, book: Codebook, words: Words) -> str:
    """The movement of an event as it was handed in; None: nothing happens in the clip."""
    if event is None:
        return words("Nothing happens in this clip")
    kinds, units, regions = (
        {entry.code: words.label(entry) for entry in entries}
        for entries in (book.event_types, book.action_units, book.regions)
    )
    lines = [kinds.get(event.event_type, event.event_type)]
    for mark in event.action_units:
        parts = [f"{unit_number(mark.code)} {units.get(mark.code, mark.code)}", scored(mark, words)]
        lines.append(" · ".join(part for part in parts if part))
    if event.not_visible:
        hidden = words(", ").join(regions.get(code, code) for code in event.not_visible)
        lines.append(words("cannot be seen: {parts}", parts=hidden))
    return "\n".join(line for line in lines if line)


def how_many_open(n: int, words: Words, *, shown: int) -> str:
    """How many things are still open, of which so many are spelt out at the most."""
    if n > shown:
        return words("{n} things are open; the first {shown}:", n=n, shown=shown)
    if n > 1:
        return words("{n} things are open:", n=n)
    return words("One thing is open:") if n else words("All is said.")


def mended_in(field: Field | None, ticket: Ticket, words: Words) -> str:
    """The name of the group in which something is mended; empty: none in particular."""
    if field is None:
        return ""
    if field is Field.NOTE and ticket.stage is not Stage.CODING:
        return words("Reason")
    return title(field, words)


def tag_of(field: Field, ticket: Ticket | None, wanting: Collection[Field | None], words: Words) -> tuple[str, bool]:
    """The word beside a group's name, and whether it says that something is open there.

    Args:
        field: the group.
        ticket: in hand.
        wanting: groups in which something of the event shown is open.
        words: the coder's language.
    """
    if field in wanting:
        if field is Field.VOCAL_CUES:
            return words("not heard at 1× yet"), True
        return (words("not chosen yet") if field in SINGLE else words("to be mended")), True
    if ticket is not None and field.value in {one.value for one in ticket.disputed}:
        return words("to be settled"), False
    if field is Field.VOCAL_CUES and ticket is not None and ticket.sound is None:
        return words("there is nothing to hear"), False
    if field in {Field.ACTION_UNITS, Field.VOCAL_CUES}:
        return words("any number"), False
    if field is Field.NOT_VISIBLE:
        return words("where something hides the face"), False
    if field is Field.NOTE:
        return words("saved as you type"), False
    return "", False


def hint(field: Field | None, words: Words, keys: KeyMap) -> str:
    """How the field in hand is filled in; empty: none is in hand."""
    if field is None:
        return ""
    if field is Field.NOTE:
        return words("{field}: Esc goes back to the codes.", field=title(field, words))
    return words(
        "{field}: press the key on a chip, or {search} and type. {next} goes on.",
        field=title(field, words),
        search=keys.shown(Command.SEARCH),
        next=keys.shown(Command.NEXT_FIELD),
    )

"""Fields of the coding form: which take something now, which key chooses what, what a word finds. Knows no Qt."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from annotator_gui import acts
from annotator_gui.acts import Act
from annotator_gui.draft import Draft, DraftEvent
from annotator_gui.keys import CODE_KEYS, code_keys
from annotator_gui.language import ENGLISH, Words
from annotator_gui.marks import Range
from mmed_curate.annotation import Ticket
from mmed_curate.domain.codebook import ActionUnitEntry, Codebook, Entry
from mmed_curate.domain.findings import BadInput, Finding
from mmed_curate.domain.protocol import AnswerField, Stage
from mmed_curate.domain.time import Frame, FrameClock


class Field(Enum):
    """One group of the form; finer than what a ticket asks: parts of the face and owners of cues have their own."""

    SPAN = "span"
    EVENT_TYPE = "event_type"
    ACTION_UNITS = "action_units"
    NOT_VISIBLE = "not_visible"
    EMOTION = "emotion"
    BASIS = "basis"
    VOCAL_CUES = "vocal_cues"
    CUE_OWNERS = "cue_owners"
    CONFIDENCE = "confidence"
    NOTE = "note"


SINGLE: Mapping[Field, AnswerField] = {
    Field.EVENT_TYPE: AnswerField.EVENT_TYPE,
    Field.EMOTION: AnswerField.EMOTION,
    Field.BASIS: AnswerField.BASIS,
    Field.CONFIDENCE: AnswerField.CONFIDENCE,
}
"""Fields that take one code."""
MOVEMENT = frozenset({Field.SPAN, Field.EVENT_TYPE, Field.ACTION_UNITS, Field.NOT_VISIBLE})
"""What is handed in before an emotion may be named."""
_NEVER_LED_TO = frozenset({Field.NOT_VISIBLE, Field.CUE_OWNERS, Field.NOTE})
"""A choice leads on past these: most events need none of them."""
_OF_FINDINGS: Mapping[str, Field] = {
    "gui.nothing_said": Field.SPAN,
    "gui.marks_missing": Field.SPAN,
    "gui.not_heard": Field.VOCAL_CUES,
    "desk.not_visible": Field.NOT_VISIBLE,
    "desk.speech": Field.ACTION_UNITS,
    "desk.basis": Field.BASIS,
    "desk.outside": Field.SPAN,
    "desk.words_too_long": Field.NOTE,
    "desk.unreadable": Field.NOTE,
    "judgement.action_unit_twice": Field.ACTION_UNITS,
    "judgement.region_twice": Field.NOT_VISIBLE,
    "judgement.no_reason": Field.NOTE,
    "judgement.same_event_twice": Field.SPAN,
}
_LEAST_OF_MEANING = 3
"""Signs from which on definitions are searched too: two letters stand in all of them (ours)."""
_UNIT = re.compile(r"^au0*(\d+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One code that a field offers."""

    field: Field
    entry: Entry
    key: str = ""
    """The key that chooses it while its field is in hand; empty: it is found by typing."""
    number: str = ""
    """Of an action unit, as FACS counts; empty: it has none."""
    region: str = ""
    """Of an action unit: code of the part of the face."""

    @property
    def code(self) -> str:
        """The codebook's word for it."""
        return self.entry.code


def title(field: Field, words: Words) -> str:
    """What stands over a field."""
    return {
        Field.SPAN: words("Marks"),
        Field.EVENT_TYPE: words("Type of event"),
        Field.ACTION_UNITS: words("Action units"),
        Field.NOT_VISIBLE: words("Cannot be seen"),
        Field.EMOTION: words("Emotion"),
        Field.BASIS: words("What it rests on"),
        Field.VOCAL_CUES: words("Vocal cues"),
        Field.CUE_OWNERS: words("Whose cue it is"),
        Field.CONFIDENCE: words("How sure you are"),
        Field.NOTE: words("Note"),
    }[field]


def groups(fields: Iterable[AnswerField], book: Codebook) -> tuple[Field, ...]:
    """The groups that show these fields, in the order in which they are asked."""
    shown: list[Field] = []
    for asked in fields:
        shown.append(Field(asked.value))
        if asked is AnswerField.ACTION_UNITS and book.regions:
            shown.append(Field.NOT_VISIBLE)
        if asked is AnswerField.VOCAL_CUES:
            shown.append(Field.CUE_OWNERS)
    return tuple(shown)


def open_groups(ticket: Ticket, draft: Draft, *, movement_given: bool) -> tuple[Field, ...]:
    """The groups that take something now, in order; marks are left out, they have keys of their own."""
    taking = []
    for field in groups(ticket.fields, ticket.codebook):
        if field is Field.SPAN or (movement_given and field in MOVEMENT):
            continue
        if field is Field.NOTE and ticket.stage is not Stage.CODING:
            continue  # who adjudicates gives a reason in place of a note
        if field is not Field.NOTE and movement_given and not draft.events:
            continue  # nothing happens: there is nothing to name
        if field is Field.CUE_OWNERS and not (draft.event and draft.event.vocal_cues):
            continue
        taking.append(field)
    return tuple(taking)


def beside(field: Field | None, taking: Sequence[Field], by: int) -> Field | None:
    """The group after (by = 1) or before (by = -1) the one in hand, round and round. None: none takes anything."""
    if not taking:
        return None
    if field not in taking:
        return taking[0 if by > 0 else -1]
    return taking[(taking.index(field) + by) % len(taking)]


def after_choice(field: Field, taking: Sequence[Field], event: DraftEvent | None, *, with_sound: bool) -> Field:
    """Where a choice leads: on to what can be said next, else back to what was passed over, else it stays.

    Args:
        field: the one in which a code was just chosen.
        taking: groups that take something now.
        event: as it is after the choice.
        with_sound: whether anything can be heard; else nothing leads to vocal cues.
    """
    if field not in taking or not (field in SINGLE or field is Field.CUE_OWNERS):
        return field
    place = taking.index(field)
    for later in taking[place + 1 :]:
        if later in _NEVER_LED_TO or (later is Field.VOCAL_CUES and not with_sound):
            continue
        if later not in SINGLE or not chosen(later, event):
            return later
    return next((one for one in taking if one in SINGLE and not chosen(one, event)), field)


def unit_number(code: str) -> str:
    """What FACS people call an action unit: 12 for au12; a code that is no number stays a word, in capitals."""
    found = _UNIT.match(code)
    return found.group(1) if found else code.upper()


def unit_keys(codes: Sequence[str]) -> Mapping[str, str]:
    """By key: the action unit that it chooses. A digit chooses the unit of that number and no other."""
    digits = {unit_number(code): code for code in codes if len(unit_number(code)) == 1}
    digits = {key: code for key, code in digits.items() if key.isdigit()}
    letters = [key for key in CODE_KEYS if not key.isdigit()]
    return digits | dict(zip(letters, [code for code in codes if code not in digits.values()], strict=False))


def choices(field: Field, ticket: Ticket) -> tuple[Choice, ...]:
    """What a group offers at this ticket, in the codebook's order."""
    return offered(field, ticket.codebook, bases=acts.selectable_bases(ticket))


def offered(field: Field, book: Codebook, *, bases: Sequence[str]) -> tuple[Choice, ...]:
    """What a group offers, with the key of each code.

    Args:
        field: the group.
        book: what can be chosen.
        bases: codes of what a label can rest on where it is asked.
    """
    entries = _entries(field, book)
    if field is Field.BASIS:
        entries = tuple(entry for entry in entries if entry.code in bases)
    codes = [entry.code for entry in entries]
    keys = unit_keys(codes) if field is Field.ACTION_UNITS else code_keys(codes)
    key_of = {code: key for key, code in keys.items()}
    return tuple(
        Choice(
            field=field,
            entry=entry,
            key=key_of.get(entry.code, ""),
            number=unit_number(entry.code) if field is Field.ACTION_UNITS else "",
            region=entry.region if isinstance(entry, ActionUnitEntry) else "",
        )
        for entry in entries
    )


def chosen(field: Field, event: DraftEvent | None, *, cue: int | None = None) -> frozenset[str]:
    """Codes that an event has in a group.

    Args:
        field: the group.
        event: the event; None: there is none.
        cue: place of the vocal cue in hand; only whose it is asks for it.
    """
    if event is None:
        return frozenset()
    if field is Field.CUE_OWNERS:
        there = cue is not None and cue < len(event.vocal_cues)
        return frozenset({event.vocal_cues[cue].owner}) if there and cue is not None else frozenset()
    several = {
        Field.ACTION_UNITS: [one.code for one in event.action_units],
        Field.NOT_VISIBLE: event.not_visible,
        Field.VOCAL_CUES: [one.code for one in event.vocal_cues],
        Field.EVENT_TYPE: [event.event_type],
        Field.EMOTION: [event.emotion],
        Field.BASIS: [event.basis],
        Field.CONFIDENCE: [event.confidence],
    }.get(field, [])
    return frozenset(code for code in several if code)


def says_nothing(offered: Iterable[Choice]) -> frozenset[str]:
    """Of some codes, those that say that nothing happens in the clip."""
    return frozenset(
        one.code for one in offered if one.field is Field.EVENT_TYPE and not getattr(one.entry, "is_event", True)
    )


def act_of(choice: Choice, draft: Draft, *, heard_in: Range, cue: int | None) -> Act | None:
    """What choosing a code does; None: nothing, since there is no cue to say it of.

    Args:
        choice: the code.
        draft: as it is before.
        heard_in: where a vocal cue is put.
        cue: place of the vocal cue in hand.
    """
    if choice.field in SINGLE:
        if draft.nothing and choice.code in says_nothing([choice]):
            return acts.nothing()  # the same again takes it back
        return acts.choose(SINGLE[choice.field], choice.code)
    if choice.field is Field.ACTION_UNITS:
        return acts.toggle_unit(choice.code)
    if choice.field is Field.NOT_VISIBLE:
        return acts.toggle_region(choice.code)
    if choice.field is Field.VOCAL_CUES:
        return acts.add_cue(choice.code, *heard_in)
    if choice.field is Field.CUE_OWNERS and cue is not None:
        return acts.change_cue(cue, owner=choice.code)
    return None


def after(act: Act, draft: Draft, ticket: Ticket) -> Draft:
    """What a draft will be once an act is done; the same where it cannot be."""
    try:
        return act.apply(draft, ticket)
    except BadInput:
        return draft


def cue_range(selection: Range | None, event: DraftEvent | None, clock: FrameClock) -> Range:
    """Where a new vocal cue is put: on what is selected, else on the event, else on the whole clip."""
    if selection is not None:
        return selection
    span = event.marks.span if event is not None else None
    return (Frame(0), clock.last_frame) if span is None else (span.onset, span.offset)


def field_of(finding: Finding) -> Field | None:
    """The group in which a finding can be mended; None: none in particular."""
    named = finding.parameters.get("field")
    if isinstance(named, str) and named in {field.value for field in Field}:
        return Field(named)
    return _OF_FINDINGS.get(finding.code)


def event_of(finding: Finding) -> int | None:
    """Place of the event that a finding is about, from 0; None: it does not say."""
    number = finding.parameters.get("event")
    return number - 1 if isinstance(number, int) else None


def not_heard(missing: Iterable[Finding]) -> frozenset[tuple[str, Frame, Frame]]:
    """Vocal cues that were not heard at full speed yet: code, first and last frame."""
    return frozenset(
        (str(one.parameters["cue"]), Frame(int(one.parameters["first"])), Frame(int(one.parameters["last"])))
        for one in missing
        if one.code == "gui.not_heard"
    )


def matches(
    text: str, among: Iterable[Choice], *, words: Words, in_hand: Field | None, limit: int = 8
) -> tuple[Choice, ...]:
    """Codes that a coder may mean by what they typed, the likeliest first.

    First the number, code or label itself, then labels with words that begin so, in the coder's language before
    English, then labels that hold it, then definitions. Among equals those of the field in hand come first, and what
    is seldom said comes last.
    """
    wanted = _plain(text)
    if not wanted:
        return ()
    ranked = []
    for place, choice in enumerate(among):
        rank = _rank(wanted, choice, words)
        if rank is not None:
            likely = (rank, choice.field is not in_hand, choice.field in _NEVER_LED_TO)
            ranked.append((*likely, not _plain(words.label(choice.entry)).startswith(wanted), place, choice))
    return tuple(choice for *_, choice in sorted(ranked, key=lambda one: one[:5])[:limit])


def _entries(field: Field, book: Codebook) -> tuple[Entry, ...]:
    lists: Mapping[Field, tuple[Entry, ...]] = {
        Field.EVENT_TYPE: book.event_types,
        Field.ACTION_UNITS: book.action_units,
        Field.NOT_VISIBLE: book.regions,
        Field.EMOTION: book.emotions,
        Field.BASIS: book.bases,
        Field.VOCAL_CUES: book.vocal_cues,
        Field.CUE_OWNERS: book.cue_owners,
        Field.CONFIDENCE: book.confidences,
    }
    return lists.get(field, ())


def _plain(text: str) -> str:
    """Without case, accents and doubled spaces."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(sign for sign in apart if not unicodedata.combining(sign)).split())


def _rank(wanted: str, choice: Choice, words: Words) -> int | None:
    own, english = _plain(words.label(choice.entry)), _plain(choice.entry.label[ENGLISH])
    code, number = choice.code, choice.number.casefold()
    if wanted in {code, number, own} or wanted.replace(" ", "") == code:
        return 0
    for rank, label in ((1, own), (2, english)):
        if label.startswith(wanted) or _begins_words(wanted, label):
            return rank
    if code.startswith(wanted) or number.startswith(wanted):
        return 3
    if wanted.isdigit():
        return None  # 1 means the unit, not a word with a 1 in it
    if wanted in own or wanted in english:
        return 4
    if len(wanted) < _LEAST_OF_MEANING:
        return None
    definition = _plain(choice.entry.definition)
    if _begins_words(wanted, definition):
        return 5
    return 6 if wanted in definition else None


def _begins_words(wanted: str, text: str) -> bool:
    """Whether each of the wanted words begins a word of the text."""
    there = re.split(r"[^\w]+", text)
    return all(any(one.startswith(part) for one in there) for part in wanted.split())

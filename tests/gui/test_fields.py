"""Fields of the form without a form: what is asked when, where a choice leads, which key does what, what words find."""

from __future__ import annotations

import pytest
from builders.forms import MOVEMENT, PlainDesk, a_ticket, movement_first, sixty_units

from annotator_gui import acts
from annotator_gui.acts import Act
from annotator_gui.draft import EMPTY, Draft, DraftEvent
from annotator_gui.fields import (
    Choice,
    Field,
    act_of,
    after,
    after_choice,
    beside,
    choices,
    cue_range,
    event_of,
    field_of,
    matches,
    open_groups,
    unit_keys,
    unit_number,
)
from annotator_gui.language import Words
from annotator_gui.marks import Mark
from annotator_gui.session import Sitting
from annotator_gui.timeaxis import ms_of
from mmed_curate.annotation import Ticket
from mmed_curate.domain.codebook import load_codebook
from mmed_curate.domain.findings import Finding
from mmed_curate.domain.judgements import Intensity, Side, VocalCueMark
from mmed_curate.domain.protocol import AnswerField, Stage
from mmed_curate.domain.time import Frame

WHOLE = (Frame(0), Frame(119))


def found(text: str, *, in_hand: Field | None = None, code: str = "en") -> list[str]:
    """Codes that a text finds among all of our codebook."""
    ticket = a_ticket()
    words = Words()
    words.code = code
    offered = [one for field in Field for one in choices(field, ticket)]
    return [f"{one.field.value}:{one.code}" for one in matches(text, offered, words=words, in_hand=in_hand)]


def choice(ticket: Ticket, field: Field, code: str) -> Choice:
    return next(one for one in choices(field, ticket) if one.code == code)


def test_before_the_movement_is_given_only_what_is_seen_takes_codes() -> None:
    assert open_groups(movement_first(), EMPTY, movement_given=False) == (
        Field.EVENT_TYPE,
        Field.ACTION_UNITS,
        Field.NOT_VISIBLE,
    )


def test_after_it_the_rest_is_open_and_the_movement_is_not() -> None:
    draft = Draft(events=(DraftEvent(),), selected=0)
    assert open_groups(a_ticket(), draft, movement_given=True) == (
        Field.EMOTION,
        Field.BASIS,
        Field.VOCAL_CUES,
        Field.CONFIDENCE,
        Field.NOTE,
    )


def test_where_nothing_happens_only_a_note_is_left_to_write() -> None:
    assert open_groups(a_ticket(), Draft(nothing=True), movement_given=True) == (Field.NOTE,)


def test_whose_a_cue_is_can_be_said_once_there_is_one() -> None:
    cue = VocalCueMark(code="laugh", onset=Frame(1), offset=Frame(2), owner="subject")
    draft = Draft(events=(DraftEvent(vocal_cues=(cue,)),), selected=0)
    assert Field.CUE_OWNERS in open_groups(a_ticket(), draft, movement_given=False)
    assert Field.CUE_OWNERS not in open_groups(a_ticket(), EMPTY, movement_given=False)


def test_an_adjudicator_writes_a_reason_and_no_note() -> None:
    assert Field.NOTE not in open_groups(a_ticket(stage=Stage.ADJUDICATION), EMPTY, movement_given=False)


def test_fields_go_round() -> None:
    taking = (Field.EMOTION, Field.BASIS)
    assert beside(Field.EMOTION, taking, 1) is Field.BASIS
    assert beside(Field.BASIS, taking, 1) is Field.EMOTION
    assert beside(None, taking, -1) is Field.BASIS
    assert beside(Field.EMOTION, (), 1) is None


TAKING = (Field.EVENT_TYPE, Field.ACTION_UNITS, Field.NOT_VISIBLE, Field.EMOTION, Field.BASIS, Field.VOCAL_CUES)
TAKING = (*TAKING, Field.CUE_OWNERS, Field.CONFIDENCE, Field.NOTE)


@pytest.mark.parametrize(
    ("chosen", "event", "with_sound", "leads_to"),
    [
        (Field.EVENT_TYPE, DraftEvent(event_type="micro"), True, Field.ACTION_UNITS),
        (Field.ACTION_UNITS, DraftEvent(), True, Field.ACTION_UNITS),  # there may be more of them
        (Field.EMOTION, DraftEvent(emotion="fear"), True, Field.BASIS),
        (Field.EMOTION, DraftEvent(emotion="fear", basis="appearance"), True, Field.VOCAL_CUES),
        (Field.EMOTION, DraftEvent(emotion="fear", basis="appearance"), False, Field.CONFIDENCE),
        (Field.CUE_OWNERS, DraftEvent(), True, Field.CONFIDENCE),
        (Field.CONFIDENCE, DraftEvent(confidence="low", event_type="micro", basis="x"), True, Field.EMOTION),
        (
            Field.CONFIDENCE,
            DraftEvent(confidence="low", event_type="a", emotion="b", basis="c"),
            True,
            Field.CONFIDENCE,
        ),
    ],
)
def test_a_choice_leads_to_what_can_be_said_next(
    chosen: Field, event: DraftEvent, with_sound: bool, leads_to: Field
) -> None:
    assert after_choice(chosen, TAKING, event, with_sound=with_sound) is leads_to


def test_a_digit_is_the_key_of_the_action_unit_of_that_number_only() -> None:
    keys = unit_keys([unit.code for unit in load_codebook("mmed").action_units])
    assert {key: code for key, code in keys.items() if key.isdigit()} == {
        "1": "au1", "2": "au2", "4": "au4", "5": "au5", "6": "au6", "7": "au7", "9": "au9",
    }  # fmt: skip
    assert len(keys) == len(load_codebook("mmed").action_units)


def test_of_sixty_action_units_those_without_a_key_are_found_by_number() -> None:
    book = sixty_units()
    offered = choices(Field.ACTION_UNITS, a_ticket(book=book))
    without = [one for one in offered if not one.key]
    assert len(offered) == 60
    assert without
    for one in offered:
        assert matches(one.number, offered, words=Words(), in_hand=None)[0] is one


def test_keys_of_a_field_are_each_of_one_code() -> None:
    ticket = a_ticket(book=sixty_units())
    for field in Field:
        keys = [one.key for one in choices(field, ticket) if one.key]
        assert len(set(keys)) == len(keys)


def test_numbers_are_those_of_facs() -> None:
    assert (unit_number("au12"), unit_number("au05"), unit_number("ad29")) == ("12", "5", "AD29")


def test_only_what_is_shown_can_be_rested_on() -> None:
    assert [one.code for one in choices(Field.BASIS, a_ticket())] == ["appearance"]


def test_a_number_finds_its_unit_first() -> None:
    assert found("12")[0] == "action_units:au12"
    assert found("1")[:2] == ["action_units:au1", "action_units:au10"]
    assert found("au12") == ["action_units:au12"]
    assert found("AU 12") == ["action_units:au12"]


def test_words_find_labels_before_definitions() -> None:
    assert found("corner")[:3] == ["action_units:au12", "action_units:au15", "not_visible:mouth-corners"]
    assert found("lip cor")[:2] == ["action_units:au12", "action_units:au15"]
    assert found("dimple")[0] == "action_units:au14"


def test_among_equals_the_field_in_hand_comes_first() -> None:
    assert found("surprise")[0] == "emotion:surprise"
    assert found("unclear", in_hand=Field.CUE_OWNERS)[0] == "cue_owners:unclear"
    assert found("unclear", in_hand=Field.EVENT_TYPE)[0] == "event_type:unclear"


def test_own_language_and_english_both_find() -> None:
    assert found("嘴角上", code="zh-Hans") == ["action_units:au12"]
    assert found("dimpler", code="zh-Hans")[0] == "action_units:au14"


def test_definitions_find_where_nothing_else_does() -> None:
    assert found("cheekbones") == ["action_units:au12"]
    assert found("no such word") == []
    assert found("  ") == []


def test_a_cue_lies_on_what_is_selected_else_on_the_event_else_on_the_clip() -> None:
    clock = a_ticket().clock
    event = DraftEvent()
    for mark, frame in ((Mark.ONSET, 5), (Mark.APEX, 6), (Mark.OFFSET, 9)):
        event = after(acts.set_mark(mark, Frame(frame)), Draft(events=(event,), selected=0), a_ticket()).events[0]
    assert cue_range((Frame(1), Frame(2)), event, clock) == (1, 2)
    assert cue_range(None, event, clock) == (5, 9)
    assert cue_range(None, None, clock) == WHOLE


def test_the_code_for_nothing_again_takes_it_back() -> None:
    ticket = a_ticket()
    nothing = choice(ticket, Field.EVENT_TYPE, "none")
    said = after(_act(nothing, EMPTY), EMPTY, ticket)
    assert said.nothing
    assert not after(_act(nothing, said), said, ticket).nothing


def test_a_finding_says_where_it_is_mended() -> None:
    def one(code: str, **parameters: str | int) -> Finding:
        return Finding(code=code, what="x", remedy="y", parameters=parameters)

    assert field_of(one("gui.not_chosen", event=2, field="confidence")) is Field.CONFIDENCE
    assert event_of(one("gui.not_chosen", event=2, field="confidence")) == 1
    assert field_of(one("gui.marks_missing", event=1)) is Field.SPAN
    assert field_of(one("desk.speech")) is Field.ACTION_UNITS
    assert field_of(one("desk.other")) is None


def test_times_count_from_the_clips_first_frame() -> None:
    assert ms_of(Frame(12), a_ticket().clock) == 120  # 12 frames of 10 ms


def _act(one: Choice, draft: Draft) -> Act:
    act = act_of(one, draft, heard_in=WHOLE, cue=None)
    assert act is not None
    return act


@pytest.mark.parametrize("first", [True, False])
def test_an_event_with_one_action_unit_takes_at_most_twelve_entries(first: bool) -> None:
    """Marks 3, type, unit, side, intensity, emotion, confidence, and one or two hand-ins."""
    desk = PlainDesk([movement_first() if first else a_ticket()])
    sitting = Sitting(desk)
    ticket = sitting.take().view.ticket
    assert ticket is not None
    for mark, frame in ((Mark.ONSET, 20), (Mark.APEX, 38), (Mark.OFFSET, 66)):
        sitting.act(acts.set_mark(mark, Frame(frame)))
    sitting.act(_act(choice(ticket, Field.EVENT_TYPE, "micro"), EMPTY))
    sitting.act(_act(choice(ticket, Field.ACTION_UNITS, "au12"), EMPTY))
    sitting.act(acts.set_unit("au12", side=Side.LEFT))
    sitting.act(acts.set_unit("au12", intensity=Intensity.B))
    if first:
        sitting.hand_in()
    sitting.act(_act(choice(ticket, Field.EMOTION, "contempt"), EMPTY))
    sitting.act(_act(choice(ticket, Field.CONFIDENCE, "high"), EMPTY))
    sitting.hand_in()
    [effort] = desk.efforts
    assert effort.entries == (11 if first else 10)
    assert effort.entries <= 12


def test_movement_and_the_rest_are_all_that_is_asked() -> None:
    ticket = movement_first()
    assert set(ticket.fields) | set(ticket.later_fields) == set(AnswerField)
    assert ticket.fields == MOVEMENT

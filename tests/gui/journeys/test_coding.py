"""A clip is coded from open to handed in with the keyboard alone; what is typed is found, kept and never lost."""

from __future__ import annotations

from builders.windows import Seat, SitDown, answers
from PyQt6.QtWidgets import QApplication

from annotator_gui.fields import Field, choices
from mmed_curate.domain.judgements import Coding, Intensity, Side
from mmed_curate.store import Workspace


def code_of(bob: Seat, field: str, place: int = 0) -> str:
    """The codebook's code at a place."""
    ticket = bob.view.ticket
    assert ticket is not None
    return str(getattr(ticket.codebook, field)[place].code)


def test_from_open_to_handed_in_without_the_mouse(bob: Seat, workspace: Workspace) -> None:
    first = bob.view.ticket
    bob.mark(20, 25, 32)
    bob.press("1")  # a micro-expression; the next field is in hand then
    bob.press("1")  # the first action unit
    bob.press("Return")
    assert bob.view.movement_given
    assert "movement is handed in" in bob.said
    bob.press("1")  # happiness; the basis can only be one
    assert bob.page.form.field is not None
    while bob.page.form.field is not Field.CONFIDENCE:
        bob.press("Tab")
    bob.press("3", "Return")
    (answer,) = answers(workspace, "bob")
    assert isinstance(answer, Coding)
    (event,) = answer.events
    assert (event.span.onset, event.span.apex, event.span.offset) == (20, 25, 32)
    assert (event.event_type, event.emotion) == ("micro", "happiness")
    assert len(event.action_units) == 1
    assert first is not None
    assert bob.view.ticket is not None
    assert bob.view.ticket.id != first.id  # the next one is there
    with workspace.read() as records:
        (effort,) = records.efforts().values()
    assert effort.entries <= 12
    assert effort.steps > 0
    assert effort.seconds_active > 0


def test_side_and_intensity_have_keys(bob: Seat) -> None:
    bob.press("1", "1", "Shift+C", "Shift+L")
    event = bob.view.draft.event
    assert event is not None
    (unit,) = event.action_units
    assert (unit.intensity, unit.side) == (Intensity.C, Side.LEFT)


def test_codes_are_found_by_typing(bob: Seat) -> None:
    bob.press("/")
    bob.type("lip corner pull")
    bob.press("Return")
    event = bob.view.draft.event
    assert event is not None
    assert [unit.code for unit in event.action_units] == ["au12"]
    bob.press("F2")  # keys are keys again
    assert bob.marks == (0, None, None)


def test_letters_typed_while_searching_choose_nothing(bob: Seat) -> None:
    bob.press("/")
    bob.type("1qa")
    assert not bob.view.draft.events
    bob.press("Esc", "1")
    assert bob.view.draft.event is not None
    assert bob.view.draft.event.event_type == "micro"


def test_what_is_missing_is_said_and_enter_hands_nothing_in(bob: Seat, workspace: Workspace) -> None:
    bob.press("F2", "Return")
    assert not bob.view.movement_given
    assert "event 1 has no" in bob.said
    assert answers(workspace, "bob") == []


def to_the_note(bob: Seat) -> None:
    """Hand in that nothing moves: the note is open then."""
    bob.press("F9", "Return", "Ctrl+T")


def test_a_note_typed_and_handed_in_at_once_is_whole(bob: Seat, workspace: Workspace) -> None:
    to_the_note(bob)
    bob.type("the left corner, 2nd time", settle=False)
    bob.press("Esc", "Return")
    (answer,) = answers(workspace, "bob")
    assert isinstance(answer, Coding)
    assert answer.note == "the left corner, 2nd time"


def test_a_note_typed_before_the_window_closes_is_there_again(bob: Seat, sit_down: SitDown) -> None:
    to_the_note(bob)
    bob.type("half a word", settle=False)
    bob.leave()
    again = sit_down()
    assert again.view.draft.note == "half a word"
    assert again.page.form._note.toPlainText() == "half a word"


def test_keys_in_a_note_are_letters(bob: Seat) -> None:
    to_the_note(bob)
    before = bob.page.player.frame
    bob.type("1? /2 q")
    bob.press("Left", "Space")
    assert bob.page.player.frame == before
    assert not bob.page.player.playing
    assert bob.page.form._note.toPlainText() == "1? /2  q"
    bob.press("F2")  # a function key is none
    assert "handed in" in bob.said


def test_a_hundred_keys_in_a_row_keep_their_order(bob: Seat) -> None:
    """Ten units on and off and on again, far faster than any disk: what is there is what the last keys said."""
    assert bob.view.ticket is not None
    by_key = {choice.key: choice.code for choice in choices(Field.ACTION_UNITS, bob.view.ticket) if choice.key}
    keys = list(by_key)[:10]
    bob.press("1")
    assert bob.page.form.field is Field.ACTION_UNITS
    bob.press(*keys * 10, settle=False)
    bob.settle()
    assert bob.view.draft.event is not None
    assert bob.view.draft.event.action_units == ()  # an even number of times each
    last = [keys[place] for place in (3, 1, 7, 5)]
    bob.press(*last, settle=False)
    bob.settle()
    assert bob.view.draft.event is not None
    assert [unit.code for unit in bob.view.draft.event.action_units] == [by_key[key] for key in last]


def test_quick_fingers_code_the_same_as_slow_ones(bob: Seat, workspace: Workspace) -> None:
    """Not one key waits for the one before."""
    bob.press("F2", "Right", "F3", "Right", "F4", "1", "2", "Shift+B", "Return", settle=False)
    bob.settle()
    assert bob.view.movement_given
    event = bob.view.draft.event
    assert event is not None
    assert bob.marks == (0, 1, 2)
    assert event.event_type == "micro"
    assert [(unit.intensity) for unit in event.action_units] == [Intensity.B]


def test_two_events_coded_quickly_keep_their_own_codes(bob: Seat) -> None:
    bob.press("F2", "F3", "Right", "F4", "1", "1", "Ins", "Right", "F2", "F3", "F4", "2", "2", settle=False)
    bob.settle()
    one, two = bob.view.draft.events
    assert (one.event_type, two.event_type) == ("micro", "macro")
    assert (one.marks.onset, two.marks.onset) == (0, 2)
    assert [len(event.action_units) for event in (one, two)] == [1, 1]
    assert one.action_units != two.action_units


def test_enter_pressed_twice_answers_one_clip(bob: Seat, workspace: Workspace) -> None:
    bob.press("F9", "Return")
    bob.press("Return", "Return", "Return", settle=False)
    bob.settle()
    assert len(answers(workspace, "bob")) == 1
    assert bob.view.ticket is not None
    assert not bob.view.movement_given
    QApplication.processEvents()


def test_a_vocal_cue_needs_one_playback_at_full_speed(bob: Seat) -> None:
    bob.mark(20, 22, 24)
    bob.press("1", "1", "Return")
    while bob.page.form.field is not Field.VOCAL_CUES:
        bob.press("Tab")
    bob.press("1")
    event = bob.view.draft.event
    assert event is not None
    (cue,) = event.vocal_cues
    assert (cue.onset, cue.offset) == (20, 24)
    assert any(one.code == "gui.not_heard" for one in bob.view.missing)
    bob.press("F5", "Down", "Space", settle=False)  # half speed: stretching alters tremor and breath
    bob.wait(lambda: bob.page.sitting is not None and bob.page.sitting._counted.replays >= 1)
    assert any(one.code == "gui.not_heard" for one in bob.view.missing)
    bob.press("Up", settle=False)
    bob.wait(lambda: not any(one.code == "gui.not_heard" for one in bob.view.missing))
    bob.press("Space")
    assert bob.ear.n_started >= 2

"""A sitting without a window: what a coder does reaches the disk before anything is shown, and nothing is skipped."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from builders.stages import answer_all
from builders.watchable import a_watchable_workspace
from builders.workspace import an_answer

from annotator_gui import acts
from annotator_gui.acts import Act
from annotator_gui.draft import from_text
from annotator_gui.marks import Mark
from annotator_gui.session import Outcome, Part, Sitting
from mmed_curate.annotation import Desk, assign
from mmed_curate.annotation.recode import Wish, recode
from mmed_curate.domain.conduct import Aid, RecodingKind
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.judgements import Adjudication, Coding, Intensity, Screening, ScreeningVerdict, Side
from mmed_curate.domain.protocol import AnswerField, Stage
from mmed_curate.domain.time import Frame
from mmed_curate.store import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """One clip that can be watched, five people, the movement handed in first."""
    return a_watchable_workspace(tmp_path / "ws")


def screened(workspace: Workspace) -> None:
    """Let the screener accept the clip, and hand out its coding."""
    assign(workspace, seed=1)
    desk = Desk(workspace, "ann")
    ticket = desk.next_ticket()
    assert ticket is not None
    desk.submit(ticket.id, Screening(verdict=ScreeningVerdict.ACCEPT))
    assign(workspace, seed=1)


@pytest.fixture
def coder(workspace: Workspace) -> Sitting:
    """Bob, with a clip to code before him."""
    screened(workspace)
    sitting = Sitting(Desk(workspace, "bob"))
    sitting.take()
    return sitting


def do(sitting: Sitting, *acts_: Act) -> Outcome:
    """Do acts one after the other; what came of the last."""
    outcomes = [sitting.act(act) for act in acts_]
    return outcomes[-1]


def marks(onset: int, apex: int, offset: int) -> tuple[Act, ...]:
    """The three marks of an event."""
    return tuple(acts.set_mark(mark, Frame(at)) for mark, at in zip(Mark, (onset, apex, offset), strict=True))


def stored(workspace: Workspace, code: str) -> list[object]:
    """What the database holds of a coder's answers."""
    with workspace.read() as records:
        return [one.answer for one in records.judgements(coder=records.coder(code).id)]


def test_one_event_with_one_action_unit_takes_at_most_twelve_entries(coder: Sitting, workspace: Workspace) -> None:
    book = workspace.codebook
    do(coder, *marks(20, 25, 32), acts.choose(AnswerField.EVENT_TYPE, "micro"), acts.toggle_unit("au12"))
    given = coder.hand_in().view
    assert given.ticket is not None
    assert given.movement_given
    do(
        coder,
        acts.choose(AnswerField.EMOTION, book.emotions[0].code),
        acts.choose(AnswerField.CONFIDENCE, book.confidences[0].code),
    )
    done = coder.hand_in().view
    assert (done.ticket, done.missing) == (None, ())
    (answer,) = stored(workspace, "bob")
    assert isinstance(answer, Coding)
    (event,) = answer.events
    assert (event.span.onset, event.span.apex, event.span.offset) == (20, 25, 32)
    assert [unit.code for unit in event.action_units] == ["au12"]
    assert event.basis == "appearance"  # the only one that a coder, who is shown no context, can choose
    with workspace.read() as records:
        (effort,) = records.efforts().values()
    assert effort.entries <= 12


def test_every_act_is_on_disk_before_it_is_shown_and_survives_a_crash(coder: Sitting, workspace: Workspace) -> None:
    steps = [
        *marks(20, 25, 32),
        acts.toggle_unit("au4"),
        acts.set_unit("au4", intensity=Intensity.C),
        acts.set_note("x"),
    ]
    for act in steps:
        shown = coder.act(act).view
        assert shown.ticket is not None
        kept = Desk(workspace, "bob").draft(shown.ticket.id)
        assert kept is not None
        assert from_text(kept).now == shown.draft
    after_the_crash = Sitting(Desk(workspace, "bob")).take().view
    assert after_the_crash.draft == shown.draft
    assert after_the_crash.may_undo


def test_what_another_program_began_is_said_and_begun_anew(workspace: Workspace) -> None:
    screened(workspace)
    desk = Desk(workspace, "bob")
    ticket = desk.next_ticket()
    assert ticket is not None
    desk.save_draft(ticket.id, "of another program")
    view = Sitting(desk).take().view
    assert [note.code for note in view.notes] == ["gui.foreign_draft"]
    assert view.draft.events == ()


def test_a_second_window_of_the_same_coder_writes_over_nothing(coder: Sitting, workspace: Workspace) -> None:
    second = Sitting(Desk(workspace, "bob"))
    second.take()
    kept = do(coder, *marks(20, 25, 32)).view.draft
    for late in (lambda: second.act(acts.nothing()), second.hand_in):
        with pytest.raises(BadInput, match="in another window"):
            late()
    assert second.take().view.draft == kept
    second.act(acts.toggle_unit("au4"))
    for late in (lambda: coder.act(acts.remove_event()), coder.undo, coder.hand_in):
        with pytest.raises(BadInput, match="in another window"):
            late()
    assert coder.take().view.draft.events[0].action_units


def test_an_answer_counts_also_where_its_effort_cannot_be_noted(
    coder: Sitting, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise BadInput.of("store.full", "the disk is full", "make room")

    monkeypatch.setattr(Desk, "note_effort", full)
    coder.act(acts.nothing())
    coder.hand_in()
    assert coder.hand_in().view.ticket is None
    assert stored(workspace, "bob") == [Coding(events=())]


def test_what_cannot_be_saved_is_not_shown_as_done(coder: Sitting, monkeypatch: pytest.MonkeyPatch) -> None:
    before = do(coder, *marks(20, 25, 32)).view

    def full(*_: object) -> None:
        raise BadInput.of("store.full", "the disk is full", "make room")

    monkeypatch.setattr(Desk, "save_draft", full)
    with pytest.raises(BadInput, match="the disk is full"):
        coder.act(acts.toggle_unit("au4"))
    monkeypatch.undo()
    assert coder.act(acts.set_note("later")).view.draft.events == before.draft.events


def test_every_act_can_be_undone_and_redone_but_not_across_clips(coder: Sitting) -> None:
    shown = [coder.act(act).view.draft for act in (*marks(20, 25, 32), acts.toggle_unit("au4"), acts.remove_event())]
    for before in reversed(shown[:-1]):
        assert coder.undo().view.draft == before
    assert not coder.undo().view.may_undo
    for after in shown:
        assert coder.redo().view.draft == after
    coder.undo()
    do(coder, acts.choose(AnswerField.EVENT_TYPE, "micro"))
    assert not coder.hand_in().view.may_undo  # what was handed in stands


def test_only_what_changed_is_said_to_have(coder: Sitting) -> None:
    assert do(coder, acts.set_mark(Mark.ONSET, Frame(3))).changed == {Part.EVENTS}
    assert do(coder, acts.set_note("n")).changed == {Part.WORDS}


def test_the_order_of_marks_cannot_be_broken_and_why_is_said(coder: Sitting) -> None:
    kept = do(coder, *marks(20, 25, 32)).view.draft
    with pytest.raises(BadInput, match="apex is at frame 25, and comes later"):
        coder.act(acts.set_mark(Mark.ONSET, Frame(26)))
    assert coder.act(acts.set_note("")).view.draft == kept


def test_nothing_is_handed_in_while_something_is_missing_and_all_of_it_is_named(coder: Sitting) -> None:
    assert [one.code for one in coder.take().view.missing] == ["gui.nothing_said"]
    view = do(coder, acts.set_mark(Mark.APEX, Frame(25))).view
    assert [str(one) for one in view.missing] == [
        "event 1 has no onset and offset: set it, or remove the event",
        "event 1 has no event type: choose one",
    ]
    with pytest.raises(BadInput, match="event 1 has no onset and offset"):
        coder.hand_in()


def test_that_nothing_happens_is_an_answer_of_its_own(coder: Sitting, workspace: Workspace) -> None:
    assert coder.act(acts.nothing()).view.missing == ()
    coder.hand_in()
    coder.hand_in()
    assert stored(workspace, "bob") == [Coding(events=())]


def test_nothing_cannot_be_said_beside_an_event(coder: Sitting) -> None:
    do(coder, *marks(20, 25, 32))
    with pytest.raises(BadInput, match="1 event is marked"):
        coder.act(acts.nothing())


def test_the_movement_stands_once_it_is_handed_in_until_it_is_opened_again(
    coder: Sitting, workspace: Workspace
) -> None:
    do(coder, *marks(20, 25, 32), acts.choose(AnswerField.EVENT_TYPE, "micro"))
    coder.hand_in()
    with pytest.raises(BadInput, match="span, type and action units are handed in"):
        coder.act(acts.nudge(Mark.APEX, 1))
    coder.reopen_movement()
    do(
        coder,
        acts.nudge(Mark.APEX, 1),
        acts.choose(AnswerField.EMOTION, workspace.codebook.emotions[0].code),
        acts.choose(AnswerField.CONFIDENCE, workspace.codebook.confidences[0].code),
    )
    coder.hand_in()
    (answer,) = stored(workspace, "bob")
    assert isinstance(answer, Coding)
    assert answer.events[0].span.apex == 26


def test_a_vocal_cue_is_heard_at_full_speed_before_it_is_handed_in(coder: Sitting, workspace: Workspace) -> None:
    book = workspace.codebook
    do(coder, *marks(20, 25, 32), acts.choose(AnswerField.EVENT_TYPE, "micro"))
    coder.hand_in()
    view = do(
        coder,
        acts.choose(AnswerField.EMOTION, book.emotions[0].code),
        acts.choose(AnswerField.CONFIDENCE, book.confidences[0].code),
        acts.add_cue("sigh", Frame(10), Frame(30)),
    ).view
    assert [one.code for one in view.missing] == ["gui.not_heard"]
    half = Fraction(1, 2)
    assert coder.played(Frame(0), Frame(59), speed=half, with_sound=True).view.missing
    assert coder.played(Frame(0), Frame(59), speed=Fraction(1), with_sound=False).view.missing
    assert coder.played(Frame(0), Frame(29), speed=Fraction(1), with_sound=True).view.missing
    heard = coder.played(Frame(5), Frame(40), speed=Fraction(1), with_sound=True).view
    assert heard.missing == ()
    again = Sitting(Desk(workspace, "bob")).take().view
    assert again.missing == ()  # a crash does not make it unheard


def test_the_motion_curve_waits_for_own_marks_and_its_use_is_noted(coder: Sitting, workspace: Workspace) -> None:
    with pytest.raises(BadInput, match="stays hidden until your own marks are set"):
        coder.use(Aid.MOTION_CURVE)
    assert do(coder, *marks(20, 25, 32)).view.may_show_motion
    assert coder.use(Aid.MOTION_CURVE).view.aids == {Aid.MOTION_CURVE}
    coder.use(Aid.MOTION_CURVE)
    with workspace.read() as records:
        (used,) = records.aids().values()
        assert len(records.log("aid.used")) == 1
    assert set(used) == {Aid.MOTION_CURVE}


def test_a_long_event_is_a_quiet_word_and_no_mistake(coder: Sitting) -> None:
    view = do(coder, *marks(5, 25, 50), acts.choose(AnswerField.EVENT_TYPE, "macro")).view
    assert [note.code for note in view.notes] == ["gui.longer_than_micro"]
    assert view.missing == ()


def test_one_side_and_intensity_of_an_action_unit(coder: Sitting) -> None:
    view = do(
        coder,
        acts.set_mark(Mark.ONSET, Frame(4)),
        acts.set_unit("au12", side=Side.LEFT, intensity=Intensity.B),
        acts.set_unit("au12", intensity=Intensity.B),
    ).view
    assert view.draft.event is not None
    (unit,) = view.draft.event.action_units
    assert (unit.side, unit.intensity) == (Side.LEFT, None)


def test_giving_back_brings_the_next_and_a_flag_keeps_the_ticket(coder: Sitting, workspace: Workspace) -> None:
    coder.flag("is this the same face?")
    assert coder.give_back("my cousin", knows_them=True).view.ticket is None
    assert coder.take().view.ticket is None
    with workspace.read() as records:
        assert [one.because for one in records.open_flags()] == ["is this the same face?"]


def test_an_adjudicator_begins_from_a_reading_and_gives_a_reason(workspace: Workspace) -> None:
    screened(workspace)
    for code, emotion in (("bob", 0), ("cem", 1)):
        desk = Desk(workspace, code)
        ticket = desk.next_ticket()
        assert ticket is not None
        answer = an_answer(Stage.CODING, workspace.codebook, emotion=emotion)
        assert isinstance(answer, Coding)
        desk.submit_movement(ticket.id, movement_of(answer))
        desk.submit(ticket.id, answer)
    assign(workspace, seed=1)
    dee = Sitting(Desk(workspace, "dee"))
    ticket = dee.take().view.ticket
    assert ticket is not None
    assert ticket.stage is Stage.ADJUDICATION
    view = dee.act(acts.start_from(ticket.readings[0].events)).view
    assert [one.code for one in view.missing] == ["judgement.no_reason"]
    dee.act(acts.set_reason("the clearer reading"))
    assert dee.hand_in().view.handed_in == ticket.id
    (answer,) = stored(workspace, "dee")
    assert isinstance(answer, Adjudication)
    assert answer.events == ticket.readings[0].events


def test_a_clip_that_is_coded_once_more_looks_as_it_did_the_first_time(workspace: Workspace) -> None:
    screened(workspace)
    answers = {code: an_answer(Stage.CODING, workspace.codebook) for code in ("bob", "cem")}
    answer_all(workspace, answers, Stage.CODING)
    assign(workspace, seed=1)
    answer_all(workspace, {"eve": an_answer(Stage.VERIFICATION, workspace.codebook)}, Stage.VERIFICATION)
    (clip,) = recode(workspace, Wish(kind=RecodingKind.ALL), because="retrained", name_of=str).clips
    assign(workspace, seed=1)
    bob = Sitting(Desk(workspace, "bob"))
    view = bob.take().view
    assert view.ticket is not None
    assert (view.ticket.stage, view.ticket.round, view.ticket.readings) == (Stage.CODING, 1, ())
    assert not any(event.emotion for event in view.draft.events)  # nothing of what was said is on the form
    do(bob, *marks(24, 27, 33), acts.choose(AnswerField.EVENT_TYPE, "micro"))
    bob.hand_in()
    do(
        bob,
        acts.choose(AnswerField.EMOTION, workspace.codebook.emotions[0].code),
        acts.choose(AnswerField.CONFIDENCE, workspace.codebook.confidences[0].code),
    )
    assert bob.hand_in().view.handed_in == view.ticket.id
    with workspace.read() as records:
        assert records.place(clip).round == 2 and records.place(clip).open_seats == 1
        assert [one.round for one in records.judgements(coder=records.coder("bob").id)] == [1, 2]


def movement_of(answer: Coding) -> Coding:
    """What is handed in first."""
    return Coding(
        events=tuple(replace(one, emotion="", basis="", vocal_cues=(), confidence=None) for one in answer.events)
    )

"""The coding form: one journey for each act that a person does there, by key and by click."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from builders.forms import PlainDesk, a_ticket, movement_first, sixty_units
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from annotator_gui import acts
from annotator_gui.acts import Act
from annotator_gui.boxes import FieldBox
from annotator_gui.chips import Chip
from annotator_gui.cuebox import CueRow
from annotator_gui.draft import DraftEvent
from annotator_gui.fields import Field
from annotator_gui.form import Form
from annotator_gui.handingin import ProblemRow
from annotator_gui.keys import DEFAULT_KEYS, Command
from annotator_gui.language import Words
from annotator_gui.marks import Mark
from annotator_gui.movementbox import MarkRow
from annotator_gui.session import Outcome, Sitting, View
from annotator_gui.theme import DARK, LIGHT, style_sheet
from annotator_gui.unitbox import UnitRow
from annotator_gui.writing import Writing
from mmed_curate.annotation import Ticket
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.judgements import ActionUnitMark, Coding, Intensity, Side
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.time import Frame

CLICK = Qt.MouseButton.LeftButton


@dataclass
class Rig:
    """A form at a sitting, joined as the window joins them, without a worker between."""

    form: Form
    sitting: Sitting
    desk: PlainDesk
    view: View = field(init=False)
    refused: list[BadInput] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.form.acted.connect(self.act)
        self.form.selected.connect(lambda event: self.show(self.sitting.select(event)))
        self.form.handed_in.connect(self.hand_in)
        self.form.reopened.connect(lambda: self.show(self.sitting.reopen_movement()))
        self.form.field_changed.connect(self.fields.append)
        self.show(self.sitting.take())

    def show(self, outcome: Outcome) -> None:
        self.view = outcome.view
        self.form.show_view(outcome.view, outcome.changed)

    def act(self, act: Act) -> None:
        self._try(lambda: self.sitting.act(act))

    def hand_in(self) -> None:
        self._try(self.sitting.hand_in)
        if self.view.ticket is None:
            self.show(self.sitting.take())

    def _try(self, do: Callable[[], Outcome]) -> None:
        try:
            self.show(do())
        except BadInput as error:
            self.refused.append(error)
            self.form.act_failed()

    def mark(self, onset: int = 20, apex: int = 38, offset: int = 66) -> None:
        for mark, frame in ((Mark.ONSET, onset), (Mark.APEX, apex), (Mark.OFFSET, offset)):
            self.act(acts.set_mark(mark, Frame(frame)))

    def press(self, keys: str) -> None:
        for key in keys:
            assert self.form.press(key), f"no code has the key {key} in {self.form.field}"

    @property
    def event(self) -> DraftEvent:
        event = self.view.draft.event
        assert event is not None
        return event

    def chip(self, name: str) -> Chip:
        return next(one for one in self.form.findChildren(Chip) if one.accessibleName() == name and _shows(one))

    def box(self, name: str) -> FieldBox:
        return next(one for one in self.form.findChildren(FieldBox) if one.name == name)

    def rows(self, kind: type[UnitRow] | type[CueRow] | type[ProblemRow]) -> list[UnitRow | CueRow | ProblemRow]:
        return [one for one in self.form.findChildren(kind) if _shows(one)]

    def note(self) -> Writing:
        note = self.form.findChild(Writing)
        assert note is not None
        return note


def _shows(widget: Chip | UnitRow | CueRow | ProblemRow | FieldBox) -> bool:
    return not widget.isHidden() and all(not box.isHidden() for box in _above(widget))


def _above(widget: object) -> list[FieldBox]:
    found = []
    parent = widget.parentWidget()  # type: ignore[attr-defined]
    while parent is not None:
        if isinstance(parent, FieldBox):
            found.append(parent)
        parent = parent.parentWidget()
    return found


Sit = Callable[..., Rig]


@pytest.fixture
def sit(qtbot: QtBot) -> Sit:
    """Sit down at some tickets."""

    def sit(*tickets: Ticket, words: Words | None = None) -> Rig:
        desk = PlainDesk(list(tickets) or [a_ticket()])
        form = Form(words=words or Words(), theme=DARK)
        form.setStyleSheet(style_sheet(DARK, points=11))
        qtbot.addWidget(form)
        rig = Rig(form=form, sitting=Sitting(desk), desk=desk)
        form.resize(440, 900)
        form.show()
        form.activateWindow()
        qtbot.waitUntil(form.isActiveWindow)
        return rig

    return sit


def test_a_whole_clip_by_keys_alone_in_at_most_twelve_entries(sit: Sit) -> None:
    rig = sit(movement_first(n=1), movement_first(n=2))
    rig.mark()
    rig.press("1e")  # micro-expression; unit 12
    rig.form.command(Command.SIDE_LEFT)
    rig.form.command(Command.INTENSITY_B)
    rig.form.command(Command.HAND_IN)
    assert rig.form.field is Field.EMOTION
    rig.press("7")  # contempt; what it rests on is chosen with it
    assert rig.form.field is Field.VOCAL_CUES
    rig.form.command(Command.NEXT_FIELD)
    rig.press("3")
    rig.form.command(Command.HAND_IN)
    [answer] = rig.desk.answers
    assert isinstance(answer, Coding)
    [event] = answer.events
    assert event.action_units == (ActionUnitMark(code="au12", side=Side.LEFT, intensity=Intensity.B),)
    assert (event.event_type, event.emotion, event.basis, event.confidence) == (
        "micro", "contempt", "appearance", "high",
    )  # fmt: skip
    assert rig.desk.efforts[0].entries == 11
    assert not rig.refused
    assert rig.form.field is Field.EVENT_TYPE  # the next clip begins at its beginning


def test_a_type_is_chosen_by_click_as_by_key(sit: Sit, qtbot: QtBot) -> None:
    rig = sit()
    qtbot.mouseClick(rig.chip("Macro-expression"), CLICK)
    assert rig.event.event_type == "macro"
    assert rig.form.field is Field.ACTION_UNITS
    assert rig.chip("Macro-expression").isChecked()
    assert not rig.chip("Micro-expression").isChecked()


def test_a_chip_shows_a_choice_only_once_it_is_kept(sit: Sit, qtbot: QtBot) -> None:
    rig = sit()
    rig.form.acted.disconnect(rig.act)
    chip = rig.chip("Macro-expression")
    qtbot.mouseClick(chip, CLICK)
    assert not chip.isChecked()


def test_quick_fingers_do_not_wait_for_the_disk(sit: Sit) -> None:
    rig = sit()
    rig.form.acted.disconnect(rig.act)
    told: list[Act] = []
    rig.form.acted.connect(told.append)
    rig.press("1e")
    rig.form.command(Command.INTENSITY_C)
    for act in told:
        rig.act(act)
    assert rig.event.event_type == "micro"
    assert rig.event.action_units == (ActionUnitMark(code="au12", intensity=Intensity.C),)


def test_the_same_code_again_takes_it_away_and_leads_nowhere(sit: Sit) -> None:
    rig = sit()
    rig.press("1")
    rig.form.take_in_hand(Field.EVENT_TYPE)
    rig.press("1")
    assert rig.event.event_type == ""
    assert rig.form.field is Field.EVENT_TYPE


def test_side_and_intensity_by_click_in_the_units_own_line(sit: Sit, qtbot: QtBot) -> None:
    rig = sit()
    rig.press("1e6")
    first = rig.rows(UnitRow)[0]
    assert isinstance(first, UnitRow)
    for name in ("Right side of the face", "Intensity D"):
        qtbot.mouseClick(next(one for one in first.findChildren(Chip) if one.accessibleName() == name), CLICK)
    assert rig.event.action_units[0] == ActionUnitMark(code="au12", side=Side.RIGHT, intensity=Intensity.D)
    assert rig.chip("12 Lip corner puller").detail == "R D"
    rig.form.command(Command.INTENSITY_A)  # keys follow the unit last touched
    assert rig.event.action_units[0].intensity is Intensity.A
    qtbot.mouseClick(
        next(one for one in first.findChildren(Chip) if one.accessibleName() == "Take Lip corner puller away"), CLICK
    )
    assert [one.code for one in rig.event.action_units] == ["au6"]
    assert len(rig.rows(UnitRow)) == 1


def test_typing_finds_codes_and_enter_takes_the_first(sit: Sit, qtbot: QtBot) -> None:
    rig = sit()
    rig.form.command(Command.SEARCH)
    assert rig.form.typing
    qtbot.keyClicks(rig.form.focusWidget(), "corner")
    qtbot.keyClick(rig.form.focusWidget(), Qt.Key.Key_Return)
    assert [one.code for one in rig.event.action_units] == ["au12"]
    assert not rig.form.typing
    assert rig.form.field is Field.ACTION_UNITS


def test_arrows_go_through_what_was_found_and_esc_leaves(sit: Sit, qtbot: QtBot) -> None:
    rig = sit()
    rig.form.command(Command.SEARCH)
    line = rig.form.focusWidget()
    qtbot.keyClicks(line, "corner")
    qtbot.keyClick(line, Qt.Key.Key_Down)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert [one.code for one in rig.event.action_units] == ["au15"]
    rig.form.command(Command.SEARCH)
    qtbot.keyClicks(line, "fear")
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    assert not rig.form.typing
    assert rig.event.emotion == ""


def test_only_open_fields_are_searched(sit: Sit, qtbot: QtBot) -> None:
    rig = sit(movement_first())
    rig.form.command(Command.SEARCH)
    qtbot.keyClicks(rig.form.focusWidget(), "fear")
    qtbot.keyClick(rig.form.focusWidget(), Qt.Key.Key_Return)
    assert rig.view.draft.event is None


def test_a_part_of_the_face_is_said_not_to_be_seen(sit: Sit) -> None:
    rig = sit()
    rig.mark()
    rig.form.take_in_hand(Field.NOT_VISIBLE)
    rig.press("13")
    assert rig.event.not_visible == ("brow", "cheeks")


def test_a_cue_goes_on_the_selection_and_whose_it_is_is_said(sit: Sit, qtbot: QtBot) -> None:
    rig = sit()
    rig.mark()
    rig.form.set_range((Frame(30), Frame(40)))
    rig.form.take_in_hand(Field.VOCAL_CUES)
    rig.press("8")
    rig.form.set_range(None)
    rig.press("1")
    assert [(one.code, one.onset, one.offset) for one in rig.event.vocal_cues] == [
        ("laugh", 30, 40),
        ("pitch-rise", 20, 66),
    ]
    rig.form.command(Command.NEXT_FIELD)
    assert rig.form.field is Field.CUE_OWNERS
    rig.press("2")
    assert [one.owner for one in rig.event.vocal_cues] == ["subject", "other-player"]  # of the one added last


def test_ends_of_a_cue_are_moved_and_it_is_taken_away(sit: Sit, qtbot: QtBot) -> None:
    rig = sit()
    rig.mark()
    rig.form.take_in_hand(Field.VOCAL_CUES)
    rig.press("8")
    [row] = rig.rows(CueRow)
    assert isinstance(row, CueRow)
    first, last = row.spins
    first.setValue(25)
    last.setValue(50)
    [cue] = rig.event.vocal_cues
    assert (cue.onset, cue.offset) == (25, 50)
    assert first.maximum() == 50  # an end cannot pass the other
    qtbot.mouseClick(next(one for one in row.findChildren(Chip) if one.accessibleName() == "Take this cue away"), CLICK)
    assert rig.event.vocal_cues == ()


def test_a_cue_says_whether_it_was_heard_at_full_speed(sit: Sit, qtbot: QtBot) -> None:
    rig = sit()
    rig.mark()
    rig.form.take_in_hand(Field.VOCAL_CUES)
    rig.press("8")
    [row] = rig.rows(CueRow)
    assert isinstance(row, CueRow)
    hear = next(one for one in row.findChildren(Chip) if "1×" in one.accessibleName())
    assert "hear it" in row.heard
    with qtbot.waitSignal(rig.form.hearing_asked) as asked:
        qtbot.mouseClick(hear, CLICK)
    assert asked.args == [20, 66]
    rig.show(rig.sitting.played(Frame(0), Frame(119), speed=1, with_sound=True))  # type: ignore[arg-type]
    assert "heard" in row.heard and "hear it" not in row.heard


def test_without_sound_no_choice_leads_to_vocal_cues(sit: Sit) -> None:
    rig = sit(a_ticket(with_sound=False))
    rig.mark()
    rig.form.take_in_hand(Field.EMOTION)
    rig.press("1")
    assert rig.form.field is Field.CONFIDENCE


def test_a_note_is_kept_while_it_is_typed(sit: Sit, qtbot: QtBot) -> None:
    rig = sit()
    rig.form.command(Command.NOTE)
    qtbot.keyClicks(rig.note(), "the left corner")
    qtbot.waitUntil(lambda: rig.view.draft.note == "the left corner")
    assert rig.note().toPlainText() == "the left corner"


def test_the_last_letters_are_handed_in_too(sit: Sit, qtbot: QtBot) -> None:
    rig = sit(a_ticket(n=1), a_ticket(n=2))
    rig.form.command(Command.NOTHING)
    rig.form.command(Command.NOTE)
    qtbot.keyClicks(rig.note(), "only a blink")
    rig.form.command(Command.HAND_IN)
    [answer] = rig.desk.answers
    assert isinstance(answer, Coding)
    assert answer.note == "only a blink"
    assert rig.note().toPlainText() == ""  # the next clip's


def test_letters_are_kept_when_the_keyboard_leaves(sit: Sit, qtbot: QtBot) -> None:
    rig = sit()
    rig.form.command(Command.NOTE)
    qtbot.keyClicks(rig.note(), "x")
    qtbot.keyClick(rig.note(), Qt.Key.Key_Escape)
    assert rig.view.draft.note == "x"
    assert not rig.form.typing


def test_tab_goes_on_from_the_note_to_the_codes(sit: Sit, qtbot: QtBot) -> None:
    rig = sit()
    rig.form.command(Command.NOTE)
    qtbot.keyClicks(rig.note(), "x")
    qtbot.keyClick(rig.note(), Qt.Key.Key_Tab)
    assert rig.form.field is Field.EVENT_TYPE  # round to the first
    assert not rig.form.typing
    assert rig.view.draft.note == "x"


def test_a_frame_is_typed_and_enter_leaves(sit: Sit, qtbot: QtBot) -> None:
    rig = sit()
    rig.mark()
    rig.form.take_in_hand(Field.VOCAL_CUES)
    rig.press("8")
    [row] = rig.rows(CueRow)
    assert isinstance(row, CueRow)
    spin = row.spins[0]
    spin.setFocus()
    spin.selectAll()
    qtbot.keyClicks(spin, "33")
    assert rig.form.typing
    qtbot.keyClick(spin, Qt.Key.Key_Return)
    assert rig.event.vocal_cues[0].onset == 33
    assert not rig.form.typing


def test_an_adjudicator_is_told_of_the_reason_and_led_to_it(sit: Sit, qtbot: QtBot) -> None:
    rig = sit(a_ticket(stage=Stage.ADJUDICATION))
    rig.form.command(Command.NOTHING)
    [problem] = rig.rows(ProblemRow)
    assert isinstance(problem, ProblemRow) and problem.says.startswith("Reason · an adjudication needs a reason")
    assert rig.box("Note").isHidden()
    with qtbot.waitSignal(rig.form.asked) as asked:
        qtbot.mouseClick(problem, CLICK)
    assert asked.args == [Command.NOTE.value]


def test_an_older_note_never_overwrites_what_is_being_typed(sit: Sit, qtbot: QtBot) -> None:
    rig = sit()
    rig.form.acted.disconnect(rig.act)
    told: list[Act] = []
    rig.form.acted.connect(told.append)
    rig.form.command(Command.NOTE)
    qtbot.keyClicks(rig.note(), "one")
    rig.form.flush()
    qtbot.keyClicks(rig.note(), " two")
    rig.act(told[0])  # the desk is slow
    assert rig.note().toPlainText() == "one two"
    rig.form.flush()
    for act in told[1:]:  # slow fingers are kept in between
        rig.act(act)
    assert rig.view.draft.note == rig.note().toPlainText() == "one two"


def test_undo_takes_a_note_back_on_screen(sit: Sit, qtbot: QtBot) -> None:
    rig = sit()
    rig.form.command(Command.NOTE)
    qtbot.keyClicks(rig.note(), "x")
    rig.form.flush()
    rig.show(rig.sitting.undo())
    assert rig.note().toPlainText() == ""


def test_the_movement_given_is_locked_and_can_be_opened_again(sit: Sit, qtbot: QtBot) -> None:
    rig = sit(movement_first())
    assert rig.box("After the movement").isVisible()
    assert rig.box("Emotion").isHidden()
    rig.mark()
    rig.press("1e")
    button = next(one for one in rig.form.findChildren(QPushButton))
    assert button.text().startswith("Hand in the movement")
    qtbot.mouseClick(button, CLICK)
    locked = rig.box("Movement, as handed in")
    assert locked.isVisible()
    assert rig.box("Type of event").isHidden()
    assert rig.box("Action units").isHidden()
    assert rig.box("After the movement").isHidden()
    assert button.text().startswith("Hand in ") and "movement" not in button.text()
    rig.form.command(Command.INTENSITY_B)  # stands still
    assert rig.event.action_units == (ActionUnitMark(code="au12"),)
    qtbot.mouseClick(rig.chip("Open the movement again"), CLICK)
    assert locked.isHidden()
    assert rig.box("Action units").isVisible()
    assert rig.form.field is Field.EVENT_TYPE
    rig.form.command(Command.INTENSITY_B)
    assert rig.event.action_units == (ActionUnitMark(code="au12", intensity=Intensity.B),)


def test_many_events_leave_room_for_the_codes_and_the_one_in_hand_is_in_sight(sit: Sit, qtbot: QtBot) -> None:
    rig = sit()
    rig.form.resize(460, 700)
    for number in range(30):
        rig.form.command(Command.NEW_EVENT)
        rig.mark(number, number, number)
    chosen = rig.chip("30 frames 29–29 · 10 ms")
    kind = rig.box("Type of event")
    qtbot.waitUntil(lambda: chosen.visibleRegion().boundingRect().height() == chosen.height())
    qtbot.waitUntil(lambda: kind.visibleRegion().boundingRect().height() == kind.height())
    rig.form.command(Command.NEXT_EVENT)
    first = rig.chip("1 frames 0–0 · 10 ms")
    qtbot.waitUntil(lambda: first.visibleRegion().boundingRect().height() == first.height())


@pytest.mark.parametrize("n_before", range(4))
def test_keys_pressed_before_an_event_is_begun_on_disk_are_its_own(sit: Sit, n_before: int) -> None:
    """However many acts are done between two keys, a code goes to the field that was in hand at the key."""
    rig = sit()
    rig.mark(5, 6, 9)
    rig.press("12")
    waiting: list[Act] = []

    def show_first() -> None:
        outcome = rig.sitting.act(waiting.pop(0))
        rig.view = outcome.view
        rig.form.show_view(outcome.view, outcome.changed, under_way=tuple(waiting))

    rig.form.acted.disconnect()
    rig.form.acted.connect(waiting.append)
    keys: list[Callable[[], object]] = [
        lambda: rig.form.command(Command.NEW_EVENT),
        lambda: rig.form.press("2"),
        lambda: rig.form.press("1"),
        lambda: rig.form.command(Command.INTENSITY_B),
    ]
    for place, key in enumerate(keys):
        key()
        if place >= n_before and waiting:
            show_first()
    while waiting:
        show_first()
    first, second = rig.view.draft.events
    assert (first.event_type, [unit.code for unit in first.action_units]) == ("micro", ["au2"])
    assert second.event_type == "macro"
    assert second.action_units == (ActionUnitMark(code="au1", intensity=Intensity.B),)


def test_several_events_are_begun_selected_and_removed(sit: Sit, qtbot: QtBot) -> None:
    rig = sit()
    rig.mark(5, 6, 9)
    rig.press("1")
    qtbot.mouseClick(rig.chip("New event"), CLICK)
    assert rig.form.field is Field.EVENT_TYPE  # it begins at its first field
    rig.mark(50, 60, 70)
    rig.press("2")
    assert [one.event_type for one in rig.view.draft.events] == ["micro", "macro"]
    qtbot.mouseClick(rig.chip("1 frames 5–9 · 50 ms"), CLICK)
    assert rig.view.draft.selected == 0
    assert rig.chip("Micro-expression").isChecked()
    rig.form.command(Command.NEXT_EVENT)
    assert rig.view.draft.selected == 1
    qtbot.mouseClick(rig.chip("Remove event"), CLICK)
    assert [one.event_type for one in rig.view.draft.events] == ["micro"]


def test_nothing_happens_is_said_and_taken_back(sit: Sit, qtbot: QtBot) -> None:
    rig = sit()
    qtbot.mouseClick(rig.chip("Nothing happens"), CLICK)
    assert rig.view.draft.nothing
    assert rig.chip("Nothing happens").isChecked() and rig.chip("No expression").isChecked()
    rig.form.take_in_hand(Field.EVENT_TYPE)
    rig.press("4")  # no expression: the same again
    assert not rig.view.draft.nothing


def test_marks_are_said_with_frame_and_time_and_lead_there(sit: Sit, qtbot: QtBot) -> None:
    rig = sit()
    onset, apex, _ = rig.form.findChildren(MarkRow)
    assert onset.says == "not set: press F2"
    with qtbot.waitSignal(rig.form.asked) as asked:
        qtbot.mouseClick(onset, CLICK)
    assert asked.args == [Command.MARK_ONSET.value]
    rig.mark()
    assert apex.says == "frame 38 at 380 ms"
    with qtbot.waitSignal(rig.form.frame_asked) as went:
        qtbot.mouseClick(apex, CLICK)
    assert went.args == [38]


def test_what_is_open_is_said_with_its_field_and_a_click_goes_there(sit: Sit, qtbot: QtBot) -> None:
    rig = sit()
    rig.mark()
    problems = rig.rows(ProblemRow)
    assert [one.says.split(" · ")[0] for one in problems if isinstance(one, ProblemRow)] == [
        "Type of event", "Emotion", "What it rests on", "How sure you are",
    ]  # fmt: skip
    button = next(one for one in rig.form.findChildren(QPushButton))
    assert not button.isEnabled()
    last = problems[-1]
    qtbot.mouseClick(last, CLICK)
    assert rig.form.field is Field.CONFIDENCE
    assert rig.box("How sure you are").tag == "not chosen yet"


def test_where_there_is_one_basis_it_is_chosen_with_the_emotion(sit: Sit) -> None:
    rig = sit()
    rig.form.take_in_hand(Field.EMOTION)
    rig.press("1")
    assert rig.event.basis == "appearance"
    assert rig.form.field is Field.VOCAL_CUES


def test_definitions_are_there_on_hover_and_for_the_keyboard(sit: Sit, qtbot: QtBot) -> None:
    rig = sit()
    chip = rig.chip("12 Lip corner puller")
    assert "cheekbones" in chip.toolTip() and "FACS" in chip.toolTip()
    chip.setFocus()
    texts = [one.accessibleName() for one in rig.form.children() if hasattr(one, "accessibleName")]
    assert any("cheekbones" in text for text in texts)


def test_every_control_has_a_name_for_screen_readers(sit: Sit) -> None:
    rig = sit()
    rig.mark()
    rig.press("1e")
    rig.form.take_in_hand(Field.VOCAL_CUES)
    rig.press("8")
    nameless = [
        one
        for kind in (Chip, FieldBox, MarkRow, CueRow, ProblemRow, Writing)
        for one in rig.form.findChildren(kind)
        if not one.isHidden() and not (one.accessibleName() or isinstance(one, CueRow))
    ]
    assert nameless == []


@pytest.mark.parametrize("width", [380, 440, 520])
def test_nothing_sticks_out_at_any_width(sit: Sit, qtbot: QtBot, width: int) -> None:
    rig = sit(a_ticket(book=sixty_units()))
    rig.form.resize(width, 800)
    rig.mark()
    rig.press("1e")
    rig.form.take_in_hand(Field.VOCAL_CUES)
    rig.press("8")
    qtbot.wait(20)

    def all_lies_inside() -> None:
        assert rig.form.width() == width
        for box in rig.form.findChildren(FieldBox):
            if box.isVisible():
                edge = box.mapTo(rig.form, box.rect().bottomRight()).x()
                assert edge <= width
                for chip in box.findChildren(Chip):
                    if chip.isVisible():
                        assert chip.mapTo(box, chip.rect().bottomRight()).x() <= box.width()

    qtbot.waitUntil(all_lies_inside)


def test_another_codebook_and_another_ticket_are_drawn_anew(sit: Sit) -> None:
    rig = sit(a_ticket(n=1), a_ticket(n=2, book=sixty_units()))
    rig.form.command(Command.NOTHING)
    rig.form.command(Command.HAND_IN)
    assert len([one for one in rig.form.findChildren(Chip) if _shows(one) and one.accessibleName()[:1].isdigit()]) == 60
    rig.form.command(Command.NOTHING)
    rig.form.command(Command.HAND_IN)
    assert rig.view.ticket is None
    assert rig.form.field is None
    assert not rig.form.press("1")
    assert not rig.form.command(Command.NOTHING)


def test_acts_make_no_new_widgets(sit: Sit) -> None:
    rig = sit()
    rig.mark()
    rig.press("1e6")
    before = set(map(id, rig.form.findChildren(Chip)))
    rig.press("e6e6")
    rig.form.command(Command.INTENSITY_E)
    assert set(map(id, rig.form.findChildren(Chip))) == before


def test_labels_are_in_the_coders_language(sit: Sit) -> None:
    words = Words()
    words.code = "zh-Hans"
    rig = sit(words=words)
    assert rig.chip("12 嘴角上扬")


def _lightness(rig: Rig) -> float:
    """Mean lightness of the form, 0 to 255."""
    image = rig.form.grab().toImage()
    spots = [(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)]
    return sum(image.pixelColor(x, y).lightness() for x, y in spots) / len(spots)


def test_other_colours_reach_everything(sit: Sit) -> None:
    rig = sit()
    rig.press("1e")
    dark = _lightness(rig)
    rig.form.setStyleSheet(style_sheet(LIGHT, points=11))
    rig.form.set_theme(LIGHT)
    assert dark < 60 and _lightness(rig) > 200


def test_other_keys_are_shown_at_once(sit: Sit) -> None:
    rig = sit()
    rig.form.set_keys(DEFAULT_KEYS.changed(Command.MARK_ONSET, ["Ctrl+O"]))
    assert rig.form.findChildren(MarkRow)[0].says == "not set: press Ctrl+O"


def test_locked_and_unknown_keys_choose_nothing(sit: Sit) -> None:
    rig = sit()
    assert not rig.form.press("9")  # no type of event has it
    assert not rig.form.press("?")
    assert not rig.form.command(Command.PLAY)

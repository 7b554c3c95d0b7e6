"""Everything can be undone and redone by keys, in its order, also after the window was closed; never across clips."""

from __future__ import annotations

from builders.windows import Seat, SitDown, answers

from mmed_curate.store import Workspace


def test_every_act_is_undone_and_redone(bob: Seat) -> None:
    drafts = [bob.view.draft]
    acts = ["F2", "F3", "F4", "1", "1", "Shift+D", "2", "Ins", "F2", "Del"]
    for key in acts:
        bob.press(key)
        drafts.append(bob.view.draft)
    assert len(set(map(repr, drafts))) == len(acts)  # the last one takes away what the two before began
    for before in reversed(drafts[:-1]):
        bob.press("Ctrl+Z")
        assert bob.view.draft.events == before.events
    assert not bob.view.may_undo
    for after in drafts[1:]:
        bob.press("Ctrl+Y")
        assert bob.view.draft.events == after.events
    assert not bob.view.may_redo


def test_undo_goes_on_after_the_window_was_closed(bob: Seat, sit_down: SitDown) -> None:
    bob.press("F2", "F3", "F4")
    bob.leave()
    again = sit_down()
    assert again.marks == (0, 0, 0)
    again.press("Ctrl+Z", "Ctrl+Z")
    assert again.marks == (0, None, None)


def test_undo_never_reaches_the_clip_before(bob: Seat, workspace: Workspace) -> None:
    first = bob.view.ticket
    bob.press("F9", "Return", "Return")
    assert len(answers(workspace, "bob")) == 1
    assert first is not None
    assert bob.view.ticket is not None
    assert bob.view.ticket.id != first.id
    bob.press("Ctrl+Z", "Ctrl+Z")
    assert not bob.view.draft.events
    assert not bob.view.draft.nothing
    assert len(answers(workspace, "bob")) == 1


def test_a_note_just_typed_is_undone_as_one(bob: Seat) -> None:
    bob.press("F9", "Return", "Ctrl+T")
    bob.type("first", settle=False)
    bob.press("Esc")
    assert bob.view.draft.note == "first"
    bob.press("Ctrl+Z")
    assert bob.view.draft.note == ""
    assert bob.page.form._note.toPlainText() == ""
    bob.press("Ctrl+Y")
    assert bob.page.form._note.toPlainText() == "first"


def test_undo_while_the_note_is_being_written_takes_back_the_newest_letters(bob: Seat) -> None:
    bob.press("F9", "Return", "Ctrl+T")
    bob.type("first", settle=False)
    bob.press("Ctrl+Z")
    assert bob.view.draft.note == bob.page.form._note.toPlainText() == ""
    bob.press("Ctrl+Y")
    assert bob.view.draft.note == bob.page.form._note.toPlainText() == "first"


def test_the_movement_is_opened_again_by_a_key_and_handed_in_with_the_answer(bob: Seat) -> None:
    bob.mark(20, 25, 32)
    bob.press("1", "1", "Return")
    bob.go_to(33)
    bob.press("F4")
    assert "handed in" in bob.said
    assert bob.marks == (20, 25, 32)
    bob.press("Ctrl+M", "F4")
    assert bob.marks == (20, 25, 33)

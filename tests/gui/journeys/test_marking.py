"""Onset, apex and offset by keys and by hand: on the frame that is shown, in order, and only proposed while it runs."""

from __future__ import annotations

from builders.windows import AnEarByHand, Seat, SitDown, answers

from annotator_gui.draft import from_text
from annotator_gui.marks import Mark
from mmed_curate.annotation import Desk
from mmed_curate.store import Workspace


def test_three_keys_mark_an_event_where_the_picture_stands(bob: Seat) -> None:
    bob.mark(20, 25, 32)
    assert bob.marks == (20, 25, 32)
    assert bob.page.status._length.text() == "event 433 ms"  # 13 frames of 1/30 s


def test_a_mark_is_on_disk_once_it_is_shown(bob: Seat, workspace: Workspace) -> None:
    bob.go_to(20)
    bob.press("F2")
    ticket = bob.view.ticket
    assert ticket is not None
    kept = Desk(workspace, "bob").draft(ticket.id)
    assert kept is not None
    assert from_text(kept).now == bob.view.draft


def test_a_mark_while_it_runs_is_only_proposed(sit_down: SitDown) -> None:
    """It stops a reaction time before the key, and the same key there sets the mark."""
    ear = AnEarByHand()
    bob = sit_down(speaker=ear.speaker())
    bob.press("Space", settle=False)
    ear.goes_on(ms=810)
    bob.wait(lambda: bob.page.player.frame == 24)  # from 800 ms on, at 1/30 s a frame
    bob.press("F2")
    assert not bob.page.player.playing
    assert not bob.view.draft.events
    assert bob.frame == 18  # 200 ms before: at 610 ms
    assert bob.said == "onset may be at frame 18: step to where it is, then F2 sets it"
    bob.press("Right", "F2")
    assert bob.marks == (19, None, None)


def test_marks_out_of_order_are_refused_in_a_sentence(bob: Seat) -> None:
    bob.mark(20, 25, 32)
    bob.go_to(28)
    bob.press("F2")
    assert bob.marks == (20, 25, 32)
    assert "apex" in bob.said
    bob.go_to(33)
    bob.press("F4")
    assert bob.marks == (20, 25, 33)


def test_nudges_move_the_last_mark_and_the_picture_with_it(bob: Seat) -> None:
    bob.mark(20, 25, 32)
    bob.press("Alt+Right", "Alt+Right", "Alt+Left")
    assert (bob.marks, bob.frame) == ((20, 25, 33), 33)
    bob.go_to(25)
    bob.press("F3", "Alt+Left")
    assert (bob.marks, bob.frame) == ((20, 24, 33), 24)


def test_a_held_nudge_ends_with_picture_and_mark_on_one_frame(bob: Seat) -> None:
    """Quick keys are faster than disks: the picture goes where the mark came to lie, not where it was drawn last."""
    bob.mark(20, 25, 32)
    bob.hold("Alt+Right", 12)
    assert (bob.marks, bob.frame) == ((20, 25, 44), 44)


def test_a_nudge_that_is_refused_leaves_the_picture_where_it_is(bob: Seat) -> None:
    bob.mark(20, 21, 21)
    bob.press("Alt+Left")
    assert (bob.marks, bob.frame) == ((20, 21, 21), 21)
    assert "apex" in bob.said


def test_marks_are_dragged(bob: Seat) -> None:
    bob.mark(20, 25, 32)
    bob.drag(Mark.OFFSET, 40)
    assert bob.marks == (20, 25, 40)
    bob.drag(Mark.ONSET, 15)
    assert bob.marks == (15, 25, 40)


def test_a_drag_stops_at_the_next_mark(bob: Seat) -> None:
    bob.mark(20, 25, 32)
    bob.drag(Mark.ONSET, 30)
    assert bob.marks == (25, 25, 32)


def test_a_nudge_goes_to_the_mark_that_was_dragged(bob: Seat) -> None:
    bob.mark(20, 25, 32)
    bob.drag(Mark.ONSET, 15)
    bob.press("Alt+Left")
    assert bob.marks == (14, 25, 32)


def test_a_long_event_is_noted_quietly_and_can_be_handed_in(bob: Seat, workspace: Workspace) -> None:
    bob.mark(10, 25, 40)  # 31 frames of 1/30 s
    assert "1033 ms" in bob.said
    bob.press("2", "Return")
    assert bob.view.movement_given
    assert answers(workspace, "bob") == []


def test_several_events_are_marked_gone_to_and_removed(bob: Seat) -> None:
    bob.mark(5, 8, 12)
    bob.press("Ins")
    bob.mark(30, 35, 40)
    assert len(bob.view.draft.events) == 2
    assert bob.marks == (30, 35, 40)
    bob.press("Ctrl+E")
    assert bob.marks == (5, 8, 12)
    bob.press("Ctrl+E")
    assert bob.marks == (30, 35, 40)
    bob.press("Del")
    assert len(bob.view.draft.events) == 1
    assert bob.marks == (5, 8, 12)


def test_nothing_happens_is_one_key_and_keeps_from_nothing_else(bob: Seat) -> None:
    bob.press("F9")
    assert bob.view.draft.nothing
    assert not bob.view.missing
    bob.press("F9")
    assert bob.view.missing

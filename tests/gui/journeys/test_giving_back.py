"""A clip is given back or flagged with a reason, by keys; nothing is said without one."""

from __future__ import annotations

from builders.windows import Seat, answers
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from mmed_curate.store import TicketState, Workspace


def in_dialog(seat: Seat, text: str) -> None:
    """Write into the dialog that is open, and press Enter."""
    dialog = seat.page.queue.dialog
    assert dialog is not None
    QTest.keyClicks(dialog.line, text)
    QTest.keyClick(dialog.line, Qt.Key.Key_Return)
    seat.settle()


def test_a_clip_goes_back_with_a_reason_and_the_next_comes(bob: Seat, workspace: Workspace) -> None:
    ticket = bob.view.ticket
    assert ticket is not None
    bob.mark(20, 25, 32)
    bob.press("Ctrl+K")
    in_dialog(bob, "too dark")
    assert bob.view.ticket is not None
    assert bob.view.ticket.id != ticket.id
    assert bob.frame == 0
    assert not bob.view.draft.events
    with workspace.read() as records:
        record = records.ticket(ticket.id)
    assert record is not None
    assert record.state is TicketState.RETURNED
    assert answers(workspace, "bob") == []


def test_without_a_reason_it_stays(bob: Seat) -> None:
    ticket = bob.view.ticket
    bob.press("Ctrl+K")
    in_dialog(bob, "   ")
    dialog = bob.page.queue.dialog
    assert dialog is not None
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    bob.press("F2")
    assert bob.view.ticket == ticket
    assert bob.marks == (0, None, None)


def test_keys_in_the_dialog_are_letters(bob: Seat) -> None:
    bob.press("Ctrl+K")
    dialog = bob.page.queue.dialog
    assert dialog is not None
    QTest.keyClicks(dialog.line, "1 q/?")
    assert dialog.line.text() == "1 q/?"
    assert not bob.view.draft.events
    QTest.keyClick(dialog, Qt.Key.Key_Escape)


def test_a_flag_says_why_and_the_clip_stays(bob: Seat, workspace: Workspace) -> None:
    ticket = bob.view.ticket
    bob.press("F2", "Ctrl+D")
    in_dialog(bob, "is this a smile?")
    assert bob.said == "Flagged; the curator will see it"
    assert bob.view.ticket == ticket
    assert bob.marks == (0, None, None)
    with workspace.read() as records:
        (flag,) = records.open_flags()
    assert flag.because == "is this a smile?"


def test_the_last_clip_given_back_leaves_nothing_on_screen(bob: Seat) -> None:
    for _ in range(3):
        bob.press("Ctrl+K")
        in_dialog(bob, "too dark")
    assert bob.view.ticket is None
    assert bob.page.picture.shows is None
    assert bob.page._pages.currentWidget() is bob.page._nothing
    assert bob.page.timeline._material.sound is None
    bob.press("F2", "Space", "Right", "Ctrl+Z", "Return", "1")  # means nothing now, and breaks nothing
    assert bob.view.ticket is None

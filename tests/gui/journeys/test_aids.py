"""What helps to look is on record before it shows; the motion curve waits for the coder's own marks."""

from __future__ import annotations

import numpy as np
from builders.windows import Seat

from annotator_gui.lanes import Track
from annotator_gui.looking import Shown
from annotator_gui.regions import Region
from mmed_curate.domain.conduct import Aid
from mmed_curate.store import Workspace


def noted(workspace: Workspace) -> set[Aid]:
    """Aids that the database knows of."""
    with workspace.read() as records:
        return {aid for aids in records.aids().values() for aid in aids}


def watch(seat: Seat, workspace: Workspace) -> list[tuple[str, set[Aid]]]:
    """Each time something other than the plain frame is painted: its label, and what is on record at that moment."""
    painted: list[tuple[str, set[Aid]]] = []
    show = seat.page.picture.show_frame

    def shown(pixels: np.ndarray, *, label: str = "") -> None:
        if label:
            painted.append((label, noted(workspace)))
        show(pixels, label=label)

    seat.page.picture.show_frame = shown
    return painted


def test_magnified_motion_is_noted_before_it_shows(bob: Seat, workspace: Workspace) -> None:
    painted = watch(bob, workspace)
    bob.press("F10")
    assert bob.page.looking.how is Shown.MAGNIFIED
    assert painted
    assert all(Aid.MAGNIFICATION in there for _, there in painted)
    bob.press("F10")
    assert bob.page.looking.how is Shown.PLAIN


def test_the_difference_needs_an_onset_and_is_noted(bob: Seat, workspace: Workspace) -> None:
    painted = watch(bob, workspace)
    bob.press("F11")
    assert bob.said == "Set the onset first"
    assert noted(workspace) == set()
    bob.press("F2", "Shift+Right", "F11")
    assert painted[-1][0] == "Difference to onset"
    assert all(Aid.DIFFERENCE in there for _, there in painted)


def test_onset_and_apex_flicker_by_one_key(bob: Seat, workspace: Workspace) -> None:
    bob.press("F8")
    assert bob.said == "Set onset and apex first"
    bob.mark(20, 25, 32)
    painted = watch(bob, workspace)
    bob.press("F8", settle=False)
    bob.wait(lambda: {label for label, _ in painted} == {"Onset", "Apex"})
    assert all(Aid.MARK_FLICKER in there for _, there in painted)
    bob.press("Right")
    bob.press("F8")
    assert bob.frame == bob.page.player.frame == 33


def test_the_motion_curve_is_refused_before_own_marks(bob: Seat, workspace: Workspace) -> None:
    bob.press("F12")
    assert bob.said.startswith("the motion curve stays hidden until your own marks are set")
    assert Track.MOTION not in bob.tracks()
    assert noted(workspace) == set()
    bob.mark(20, 25, 32)
    bob.press("F12")
    assert Track.MOTION in bob.tracks()
    assert noted(workspace) == {Aid.MOTION_CURVE}


def test_it_hides_again_where_a_mark_is_taken_back(bob: Seat) -> None:
    bob.mark(20, 25, 32)
    bob.press("F12")
    assert Track.MOTION in bob.tracks()
    bob.press("Ctrl+Z")
    assert Track.MOTION not in bob.tracks()


def test_nothing_of_it_is_there_on_the_next_clip(bob: Seat) -> None:
    bob.press("F10", "F9", "Return", "Return")
    assert bob.view.ticket is not None
    assert bob.page.looking.how is Shown.PLAIN
    assert bob.view.aids == frozenset()
    assert Track.MOTION not in bob.tracks()


def test_there_is_no_face_at_rest_where_none_was_approved(bob: Seat, workspace: Workspace) -> None:
    bob.press("F7")
    assert bob.said == "There is no face at rest to compare with"
    assert noted(workspace) == set()


def test_face_brows_and_mouth_come_close_by_one_key(bob: Seat) -> None:
    for key, region in (("Ctrl+2", Region.FACE), ("Ctrl+3", Region.BROWS), ("Ctrl+4", Region.MOUTH)):
        bob.press(key)
        assert bob.page.looking.region is region
        assert bob.page.picture.is_close
    bob.press("Ctrl+1")
    assert not bob.page.picture.is_close
    bob.press("Ctrl++")
    assert bob.page.picture.is_close

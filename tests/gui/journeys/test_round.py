"""A whole round through the window alone: screened, coded by two, adjudicated, verified, to a gate that opens."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path

from builders.release import lenient_policy, lenient_settings
from builders.watchable import MOVEMENT_FIRST, watchable_media
from builders.windows import Seat
from builders.workspace import SIGNED, STAFF, a_workspace, add_clips
from pytestqt.qtbot import QtBot

from annotator_gui.fields import Field
from mmed_curate.annotation import assign
from mmed_curate.annotation.door import open_desk
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.records import AssetKind
from mmed_curate.release.leave import ask_gate
from mmed_curate.store import Workspace

RELEASED = {
    AssetKind.RELEASE_PICTURE: ("release.mp4", b"as mmed recut would cut it"),
    AssetKind.RELEASE_SOUND: ("release.wav", b"its sound"),
    AssetKind.FEATURES: ("features.npz", b"of the face"),
    AssetKind.SOUND_FEATURES: ("sound-features.npz", b"of the voice"),
}
"""What lies there for a release; the gate only looks that it is whole."""


def two_subjects(root: Path) -> Workspace:
    """Two clips of each of two subjects."""
    workspace = a_workspace(root, n_clips=0, staff=STAFF, protocol=MOVEMENT_FIRST)
    with workspace.write() as records:
        records.add_subject("S2", SIGNED, simulated=True)
        records.add_session("G2", ["S2"], simulated=True)
    for number in (1, 2):
        add_clips(
            workspace,
            2,
            subject=f"S{number}",
            session=f"G{number}",
            recording=f"r{number}.mp4",
            media={**watchable_media(), **RELEASED},
        )
    return workspace


def code(seat: Seat, onset: int, emotion: str) -> None:
    """Mark an event, score a unit, name an emotion, say how sure; hand in, and have the next one."""
    seat.mark(onset, onset + 5, onset + 10)
    seat.press("1", "1", "Return")
    assert seat.view.movement_given, seat.said
    seat.press(emotion)
    while seat.page.form.field is not Field.CONFIDENCE:
        seat.press("Tab")
    seat.press("3", "Return")


def test_a_round_through_the_window_alone(qtbot: QtBot, tmp_path: Path) -> None:
    workspace = two_subjects(tmp_path / "ws")

    def sit_down(code: str) -> Seat:
        assign(workspace, seed=1)  # what the curator does
        return Seat(qtbot, partial(open_desk, workspace.root, code), tmp_path / code)

    ann = sit_down("ann")
    while ann.view.ticket is not None:
        ann.press("1", "Return")
    ann.leave()
    bob = sit_down("bob")
    while bob.view.ticket is not None:
        code(bob, 20, "1")
    bob.leave()
    cem, n_coded = sit_down("cem"), 0
    while cem.view.ticket is not None:
        code(cem, 21, "1" if n_coded else "2")  # one clip is read otherwise
        n_coded += 1
    cem.leave()
    assert n_coded == 4

    dee, n_settled = sit_down("dee"), 0
    while dee.view.ticket is not None:
        assert dee.view.ticket.stage is Stage.ADJUDICATION
        dee.press("Ctrl+R", "Ctrl+T")
        dee.type("seen twice, and so", settle=False)
        dee.press("Return")
        dee.press("Return")
        n_settled += 1
    dee.leave()
    assert n_settled == 1
    eve = sit_down("eve")
    while eve.view.ticket is not None:
        eve.press("1", "Return")
    eve.leave()

    with workspace.read() as records:
        assert set(records.stages().values()) == {Stage.SETTLED}
        assert records.audit().intact
        assert len(records.efforts()) == 4 + 8 + 1 + 4
    decision, leave = ask_gate(
        workspace, policy=lenient_policy(), settings=lenient_settings(), on=date(2026, 6, 1), rehash=True
    )
    assert leave is not None, decision.failed
    assert leave.word.verdicts

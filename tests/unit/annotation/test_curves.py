"""The signals that come with a ticket: what a pass may show, all of it as stored, and nothing else."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from builders.watchable import watchable_media
from builders.workspace import PLAIN, a_workspace, add_clips

from mmed_curate.annotation import Aid, Desk, Ticket, assign
from mmed_curate.annotation.curves import face_curves
from mmed_curate.annotation.handout import desk_folder
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.protocol import Role, load_protocol
from mmed_curate.domain.records import AssetKind
from mmed_curate.store import Workspace

STAFF = {"ann": (Role.SCREENER,)}
_FACE = {"format", "version", "times_s", "alignment", "seen", "eye_distance_px", "landmarks"}
_VOICE = {
    *("format", "version", "start_s", "hop_s", "window_s"),
    *("log_mel", "band_hz", "intensity_db", "f0_hz", "voice_activity"),
}


def a_round(tmp_path: Path, *, modality: str = "both", shows_motion: bool = False) -> Workspace:
    """One watchable clip, at screening under these rules."""
    text = PLAIN.read_text(encoding="utf-8").replace("version: 1", "version: 2")
    said = f"judges: 1\n  shows_motion: {str(shows_motion).lower()}\n  modality: {modality}"
    first = text.index("judges: 1")
    rest = text[text.index("coding:") :]
    rules = tmp_path / "rules.yaml"
    rules.write_text(f"{text[:first]}{said}\n\n{rest}", encoding="utf-8")
    workspace = Workspace.create(tmp_path / "ws", protocol=str(rules), seed=7)
    filled = a_workspace(tmp_path / "other", n_clips=0, staff=STAFF)  # only for who is in it
    with filled.read() as old, workspace.write() as records:
        records.add_subject("S1", old.subject("S1").consent, simulated=True)
        records.add_session("G1", ["S1"], simulated=True)
        records.add_coder("ann", STAFF["ann"], simulated=True)
    add_clips(workspace, 1, media=watchable_media())
    return workspace


def take(workspace: Workspace) -> Ticket:
    assign(workspace, seed=1)
    ticket = Desk(workspace, "ann").next_ticket()
    assert ticket is not None
    return ticket


def arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    with np.load(path, allow_pickle=False) as held:
        return dict(held)


def stored(kind: AssetKind) -> dict[str, npt.NDArray[Any]]:
    with np.load(io.BytesIO(watchable_media()[kind][1]), allow_pickle=False) as held:
        return dict(held)


def test_a_pass_of_picture_and_sound_has_both_as_they_were_stored(tmp_path: Path) -> None:
    ticket = take(a_round(tmp_path))
    assert ticket.face is not None and ticket.voice is not None
    face, voice = arrays(ticket.face), arrays(ticket.voice)
    assert set(face) == _FACE
    assert set(voice) == _VOICE
    for held, kind in ((face, AssetKind.CODING_FEATURES), (voice, AssetKind.CODING_SOUND_FEATURES)):
        original = stored(kind)
        assert all(np.array_equal(array, original[name]) for name, array in held.items())


@pytest.mark.parametrize(("modality", "has"), [("picture", {"face.npz"}), ("sound", {"voice.npz"})])
def test_a_pass_holds_nothing_of_what_it_must_not_show(tmp_path: Path, modality: str, has: set[str]) -> None:
    workspace = a_round(tmp_path, modality=modality, shows_motion=True)
    ticket = take(workspace)
    assert ((ticket.face is not None), (ticket.voice is not None)) == ("face.npz" in has, "voice.npz" in has)
    lies_there = {path.name for path in desk_folder(workspace.media, ticket.clip_name).iterdir()}
    assert {name for name in lies_there if name.endswith(".npz")} == has
    hidden = AssetKind.CODING_SOUND_FEATURES if modality == "picture" else AssetKind.CODING_FEATURES
    telling = [array.tobytes() for array in stored(hidden).values() if array.nbytes > 200]
    there = [path.read_bytes() for path in desk_folder(workspace.media, ticket.clip_name).iterdir()]
    assert telling
    assert not [one for one in telling for held in there if one in held]
    assert ticket.shows_motion is (modality == "picture")


def test_motion_of_a_region_is_the_mean_distance_of_its_places() -> None:
    """Two lids that go 3 px against each other: the mean of where they went is 0, of their distances 3."""
    moved = np.zeros((2, 3, 2), np.float32)
    moved[1] = [[0, 3], [0, -3], [3, 4]]
    held = {name: np.zeros(2) for name in _FACE} | {"places": np.array(["lid", "lid", "chin"]), "place_motion": moved}
    file = io.BytesIO()
    np.savez(file, **held)
    curves = face_curves(file.getvalue(), with_motion=True)
    assert curves["regions"].tolist() == ["lid", "chin"]
    assert curves["motion"].tolist() == [[0, 0], [3, 5]]


def test_motion_comes_only_where_the_protocol_shows_it(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()
    without, with_motion = take(a_round(tmp_path / "a")), take(a_round(tmp_path / "b", shows_motion=True))
    assert without.face is not None and with_motion.face is not None
    assert (without.shows_motion, with_motion.shows_motion) == (False, True)
    assert set(arrays(with_motion.face)) - set(arrays(without.face)) == {"regions", "motion"}


def test_the_motion_curve_cannot_be_taken_where_it_is_not_shown(tmp_path: Path) -> None:
    workspace = a_round(tmp_path)
    ticket = take(workspace)
    with pytest.raises(BadInput, match="shows no motion curve"):
        Desk(workspace, "ann").note_aid(ticket.id, Aid.MOTION_CURVE)


def test_equal_tickets_have_equal_bytes_that_were_made_at_no_time(tmp_path: Path) -> None:
    workspace = a_round(tmp_path, shows_motion=True)
    ticket = take(workspace)
    assert ticket.face is not None and ticket.voice is not None
    paths = (ticket.face, ticket.voice)
    before = [path.read_bytes() for path in paths]
    assert {path.stat().st_mtime for path in paths} == {0}
    for path in paths:
        path.unlink()
    take(workspace)
    assert [path.read_bytes() for path in paths] == before


def test_a_file_laid_out_under_other_rules_is_made_anew(tmp_path: Path) -> None:
    """As after a protocol was adopted that shows no motion any more."""
    workspace = a_round(tmp_path)
    ticket = take(workspace)
    assert ticket.face is not None
    np.savez(ticket.face, **arrays(ticket.face), motion=np.zeros((60, 1)), regions=np.array(["brow"]))
    again = take(workspace)
    assert again.face is not None
    assert set(arrays(again.face)) == _FACE


def test_a_clip_that_nobody_measured_has_none(tmp_path: Path) -> None:
    ticket = take(a_workspace(tmp_path / "ws", staff=STAFF))
    assert (ticket.face, ticket.voice, ticket.shows_motion) == (None, None, False)


@pytest.mark.parametrize(
    ("name", "shown"), [("mmed", {"coding", "adjudication", "verification"}), ("casme2", set()), ("samm", set())]
)
def test_who_shows_motion(name: str, shown: set[str]) -> None:
    protocol = load_protocol(name)
    stages = ("screening", "coding", "adjudication", "verification")
    assert {stage for stage in stages if getattr(protocol, stage).shows_motion} == shown


def test_version_1_of_a_protocol_knows_no_motion(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    text = PLAIN.read_text(encoding="utf-8")
    rules.write_text(text.replace("coding:  #", "coding:\n  shows_motion: true  #"), encoding="utf-8")
    with pytest.raises(BadInput, match="coding must not have shows_motion: version 1 knows none"):
        load_protocol(str(rules))


DAMAGED = ("picture.mp4", "sound.wav", "face.npz", "sound.npz")


@pytest.mark.parametrize("name", DAMAGED)
@pytest.mark.parametrize("damage", ["a bit", "cut short", "gone"])
def test_media_whose_bytes_differ_are_not_laid_out(tmp_path: Path, name: str, damage: str) -> None:
    workspace = a_round(tmp_path)
    (path,) = (one for one in workspace.media.rglob(name))
    whole = path.read_bytes()
    changed = whole[:-1] + bytes([whole[-1] ^ 1]) if damage == "a bit" else whole[: len(whole) // 2]
    path.unlink()
    if damage != "gone":
        path.write_bytes(changed)
    assign(workspace, seed=1)
    with pytest.raises(BadInput, match=r"the media of ticket .* are missing or damaged: tell the curator"):
        Desk(workspace, "ann").next_ticket()
    assert not list((workspace.media / "desk").rglob("*.*"))
    path.write_bytes(whole)
    assert take(workspace).picture is not None

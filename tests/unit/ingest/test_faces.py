"""Whose face is whose: what a curator writes into a table, and what is taken where nobody wrote any."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import FrameClock
from mmed_curate.ingest.faces import Unsaid, face_table_csv, faces_of_one, owners, read_face_table, together_s
from mmed_curate.spotting.tracks import FaceTrack, lasting

TEN_A_SECOND = FrameClock(pts=tuple(range(100)), end_pts=100, time_base=Fraction(1, 10))


def a_track(number: int, first: int, last: int) -> FaceTrack:
    """A face that is seen on all frames from first to last."""
    n = last - first + 1
    return FaceTrack(
        track=number,
        frames=np.arange(first, last + 1),
        boxes=np.tile(np.array([10, 10, 50, 60], dtype=np.float32), (n, 1)),
        eye_distance_px=np.full(n, 40, dtype=np.float32),
    )


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "faces.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_table_that_is_written_is_read_again(tmp_path: Path) -> None:
    tracks = [a_track(0, 0, 49), a_track(2, 60, 99)]
    text = face_table_csv([("game.mp4", "ab" * 32, "0123456789ab", TEN_A_SECOND, tracks)])
    assert text.splitlines()[0].endswith(",subject")
    assert text.splitlines()[2] == f"game.mp4,{'ab' * 32},0123456789ab,2,60,99,40,6.000,10.000,40,"
    untouched = read_face_table(written(tmp_path, text))
    assert owners(untouched, "game.mp4", tracks) == {}  # nobody's face enters a table
    filled = read_face_table(written(tmp_path, text.replace(",40,\n", ",40,P01\n")))
    assert filled.subjects == ("P01",)
    assert owners(filled, "game.mp4", tracks, sha256="ab" * 32, parameters="0123456789ab") == {0: "P01", 2: "P01"}


def test_three_columns_by_hand_are_enough_and_other_recordings_stay_apart(tmp_path: Path) -> None:
    table = read_face_table(written(tmp_path, "subject,track,recording\nP01,0,takes/a.mp4\n,1,a.mp4\nP02,0,b.mp4\n"))
    tracks = [a_track(0, 0, 49), a_track(1, 0, 49)]
    assert owners(table, "a.mp4", tracks) == {0: "P01"}
    assert owners(table, "b.mp4", tracks) == {0: "P02"}
    assert owners(table, "c.mp4", tracks) == {}
    assert not table.of("c.mp4")


def test_two_files_of_one_name_are_told_apart_by_their_bytes(tmp_path: Path) -> None:
    table = read_face_table(written(tmp_path, "recording,sha256,track,subject\na.mp4,aaa,0,P01\na.mp4,bbb,0,P02\n"))
    assert owners(table, "a.mp4", [a_track(0, 0, 9)], sha256="bbb") == {0: "P02"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("recording,track\na.mp4,0\n", "lacks the column(s) subject"),
        ("recording;track;subject\na.mp4;0;P01\n", "save it with commas"),
        ("recording,track,subject\na.mp4,zero,P01\n", "row 2: track must be a whole number from 0 on, got 'zero'"),
        ("recording,track,subject\n,0,P01\n", "row 2: names no recording"),
        ("recording,track,subject\na.mp4,0\n", "row 2: has 2 cells"),
        (
            "recording,track,subject\na.mp4,0,P01\n\na.mp4,0,P02\n",
            "row 4: track 0 of a.mp4 is in row 2 already (P01 and P02)",
        ),
    ],
)
def test_each_mistake_is_named_by_its_row(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_face_table(written(tmp_path, text))
    assert said in str(caught.value)


def test_what_the_recording_does_not_bear_out_is_refused(tmp_path: Path) -> None:
    table = read_face_table(written(tmp_path, "recording,track,subject\na.mp4,0,P01\na.mp4,1,P01\na.mp4,7,P02\n"))
    with pytest.raises(BadInput) as caught:
        owners(table, "a.mp4", [a_track(0, 0, 49), a_track(1, 40, 99)])
    assert "row 4: a.mp4 has no track 7 (it has 0, 1)" in str(caught.value)
    assert "rows 2 and 3: tracks 0 and 1 of a.mp4 are both given to P01" in str(caught.value)
    assert "10 frame(s)" in str(caught.value)  # 40..49


def test_numbers_that_other_parameters_gave_are_refused(tmp_path: Path) -> None:
    table = read_face_table(written(tmp_path, "recording,parameters,track,subject\na.mp4,old,0,P01\n"))
    assert owners(table, "a.mp4", [a_track(0, 0, 9)], parameters="old") == {0: "P01"}
    with pytest.raises(BadInput, match="other parameters"):
        owners(table, "a.mp4", [a_track(0, 0, 9)], parameters="new")


def test_one_person_alone_needs_no_table() -> None:
    taken, notes = faces_of_one([a_track(0, 0, 99)], TEN_A_SECOND, "a.mp4", blink_s=0.5, unsaid=Unsaid.REFUSE)
    assert [track.track for track in taken] == [0] and notes == ()
    tracks = [a_track(0, 0, 39), a_track(1, 50, 99)]
    taken, notes = faces_of_one(tracks, TEN_A_SECOND, "a.mp4", blink_s=0.5, unsaid=Unsaid.REFUSE)
    assert [track.track for track in taken] == [1, 0]
    assert [note.code for note in notes] == ["ingest.several_tracks"]


def test_two_at_once_and_no_table() -> None:
    tracks = [a_track(0, 0, 79), a_track(1, 70, 99)]  # frames 70..79: a second
    assert together_s(tracks, TEN_A_SECOND) == pytest.approx(1.0)
    with pytest.raises(BadInput, match=r"at once for 1\.0 s .such as tracks 0 and 1., and nobody said"):
        faces_of_one(tracks, TEN_A_SECOND, "a.mp4", blink_s=0.5, unsaid=Unsaid.REFUSE)
    for blink_s, unsaid in ((0.5, Unsaid.LONGEST), (1.5, Unsaid.REFUSE)):
        taken, notes = faces_of_one(tracks, TEN_A_SECOND, "a.mp4", blink_s=blink_s, unsaid=unsaid)
        assert [track.track for track in taken] == [0]
        assert [note.code for note in notes] == ["ingest.other_faces"]


def test_tracks_too_short_to_say_anything_of_are_dropped() -> None:
    tracks = [a_track(0, 0, 79), a_track(1, 90, 91), a_track(2, 95, 97)]
    assert [track.track for track in lasting(tracks, TEN_A_SECOND, 0.3)] == [0, 2]
    short = FrameClock(pts=(0, 1), end_pts=2, time_base=Fraction(1, 10))
    assert [track.track for track in lasting([a_track(0, 0, 0)], short, 0.3)] == [0]

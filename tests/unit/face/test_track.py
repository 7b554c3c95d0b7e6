"""A face keeps its number from picture to picture, and gives it to nobody else."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from mmed_curate.face.bounds import TrackBounds
from mmed_curate.face.scene import SceneBounds
from mmed_curate.face.track import FaceTracker

ByteArray = npt.NDArray[np.uint8]

NEVER_CUT = SceneBounds(cut_below=-1.0, same_above=1.0, return_s=0.1, changing_below=-1.0, changing_s=1.0)


def test_a_moving_face_stays_one_track(man_at_the_door: ByteArray) -> None:
    tracker = FaceTracker()
    seen = [tracker.step(np.roll(man_at_the_door, 4 * step, axis=1)) for step in range(12)]
    assert [face.track for faces in seen for face in faces] == [0] * 12
    travelled = seen[-1][0].landmarks.mean(axis=0) - seen[0][0].landmarks.mean(axis=0)
    np.testing.assert_allclose(travelled, (44, 0), atol=1.5)


def test_two_faces_are_kept_apart(man_at_the_door: ByteArray) -> None:
    man = man_at_the_door[:, 130:460]
    both = np.ascontiguousarray(np.hstack([man, man[:, ::-1]]))
    tracker = FaceTracker()
    for step in range(8):
        faces = tracker.step(np.roll(both, step, axis=0))
        assert [face.track for face in faces] == [0, 1]
    one, other = (face.landmarks.mean(axis=0) for face in faces)
    assert abs(one[0] - other[0]) > 200


def test_a_face_that_comes_back_soon_keeps_its_number(man_at_the_door: ByteArray) -> None:
    tracker = FaceTracker()
    nobody = np.full_like(man_at_the_door, 127)
    assert [face.track for face in tracker.step(man_at_the_door)] == [0]
    assert all(tracker.step(nobody) == () for _ in range(5))
    assert [track for _ in range(4) for track in {face.track for face in tracker.step(man_at_the_door)}][-1] == 0


def test_a_face_that_comes_back_late_is_a_new_track(man_at_the_door: ByteArray) -> None:
    tracker = FaceTracker(TrackBounds(patience_s=0.1))
    nobody = np.full_like(man_at_the_door, 127)
    tracker.step(man_at_the_door)
    for _ in range(8):
        assert tracker.step(nobody) == ()
    later = [face.track for _ in range(4) for face in tracker.step(man_at_the_door)]
    assert set(later) == {1}


def test_where_there_is_room_for_one_the_larger_face_is_followed(man_at_the_door: ByteArray) -> None:
    man = man_at_the_door[:, 130:460]
    small = cv2.resize(man, None, fx=0.45, fy=0.45, interpolation=cv2.INTER_AREA)
    both = np.full((360, 640, 3), 127, dtype=np.uint8)
    both[:, :330] = man
    alone = np.full_like(both, 127)
    both[100 : 100 + small.shape[0], 420 : 420 + small.shape[1]] = small
    alone[100 : 100 + small.shape[0], 420 : 420 + small.shape[1]] = small
    (only,) = FaceTracker(TrackBounds(max_faces=1)).step(both)
    assert only.eye_distance_px > 60
    tracker = FaceTracker(TrackBounds(max_faces=1, scene=NEVER_CUT))
    assert [face.track for face in tracker.step(alone, 0.0)] == [0]
    seen = [face for place in range(1, 20) for face in tracker.step(both, place / 30)]
    assert seen[-1].track == 1 and seen[-1].eye_distance_px > 60  # a poster does not crowd out the player


def test_a_rate_is_no_matter(man_at_the_door: ByteArray) -> None:
    for rate_hz in (15, 500):
        tracker = FaceTracker()
        speed_px = 120 / rate_hz  # 120 px a second: about two eye distances
        for place in range(12):
            moved = np.roll(man_at_the_door, round(speed_px * place), axis=1)
            assert [face.track for face in tracker.step(moved, place / rate_hz)] == [0]

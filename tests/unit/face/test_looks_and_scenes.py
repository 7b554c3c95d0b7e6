"""What the tracker doubts by: looks, cuts, tiles; and the small pictures it leaves for people."""

from __future__ import annotations

import itertools
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmed_curate.domain.time import Frame
from mmed_curate.face.bounds import TrackBounds
from mmed_curate.face.detect import FaceDetector, Part, tiles
from mmed_curate.face.looks import likeness, look
from mmed_curate.face.scene import Scene, SceneWatch
from mmed_curate.face.thumbnail import MOST, THUMBNAIL_PX, Thumbnails, as_jpeg, thumbnail_look
from mmed_curate.face.track import FaceTracker
from mmed_curate.media.pictures import pictures

ByteArray = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def landmarks(man_at_the_door: ByteArray) -> FloatArray:
    """(468, 2) of the bundled face."""
    return FaceTracker().step(man_at_the_door)[0].landmarks


@pytest.fixture(scope="module")
def woman(repository: Path) -> ByteArray:
    """(360, 640, 3): another person."""
    path = repository / "demo" / "recordings" / "WolfgangLanger_Pexels.mp4"
    return next(iter(pictures(path, last=Frame(0)))).bgr().copy()


def watch() -> SceneWatch:
    return SceneWatch(TrackBounds().scene)


def test_a_face_looks_like_itself_in_other_light_and_at_another_size(
    man_at_the_door: ByteArray, landmarks: FloatArray
) -> None:
    mine = look(man_at_the_door, landmarks)
    assert likeness(mine, mine) == pytest.approx(1, abs=1e-5)
    darker = (man_at_the_door * 0.6 + 10).astype(np.uint8)
    assert likeness(mine, look(darker, landmarks)) > 0.99
    smaller = cv2.resize(man_at_the_door, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    assert likeness(mine, look(smaller, landmarks / 2)) > 0.98


def test_two_people_do_not_look_alike(man_at_the_door: ByteArray, landmarks: FloatArray, woman: ByteArray) -> None:
    (her,) = FaceTracker().step(woman)
    assert likeness(look(man_at_the_door, landmarks), look(woman, her.landmarks)) < TrackBounds().same_likeness


def test_a_cut_is_a_cut_and_a_flash_is_none(man_at_the_door: ByteArray, woman: ByteArray) -> None:
    scenes = watch()
    assert [scenes.step(man_at_the_door, place / 30) for place in range(3)] == [Scene.SAME] * 3
    assert scenes.scene == 0
    assert scenes.step(np.full_like(woman, 250), 0.1) is Scene.CUT  # a flash ...
    assert scenes.scene == 1
    assert scenes.step(man_at_the_door, 0.133) is Scene.CUT
    assert scenes.scene == 0  # ... after which the scene before goes on
    assert scenes.step(woman, 0.167) is Scene.CUT
    assert scenes.step(woman, 0.2) is Scene.SAME
    assert scenes.scene == 2
    assert scenes.step(man_at_the_door, 0.9) is Scene.CUT
    assert scenes.scene == 3  # too late for a flash


def test_a_light_switched_on_is_no_cut(man_at_the_door: ByteArray) -> None:
    scenes = watch()
    scenes.step(man_at_the_door // 2, 0.0)
    assert scenes.step(man_at_the_door, 0.033) is Scene.SAME


@given(width=st.integers(1, 4000), height=st.integers(1, 4000))
def test_tiles_cover_the_picture_and_lie_inside(width: int, height: int) -> None:
    parts = tiles(width, height)
    for part in parts:
        assert 0 <= part.left < part.right <= width and 0 <= part.top < part.bottom <= height
    if parts:
        assert {part.left for part in parts} >= {0} and max(part.right for part in parts) == width
        assert min(part.top for part in parts) == 0 and max(part.bottom for part in parts) == height
        lefts = sorted({part.left for part in parts})
        assert all(b - a <= max(width, height) // 4 + 1 for a, b in itertools.pairwise(lefts))


def test_a_small_face_is_found_in_a_tile_and_in_a_square_round_its_last_place(man_at_the_door: ByteArray) -> None:
    wide = np.full((720, 1280, 3), 127, dtype=np.uint8)
    small = cv2.resize(man_at_the_door, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    wide[300:480, 700:1020] = small  # the eyes are 35 px apart, their middle near (845, 380)
    detector = FaceDetector()
    assert detector.detect(wide) == ()
    in_tiles = [one for part in tiles(1280, 720) for one in detector.detect(wide, part)]
    assert in_tiles and all(np.hypot(*(one.points[:2].mean(axis=0) - (846, 381))) < 12 for one in in_tiles)
    part = Part.round_box(in_tiles[0].box, 1280, 720)
    (again,) = detector.detect(wide, part)
    np.testing.assert_allclose(again.box, in_tiles[0].box, atol=8)


def test_thumbnails_are_few_spread_and_in_order(man_at_the_door: ByteArray, landmarks: FloatArray) -> None:
    gathered = Thumbnails()
    for frame in range(900):
        gathered.consider(frame, frame / 3, man_at_the_door, landmarks)  # five minutes
    best = gathered.best()
    frames = [one.frame for one in best]
    assert 2 <= len(best) <= MOST and frames == sorted(frames)
    assert frames[0] < 450 < frames[-1]
    assert all(one.picture.shape == (THUMBNAIL_PX, THUMBNAIL_PX, 3) for one in best)


def test_of_two_pictures_the_sharper_one_is_kept(man_at_the_door: ByteArray, landmarks: FloatArray) -> None:
    gathered = Thumbnails()
    blurred = cv2.GaussianBlur(man_at_the_door, (0, 0), 4)
    gathered.consider(0, 0.0, blurred, landmarks)
    gathered.consider(1, 0.25, man_at_the_door, landmarks)
    assert [one.frame for one in gathered.best()] == [1]


def test_a_thumbnail_looks_like_its_face(man_at_the_door: ByteArray, landmarks: FloatArray) -> None:
    gathered = Thumbnails()
    gathered.consider(0, 0.0, man_at_the_door, landmarks)
    (thumbnail,) = gathered.best()
    assert likeness(thumbnail_look(thumbnail.picture), look(man_at_the_door, landmarks)) > 0.97
    assert as_jpeg(thumbnail.picture)[:3] == b"\xff\xd8\xff"

"""A face is found where it is, and nothing is found where there is none."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from mmed_curate.face.detect import FaceDetector, iou
from mmed_curate.face.mesh import FaceMesh, Region, eye_openness

ByteArray = npt.NDArray[np.uint8]


def test_one_face_is_one_detection(man_at_the_door: ByteArray) -> None:
    (face,) = FaceDetector().detect(man_at_the_door)
    left, top, right, bottom = face.box
    assert face.score > 0.9
    # read off the picture: hair from x 215 to 370, brows at y 133, chin at y 293
    assert 190 < left < 240 and 345 < right < 395 and 100 < top < 150 and 275 < bottom < 320
    right_eye, left_eye = face.points[0], face.points[1]
    assert right_eye[0] < left_eye[0]  # the subject's right eye is on the left of the picture


def test_a_turned_picture_gives_a_turned_region(man_at_the_door: ByteArray) -> None:
    upright = Region.round_detection(FaceDetector().detect(man_at_the_door)[0])
    assert abs(math.degrees(upright.angle)) < 10


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_an_empty_picture_holds_no_face(grey: int) -> None:
    assert FaceDetector().detect(np.full((240, 320, 3), grey, dtype=np.uint8)) == ()


def test_the_mesh_refuses_what_is_no_face(man_at_the_door: ByteArray) -> None:
    door = Region(x=520, y=180, side=150, angle=0.0)
    assert FaceMesh().landmarks(man_at_the_door, door) is None


def test_the_mesh_lies_on_the_face(man_at_the_door: ByteArray) -> None:
    region = Region.round_detection(FaceDetector().detect(man_at_the_door)[0])
    mesh = FaceMesh().landmarks(man_at_the_door, region)
    assert mesh is not None
    assert mesh.points.shape == (468, 2) and mesh.points.dtype == np.float32
    assert 65 < mesh.eye_distance_px < 75  # measured on the picture by hand: 70
    brow, chin, nose = mesh.points[105], mesh.points[152], mesh.points[1]
    assert brow[1] < nose[1] < chin[1]
    assert (eye_openness(mesh.points) > 0.2).all()  # both eyes are open


def test_a_region_round_points_holds_them_all(man_at_the_door: ByteArray) -> None:
    mesh = FaceMesh().landmarks(man_at_the_door, Region.round_detection(FaceDetector().detect(man_at_the_door)[0]))
    assert mesh is not None
    region = Region.round_points(mesh.points)
    matrix = region.matrix()
    inside = (mesh.points - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
    # a square 1.5 times the face's box leaves a sixth of its 192 px free on each side
    assert inside.min() > 30 and inside.max() < 162


def test_overlap_of_boxes_by_hand() -> None:
    # 10 x 10 and 10 x 10 share 5 x 10: 50 of 150
    one, other = np.array([0, 0, 10, 10], np.float32), np.array([5, 0, 15, 10], np.float32)
    assert iou(one, other) == pytest.approx(1 / 3)
    assert iou(one, other + 100) == 0

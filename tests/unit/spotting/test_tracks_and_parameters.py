"""The face's box over a clip, and parameters that cannot be wrong without a word."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.packaged import packaged_path
from mmed_curate.domain.records import Box
from mmed_curate.domain.time import Frame
from mmed_curate.spotting.parameters import load_parameters
from mmed_curate.spotting.tracks import FaceTrack


def a_track() -> FaceTrack:
    """Seen on frames 10, 11, 20: 40 x 60 px, moving 5 px to the right from frame to frame."""
    boxes = np.array([[100 + step, 50, 140 + step, 110] for step in (0, 5, 10)], dtype=np.float32)
    return FaceTrack(
        track=0, frames=np.array([10, 11, 20]), boxes=boxes, eye_distance_px=np.full(3, 20, dtype=np.float32)
    )


def test_a_box_holds_the_face_on_every_frame() -> None:
    assert a_track().box_over(Frame(10), Frame(11), 0, 640, 360) == Box(left=100, top=50, right=145, bottom=110)
    assert a_track().box_over(Frame(0), Frame(99), 0, 640, 360) == Box(left=100, top=50, right=150, bottom=110)


def test_room_is_a_part_of_the_face() -> None:
    # a tenth of 40 px is 4, of 60 px is 6
    assert a_track().box_over(Frame(10), Frame(10), 0.1, 640, 360) == Box(left=96, top=44, right=144, bottom=116)


def test_a_box_stays_inside_the_picture() -> None:
    assert a_track().box_over(Frame(10), Frame(10), 5, 160, 120) == Box(left=0, top=0, right=160, bottom=120)


@pytest.mark.parametrize(("first", "last"), [(14, 16), (0, 5), (30, 40)])
def test_where_the_face_was_not_seen_its_neighbours_count(first: int, last: int) -> None:
    box = a_track().box_over(Frame(first), Frame(last), 0, 640, 360)
    assert box.width >= 40 and box.left >= 100 and box.right <= 150


def test_a_face_outside_the_picture_is_refused() -> None:
    with pytest.raises(BadInput, match="lies outside the picture of 50 × 40"):
        a_track().box_over(Frame(10), Frame(10), 0, 50, 40)


def test_every_number_has_its_reason() -> None:
    path = packaged_path("pipelines", "spotting", "mmed.yaml")
    numbers = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("  ")]
    assert len(numbers) > 15 and all("#" in line for line in numbers)


def test_a_wrong_key_is_named_with_its_line(tmp_path: Path) -> None:
    good = packaged_path("pipelines", "spotting", "mmed.yaml").read_text(encoding="utf-8")
    path = tmp_path / "lab.yaml"
    path.write_text(good.replace("least_px:", "least_pixels:"), encoding="utf-8")
    with pytest.raises(BadInput, match=r"lab\.yaml, line \d+"):
        load_parameters(str(path))


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(BadInput, match=r"choose one of: .*mmed"):
        load_parameters("nobody")

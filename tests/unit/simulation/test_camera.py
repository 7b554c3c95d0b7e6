"""What was planted shows where and when the truth says, and nowhere else."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from builders.world import a_world

from mmed_curate.domain.codebook import load_codebook
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import Frame, Span
from mmed_curate.media.pictures import pictures
from mmed_curate.simulation.camera import Camera
from mmed_curate.simulation.movement import skin_field
from mmed_curate.simulation.portrait import MARGIN, Portrait, portrait
from mmed_curate.simulation.sessions import render_recording
from mmed_curate.simulation.settings import FaceSource
from mmed_curate.simulation.truth import Kind, Planted

STILL = a_world(picture__noise=0.0, picture__sway_px=0.0, picture__sway_deg=0.0, picture__sway_grow=0.0)
SPAN = Span(onset=Frame(10), apex=Frame(15), offset=Frame(22))


@pytest.fixture(scope="module")
def face() -> Portrait:
    """The first subject of the small world."""
    return portrait(STILL, 0)


def an_event(movement: str, amplitude_px: float = 2.5) -> Planted:
    return Planted(kind=Kind.EVENT, span=SPAN, amplitude_px=amplitude_px, movement=movement)


def change(camera: Camera, frame: int) -> npt.NDArray[np.float64]:
    """(H, W) by how much a picture differs from the first, in grey levels."""
    difference: npt.NDArray[np.float64] = np.abs(camera.still(frame).astype(float) - camera.still(0)).mean(axis=2)
    return difference


@pytest.mark.parametrize("movement", sorted(STILL.movements))
def test_a_movement_changes_its_own_places_and_no_pixel_besides(face: Portrait, movement: str) -> None:
    camera = Camera(STILL, face, [an_event(movement)], 0)
    field = skin_field(STILL, STILL.movements[movement], face)

    at_apex = change(camera, SPAN.apex)

    rows, columns = np.mgrid[0 : at_apex.shape[0], 0 : at_apex.shape[1]].astype(np.float32)
    reach = np.hypot(*field.at(columns + MARGIN, rows + MARGIN))
    assert reach.max() == pytest.approx(1, abs=0.02)  # so that the amplitude is what it says
    assert at_apex[reach == 0].max() == 0
    assert at_apex[reach > 0.5].mean() > 1.0
    below_the_eyes = rows.mean() < np.average(rows, weights=at_apex)
    assert below_the_eyes == (STILL.movements[movement].region in {"mouth-corner", "nose-wing"})


def test_the_change_rises_from_onset_to_apex_and_falls_to_the_offset(face: Portrait) -> None:
    camera = Camera(STILL, face, [an_event("brow-raise")], 0)

    course = [float(change(camera, frame).sum()) for frame in range(SPAN.onset - 2, SPAN.offset + 3)]

    assert course[:2] == course[-2:] == [0, 0]
    apex = SPAN.apex - SPAN.onset + 2
    assert all(earlier < later for earlier, later in pairwise(course[1 : apex + 1]))
    assert all(earlier > later for earlier, later in pairwise(course[apex:-1]))


def test_skin_moves_by_the_stated_amplitude_in_the_stated_direction(face: Portrait) -> None:
    camera = Camera(STILL, face, [an_event("brow-raise", 3.0)], 0)
    place = face.landmarks[[105, 52]].mean(axis=0) - MARGIN  # middle of the right brow
    x, y = (round(float(one)) for one in place)
    rest = camera.still(0)[y - 8 : y + 9, x - 6 : x + 7].astype(float)
    apex = camera.still(SPAN.apex).astype(float)

    misfits = {
        down: float(np.abs(apex[y + down - 8 : y + down + 9, x - 6 : x + 7] - rest).mean()) for down in range(-6, 7)
    }

    assert min(misfits, key=misfits.__getitem__) in {-3, -2}  # up; the bump is a little less around its peak


def test_a_blink_covers_the_eyes_and_nothing_else(face: Portrait) -> None:
    blink = Planted(kind=Kind.BLINK, span=SPAN, closure=1.0)
    camera = Camera(STILL, face, [blink], 0)
    irises = [face.landmarks[[159, 145]].mean(axis=0) - MARGIN, face.landmarks[[386, 374]].mean(axis=0) - MARGIN]

    changed = change(camera, SPAN.apex)

    for x, y in irises:
        column, row = int(x), int(y)
        assert changed[row - 3 : row + 4, column - 4 : column + 5].mean() > 20
    nose = int(face.landmarks[4][1]) - MARGIN
    assert changed[nose:].max() == 0
    assert 5 < camera.lid_travel_px < 20


def test_a_head_motion_moves_everything_and_comes_back(face: Portrait) -> None:
    nod = Planted(kind=Kind.HEAD_MOTION, span=SPAN, amplitude_px=4.0, heading_deg=90.0)
    camera = Camera(STILL, face, [nod], 0)

    apex, rest = camera.still(SPAN.apex), camera.still(0)

    assert np.abs(apex[4:].astype(int) - rest[:-4]).max() <= 2  # four pixels down, whole
    assert np.array_equal(camera.still(SPAN.offset + 1), rest)


def test_the_sway_is_slow_and_small(face: Portrait) -> None:
    world = a_world(minutes=1.0, picture__noise=0.0, distractors__blinks__per_minute=0.0)
    camera = Camera(world, face, [], 0)

    steps = [np.abs(camera.still(n).astype(int) - camera.still(n + 1)).mean() for n in range(0, 300, 30)]

    assert 0 < max(steps) < 1.0


def test_each_subject_has_a_face_of_its_own_with_eyes_as_far_apart_as_asked() -> None:
    faces = [portrait(STILL, subject) for subject in range(4)]

    for one in faces:
        assert one.eye_distance_px == pytest.approx(60, rel=0.12)  # the own geometry may stretch by 6 %, and bend
    shapes = [(one.landmarks - one.landmarks.mean(axis=0)) / one.eye_distance_px for one in faces]
    for i in range(4):
        for j in range(i):
            assert np.abs(shapes[i] - shapes[j]).mean() > 0.005
            assert np.abs(faces[i].image.astype(int) - faces[j].image).mean() > 3


def test_the_recording_shows_the_event_at_its_place_after_compression(tmp_path: Path) -> None:
    world = a_world(distractors__blinks__per_minute=0.0, picture__sway_px=0.3)
    made = render_recording(world, load_codebook("mmed"), 0, tmp_path)
    (event,) = made.planted
    face = portrait(world, 0)
    field = skin_field(world, world.movements[event.movement], face)

    frames = [picture.bgr().astype(float).mean(axis=2) for picture in pictures(tmp_path / made.file)]

    rows, columns = np.mgrid[0:240, 0:320].astype(np.float32)
    moved = np.hypot(*field.at(columns + MARGIN, rows + MARGIN)) > 0.3
    first, last = event.span.onset - 1, event.span.offset + 1
    course = [
        float(np.abs(frames[n] - frames[first])[moved].mean() - np.abs(frames[n] - frames[first])[~moved].mean())
        for n in range(first, last + 1)
    ]
    assert abs(first + int(np.argmax(course)) - event.span.apex) <= 1
    assert len(frames) == world.n_frames


def test_a_source_without_a_face_or_frame_is_named(repository: Path) -> None:
    no_face = STILL.model_copy(update={"faces": (FaceSource(file="demo/recordings/face_noface.mov", frame=120),)})
    with pytest.raises(BadInput, match="no face is found in frame 120"):
        portrait(no_face, 0)
    no_frame = STILL.model_copy(update={"faces": (FaceSource(file="demo/recordings/single_face.mp4", frame=9999),)})
    with pytest.raises(BadInput, match="9999"):
        portrait(no_frame, 0)
    no_file = STILL.model_copy(update={"faces": (FaceSource(file="nobody.mp4"),)})
    with pytest.raises(BadInput, match=r"nobody\.mp4"):
        portrait(no_file, 0)

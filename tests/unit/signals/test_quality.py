"""The meter of a picture on arrays of known making: blur, light, size, repeated and frozen parts, blocks, texture."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmed_curate.domain.findings import BadInput
from mmed_curate.signals.quality import PictureMeter, SeenFace

Bytes = npt.NDArray[np.uint8]


def a_face(x: float = 320.0, y: float = 180.0, eye_px: float = 80.0) -> SeenFace:
    """A face round a place between the eyes; its skin lies beneath them."""
    half = eye_px / 2
    return SeenFace(
        track=0,
        box=np.array([x - eye_px, y - eye_px, x + eye_px, y + 1.4 * eye_px], dtype=np.float32),
        eyes=np.array([[x - half, y], [x + half, y]], dtype=np.float32),
        skin=np.array([[x - half, y + eye_px], [x + half, y + eye_px]], dtype=np.float32),
        yaw_deg=3.0,
        pitch_deg=-2.0,
    )


def a_picture(blur_px: float = 0.0, skin_noise: float = 0.0, seed: int = 0) -> Bytes:
    """(360, 640) grey, with dark bars across the eyes whose edges are blurred by a known Gaussian, and noise."""
    fine = np.full((360 * 4, 640 * 4), 140.0, dtype=np.float32)
    for x in range(230, 420, 40):
        fine[4 * 120 : 4 * 220, 4 * x : 4 * (x + 20)] = 50
    if blur_px:
        fine = cv2.GaussianBlur(fine, (0, 0), 4 * blur_px)
    picture = cv2.resize(fine, (640, 360), interpolation=cv2.INTER_AREA)
    picture = picture + np.random.default_rng(seed).normal(scale=skin_noise, size=picture.shape)
    return np.clip(np.round(picture), 0, 255).astype(np.uint8)


def one_look(luma: Bytes, face: SeenFace | None = None, full_range: bool = False) -> PictureMeter:
    meter = PictureMeter()
    meter.add(0.0, luma, [face or a_face()], full_range=full_range)
    return meter


@pytest.mark.parametrize("blur_px", [1.0, 1.5, 2.0, 3.0])
def test_a_known_blur_is_measured(blur_px: float) -> None:
    # the derivative over two pixels blurs by another 2 / sqrt(12), a pixel's own area by 1 / sqrt(12): 0.65 together
    found = float(one_look(a_picture(blur_px)).quality().faces.edge_px[0])
    assert found == pytest.approx(np.hypot(blur_px, 0.65), rel=0.15)


def test_blur_is_measured_in_pixels_of_the_picture_also_in_a_large_face() -> None:
    # eyes 240 px apart: the band is halved before it is measured
    large = np.repeat(np.repeat(a_picture(2.0), 3, axis=0), 3, axis=1)
    large = cv2.GaussianBlur(large, (0, 0), 1.0)
    found = float(one_look(large, a_face(960, 540, 240)).quality().faces.edge_px[0])
    assert found == pytest.approx(3 * 2.0, rel=0.25)


def test_texture_of_skin_is_told_from_rounding() -> None:
    plain = float(one_look(a_picture()).quality().faces.texture[0])
    rough = float(one_look(a_picture(skin_noise=1.0)).quality().faces.texture[0])
    # white noise of 1, without what a Gaussian of 1 px keeps (1 - 2 g(0) + sum g² with g(0) = 0.159: 0.76), rounded
    assert plain == pytest.approx(0.0, abs=0.01)
    assert rough == pytest.approx(np.sqrt(1 + 1 / 12) * np.sqrt(1 - 2 * 0.159 + 0.0796), rel=0.1)


def test_light_is_told_in_the_range_of_the_coding() -> None:
    grey = np.full((360, 640), 16 + 219 // 2, dtype=np.uint8)
    assert float(one_look(grey).quality().faces.level[0]) == pytest.approx(0.5, abs=0.01)
    assert float(one_look(grey, full_range=True).quality().faces.level[0]) == pytest.approx(125 / 255, abs=0.001)


def test_black_and_white_parts_of_the_face_are_shares() -> None:
    picture = np.full((360, 640), 120, dtype=np.uint8)
    picture[:, :320] = 235  # half of the face
    faces = one_look(picture).quality().faces
    assert float(faces.blown[0]) == pytest.approx(0.5, abs=0.02)
    assert float(faces.crushed[0]) == 0
    assert float(faces.spread[0]) == pytest.approx((235 - 120) / 219, abs=0.01)


def test_a_repeated_frame_is_the_same_and_a_frozen_face_is_told_from_a_moving_room() -> None:
    meter = PictureMeter(look_every_s=0.01)
    picture = a_picture(skin_noise=3.0, seed=1)
    other = a_picture(skin_noise=3.0, seed=2)
    other[80:300, 232:416] = picture[80:300, 232:416]
    for index, luma in enumerate((picture, picture.copy(), other)):
        meter.add(index / 30, luma, [a_face()])
    quality = meter.quality()
    assert quality.frames.same.tolist() == [False, True, False]
    assert np.isnan(quality.frames.change[0]) and quality.frames.change[1] == 0 and quality.frames.change[2] > 0.5
    assert np.isnan(quality.faces.frozen[0]) and quality.faces.frozen[1] == 1
    assert quality.faces.frozen[2] == pytest.approx(1.0)


def test_blocks_are_seen_where_they_are() -> None:
    smooth = np.random.default_rng(3).normal(120, 20, (360, 640)).astype(np.float32)
    smooth = cv2.GaussianBlur(smooth, (0, 0), 2.0).round().astype(np.uint8)
    blocky = smooth.copy()
    means = smooth.reshape(45, 8, 80, 8).mean(axis=(1, 3))
    blocky[:] = np.repeat(np.repeat(means, 8, axis=0), 8, axis=1).astype(np.uint8)
    blocky = np.clip(blocky.astype(int) + np.random.default_rng(3).integers(-1, 2, blocky.shape), 0, 255)
    assert float(one_look(smooth).quality().faces.blocks[0]) == pytest.approx(1.0, abs=0.15)
    assert float(one_look(blocky.astype(np.uint8)).quality().faces.blocks[0]) > 1.6


@settings(deadline=None, max_examples=20)
@given(rate_hz=st.sampled_from([15, 24, 30, 60, 200]))
def test_it_looks_five_times_a_second_at_any_rate(rate_hz: int) -> None:
    meter = PictureMeter()
    picture = np.full((48, 64), 90, dtype=np.uint8)
    for frame in range(2 * rate_hz):
        time_s = frame / rate_hz
        wanted = meter.wants(time_s)
        before = len(meter.quality().looks.time_s)
        meter.add(time_s, picture)
        assert len(meter.quality().looks.time_s) == before + wanted
    quality = meter.quality()
    assert len(quality.looks.time_s) == 10
    assert len(quality.frames.time_s) == 2 * rate_hz
    assert len(quality.faces.look) == 0


def test_faces_at_the_rim_or_outside_break_nothing() -> None:
    for x, y in ((5.0, 5.0), (-200.0, 100.0), (639.0, 359.0)):
        faces = one_look(a_picture(), a_face(x, y)).quality().faces
        assert len(faces.look) == 1


def test_arrays_there_and_back() -> None:
    meter = PictureMeter()
    for frame in range(12):
        meter.add(frame / 30, a_picture(1.0, 2.0, seed=frame), [a_face()])
    quality = meter.quality()
    arrays = quality.arrays()
    again = type(quality).of_arrays(arrays)
    assert again.width == 640 and again.height == 360
    assert all(np.array_equal(arrays[name], values, equal_nan=True) for name, values in again.arrays().items())
    arrays.pop("faces.edge_px")
    with pytest.raises(BadInput, match=r"faces\.edge_px"):
        type(quality).of_arrays(arrays)


@pytest.mark.parametrize(
    "luma", [np.zeros((4, 4), np.uint8), np.zeros((64, 64), np.float32), np.zeros((64, 64, 3), np.uint8)]
)
def test_what_is_no_picture_is_refused(luma: npt.NDArray[np.uint8]) -> None:
    with pytest.raises(BadInput, match="need a picture"):
        PictureMeter().add(0.0, luma)


def test_a_picture_that_changes_its_size_is_refused() -> None:
    meter = one_look(a_picture())
    with pytest.raises(BadInput, match="changes its size"):
        meter.add(0.1, np.zeros((100, 100), dtype=np.uint8))

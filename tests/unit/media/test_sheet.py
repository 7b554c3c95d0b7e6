"""Thumbnails show the frames that were asked for."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import Frame
from mmed_curate.media.pictures import pictures
from mmed_curate.media.sheet import Shot, jpeg, thumbnails
from mmed_curate.media.write import RecordingWriter

LEVELS = (40, 60, 70, 50)
"""Grey of the four frames of a clip."""


def a_clip(path: Path) -> Path:
    with RecordingWriter(path, width=64, height=64, time_base=Fraction(1, 30)) as writer:
        for frame, level in enumerate(LEVELS):
            writer.picture(np.full((64, 64, 3), level, dtype=np.uint8), frame)
    return path


def test_thumbnails_show_the_frames_asked_for_in_their_order(tmp_path: Path) -> None:
    clip = a_clip(tmp_path / "clip.mp4")
    shots = [Shot(clip=clip, frame=Frame(place % 4)) for place in range(14)]  # more than one filter graph
    found = thumbnails(shots, 32)
    assert found.shape == (14, 32, 32, 3)
    expected = [LEVELS[place % 4] for place in range(14)]
    np.testing.assert_allclose(found.mean(axis=(1, 2, 3)), expected, atol=4)
    assert thumbnails([], 32).shape == (0, 32, 32, 3)


def test_a_wide_picture_is_centred_on_black(tmp_path: Path) -> None:
    clip = tmp_path / "wide.mp4"
    with RecordingWriter(clip, width=128, height=64, time_base=Fraction(1, 30)) as writer:
        writer.picture(np.full((64, 128, 3), 200, dtype=np.uint8), 0)
    (found,) = thumbnails([Shot(clip=clip, frame=Frame(0))], 64)
    assert found[:14].max() < 10 and found[-14:].max() < 10
    assert found[20:44].min() > 180


def test_a_frame_or_clip_that_is_not_there_is_refused(tmp_path: Path) -> None:
    clip = a_clip(tmp_path / "clip.mp4")
    for shot in (Shot(clip=clip, frame=Frame(9)), Shot(clip=tmp_path / "gone.mp4", frame=Frame(0))):
        with pytest.raises(BadInput, match="no thumbnails could be drawn"):
            thumbnails([shot], 32)


def test_a_jpeg_shows_the_picture(tmp_path: Path) -> None:
    down, right = np.mgrid[0:48, 0:80]
    picture = np.dstack([4 * down, 3 * right, 255 - 2 * right]).astype(np.uint8)
    (tmp_path / "picture.jpg").write_bytes(jpeg(picture))
    shown = next(iter(pictures(tmp_path / "picture.jpg"))).bgr()[:, :, ::-1]
    assert np.abs(shown.astype(int) - picture).mean() < 6
    assert jpeg(picture) == jpeg(picture)

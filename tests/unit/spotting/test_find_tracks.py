"""`mmed faces` and ingest see the same faces under the same numbers, or a curator's table would mean somebody else."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from builders.faces import crossing, cut_head

from mmed_curate.face.bounds import TrackBounds
from mmed_curate.media.write import RecordingWriter
from mmed_curate.spotting.parameters import SpottingParameters
from mmed_curate.spotting.run import analyse
from mmed_curate.spotting.tracks import find_tracks


@pytest.fixture(scope="module")
def two_people(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    """Two people who cross, four seconds at 8 pictures a second."""
    recordings = repository / "demo" / "recordings"
    one, other = (
        cut_head(recordings / f"{name}.mp4", name, last=9) for name in ("single_face", "WolfgangLanger_Pexels")
    )
    path = tmp_path_factory.mktemp("two") / "two.mp4"
    with RecordingWriter(path, width=480, height=270, time_base=Fraction(1, 8)) as writer:
        for frame, (_, picture, _) in enumerate(crossing(one, other, rate_hz=8.0)):
            writer.picture(picture, frame)
    return path


def test_the_table_and_the_analysis_number_the_same_faces(two_people: Path, parameters: SpottingParameters) -> None:
    clock, tracks = find_tracks(two_people, parameters.face)
    analysis = analyse(two_people, parameters)
    assert clock == analysis.clock
    assert [track.track for track in tracks] == [track.track for track in analysis.tracks]
    assert len(tracks) >= 2
    for here, there in zip(tracks, analysis.tracks, strict=True):
        np.testing.assert_array_equal(here.frames, there.frames)
        np.testing.assert_array_equal(here.boxes, there.boxes)
        np.testing.assert_array_equal(here.thumbnails, there.thumbnails)
        np.testing.assert_array_equal(here.thumbnail_frames, there.thumbnail_frames)


def test_other_bounds_have_another_digest(parameters: SpottingParameters) -> None:
    face = parameters.face
    assert face.digest() == face.digest()
    assert face.model_copy(update={"patience_s": 2.0}).digest() != face.digest()


def test_the_packaged_bounds_are_those_of_a_tracker_without_a_recipe(parameters: SpottingParameters) -> None:
    assert parameters.face.bounds() == TrackBounds()

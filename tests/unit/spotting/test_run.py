"""From a recording to proposals: what was planted is found, and where nothing was planted nothing is proposed."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.records import Tag
from mmed_curate.domain.time import Frame, Span
from mmed_curate.media.write import RecordingWriter
from mmed_curate.spotting.parameters import SpottingParameters
from mmed_curate.spotting.run import Analysis, analyse

MOUTH_CORNER_LEFT = (291,)
UPPER_LIDS = (159, 386)


@pytest.fixture(scope="module")
def found(
    tmp_path_factory: pytest.TempPathFactory, planted: Callable[..., Path], parameters: SpottingParameters
) -> Analysis:
    """Five seconds: one pixel at a mouth corner over frames 40..49, a blink over frames 95..101."""
    path = tmp_path_factory.mktemp("planted") / "planted.mp4"
    plan = [(MOUTH_CORNER_LEFT, 40, 49, 0.6, -0.8), (UPPER_LIDS, 95, 101, 0.0, 9.0)]
    return analyse(planted(path, 150, plan), parameters)


def test_one_pixel_is_found_where_and_when_it_was_planted(found: Analysis) -> None:
    (proposal,) = [proposal for proposal in found.proposals if not proposal.tags]
    assert proposal.region == "mouth-corner-left"
    assert proposal.span.iou(Span(onset=Frame(40), apex=Frame(44), offset=Frame(49))) >= 0.5
    assert abs(proposal.span.apex - 44.5) <= 2
    assert proposal.score >= 1


def test_a_blink_is_kept_and_tagged(found: Analysis) -> None:
    (proposal,) = [proposal for proposal in found.proposals if proposal.tags]
    assert proposal.tags == {Tag.BLINK}
    assert proposal.region.startswith("lid")
    assert 95 <= proposal.span.apex <= 101


def test_the_one_pass_also_gives_times_and_the_face(found: Analysis) -> None:
    assert found.clock.n_frames == 150
    assert float(found.clock.rate_hz()) == pytest.approx(30)
    (track,) = found.tracks
    np.testing.assert_array_equal(track.frames, np.arange(150))
    assert np.all((track.eye_distance_px > 65) & (track.eye_distance_px < 75))
    assert found.curves[track.track].displacement.shape[0] == 150
    assert found.notes == ()
    box = track.box_over(Frame(30), Frame(60), 0.35, 640, 360)
    assert box.left < 215 and box.right > 370  # the face and room round it


def test_a_still_noisy_face_gives_nothing(
    tmp_path: Path, planted: Callable[..., Path], parameters: SpottingParameters
) -> None:
    assert analyse(planted(tmp_path / "still.mp4", 75, []), parameters).proposals == ()


def test_no_face_is_a_note_and_not_an_error(tmp_path: Path, parameters: SpottingParameters) -> None:
    path = tmp_path / "wall.mp4"
    with RecordingWriter(path, width=160, height=120, time_base=Fraction(1, 10)) as writer:
        for frame in range(10):
            writer.picture(np.full((120, 160, 3), 90, dtype=np.uint8), frame)
    analysis = analyse(path, parameters)
    assert analysis.proposals == () and analysis.tracks == () and analysis.clock.n_frames == 10
    assert [note.code for note in analysis.notes] == ["spotting.no_face", "spotting.few_frames"]
    assert "wall.mp4" in str(analysis.notes[0]) and "10.0 pictures a second" in str(analysis.notes[1])


def test_progress_comes_to_its_end(tmp_path: Path, parameters: SpottingParameters) -> None:
    path = tmp_path / "wall.mp4"
    with RecordingWriter(path, width=64, height=48, time_base=Fraction(1, 30)) as writer:
        for frame in range(40):
            writer.picture(np.full((48, 64, 3), 90, dtype=np.uint8), frame)
    told: list[tuple[int, int | None]] = []
    analyse(path, parameters, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (40, 40)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_what_is_no_recording_is_refused(tmp_path: Path, parameters: SpottingParameters) -> None:
    empty = tmp_path / "empty.mp4"
    empty.touch()
    with pytest.raises(BadInput, match=r"empty\.mp4"):
        analyse(empty, parameters)


def test_a_recording_that_breaks_off_is_refused(material: Path, parameters: SpottingParameters) -> None:
    with pytest.raises(BadInput, match="breaks off"):
        analyse(material / "ugly-decord" / "corrupted.mp4", parameters)

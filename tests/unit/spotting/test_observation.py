"""One pass over a recording: the same with and without threads, in flat memory, and kept in a file without a loss."""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import FrameClock
from mmed_curate.signals.motion import MotionCurve
from mmed_curate.signals.quality import PictureMeter
from mmed_curate.spotting.keep import load_observation, save_observation
from mmed_curate.spotting.observation import Observation, measured_by, observe
from mmed_curate.spotting.parameters import SpottingParameters
from mmed_curate.spotting.relay import NAME
from mmed_curate.spotting.run import Analysis, analyse
from mmed_curate.spotting.tracks import FaceTrack

MOUTH_CORNER_LEFT = (291,)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory, planted: Callable[..., Path]) -> Path:
    """Four seconds; one pixel at a mouth corner over frames 40..49."""
    return planted(tmp_path_factory.mktemp("seen") / "seen.mp4", 120, [(MOUTH_CORNER_LEFT, 40, 49, 0.6, -0.8)])


@pytest.fixture(scope="module")
def found(recording: Path, parameters: SpottingParameters) -> Analysis:
    """What was found in it."""
    return analyse(recording, parameters)


def equal(one: Observation, other: Observation) -> None:
    """Two observations say the same, number by number."""
    assert one.clock == other.clock and one.measured_by == other.measured_by
    assert [track.track for track in one.tracks] == [track.track for track in other.tracks]
    for here, there in zip(one.tracks, other.tracks, strict=True):
        for name in ("frames", "boxes", "eye_distance_px", "thumbnails", "thumbnail_frames"):
            np.testing.assert_array_equal(getattr(here, name), getattr(there, name))
        this, that = one.curves[here.track], other.curves[here.track]
        assert this.places == that.places
        for name in ("times_s", "displacement", "drift", "head", "openness"):
            np.testing.assert_array_equal(getattr(this, name), getattr(that, name))
            assert getattr(this, name).dtype == getattr(that, name).dtype
    kept, held = one.quality.arrays(), other.quality.arrays()
    assert kept.keys() == held.keys()
    for name, array in kept.items():
        np.testing.assert_array_equal(array, held[name])


def test_threads_change_nothing(
    recording: Path, found: Analysis, parameters: SpottingParameters, tmp_path: Path
) -> None:
    alone = observe(recording, parameters, threads=False)
    equal(found.observation, alone)
    found.save(tmp_path / "threads.npz")
    save_observation(alone, tmp_path / "alone.npz")
    assert (tmp_path / "threads.npz").read_bytes() == (tmp_path / "alone.npz").read_bytes()


def test_what_is_loaded_is_what_was_saved(found: Analysis, parameters: SpottingParameters, tmp_path: Path) -> None:
    found.save(tmp_path / "kept.npz")
    loaded = Analysis.load(tmp_path / "kept.npz", parameters, name="seen.mp4")
    equal(found.observation, loaded.observation)
    assert loaded.proposals == found.proposals != ()
    assert loaded.notes == found.notes
    loaded.save(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "kept.npz").read_bytes()
    with np.load(tmp_path / "kept.npz", allow_pickle=False) as arrays:  # anybody's NumPy reads it
        assert str(arrays["format"]) == "mmed-observation" and arrays["curve0.displacement"].dtype == np.float16


def test_peaks_may_change_after_the_fact_but_not_what_was_measured(
    found: Analysis, parameters: SpottingParameters, tmp_path: Path
) -> None:
    found.save(tmp_path / "kept.npz")
    deaf = parameters.model_copy(update={"peak": parameters.peak.model_copy(update={"least_px": 50.0})})
    assert Analysis.load(tmp_path / "kept.npz", deaf, name="seen.mp4").proposals == ()
    other = parameters.model_copy(update={"reference": parameters.reference.model_copy(update={"window_s": 3.0})})
    assert measured_by(deaf) == measured_by(parameters) != measured_by(other)
    with pytest.raises(BadInput, match="other parameters"):
        Analysis.load(tmp_path / "kept.npz", other, name="seen.mp4")


def test_a_damaged_file_is_refused_in_a_sentence(found: Analysis, tmp_path: Path) -> None:
    path = tmp_path / "kept.npz"
    found.save(path)
    whole = path.read_bytes()
    random = np.random.default_rng(1)
    for _ in range(60):
        damaged = bytearray(whole)
        for place in random.integers(0, len(whole), 3):
            damaged[place] ^= int(random.integers(1, 256))
        path.write_bytes(bytes(damaged[: random.integers(0, len(whole))] if random.random() < 0.3 else damaged))
        try:
            equal(load_observation(path), found.observation)  # a byte that says nothing, such as an entry's date
        except BadInput as refused:
            assert "kept.npz" in str(refused)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("format.npy", b"nonsense")
    with pytest.raises(BadInput, match=r"kept\.npz"):
        load_observation(path)
    with pytest.raises(BadInput, match="no file"):
        load_observation(tmp_path / "none.npz")


@pytest.mark.parametrize("threads", [True, False])
def test_a_recording_that_breaks_off_is_refused_and_no_thread_stays(
    recording: Path, parameters: SpottingParameters, tmp_path: Path, threads: bool
) -> None:
    broken = tmp_path / "broken.mp4"
    whole = recording.read_bytes()
    broken.write_bytes(whole[: len(whole) * 6 // 10])  # its index lies in front
    told: list[int] = []
    with pytest.raises(BadInput, match="breaks off"):
        observe(broken, parameters, progress=lambda done, total: told.append(done), threads=threads)
    assert told  # it broke in the middle
    assert not any(thread.name.startswith(NAME) for thread in threading.enumerate())


def test_who_is_interrupted_leaves_no_thread(recording: Path, parameters: SpottingParameters) -> None:
    def interrupt(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        observe(recording, parameters, progress=interrupt)
    assert not any(thread.name.startswith(NAME) for thread in threading.enumerate())


def a_track(number: int, n_frames: int, random: np.random.Generator) -> tuple[FaceTrack, MotionCurve]:
    """Numbers that mean nothing."""

    def drawn(*shape: int) -> npt.NDArray[np.float32]:
        return random.normal(0, 1, shape).astype(np.float32)

    track = FaceTrack(
        track=number,
        frames=np.sort(random.choice(10 * n_frames, n_frames, replace=False)).astype(np.int64),
        boxes=drawn(n_frames, 4),
        eye_distance_px=drawn(n_frames),
    )
    curve = MotionCurve(
        times_s=track.frames / 30,
        places=("brow-left", "brow-left", "chin"),
        displacement=drawn(n_frames, 3, 2).astype(np.float16).astype(np.float32),
        drift=drawn(n_frames, 3, 2),
        head=drawn(n_frames, 2),
        openness=drawn(n_frames),
    )
    return track, curve


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lengths=st.lists(st.one_of(st.integers(1, 40), st.integers(4000, 5000)), max_size=3),
    pts=st.lists(st.integers(-(2**40), 2**40), min_size=1, max_size=50, unique=True).map(sorted),
    tick=st.fractions(min_value=Fraction(1, 10**6), max_value=1),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_observation_comes_back(
    tmp_path: Path, lengths: list[int], pts: list[int], tick: Fraction, seed: int
) -> None:
    random = np.random.default_rng(seed)
    meter = PictureMeter()
    meter.add(0.0, random.integers(0, 256, (64, 64)).astype(np.uint8))
    pairs = [a_track(3 * number, length, random) for number, length in enumerate(lengths)]
    observation = Observation(
        clock=FrameClock(pts=tuple(pts), end_pts=pts[-1] + 1, time_base=tick),
        tracks=tuple(track for track, _ in pairs),
        curves={track.track: curve for track, curve in pairs},
        quality=meter.quality(),
        measured_by="0123456789ab",
    )
    save_observation(observation, tmp_path / "any.npz")
    equal(load_observation(tmp_path / "any.npz"), observation)

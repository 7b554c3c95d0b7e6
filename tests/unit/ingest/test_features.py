"""What is measured of a clip, on a real face, and on sound and pictures whose content is known."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from mmed_curate.dataset.arrays import ARRAYS_VERSION
from mmed_curate.domain.records import Box
from mmed_curate.domain.time import Frame, FrameClock, Span
from mmed_curate.face.align import EYE_DISTANCE, REGIONS, moved, warped
from mmed_curate.ingest.closeup import PLACES, KnownFace, closeups
from mmed_curate.ingest.features import (
    FACE_FILE,
    FEATURES_VERSION,
    SOUND_FILE,
    write_clip_features,
    write_picture_features,
    write_sound_features,
)
from mmed_curate.media.clock import read_clock
from mmed_curate.media.cut import CutRequest
from mmed_curate.media.pictures import pictures
from mmed_curate.media.sound import SoundReader
from mmed_curate.media.write import RecordingWriter
from mmed_curate.signals.motion import MotionCurve
from mmed_curate.spotting.parameters import load_parameters
from mmed_curate.spotting.run import Analysis, analyse
from mmed_curate.spotting.tracks import FaceTrack

Arrays = dict[str, npt.NDArray[Any]]

FACE_ARRAYS = {
    "format",
    "version",
    "times_s",
    "faces",
    "alignment",
    "landmarks",
    "seen",
    "eye_distance_px",
    "places",
    "place_motion",
}
SOUND_ARRAYS = {
    "format",
    "version",
    "log_mel",
    "band_hz",
    "intensity_db",
    "f0_hz",
    "periodicity",
    "voice_activity",
    "start_s",
    "hop_s",
    "window_s",
    "rate_hz",
}


def arrays(path: Path) -> Arrays:
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def a_window(first: int, last: int, *, sound: bool = False, crop: Box | None = None) -> CutRequest:
    return CutRequest(
        first=Frame(first),
        last=Frame(last),
        crop=crop,
        picture=Path("picture.mp4"),
        sound=Path("sound.wav") if sound else None,
    )


@pytest.fixture(scope="module")
def smile(repository: Path) -> Path:
    """A real face for 72 frames, then a cartoon; with sound."""
    return repository / "demo" / "recordings" / "face_noface.mov"


@pytest.fixture(scope="module")
def clock(smile: Path) -> FrameClock:
    return read_clock(smile)


@pytest.fixture(scope="module")
def folder(smile: Path, clock: FrameClock, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frames 10 to 49 of the face, measured as a coding clip."""
    to = tmp_path_factory.mktemp("coding")
    write_clip_features(to, smile, clock, a_window(10, 49, sound=True))
    return to


@pytest.fixture(scope="module")
def found(smile: Path) -> Analysis:
    """What the analysis of the whole recording found."""
    return analyse(smile, load_parameters("mmed"))


def test_a_coding_clip_holds_these_arrays_and_no_marks(folder: Path, clock: FrameClock) -> None:
    face, sound = arrays(folder / FACE_FILE), arrays(folder / SOUND_FILE)
    assert set(face) == FACE_ARRAYS
    assert set(sound) == SOUND_ARRAYS
    shapes = {name: (array.shape, array.dtype.name) for name, array in face.items() if array.ndim}
    assert shapes == {
        "times_s": ((40,), "float64"),
        "faces": ((40, 128, 128), "uint8"),
        "alignment": ((40, 2, 3), "float32"),
        "landmarks": ((40, 468, 2), "float32"),
        "seen": ((40,), "bool"),
        "eye_distance_px": ((40,), "float32"),
        "places": ((16,), "str576"),
        "place_motion": ((40, 16, 2), "float32"),
    }
    assert set(face["places"].tolist()) == set(REGIONS)
    assert face["seen"].all()
    expected = [float(clock.start_of(Frame(frame)) - clock.start_of(Frame(10))) for frame in range(10, 50)]
    np.testing.assert_allclose(face["times_s"], expected, atol=1e-9)


def test_every_array_is_documented_and_every_documented_one_is_there(repository: Path) -> None:
    tables = (repository / "docs" / "arrays.md").read_text().split("## The sound")
    named = [set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`[^|]*) \| \(", part, re.M)))) for part in tables]
    assert named[0] == FACE_ARRAYS | {"flow", "motion", "onset", "apex", "offset"}
    assert named[1] == SOUND_ARRAYS | {"onset_s", "apex_s", "offset_s"}
    assert FEATURES_VERSION == ARRAYS_VERSION


def test_faces_landmarks_and_alignment_belong_together(folder: Path, smile: Path, clock: FrameClock) -> None:
    face = arrays(folder / FACE_FILE)
    picture = next(iter(pictures(smile, first=Frame(30), last=Frame(30), clock=clock)))
    matrix = face["alignment"][20]
    np.testing.assert_array_equal(face["faces"][20], warped(np.ascontiguousarray(picture.luma()), matrix))
    points = moved(face["landmarks"][20], matrix)
    eyes = [points[[33, 133]].mean(axis=0), points[[362, 263]].mean(axis=0)]
    assert float(np.linalg.norm(eyes[1] - eyes[0])) == pytest.approx(EYE_DISTANCE, rel=0.08)  # no two faces are alike
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    assert face["eye_distance_px"][20] * scale == pytest.approx(EYE_DISTANCE, rel=0.08)


def test_landmarks_are_in_pixels_of_the_clips_own_picture(
    folder: Path, smile: Path, clock: FrameClock, tmp_path: Path
) -> None:
    whole = arrays(folder / FACE_FILE)["landmarks"]
    low, high = whole.min(axis=(0, 1)), whole.max(axis=(0, 1))
    box = Box(left=int(low[0]) - 60, top=int(low[1]) - 60, right=int(high[0]) + 60, bottom=int(high[1]) + 60)
    write_clip_features(tmp_path, smile, clock, a_window(10, 49, crop=box))
    cropped = arrays(tmp_path / FACE_FILE)["landmarks"]
    np.testing.assert_allclose(np.median(cropped - whole, axis=(0, 1)), [-box.left, -box.top], atol=0.5)
    assert not (tmp_path / SOUND_FILE).exists()


def test_the_same_clip_gives_the_same_bytes(folder: Path, smile: Path, clock: FrameClock, tmp_path: Path) -> None:
    write_clip_features(tmp_path, smile, clock, a_window(10, 49, sound=True))
    for name in (FACE_FILE, SOUND_FILE):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_what_the_analysis_knows_is_not_measured_again(
    folder: Path, smile: Path, clock: FrameClock, found: Analysis, tmp_path: Path
) -> None:
    known = KnownFace(tracks=found.tracks[:1], curves=found.curves)
    left, top, right, bottom = (int(edge) for edge in found.tracks[0].boxes[10:50].mean(axis=0))
    box = Box(left=left - 80, top=max(top - 80, 0), right=right + 80, bottom=bottom + 60)
    write_clip_features(tmp_path, smile, clock, a_window(10, 49, crop=box), known=known)
    assert box.left > 100  # the place of a face in the clip is another one than in the recording
    ours, theirs = arrays(tmp_path / FACE_FILE)["place_motion"], arrays(folder / FACE_FILE)["place_motion"]
    both = np.isfinite(ours) & np.isfinite(theirs)
    assert both.mean() > 0.9
    assert np.sqrt(((ours - theirs)[both] ** 2).mean()) < 0.15  # px; Farneback errs by 0.12 px
    assert np.corrcoef(ours[both], theirs[both])[0, 1] > 0.95


def test_a_known_face_is_where_it_would_be_found(folder: Path, smile: Path, clock: FrameClock, found: Analysis) -> None:
    known = KnownFace(tracks=found.tracks[:1], curves=found.curves)
    ((_, closeup),) = closeups(smile, clock, [a_window(10, 49)], known=[known])
    followed = arrays(folder / FACE_FILE)
    assert closeup.seen.all()
    away = np.linalg.norm(closeup.landmarks - followed["landmarks"], axis=2)  # (T, 468)
    # a mesh lies otherwise by so much where it is framed by this picture's points instead of the last one's
    assert np.median(away) < 0.005 * closeup.eye_distance_px[0]
    assert away.mean(axis=1).max() < 0.01 * closeup.eye_distance_px[0]
    apart = np.abs(closeup.faces.astype(int) - followed["faces"]).mean()
    assert apart < 1  # grey level


@pytest.mark.parametrize("degrees", [-40, 25])
def test_a_known_face_on_a_tilted_head(smile: Path, clock: FrameClock, tmp_path: Path, degrees: float) -> None:
    turned = tmp_path / "turned.mov"
    shown = [picture.bgr().copy() for picture in pictures(smile, first=Frame(10), last=Frame(17))]
    height, width = shown[0].shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    with RecordingWriter(turned, width=width, height=height, time_base=Fraction(1, 30)) as writer:
        for frame, picture in enumerate(shown):
            tilted = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
            writer.picture(tilted.astype(np.uint8), frame)
    clock = read_clock(turned)
    ((_, followed),) = closeups(turned, clock, [a_window(0, 7)])
    track = FaceTrack(
        track=0,
        frames=np.arange(8, dtype=np.int64),
        boxes=np.concatenate([followed.landmarks.min(axis=1), followed.landmarks.max(axis=1)], axis=1),
        eye_distance_px=followed.eye_distance_px,
    )
    ((_, closeup),) = closeups(
        turned, clock, [a_window(0, 7)], known=[KnownFace(tracks=(track,), curves={0: a_curve(8)})]
    )
    assert closeup.seen.all()
    away = np.linalg.norm(closeup.landmarks - followed.landmarks, axis=2)
    assert away.mean(axis=1).max() < 0.02 * closeup.eye_distance_px[0]


def a_curve(length: int) -> MotionCurve:
    """Of a face that does nothing."""
    still = np.zeros((length, len(PLACES), 2), dtype=np.float32)
    return MotionCurve(
        times_s=np.arange(length) / 30,
        places=PLACES,
        displacement=still,
        drift=still,
        head=np.zeros((length, 2), dtype=np.float32),
        openness=np.ones(length, dtype=np.float32),
    )


def test_a_known_face_is_the_same_in_every_clip(smile: Path, clock: FrameClock, found: Analysis) -> None:
    known = KnownFace(tracks=found.tracks[:1], curves=found.curves)
    crop = Box(left=101, top=21, right=501, bottom=341)
    ((_, alone),) = closeups(smile, clock, [a_window(30, 40)], known=[known])
    both = dict(closeups(smile, clock, [a_window(30, 40), a_window(20, 45, crop=crop)], known=[known, known]))
    np.testing.assert_array_equal(alone.landmarks, both[0].landmarks)
    np.testing.assert_allclose(alone.landmarks - [101, 21], both[1].landmarks[10:21], atol=1e-3)


def test_many_clips_in_one_way_through_the_recording(
    folder: Path, smile: Path, clock: FrameClock, tmp_path: Path
) -> None:
    windows = [a_window(45, 60), a_window(10, 49), a_window(62, 66)]  # in any order, two overlap
    found = list(closeups(smile, clock, windows))
    assert [place for place, _ in found] == [1, 0, 2]
    by_place = dict(found)
    assert [len(by_place[place].seen) for place in range(3)] == [16, 40, 5]
    write_clip_features(tmp_path, smile, clock, windows[1], closeup=by_place[1])
    assert (tmp_path / FACE_FILE).read_bytes() == (folder / FACE_FILE).read_bytes()


def test_a_face_that_is_not_the_subjects_is_left_out(
    smile: Path, clock: FrameClock, found: Analysis, tmp_path: Path
) -> None:
    (track,) = found.tracks[:1]
    elsewhere = type(track)(
        track=track.track,
        frames=track.frames,
        boxes=track.boxes * np.float32(0.1),  # the subject's face is in another corner
        eye_distance_px=track.eye_distance_px,
    )
    known = KnownFace(tracks=(elsewhere,), curves=found.curves)
    write_clip_features(tmp_path, smile, clock, a_window(20, 30), known=known)
    face = arrays(tmp_path / FACE_FILE)
    assert not face["seen"].any()
    assert np.isnan(face["landmarks"]).all()
    assert not face["faces"].any()


def test_a_window_without_a_face_is_empty(smile: Path, clock: FrameClock, tmp_path: Path) -> None:
    """The last second of face_noface.mov is a cartoon."""
    write_clip_features(tmp_path, smile, clock, a_window(clock.n_frames - 25, clock.n_frames - 1))
    face = arrays(tmp_path / FACE_FILE)
    assert not face["seen"].any()
    assert np.isnan(face["eye_distance_px"]).all() and np.isnan(face["place_motion"]).all()


def test_a_hidden_face_is_aligned_as_in_the_nearest_frame(smile: Path, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden.mov"
    shown = [picture.bgr().copy() for picture in pictures(smile, first=Frame(20), last=Frame(27))]
    height, width = shown[0].shape[:2]
    with RecordingWriter(hidden, width=width, height=height, time_base=Fraction(1, 30)) as writer:
        for frame, picture in enumerate(shown):
            writer.picture(np.full_like(picture, 90) if frame in (3, 4) else picture, frame)
    write_clip_features(tmp_path, hidden, read_clock(hidden), a_window(0, 7))
    face = arrays(tmp_path / FACE_FILE)
    assert not face["seen"][[3, 4]].any()
    assert face["seen"][[0, 1, 2]].all()
    again = int(np.flatnonzero(face["seen"][5:])[0]) + 5
    np.testing.assert_array_equal(face["alignment"][3], face["alignment"][2])
    if again == 5:
        np.testing.assert_array_equal(face["alignment"][4], face["alignment"][5])
    assert np.ptp(face["faces"][3]) < 10  # it shows what hid the face


def test_a_settled_event_adds_what_depends_on_its_place(
    folder: Path, smile: Path, clock: FrameClock, tmp_path: Path
) -> None:
    window = a_window(10, 49, sound=True)
    span = Span(onset=Frame(20), apex=Frame(26), offset=Frame(33))
    write_picture_features(tmp_path / "features.npz", smile, clock, window, span)
    write_sound_features(tmp_path / "sound-features.npz", smile, clock, window, span)
    face, sound = arrays(tmp_path / "features.npz"), arrays(tmp_path / "sound-features.npz")
    assert set(face) - FACE_ARRAYS == {"flow", "motion", "onset", "apex", "offset"}
    assert set(sound) - SOUND_ARRAYS == {"onset_s", "apex_s", "offset_s"}
    for mine, coding in ((face, arrays(folder / FACE_FILE)), (sound, arrays(folder / SOUND_FILE))):
        for name, array in coding.items():
            np.testing.assert_array_equal(mine[name], array)
    assert (int(face["onset"]), int(face["apex"]), int(face["offset"])) == (10, 16, 23)
    assert face["flow"].shape == (3, 48, 48)
    assert np.nanargmin(face["motion"]) == 10
    assert float(sound["offset_s"]) == pytest.approx(float(clock.end_of(Frame(33)) - clock.start_of(Frame(10))))


def a_hum(path: Path, hz: float) -> Path:
    """Two grey seconds at 25 Hz; a tone sounds from 1 s on."""
    rate_hz = 16_000
    time_s = np.arange(2 * rate_hz) / rate_hz
    tone = sum(np.sin(2 * np.pi * hz * order * time_s) / order for order in (1, 2, 3)) * 0.2 * (time_s >= 1.0)
    with RecordingWriter(
        path, width=64, height=64, time_base=Fraction(1, 25), sample_rate_hz=rate_hz, channels=1
    ) as writer:
        writer.sound(np.asarray(tone, dtype=np.float32)[:, None])
        for frame in range(50):
            writer.picture(np.full((64, 64, 3), 120, dtype=np.uint8), frame)
    return path


def test_sound_is_measured_where_it_sounds(tmp_path: Path) -> None:
    recording = a_hum(tmp_path / "hum.mov", 200.0)
    write_clip_features(tmp_path, recording, read_clock(recording), a_window(10, 49, sound=True))
    sound = arrays(tmp_path / SOUND_FILE)
    assert 0 <= float(sound["start_s"]) < 1 / 16_000
    middles_s = float(sound["start_s"]) + np.arange(len(sound["f0_hz"])) * sound["hop_s"] + sound["window_s"] / 2
    sounds = middles_s > 0.6 + 0.05  # frame 10 begins at 0.4 s, so the tone begins 0.6 s into the clip
    assert np.isnan(sound["f0_hz"][middles_s < 0.55]).all()
    np.testing.assert_allclose(sound["f0_hz"][sounds][:-5], 200, rtol=0.01)
    assert sound["voice_activity"][sounds].all() and not sound["voice_activity"][middles_s < 0.5].any()
    assert sound["log_mel"].shape == (64, len(middles_s)) and sound["band_hz"].shape == (64,)


def test_a_companions_sound_takes_the_place_of_the_recordings_own(tmp_path: Path) -> None:
    recording, companion = a_hum(tmp_path / "camera.mov", 200.0), a_hum(tmp_path / "microphone.mov", 310.0)
    with SoundReader(companion) as microphone:
        write_clip_features(
            tmp_path, recording, read_clock(recording), a_window(30, 49, sound=True), sound_from=microphone
        )
    np.testing.assert_allclose(np.nanmedian(arrays(tmp_path / SOUND_FILE)["f0_hz"]), 310, rtol=0.01)

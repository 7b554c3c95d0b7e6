"""A camera that is late by a known time: every flash it films bounds that time, and nothing else does."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.packaged import packaged_path
from mmed_curate.media.moments import Seen, SkewBounds, flashes_in
from mmed_curate.media.skew import EventKind, find_skew, measure_skew
from mmed_curate.media.write import RecordingWriter

BOUNDS = SkewBounds(**yaml.safe_load(packaged_path("pipelines", "sync", "mmed.yaml").read_text())["skew"])
FLASHES_S = (1.203, 2.911, 4.237, 6.519, 8.064)
RATE_HZ = 48000


def a_camera(
    path: Path,
    *,
    rate_hz: Fraction | int = 30,
    skew_ms: float = 0.0,
    end_skew_ms: float | None = None,
    events_s: Sequence[float] = FLASHES_S,
    seconds: float = 10.0,
    flash: bool = True,
    click: bool = True,
    clicks_s: Sequence[float] | None = None,
    clap: bool = False,
    exposure: float = 0.0,
    part: float = 1.0,
    variable: bool = False,
    stays: bool = False,
    voice: NDArray[np.float64] | None = None,
) -> Path:
    """Film a room in which, at each event, a lamp lights for 120 ms (or hands meet) and something clicks.

    A frame shows the scene from its time less the skew on, for `exposure` of the frame interval; all of its times are
    as the container would say them, and so are the clicks'.
    """
    base = Fraction(1, 60000)
    step = round(60000 / Fraction(rate_hz))
    rng = np.random.default_rng(5)
    ticks = [0]
    while ticks[-1] * base < seconds:
        ticks.append(ticks[-1] + (int(rng.integers(step // 2, 2 * step)) if variable else step))
    still = rng.integers(60, 120, (72, 96, 1)).repeat(3, axis=2).astype(np.float64)
    sound = 0.003 * rng.standard_normal(round(seconds * RATE_HZ))
    sound += 0 if voice is None else voice
    for time in (events_s if clicks_s is None else clicks_s) if click else ():
        at = round(time * RATE_HZ)
        n = min(2400, len(sound) - at)
        sound[at : at + n] += 0.6 * np.exp(-np.arange(n) / 300) * rng.standard_normal(n)
    with RecordingWriter(
        path, width=96, height=72, time_base=base, sample_rate_hz=RATE_HZ, sound_codec="pcm_s16le"
    ) as writer:
        for tick in ticks:
            time_s = float(tick * base)
            late_ms = skew_ms + (0 if end_skew_ms is None else (end_skew_ms - skew_ms) * time_s / seconds)
            scene_s = time_s - late_ms / 1000
            picture = still + rng.normal(0, 1.5, still.shape)
            for event_s in events_s:
                lit = _lit(scene_s, exposure / float(rate_hz), event_s, 99.0 if stays else 0.12)
                if flash and lit:
                    picture[: round(72 * part), : round(96 * part)] += 100 * lit
            if clap:
                _draw_hands(picture, scene_s, events_s)
            writer.picture(np.clip(picture, 0, 255).astype(np.uint8), tick)
        writer.sound(sound[:, None].astype(np.float32))
    return path


def _lit(from_s: float, exposure_s: float, event_s: float, lasts_s: float) -> float:
    """Part of an exposure during which the lamp is lit; without one, whether it is lit at that moment."""
    if exposure_s <= 0:
        return float(event_s <= from_s < event_s + lasts_s)
    return max(0.0, min(from_s + exposure_s, event_s + lasts_s) - max(from_s, event_s)) / exposure_s


def _draw_hands(picture: NDArray[np.float64], scene_s: float, events_s: Sequence[float]) -> None:
    """Two bright hands, apart, that come together within 0.2 s, meet at an event, rest, and part again slowly."""
    apart = 30.0
    for event_s in events_s:
        since_s = scene_s - event_s
        if -0.2 <= since_s < 0.4:
            apart = 30 * max(0.0, -since_s) / 0.2
        elif 0.4 <= since_s < 1.0:
            apart = 30 * (since_s - 0.4) / 0.6
    for left in (38 - round(apart), 48 + round(apart)):
        picture[20:52, max(0, left) : left + 10] += 90


@pytest.mark.parametrize("rate_hz", [Fraction(30000, 1001), 30, 60, 200])
@pytest.mark.parametrize("skew_ms", [-40.0, 0.0, 80.0])
def test_flashes_with_clicks_show_the_skew_within_what_is_stated(
    tmp_path: Path, rate_hz: Fraction | int, skew_ms: float
) -> None:
    short = {"seconds": 5.0, "events_s": FLASHES_S[:3]} if rate_hz == 200 else {}
    path = a_camera(tmp_path / "r.mov", rate_hz=rate_hz, skew_ms=skew_ms, **short)  # type: ignore[arg-type]
    found = find_skew(path, bounds=BOUNDS)
    assert found is not None
    assert abs(found.start_ms - skew_ms) <= found.uncertainty_ms
    assert found.uncertainty_ms <= 500 / float(rate_hz) + 1  # half a frame interval, and the click's onset


@pytest.mark.parametrize("exposure", [0.3, 0.95])
def test_a_long_exposure_is_no_other_time(tmp_path: Path, exposure: float) -> None:
    path = a_camera(tmp_path / "r.mov", skew_ms=25, exposure=exposure)
    found = find_skew(path, bounds=BOUNDS)
    assert found is not None and abs(found.start_ms - 25) <= found.uncertainty_ms


def test_a_variable_rate_is_no_hindrance(tmp_path: Path) -> None:
    found = find_skew(a_camera(tmp_path / "r.mov", skew_ms=60, variable=True), bounds=BOUNDS)
    assert found is not None and abs(found.start_ms - 60) <= found.uncertainty_ms <= 35


def test_several_events_know_more_than_one(tmp_path: Path) -> None:
    one = find_skew(a_camera(tmp_path / "1.mov", events_s=FLASHES_S[:1]), bounds=BOUNDS)
    five = find_skew(a_camera(tmp_path / "5.mov"), bounds=BOUNDS)
    assert one is not None and five is not None
    assert five.uncertainty_ms < 0.7 * one.uncertainty_ms


def test_flashes_in_step_with_the_frames_promise_no_more_than_half_an_interval(tmp_path: Path) -> None:
    """All lamps light at the start of a frame, so that no number of them bounds the skew any better."""
    path = a_camera(tmp_path / "r.mov", rate_hz=25, events_s=[1.0, 2.0, 3.0, 4.0])
    found = find_skew(path, bounds=BOUNDS)
    assert found is not None
    assert abs(found.start_ms) <= found.uncertainty_ms and found.uncertainty_ms >= 20


def test_a_skew_that_grows_is_measured_at_both_ends(tmp_path: Path) -> None:
    near = BOUNDS.model_copy(update={"near_s": 12.0})
    path = a_camera(
        tmp_path / "r.mov", skew_ms=10, end_skew_ms=90, seconds=40, events_s=[1.21, 2.93, 4.11, 35.17, 36.71, 38.29]
    )
    found = find_skew(path, bounds=near)
    assert found is not None and found.start_s < 5 and found.end_s > 34
    for time_s in (found.start_s, found.end_s):
        assert abs(found.at_ms(time_s) - (10 + 80 * time_s / 40)) <= found.uncertainty_ms + 3  # it grows meanwhile
    assert abs(found.at_ms(20) - 50) <= found.uncertainty_ms + 3


def test_a_lamp_in_a_corner_is_seen(tmp_path: Path) -> None:
    assert find_skew(a_camera(tmp_path / "r.mov", part=0.5), bounds=BOUNDS) is not None


@pytest.mark.parametrize(
    ("what", "seen", "heard"),
    [({"click": False}, 5, 0), ({"flash": False}, 0, 5), ({"flash": False, "click": False}, 0, 0)],
    ids=["light without sound", "sound without light", "nothing"],
)
def test_half_an_event_is_none(tmp_path: Path, what: dict[str, bool], seen: int, heard: int) -> None:
    found = measure_skew(a_camera(tmp_path / "r.mov", **what), bounds=BOUNDS)  # type: ignore[arg-type]
    assert found.skew is None and (found.n_flashes, found.n_clicks) == (seen, heard)


def test_two_flashes_at_one_click_or_two_clicks_at_one_flash_say_nothing(tmp_path: Path) -> None:
    two = measure_skew(a_camera(tmp_path / "1.mov", seconds=5, events_s=[2.0, 2.3], clicks_s=[2.15]), bounds=BOUNDS)
    assert two.skew is None and (two.n_flashes, two.n_clicks) == (2, 1)
    one = measure_skew(a_camera(tmp_path / "2.mov", seconds=5, events_s=[2.0], clicks_s=[1.8, 2.2]), bounds=BOUNDS)
    assert one.skew is None and (one.n_flashes, one.n_clicks) == (1, 2)


def test_light_that_stays_is_no_flash(tmp_path: Path) -> None:
    assert find_skew(a_camera(tmp_path / "r.mov", stays=True, events_s=[5.3]), bounds=BOUNDS) is None


def test_light_and_sound_far_apart_are_two_things(tmp_path: Path) -> None:
    path = a_camera(tmp_path / "r.mov", skew_ms=600, events_s=FLASHES_S[:3])
    assert find_skew(path, bounds=BOUNDS) is None


@pytest.mark.parametrize("skew_ms", [-40.0, 70.0])
def test_claps_count_where_several_agree_or_one_is_named(tmp_path: Path, skew_ms: float) -> None:
    path = a_camera(tmp_path / "r.mov", skew_ms=skew_ms, flash=False, clap=True)
    found = measure_skew(path, bounds=BOUNDS)
    assert found.skew is not None and {event.kind for event in found.events} == {EventKind.CLAP}
    assert abs(found.skew.start_ms - skew_ms) <= found.skew.uncertainty_ms <= 40
    alone = a_camera(tmp_path / "1.mov", skew_ms=skew_ms, flash=False, clap=True, events_s=FLASHES_S[2:3])
    assert find_skew(alone, bounds=BOUNDS) is None
    named = find_skew(alone, bounds=BOUNDS, claps_s=[4.0])
    assert named is not None and abs(named.start_ms - skew_ms) <= named.uncertainty_ms


def speaking(path: Path, **camera: Any) -> Path:
    """The same camera, and beside the clicks a voice: single syllables, noise of 0.05 to 0.15 s that begins sharply."""
    seconds = camera.get("seconds", 10.0)
    rng = np.random.default_rng(9)
    voice = np.zeros(round(seconds * RATE_HZ))
    at = 0.4
    while at < seconds - 0.5:
        n = round(rng.uniform(0.05, 0.15) * RATE_HZ)
        first = round(at * RATE_HZ)
        rise = np.minimum(np.arange(n) / (rng.uniform(0.001, 0.02) * RATE_HZ), 1)
        voice[first : first + n] += 0.08 * rng.uniform(0.3, 1) * rise * np.hanning(n) ** 0.2 * rng.standard_normal(n)
        at += rng.uniform(1.0, 4.0)
    return a_camera(path, voice=voice, **camera)


@pytest.mark.parametrize(
    "camera",
    [
        {"events_s": [3.2, 31.7], "skew_ms": 45},
        {"events_s": [4.1, 5.3, 30.0], "flash": False, "clap": True, "skew_ms": -30},
        {"events_s": [3.2, 20.1, 21.0, 31.7], "clicks_s": [3.2, 12.0, 21.0], "variable": True},
        {"events_s": [9.2], "stays": True},
    ],
    ids=["flashes", "claps", "variable rate", "a lamp that stays lit"],
)
def test_to_listen_first_finds_what_watching_all_finds(tmp_path: Path, camera: dict[str, Any]) -> None:
    path = a_camera(tmp_path / "r.mov", seconds=36.0, **camera)
    frames: list[int] = []
    found = find_skew(path, bounds=BOUNDS, progress=lambda done, total: frames.append(done))
    assert found == measure_skew(path, bounds=BOUNDS).skew
    assert max(frames) < 36 * 30 * 0.75  # of the frames of 36 s, only those round clicks
    assert (found is None) == ("stays" in camera)


@pytest.mark.parametrize("flash", [True, False])
def test_among_syllables_too(tmp_path: Path, flash: bool) -> None:
    path = speaking(tmp_path / "r.mov", seconds=30.0, events_s=[6.2, 21.7], flash=flash, skew_ms=30)
    found = measure_skew(path, bounds=BOUNDS)
    assert found.n_clicks > 3  # some syllables pass for clicks
    assert find_skew(path, bounds=BOUNDS) == found.skew
    assert (found.skew is not None) == flash


def test_where_nothing_clicks_no_picture_is_decoded(tmp_path: Path) -> None:
    frames: list[int] = []
    path = a_camera(tmp_path / "r.mov", click=False)
    assert find_skew(path, bounds=BOUNDS, progress=lambda done, total: frames.append(done)) is None
    assert not frames


def test_a_flash_is_the_same_in_a_part_as_in_the_whole() -> None:
    """Flashes of any length and lamps that stay, 2.5 s apart or more, seen from 4 s before on."""
    rng = np.random.default_rng(3)
    times_s = np.arange(0, 120, 1 / 30)
    cells = 80 + rng.normal(0, 0.4, (len(times_s), 64))
    at_s = np.cumsum(rng.uniform(2.5, 6, 26))
    for begin_s, lasts_s in zip(at_s, rng.choice([0.04, 0.12, 0.6, 0.9, 1.6, 30.0], 26), strict=True):
        cells[(times_s >= begin_s) & (times_s < begin_s + lasts_s)] += 25

    def seen(first_s: float, last_s: float) -> Seen:
        part = (times_s >= first_s) & (times_s <= last_s)
        return Seen(
            times_s=times_s[part],
            end_s=float(times_s[part][-1]) + 1 / 30,
            cells=cells[part].astype(np.float32),
            motion=np.zeros(int(part.sum())),
            step_s=1 / 30,
        )

    whole = flashes_in(seen(0, 120), BOUNDS)
    assert len(whole) > 10
    for time_s in at_s[at_s < 116]:
        parts = flashes_in(seen(time_s - 4, time_s + 3), BOUNDS)
        assert [one for one in parts if abs(one[0] - time_s) < 0.4] == [
            one for one in whole if abs(one[0] - time_s) < 0.4
        ]


def test_a_named_time_outside_the_recording_is_refused(tmp_path: Path) -> None:
    path = a_camera(tmp_path / "r.mov", seconds=3, events_s=[])
    with pytest.raises(BadInput, match="99 s is outside"):
        find_skew(path, bounds=BOUNDS, claps_s=[99.0])


@pytest.mark.parametrize(
    "name",
    [
        "oneshot-speech/speech.mp4",
        "obama-weekly/obama.mp4",
        "pyfeat/face_noface.mov",
        "video-retalking/1.mp4",
        "ugly-moviepy/fire2.mp4",
        "ugly-torchcodec/nasa_13013.mp4",
    ],
)
def test_people_who_speak_show_no_skew(material: Path, name: str) -> None:
    assert find_skew(material / name, bounds=BOUNDS) is None

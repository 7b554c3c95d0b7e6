"""Frames from the middle of a group of pictures are those that decoding from the start gives, in every codec."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.media import groups
from mmed_curate.media.clock import read_clock
from mmed_curate.media.groups import pictures_in
from mmed_curate.media.pictures import Picture, pictures

N_FRAMES = 120
X264 = {"g": "25", "crf": "30", "threads": "1"}
RECORDINGS = {
    "closed.mp4": ("libx264", X264 | {"bf": "3", "x264-params": "b-pyramid=normal:ref=4"}),
    "open.mkv": ("libx264", X264 | {"bf": "3", "x264-params": "open-gop=1:b-pyramid=normal"}),
    "never a key frame.mp4": ("libx264", X264 | {"bf": "0", "x264-params": "intra-refresh=1"}),
    "one group.mkv": ("libx264", X264 | {"g": "999"}),
    "hevc.mp4": ("libx265", {"preset": "ultrafast", "x265-params": "keyint=25:open-gop=1:log-level=none:pools=1"}),
    "vp9.webm": ("libvpx-vp9", {"g": "25", "deadline": "realtime", "cpu-used": "8", "lag-in-frames": "16"}),
    "mpeg4.avi": ("mpeg4", {"g": "25", "bf": "2"}),
    "stream.ts": ("libx264", X264 | {"bf": "2"}),
}
READ_OTHERWISE = ("never a key frame.mp4", "mpeg4.avi")
"""Where packets do not tell: refreshed bit by bit, and without times."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings in which everything moves, so that a wrong reference shows."""
    folder = tmp_path_factory.mktemp("groups")
    scene = np.random.default_rng(1).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    for name, (codec, options) in RECORDINGS.items():
        with av.open(str(folder / name), "w") as container:
            stream = container.add_stream(codec, rate=30, options=options)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            for number in range(N_FRAMES):
                shown = np.ascontiguousarray(scene[number : number + 48, number // 2 : number // 2 + 64])
                frame = VideoFrame.from_ndarray(shown, format="bgr24").reformat(format="yuv420p")
                frame.pts, frame.time_base = number, Fraction(1, 30)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return folder


_KNOWN: dict[str, tuple[FrameClock, list[bytes]]] = {}


def known(path: Path) -> tuple[FrameClock, list[bytes]]:
    """The clock of a recording and the pixels of its frames, by decoding all of it."""
    if path.name not in _KNOWN:
        _KNOWN[path.name] = (read_clock(path), [picture.bgr().tobytes() for picture in pictures(path)])
    return _KNOWN[path.name]


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(sorted(RECORDINGS)), edges=st.sets(st.integers(0, N_FRAMES // 2 - 1), min_size=2, max_size=8)
)
def test_any_runs_of_frames(folder: Path, name: str, edges: set[int]) -> None:
    clock, pixels = known(folder / name)
    ordered = sorted(2 * edge for edge in edges)
    runs = [(Frame(first), Frame(last - 1)) for first, last in zip(ordered[::2], ordered[1::2], strict=False)]
    with pytest.MonkeyPatch.context() as patched:
        if name not in READ_OTHERWISE:
            patched.setattr(groups, "pictures", _not_needed)
        given = [(picture.frame, picture.bgr().tobytes()) for picture in pictures_in(folder / name, clock, runs)]
    wanted = [frame for first, last in runs for frame in range(first, last + 1)]
    assert [frame for frame, _ in given] == wanted
    assert all(shown == pixels[frame] for frame, shown in given)


def _not_needed(*_: object, **__: object) -> Iterator[object]:
    raise AssertionError("packets tell enough of this recording")


def test_only_the_groups_that_are_needed_are_decoded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[int] = []
    whole = groups._Reading._decoded

    def noted(self: groups._Reading, packet: av.Packet) -> Iterator[Picture]:
        decoded.append(packet.pts)
        return whole(self, packet)

    monkeypatch.setattr(groups._Reading, "_decoded", noted)
    path = folder / "closed.mp4"
    clock, _ = known(path)
    with av.open(str(path)) as container:
        keys = [packet.pts for packet in container.demux(video=0) if packet.size and packet.is_keyframe]
    assert len(keys) == 5
    runs = [(Frame(60), Frame(61)), (Frame(101), Frame(103))]
    assert [picture.frame for picture in pictures_in(path, clock, runs)] == [60, 61, 101, 102, 103]
    assert min(decoded) == clock.pts[50]  # 50 and 100 are key frames
    assert not [pts for pts in decoded if clock.pts[66] < pts < clock.pts[100]]


def test_far_apart_runs_are_sought(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "_WORTH_A_SEEK_S", 1)
    monkeypatch.setattr(groups, "_AIM_BEFORE_S", Fraction(1, 2))
    sought: list[int] = []
    near = groups._Reading._go_near
    monkeypatch.setattr(
        groups._Reading, "_go_near", lambda self, from_pts: sought.append(from_pts) or near(self, from_pts=from_pts)
    )
    for name in ("closed.mp4", "open.mkv", "vp9.webm", "hevc.mp4"):
        clock, pixels = known(folder / name)
        runs = [(Frame(40), Frame(41)), (Frame(110), Frame(119))]
        given = [(picture.frame, picture.bgr().tobytes()) for picture in pictures_in(folder / name, clock, runs)]
        assert [frame for frame, _ in given] == [40, 41, *range(110, 120)]
        assert all(shown == pixels[frame] for frame, shown in given)
    assert len(sought) == 8


def test_a_clock_of_another_file_is_refused(folder: Path) -> None:
    clock, _ = known(folder / "closed.mp4")
    shifted = FrameClock(pts=tuple(pts + 1 for pts in clock.pts), end_pts=clock.end_pts + 1, time_base=clock.time_base)
    with pytest.raises(BadInput, match="where its clock says there is one"):
        list(pictures_in(folder / "closed.mp4", shifted, [(Frame(60), Frame(61))]))


def test_nothing_wanted_is_nothing_given(folder: Path) -> None:
    clock, _ = known(folder / "closed.mp4")
    assert list(pictures_in(folder / "closed.mp4", clock, [])) == []

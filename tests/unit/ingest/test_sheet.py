"""The contact sheet of a recording: what is shown of its clips, in which order, and what is wrong stops nothing."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from mmed_curate.domain.records import Tag
from mmed_curate.domain.time import Frame, FrameClock, Span
from mmed_curate.ingest.closeup import PLACES
from mmed_curate.ingest.sheet import SheetEntry, SheetFacts, difference, write_sheet
from mmed_curate.media.write import RecordingWriter

CLOCK = FrameClock(pts=tuple(range(12)), end_pts=12, time_base=Fraction(1, 30))
SPAN = Span(onset=Frame(3), apex=Frame(5), offset=Frame(8))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve grey frames, and arrays in which a patch of the face brightens at the apex."""
    folder = tmp_path_factory.mktemp("clip")
    with RecordingWriter(folder / "picture.mp4", width=96, height=64, time_base=Fraction(1, 30)) as writer:
        for frame in range(12):
            writer.picture(np.full((64, 96, 3), 20 * frame, dtype=np.uint8), frame)
    faces = np.tile(np.linspace(50, 200, 128).astype(np.uint8), (12, 128, 1))
    faces[5, 60:70, 60:70] += 20
    motion = np.zeros((12, len(PLACES), 2), dtype=np.float32)
    motion[5, PLACES.index("chin")] = 3.0, 4.0
    motion[5, PLACES.index("lid-left")] = 0.0, 2.0
    np.savez(
        folder / "face.npz",
        faces=faces,
        places=np.array(PLACES),
        place_motion=motion,
        times_s=np.arange(12) / 30,
    )
    np.savez(
        folder / "sound.npz",
        intensity_db=np.full(38, -40, dtype=np.float32),
        voice_activity=np.ones(38, dtype=bool),
        hop_s=np.array(0.01),
        window_s=np.array(0.025),
        start_s=np.array(0.0),
    )
    return folder


def an_entry(clip: Path, name: str, score: float | None, *tags: Tag, region: str = "chin") -> SheetEntry:
    return SheetEntry(
        name=name,
        clock=CLOCK,
        start_s=60.0,
        span=SPAN,
        region=region,
        picture=clip / "picture.mp4",
        face=clip / "face.npz",
        sound=clip / "sound.npz",
        score=score,
        tags=frozenset(tags),
        remarks=("subject P1",),
    )


ABOUT = SheetFacts(title="P1.mov", duration_s=100.0)


def test_people_come_first_then_strength_and_tagged_ones_last(clip: Path, tmp_path: Path) -> None:
    entries = [
        an_entry(clip, "strong-blink", 9.0, Tag.BLINK),
        an_entry(clip, "weak", 1.0),
        an_entry(clip, "strong", 3.0),
        an_entry(clip, "by-hand", None),
    ]
    page, png = write_sheet(tmp_path / "sheets", "r1", ABOUT, entries)
    text = page.read_text()
    places = [text.index(f'id="{name}"') for name in ("by-hand", "strong", "weak", "strong-blink")]
    assert places == sorted(places)
    # the onset is frame 3 of a clip that begins at 60 s; the span ends with frame 8: 6 frames of 1/30 s
    assert "1:00.100" in text and "200 ms, 6 frames" in text and "subject P1" in text
    assert text.count("data:image/jpeg") == 4
    assert png.read_bytes().startswith(b"\x89PNG")


def test_the_curve_is_that_of_the_region_proposed(clip: Path, tmp_path: Path) -> None:
    page, _ = write_sheet(
        tmp_path,
        "r1",
        ABOUT,
        [an_entry(clip, region, -place, region=region) for place, region in enumerate(("chin", "brow-left", "lid"))],
    )
    chin, brow, lid = page.read_text().split("<section")[1:]
    # 3 px across and 4 down are 5 px; 1.15 times that is the axis
    assert ">5.8 px<" in chin
    assert ">1.0 px<" in brow  # it does not move: the axis is never finer than a pixel
    assert ">2.3 px<" in lid  # of both lids the one that moved: 1.15 times 2 px


def test_what_cannot_be_shown_is_listed_without_pictures(
    clip: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04 cut off")
    lost = SheetEntry(
        name="lost",
        clock=CLOCK,
        start_s=0.0,
        span=SPAN,
        region="",
        picture=tmp_path / "gone.mp4",
        face=tmp_path / "broken.npz",
        sound=None,
        score=5.0,
    )
    page, _ = write_sheet(tmp_path, "r1", ABOUT, [lost, an_entry(clip, "whole", 1.0)])
    text = page.read_text()
    assert 'id="lost"' in text and "no sound" in text
    assert text.count("data:image/jpeg") == 1
    assert "broken.npz" in caplog.text and "thumbnails" in caplog.text


def test_more_clips_than_the_png_has_room_for_are_on_the_page(clip: Path, tmp_path: Path) -> None:
    entries = [an_entry(clip, f"clip-{place:02}", float(place)) for place in range(15)]
    page, png = write_sheet(tmp_path, "r1", ABOUT, entries)
    assert page.read_text().count("<section") == 15
    twelve = write_sheet(tmp_path, "r2", ABOUT, entries[3:])[1]
    heights = [int.from_bytes(path.read_bytes()[20:24]) for path in (png, twelve)]
    assert heights[0] == heights[1]


def test_a_recording_without_clips_has_a_sheet(tmp_path: Path) -> None:
    page, png = write_sheet(tmp_path, "r1", ABOUT, [])
    assert "No clip was cut" in page.read_text()
    assert png.is_file()


def test_a_difference_is_warm_where_it_brightens_and_white_where_only_the_light_changed() -> None:
    onset = np.full((128, 128), 100, dtype=np.uint8)
    apex = onset + np.uint8(15)  # the light
    apex[60:80, 40:60] += 12
    apex[60:80, 70:90] -= 12
    shown = difference(onset, apex).astype(int)
    assert (shown[30, 64] == 255).all()
    assert (shown[2, 2] == 255).all()  # outside the face
    brighter, darker = shown[70, 50], shown[70, 80]
    assert brighter[0] > brighter[2] + 80
    assert darker[2] > darker[0] + 80

"""The page of faces: what it says of each, and that no file name can break it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from mmed_curate.report.facepage import SheetFace, SheetRecording, clock_time, faces_page, facts, summary
from mmed_curate.report.figures_faces import MOST_ROWS, faces_figure


def a_face(track: int, **changed: object) -> SheetFace:
    """Seen from 1 to 3 s and from 5 to 6 s of a recording."""
    known: dict[str, object] = {
        "track": track,
        "first": 10,
        "last": 59,
        "n_frames": 30,
        "seen_s": 3.0,
        "spells": ((1.0, 3.0), (5.0, 6.0)),
        "eye_distance_px": 61.6,
        "pictures": (np.full((96, 96, 3), 90, dtype=np.uint8),),
        "jpegs": (b"jpeg",),
        "pictures_s": (1.5,),
        "at_once": (),
        "alike": (),
    }
    return SheetFace(**(known | changed))  # type: ignore[arg-type]


def a_recording(*faces: SheetFace, name: str = "game.mp4", at_once_s: float = 0.0) -> SheetRecording:
    return SheetRecording(name=name, begin_s=0.0, end_s=10.0, at_once_s=at_once_s, faces=faces)


def test_what_is_said_of_a_face() -> None:
    assert facts(a_face(0, at_once=((1, 2.0),), alike=((4, 0.913),))) == (
        "0:01.0 to 0:06.0, seen for 3.0 s with 1 break",
        "62 px between the eyes",
        "there at once with 1 (2.0 s): somebody else",
        "looks like 4 (0.91): the same person?",
    )


def test_what_is_said_of_a_recording() -> None:
    assert summary(a_recording()) == "0:10.0 long, no face tracks"
    assert summary(a_recording(a_face(0))) == "0:10.0 long, 1 face track"
    assert summary(a_recording(a_face(0), a_face(1))).endswith("2 face tracks, never two at once")
    assert summary(a_recording(a_face(0), a_face(1), at_once_s=2)).endswith("at once for 2.0 s: say whose each is")


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0:00.0"), (59.96, "1:00.0"), (3723.04, "1:02:03.0"), (-0.5, "-0:00.5")]
)
def test_times(seconds: float, said: str) -> None:
    assert clock_time(seconds) == said


class Tags(HTMLParser):
    """Collects what is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.opened.append(tag)


def test_a_file_name_is_text_and_nothing_else() -> None:
    page = faces_page([a_recording(a_face(0), name="<script>alert('x')</script>.mp4")], "faces.csv")
    tags = Tags()
    tags.feed(page)
    assert "script" not in tags.opened and tags.opened.count("img") == 1
    assert "&lt;script&gt;" in page


def test_the_bars_lie_where_the_face_is_seen() -> None:
    page = faces_page([a_recording(a_face(0))], "faces.csv")
    bars = re.findall(r"<rect x='([\d.]+)' y='0' height='20' width='([\d.]+)'", page)
    assert [(float(x), float(width)) for x, width in bars] == [(100, 200), (500, 100)]  # of 1000 for 10 s


def test_the_picture_is_drawn_for_any_number_of_faces_and_names_with_signs(tmp_path: Path) -> None:
    for n, name in ((0, "a.mp4"), (2, "$x_{1}$.mp4"), (MOST_ROWS + 2, "many.mp4")):
        to = tmp_path / f"{n}.png"
        faces_figure(a_recording(*(a_face(track) for track in range(n)), name=name), to)
        assert to.read_bytes()[:4] == b"\x89PNG"

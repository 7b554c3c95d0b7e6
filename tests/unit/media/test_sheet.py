"""A contact sheet shows the frames it was asked for, and what changed between them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import Frame, Span
from mmed_curate.media.pictures import pictures
from mmed_curate.media.sheet import CELL_PX, GAIN, SheetRow, contact_sheet
from mmed_curate.media.write import RecordingWriter

LEVELS = (40, 60, 70, 50)
"""Grey of the four frames of a clip."""


def a_clip(path: Path) -> Path:
    with RecordingWriter(path, width=64, height=64, time_base=Fraction(1, 30)) as writer:
        for frame, level in enumerate(LEVELS):
            writer.picture(np.full((64, 64, 3), level, dtype=np.uint8), frame)
    return path


def cells(sheet: Path) -> list[float]:
    """Mean grey of each cell of a one-row sheet, from left to right."""
    picture = next(iter(pictures(sheet))).bgr()
    assert picture.shape == (CELL_PX, 4 * CELL_PX, 3)
    return [float(picture[:, place * CELL_PX : (place + 1) * CELL_PX].mean()) for place in range(4)]


def test_onset_apex_offset_and_the_difference(tmp_path: Path) -> None:
    span = Span(onset=Frame(0), apex=Frame(1), offset=Frame(3))
    contact_sheet([SheetRow(clip=a_clip(tmp_path / "clip.mp4"), span=span)], tmp_path / "sheet.png")
    onset, apex, offset, difference = cells(tmp_path / "sheet.png")
    assert (onset, apex, offset) == pytest.approx((40, 60, 50), abs=4)  # the clip is compressed
    assert difference == pytest.approx(GAIN * (apex - onset), abs=GAIN)


def test_an_apex_at_the_onset_changes_nothing(tmp_path: Path) -> None:
    span = Span(onset=Frame(2), apex=Frame(2), offset=Frame(2))
    contact_sheet([SheetRow(clip=a_clip(tmp_path / "clip.mp4"), span=span)], tmp_path / "sheet.png")
    assert cells(tmp_path / "sheet.png")[3] == pytest.approx(0, abs=0.5)


def test_what_cannot_be_drawn_leaves_no_file(tmp_path: Path) -> None:
    words = tmp_path / "clip.mp4"
    words.write_text("not a film")
    with pytest.raises(BadInput, match="no contact sheet could be drawn"):
        contact_sheet(
            [SheetRow(clip=words, span=Span(onset=Frame(0), apex=Frame(0), offset=Frame(0)))], tmp_path / "sheet.png"
        )
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


def test_a_sheet_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="at least one clip"):
        contact_sheet([], tmp_path / "sheet.png")

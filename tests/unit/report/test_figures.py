"""Pictures: the same numbers give the same bytes; wrong shapes are said in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmed_curate.domain.findings import BadInput

pytest.importorskip("matplotlib", reason="pictures need the curate or benchmark extra")

from mmed_curate.report.figures import IntervalRow, confusion_figure, intervals_figure

PNG = b"\x89PNG\r\n\x1a\n"


def draw_all(folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    confusion_figure([[8, 2, 0], [1, 5, 0], [0, 0, 0]], ["one", "two", "never seen"], "Who is who", folder / "c.png")
    intervals_figure(
        [
            IntervalRow(label="layer a", value=0.71, lower=0.6, upper=0.8),
            IntervalRow(label="layer b", value=None, note="one value only"),
        ],
        folder / "i.png",
        bounds=[0.667],
    )
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_two_drawings_of_the_same_numbers_are_the_same_bytes(tmp_path: Path) -> None:
    first, second = draw_all(tmp_path / "first"), draw_all(tmp_path / "second")
    assert set(first) == {"c.png", "i.png"}  # and nothing left aside
    assert all(picture.startswith(PNG) for picture in first.values())
    assert first == second


def test_a_picture_names_no_software(tmp_path: Path) -> None:
    assert all(b"matplotlib" not in picture.lower() for picture in draw_all(tmp_path / "all").values())


def test_other_numbers_give_another_picture(tmp_path: Path) -> None:
    confusion_figure([[1, 0], [0, 1]], ["a", "b"], "", tmp_path / "a.png")
    confusion_figure([[1, 0], [1, 0]], ["a", "b"], "", tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() != (tmp_path / "b.png").read_bytes()


def test_a_matrix_of_another_size_than_its_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="2 × 2 counts, got 2 × 3"):
        confusion_figure([[1, 2, 3], [4, 5, 6]], ["a", "b"], "", tmp_path / "c.png")
    with pytest.raises(BadInput, match="at least one row"):
        intervals_figure([], tmp_path / "i.png")
    assert not list(tmp_path.iterdir())

"""Pictures of a benchmark: the same numbers give the same bytes, and what is drawn is where it should be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmed_curate.domain.findings import BadInput

pytest.importorskip("matplotlib", reason="pictures need the curate or benchmark extra")

from mmed_curate.report.figures import IntervalRow
from mmed_curate.report.figures_benchmark import (
    Listened,
    Reliable,
    attention_figure,
    differences_figure,
    reliability_figure,
)
from mmed_curate.report.svgbenchmark import differences, reliability
from mmed_curate.report.svgplots import Point

BINS = [
    Reliable(confidence=0.55, accuracy=0.5, lower=0.3, upper=0.7, n_answers=20),
    Reliable(confidence=0.9, accuracy=0.8, lower=None, upper=None, n_answers=4),
]


def a_clip(*, attended: int = 3) -> Listened:
    """A second of a tone round the apex; all attention on one of ten steps."""
    times_s = np.linspace(-0.5, 0.5, 101)
    wave = np.sin(40 * times_s)
    return Listened(
        title="SIMULATED clip",
        times_s=times_s,
        low=-np.abs(wave),
        high=np.abs(wave),
        curve="sound pressure",
        step_s=np.linspace(-0.5, 0.4, 10),
        attention=np.eye(10)[attended],
        marks_s={"onset": -0.1, "apex": 0.0, "offset": 0.2},
    )


def draw_all(folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    reliability_figure([("before", BINS[:1]), ("after", BINS)], folder / "r.png", title="SIMULATED")
    rows = [IntervalRow(label="a", value=2.5, lower=-1, upper=6), IntervalRow(label="b", value=None, note="no clip")]
    differences_figure(rows, folder / "d.png", title="", x_label="points")
    attention_figure(a_clip(), folder / "a.png")
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_two_drawings_of_the_same_numbers_are_the_same_bytes(tmp_path: Path) -> None:
    first, second = draw_all(tmp_path / "first"), draw_all(tmp_path / "second")
    assert set(first) == {"a.png", "d.png", "r.png"}
    assert all(picture.startswith(b"\x89PNG\r\n\x1a\n") for picture in first.values())
    assert first == second


def test_another_attention_gives_another_picture(tmp_path: Path) -> None:
    attention_figure(a_clip(attended=3), tmp_path / "a.png")
    attention_figure(a_clip(attended=4), tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() != (tmp_path / "b.png").read_bytes()


def test_nothing_to_draw_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="needs an answer"):
        reliability_figure([("after", [])], tmp_path / "r.png", title="")
    with pytest.raises(BadInput, match="at least one row"):
        differences_figure([], tmp_path / "d.png", title="", x_label="")
    assert not list(tmp_path.iterdir())


def test_a_curve_and_an_attention_have_one_value_per_time() -> None:
    with pytest.raises(ValueError, match="one value per time"):
        Listened(**{**{name: getattr(a_clip(), name) for name in Listened.__slots__}, "low": np.zeros(3)})


def test_on_a_page_zero_lies_in_the_middle_and_equal_ends_lie_alike() -> None:
    drawn = differences(
        [Point(label="one", value=0.0, lower=-4.0, upper=4.0)], unit="points", title="Gains", describe="none"
    )
    middle = (280 + 840 - 16) / 2  # of the axis: between the labels and the right edge
    assert f'cx="{middle:g}"' in drawn
    assert ">-4</text>" in drawn and ">+4</text>" in drawn


def test_on_a_page_a_calibrated_answer_lies_on_the_diagonal() -> None:
    half = Reliable(confidence=0.5, accuracy=0.5, lower=None, upper=None, n_answers=1)
    drawn = reliability([], [half], title="Reliability", describe="half")
    assert 'cx="206" cy="162"' in drawn  # the middle of 300 × 300 at (56, 12)

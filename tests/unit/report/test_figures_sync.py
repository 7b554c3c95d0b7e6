"""Pictures of clocks: the same numbers give the same bytes, other numbers others, and nothing found is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mmed_curate.domain.findings import BadInput

pytest.importorskip("matplotlib", reason="pictures need the curate or benchmark extra")

from mmed_curate.report.figures_sync import SkewBar, SyncPanel, skew_figure, sync_figure

PNG = b"\x89PNG\r\n\x1a\n"
TIMES_S = np.arange(0.0, 600.0, 30.0)
PANEL = SyncPanel(
    title="ann $1$.wav",
    note="3.00000 s, +40.00 ppm",
    times_s=TIMES_S,
    lags_s=3 + 40e-6 * TIMES_S,
    agrees=TIMES_S < 500,
    offset_s=3.0,
    drift_ppm=40.0,
    agree_ms=2.0,
    search_lags_s=np.linspace(-600, 600, 24000),
    search_scores=np.exp(-np.abs(np.linspace(-600, 600, 24000) - 3)),
)


def test_the_same_numbers_give_the_same_bytes(tmp_path: Path) -> None:
    for name, panels in (("a", [PANEL]), ("b", [PANEL]), ("c", [replace(PANEL, drift_ppm=-40.0)])):
        sync_figure(panels, tmp_path / f"{name}.png")
    a, b, c = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert a.startswith(PNG) and a == b and a != c
    assert b"matplotlib" not in a.lower()


def test_skew_is_drawn_also_where_it_is_unmeasured(tmp_path: Path) -> None:
    bar = SkewBar(label="flash", time_s=3.0, least_ms=20.0, most_ms=53.0)
    skew_figure([], tmp_path / "none.png", title="r", start=None, end=None)
    skew_figure([bar], tmp_path / "one.png", title="r", start=(3.0, 36.5), end=(3.0, 36.5), uncertainty_ms=17.0)
    none, one = (tmp_path / "none.png").read_bytes(), (tmp_path / "one.png").read_bytes()
    assert none.startswith(PNG) and one.startswith(PNG) and none != one


def test_no_companion_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="at least one companion"):
        sync_figure([], tmp_path / "p.png")
    assert not list(tmp_path.iterdir())

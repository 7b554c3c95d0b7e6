"""The benchmark of spotting at its smallest size, and its arithmetic by hand."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def bench(repository: Path) -> ModuleType:
    """benchmarks/spotting.py as a module; only a checkout has it."""
    path = repository / "benchmarks" / "spotting.py"
    spec = importlib.util.spec_from_file_location("benchmark_of_spotting", path)
    if spec is None or spec.loader is None:
        pytest.skip("benchmarks are not beside the tests")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_intervals_of_shares(bench: ModuleType) -> None:
    # Wilson 1927 for 8 of 10 at 95 %: 0.4902 to 0.9433 (Agresti & Coull 1998 use the same formula)
    assert bench.wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=2e-4)
    assert bench.wilson(0, 0) is None
    low, high = bench.bootstrapped([(9, 10), (5, 10), (10, 10)])
    assert 0.5 <= low < 0.8 < high <= 1
    assert bench.bootstrapped([(9, 10)]) is None


def test_targets_hold_for_the_test_half_only(bench: ModuleType) -> None:
    poor = bench.Tally(name="simulated, eyes 45 px, tuning", large=[False] * 10, small=[False] * 10, minutes=1, false=9)
    assert bench.missed_targets([poor]) == []
    poor.name = "simulated, eyes 45 px, test"
    assert len(bench.missed_targets([poor])) == 3  # large, small, false; nothing is tagged
    small = bench.Tally(name="simulated, eyes 30 px, test", large=[True] * 9, small=[True] * 8, minutes=5, false=9)
    assert bench.missed_targets([small]) == []
    small.hit_by_any = small.hits + 2  # 2 of 17 were tagged
    assert len(bench.missed_targets([small])) == 1


def test_a_small_world_is_rendered_measured_and_scored(bench: ModuleType, tmp_path: Path) -> None:
    words = {"subjects": 1, "minutes": 0.2, "only": "eyes 45 px, test"}
    (tally,) = bench.run(tmp_path, None, **words)
    assert tally.events == 2 and tally.minutes == pytest.approx(0.2, abs=0.01)
    kept = {path.name: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npz")}
    (again,) = bench.run(tmp_path, None, **words)  # from what was kept
    assert again.as_json() == tally.as_json()
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npz")} == kept
    assert "eyes 45 px" in bench.table([tally])

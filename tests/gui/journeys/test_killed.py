"""A coder's program that is killed at any moment: nothing that was acknowledged is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.killing import kill

from mmed_curate.store import Workspace


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_at_forty_random_moments(workspace: Workspace, tmp_path: Path) -> None:
    killed = kill(workspace, tmp_path, ("bob", "cem"), n_kills=40, seed=7)
    assert killed.lost == []
    assert killed.n_acts > 100
    with workspace.read() as records:
        assert records.audit().intact

"""Damaged media files are read or refused in one sentence; the script that proves it runs a share of them here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_a_share_of_the_damaged_files_ends_well(repository: Path) -> None:
    script = repository / "benchmarks" / "mutated.py"
    done = subprocess.run(
        [sys.executable, str(script), "--files", "99", "--seed", "7", "--limit-s", "60"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "99 damaged files" in done.stdout
    assert "\n0 tracebacks, hangs or crashes" in done.stdout


def test_the_script_says_when_a_file_ended_badly(repository: Path) -> None:
    script = repository / "benchmarks" / "mutated.py"
    done = subprocess.run(
        [sys.executable, str(script), "--files", "1", "--limit-s", "0.001"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "'hang'" in done.stdout

"""What a command costs in a process of its own: CPU of all its threads and children, wall time, the largest peak."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
"""Where tables are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one run took."""

    cpu_s: float
    wall_s: float
    peak_mb: float
    """Of the process, or of that one among its children that took most; MB of 1,000,000 bytes."""

    def as_json(self) -> dict[str, float]:
        """Rounded, by name."""
        return {name: round(value, 3) for name, value in asdict(self).items()}


def cost_of(command: Sequence[str], folder: Path | None = None) -> Cost:
    """Run a command to its end.

    Linux begins a child's peak with its parent's size, so the caller must be small.

    Args:
        command: program and arguments.
        folder: where it runs; None: here.

    Raises:
        SystemExit: it failed; what it said is shown.
    """
    with tempfile.TemporaryFile() as said:
        begin = time.perf_counter()
        with subprocess.Popen(
            command, cwd=folder, stdout=said, stderr=said, env={**os.environ, "OMP_NUM_THREADS": "1"}
        ) as process:
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        wall_s = time.perf_counter() - begin
        if status != 0:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{said.read().decode(errors='replace')}")
    # Linux counts the peak in KiB
    return Cost(cpu_s=used.ru_utime + used.ru_stime, wall_s=wall_s, peak_mb=used.ru_maxrss * 1024 / 1e6)


def best_of(command: Sequence[str], times: int) -> Cost:
    """The run with the least CPU: other load only ever adds."""
    return min((cost_of(command) for _ in range(times)), key=lambda cost: cost.cpu_s)


def this_script(*arguments: str) -> list[str]:
    """The running script again, with other arguments."""
    return [sys.executable, str(Path(sys.argv[0]).resolve()), *arguments]


def keep(name: str, text: str) -> None:
    """Write a table or a document to the folder of results, atomically."""
    RESULTS.mkdir(exist_ok=True)
    aside = RESULTS / f".{name}"
    aside.write_text(text, encoding="utf-8")
    aside.replace(RESULTS / name)

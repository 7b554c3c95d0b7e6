"""Small tasks for a crew, importable in its processes."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from mmed_curate.domain.findings import BadInput
from mmed_curate.ingest.crew import Step, Tell


def doubled(job: int, tell: Tell) -> int:
    """Say how far, then give twice the number; 13 is bad input."""
    for done in range(1, 4):
        tell(Step.WATCHING, done, 3)
    if job == 13:
        raise BadInput.of("test.thirteen", "13 brings bad luck", "give another number")
    return 2 * job


def ours_to_blame(job: int, tell: Tell) -> int:
    """Fail as only a mistake of the program does."""
    if job == 1:
        raise ZeroDivisionError("a mistake")
    return job


def deadly(job: Path, tell: Tell) -> str:
    """Kill the own process: always where the job's name is `always`, once where it is `once`, never else."""
    time.sleep(0.05)
    seen = job.with_suffix(".seen")
    if job.stem == "always" or (job.stem == "once" and not seen.exists()):
        seen.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return job.stem

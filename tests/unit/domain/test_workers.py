"""Workers end with the process they work for, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmed_curate.domain.workers import worker_pool

PARENT = """
import sys, time
from mmed_curate.domain.workers import worker_pool
if __name__ == "__main__":
    with worker_pool(2) as pool:
        print(*pool._processes, flush=True)
        pool.submit(time.sleep, 600).result()
"""


def test_each_worker_runs_one_numerical_thread() -> None:
    before = os.environ.get("OMP_NUM_THREADS")
    with worker_pool(1) as pool:
        assert pool.submit(os.getenv, "OMP_NUM_THREADS").result() == "1"
    assert os.environ.get("OMP_NUM_THREADS") == before


def is_alive(pid: int) -> bool:
    """Running, and not a corpse that nobody has taken away yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks processes up in /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_worker_outlives_its_parent(tmp_path: Path, how: signal.Signals) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as parent:
        assert parent.stdout is not None
        workers = [int(word) for word in parent.stdout.readline().split()]
        time.sleep(1)  # until they are at work
        # an interrupt at the keyboard reaches the whole group; the others only the parent
        if how is signal.SIGINT:
            os.killpg(parent.pid, how)
        else:
            parent.send_signal(how)
        try:
            parent.communicate(timeout=60)
        finally:
            if parent.poll() is None:
                os.killpg(parent.pid, signal.SIGKILL)
    assert len(workers) == 2
    until = time.monotonic() + 60
    while any(is_alive(worker) for worker in workers) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(is_alive(worker) for worker in workers)

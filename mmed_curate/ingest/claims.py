"""Who is at work on which recording, when several ingests share a workspace: one claim for each, in the database."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmed_curate.store.workspace import Workspace

logger = logging.getLogger(__name__)

LEASE_S = 120.0
"""A claim that is not renewed for so long is anybody's (ours: four times the pause between renewals)."""
_RENEW_EVERY_S = 30.0


def this_process() -> str:
    """A name that no other process has: host, number, and when it was started."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid())}"


def gone(holder: str) -> bool:
    """Whether a holder is a process of this machine that has ended; of other machines nothing is known."""
    host, pid, started = holder.rsplit(":", 2)
    return host == socket.gethostname() and _started(int(pid)) != started


def _started(pid: int) -> str:
    """When a process was started, in clock ticks since the machine was; "gone" where there is none."""
    try:
        # the name, field 2, may hold spaces and brackets: count from behind it (proc_pid_stat(5), field 22)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return "gone"


class Claims:
    """What this ingest holds; kept alive while it works, let go when it ends."""

    def __init__(self, workspace: Workspace, *, holder: str) -> None:
        """Made by `claims`."""
        self._workspace = workspace
        self.holder = holder

    def take(self, sha256: str) -> str | None:
        """Take up a recording; None where it is ours now, else who holds it."""
        with self._workspace.write(actor="ingest") as records:
            return records.claim(sha256, holder=self.holder, now_s=time.time(), lease_s=LEASE_S, gone=gone)

    def let_go(self, sha256: str) -> None:
        """Give a recording back."""
        with self._workspace.write(actor="ingest") as records:
            records.let_go(sha256, holder=self.holder)

    def renew(self) -> None:
        """Say that we are still at work."""
        with self._workspace.write(actor="ingest") as records:
            records.renew_claims(self.holder, now_s=time.time(), lease_s=LEASE_S)


@contextmanager
def claims(workspace: Workspace) -> Iterator[Claims]:
    """Claims of this process, renewed from a thread of its own as long as the block runs."""
    held = Claims(workspace, holder=this_process())
    ended = threading.Event()

    def keep_alive() -> None:
        while not ended.wait(_RENEW_EVERY_S):
            try:
                held.renew()
            except Exception as error:  # a busy database: the lease lasts for more than one renewal
                logger.warning("claims were not renewed: %s", error)

    keeper = threading.Thread(target=keep_alive, daemon=True)
    keeper.start()
    try:
        yield held
    finally:
        ended.set()
        keeper.join()

"""The way in for a window: find the workspace, and sit a coder or the curator down in it."""

from __future__ import annotations

from pathlib import Path

from mmed_curate.annotation.desk import Desk
from mmed_curate.annotation.overview import Overview, overview
from mmed_curate.annotation.wholereport import write_round_report
from mmed_curate.store import Workspace
from mmed_curate.store.workspace import find_root

REPORT = "agreement.html"
"""Name of the whole report in a workspace."""
_WAIT_S = 5.0
"""How long a window waits for another program that writes, before it says so (ours)."""


def open_desk(start: Path | None, coder: str) -> Desk:
    """Sit a coder down.

    Args:
        start: a workspace, or a folder in one; None: where the command line would look.
        coder: their code.

    Raises:
        BadInput: there is no workspace, its version is not ours, another program holds it, or there is no such coder.
    """
    return Desk(_found(start), coder)


def coder_codes(start: Path | None) -> tuple[str, ...]:
    """Codes of everyone who has a role, sorted, to choose from.

    Args:
        start: see `open_desk`.

    Raises:
        BadInput: there is no workspace, its version is not ours, or another program holds it.
    """
    workspace = _found(start)
    with workspace.read() as records:
        codes = tuple(coder.code for coder in records.coders() if coder.roles)
    workspace.close()
    return codes


def open_overview(start: Path | None) -> Overview:
    """What the curator sees of the whole round, as it is now.

    Args:
        start: see `open_desk`.

    Raises:
        BadInput: there is no workspace, its version is not ours, or another program holds it.
    """
    workspace = _found(start)
    try:
        return overview(workspace)
    finally:
        workspace.close()


def write_report(start: Path | None) -> Path:
    """Write the whole report of the round as it is now, into the workspace: coders have no access there.

    Args:
        start: see `open_desk`.

    Returns:
        The page; one of an earlier time is written over.

    Raises:
        BadInput: there is no workspace, its version is not ours, another program holds it, or it cannot be written to.
    """
    workspace = _found(start)
    try:
        path = workspace.root / REPORT
        write_round_report(workspace, path)
        return path
    finally:
        workspace.close()


def _found(start: Path | None) -> Workspace:
    # a folder that was named goes before the environment, as with every setting
    root = find_root() if start is None else find_root(start, environment={})
    return Workspace.open(root, wait_s=_WAIT_S)

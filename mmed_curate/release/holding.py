"""Which releases and drafts hold something of a subject: those that must be dropped when the subject leaves."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from mmed_curate.dataset.facts import read_facts
from mmed_curate.dataset.layout import JUDGED_CLIPS
from mmed_curate.dataset.manifest import release_id
from mmed_curate.dataset.rows import JudgedClipRow, read_rows
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import SubjectId
from mmed_curate.release.pseudonyms import Pseudonyms
from mmed_curate.store.workspace import Workspace

_MADE = frozenset({"release.created", "release.drafted"})
"""Kinds of log entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A release or a draft that holds, or may hold, something of a subject."""

    version: str
    """That of a draft ends in -draft."""
    id: str
    """SHA-256 of its manifest."""
    at: str | None
    """When it was made: UTC, RFC 3339; None: the log does not know it."""
    path: Path | None
    """Where it lies in the workspace; None: it was made elsewhere, or moved."""
    sure: bool
    """It was looked into; else it may hold something, for it is not here."""


def releases_holding(workspace: Workspace, subject: SubjectId) -> tuple[Held, ...]:
    """Releases and drafts made before a subject left, with clips in which the subject may be seen or heard.

    They are those that the log knows, and those that lie in `releases/` though the log does not know them: whoever made
    one was killed before it was entered.

    Args:
        workspace: whose releases.
        subject: who left; for one who did not, every release counts.
    """
    with workspace.read() as records:
        made = [one for one in records.log() if one.kind in _MADE]
        left = [one for one in records.log("subject.withdrawn") if json.loads(one.payload)["subject"] == subject]
        sessions = [one.id for one in records.sessions() if subject in one.subjects]
    names = Pseudonyms(workspace.secret)
    person = names.subject(subject)
    wanted = {person, *(names.session(session) for session in sessions)}
    here = made_here(workspace)
    found = []
    for entry in made:
        if left and entry.sequence > left[0].sequence:
            continue
        said = json.loads(entry.payload)
        folder = here.get(said["id"])
        holds = None if folder is None else _holds(folder, wanted)
        if holds is not False:
            found.append(Held(version=said["release"], id=said["id"], at=entry.at, path=folder, sure=holds is not None))
    for id in sorted(here.keys() - {json.loads(entry.payload)["id"] for entry in made}):
        # nobody knows when it was made: of a game that others played too it may hold what may stay
        if _holds(here[id], wanted):
            sure = bool(_holds(here[id], {person}))
            found.append(Held(version=_version_of(here[id]), id=id, at=None, path=here[id], sure=sure))
    return tuple(found)


def made_here(workspace: Workspace) -> dict[str, Path]:
    """Folders in the workspace's `releases/` by the id of the release or draft that each holds."""
    return {id: folder for folder in _folders(workspace.root / "releases") if (id := _id_of(folder))}


def _folders(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if path.is_dir() and path.name[0] != ".") if root.is_dir() else []


def _id_of(folder: Path) -> str | None:
    try:
        return release_id(folder)
    except (OSError, BadInput):
        return None


def _version_of(folder: Path) -> str:
    try:
        return read_facts(folder).version
    except (OSError, BadInput):
        return folder.name


def _holds(folder: Path, wanted: set[str]) -> bool | None:
    try:
        return any({row.subject, row.session} & wanted for row in read_rows(folder / JUDGED_CLIPS, JudgedClipRow))
    except (OSError, BadInput):
        return None

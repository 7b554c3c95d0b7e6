"""A subject withdraws: the database first, then the files, so that stopped anywhere and run again it comes to its end.

What lies on disk is found by the ids of clips and recordings that files and folders carry in their names, whichever
room wrote them. Recordings themselves are not ours: they are named for the curator to delete, and never touched.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mmed_curate.annotation.handout import clear, desk_folder, desk_name
from mmed_curate.domain.files import sha256_of, sweep_aside
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import TicketId
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.store import Workspace
from mmed_curate.store.left import Erasure, GoneFile

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_HALF_MADE = re.compile(r"\..+-[a-z0-9_]{8}(\.aside)?")
"""Names of folders that releases are made in; an earlier mmed gave no ending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """What a withdrawal did."""

    n_returned: int
    """Tickets that were taken back now; 0 where the subject had withdrawn before."""
    erasure: Erasure | None
    """What was erased, now or before; None: nothing was."""


def withdraw(workspace: Workspace, code: str, *, erase: bool = False, progress: Progress = silent) -> Withdrawal:
    """Let a subject leave. Done again it does what is missing, and changes nothing else.

    Args:
        workspace: whose subject.
        code: the lab's code of the subject.
        erase: also erase all that is kept of them.
        progress: called with files erased and how many there are.

    Raises:
        BadInput: there is no such subject, a file cannot be deleted, a release is being made, or another program holds
            the database.
    """
    with workspace.write() as records:
        subject = records.subject(code).id
        back = records.withdraw(subject)
    for ticket in back:
        clear(workspace.media, desk_name(workspace.secret, ticket))
    with workspace.read() as records:
        erasure = records.erasure(subject)
    if not erase:
        return Withdrawal(n_returned=len(back), erasure=erasure)
    if erasure is None:
        with workspace.write() as records:
            erasure = records.erase(subject)
    return Withdrawal(n_returned=len(back), erasure=_finished(workspace, erasure, progress))


def files_of(workspace: Workspace, erasure: Erasure) -> Iterator[Path]:
    """Every file in the workspace that is of an erased subject: named by its entry, or by an id in its path."""
    ids = {*erasure.clips, *erasure.others, *erasure.recordings}
    shared = _still_needed(workspace)
    found: set[Path] = set()
    for path in workspace.media.rglob("*") if workspace.media.is_dir() else ():
        inside = str(path.relative_to(workspace.media))
        if not path.is_dir() and inside not in shared and ids.intersection(_ID.findall(inside)):
            found.add(path)
    found.update(path for name in erasure.paths if name not in shared and (path := workspace.media / name).is_file())
    for folder in _desks(workspace, erasure.tickets):
        found.update(path for path in folder.rglob("*") if not path.is_dir())
    yield from sorted(found)


def _finished(workspace: Workspace, erasure: Erasure, progress: Progress) -> Erasure:
    there = tuple(files_of(workspace, erasure))
    known = {file.path: file for file in erasure.files or ()}
    files = []
    for path in there:
        name = path.relative_to(workspace.root).as_posix()
        files.append(known.get(name) or GoneFile(path=name, sha256=sha256_of(path), n_bytes=path.stat().st_size))
    if erasure.files is None or set(files) - set(erasure.files):
        with workspace.write() as records:
            erasure = records.note_files(erasure, files)
    for done, path in enumerate(there, start=1):
        _delete(path, workspace.media)
        progress(done, len(there))
    for folder in _desks(workspace, erasure.tickets):
        shutil.rmtree(folder, ignore_errors=True)
    _sweep_releases(workspace.root / "releases")
    if not erasure.finished or there:
        workspace.scrub()
        with workspace.write() as records:
            erasure = records.finish_erasure(erasure)
    return erasure


def _sweep_releases(releases: Path) -> None:
    """Remove releases that whoever made them was killed over: half of one holds media under no name that is known.

    Raises:
        BadInput: one is being made, or nobody can tell.
    """
    sweep_aside(releases)
    for path in sorted(releases.iterdir()) if releases.is_dir() else ():
        if _HALF_MADE.fullmatch(path.name) and path.is_dir():
            raise BadInput.of(
                "withdraw.half_made",
                f"{path} is a release that is being made, or was left half made, and it may hold media of the subject",
                "wait until it is made, or remove it if nobody makes it; then run the same command again",
            )


def _desks(workspace: Workspace, tickets: Iterable[TicketId]) -> Iterator[Path]:
    for ticket in tickets:
        folder = desk_folder(workspace.media, desk_name(workspace.secret, ticket))
        if folder.is_dir():
            yield folder


def _still_needed(workspace: Workspace) -> frozenset[str]:
    """Files that clips of others name, relative to the media folder: what two share stays with the other."""
    with workspace.read() as records:
        named = {asset.path for asset in records.assets()}
        named.update(path for one in records.references().values() for path, _ in one.files.values())
    return frozenset(named)


def _delete(path: Path, media: Path) -> None:
    try:
        path.unlink(missing_ok=True)
        folder = path.parent
        while folder != media and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent
    except FileNotFoundError:
        return
    except OSError as error:
        raise BadInput.of(
            "withdraw.not_deleted",
            f"{path} cannot be deleted ({error.strerror})",
            "see that it may be deleted, then run the same command again: it goes on from here",
        ) from error

"""What a release is sealed with: the SHA-256 of every file, in a form that `sha256sum -c` reads too.

The files are listed in two runs: `core` (the same bytes on any machine) and `derived` (the same bytes on one machine
with one set of packages). The release's id is the SHA-256 of the manifest itself, so it stands for every byte.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from mmed_curate.domain.files import opened_text, sha256_of, write_text
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.progress import Progress, silent

MANIFEST = "manifest-sha256.txt"
SIGNATURE = f"{MANIFEST}.sig"
"""A signature of the manifest, which may lie beside it; the manifest does not name it."""
FORMAT = "mmed-manifest"
VERSION = 2
"""1: of releases. 2: of drafts, so that a reader who knows no drafts takes none for a release."""
_DRAFT = "# draft: shared before its gate was open; this is no release"

_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")
_ODD = frozenset({".", ".."})
"""Parts of a path that lead elsewhere than they seem to."""
_FORBIDDEN = re.compile(r"[\\\x00-\x1f\x7f]")


class Mark(Enum):
    """How far a file's bytes can be reproduced."""

    CORE = "core"
    """The same bytes on any machine."""
    DERIVED = "derived"
    """The same bytes on one machine with one set of packages."""


_SAYS = {
    Mark.CORE: "the same bytes on any machine",
    Mark.DERIVED: "the same bytes on one machine with one set of packages",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFile:
    """One file of a release."""

    path: str
    """Relative to the release, with forward slashes, never leading out of it."""
    sha256: str
    mark: Mark

    def __post_init__(self) -> None:
        parts = self.path.split("/")
        if (
            not all(parts)
            or not _ODD.isdisjoint(parts)
            or _FORBIDDEN.search(self.path)
            or self.path in {MANIFEST, SIGNATURE}
        ):
            raise BadInput.of(
                "manifest.path",
                f"the manifest names {self.path!r}, which is not a plain path inside the release",
                "do not use this copy; get the release from its source",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Every file of a release but the manifest, sorted by path."""

    files: tuple[SealedFile, ...]
    draft: bool = False
    """What it seals was shared before its gate was open."""

    def __post_init__(self) -> None:
        paths = [file.path for file in self.files]
        if paths != sorted(set(paths)):
            raise BadInput.of(
                "manifest.order",
                "the manifest names a file twice or out of order",
                "do not use this copy; get the release from its source",
            )

    def text(self) -> str:
        """The manifest as it is written."""
        lines = [f"# format: {FORMAT}", "# version: 2" if self.draft else "# version: 1"]
        lines += [_DRAFT] if self.draft else []
        for mark in Mark:
            lines.append(f"# {mark.value}: {_SAYS[mark]}")
            lines.extend(f"{file.sha256}  {file.path}" for file in self.files if file.mark is mark)
        return "\n".join(lines) + "\n"


def read_manifest(root: Path) -> Manifest:
    """Read the manifest of a release.

    Raises:
        BadInput: there is none, it is of a newer format, or a line is not one of ours.
    """
    path = root / MANIFEST
    try:
        with opened_text(path) as stream:
            text = stream.read()
    except FileNotFoundError as error:
        raise BadInput.of(
            "manifest.missing",
            f"{root} has no {MANIFEST}, so it is not a whole release",
            "give the folder of a release, or finish its download",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput.of("manifest.unreadable", f"{path} cannot be read ({error})", "download it again") from error
    return manifest_of(text, str(path))


def manifest_of(text: str, where: str) -> Manifest:
    """Read a manifest from its text.

    Args:
        text: as `Manifest.text` wrote it.
        where: it comes from, for the sentence.

    Raises:
        BadInput: it is of a newer format, or a line is not one of ours.
    """
    lines = text.splitlines()
    _check_head(where, lines[:2])
    draft = lines[2:3] == [_DRAFT] and lines[1] == "# version: 2"
    files: list[SealedFile] = []
    mark: Mark | None = None
    first = 4 if draft else 3
    for number, line in enumerate(lines[first - 1 :], start=first):
        if line.startswith("# "):
            word = line[2:].partition(":")[0]
            mark = next((one for one in Mark if one.value == word), None)
        found = _LINE.fullmatch(line)
        if mark is None or (found is None and not line.startswith("# ")):
            raise BadInput.of("manifest.line", f"{where}, line {number} is not a manifest's line", "download it again")
        if found is not None:
            files.append(SealedFile(path=found[2], sha256=found[1], mark=mark))
    return Manifest(files=tuple(sorted(files, key=lambda file: file.path)), draft=draft)


def seal(
    root: Path,
    *,
    derived: Callable[[str], bool],
    known: Mapping[str, str] = MappingProxyType({}),
    draft: bool = False,
    progress: Progress = silent,
) -> Manifest:
    """Write the manifest of everything under a folder, as the last act of making a release.

    Args:
        root: the release.
        derived: whether a relative path is to be marked derived; the others are core.
        known: SHA-256 by relative path where it is known, also of files that are still on their way; the others are
            read now.
        draft: it is shared before its gate was open, and the manifest says so.
        progress: called with files done and how many there are.

    Raises:
        BadInput: the folder holds a link or a name that a manifest cannot carry.
    """
    paths = sorted({*known, *files_under(root)} - {MANIFEST, SIGNATURE})
    files = []
    for index, path in enumerate(paths):
        files.append(
            SealedFile(
                path=path,
                sha256=known.get(path) or sha256_of(inside(root, path)),
                mark=Mark.DERIVED if derived(path) else Mark.CORE,
            )
        )
        progress(index + 1, len(paths))
    manifest = Manifest(files=tuple(files), draft=draft)
    write_text(root / MANIFEST, manifest.text())
    return manifest


def release_id(root: Path) -> str:
    """The SHA-256 of the manifest, which stands for every byte of the release.

    Raises:
        BadInput: there is no manifest.
    """
    read_manifest(root)
    return sha256_of(root / MANIFEST)


def files_under(root: Path) -> Iterator[str]:
    """Relative paths of everything in a folder that is not itself a folder; links are named, never followed."""
    pending = [root]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(Path(entry.path))
                else:
                    yield Path(entry.path).relative_to(root).as_posix()


def inside(root: Path, relative: str) -> Path:
    """The path of a file of a release; never one that leads out of it.

    Raises:
        BadInput: the path is not plain, or a part of it is a link.
    """
    SealedFile(path=relative, sha256="", mark=Mark.CORE)
    path = root
    for part in PurePosixPath(relative).parts:
        path = path / part
        if path.is_symlink():
            raise BadInput.of(
                "manifest.link",
                f"{path} is a link, and a release holds none",
                "do not use this copy; get the release from its source",
            )
    return path


def total_bytes(root: Path, paths: Iterable[str]) -> int:
    """Bytes of the files named that exist."""
    return sum((root / path).lstat().st_size for path in paths if os.path.lexists(root / path))


def _check_head(path: str, head: list[str]) -> None:
    if len(head) < 2 or head[0] != f"# format: {FORMAT}" or not re.fullmatch(r"# version: \d+", head[1]):
        raise BadInput.of(
            "manifest.format", f"{path} is not a manifest of a release", "give the folder of a release made by mmed"
        )
    version = int(head[1].rpartition(" ")[2])
    if version > VERSION:
        raise BadInput.of(
            "manifest.newer",
            f"{path} is of manifest version {version}, and this mmed reads up to {VERSION}",
            "install a newer mmed-curate",
            version=version,
        )

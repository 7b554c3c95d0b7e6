"""Which files of a release a copy holds: all of them, or what somebody chose. A partial copy says so in download.json.

Everything outside `media/` is metadata and belongs to every copy, so that every copy can be loaded and verified.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from mmed_curate.dataset.manifest import MANIFEST, Manifest
from mmed_curate.dataset.rows import ClipRow, read_rows
from mmed_curate.domain.files import opened_text, readable_json, sha256_of, write_text
from mmed_curate.domain.findings import BadInput

DOWNLOAD = "download.json"
"""Stands in a partial copy, and only there; it is not sealed."""
FORMAT = "mmed-download"
VERSION = 1
_MEDIA = "media"
_LONGEST = 1 << 20
"""Bytes of download.json; it holds names only."""


class Part(Enum):
    """A kind of files of a release."""

    METADATA = "metadata"
    """Everything but media: tables, reports, texts, the benchmark, the page."""
    FEATURES = "features"
    """`features.npz` and `sound-features.npz` of each clip."""
    PREVIEW = "preview"
    """`picture.mp4` and `sound.wav` of each clip."""
    ARCHIVAL = "archival"
    """Whatever else lies with a clip."""


MEDIA_PARTS = (Part.FEATURES, Part.PREVIEW, Part.ARCHIVAL)
"""All but the metadata."""
_PART_OF_NAME = {
    "features.npz": Part.FEATURES,
    "sound-features.npz": Part.FEATURES,
    "picture.mp4": Part.PREVIEW,
    "sound.wav": Part.PREVIEW,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What somebody asked for. A file is chosen where its part, its subject and its class are."""

    parts: frozenset[Part] = frozenset(Part)
    subjects: frozenset[str] | None = None
    """Pseudonyms; None: all."""
    classes: frozenset[str] | None = None
    """Classes of three, as in the column emotion_class; None: all clips, also those in no class."""

    @property
    def is_whole(self) -> bool:
        """Nothing is left out."""
        return self.parts == frozenset(Part) and self.subjects is None and self.classes is None

    def __str__(self) -> str:
        words = [f"--only {part.value}" for part in Part if part in self.parts and self.parts != frozenset(Part)]
        words += [f"--subjects {','.join(sorted(self.subjects))}"] if self.subjects is not None else []
        words += [f"--class {','.join(sorted(self.classes))}"] if self.classes is not None else []
        return " ".join(words) or "everything"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialCopy:
    """What download.json says: this copy holds what these selections chose, together."""

    release: str
    """Name and version."""
    id: str
    """SHA-256 of the manifest it was chosen from."""
    source: str
    """Where it came from; without anybody's password."""
    selections: tuple[Selection, ...]

    def __str__(self) -> str:
        return "; ".join(str(one) for one in self.selections)


def part_of(path: str) -> Part:
    """What kind of file a path of a release names."""
    parts = path.split("/")
    return _PART_OF_NAME.get(parts[-1], Part.ARCHIVAL) if len(parts) > 2 and parts[0] == _MEDIA else Part.METADATA


def media_bytes(
    root: Path, paths: Iterable[str], *, known: Mapping[str, int] = MappingProxyType({})
) -> dict[Part, int]:
    """Bytes of the files of a release that are no metadata, by part.

    Args:
        root: its folder.
        paths: of its files, relative to it.
        known: bytes of files that are still on their way, by path.

    Raises:
        OSError: one is not there.
    """
    found = dict.fromkeys(MEDIA_PARTS, 0)
    for path in paths:
        part = part_of(path)
        if part is not Part.METADATA:
            size = known.get(path)
            found[part] += (root / path).stat().st_size if size is None else size
    return found


def chosen(manifest: Manifest, clips: Iterable[ClipRow], selections: Iterable[Selection]) -> frozenset[str]:
    """The paths of a release that at least one selection chooses.

    Args:
        manifest: of the release.
        clips: its clips.csv.
        selections: what was asked for.
    """
    rows_in: dict[str, list[ClipRow]] = {}
    for row in clips:
        paths = (row.picture, row.sound, row.features, row.sound_features)
        for folder in {str(PurePosixPath(path).parent) for path in paths if path} | {f"{_MEDIA}/{row.clip}"}:
            rows_in.setdefault(folder, []).append(row)
    asked = tuple(selections)
    return frozenset(
        file.path
        for file in manifest.files
        if any(_chooses(one, part_of(file.path), rows_in.get(_folder_of(file.path), [])) for one in asked)
    )


def check_selection(selection: Selection, clips: Iterable[ClipRow]) -> None:
    """Refuse a subject or a class that the release does not hold.

    Raises:
        BadInput: names what is unknown, and what there is.
    """
    rows = tuple(clips)
    _check_known("subject", selection.subjects, {row.subject for row in rows})
    _check_known("class", selection.classes, {row.emotion_class for row in rows if row.emotion_class is not None})


def read_partial(root: Path) -> PartialCopy | None:
    """What download.json in a copy says; None: there is none, so the copy should be whole.

    Raises:
        BadInput: it cannot be read, is of a newer format, or tells of another release than the manifest.
    """
    partial = read_record(root)
    if partial is not None and partial.id != sha256_of(root / MANIFEST):
        raise BadInput.of(
            "download.record_of_another",
            f"{root / DOWNLOAD} tells of another release than the manifest beside it",
            "download the release again into a folder of its own",
        )
    return partial


def read_record(root: Path) -> PartialCopy | None:
    """The same, of a copy whose manifest may be broken.

    Raises:
        BadInput: it cannot be read, or is of a newer format.
    """
    path = root / DOWNLOAD
    try:
        with opened_text(path) as stream:
            text = stream.read(_LONGEST)
        document = json.loads(text)
        if document["format"] != FORMAT or not isinstance(document["version"], int):
            raise ValueError("it is no record of a download")
        if document["version"] > VERSION:
            raise BadInput.of(
                "download.newer",
                f"{path} is of version {document['version']}, and this mmed reads up to {VERSION}",
                "install a newer mmed-curate",
            )
        return PartialCopy(
            release=_text(document["release"]),
            id=_text(document["id"]),
            source=_text(document["source"]),
            selections=tuple(_selection(one) for one in document["selections"]),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput.of(
            "download.record",
            f"{path} cannot be read ({error})",
            "run the same `mmed download` again, or remove it if the copy is to be whole",
        ) from error


def write_partial(root: Path, partial: PartialCopy) -> None:
    """Write download.json."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "release": partial.release,
        "id": partial.id,
        "source": partial.source,
        "selections": [
            {
                "parts": [part.value for part in Part if part in one.parts],
                "subjects": None if one.subjects is None else sorted(one.subjects),
                "classes": None if one.classes is None else sorted(one.classes),
            }
            for one in partial.selections
        ],
    }
    write_text(root / DOWNLOAD, readable_json(document))


def expected(root: Path, manifest: Manifest, partial: PartialCopy | None) -> frozenset[str]:
    """The sealed paths that a copy has to hold; of a partial one, what was selected.

    Args:
        root: the copy, with its clips.csv.
        manifest: of the release.
        partial: what its download.json says; None: it is whole.

    Raises:
        BadInput: the copy is partial, and its clips.csv cannot be read.
    """
    if partial is None:
        return frozenset(file.path for file in manifest.files)
    return chosen(manifest, read_rows(root / "clips.csv", ClipRow), partial.selections)


def not_selected(root: Path, path: str) -> BadInput | None:
    """What is said where a file is missing because it was never selected; None: it should be there.

    Raises:
        BadInput: download.json cannot be read.
    """
    partial = read_partial(root)
    if partial is None:
        return None
    command = shlex.join(["mmed", "download", partial.source, "-o", str(root), "--only", part_of(path).value])
    return BadInput.of(
        "dataset.not_selected",
        f"{root} is a partial copy ({partial}), and {path} is not in it",
        f"run `{command}` to add it",
        path=path,
    )


def _folder_of(path: str) -> str:
    return "/".join(PurePosixPath(path).parts[:2])


def _chooses(selection: Selection, part: Part, rows: list[ClipRow]) -> bool:
    if part is Part.METADATA:
        return True
    if part not in selection.parts:
        return False
    if selection.subjects is None and selection.classes is None:
        return True
    return any(
        (selection.subjects is None or row.subject in selection.subjects)
        and (selection.classes is None or row.emotion_class in selection.classes)
        for row in rows
    )


def _check_known(what: str, asked: frozenset[str] | None, known: set[str]) -> None:
    unknown = sorted((asked or frozenset()) - known)
    if unknown:
        raise BadInput.of(
            "download.unknown",
            f"the release has no {what} {', '.join(unknown)}",
            f"choose from: {', '.join(sorted(known)) or '(none)'}",
        )


def _selection(document: Mapping[str, Any]) -> Selection:
    def names(value: Any) -> frozenset[str] | None:
        return None if value is None else frozenset(_text(one) for one in value)

    return Selection(
        parts=frozenset(Part(word) for word in document["parts"]),
        subjects=names(document["subjects"]),
        classes=names(document["classes"]),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value

"""What a curator was told of each recording, kept beside the media: ingest says it again, and so does status.

Of recordings taken in, the worker keeps their notes; of files refused, the coordinator keeps the sentence until the
file goes through. Neither decides anything: where a document is gone or damaged, nothing is said.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmed_curate.domain.files import opened_text, readable_json, write_text
from mmed_curate.domain.findings import BadInput, Finding
from mmed_curate.domain.identity import RecordingId
from mmed_curate.domain.serial import from_json, to_json

_NAME_LENGTH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedFile:
    """A file that ingest could not use."""

    path: str
    """Absolute."""
    said: str
    """Why, and what to do."""


def notes_path(media: Path, recording: RecordingId) -> Path:
    """Where the notes on a recording lie."""
    return media / "notes" / f"{recording}.json"


def sheet_path(media: Path, recording: RecordingId) -> Path:
    """Where the page of a recording's contact sheet lies; a picture of its strongest clips lies beside it."""
    return media / "sheets" / f"{recording}.html"


def keep_notes(media: Path, recording: RecordingId, name: str, notes: tuple[Finding, ...]) -> None:
    """Write down what is said of a recording.

    Raises:
        BadInput: it cannot be written.
    """
    path = notes_path(media, recording)
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"format": "mmed-notes", "version": "1.0", "recording": name, "notes": [to_json(one) for one in notes]}
    write_text(path, readable_json(document))


def notes_on(media: Path, recording: RecordingId) -> tuple[Finding, ...]:
    """What was said of a recording when it was taken in; of one taken in by an older program, nothing."""
    try:
        return tuple(from_json(Finding, one) for one in _read(notes_path(media, recording))["notes"])
    except (OSError, ValueError, KeyError, TypeError, BadInput):
        return ()


def keep_refusal(root: Path, path: Path, said: str) -> None:
    """Write down why a file that is there was refused.

    Raises:
        BadInput: it cannot be written.
    """
    if not os.path.exists(path):  # noqa: PTH110  (never raises); a slip of the pen is not worth keeping
        return
    kept = _refusal_path(root, path)
    kept.parent.mkdir(exist_ok=True)
    document = {"format": "mmed-refused", "version": "1.0", "path": str(path.resolve()), "said": said}
    write_text(kept, readable_json(document))


def forget_refusal(root: Path, path: Path) -> None:
    """A file went through: what was said against it holds no longer."""
    _refusal_path(root, path).unlink(missing_ok=True)


def refusals(root: Path) -> tuple[RefusedFile, ...]:
    """Files that were refused last time, and are still there, by path."""
    found = []
    for kept in sorted((root / "refused").glob("[!.]*.json")):
        try:
            document = _read(kept)
            one = RefusedFile(path=str(document["path"]), said=str(document["said"]))
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if os.path.exists(one.path):  # noqa: PTH110  (never raises)
            found.append(one)
    return tuple(sorted(found, key=lambda one: one.path))


def _refusal_path(root: Path, path: Path) -> Path:
    # a path may be longer than a name may be
    return root / "refused" / f"{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:_NAME_LENGTH]}.json"


def _read(path: Path) -> Any:
    with opened_text(path) as stream:
        return json.load(stream)

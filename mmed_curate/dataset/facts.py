"""What release.json says of a release as a whole."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from mmed_curate.dataset.rows import FORMAT_VERSION
from mmed_curate.dataset.selection import MEDIA_PARTS, Part
from mmed_curate.domain.files import opened_text
from mmed_curate.domain.findings import BadInput

RELEASE = "release.json"
FORMAT = "mmed-release"
_BEFORE_DRAFTS = 3
"""Releases up to this format know no drafts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much there is."""

    clips: int
    """Rows of clips.csv: settled events."""
    judged_clips: int
    """Rows of judged-clips.csv."""
    judgements: int
    subjects: int
    """Subjects with at least one settled event."""
    sessions: int
    coders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFacts:
    """A release as a whole."""

    notice: str
    """One sentence; begins with SIMULATED where anything in the release is simulated; says DRAFT in a draft."""
    name: str
    version: str
    """Semantic version of the release, such as 1.2.0."""
    simulated: bool
    """True where any subject, recording, coder, or judgement is simulated."""
    draft: bool
    """True where the gate was closed: shared as a draft, and no release."""
    released_on: date
    """Day (UTC) of the last act that bears on the content; from the event log, never from the clock."""
    toolkit: str
    """Version of mmed-curate that made it."""
    protocol: str
    """Name of the protocol under which was judged."""
    codebook: str
    """Name of the codebook; its text is codebook.yaml."""
    codebook_version: str
    judgements_digest: str
    """SHA-256 of the judgements that the gate saw, under pseudonyms, without free text; `verify` computes it again."""
    counts: Counts
    media_bytes: Mapping[Part, int] | None = None
    """Bytes of the files of each part but the metadata; None: it was made before releases said that."""


def marks(*, simulated: bool, draft: bool) -> str:
    """What a title of a release begins with; empty, or ending in a space."""
    return ("SIMULATED " if simulated else "") + ("DRAFT " if draft else "")


def cited_as(title: str, *, simulated: bool, draft: bool) -> str:
    """A title as it is cited: what marks the release, then a colon."""
    words = marks(simulated=simulated, draft=draft).strip()
    return f"{words}: {title}" if words else title


def read_facts(root: Path, *, shown: str | None = None) -> ReleaseFacts:
    """Read the release.json of a release.

    Args:
        root: its folder.
        shown: what sentences call it; None: its path.

    Raises:
        BadInput: the folder is not a release, is of a newer format, or the file is not whole.
    """
    path = root / RELEASE
    named = shown or str(root)
    if not root.is_dir():
        raise BadInput.of("dataset.no_folder", f"there is no folder {root}", "give the folder of a release")
    try:
        with opened_text(path) as stream:
            document: Any = json.load(stream)
    except FileNotFoundError as error:
        raise BadInput.of(
            "dataset.not_a_release", f"{named} is not a release: it has no {RELEASE}", "give the folder of a release"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise _broken(path, shown, f"cannot be read ({error})") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise BadInput.of(
            "dataset.not_a_release",
            f"{named} is not a release: its {RELEASE} does not say format {FORMAT}",
            "give the folder of a release made by mmed",
        )
    version = document.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise _broken(path, shown, "does not say its version as a whole number")
    if version > FORMAT_VERSION:
        raise BadInput.of(
            "dataset.newer",
            f"{named} is of release format {version}, and this mmed reads up to {FORMAT_VERSION}",
            "install a newer mmed-curate",
            version=version,
        )
    try:
        return ReleaseFacts(
            notice=_of(document, "notice", str),
            name=_of(document, "name", str),
            version=_of(document, "release", str),
            simulated=_of(document, "simulated", bool),
            draft=_of(document, "draft", bool) if version > _BEFORE_DRAFTS else False,
            released_on=date.fromisoformat(_of(document, "released_on", str)),
            toolkit=_of(document, "toolkit", str),
            protocol=_of(document, "protocol", str),
            codebook=_of(document["codebook"], "name", str),
            codebook_version=_of(document["codebook"], "version", str),
            judgements_digest=_of(document, "judgements_digest", str),
            counts=Counts(**{name: _of(document["counts"], name, int) for name in Counts.__slots__}),
            media_bytes={part: _of(document["media_bytes"], part.value, int) for part in MEDIA_PARTS}
            if "media_bytes" in document
            else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _broken(path, shown, f"lacks or garbles {error}") from error


def facts_document(facts: ReleaseFacts) -> dict[str, object]:
    """The JSON document of release.json; `notice` stands first."""
    of_media = facts.media_bytes
    return {
        "notice": facts.notice,
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "name": facts.name,
        "release": facts.version,
        "simulated": facts.simulated,
        "draft": facts.draft,
        "released_on": facts.released_on.isoformat(),
        "toolkit": facts.toolkit,
        "protocol": facts.protocol,
        "codebook": {"name": facts.codebook, "version": facts.codebook_version},
        "judgements_digest": facts.judgements_digest,
        "counts": {name: getattr(facts.counts, name) for name in Counts.__slots__},
        **({} if of_media is None else {"media_bytes": {part.value: of_media[part] for part in MEDIA_PARTS}}),
    }


def facts_text(facts: ReleaseFacts) -> str:
    """release.json as it is written: in reading order, not sorted, so that the notice is its first field."""
    return json.dumps(facts_document(facts), indent=2, ensure_ascii=False) + "\n"


def _of(document: Any, key: str, kind: type[Any]) -> Any:
    value = document[key]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(f"{key} ({value!r})")
    return value


def _broken(path: Path, shown: str | None, what: str) -> BadInput:
    if shown is not None:  # the path is that of a copy, gone by the time that anybody reads this
        return BadInput.of("dataset.broken", f"{shown}/{RELEASE} {what}", "tell who made it; do not use that release")
    return BadInput.of(
        "dataset.broken",
        f"{path} {what}",
        f"run `{shlex.join(['mmed', 'verify', str(path.parent)])}`, and download again what it names",
    )

"""Copies of a clip's media for one ticket: under names, in folders and with times that say nothing.

A copy, not a link: a link would show the time and number of the original, and could be written through.
"""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from mmed_curate.domain.conduct import Reference, ReferenceFile
from mmed_curate.domain.files import written_aside
from mmed_curate.domain.identity import TicketId, derived_uuid
from mmed_curate.domain.protocol import Modality
from mmed_curate.domain.records import Asset, AssetKind
from mmed_curate.media.remux import without_sound

_DESK = "desk"
_PICTURE, _SOUND = "picture.mp4", "sound.wav"
_STILL, _NEUTRAL_PICTURE, _NEUTRAL_SOUND = "neutral.png", "neutral.mp4", "neutral.wav"


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidOut:
    """Where a ticket's files lie; None: this pass or clip has none."""

    picture: Path | None
    sound: Path | None
    neutral_still: Path | None
    neutral_picture: Path | None
    neutral_sound: Path | None


def lay_out(
    media: Path, name: str, assets: Collection[Asset], reference: Reference | None, modality: Modality
) -> LaidOut | None:
    """Put what a pass may show where the coder finds it.

    Args:
        media: the workspace's media folder.
        name: the ticket's opaque clip name.
        assets: files of the clip.
        reference: the subject's face at rest and plain voice; None: there is none.
        modality: what may be shown: a picture-only file holds no sound.

    Returns:
        Where everything lies; None: a file that the pass needs is missing.
    """
    by_kind = {asset.kind: media / asset.path for asset in assets}
    picture, sound = by_kind.get(AssetKind.CODING_PICTURE), by_kind.get(AssetKind.CODING_SOUND)
    shows, plays = modality is not Modality.SOUND, modality is not Modality.PICTURE
    if (shows and picture is None) or (modality is Modality.SOUND and sound is None):
        return None
    neutral = {} if reference is None else {part: media / path for part, (path, _) in reference.files.items()}
    wanted = {
        _PICTURE: picture if shows else None,
        _SOUND: sound if plays else None,
        _STILL: neutral.get(ReferenceFile.STILL) if shows else None,
        _NEUTRAL_PICTURE: neutral.get(ReferenceFile.PICTURE) if shows else None,
        _NEUTRAL_SOUND: neutral.get(ReferenceFile.SOUND) if plays else None,
    }
    if not all(path.is_file() for path in wanted.values() if path is not None):
        return None
    folder = desk_folder(media, name)
    folder.mkdir(parents=True, exist_ok=True)
    for file in (_STILL, _NEUTRAL_PICTURE, _NEUTRAL_SOUND):  # the curator may have approved another one since
        source, copy = wanted[file], folder / file
        if copy.exists() and (source is None or not filecmp.cmp(source, copy, shallow=False)):
            copy.unlink()
    laid = {
        file: None if path is None else _copied(path, folder / file, silent=modality is Modality.PICTURE)
        for file, path in wanted.items()
    }
    os.utime(folder, (0, 0))
    return LaidOut(
        picture=laid[_PICTURE],
        sound=laid[_SOUND],
        neutral_still=laid[_STILL],
        neutral_picture=laid[_NEUTRAL_PICTURE],
        neutral_sound=laid[_NEUTRAL_SOUND],
    )


def desk_name(secret: bytes, ticket: TicketId) -> str:
    """The opaque name under which a ticket's clip lies on the desk."""
    return derived_uuid(secret, "desk", ticket).replace("-", "")[:12]


def desk_folder(media: Path, name: str) -> Path:
    """Where a ticket's copies lie."""
    return media / _DESK / name


def clear(media: Path, name: str) -> None:
    """Take a ticket's copies away."""
    shutil.rmtree(desk_folder(media, name), ignore_errors=True)


def _copied(source: Path, target: Path, *, silent: bool) -> Path:
    if not target.exists():
        with written_aside(target) as aside:
            if silent and source.suffix == ".mp4":
                without_sound(source, aside)
            else:
                shutil.copyfile(source, aside)
        os.utime(target, (0, 0))
    return target

"""Copies of a clip's media for one ticket: under names, in folders and with times that say nothing.

A copy, not a link: a link would show the time and number of the original, and could be written through.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from pathlib import Path

from mmed_curate.domain.files import written_aside
from mmed_curate.domain.protocol import Modality
from mmed_curate.domain.records import Asset, AssetKind
from mmed_curate.media.remux import without_sound

_DESK = "desk"
_PICTURE, _SOUND = "picture.mp4", "sound.wav"


def lay_out(
    media: Path, name: str, assets: Collection[Asset], modality: Modality
) -> tuple[Path | None, Path | None] | None:
    """Put what a pass may show where the coder finds it.

    Args:
        media: the workspace's media folder.
        name: the ticket's opaque clip name.
        assets: files of the clip.
        modality: what may be shown: a picture-only file holds no sound.

    Returns:
        Paths of picture and sound, each None where this pass or clip has none; None: a file that the pass needs is
        missing.
    """
    by_kind = {asset.kind: media / asset.path for asset in assets}
    picture, sound = by_kind.get(AssetKind.CODING_PICTURE), by_kind.get(AssetKind.CODING_SOUND)
    shows, plays = modality is not Modality.SOUND, modality is not Modality.PICTURE
    if (shows and picture is None) or (modality is Modality.SOUND and sound is None):
        return None
    needed = [path for path, wanted in ((picture, shows), (sound, plays)) if wanted and path is not None]
    if not all(path.is_file() for path in needed):
        return None
    folder = media / _DESK / name
    folder.mkdir(parents=True, exist_ok=True)
    shown = played = None
    if shows and picture is not None:
        shown = _copied(picture, folder / _PICTURE, silent=modality is Modality.PICTURE)
    if plays and sound is not None:
        played = _copied(sound, folder / _SOUND, silent=False)
    os.utime(folder, (0, 0))
    return shown, played


def clear(media: Path, name: str) -> None:
    """Take a ticket's copies away."""
    shutil.rmtree(media / _DESK / name, ignore_errors=True)


def _copied(source: Path, target: Path, *, silent: bool) -> Path:
    if not target.exists():
        with written_aside(target) as aside:
            if silent:
                without_sound(source, aside)
            else:
                shutil.copyfile(source, aside)
        os.utime(target, (0, 0))
    return target

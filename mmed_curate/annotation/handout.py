"""Copies of a clip's media for one ticket: under names, in folders and with times that say nothing.

A copy, not a link: a link would show the time and number of the original, and could be written through.
What is copied is held against the SHA-256 that was noted when it was made.
"""

from __future__ import annotations

import filecmp
import hashlib
import os
import shutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from mmed_curate.annotation.curves import Arrays, face_curves, holds_motion, voice_curves
from mmed_curate.domain.conduct import Reference, ReferenceFile
from mmed_curate.domain.files import sha256_of, written_aside
from mmed_curate.domain.identity import TicketId, derived_uuid
from mmed_curate.domain.protocol import Modality
from mmed_curate.domain.records import Asset, AssetKind
from mmed_curate.media.arrayfile import write_arrays
from mmed_curate.media.remux import without_sound

_DESK = "desk"
_PICTURE, _SOUND = "picture.mp4", "sound.wav"
_STILL, _NEUTRAL_PICTURE, _NEUTRAL_SOUND = "neutral.png", "neutral.mp4", "neutral.wav"
_FACE, _VOICE = "face.npz", "voice.npz"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidOut:
    """Where a ticket's files lie; None: this pass or clip has none."""

    picture: Path | None
    sound: Path | None
    neutral_still: Path | None
    neutral_picture: Path | None
    neutral_sound: Path | None
    face: Path | None
    voice: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A stored file, with what its bytes must be."""

    path: Path
    sha256: str


def lay_out(
    media: Path,
    name: str,
    assets: Collection[Asset],
    reference: Reference | None,
    modality: Modality,
    *,
    shows_motion: bool = False,
) -> LaidOut | None:
    """Put what a pass may show where the coder finds it.

    Args:
        media: the workspace's media folder.
        name: the ticket's opaque clip name.
        assets: files of the clip.
        reference: the subject's face at rest and plain voice; None: there is none.
        modality: what may be shown: a picture-only file holds no sound, and nothing made from it; the other way round
            just so.
        shows_motion: whether the coder may see how much each part of the face moves.

    Returns:
        Where everything lies; None: a file that the pass needs is missing or damaged, and nothing lies there.
    """
    by_kind = {asset.kind: _Source(path=media / asset.path, sha256=asset.sha256) for asset in assets}
    picture, sound = by_kind.get(AssetKind.CODING_PICTURE), by_kind.get(AssetKind.CODING_SOUND)
    shows, plays = modality is not Modality.SOUND, modality is not Modality.PICTURE
    if (shows and picture is None) or (modality is Modality.SOUND and sound is None):
        return None
    files = {} if reference is None else reference.files
    neutral = {part: _Source(path=media / path, sha256=sha256) for part, (path, sha256) in files.items()}
    wanted = {
        _PICTURE: picture if shows else None,
        _SOUND: sound if plays else None,
        _STILL: neutral.get(ReferenceFile.STILL) if shows else None,
        _NEUTRAL_PICTURE: neutral.get(ReferenceFile.PICTURE) if shows else None,
        _NEUTRAL_SOUND: neutral.get(ReferenceFile.SOUND) if plays else None,
        _FACE: by_kind.get(AssetKind.CODING_FEATURES) if shows else None,
        _VOICE: by_kind.get(AssetKind.CODING_SOUND_FEATURES) if plays else None,
    }
    if not all(source.path.is_file() for source in wanted.values() if source is not None):
        return None
    folder = desk_folder(media, name)
    folder.mkdir(parents=True, exist_ok=True)
    _take_outdated_away(folder, wanted, shows_motion=shows_motion)
    made_of: dict[str, Callable[[bytes], Arrays]] = {
        _FACE: lambda stored: face_curves(stored, with_motion=shows_motion),
        _VOICE: voice_curves,
    }
    laid: dict[str, Path] = {}
    try:
        for file, source in wanted.items():
            if source is None:
                continue
            laid[file] = folder / file
            if laid[file].exists():
                continue
            if file in made_of:
                write_arrays(laid[file], made_of[file](_checked(source)), compressed=False)
            else:
                _copy(source, laid[file], silent=modality is Modality.PICTURE)
            os.utime(laid[file], (0, 0))
    except _Damaged:
        clear(media, name)
        return None
    os.utime(folder, (0, 0))
    return LaidOut(
        picture=laid.get(_PICTURE),
        sound=laid.get(_SOUND),
        neutral_still=laid.get(_STILL),
        neutral_picture=laid.get(_NEUTRAL_PICTURE),
        neutral_sound=laid.get(_NEUTRAL_SOUND),
        face=laid.get(_FACE),
        voice=laid.get(_VOICE),
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


class _Damaged(Exception):
    """The bytes of a file are not those that were noted when it was made."""


def _take_outdated_away(folder: Path, wanted: Mapping[str, _Source | None], *, shows_motion: bool) -> None:
    """Copies that are no longer right: the curator approved another reference, or other rules were adopted."""
    for file in (_STILL, _NEUTRAL_PICTURE, _NEUTRAL_SOUND):
        source, copy = wanted[file], folder / file
        if copy.exists() and (source is None or not filecmp.cmp(source.path, copy, shallow=False)):
            copy.unlink()
    face = folder / _FACE
    if face.exists() and (wanted[_FACE] is None or holds_motion(face) is not shows_motion):
        face.unlink()


def _copy(source: _Source, target: Path, *, silent: bool) -> None:
    with written_aside(target) as aside:
        if silent and source.path.suffix == ".mp4":
            if sha256_of(source.path) != source.sha256:
                raise _Damaged
            without_sound(source.path, aside)
            return
        digest = hashlib.sha256()
        with source.path.open("rb") as given, aside.open("wb") as written:
            while piece := given.read(_CHUNK):
                digest.update(piece)
                written.write(piece)
        if digest.hexdigest() != source.sha256:
            raise _Damaged


def _checked(source: _Source) -> bytes:
    stored = source.path.read_bytes()
    if hashlib.sha256(stored).hexdigest() != source.sha256:
        raise _Damaged
    return stored

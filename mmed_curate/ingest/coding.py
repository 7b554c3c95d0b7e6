"""The media of coding clips: cut, measured, and noted; whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from mmed_curate.domain.files import sha256_of
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import SubjectId
from mmed_curate.domain.records import Asset, AssetKind, Clip, Companion, Recording
from mmed_curate.domain.time import Frame
from mmed_curate.ingest.closeup import Closeup, KnownFace, closeups
from mmed_curate.ingest.crew import Step, Tell
from mmed_curate.ingest.features import write_clip_features
from mmed_curate.ingest.recipe import Encoding, Recipe
from mmed_curate.ingest.soundtrack import has_clip_sound, opened_sound, source_of
from mmed_curate.media.container import StreamChoice
from mmed_curate.media.cut import ClipEncoding, CutRequest, cut


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cutting:
    """What all clips of one recording are cut from and by."""

    path: Path
    """The recording's file."""
    streams: StreamChoice
    recording: Recording
    recipe: Recipe
    media: Path
    """The workspace's media folder."""
    companions: tuple[Companion, ...]
    known: Mapping[SubjectId, KnownFace]
    """What the analysis knows of each subject's face; who is not in it is looked for in the clip."""

    def request(
        self,
        clip: Clip,
        first: Frame,
        last: Frame,
        *,
        picture: Path,
        sound: Path,
        archive: Path | None = None,
    ) -> CutRequest:
        """One cut of a clip's subject; without sound where there is none."""
        heard = has_clip_sound(self.recording, clip.subject, self.companions)
        return CutRequest(
            first=first,
            last=last,
            crop=clip.crop,
            picture=picture,
            sound=sound if heard else None,
            archive=archive,
            sound_from=source_of(clip.subject, self.companions) if heard else None,
        )


def coding_folder(media: Path, clip: Clip) -> Path:
    """Where a clip's coding media lie."""
    return media / "coding" / clip.id


def cut_whole_or_not(clips: Sequence[Clip], how: Cutting, tell: Tell) -> tuple[Asset, ...]:
    """Cut and measure clips for coding; where one cannot be written, none of them is left lying about.

    What an earlier, killed run left of them is cleared away first.

    Raises:
        BadInput: the recording cannot be read again, or a file cannot be written.
    """
    _clear(clips, how.media)
    try:
        return _cut_for_coding(clips, how, tell)
    except (BadInput, OSError) as error:
        _clear(clips, how.media)
        what = error.finding.what if isinstance(error, BadInput) else f"{error.filename}: {error.strerror}"
        remedy = (
            error.finding.remedy if isinstance(error, BadInput) else "see that the workspace's media may be written"
        )
        raise BadInput.of("ingest.not_cut", f"{how.path} was not taken in ({what})", remedy) from error


def _clear(clips: Sequence[Clip], media: Path) -> None:
    for clip in clips:
        shutil.rmtree(coding_folder(media, clip), ignore_errors=True)


def _cut_for_coding(clips: Sequence[Clip], how: Cutting, tell: Tell) -> tuple[Asset, ...]:
    requests = []
    for clip in clips:
        folder = coding_folder(how.media, clip)
        requests.append(
            how.request(clip, clip.first, clip.last, picture=folder / "picture.mp4", sound=folder / "sound.wav")
        )
    cut_into_folders(how, requests, how.recipe.coding.encoding, tell)
    seen = closeups(
        how.path,
        how.recording.clock,
        requests,
        streams=how.streams,
        known=[how.known.get(clip.subject) for clip in clips],
    )
    made: dict[int, list[Asset]] = {}
    for done, (place, closeup) in enumerate(seen):
        made[place] = _measured(clips[place], requests[place], how, closeup)
        tell(Step.MEASURING, done + 1, len(clips))
    return tuple(asset for place in sorted(made) for asset in made[place])


def _measured(clip: Clip, request: CutRequest, how: Cutting, closeup: Closeup) -> list[Asset]:
    """Write a clip's array files; all its assets."""
    files = {AssetKind.CODING_PICTURE: request.picture}
    with ExitStack() as stack:
        heard = None
        if request.sound is not None:
            files[AssetKind.CODING_SOUND] = request.sound
            heard = stack.enter_context(opened_sound(how.path, how.streams, request.sound_from))
        face, sound = write_clip_features(
            request.picture.parent,
            how.path,
            how.recording.clock,
            request,
            streams=how.streams,
            sound_from=heard,
            closeup=closeup,
        )
    files[AssetKind.CODING_FEATURES] = face
    if sound is not None:
        files[AssetKind.CODING_SOUND_FEATURES] = sound
    return [asset_of(clip, kind, path, how.media, request) for kind, path in files.items()]


def cut_into_folders(how: Cutting, requests: Sequence[CutRequest], encoding: Encoding, tell: Tell) -> None:
    """Cut clips out of a recording, each into its own folder.

    Raises:
        BadInput: the recording no longer has the frames that its clock says.
    """
    for request in requests:
        request.picture.parent.mkdir(parents=True, exist_ok=True)
    if requests:
        cut(
            how.path,
            how.recording.clock,
            requests,
            encoding=ClipEncoding(crf=encoding.crf, preset=encoding.preset),
            streams=how.streams,
            progress=lambda done, total: tell(Step.CUTTING, done, total),
        )


def asset_of(clip: Clip, kind: AssetKind, path: Path, media: Path, window: CutRequest, event: int = 0) -> Asset:
    """The record of a file that was just made for a clip."""
    return Asset(
        clip=clip.id,
        kind=kind,
        path=path.relative_to(media).as_posix(),
        sha256=sha256_of(path),
        n_bytes=path.stat().st_size,
        first=window.first,
        last=window.last,
        event=event,
    )

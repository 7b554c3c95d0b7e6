"""A subject's reference as the curator approved it: a still and a second of the face at rest, and plain speech.

The files lie in a folder of their own under an opaque name, whole or not at all, and hold no metadata.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from mmed_curate.domain.conduct import Reference, ReferenceFile
from mmed_curate.domain.files import folder_written_aside, sha256_of
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import SubjectId, derived_uuid
from mmed_curate.domain.records import Clip, Companion, Recording
from mmed_curate.domain.time import Frame
from mmed_curate.face.still import as_png
from mmed_curate.ingest.clips import clip_of
from mmed_curate.ingest.kept import faces_in, observation_of, streams_of
from mmed_curate.ingest.recipe import Recipe
from mmed_curate.ingest.recording import changed_since
from mmed_curate.ingest.rest import Frames, RestBounds, exact, frame_before, judged_stretches
from mmed_curate.ingest.soundtrack import has_clip_sound, source_of
from mmed_curate.ingest.windows import Window
from mmed_curate.media.clipsound import SoundOfClips
from mmed_curate.media.cut import ClipEncoding, CutRequest, cut
from mmed_curate.media.pictures import pictures
from mmed_curate.media.sound import Sound, write_wav
from mmed_curate.spotting.tracks import FaceTrack
from mmed_curate.store.naming import recording_named
from mmed_curate.store.workspace import Workspace

FILES = {
    ReferenceFile.STILL: "still.png",
    ReferenceFile.PICTURE: "picture.mp4",
    ReferenceFile.SOUND: "sound.wav",
}
_FOLDER = "references"
_LONGEST_VOICE_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    recording: Recording
    companions: tuple[Companion, ...]
    owners: dict[int, SubjectId]
    judged: tuple[Frames, ...]
    subject: SubjectId
    known: Reference | None


def add_reference(
    workspace: Workspace,
    code: str,
    recording: str,
    at: Fraction,
    recipe: Recipe,
    bounds: RestBounds,
    *,
    voice: tuple[Fraction, Fraction] | None = None,
    because: str = "",
) -> Reference:
    """Take a second of a subject's face as their reference from now on; cut as coding clips are, without sound.

    Args:
        workspace: theirs.
        code: the subject's.
        recording: a registered one, by path, file name or id.
        at: the still's time in seconds on the recording's clock; the clip lies round it.
        recipe: crop and encoding of coding clips.
        bounds: length of the clip.
        voice: from when to when they speak plainly, in seconds on the recording's clock; taken from their microphone
            where there is one. None: no voice.
        because: what the curator says of it, for the log.

    Raises:
        BadInput: there is no such subject or recording; a time lies outside it, or where a candidate or clip of the
            subject is judged (a reference must not show what coders are to find); their face is not seen there, or
            somebody else's is; or there is no sound.
    """
    with workspace.read() as records:
        on = recording_named(records, recording)
        subject = records.subject(code).id
        source = _Source(
            recording=on,
            companions=records.companions(on.id),
            owners={owner.track: owner.subject for owner in records.face_owners(on.id)},
            judged=judged_stretches(records, on.id, subject),
            subject=subject,
            known=records.references().get(subject),
        )
    still = _frame_at(on, at)
    half = exact(bounds.length_s) / 2
    first, last = on.clock.frame_at(at - half), frame_before(on.clock, at + half)
    _check_unjudged(source, (first, last), "the face")
    if voice is not None:
        _check_voice(source, voice)
    if (gone := changed_since(on)) is not None:
        raise gone
    framed = _framed(workspace, source, code, Window(first=first, last=last, members=()), recipe)
    spoken = "" if voice is None else f"{voice[0]},{voice[1]}"
    name = derived_uuid(workspace.secret, "reference", subject, on.sha256, f"{still},{first},{last}", spoken)
    folder = workspace.media / _FOLDER / name
    if source.known is not None and source.known.files[ReferenceFile.STILL][0].startswith(f"{_FOLDER}/{name}/"):
        raise BadInput.of("reference.known", f"this is the reference of {code} already", "there is nothing left to do")
    shutil.rmtree(folder, ignore_errors=True)  # left by a run that was killed, or of an older reference: made anew
    try:
        with folder_written_aside(folder) as aside:
            _write(aside, source, framed, still, recipe, voice)
        reference = Reference(
            subject=subject,
            recording=on.id,
            first=first,
            last=last,
            files={
                part: (f"{_FOLDER}/{name}/{file}", sha256_of(folder / file))
                for part, file in FILES.items()
                if (folder / file).is_file()
            },
        )
        with workspace.write() as writer:
            writer.put_reference(reference, because=because)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return reference


def _frame_at(recording: Recording, at: Fraction) -> Frame:
    clock = recording.clock
    begins, ends = clock.start_of(Frame(0)), clock.end_of(clock.last_frame)
    if not begins <= at < ends:
        raise BadInput.of(
            "reference.outside",
            f"{float(at):g} s is outside {Path(recording.path).name}, which runs from {float(begins):g} s to "
            f"{float(ends):g} s",
            "give a time inside",
        )
    return clock.frame_at(at)


def _check_unjudged(source: _Source, frames: Frames, what: str) -> None:
    clock = source.recording.clock
    for first, last in source.judged:
        if first <= frames[1] and frames[0] <= last:
            raise BadInput.of(
                "reference.judged",
                f"{what} is judged there: a candidate or clip of the subject lies at "
                f"{float(clock.start_of(first)):.2f} s to {float(clock.end_of(last)):.2f} s of "
                f"{Path(source.recording.path).name}",
                "choose a time apart from it, as `mmed reference propose` does",
            )


def _check_voice(source: _Source, voice: tuple[Fraction, Fraction]) -> None:
    start, stop = voice
    first = _frame_at(source.recording, start)
    if not start < stop <= source.recording.clock.end_of(source.recording.clock.last_frame):
        raise BadInput.of(
            "reference.voice",
            f"{float(start):g} s to {float(stop):g} s is no stretch of {Path(source.recording.path).name}",
            "give its begin, then its end",
        )
    if stop - start > _LONGEST_VOICE_S:
        raise BadInput.of(
            "reference.voice",
            f"{float(stop - start):g} s of speech is longer than anybody listens to",
            f"choose {_LONGEST_VOICE_S} s at most",
        )
    _check_unjudged(source, (first, frame_before(source.recording.clock, stop)), "the voice")
    if not has_clip_sound(source.recording, source.subject, source.companions):
        raise BadInput.of("reference.no_sound", f"{Path(source.recording.path).name} has no sound", "leave --voice out")


def _framed(workspace: Workspace, source: _Source, code: str, window: Window, recipe: Recipe) -> Clip:
    """The stretch as a clip would be framed."""
    recording = source.recording
    kept = observation_of(recording, source.owners, workspace.media, recipe, lambda step, done, total: None)
    if kept is not None and source.owners:
        tracks: Sequence[FaceTrack] = kept.tracks
        owners = dict(source.owners)
    else:
        tracks, owners = faces_in(recording, window.first, window.last, source.subject, recipe)
    seen = [
        track
        for track in tracks
        if owners.get(track.track) == source.subject
        and ((track.frames >= window.first) & (track.frames <= window.last)).any()
    ]
    if not seen:
        at_s = float(recording.clock.start_of(window.first))
        raise BadInput.of(
            "reference.no_face",
            f"{Path(recording.path).name} shows no face of {code} at {at_s:.2f} s",
            "choose another time",
        )
    face = max(seen, key=lambda track: (len(track.frames), -track.track))
    framed = clip_of(
        window, recording, face, source.subject, tracks, owners, recipe.coding, workspace.secret, candidate=None
    )
    if framed.also_visible:
        raise BadInput.of(
            "reference.not_alone",
            f"somebody else is in the picture of {code} there",
            "choose a time at which they are alone",
        )
    return framed


def _write(
    folder: Path,
    source: _Source,
    framed: Clip,
    still: Frame,
    recipe: Recipe,
    voice: tuple[Fraction, Fraction] | None,
) -> None:
    recording, streams = source.recording, streams_of(source.recording)
    path, encoding = Path(recording.path), recipe.coding.encoding
    request = CutRequest(
        first=framed.first,
        last=framed.last,
        crop=framed.crop,
        picture=folder / FILES[ReferenceFile.PICTURE],
        sound=None,
    )
    (done,) = cut(
        path,
        recording.clock,
        [request],
        encoding=ClipEncoding(crf=encoding.crf, preset=encoding.preset),
        streams=streams,
    )
    for picture in pictures(path, first=still, last=still, clock=recording.clock, streams=streams):
        part = np.ascontiguousarray(picture.bgr()[done.crop.top : done.crop.bottom, done.crop.left : done.crop.right])
        (folder / FILES[ReferenceFile.STILL]).write_bytes(as_png(part))
    if voice is None:
        return
    with SoundOfClips(path, streams=streams) as sounds:
        heard = sounds.of(source_of(source.subject, source.companions), *voice)
        slices = [] if heard is None else [one.exact for one in heard.slices]
    if not slices:
        raise BadInput.of("reference.no_sound", f"{path.name} has no sound", "leave --voice out")
    samples = np.concatenate([one.samples for one in slices])
    write_wav(
        folder / FILES[ReferenceFile.SOUND], Sound(samples=samples, rate_hz=slices[0].rate_hz, start=slices[0].start)
    )

"""Whose microphone a clip's sound comes from: the subject's own where there is one, else the recording's sound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mmed_curate.domain.identity import SubjectId
from mmed_curate.domain.records import Clip, Companion, CompanionKind, Recording, SoundFlag
from mmed_curate.domain.time import Frame
from mmed_curate.ingest.features import SOUND_RATE_HZ, ReadsSound
from mmed_curate.media.clipsound import SoundSource
from mmed_curate.media.container import StreamChoice
from mmed_curate.media.sound import SoundReader
from mmed_curate.media.sync import SyncedSound
from mmed_curate.signals.crosstalk import CrosstalkBounds, sound_flags


def microphone_of(subject: SubjectId, companions: Sequence[Companion]) -> Companion | None:
    """The microphone of a subject; None: there is none."""
    return next((one for one in companions if one.kind is CompanionKind.MICROPHONE and one.subject == subject), None)


def source_of(subject: SubjectId, companions: Sequence[Companion]) -> SoundSource | None:
    """Where the sound of a subject's clips comes from; None: from the recording itself."""
    microphone = microphone_of(subject, companions)
    if microphone is None:
        return None
    return SoundSource(
        path=Path(microphone.path),
        streams=StreamChoice(sound=microphone.stream),
        synchrony=microphone.synchrony,
        channel=microphone.channel,
    )


def has_clip_sound(recording: Recording, subject: SubjectId, companions: Sequence[Companion]) -> bool:
    """Whether there is anything to hear of a subject: a microphone, or the recording's own sound."""
    return recording.has_sound or microphone_of(subject, companions) is not None


@contextmanager
def opened_sound(path: Path, streams: StreamChoice, source: SoundSource | None) -> Iterator[ReadsSound]:
    """A clip's sound on the recording's clock.

    Args:
        path: the recording's file.
        streams: its streams.
        source: a microphone; None: the recording's own sound.

    Raises:
        BadInput: it cannot be read.
    """
    if source is None:
        with SoundReader(path, streams=streams) as own:
            yield own
    elif source.synchrony is None:
        raise ValueError("a microphone needs its synchrony")
    else:
        with SyncedSound(source.path, source.synchrony, streams=source.streams, channel=source.channel) as synced:
            yield synced


def flags_of(
    clips: Sequence[Clip], recording: Recording, companions: Sequence[Companion], bounds: CrosstalkBounds
) -> list[frozenset[SoundFlag] | None]:
    """What else each clip's sound holds; None where no second microphone tells.

    Args:
        clips: of the recording, best in order of time.
        recording: theirs.
        companions: files beside it.
        bounds: when to flag.

    Raises:
        BadInput: a microphone cannot be read.
    """
    path = Path(recording.path)
    microphones = [one for one in companions if one.kind is CompanionKind.MICROPHONE and one.subject is not None]
    found: list[frozenset[SoundFlag] | None] = []
    for clip in clips:
        own = microphone_of(clip.subject, companions)
        others = [one for one in microphones if one.subject != clip.subject]
        if own is None or not others:
            found.append(None)
            continue
        heard = []
        for microphone in (own, *others):
            source = source_of(microphone.subject or clip.subject, companions)
            with opened_sound(path, StreamChoice(), source) as sound:
                start, stop = recording.clock.start_of(clip.first), recording.clock.end_of(Frame(clip.last))
                heard.append(sound.read(start, stop, rate_hz=SOUND_RATE_HZ, mono=True).samples[:, 0])
        found.append(sound_flags(heard[0], heard[1:], bounds=bounds))
    return found

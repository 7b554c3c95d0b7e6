"""The files of one clip: a preview that any browser plays, the exact sound, and a lossless copy for the archive."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from mmed_curate.domain.files import written_aside
from mmed_curate.media.mux import (
    AAC_RATES_HZ,
    MediaFile,
    PictureCodec,
    PictureEncoding,
    SoundCodec,
    SoundEncoding,
    as_int16,
    stored_by_x264,
)
from mmed_curate.media.placing import Samples
from mmed_curate.media.planes import Colours, for_any_player
from mmed_curate.media.sound import Sound

PREVIEW_RATE_HZ = 48000
"""Of the sound inside the .mp4 where AAC does not know the recording's rate."""
_PCM: dict[str, SoundCodec] = {"u8": "pcm_u8", "s16": "pcm_s16le", "s32": "pcm_s32le", "dbl": "pcm_f64le"}
"""How samples are kept that a decoder gives in such a format; all others as `pcm_f32le`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipEncoding:
    """How a clip's picture is compressed."""

    crf: int
    """x264's constant rate factor: 0 is lossless, 51 the worst."""
    preset: str
    """x264's preset, from `ultrafast` to `veryslow`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveEncoding:
    """How a lossless copy is compressed. Pixels and samples are the decoder's, whichever is chosen."""

    codec: PictureCodec = PictureCodec.H264
    """H264 is kept for formats that x264 stores as they are; FFV1 takes its place for all others."""
    preset: str = "ultrafast"
    """x264's. Measured on three face recordings, x264 with qp 0: `superfast` is a fifth smaller in three times the
    time, `medium` a third in ten times; FFV1 is as large as `ultrafast` or larger, in three times its time."""


SMALL_AND_QUICK = ArchiveEncoding()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipTargets:
    """Where the files of a clip go."""

    preview: Path
    """An .mp4."""
    wav: Path | None
    archive: Path | None
    """A .mov."""
    sound_inside: bool
    """Preview and archive carry the sound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundSlice:
    """Some of a clip's sound; the slices of a clip follow each other without a gap."""

    exact: Sound
    """As decoded."""
    for_listening: Sound
    """The same in a form that AAC can hold; the same object where it is that already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipSound:
    """The sound of a clip, read as it is written."""

    rate_hz: int
    channels: int
    sample_format: str
    """What the decoder gives: `s16`, `flt`…"""
    n_bytes: int
    """Of what was read already."""
    slices: Iterator[SoundSlice]


class ClipFiles:
    """Writes one clip; its files take their names when it is finished, else they are gone."""

    def __init__(
        self,
        targets: ClipTargets,
        *,
        time_base: Fraction,
        pixel_aspect: Fraction | None,
        sound: ClipSound | None,
        encoding: ClipEncoding,
        archive: ArchiveEncoding,
    ) -> None:
        """Open nothing yet.

        Args:
            targets: where to.
            time_base: length of a tick in seconds.
            pixel_aspect: width of a pixel over its height, as shown; None: not known.
            sound: None: there is none.
            encoding: how to compress the preview.
            archive: how to compress the archive's copy.
        """
        self._targets = targets
        self._time_base = time_base
        self._pixel_aspect = pixel_aspect
        self._sound = sound
        self._encoding = encoding
        self._archive_encoding = archive
        self._reformatter = VideoReformatter()
        self._stack = ExitStack()
        self._preview: MediaFile | None = None
        self._archive: MediaFile | None = None
        self._wav: wave.Wave_write | None = None
        self._sounds_until = Fraction(0)
        self.n_samples = 0
        """Written to the .wav."""

    def picture(self, frame: VideoFrame, colours: Colours, pts: int, duration: int) -> None:
        """Add a picture from `planes.cut_out`.

        Args:
            frame: all of a clip have one size and format.
            colours: what its numbers mean.
            pts: its tick; the first is 0.
            duration: in ticks.
        """
        shown, shown_colours = for_any_player(frame, colours, self._reformatter)
        if self._preview is None:
            self._preview = self._open(frame, colours, shown, shown_colours)
        self._preview.frame(shown, pts, duration)
        if self._archive is not None:
            # where both are given the same frame, they also give it the same times
            self._archive.frame(frame, pts, duration)
        while self._sounds_until < (pts + duration) * self._time_base and self._more_sound():
            pass

    def finish(self) -> None:
        """Write what is left and name the files."""
        while self._more_sound():
            pass
        self._stack.close()

    def abandon(self) -> None:
        """Remove what was written; nothing happens to a clip that was finished."""
        with suppress(InterruptedError), self._stack:
            raise InterruptedError

    def _open(self, frame: VideoFrame, colours: Colours, shown: VideoFrame, shown_colours: Colours) -> MediaFile:
        with ExitStack() as stack:
            inside = self._sound if self._targets.sound_inside else None
            preview = stack.enter_context(
                MediaFile(
                    self._targets.preview,
                    PictureEncoding(
                        width=shown.width,
                        height=shown.height,
                        time_base=self._time_base,
                        colours=shown_colours,
                        pixel_aspect=self._pixel_aspect,
                        crf=self._encoding.crf,
                        preset=self._encoding.preset,
                    ),
                    None if inside is None else listening_encoding(inside.rate_hz, inside.channels),
                )
            )
            if self._targets.archive is not None:
                name = frame.format.name
                as_h264 = self._archive_encoding.codec is PictureCodec.H264
                fits = stored_by_x264(name, frame.width, frame.height)
                picture = PictureEncoding(
                    width=frame.width,
                    height=frame.height,
                    time_base=self._time_base,
                    codec=PictureCodec.H264 if as_h264 and fits else PictureCodec.FFV1,
                    pixel_format=name,
                    colours=colours,
                    pixel_aspect=self._pixel_aspect,
                    crf=None,
                    preset=self._archive_encoding.preset,
                )
                kept = None
                if inside is not None:
                    codec = _PCM.get(inside.sample_format, "pcm_f32le")
                    kept = SoundEncoding(rate_hz=inside.rate_hz, channels=inside.channels, codec=codec)
                self._archive = stack.enter_context(MediaFile(self._targets.archive, picture, kept))
            if self._sound is not None and self._targets.wav is not None:
                aside = stack.enter_context(written_aside(self._targets.wav))
                self._wav = stack.enter_context(wave.open(str(aside), "wb"))
                self._wav.setnchannels(self._sound.channels)
                self._wav.setsampwidth(2)
                self._wav.setframerate(self._sound.rate_hz)
            self._stack = stack.pop_all()
        return preview

    def _more_sound(self) -> bool:
        """Write the next slice; False: there is no more."""
        if self._sound is None or (given := next(self._sound.slices, None)) is None:
            return False
        if self._wav is not None:
            self._wav.writeframes(as_int16(given.exact.samples).astype("<i2").tobytes())
            self.n_samples += given.exact.n_samples
        if self._targets.sound_inside:
            if self._preview is not None:
                self._preview.sound(given.for_listening.samples)
            if self._archive is not None:
                self._archive.sound(given.exact.samples)
        self._sounds_until += Fraction(given.exact.n_samples, given.exact.rate_hz)
        return True


def listening_encoding(rate_hz: int, channels: int) -> SoundEncoding:
    """How sound of that rate and number of channels is put into a preview."""
    return SoundEncoding(
        rate_hz=rate_hz if rate_hz in AAC_RATES_HZ else PREVIEW_RATE_HZ, channels=channels if channels <= 2 else 1
    )


def mixed(samples: Samples) -> Samples:
    """At most two channels: the mean of more than two."""
    return samples if samples.shape[1] <= 2 else samples.mean(axis=1, keepdims=True, dtype=np.float32)

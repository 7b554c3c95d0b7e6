"""One settled event of a release: its labels, what was said of it, and its media, read when they are asked for.

Frames count from 0 in the clip's own picture; a span includes its onset and its offset frame. Whatever of its media is
read is held against the seal first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mmed_curate.dataset.arrays import not_whole, read_arrays
from mmed_curate.dataset.asked import Field, Vote
from mmed_curate.dataset.rows import ClipRow, JudgementRow
from mmed_curate.dataset.sealed import Sealed
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.records import Term

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mmed_curate.dataset.ballots import Ballot
    from mmed_curate.dataset.transcript import TranscriptRow


class Withheld(BadInput):
    """What was asked for is left out of the release, because not all who are shown or heard consented to that."""


class ClipVideo(NamedTuple):
    """A clip's pictures and when each appears."""

    frames: NDArray[np.uint8]
    """RGB, (T, H, W, 3)."""
    times_s: NDArray[np.float64]
    """Seconds from the clip's first frame, (T,)."""


class ClipAudio(NamedTuple):
    """A clip's sound, of the same time as its pictures."""

    samples: NDArray[np.float32]
    """In -1..1, (N, channels)."""
    rate_hz: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedClip:
    """One settled event with its media, which are read when asked for."""

    root: Path
    """The release it belongs to."""
    seal: Sealed
    """What its files are held against when they are asked for."""
    row: ClipRow
    """Its line of clips.csv."""
    judgements: tuple[JudgementRow, ...]
    """What every expert said of the judged clip, in order, corrected ones included."""
    ballot_of: Callable[[str], Ballot]
    """Who said what of an event, by the clip's name."""
    cues_of: Callable[[str], tuple[TranscriptRow, ...]]
    """What was said in a clip, by its name."""

    @property
    def name(self) -> str:
        """Opaque name, the same in every version."""
        return self.row.clip

    @property
    def subject(self) -> str:
        """Pseudonym of the subject."""
        return self.row.subject

    @property
    def emotion(self) -> str:
        """Code of the settled emotion, from the codebook."""
        return self.row.emotion

    @property
    def emotion_class(self) -> str | None:
        """Class of three of the emotion; None: in no class."""
        return self.row.emotion_class

    @property
    def transcript(self) -> tuple[TranscriptRow, ...]:
        """What was said in the clip, by onset; empty: nothing, or nothing that may be read, or nobody wrote it down.

        Raises:
            BadInput: the table is not the one that was sealed.
        """
        return self.cues_of(self.name)

    def video(self, *, archival: bool = False) -> ClipVideo:
        """Decode the clip's pictures.

        Args:
            archival: those of the copy without loss, where the release holds one; otherwise of picture.mp4.

        Returns:
            frames (T, H, W, 3) uint8 RGB and times_s (T,) float64.

        Raises:
            Withheld: the subject (where the whole picture is kept: somebody in it) did not consent to publication of
                the face.
            BadInput: the file is missing, is not what was released, or cannot be decoded; there is no copy without
                loss.
        """
        import numpy as np

        from mmed_curate.media.clock import read_clock
        from mmed_curate.media.pictures import pictures

        if archival and self.row.archival is None and self.row.picture is not None:
            raise BadInput.of(
                "dataset.no_archival",
                f"this release holds no copy without loss of clip {self.name}",
                "take video(), or a release made with archival: true",
                clip=self.name,
            )
        path = self._file(self.row.archival if archival else self.row.picture, Term.PUBLISH_FACE, "picture")
        frames = np.stack([picture.bgr()[:, :, ::-1] for picture in pictures(path)])
        clock = read_clock(path).from_zero()
        return ClipVideo(
            frames=frames,
            times_s=np.array([float(tick * clock.time_base) for tick in clock.pts], dtype=np.float64),
        )

    def audio(self) -> ClipAudio:
        """Read the clip's sound.

        Returns:
            samples (N, channels) float32 in -1..1, and rate_hz.

        Raises:
            Withheld: somebody of the session did not consent to publication of the voice.
            BadInput: the recording has no sound, or the file is missing, is not what was released, or cannot be
                decoded.
        """
        from mmed_curate.media.sound import read_sound, sound_span

        path = self._file(self.row.sound, Term.PUBLISH_VOICE, "sound")
        span = sound_span(path)
        if span is None:
            raise not_whole(self.root, f"holds a {self.row.sound} without sound")
        sound = read_sound(path, *span)
        return ClipAudio(samples=sound.samples, rate_hz=sound.rate_hz)

    picture = video
    """As the README of a release up to format 3 calls it."""
    sound = audio
    """As the README of a release up to format 3 calls it."""

    def flow(self) -> NDArray[np.float32]:
        """Optical flow from onset to apex: (3, 48, 48) float32; u and v in aligned px, strain in px per px.

        Raises:
            Withheld, BadInput: as `features`.
        """
        return self.features()["flow"]

    def log_mel(self) -> NDArray[np.float32]:
        """Power in mel bands: (64, n) float32, natural log of the mean square, a window every 10 ms.

        Raises:
            Withheld, BadInput: as `sound_features`.
        """
        return self.sound_features()["log_mel"]

    def votes(self, field: str | Field = Field.EMOTION) -> dict[str, Vote]:
        """What each coder whose coding counted chose, by pseudonym; None: this coder marked no such event.

        Args:
            field: `emotion`, `emotion_class`, `event_type`, or `action_units`, of which there are several.

        Raises:
            BadInput: there is no such field, or the release's tables do not give this clip.
        """
        return self.ballot_of(self.name).votes(Field.of(field))

    def features(self) -> dict[str, NDArray[Any]]:
        """Picture features: `flow` (3, 48, 48) float32 (u, v, strain), `motion` (T,) float32, and others by name.

        From version 2 on also `faces` (T, 128, 128) uint8, `landmarks` (T, 468, 2) float32 and `place_motion`; all are
        described in docs/arrays.md.

        Raises:
            Withheld: the subject (where the whole picture is kept: somebody in it) did not consent to publication of
                the face.
            BadInput: the file is missing or is not what was released.
        """
        return read_arrays(self.root, self._file(self.row.features, Term.PUBLISH_FACE, "features"))

    def sound_features(self) -> dict[str, NDArray[Any]]:
        """Sound features: `log_mel` (64, n) float32, `intensity_db` (n,), `hop_s`, `window_s`, and others by name.

        From version 2 on also `f0_hz` and `voice_activity`, (n,); all are described in docs/arrays.md.

        Raises:
            Withheld: somebody of the session did not consent to publication of the voice.
            BadInput: the recording has no sound, or the file is missing or is not what was released.
        """
        return read_arrays(self.root, self._file(self.row.sound_features, Term.PUBLISH_VOICE, "sound features"))

    def _file(self, relative: str | None, term: Term, what: str) -> Path:
        if relative is None and term.value in self.row.withheld:
            raise Withheld.of(
                "dataset.withheld",
                f"the {what} of clip {self.name} is withheld: not everybody in it consented to {term.value}",
                "use the clips whose column `withheld` lacks that word",
                clip=self.name,
                term=term.value,
            )
        if relative is None:
            raise BadInput.of(
                "dataset.no_such_media",
                f"clip {self.name} has no {what}: its recording was made without",
                f"use the clips whose column `{what.replace(' ', '_')}` is filled",
                clip=self.name,
            )
        return self.seal.file(relative)

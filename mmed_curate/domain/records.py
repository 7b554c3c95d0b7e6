"""The nouns of the house: subject, session, recording, candidate, clip. Candidate is not clip is not judgement."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from mmed_curate.domain.findings import BadInput, Finding
from mmed_curate.domain.identity import CandidateId, ClipId, CoderId, RecordingId, SessionId, SubjectId
from mmed_curate.domain.protocol import ClipOrigin, Role
from mmed_curate.domain.time import Frame, FrameClock, Span, Synchrony


class Term(Enum):
    """What a subject may agree to, each apart."""

    RECORD = "record"
    RESEARCH = "research"
    REDISTRIBUTE = "redistribute"
    """To appear in a release at all: labels, judgements, times."""
    PUBLISH_FEATURES = "publish-features"
    """How the face moves, as numbers, without its picture."""
    PUBLISH_FACE = "publish-face"
    """The picture, and all that is measured in it."""
    PUBLISH_VOICE = "publish-voice"
    PUBLISH_TRANSCRIPT = "publish-transcript"
    SHOW_PUBLICLY = "show-publicly"
    """What is published may be shown to everybody: on a page, in papers and talks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What a subject signed."""

    terms: frozenset[Term]
    form_version: str
    signed_on: date
    expires_on: date | None = None
    """Last day on which it holds; None: no end."""

    def __post_init__(self) -> None:
        if self.expires_on is not None and self.expires_on < self.signed_on:
            raise BadInput.of(
                "consent.dates",
                f"the consent signed on {self.signed_on} expires before that, on {self.expires_on}",
                "swap or correct the dates",
            )

    def covers(self, term: Term, on: date) -> bool:
        """Whether a term is agreed to and in force on a day."""
        return term in self.terms and self.signed_on <= on and (self.expires_on is None or on <= self.expires_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A person who was recorded."""

    id: SubjectId
    code: str
    """The lab's own code; unique, never a name, never released."""
    consent: Consent
    simulated: bool = False
    age_band: str | None = None
    sex: str | None = None
    ethnicity: str | None = None
    language: str | None = None
    glasses: bool | None = None
    beard: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One game, with who took part."""

    id: SessionId
    code: str
    subjects: tuple[SubjectId, ...]
    game: str | None = None
    played_on: date | None = None
    simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Coder:
    """A person (or a simulated coder) who judges."""

    id: CoderId
    code: str
    """Pseudonym inside the lab; releases use another one."""
    roles: frozenset[Role]
    simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Skew:
    """How far a recording's picture truly lags its sound: what a clap or a flash in it shows, whatever its stamps say.

    Measured at two of its times; between and beyond them it runs straight. Positive: the picture comes late.
    """

    start_ms: float
    """Lag at `start_s`."""
    end_ms: float
    """Lag at `end_s`."""
    uncertainty_ms: float
    """Half-width within which the true lag lies (95 %)."""
    start_s: float
    end_s: float
    """Seconds on the recording's clock; equal where it was measured once only, and the lag is taken as steady."""

    def __post_init__(self) -> None:
        numbers = (self.start_ms, self.end_ms, self.uncertainty_ms, self.start_s, self.end_s)
        if not all(math.isfinite(number) for number in numbers) or self.uncertainty_ms < 0:
            raise BadInput.of("skew.numbers", f"{numbers} are no skew", "give finite numbers of ms and s")
        if self.end_s < self.start_s or (self.end_s == self.start_s and self.end_ms != self.start_ms):
            raise BadInput.of(
                "skew.times",
                f"a skew cannot be measured at {self.start_s} s and then at {self.end_s} s",
                "give the earlier time first",
            )

    def at_ms(self, time_s: float) -> float:
        """The lag at a time of the recording, in ms."""
        if self.end_s == self.start_s:
            return self.start_ms
        share = (time_s - self.start_s) / (self.end_s - self.start_s)
        return self.start_ms + share * (self.end_ms - self.start_ms)


class SoundFlag(Enum):
    """What else a clip's sound holds beside the subject's voice."""

    OVERLAP = "overlap"
    """Somebody else speaks at the same time."""
    CROSSTALK = "crosstalk"
    """The microphone heard another player better than its own."""


class CompanionKind(Enum):
    """What a file beside the camera's is."""

    MICROPHONE = "microphone"
    """One player's voice."""
    GAME = "game"
    """The game's own picture or sound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """A file of the same session beside the recording, laid on the recording's clock."""

    recording: RecordingId
    path: str
    """Absolute path where it was last seen."""
    sha256: str
    kind: CompanionKind
    subject: SubjectId | None
    """Whose voice it holds; None: nobody's own."""
    stream: int | None
    """Number of its sound stream in the file; None: the one that players choose."""
    channel: int | None
    """Which channel of it, from 0; None: all."""
    synchrony: Synchrony
    confidence: float | None
    """Share of the recording's windows that agree with the synchrony, less the share that agrees on the best other
    place, in 0..1; None: it was given by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceOwner:
    """Whose one face track of a recording is, as the curator said (or as it follows where there is one face only)."""

    recording: RecordingId
    track: int
    subject: SubjectId


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A media file of a session, registered by content hash; never changed, not copied."""

    id: RecordingId
    sha256: str
    path: str
    """Absolute path where it was last seen."""
    session: SessionId
    subject: SubjectId
    """Whose face and voice are taken from it."""
    width: int
    height: int
    """Size of the picture as shown, after rotation, in pixels."""
    clock: FrameClock
    has_sound: bool
    """It has a sound stream that is not digital silence."""
    sample_rate_hz: int | None = None
    """None: no sound stream."""
    simulated: bool = False
    skew: Skew | None = None
    """None: unmeasured."""
    picture_stream: int | None = None
    sound_stream: int | None = None
    """Numbers of the streams that are used; None: those that players choose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle in the picture as shown, in whole pixels; right and bottom are outside."""

    left: int
    top: int
    right: int
    bottom: int

    def __post_init__(self) -> None:
        if not (0 <= self.left < self.right and 0 <= self.top < self.bottom):
            raise BadInput.of(
                "box.empty",
                f"need 0 <= left < right, 0 <= top < bottom, got {self.left}, {self.top}, {self.right}, {self.bottom}",
                "give the corners of a part of the picture",
            )

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return self.bottom - self.top


class Tag(Enum):
    """What else the machine saw while it proposed; a tagged candidate is kept, and ranks behind the others."""

    BLINK = "blink"
    HEAD_MOTION = "head-motion"
    SPEECH = "speech"
    MACRO = "macro"
    """Longer than a micro-expression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What the machine proposes. Never shown to coders as truth."""

    id: CandidateId
    recording: RecordingId
    span: Span
    """In frames of the recording."""
    score: float
    """Strength of the motion; only its order within one recording means something."""
    region: str
    """Part of the face that moved most."""
    tags: frozenset[Tag] = frozenset()
    track: int = 0
    """Which face, where there are several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """The cut that experts judge: a span of a recording with context, under an opaque name."""

    id: ClipId
    """Opaque: says nothing about the recording, the subject, or the place in it."""
    recording: RecordingId
    candidate: CandidateId | None
    """None: no candidate led to it, see `origin`."""
    subject: SubjectId
    first: Frame
    """First frame of the cut, in the recording."""
    last: Frame
    """Last frame of the cut, in the recording; inside."""
    clock: FrameClock
    """The clip's own clock: frame 0 at tick 0."""
    crop: Box | None
    """The part of the picture that was kept; None: all of it."""
    sound_flags: frozenset[SoundFlag] | None = None
    """What else its sound holds; None: there was no second microphone to tell by."""
    also_visible: tuple[SubjectId | None, ...] = ()
    """Whose faces else are seen inside the crop, sorted; None among them, last: somebody whom nobody named."""
    origin: ClipOrigin = ClipOrigin.CANDIDATE
    replaces: ClipId | None = None
    """The clip in whose place a screener wanted this one."""

    def in_recording(self, span: Span) -> Span:
        """A span counted in the clip's frames, counted in the recording's."""
        return span.shifted(self.first)

    def in_clip(self, span: Span) -> Span:
        """A span counted in the recording's frames, counted in the clip's."""
        return span.shifted(-self.first)


class AssetKind(Enum):
    """What a stored file of a clip is."""

    CODING_PICTURE = "coding-picture"
    """H.264/AAC mp4 that coders judge; context drawn from a seed."""
    CODING_SOUND = "coding-sound"
    """The same window's samples, PCM WAV."""
    RELEASE_PICTURE = "release-picture"
    """H.264/AAC mp4 round the settled event."""
    RELEASE_SOUND = "release-sound"
    """The same window's samples, PCM WAV."""
    RELEASE_ARCHIVE = "release-archive"
    """The same window without loss: the decoder's own pixels and samples, in a mov."""
    FEATURES = "features"
    """Aligned face, landmarks, motion and flow round the settled event as .npz: they need consent to the face."""
    SOUND_FEATURES = "sound-features"
    """Sound features (log-mel, pitch, level) as .npz: can be turned back into speech, so they need consent to voice."""
    CODING_FEATURES = "coding-features"
    """Aligned face, landmarks and motion of the coding window as .npz: no marks, scores or thresholds in it."""
    CODING_SOUND_FEATURES = "coding-sound-features"
    """Log-mel, pitch, level and voice activity of the coding window as .npz: no marks in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file that was made for a clip, once."""

    clip: ClipId
    kind: AssetKind
    path: str
    """Relative to the workspace's media folder; opaque."""
    sha256: str
    n_bytes: int
    first: Frame
    """First frame it covers, in the recording."""
    last: Frame
    """Last frame it covers, in the recording; inside."""
    event: int = 0
    """Which event of the clip it was cut round, from 0; 0 for coding media."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One line of the append-only event log, chained by hash to the one before."""

    sequence: int
    at: str
    """UTC, RFC 3339."""
    actor: str
    kind: str
    payload: str
    """Canonical JSON."""
    previous: str
    """Hash of the entry before; 64 zeros for the first."""
    digest: str
    """SHA-256 over previous, sequence, at, actor, kind, payload, joined by line feeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestOutcome:
    """What became of one file given to ingest."""

    path: str
    recording: RecordingId | None
    n_candidates: int = 0
    n_clips: int = 0
    n_watched: int = 0
    """Of these clips: stretches without a candidate, to see what was missed."""
    already_done: bool = False
    held_by: str | None = None
    """Another ingest that is at work on it; None: nobody else is."""
    sheet: str | None = None
    """Path of the contact sheet; None: there are no clips."""
    error: str | None = None
    """The sentence that says why it was refused; None: it went through."""
    notes: tuple[Finding, ...] = field(default=())
    companions: tuple[Companion, ...] = field(default=())
    """Files beside the recording, as they were laid on its clock."""

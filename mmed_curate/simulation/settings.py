"""What to simulate, read from `pipelines/simulation/`: every number and every code of it, none in the code."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import Enum
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from mmed_curate.domain.codebook import Code, Codebook, load_codebook
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.packaged import named_or_path
from mmed_curate.domain.yamlfile import Declared, read_yaml

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class VoiceEffect(Enum):
    """What the synthesiser can do to the voice for a while."""

    RAISE_PITCH = "raise-pitch"
    BREATHE = "breathe"
    TREMBLE = "tremble"
    FALL_SILENT = "fall-silent"


class Bounds(Declared):
    """A number is drawn evenly between these."""

    least: float
    most: float

    @model_validator(mode="after")
    def _in_order(self) -> Bounds:
        if self.least > self.most:
            raise ValueError(f"least ({self.least}) is above most ({self.most})")
        return self

    def drawn(self, rng: np.random.Generator) -> float:
        """One draw."""
        return float(rng.uniform(self.least, self.most))


class FaceSource(Declared):
    """A real picture, or one picture of a real recording, to start from."""

    file: str
    """As given, or among what travels with the package."""
    frame: Annotated[int, Field(ge=0)] = 0
    """Which picture, from 0; the face should be at rest in it, with open eyes."""


class Consent(Declared):
    """What the table of simulated subjects says of consent."""

    form_version: str
    signed_on: date


class PictureSettings(Declared):
    """How the picture is made; comments in the YAML say what each number is."""

    width: Annotated[int, Field(ge=64, le=3840, multiple_of=2)]
    height: Annotated[int, Field(ge=64, le=2160, multiple_of=2)]
    rate_hz: Annotated[int, Field(ge=10, le=400)]
    crf: Annotated[int, Field(ge=0, le=51)]
    preset: str
    eye_distance_px: Annotated[float, Field(ge=20)]
    noise: NotNegative
    face_own_bend: Annotated[float, Field(ge=0, le=0.1)]
    face_own_stretch: Annotated[float, Field(ge=0, le=0.2)]
    light_gain: Annotated[float, Field(ge=0, le=0.5)]
    light_tint: Annotated[float, Field(ge=0, le=0.5)]
    sway_px: NotNegative
    sway_deg: NotNegative
    sway_grow: Annotated[float, Field(ge=0, le=0.05)]
    sway_hz: Bounds


class SoundSettings(Declared):
    """How the voice is made."""

    rate_hz: Annotated[int, Field(ge=8000, le=48000)]
    level_db: Annotated[float, Field(le=-6)]
    floor_db: Annotated[float, Field(le=-20)]
    f0_hz: Bounds
    tract: Bounds
    syllable_hz: Bounds
    breathiness: Bounds


class EventSettings(Declared):
    """How often micro-expressions come, how long they last, how far the skin moves."""

    per_minute: Positive
    duration_s: Bounds
    amplitude_px: Bounds
    gap_s: NotNegative
    cue_lag_s: Bounds
    cue_duration_s: Bounds


class BlinkSettings(Declared):
    """Both eyes close and open fast."""

    region: Code
    per_minute: NotNegative
    duration_s: Bounds
    closure: Bounds
    """1: the lids meet."""


class HeadMotionSettings(Declared):
    """The head makes a short motion and comes back."""

    per_minute: NotNegative
    duration_s: Bounds
    shift_px: Bounds
    turn_deg: Bounds


class MacroSettings(Declared):
    """The same movements as micro-expressions, larger and slower."""

    per_minute: NotNegative
    duration_s: Bounds
    amplitude_px: Bounds


class DistractorSettings(Declared):
    """What must not be taken for a micro-expression."""

    gap_s: NotNegative
    apart: bool
    blinks: BlinkSettings
    head_motions: HeadMotionSettings
    macros: MacroSettings


class Place(Declared):
    """A place on both halves of the face: the mean of some points of the mesh."""

    left: tuple[Annotated[int, Field(ge=0, lt=468)], ...]
    right: tuple[Annotated[int, Field(ge=0, lt=468)], ...]


class MovementPart(Declared):
    """One smooth bump of a movement, on both halves of the face."""

    place: str
    up: float
    out: float
    """Away from the middle of the face."""
    radius: Positive
    """Where the bump ends, in eye distances."""


class Movement(Declared):
    """A movement of the skin."""

    region: Code
    action_units: tuple[Code, ...]
    parts: Annotated[tuple[MovementPart, ...], Field(min_length=1)]


class EmotionRow(Declared):
    """Which emotion shows as what."""

    code: Code
    share: Positive
    """How often it comes, relative to the others."""
    movement: str
    cue: Code


class SessionSettings(Declared):
    """One world of simulated sessions."""

    format: Literal["mmed-simulation"]
    version: Literal[1]
    name: str
    title: str
    codebook: str
    seed: int
    subjects: Annotated[int, Field(ge=1, le=500)]
    subjects_per_session: Annotated[int, Field(ge=1)]
    minutes: Annotated[float, Field(gt=0, le=240)]
    faces: Annotated[tuple[FaceSource, ...], Field(min_length=1)]
    picture_informative: Share
    """Probability that the planted movement is the event's own."""
    sound_informative: Share
    """Probability that the planted voice cue is the event's own."""
    consent: Consent
    picture: PictureSettings
    sound: SoundSettings
    events: EventSettings
    distractors: DistractorSettings
    edge_s: NotNegative
    places: Mapping[str, Place]
    movements: Mapping[str, Movement]
    cues: Mapping[str, VoiceEffect]
    emotions: Annotated[tuple[EmotionRow, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_lead_somewhere(self) -> SessionSettings:
        for name, movement in self.movements.items():
            for part in movement.parts:
                if part.place not in self.places:
                    raise ValueError(f"movement {name} names the place {part.place}, which is not in places")
        for row in self.emotions:
            if row.movement not in self.movements:
                raise ValueError(f"emotion {row.code} names the movement {row.movement}, which is not in movements")
            if row.cue not in self.cues:
                raise ValueError(f"emotion {row.code} names the cue {row.cue}, which is not in cues")
        return self

    @property
    def shares(self) -> tuple[float, ...]:
        """How often each emotion comes; sums to 1."""
        total = sum(row.share for row in self.emotions)
        return tuple(row.share / total for row in self.emotions)

    @property
    def n_frames(self) -> int:
        """Pictures of one recording."""
        return round(self.minutes * 60 * self.picture.rate_hz)


def load_settings(name_or_path: str) -> SessionSettings:
    """Read packaged simulation settings by name, or any by their path.

    Raises:
        BadInput: there are none of that name, the file has a mistake, or a code is not in its codebook.
    """
    path = named_or_path(name_or_path, "pipelines", "simulation")
    settings = read_yaml(path, SessionSettings)
    _check_codes(settings, load_codebook(settings.codebook))
    return settings


def _check_codes(settings: SessionSettings, codebook: Codebook) -> None:
    known = {
        "emotion": {entry.code for entry in codebook.emotions},
        "vocal cue": {entry.code for entry in codebook.vocal_cues},
        "action unit": {entry.code for entry in codebook.action_units},
    }
    used = {
        "emotion": {row.code for row in settings.emotions},
        "vocal cue": set(settings.cues),
        "action unit": {code for movement in settings.movements.values() for code in movement.action_units},
    }
    for kind, codes in used.items():
        if strange := sorted(codes - known[kind]):
            raise BadInput.of(
                "simulation.code",
                f"the simulation settings {settings.name} use the {kind} {strange[0]}, "
                f"which the codebook {codebook.name} does not have",
                "correct the code, or name another codebook",
            )
    for row in settings.emotions:
        if codebook.class_of(row.code) is None:
            raise BadInput.of(
                "simulation.no_class",
                f"the emotion {row.code} has no class in the codebook {codebook.name}, so nothing could be known of it",
                "leave it out of the simulation",
            )

"""Movements planted into a recording that moves and speaks by itself, and the truth about them.

What comes out is the recording with the skin of one face moved for a few frames at a time, encoded anew and without
sound. The movement is attached to the landmarks of every single frame, so it travels, turns and grows with the head.
What the face does by itself stays and is not in the truth: the table names only what was planted.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from mmed_curate.domain.files import folder_written_aside, readable_json, sha256_of, write_text
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.packaged import named_or_path
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.domain.time import Frame, FrameClock, Span
from mmed_curate.domain.yamlfile import Declared, read_yaml
from mmed_curate.face.mesh import LEFT_EYE_OUTER, RIGHT_EYE_OUTER
from mmed_curate.face.track import FaceTracker
from mmed_curate.face.warp import warp
from mmed_curate.media.clock import ClockBuilder
from mmed_curate.media.pictures import pictures
from mmed_curate.media.write import RecordingWriter
from mmed_curate.simulation.movement import SkinField, field_on
from mmed_curate.simulation.plan import drawn_span, n_frames_of
from mmed_curate.simulation.seeds import generator
from mmed_curate.simulation.settings import Bounds, Movement, Place
from mmed_curate.simulation.truth import Kind, Planted

FloatArray = npt.NDArray[np.float32]
ByteArray = npt.NDArray[np.uint8]

_REPORT_EVERY = 15
"""Frames between two reports of progress."""
_RIM_PX = 2
"""Round what moves so much more of the picture is drawn anew."""


class FootageEvents(Declared):
    """How often movements are planted, how long they last, how far the skin goes."""

    per_minute: Annotated[float, Field(gt=0)]
    duration_s: Bounds
    amplitude: Bounds
    """In distances between the eyes."""
    gap_s: Annotated[float, Field(ge=0)]
    """At least, from one to the next."""


class FootageSettings(Declared):
    """What is planted into a real recording."""

    format: Literal["mmed-footage"]
    version: Literal[1]
    name: str
    title: str
    seed: int
    crf: Annotated[int, Field(ge=0, le=51)]
    preset: str
    edge_s: Annotated[float, Field(ge=0)]
    """Nothing is planted closer to either end of the face's track than this."""
    events: FootageEvents
    places: Mapping[str, Place]
    movements: Annotated[Mapping[str, Movement], Field(min_length=1)]
    """Each is planted as often as the others."""

    @model_validator(mode="after")
    def _names_lead_somewhere(self) -> FootageSettings:
        for name, movement in self.movements.items():
            for part in movement.parts:
                if part.place not in self.places:
                    raise ValueError(f"movement {name} names the place {part.place}, which is not in places")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedFootage:
    """What was made."""

    folder: Path
    recording: Path
    """The recording with what was planted."""
    sha256: str
    """Of that file."""
    planted: tuple[Planted, ...]
    """In order of time, in frames of both recordings."""
    face_minutes: float
    """How long the face was seen into which they were planted."""

    @property
    def truth(self) -> Path:
        """The table of what was planted."""
        return self.folder / "truth.csv"


@dataclass(frozen=True, slots=True)
class _Watched:
    clock: FrameClock
    track: int
    frames: npt.NDArray[np.int64]  # (N,) on which that face was seen
    eye_distance_px: float
    size: tuple[int, int]  # width, height


def load_footage_settings(name_or_path: str) -> FootageSettings:
    """Read packaged settings by name, or any by their path.

    Raises:
        BadInput: there are none of that name, or the file has a mistake.
    """
    return read_yaml(named_or_path(name_or_path, "pipelines", "simulation"), FootageSettings)


def plant_into(recording: Path, to: Path, settings: FootageSettings, *, progress: Progress = silent) -> PlantedFootage:
    """Plant movements into the face that a recording shows longest; the same settings give the same bytes.

    Args:
        recording: real footage of a face.
        to: a folder that does not exist yet.
        settings: what to plant.
        progress: told in frames; the recording is read twice.

    Raises:
        BadInput: the recording cannot be read, shows no face for long enough, or the folder exists.
    """
    watched = _watched(recording, progress)
    planted = _plan(recording, watched, settings)
    with folder_written_aside(to) as folder:
        name = f"simulated-{recording.stem}.mp4"
        _write(recording, folder / name, watched, planted, settings, progress)
        made = PlantedFootage(
            folder=folder,
            recording=folder / name,
            sha256=sha256_of(folder / name),
            planted=planted,
            face_minutes=len(watched.frames) / float(watched.clock.rate_hz()) / 60,
        )
        write_text(made.truth, _truth_csv(made, watched))
        write_text(folder / "README.md", _readme(recording, made, settings))
        write_text(folder / "simulation.json", readable_json(_as_json(recording, made, settings)))
    return PlantedFootage(
        folder=to,
        recording=to / name,
        sha256=made.sha256,
        planted=planted,
        face_minutes=made.face_minutes,
    )


def _watched(recording: Path, progress: Progress) -> _Watched:
    tracker = FaceTracker()
    seen: dict[int, list[tuple[int, float]]] = {}
    builder: ClockBuilder | None = None
    size = (0, 0)
    for picture in pictures(recording):
        if builder is None:
            builder, size = ClockBuilder(picture.time_base), (picture.width, picture.height)
        builder.add(picture.pts, picture.duration)
        for face in tracker.step(picture.bgr()):
            seen.setdefault(face.track, []).append((picture.frame, face.eye_distance_px))
        if picture.frame % _REPORT_EVERY == 0:
            progress(picture.frame, None)
    if builder is None or not seen:
        raise BadInput.of("simulation.no_face", f"no face is found in {recording}", "give footage of a face")
    track = max(seen, key=lambda number: (len(seen[number]), -number))
    return _Watched(
        clock=builder.clock(),
        track=track,
        frames=np.array([frame for frame, _ in seen[track]], dtype=np.int64),
        eye_distance_px=float(np.median([distance for _, distance in seen[track]])),
        size=size,
    )


def _plan(recording: Path, watched: _Watched, settings: FootageSettings) -> tuple[Planted, ...]:
    """Spans drawn one after the other, each where the face is seen throughout and nothing lies within the gap."""
    rng = generator(settings.seed, "footage")
    rate_hz = float(watched.clock.rate_hz())
    of = settings.events
    count = max(1, round(of.per_minute * len(watched.frames) / rate_hz / 60))
    # longest first: they are hardest to place
    lengths = sorted((n_frames_of(of.duration_s, rate_hz, rng) for _ in range(count)), reverse=True)
    names = sorted(settings.movements)
    shown = rng.permutation(np.arange(count) % len(names))
    edge, gap = round(settings.edge_s * rate_hz), round(of.gap_s * rate_hz)
    free = np.zeros(watched.clock.n_frames, dtype=bool)
    free[watched.frames] = True
    free[: watched.frames[0] + edge] = False
    free[watched.frames[-1] - edge + 1 :] = False
    planted = []
    for length, which in zip(lengths, shown, strict=True):
        runs = np.convolve(free, np.ones(length, dtype=np.int64))[length - 1 :]  # free frames in onset..onset+length-1
        onsets = np.flatnonzero(runs == length)
        if not len(onsets):
            raise BadInput.of(
                "simulation.too_much",
                f"{count} movements with gaps of {of.gap_s:g} s do not fit where {recording.name} shows the face",
                "plant fewer a minute, or closer to each other",
            )
        span = drawn_span(int(rng.choice(onsets)), length, rng)
        free[max(span.onset - gap, 0) : span.offset + gap + 1] = False
        movement = settings.movements[names[which]]
        planted.append(
            Planted(
                kind=Kind.EVENT,
                span=span,
                amplitude_px=of.amplitude.drawn(rng) * watched.eye_distance_px,
                movement=names[which],
                region=movement.region,
                action_units=movement.action_units,
            )
        )
    return tuple(sorted(planted, key=lambda one: one.span.onset))


def _write(
    recording: Path,
    to: Path,
    watched: _Watched,
    planted: Sequence[Planted],
    settings: FootageSettings,
    progress: Progress,
) -> None:
    tracker = FaceTracker()
    clock = watched.clock
    width, height = watched.size
    with RecordingWriter(
        to, width=width, height=height, time_base=clock.time_base, crf=settings.crf, preset=settings.preset
    ) as writer:
        for picture in pictures(recording):
            bgr = picture.bgr()
            face = next((one for one in tracker.step(bgr) if one.track == watched.track), None)
            for one in planted:
                share = one.envelope(picture.frame)
                if share == 0 or face is None:
                    continue
                across = face.landmarks[LEFT_EYE_OUTER] - face.landmarks[RIGHT_EYE_OUTER]
                turn = math.atan2(float(across[1]), float(across[0]))
                field = field_on(settings.places, settings.movements[one.movement], face.landmarks, turn=turn)
                grown = one.amplitude_px * face.eye_distance_px / watched.eye_distance_px
                bgr = moved_skin(bgr, field, share * grown)
            last = picture.frame == clock.last_frame
            end = clock.end_pts if last else clock.pts[picture.frame + 1]
            writer.picture(bgr, picture.pts - clock.pts[0], end - picture.pts)
            if picture.frame % _REPORT_EVERY == 0:
                progress(clock.n_frames + picture.frame, 2 * clock.n_frames)


def moved_skin(bgr: ByteArray, field: SkinField, amplitude_px: float) -> ByteArray:
    """A picture with its skin moved; outside the field's window every pixel stays as it is.

    Args:
        bgr: (H, W, 3) uint8.
        field: where to and how far, relative to its greatest displacement.
        amplitude_px: greatest displacement.
    """
    height, width = bgr.shape[:2]
    window = field.window
    left, right = max(window.left - _RIM_PX, 0), min(window.right + _RIM_PX, width)
    top, bottom = max(window.top - _RIM_PX, 0), min(window.bottom + _RIM_PX, height)
    if left >= right or top >= bottom:
        return bgr
    y, x = np.mgrid[top:bottom, left:right].astype(np.float32)
    dx, dy = field.at(x, y)
    changed = bgr.copy()
    # cubic: where only a part is fetched anew, it must not look softer than the rest
    changed[top:bottom, left:right] = warp(
        bgr, x - np.float32(amplitude_px) * dx, y - np.float32(amplitude_px) * dy, cubic=True
    )
    return changed


COLUMNS = (
    "recording", "kind", "onset", "apex", "offset", "onset_s", "apex_s", "offset_s",
    "movement", "region", "amplitude_px", "amplitude", "action_units", "sha256", "simulated",
)  # fmt: skip
"""Of the table of what was planted; times are those at which a frame appears, amplitude is in eye distances."""


def _truth_csv(made: PlantedFootage, watched: _Watched) -> str:
    start_s = watched.clock.start_of(Frame(0))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in made.planted:
        span: Span = one.span
        times_s = (float(watched.clock.start_of(frame) - start_s) for frame in (span.onset, span.apex, span.offset))
        writer.writerow(
            [made.recording.name, one.kind.value, span.onset, span.apex, span.offset]
            + [f"{time_s:.6f}" for time_s in times_s]
            + [one.movement, one.region, f"{one.amplitude_px:.3f}", f"{one.amplitude_px / watched.eye_distance_px:.4f}"]
            + [" ".join(one.action_units), made.sha256, "yes"]
        )
    return text.getvalue()


def _readme(recording: Path, made: PlantedFootage, settings: FootageSettings) -> str:
    return f"""SIMULATED: {len(made.planted)} movements of the skin were planted into real footage by a program.

Settings {settings.name!r} ({settings.title}), seed {settings.seed}. Source: {recording.name}, encoded anew with H.264
(crf {settings.crf}, {settings.preset}), without its sound; frames and their times are the source's. What the face does
by itself is still there and is not in the truth. Rights in the source hold for this recording too.

Files: `{made.recording.name}`, `truth.csv` (what was planted, for `mmed spot evaluate`), `simulation.json` (settings).
"""


def _as_json(recording: Path, made: PlantedFootage, settings: FootageSettings) -> dict[str, object]:
    return {
        "format": "mmed-simulated-footage",
        "version": "1.0",
        "simulated": True,
        "source": recording.name,
        "source_sha256": sha256_of(recording),
        "face_minutes": round(made.face_minutes, 4),
        "settings": settings.model_dump(mode="json"),
    }

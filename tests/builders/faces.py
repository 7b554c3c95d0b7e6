"""Scenes of several real faces, put together so that it is known where each of them is and how much of it shows.

A head is cut out of a recording with a soft oval and laid into a picture at any place and size; heads named later lie
in front. Colours are taken out on request, since two recordings differ in theirs far more than two people in one room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from mmed_curate.domain.time import Frame
from mmed_curate.face.track import FaceTracker, TrackedFace
from mmed_curate.media.pictures import pictures

ByteArray = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]

Path2D = Callable[[float], tuple[float, float, float] | None]
"""Seconds to (x, y) of the face's middle and its eye distance, in px; None: not in the picture."""
Scene = Iterator[tuple[float, ByteArray, Mapping[str, "Place"]]]
"""Time, picture and who is where, picture by picture."""
_PER_EYE = 5.0
"""Side of a cut-out in eye distances."""


@dataclass(frozen=True, kw_only=True)
class Head:
    """Some seconds of one person, cut out."""

    name: str
    pictures: tuple[ByteArray, ...]
    """(S, S, 3), the face's middle in the middle."""
    oval: FloatArray
    """(S, S) in 0..1: what belongs to the head."""
    eyes_px: float

    def at(self, frame: int) -> ByteArray:
        """Played to and fro, so that it never jumps."""
        n = len(self.pictures)
        place = frame % (2 * n - 2) if n > 1 else 0
        return self.pictures[place if place < n else 2 * n - 2 - place]


def cut_head(path: Path, name: str, *, first: int = 0, last: int = 39, grey: bool = True, side: int = 200) -> Head:
    """Cut the one face of a recording out of some of its frames."""
    tracker = FaceTracker()
    shots: list[ByteArray] = []
    eyes: float | None = None
    for picture in pictures(path, first=Frame(first), last=Frame(last)):
        bgr = picture.bgr()
        seen = tracker.step(bgr)
        if not seen:
            continue
        face = max(seen, key=lambda one: one.eye_distance_px)
        eyes = eyes or face.eye_distance_px
        scale = side / (_PER_EYE * eyes)
        x, y = (face.box[:2] + face.box[2:]) / 2
        matrix = np.array([[scale, 0, side / 2 - scale * x], [0, scale, side / 2 - scale * y]], dtype=np.float32)
        shot = cv2.warpAffine(bgr, matrix, (side, side), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
        if grey:
            level = cv2.cvtColor(shot, cv2.COLOR_BGR2GRAY)
            level = cv2.normalize(level, None, 30, 225, cv2.NORM_MINMAX)
            shot = cv2.merge([level, level, level])
        shots.append(shot)
    y, x = (np.mgrid[:side, :side] - side / 2) * (_PER_EYE / side)
    away = np.sqrt((x / 1.45) ** 2 + ((y + 0.15) / 1.9) ** 2)
    oval = np.clip((1 - away) / 0.12 + 0.5, 0, 1).astype(np.float32)
    return Head(name=name, pictures=tuple(shots), oval=oval, eyes_px=side / _PER_EYE)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where one person is in one picture."""

    x: float
    y: float
    eyes_px: float
    shows: float
    """Part of the face that nothing covers and that lies in the picture."""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One person's way through the scene."""

    head: Head
    way: Path2D


@dataclass(frozen=True, kw_only=True)
class Board:
    """A plain rectangle before a part of the scene: a hand, a sheet of paper."""

    way: Callable[[float], tuple[int, int, int, int] | None]
    """Seconds to (left, top, right, bottom) px, or None."""


def room(width: int = 480, height: int = 270, seed: int = 0) -> ByteArray:
    """A wall with soft patches, so that the picture is no plain colour."""
    random = np.random.default_rng(seed)
    levels = random.uniform(60, 190, (5, 8)).astype(np.float32)
    patches = cv2.resize(levels, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.repeat(np.clip(patches, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def scene(
    layers: Sequence[Layer | Board],
    *,
    seconds: float,
    rate_hz: float = 20.0,
    behind: Callable[[float], ByteArray] | None = None,
    noise: float = 2.0,
) -> Scene:
    """Pictures of a scene with the time and who is where, back to front as the layers are named."""
    random = np.random.default_rng(1)
    wall = room()
    for frame in range(round(seconds * rate_hz)):
        time_s = frame / rate_hz
        picture = (behind(time_s) if behind is not None else wall).astype(np.float32)
        height, width = picture.shape[:2]
        kept: dict[str, FloatArray] = {}
        where: dict[str, tuple[float, float, float]] = {}
        area: dict[str, float] = {}
        for layer in layers:
            if isinstance(layer, Board):
                box = layer.way(time_s)
                if box is not None:
                    left, top, right, bottom = box
                    picture[top:bottom, left:right] = 120
                    for one in kept.values():
                        one[top:bottom, left:right] = 0
                continue
            place = layer.way(time_s)
            if place is None:
                continue
            x, y, eyes = place
            scale = eyes / layer.head.eyes_px
            half = layer.head.oval.shape[0] / 2
            matrix = np.array([[scale, 0, x - scale * half], [0, scale, y - scale * half]], dtype=np.float32)
            shot = cv2.warpAffine(layer.head.at(frame), matrix, (width, height), flags=cv2.INTER_LINEAR)
            oval = cv2.warpAffine(layer.head.oval, matrix, (width, height), flags=cv2.INTER_LINEAR)
            picture += oval[:, :, None] * (shot - picture)
            for one in kept.values():
                one *= 1 - oval
            down, right_of = np.mgrid[:height, :width].astype(np.float32)
            face = (((right_of - x) / (1.1 * eyes)) ** 2 + ((down - y) / (1.3 * eyes)) ** 2 < 1).astype(np.float32)
            kept[layer.head.name] = face
            where[layer.head.name] = place
            area[layer.head.name] = float(np.pi * 1.1 * 1.3 * eyes**2)
        truth = {
            name: Place(x=x, y=y, eyes_px=eyes, shows=min(float(kept[name].sum()) / area[name], 1.0))
            for name, (x, y, eyes) in where.items()
        }
        if noise:
            picture += random.normal(0, noise, picture.shape[:2]).astype(np.float32)[:, :, None]
        yield time_s, np.clip(picture, 0, 255).astype(np.uint8), truth


@dataclass(frozen=True, kw_only=True)
class Followed:
    """What became of the people of a scene."""

    switches: int
    """Times that a track went over from one person to another."""
    tracks: Mapping[str, tuple[int, ...]]
    """Of each person, in order of time."""
    coverage: Mapping[str, float]
    """Of the pictures in which at least 9/10 of the face show: how many have it in a track."""
    strange: int
    """Faces tracked where nobody's face shows."""


def follow(pictures_and_truth: Scene, tracker: FaceTracker) -> Followed:
    """Give a scene to a tracker and hold what it says against the truth."""
    owner: dict[int, list[str]] = {}
    tracks: dict[str, list[int]] = {}
    open_: dict[str, int] = {}
    had: dict[str, int] = {}
    strange = 0
    for time_s, picture, truth in pictures_and_truth:
        seen = tracker.step(picture, time_s)
        found: set[str] = set()
        for face in seen:
            name = whose(face, truth)
            if name is None:
                strange += not _on_somebody(face, truth)
                continue
            owner.setdefault(face.track, []).append(name)
            found.add(name)
            if face.track not in tracks.setdefault(name, []):
                tracks[name].append(face.track)
        for name, place in truth.items():
            if place.shows >= 0.9:
                open_[name] = open_.get(name, 0) + 1
                had[name] = had.get(name, 0) + (name in found)
    return Followed(
        switches=sum(one != other for names in owner.values() for one, other in pairwise(names)),
        tracks={name: tuple(numbers) for name, numbers in tracks.items()},
        coverage={name: had[name] / n for name, n in open_.items()},
        strange=strange,
    )


def whose(face: TrackedFace, truth: Mapping[str, Place]) -> str | None:
    """Whom a tracked face shows; None: nobody, or it cannot be said since they overlap."""
    near = _near(face, truth)
    return near[0] if len(near) == 1 else None


def _on_somebody(face: TrackedFace, truth: Mapping[str, Place]) -> bool:
    return bool(_near(face, truth))


def _near(face: TrackedFace, truth: Mapping[str, Place]) -> list[str]:
    x, y = (face.box[:2] + face.box[2:]) / 2
    return [
        name
        for name, place in truth.items()
        if place.shows >= 0.4 and np.hypot(place.x - x, place.y - y) < 0.8 * place.eyes_px
    ]


def _along(start: float, end: float, seconds: float, *, y: float = 135, eyes: float = 36) -> Path2D:
    return lambda time_s: (start + (end - start) * time_s / seconds, y, eyes)


def _stays(x: float, *, y: float = 135, eyes: float = 36) -> Path2D:
    return lambda _: (x, y, eyes)


def crossing(one: Head, other: Head, **how: float) -> Scene:
    """They walk past each other; the other one is in front and hides the first for half a second."""
    ways = _along(90, 390, 4.0), _along(390, 90, 4.0, y=140, eyes=40)
    return scene([Layer(head=one, way=ways[0]), Layer(head=other, way=ways[1])], seconds=4.0, **how)


def passing(one: Head, other: Head, **how: float) -> Scene:
    """One stays, the other passes in front."""
    layers = [Layer(head=one, way=_stays(240)), Layer(head=other, way=_along(50, 430, 4.0, y=140, eyes=40))]
    return scene(layers, seconds=4.0, **how)


def swapped(one: Head, other: Head, **how: float) -> Scene:
    """From one picture to the next they have each other's place; nothing else changes."""
    ways: list[Path2D] = [
        lambda time_s: (140 if time_s < 1.5 else 340, 135, 36),
        lambda time_s: (340 if time_s < 1.5 else 140, 135, 36),
    ]
    layers = [Layer(head=head, way=way) for head, way in zip((one, other), ways, strict=True)]
    return scene(layers, seconds=3.0, **how)


def replaced(one: Head, other: Head, **how: float) -> Scene:
    """A cut: another room, and the other one's face where the first one's was."""
    ways: list[Path2D] = [
        lambda time_s: (240, 135, 36) if time_s < 1.5 else None,
        lambda time_s: (240, 135, 36) if time_s >= 1.5 else None,
    ]
    layers = [Layer(head=head, way=way) for head, way in zip((one, other), ways, strict=True)]
    rooms = room(seed=0), room(seed=3)
    return scene(layers, seconds=3.0, behind=lambda time_s: rooms[time_s >= 1.5], **how)


def covered(one: Head, **how: float) -> Scene:
    """A hand covers the face for a second."""
    hand = Board(way=lambda time_s: (180, 75, 300, 205) if 1.0 <= time_s < 2.0 else None)
    return scene([Layer(head=one, way=_stays(240)), hand], seconds=3.0, **how)


def relieved(one: Head, other: Head, **how: float) -> Scene:
    """One leaves at the right; half a second later the other comes in there."""
    ways: list[Path2D] = [
        lambda time_s: (280 + 160 * time_s, 135, 36),
        lambda time_s: (600 - 180 * (time_s - 1.2), 135, 36) if time_s > 1.2 else None,
    ]
    layers = [Layer(head=head, way=way) for head, way in zip((one, other), ways, strict=True)]
    return scene(layers, seconds=3.0, **how)


def with_a_picture(one: Head, other: Head, **how: float) -> Scene:
    """A still picture of the other one hangs behind the first, too small to be found in the whole scene."""
    still = Head(name=other.name, pictures=other.pictures[:1], oval=other.oval, eyes_px=other.eyes_px)
    layers = [Layer(head=still, way=_stays(400, y=60, eyes=17)), Layer(head=one, way=_stays(170, eyes=40))]
    return scene(layers, seconds=2.0, **how)


SCENES: Mapping[str, Callable[..., Scene]] = {
    "crossing": crossing,
    "passing": passing,
    "swapped": swapped,
    "replaced": replaced,
    "covered": lambda one, _, **how: covered(one, **how),
    "relieved": relieved,
    "with a picture": with_a_picture,
}
"""Every scene of two people, by name."""

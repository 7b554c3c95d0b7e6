"""Faces from picture to picture: the mesh follows its own points, the detector is asked only when needed.

A track is one face's number; it never changes hands. Where that is in doubt (the face moves too far at once, no longer
looks like itself, or comes out of a crossing looking like the other one as well) the track waits; it goes on only
when a face comes up near its place that looks like it, and else ends. The face found then gets a new number: a curator
can say that two tracks are one person, and cannot part one. A cut ends all tracks. Memory does not grow with the
recording, and the same pictures always give the same numbers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from mmed_curate.face.bounds import TrackBounds
from mmed_curate.face.colour import Picture
from mmed_curate.face.detect import Detection, FaceDetector, Part, iou, tiles
from mmed_curate.face.looks import best_likeness, likeness, look
from mmed_curate.face.mesh import FaceMesh, Landmarks, Region
from mmed_curate.face.network import FloatArray
from mmed_curate.face.scene import Scene, SceneWatch

TRACKING = 6
"""Rises whenever the same recording and bounds may give other numbers than before."""
_USUAL_STEP_S = 1 / 30
"""Between two pictures, where nobody says when they appear."""
_GOES_ON_S = 0.3
"""For so long a face is taken to move on as it did (ours)."""
_VELOCITY_S = 0.1
"""Time constant of the velocity (ours)."""
_STILL = 0.1
"""Eye distances by which a face may move over a cut round it (ours)."""
_LARGER = 1.5
"""A face so many times larger than the smallest one takes its place where no more can be followed (ours)."""
_SAME_SIZE = 1.6
"""A face that came back so many times larger or smaller is another one (ours)."""
_SURELY = 0.92
"""Likeness to what is remembered from which on a face is itself even where the scene changes (ours)."""
_NEAR = 0.3
"""Part of a face's width within which a detection is that face (ours): two faces so close hide each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedFace:
    """One face in one picture."""

    track: int
    """Which face; numbers count from 0 and are never used again."""
    landmarks: FloatArray
    """(468, 2) px."""
    box: FloatArray
    """(4,) left, top, right, bottom of the landmarks, px."""
    presence: float
    """In 0..1."""
    eye_distance_px: float
    """Between the middles of the eyes."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Track:
    """What is known of one face."""

    number: int
    scene: int
    mesh: Landmarks
    """Where it was last."""
    look: FloatArray
    """What it looked like there."""
    time_s: float
    """When that was."""
    memory: deque[FloatArray]
    remembered_s: float
    velocity: FloatArray
    """(2,) px a second."""
    lost_s: float | None = None
    """Since when it is missing; None: it is seen."""
    crossing_until_s: float = -np.inf
    crossed: set[int] = field(default_factory=set)
    """Numbers of the faces that it crosses."""

    @property
    def centre(self) -> FloatArray:
        """(2,) px."""
        return _centre(self.mesh.box)

    def expected(self, time_s: float) -> FloatArray:
        """(2,) px where it should be, if it went on for a while as it moved last."""
        return self.centre + self.velocity * np.float32(min(time_s - self.time_s, _GOES_ON_S))

    def like_itself(self, seen: FloatArray) -> float:
        """How like its remembered looks."""
        return best_likeness(seen, self.memory)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sight:
    """A mesh in this picture and what it looks like."""

    mesh: Landmarks
    look: FloatArray


class FaceTracker:
    """Follows the faces of one recording; give it every picture in order."""

    def __init__(self, bounds: TrackBounds | None = None) -> None:
        self._bounds = bounds or TrackBounds()
        self._detector = FaceDetector()
        self._mesh = FaceMesh()
        self._watch = SceneWatch(self._bounds.scene)
        self._tracks: list[_Track] = []
        self._next_number = 0
        self._next_search_s = -np.inf
        self._next_tile = 0
        self._time_s: float | None = None

    def step(self, picture: Picture, time_s: float | None = None) -> tuple[TrackedFace, ...]:
        """Faces in the next picture, oldest track first.

        Args:
            picture: (H, W, 3) uint8, blue first, or planes.
            time_s: when it appears, later than the one before; None: a thirtieth of a second after it.
        """
        first = self._time_s is None
        now = time_s if time_s is not None else 0.0 if self._time_s is None else self._time_s + _USUAL_STEP_S
        self._time_s = now
        how = self._watch.step(picture, now)
        if how is Scene.CUT and not any(track.scene == self._watch.scene for track in self._tracks):
            first = True
        seen = [track for track in self._tracks if track.lost_s is None]
        sights = {track.number: self._followed(picture, track, how, now) for track in seen}
        for number in self._on_one_face([track for track in seen if sights[track.number] is not None], sights):
            sights[number] = None
        newly_lost = False
        for track in seen:
            sight = sights[track.number]
            if sight is None:
                track.lost_s = now
                newly_lost = True
            else:
                self._go_on(track, sight, now)
        if first or newly_lost or how is Scene.CUT or now >= self._next_search_s:
            self._search(picture, now, everywhere=first)
        self._note_crossings(now)
        self._remember(how, now)
        self._tracks = [track for track in self._tracks if self._may_come_back(track, now)]
        return tuple(_tracked(track) for track in self._tracks if track.lost_s is None)

    def _followed(self, picture: Picture, track: _Track, how: Scene, now: float) -> _Sight | None:
        """The face of a track where its last points lead, if it is beyond doubt the same one."""
        mesh = self._mesh.landmarks(picture, Region.round_points(track.mesh.points))
        if mesh is None:
            return None
        sight = _Sight(mesh=mesh, look=look(picture, mesh.points))
        bounds = self._bounds
        moved = _distance(_centre(mesh.box), track.centre) / max(track.mesh.eye_distance_px, 1.0)
        since_last = likeness(sight.look, track.look)
        if how is Scene.CUT:
            same = since_last >= bounds.over_a_cut and moved <= _STILL
        elif moved > bounds.jitter + bounds.speed * (now - track.time_s):
            same = False
        elif now <= track.crossing_until_s:
            own = track.like_itself(sight.look)
            other = max(
                (one.like_itself(sight.look) for one in self._tracks if one.number in track.crossed), default=-1.0
            )
            same = own >= bounds.crossing_likeness and own >= other + bounds.margin
        elif how is Scene.CHANGING:
            same = track.like_itself(sight.look) >= bounds.same_likeness
        else:
            own = track.like_itself(sight.look)
            same = own >= bounds.same_likeness or (own >= bounds.least_likeness and since_last >= bounds.jump_likeness)
        return sight if same else None

    def _on_one_face(self, tracks: Sequence[_Track], sights: dict[int, _Sight | None]) -> set[int]:
        """Numbers of tracks whose mesh lies on another one's face: the one less like itself; both where it is even."""
        lost: set[int] = set()
        for one, other in combinations(tracks, 2):
            here, there = sights[one.number], sights[other.number]
            if here is None or there is None or iou(here.mesh.box, there.mesh.box) <= self._bounds.one_face_iou:
                continue
            more = one.like_itself(here.look) - other.like_itself(there.look)
            if more < self._bounds.margin:
                lost.add(one.number)
            if more > -self._bounds.margin:
                lost.add(other.number)
        return lost

    def _go_on(self, track: _Track, sight: _Sight, now: float) -> None:
        passed = max(now - track.time_s, 1e-6)
        velocity = (_centre(sight.mesh.box) - track.centre) / np.float32(passed)
        share = np.float32(min(passed / _VELOCITY_S, 1.0))
        track.velocity = (track.velocity + share * (velocity - track.velocity)).astype(np.float32)
        track.mesh, track.look, track.time_s, track.lost_s = sight.mesh, sight.look, now, None
        track.scene = self._watch.scene

    def _search(self, picture: Picture, now: float, *, everywhere: bool) -> None:
        seen = [track for track in self._tracks if track.lost_s is None]
        lost = [track for track in self._tracks if track.lost_s is not None and track.scene == self._watch.scene]
        found = self._unknown_faces(picture, seen, lost, everywhere=everywhere)
        found.sort(key=lambda sight: -sight.mesh.eye_distance_px)
        for sight in self._claimed(found, lost, seen, now):
            self._begin(sight, now)
        eager = any(track.lost_s is not None and now - track.lost_s < self._bounds.eager_s for track in self._tracks)
        nobody = all(track.lost_s is not None for track in self._tracks)
        self._next_search_s = now + (self._bounds.search_s if eager or nobody else self._bounds.redetect_s)

    def _unknown_faces(
        self, picture: Picture, seen: Sequence[_Track], lost: Sequence[_Track], *, everywhere: bool
    ) -> list[_Sight]:
        """Faces that no track lies on: the detector's, each looked at with the mesh."""
        height, width = picture.shape[:2]
        small = tiles(width, height)
        parts: list[Part | None] = [None]
        if everywhere:
            parts += small
        elif small:
            parts.append(small[self._next_tile % len(small)])
            self._next_tile += 1
        parts += [Part.round_box(track.mesh.box, width, height) for track in lost]
        found: list[_Sight] = []
        for part in parts:
            for detection in self._detector.detect(picture, part):
                boxes = [*(track.mesh.box for track in seen), *(sight.mesh.box for sight in found)]
                if any(_inside(detection.box, box) for box in boxes):
                    continue
                mesh = self._settled(picture, detection)
                if mesh is not None and all(iou(mesh.box, box) <= self._bounds.one_face_iou for box in boxes):
                    found.append(_Sight(mesh=mesh, look=look(picture, mesh.points)))
        return found

    def _settled(self, picture: Picture, detection: Detection) -> Landmarks | None:
        """The mesh from a detection, looked at twice: the second look is framed as all later ones are."""
        mesh = self._mesh.landmarks(picture, Region.round_detection(detection))
        return None if mesh is None else self._mesh.landmarks(picture, Region.round_points(mesh.points))

    def _claimed(
        self, found: Sequence[_Sight], lost: Sequence[_Track], seen: Sequence[_Track], now: float
    ) -> list[_Sight]:
        """Gives lost tracks their faces back; returns the faces that are nobody's and may have a number now."""
        bounds = self._bounds
        pairs = sorted(
            (
                (-track.like_itself(sight.look), track.number, place)
                for place, sight in enumerate(found)
                for track in lost
                if self._within_reach(track, sight.mesh, now)
            )
        )
        given: set[int] = set()
        back: set[int] = set()
        near: set[int] = set()
        by_number = {track.number: track for track in lost}
        for unlike, number, place in pairs:
            track = by_number[number]
            box = found[place].mesh.box
            covered = any(self._cross(box, other.mesh.box) for other in seen)
            if covered or (track.lost_s is not None and now - track.lost_s < bounds.anonymous_s):
                near.add(place)
            if -unlike < bounds.same_likeness or number in back or place in given:
                continue
            rivals = [
                -other
                for other, other_number, other_place in pairs
                if (other_place == place) != (other_number == number)
                and other_number not in back
                and other_place not in given
            ]
            if max(rivals, default=-1.0) > -unlike - bounds.margin:
                continue  # two tracks may be this face, or two faces this track
            given.add(place)
            back.add(number)
            self._go_on(track, found[place], now)
        return [sight for place, sight in enumerate(found) if place not in given and place not in near]

    def _within_reach(self, track: _Track, mesh: Landmarks, now: float) -> bool:
        eyes = max(track.mesh.eye_distance_px, 1.0)
        ratio = mesh.eye_distance_px / eyes
        reach = self._bounds.reach + self._bounds.stray * (now - track.time_s)
        away = min(_distance(_centre(mesh.box), place) for place in (track.centre, track.expected(now)))
        return away <= reach * eyes and 1 / _SAME_SIZE <= ratio <= _SAME_SIZE

    def _begin(self, sight: _Sight, now: float) -> None:
        """A new track, if there is room, or if it is much larger than the smallest face followed."""
        seen = [track for track in self._tracks if track.lost_s is None]
        if len(seen) >= self._bounds.max_faces:
            smallest = min(seen, key=lambda track: (track.mesh.eye_distance_px, -track.number))
            if sight.mesh.eye_distance_px < _LARGER * smallest.mesh.eye_distance_px:
                return
            self._tracks.remove(smallest)
        self._tracks.append(
            _Track(
                number=self._next_number,
                scene=self._watch.scene,
                mesh=sight.mesh,
                look=sight.look,
                time_s=now,
                memory=deque([sight.look], maxlen=self._bounds.n_remembered),
                remembered_s=now,
                velocity=np.zeros(2, dtype=np.float32),
            )
        )
        self._next_number += 1

    def _note_crossings(self, now: float) -> None:
        for track in self._tracks:
            if now > track.crossing_until_s:
                track.crossed.clear()
        for one, other in combinations(self._tracks, 2):
            # a face that is hidden behind another is lost, and crosses still
            if one.scene == other.scene and self._cross(one.mesh.box, other.mesh.box):
                for track, crossed in ((one, other), (other, one)):
                    track.crossing_until_s = now + self._bounds.crossing_s
                    track.crossed.add(crossed.number)

    def _cross(self, one: FloatArray, other: FloatArray) -> bool:
        return iou(_grown(one, self._bounds.crossing_room), _grown(other, self._bounds.crossing_room)) > 0

    def _remember(self, how: Scene, now: float) -> None:
        for track in self._tracks:
            if track.lost_s is not None or now - track.remembered_s < self._bounds.remember_s:
                continue
            # in doubt, only what it surely looks like: a fade to another face, or half of one, must not be learnt
            doubtful = how is not Scene.SAME or now <= track.crossing_until_s
            if not doubtful or track.like_itself(track.look) >= _SURELY:
                track.memory.append(track.look)
                track.remembered_s = now

    def _may_come_back(self, track: _Track, now: float) -> bool:
        if track.lost_s is None:
            return True
        if track.scene != self._watch.scene:
            return now - track.lost_s <= self._bounds.scene.return_s
        return now - track.lost_s <= self._bounds.patience_s


def _tracked(track: _Track) -> TrackedFace:
    return TrackedFace(
        track=track.number,
        landmarks=track.mesh.points,
        box=track.mesh.box,
        presence=track.mesh.presence,
        eye_distance_px=track.mesh.eye_distance_px,
    )


def _centre(box: FloatArray) -> FloatArray:
    return ((box[:2] + box[2:]) / 2).astype(np.float32)


def _grown(box: FloatArray, times: float) -> FloatArray:
    middle, half = _centre(box), (box[2:] - box[:2]) * np.float32(times / 2)
    return np.concatenate([middle - half, middle + half]).astype(np.float32)


def _distance(one: FloatArray, other: FloatArray) -> float:
    return float(np.hypot(*(one - other)))


def _inside(detection: FloatArray, face: FloatArray) -> bool:
    """A detection's middle lies so near the middle of a face's box that it is that face."""
    return _distance(_centre(detection), _centre(face)) < _NEAR * float(face[2] - face[0])

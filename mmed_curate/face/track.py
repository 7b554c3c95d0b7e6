"""Faces from picture to picture: the mesh follows its own points, the detector is asked only when needed.

A track is one face's number; it never changes hands. A face that is gone for longer than `patience` pictures
ends its track; when it comes back it gets a new number. Memory does not grow with the recording.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mmed_curate.face.detect import Detection, FaceDetector, iou
from mmed_curate.face.mesh import FaceMesh, Landmarks, Region
from mmed_curate.face.network import ByteArray, FloatArray

REDETECT_EVERY = 15
"""Pictures between looks for new faces (ours: half a second at 30 Hz)."""
PATIENCE = 30
"""Pictures for which a lost face keeps its number (ours: a second at 30 Hz)."""
MAX_FACES = 4
"""Most faces followed at once (ours)."""
_SAME_IOU = 0.2
"""A detection that overlaps a known face more than this is that face."""
_SAME_REACH = 0.6
"""... or whose middle lies closer than this part of the known face's width."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    track: int
    region: Region
    box: FloatArray
    missed: int = 0


class FaceTracker:
    """Follows the faces of one recording; give it every picture in order."""

    def __init__(
        self, *, redetect_every: int = REDETECT_EVERY, patience: int = PATIENCE, max_faces: int = MAX_FACES
    ) -> None:
        self._detector = FaceDetector()
        self._mesh = FaceMesh()
        self._redetect_every = redetect_every
        self._patience = patience
        self._max_faces = max_faces
        self._known: tuple[_Known, ...] = ()
        self._next_track = 0
        self._until_detection = 0

    def step(self, bgr: ByteArray) -> tuple[TrackedFace, ...]:
        """Faces in the next picture, oldest track first.

        Args:
            bgr: (H, W, 3) uint8.
        """
        seen: list[TrackedFace] = []
        lost: list[_Known] = []
        for known in self._known:
            mesh = None if known.missed else self._mesh.landmarks(bgr, known.region)
            if mesh is None or any(_same(mesh.box, other.box) for other in seen):
                lost.append(replace(known, missed=known.missed + 1))
            else:
                seen.append(_tracked(known.track, mesh))
        self._until_detection -= 1
        if self._until_detection < 0 or any(known.missed == 1 for known in lost):
            self._until_detection = self._redetect_every if seen else min(self._redetect_every, 2)
            seen, lost = self._after_detection(bgr, seen, lost)
        self._known = (
            *(_Known(track=face.track, region=Region.round_points(face.landmarks), box=face.box) for face in seen),
            *(known for known in lost if known.missed <= self._patience),
        )
        return tuple(sorted(seen, key=lambda face: face.track))

    def _after_detection(
        self, bgr: ByteArray, seen: list[TrackedFace], lost: list[_Known]
    ) -> tuple[list[TrackedFace], list[_Known]]:
        seen, lost = list(seen), list(lost)
        for detection in self._detector.detect(bgr):
            if len(seen) >= self._max_faces:
                break
            if any(_same(detection.box, face.box) for face in seen):
                continue
            mesh = self._settled(bgr, detection)
            if mesh is None or any(_same(mesh.box, face.box) for face in seen):
                continue
            again = next((known for known in lost if _same(mesh.box, known.box)), None)
            if again is not None:
                lost.remove(again)
                seen.append(_tracked(again.track, mesh))
            else:
                seen.append(_tracked(self._next_track, mesh))
                self._next_track += 1
        return seen, lost

    def _settled(self, bgr: ByteArray, detection: Detection) -> Landmarks | None:
        """The mesh from a detection, looked at twice: the second look is framed as all later ones are."""
        mesh = self._mesh.landmarks(bgr, Region.round_detection(detection))
        return None if mesh is None else self._mesh.landmarks(bgr, Region.round_points(mesh.points))


def _tracked(track: int, mesh: Landmarks) -> TrackedFace:
    return TrackedFace(
        track=track,
        landmarks=mesh.points,
        box=mesh.box,
        presence=mesh.presence,
        eye_distance_px=mesh.eye_distance_px,
    )


def _same(one: FloatArray, other: FloatArray) -> bool:
    if iou(one, other) > _SAME_IOU:
        return True
    between = (one[:2] + one[2:] - other[:2] - other[2:]) / 2
    return float(np.hypot(*between)) < _SAME_REACH * float(other[2] - other[0])

"""The numbers by which faces are followed; `pipelines/spotting/` holds them with their sources."""

from __future__ import annotations

from dataclasses import dataclass, field

from mmed_curate.face.scene import SceneBounds


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackBounds:
    """How faces are followed. Lengths are in eye distances of the face, likeness is a correlation of looks."""

    max_faces: int = 4
    """Followed at once, the largest ones."""
    redetect_s: float = 0.5
    """Between looks for new faces ..."""
    search_s: float = 0.1
    """... and while a face is missing, or none is seen."""
    eager_s: float = 1.0
    """... for so long after it was lost."""
    patience_s: float = 3.0
    """For so long a lost face keeps its number."""
    same_likeness: float = 0.72
    """A face is taken for a remembered one from this likeness on ..."""
    margin: float = 0.1
    """... if no other one is like it by so little less."""
    jump_likeness: float = 0.75
    """A face that is less like its last picture must be that like a remembered one."""
    least_likeness: float = 0.5
    """A face that is less like all its remembered looks is hidden in part, or another one."""
    crossing_likeness: float = 0.55
    """While another face overlaps it, it must look so much like itself, and by the margin more than like the other."""
    crossing_room: float = 1.4
    """Faces whose boxes, made so many times larger, overlap cross ..."""
    crossing_s: float = 0.5
    """... and still do for so long after."""
    one_face_iou: float = 0.5
    """Two meshes that overlap more lie on one face."""
    speed: float = 20.0
    """Eye distances a second that a head moves at most ..."""
    jitter: float = 0.3
    """... and so many more, whatever the time between."""
    reach: float = 1.3
    """A lost face is looked for so far round the place to which it moved ..."""
    stray: float = 1.5
    """... and so much further each second."""
    anonymous_s: float = 0.3
    """So long an unlike face at the place of a lost one goes without a number: a hand, a blurred picture."""
    over_a_cut: float = 0.95
    """A face that is so like its last picture goes on where the picture round it is cut: a camera set into a game."""
    remember_s: float = 0.5
    """Between two looks that are remembered."""
    n_remembered: int = 8
    scene: SceneBounds = field(
        default_factory=lambda: SceneBounds(
            cut_below=0.8, same_above=0.95, return_s=0.25, changing_below=0.5, changing_s=1.0
        )
    )
    """When the picture is cut."""

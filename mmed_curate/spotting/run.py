"""One recording, decoded once: exact times, faces, motion of each, proposals.

What the pass saw (`observe`) and what is made of it (`Analysis.of`) are two steps: peaks and tags can be worked out
anew from a saved observation, without decoding anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from mmed_curate.domain.findings import BadInput, Finding, Severity
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.domain.time import FrameClock
from mmed_curate.media.container import AS_PLAYED, StreamChoice
from mmed_curate.signals.motion import MotionCurve
from mmed_curate.signals.quality import PictureQuality
from mmed_curate.spotting.keep import load_observation, save_observation
from mmed_curate.spotting.observation import Observation, measured_by, observe
from mmed_curate.spotting.parameters import SpottingParameters
from mmed_curate.spotting.peaks import Proposal, propose
from mmed_curate.spotting.tracks import FaceTrack

__all__ = ["Analysis", "FaceTrack", "Observation", "Proposal", "analyse", "observe", "proposals_of"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Analysis:
    """What was found in one recording."""

    observation: Observation
    """What the pass over it saw."""
    proposals: tuple[Proposal, ...]
    """In order of time; tagged ones among them."""
    notes: tuple[Finding, ...]
    """What a curator should know about this recording."""

    @property
    def clock(self) -> FrameClock:
        """Exact times of all its frames."""
        return self.observation.clock

    @property
    def tracks(self) -> tuple[FaceTrack, ...]:
        """Faces, in the order in which they appeared."""
        return self.observation.tracks

    @property
    def curves(self) -> Mapping[int, MotionCurve]:
        """What each face did, by track."""
        return self.observation.curves

    @property
    def picture_quality(self) -> PictureQuality:
        """How good its picture is."""
        return self.observation.quality

    def save(self, path: Path) -> None:
        """Keep what the pass saw, whole or not at all; the same bytes for the same recording and parameters.

        Raises:
            BadInput: it cannot be written there.
        """
        save_observation(self.observation, path)

    @classmethod
    def of(cls, observation: Observation, parameters: SpottingParameters, *, name: str) -> Self:
        """What is made of an observation.

        Args:
            observation: what was seen.
            parameters: the recipe.
            name: of the recording, for notes.
        """
        return cls(
            observation=observation,
            proposals=proposals_of(observation, parameters),
            notes=_notes(name, observation.clock, observation.tracks, parameters),
        )

    @classmethod
    def load(cls, path: Path, parameters: SpottingParameters, *, name: str) -> Self:
        """What `analyse` would give, from what was saved.

        Args:
            path: what `save` wrote.
            parameters: the recipe; its peaks and tags may be others than then.
            name: of the recording, for notes.

        Raises:
            BadInput: it is no such file, or damaged, or was seen with other parameters of faces or reference.
        """
        observation = load_observation(path)
        if observation.measured_by != measured_by(parameters):
            raise BadInput.of(
                "spotting.kept_otherwise",
                f"{path} was measured with other parameters than {parameters.name} or by another version",
                "analyse the recording again",
            )
        return cls.of(observation, parameters, name=name)


def analyse(
    path: Path, parameters: SpottingParameters, *, streams: StreamChoice = AS_PLAYED, progress: Progress = silent
) -> Analysis:
    """Find the faces of a recording and propose when they made a micro-expression.

    Args:
        path: the recording.
        parameters: the recipe.
        streams: which of several pictures is meant.
        progress: called with frames done and, where the file says, about how many there are.

    Raises:
        BadInput: the recording cannot be read, or breaks off.
    """
    return Analysis.of(observe(path, parameters, streams=streams, progress=progress), parameters, name=path.name)


def proposals_of(observation: Observation, parameters: SpottingParameters) -> tuple[Proposal, ...]:
    """Movements of all faces, in order of time."""
    found = [
        proposal
        for track in observation.tracks
        for proposal in propose(observation.curves[track.track], track.frames, track.track, parameters)
    ]
    return tuple(sorted(found, key=lambda proposal: (proposal.span.apex, proposal.track, proposal.span.onset)))


def _notes(
    name: str, clock: FrameClock, tracks: tuple[FaceTrack, ...], parameters: SpottingParameters
) -> tuple[Finding, ...]:
    notes = []
    if not tracks:
        notes.append(
            Finding(
                code="spotting.no_face",
                what=f"no face was found in {name}",
                remedy="nothing is proposed; check that the face is in the picture, at least a fifteenth of its width",
                severity=Severity.NOTE,
            )
        )
    rate_hz = float(clock.rate_hz())
    if rate_hz < parameters.few_hz:
        notes.append(
            Finding(
                code="spotting.few_frames",
                what=f"{name} has {rate_hz:.1f} pictures a second, fewer than {parameters.few_hz:g}",
                remedy="expect short movements to be missed; record faster where you can",
                severity=Severity.WARNING,
                parameters={"rate_hz": round(rate_hz, 3)},
            )
        )
    if tracks:
        # a small picture on the wall may be seen longest: near and long counts
        main = max(tracks, key=lambda track: float(track.eye_distance_px.sum()))
        distance_px = float(np.median(main.eye_distance_px))
        if distance_px < parameters.small_px:
            notes.append(
                Finding(
                    code="spotting.small_face",
                    what=f"the face in {name} is small: {distance_px:.0f} pixels between the eyes",
                    remedy=f"expect small movements to be missed; {parameters.small_px:g} pixels and more serve better",
                    severity=Severity.WARNING,
                    parameters={"eye_distance_px": round(distance_px, 1)},
                )
            )
    return tuple(notes)

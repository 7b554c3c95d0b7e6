"""Candidates, and spans that people name, as clips: whose, which frames, which part of the picture, who is in it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from mmed_curate.domain.identity import CandidateId, ClipId, SubjectId, derived_uuid
from mmed_curate.domain.records import Box, Candidate, Clip, Recording
from mmed_curate.domain.time import Frame
from mmed_curate.ingest.recipe import CodingCut, PicturePart
from mmed_curate.ingest.windows import Window, coding_windows
from mmed_curate.spotting.run import FaceTrack, Proposal

Owners = Mapping[int, SubjectId]
"""By face track: whose it is. Tracks of nobody named are not in it."""


def candidates_of(
    proposals: Sequence[Proposal], recording: Recording, owners: Owners, secret: bytes
) -> tuple[Candidate, ...]:
    """What was proposed for faces whose owner is known; the others' never become candidates."""
    return tuple(
        Candidate(
            id=CandidateId(
                derived_uuid(
                    secret,
                    "candidate",
                    recording.sha256,
                    f"{proposal.span.onset},{proposal.span.apex},{proposal.span.offset}",
                    str(proposal.track),
                )
            ),
            recording=recording.id,
            span=proposal.span,
            score=proposal.score,
            region=proposal.region,
            tags=proposal.tags,
            track=proposal.track,
        )
        for proposal in proposals
        if proposal.track in owners
    )


def proposed_clips(
    candidates: Sequence[Candidate],
    recording: Recording,
    tracks: Sequence[FaceTrack],
    owners: Owners,
    coding: CodingCut,
    secret: bytes,
) -> tuple[Clip, ...]:
    """Clips round candidates, each subject's apart; no two clips of one subject share a frame.

    Args:
        candidates: those that are to be cut.
        recording: whose they are.
        tracks: its faces.
        owners: whose these are.
        coding: how clips are cut.
        secret: the workspace's; seeds the context.
    """
    by_number = {track.track: track for track in tracks}
    of_subject: dict[SubjectId, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        of_subject[owners[candidate.track]].append(candidate)
    clips = []
    for subject, wanted in sorted(of_subject.items()):
        for window in coding_windows(
            wanted,
            recording.clock,
            context=coding.context_s,
            join_gap_s=coding.join_gap_s,
            longest_s=coding.longest_s,
            seed=context_seed(recording, subject, secret),
        ):
            strongest = max((wanted[member] for member in window.members), key=lambda candidate: candidate.score)
            clips.append(
                clip_of(
                    window,
                    recording,
                    by_number[strongest.track],
                    subject,
                    tracks,
                    owners,
                    coding,
                    secret,
                    candidate=strongest.id,
                )
            )
    return tuple(sorted(clips, key=lambda clip: (clip.first, clip.last, clip.subject)))


def context_seed(recording: Recording, subject: SubjectId, secret: bytes) -> bytes:
    """Bytes that the context of a subject's clips is drawn from; nobody without the secret can redo it."""
    return hashlib.sha256(secret + recording.sha256.encode() + _apart(recording, subject).encode()).digest()


def clip_of(
    window: Window,
    recording: Recording,
    face: FaceTrack,
    subject: SubjectId,
    tracks: Sequence[FaceTrack],
    owners: Owners,
    coding: CodingCut,
    secret: bytes,
    *,
    candidate: CandidateId | None,
) -> Clip:
    """One clip over a window, framed round a face where the recipe says so."""
    crop: Box | None = None
    if coding.picture is PicturePart.FACE:
        crop = _whole_blocks(
            face.box_over(window.first, window.last, coding.face_margin, recording.width, recording.height), recording
        )
    parts = ("clip", recording.sha256, f"{window.first},{window.last}")
    apart = _apart(recording, subject)
    return Clip(
        id=ClipId(derived_uuid(secret, *parts, *((apart,) if apart else ()))),
        recording=recording.id,
        candidate=candidate,
        subject=subject,
        first=window.first,
        last=window.last,
        clock=recording.clock.window(window.first, window.last).from_zero(),
        crop=crop,
        also_visible=_also_visible(window, crop, subject, tracks, owners),
    )


def _whole_blocks(box: Box, recording: Recording) -> Box:
    """A box widened to whole blocks of chroma (2 × 2 pixels) inside the picture: what a cut can keep as it is."""
    return Box(
        left=box.left - box.left % 2,
        top=box.top - box.top % 2,
        right=min(box.right + box.right % 2, recording.width),
        bottom=min(box.bottom + box.bottom % 2, recording.height),
    )


def _apart(recording: Recording, subject: SubjectId) -> str:
    """What tells a subject's clips from those of the one the recording was registered for."""
    return "" if subject == recording.subject else f"|{subject}"


def _also_visible(
    window: Window, crop: Box | None, subject: SubjectId, tracks: Sequence[FaceTrack], owners: Owners
) -> tuple[SubjectId | None, ...]:
    """Whose faces else reach into the picture that is kept, on any frame."""
    found: set[SubjectId | None] = set()
    for track in tracks:
        owner = owners.get(track.track)
        if owner != subject and _reaches_into(track, window.first, window.last, crop):
            found.add(owner)
    return (*sorted(one for one in found if one is not None), *((None,) if None in found else ()))


def _reaches_into(track: FaceTrack, first: Frame, last: Frame, crop: Box | None) -> bool:
    start, stop = (int(place) for place in np.searchsorted(track.frames, [first, last + 1]))
    if start == stop:
        return False
    if crop is None:
        return True
    boxes = track.boxes[start:stop]  # (n, 4) left, top, right, bottom
    across = (boxes[:, 0] < crop.right) & (boxes[:, 2] > crop.left)
    return bool((across & (boxes[:, 1] < crop.bottom) & (boxes[:, 3] > crop.top)).any())

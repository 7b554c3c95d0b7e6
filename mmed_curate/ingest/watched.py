"""Stretches in which the machine proposed nothing, drawn by lot: who watches them tells what it missed.

The lots are drawn from the workspace's secret, the recording's bytes and the subject: done again they are the same,
whatever else is taken in before or after, and nobody without the secret can tell where they will fall.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.findings import Finding, Severity
from mmed_curate.domain.identity import SubjectId
from mmed_curate.domain.protocol import ClipOrigin
from mmed_curate.domain.records import Candidate, Clip, Recording
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.ingest.clips import Owners, clip_of, context_seed
from mmed_curate.ingest.recipe import Recipe, WatchedCut
from mmed_curate.ingest.windows import Window
from mmed_curate.spotting.tracks import FaceTrack

Ticks = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretches:
    """What one subject's face is watched for in one recording."""

    windows: tuple[Window, ...]
    """In order of time; none touches another."""
    lacking_s: float
    """What is missing of the share, because no stretch is left that holds a clip."""


def watched_clips(
    candidates: Sequence[Candidate],
    clips: Sequence[Clip],
    recording: Recording,
    tracks: Sequence[FaceTrack],
    owners: Owners,
    recipe: Recipe,
    secret: bytes,
    *,
    share: float,
) -> tuple[tuple[Clip, ...], tuple[Finding, ...]]:
    """Cut at least a share of each subject's face time that holds no candidate, in clips that share no frame.

    Args:
        candidates: all of the recording's, tagged ones and those that are not cut too.
        clips: those that were cut round candidates.
        recording: whose they are.
        tracks: its faces.
        owners: whose these are.
        recipe: length of the clips, and how they are framed.
        secret: the workspace's.
        share: of that face time, 0 to 1; 0: nothing is cut.

    Returns:
        The clips in order of time, and what could not be reached.
    """
    if share == 0:
        return (), ()
    found: list[Clip] = []
    notes: list[Finding] = []
    for subject in sorted(set(owners.values())):
        own = [track for track in tracks if owners.get(track.track) == subject]
        drawn = stretches(
            [track.frames for track in own],
            [(one.span.onset, one.span.offset) for one in candidates if owners.get(one.track) == subject],
            [(clip.first, clip.last) for clip in clips if clip.subject == subject],
            recording.clock,
            recipe.watched,
            seed=context_seed(recording, subject, secret),
            share=share,
        )
        found.extend(_clip(window, own, recording, subject, tracks, owners, recipe, secret) for window in drawn.windows)
        if drawn.lacking_s >= recipe.watched.length_s.least or (drawn.lacking_s > 0 and not drawn.windows):
            notes.append(_too_few(recording, drawn.lacking_s))
    return tuple(sorted(found, key=lambda clip: (clip.first, clip.last, clip.subject))), tuple(notes)


def n_watched(clips: Iterable[Clip]) -> int:
    """How many of some clips were cut to be watched."""
    return sum(clip.origin is ClipOrigin.WATCHED for clip in clips)


def _clip(
    window: Window,
    own: Sequence[FaceTrack],
    recording: Recording,
    subject: SubjectId,
    tracks: Sequence[FaceTrack],
    owners: Owners,
    recipe: Recipe,
    secret: bytes,
) -> Clip:
    def seen(track: FaceTrack) -> tuple[int, int]:
        start, stop = np.searchsorted(track.frames, [window.first, window.last + 1])
        return int(stop - start), -track.track

    face = max(own, key=seen)
    clip = clip_of(window, recording, face, subject, tracks, owners, recipe.coding, secret, candidate=None)
    return replace(clip, origin=ClipOrigin.WATCHED)


def _too_few(recording: Recording, lacking_s: float) -> Finding:
    name = Path(recording.path).name
    return Finding(
        code="ingest.few_watched",
        what=f"{lacking_s:.1f} s of {name} should be watched for what the machine missed, and nowhere in it a face is "
        "without a candidate for long enough",
        remedy="nothing has to be done where other recordings are calmer; else let watched clips be shorter",
        severity=Severity.NOTE,
    )


def stretches(
    seen: Sequence[npt.NDArray[np.int64]],
    proposed: Sequence[tuple[Frame, Frame]],
    shown: Sequence[tuple[Frame, Frame]],
    clock: FrameClock,
    bounds: WatchedCut,
    *,
    seed: bytes,
    share: float,
) -> Stretches:
    """Draw windows until they make up a share of the time in which a face is seen and nothing was proposed.

    Each window's length is drawn first, evenly between the bounds; then its place, evenly among all where it fits.
    Where it fits nowhere, the longest stretch that is left takes it, as long as that is not below the least length.

    Args:
        seen: (N,) frames on which the face is seen, of each of its tracks.
        proposed: first and last frames of candidates, in any order.
        shown: first and last frames of clips, which no window touches, in any order.
        clock: the recording's.
        bounds: lengths, margin and gaps.
        seed: secret bytes; the same seed gives the same windows.
        share: of the time, 0 to 1.
    """
    starts = np.array(clock.pts, dtype=np.int64)
    ends = np.append(starts[1:], clock.end_pts)
    quiet = _with_face(seen, starts, ends, _ticks(bounds.face_gap_s, clock))
    margin = _ticks(bounds.margin_s, clock)
    for first, last in proposed:
        quiet &= (ends <= starts[first] - margin) | (starts >= ends[last] + margin)
    least, most = (_ticks(bound, clock) for bound in (bounds.length_s.least, bounds.length_s.most))
    lacking = Fraction(share).limit_denominator(1_000_000) * int((ends - starts)[quiet].sum())
    free = quiet.copy()
    for first, last in shown:
        free[first : last + 1] = False
    lots = _lots(seed)
    windows: list[Window] = []
    while lacking > 0:
        runs = _runs(free)
        length = least + int((most - least) * next(lots))
        longest = max((int(ends[end] - starts[begin]) for begin, end in runs), default=0)
        if longest < least:
            break
        length = min(length, longest)
        # of each run: how many of its frames a window of this length can begin with
        rooms = [int(np.searchsorted(starts, ends[end] - length, side="right")) - begin for begin, end in runs]
        place = int(sum(max(room, 0) for room in rooms) * next(lots))
        for (begin, _), room in zip(runs, rooms, strict=True):
            if place < room:
                begins = begin + place
                break
            place -= max(room, 0)
        stops = max(int(np.searchsorted(ends, starts[begins] + length, side="right")) - 1, begins)
        windows.append(Window(first=Frame(begins), last=Frame(stops), members=()))
        free[begins : stops + 1] = False
        lacking -= int(ends[stops] - starts[begins])
    return Stretches(
        windows=tuple(sorted(windows, key=lambda window: window.first)),
        lacking_s=float(max(lacking, Fraction(0)) * clock.time_base),
    )


def _with_face(seen: Sequence[Ticks], starts: Ticks, ends: Ticks, gap: int) -> Mask:
    """(n_frames,) where the face is seen, or lost for no longer than a gap."""
    there = np.zeros(len(starts), dtype=bool)
    for frames in seen:
        there[frames] = True
    for first, last in _runs(~there):
        inside = first > 0 and last + 1 < len(there)
        if inside and ends[last] - starts[first] <= gap:
            there[first : last + 1] = True
    return there


def _runs(mask: Mask) -> list[tuple[int, int]]:
    """First and last place of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(begin), int(end) - 1) for begin, end in edges.reshape(-1, 2)]


def _ticks(seconds: float, clock: FrameClock) -> int:
    return int(Fraction(seconds).limit_denominator(1000) / clock.time_base)


def _lots(seed: bytes) -> Iterator[Fraction]:
    """Numbers from 0 up to 1, drawn from a seed."""
    number = 0
    while True:
        digest = hashlib.sha256(seed + f"|watched|{number}".encode()).digest()
        yield Fraction(int.from_bytes(digest[:6], "big"), 1 << 48)
        number += 1

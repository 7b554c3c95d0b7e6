"""A workspace with planted events whose truth is known, for simulated coders; its media are make-believe."""

from __future__ import annotations

import hashlib
from datetime import date
from fractions import Fraction
from pathlib import Path

from builders.workspace import PLAIN, noon
from mmed_curate.domain.codebook import load_codebook
from mmed_curate.domain.identity import CandidateId, ClipId, RecordingId
from mmed_curate.domain.protocol import ClipOrigin
from mmed_curate.domain.records import Asset, AssetKind, Candidate, Clip, Consent, Recording, Term
from mmed_curate.domain.time import Frame, FrameClock, Span
from mmed_curate.simulation.truth import Kind, Planted, TruthRow, write_truth
from mmed_curate.store import Workspace
from mmed_curate.store.journal import Clock

CODEBOOK = load_codebook("mmed")
EMOTIONS = [entry.code for entry in CODEBOOK.emotions if entry.emotion_class][:3]
EVERY, RATE_HZ = 300, 30
"""An event each ten seconds, at frames 100..112, 400..412, …; a blink 100 frames after each; then nothing."""
_PICTURE = b"not looked at by simulated coders"
CONSENT = Consent(terms=frozenset(Term), form_version="simulated", signed_on=date(2025, 1, 1))


def planted_event(number: int) -> Planted:
    """The n-th event of a recording."""
    at = 100 + EVERY * number
    return Planted(
        kind=Kind.EVENT,
        span=Span(onset=Frame(at), apex=Frame(at + 6), offset=Frame(at + 12)),
        amplitude_px=2.0,
        emotion=EMOTIONS[number % 3],
        movement="any",
        action_units=(CODEBOOK.action_units[0].code,),
        voice_cue=CODEBOOK.vocal_cues[0].code,
        cue_start=-(-at * 16000 // RATE_HZ),  # the first sample that sounds while the frame is on screen
        cue_stop=(at + 15) * 16000 // RATE_HZ,
    )


def planted_blink(number: int) -> Planted:
    """The blink after it."""
    at = 200 + EVERY * number
    return Planted(kind=Kind.BLINK, span=Span(onset=Frame(at), apex=Frame(at + 2), offset=Frame(at + 6)), closure=1.0)


def a_simulated_lab(
    root: Path,
    *,
    protocol: str = str(PLAIN),
    now: Clock = noon,
    n_subjects: int = 2,
    n_events: int = 7,
    n_blinks: int = 1,
    n_watched: int = 0,
    simulated: bool = True,
) -> tuple[Workspace, Path]:
    """A clip of 3 s round each event and round some blinks of each subject, and some stretches in which nothing is.

    Returns:
        The workspace, and its truth.csv.
    """
    workspace = Workspace.create(root, protocol=protocol, seed=5, now=now)
    (workspace.media / "clip.mp4").write_bytes(_PICTURE)
    for number in range(n_subjects):
        _one_session(workspace, number, n_events, n_blinks, n_watched, simulated)
    return workspace, _truth(workspace, n_subjects, n_events)


def more_sessions(workspace: Workspace, *, first: int, n_subjects: int, n_events: int = 7) -> Path:
    """Sessions of further subjects, all of as many events; truth.csv is of all then."""
    for number in range(first, first + n_subjects):
        _one_session(workspace, number, n_events, 1, 2, simulated=True)
    return _truth(workspace, first + n_subjects, n_events)


def _truth(workspace: Workspace, n_subjects: int, n_events: int) -> Path:
    path = workspace.root / "truth.csv"
    path.unlink(missing_ok=True)
    write_truth(path, [row for number in range(n_subjects) for row in _rows(number, n_events)])
    return path


def _rows(number: int, n_events: int) -> list[TruthRow]:
    return [
        TruthRow(
            subject=f"sim-s{number}",
            session=f"sim-g{number}",
            recording=f"{number}.mp4",
            sha256=f"{number:064x}",
            planted=one,
            rate_hz=RATE_HZ,
            sample_rate_hz=16000,
        )
        for n in range(n_events)
        for one in (planted_event(n), planted_blink(n))
    ]


def _one_session(
    workspace: Workspace, number: int, n_events: int, n_blinks: int, n_watched: int, simulated: bool
) -> None:
    frames = n_events * EVERY
    clock = FrameClock(pts=tuple(range(frames)), end_pts=frames, time_base=Fraction(1, RATE_HZ))
    code, sha256 = f"sim-s{number}", f"{number:064x}"
    planted = [one for n in range(n_events) for one in (planted_event(n), planted_blink(n))]
    wanted = [one.span for one in planted if one.kind is Kind.EVENT] + [planted_blink(n).span for n in range(n_blinks)]
    quiet = [Frame(260 + EVERY * n) for n in range(n_watched)]
    with workspace.write() as act:
        subject = act.add_subject(code, CONSENT, simulated=simulated)
        session = act.add_session(f"sim-g{number}", [code], simulated=simulated)
        recording = Recording(
            id=RecordingId(f"recording-{number}"),
            sha256=sha256,
            path=f"/nowhere/{number}.mp4",
            session=session.id,
            subject=subject.id,
            width=320,
            height=240,
            clock=clock,
            has_sound=True,
            sample_rate_hz=16000,
            simulated=simulated,
        )
        candidates = [
            Candidate(
                id=CandidateId(f"candidate-{number}-{index}"),
                recording=recording.id,
                span=span,
                score=1.0,
                region="brow",
            )
            for index, span in enumerate(wanted)
        ]
        firsts = [(Frame(span.onset - 40), candidates[index].id) for index, span in enumerate(wanted)]
        clips = [
            Clip(
                id=ClipId(f"clip-{number}-{index}"),
                recording=recording.id,
                candidate=candidate,
                subject=subject.id,
                first=first,
                last=Frame(first + (89 if candidate else 29)),
                clock=clock.window(Frame(0), Frame(89 if candidate else 29)),
                crop=None,
                origin=ClipOrigin.CANDIDATE if candidate else ClipOrigin.WATCHED,
            )
            for index, (first, candidate) in enumerate([*firsts, *((frame, None) for frame in quiet)])
        ]
        assets = [
            Asset(
                clip=clip.id,
                kind=AssetKind.CODING_PICTURE,
                path="clip.mp4",
                sha256=hashlib.sha256(_PICTURE).hexdigest(),
                n_bytes=len(_PICTURE),
                first=clip.first,
                last=clip.last,
            )
            for clip in clips
        ]
        act.add_recording(recording, candidates, clips, assets)

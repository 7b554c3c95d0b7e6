"""A small workspace: one subject, one session, one recording, some clips with make-believe media, and a staff."""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, date, datetime
from fractions import Fraction
from functools import cache
from pathlib import Path

from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.identity import CandidateId, ClipId, RecordingId, derived_uuid
from mmed_curate.domain.judgements import (
    Adjudication,
    Answer,
    CodedEvent,
    Coding,
    Screening,
    ScreeningVerdict,
    Verification,
    VerificationVerdict,
)
from mmed_curate.domain.protocol import Role, Stage
from mmed_curate.domain.records import Asset, AssetKind, Box, Candidate, Clip, Consent, Recording, Tag, Term
from mmed_curate.domain.time import Frame, FrameClock, Span
from mmed_curate.store import Workspace

PLAIN = Path(__file__).parent / "protocols" / "plain.yaml"
"""The least that a protocol can be: what version 2 added is not in it."""
RATE_HZ = 30
CLIP_FRAMES = 60
STAFF: Mapping[str, tuple[Role, ...]] = {
    "ann": (Role.SCREENER,),
    "bob": (Role.CODER,),
    "cem": (Role.CODER,),
    "dee": (Role.ADJUDICATOR,),
    "eve": (Role.EXPERT,),
}
"""Just enough people for one clip's whole way."""

SIGNED = Consent(terms=frozenset(Term), form_version="1", signed_on=date(2026, 1, 2))


def noon() -> datetime:
    """A time of day that stands still."""
    return datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def a_clock(n_frames: int) -> FrameClock:
    """A steady clock of 30 frames a second from zero."""
    return FrameClock(pts=tuple(range(n_frames)), end_pts=n_frames, time_base=Fraction(1, RATE_HZ))


def a_workspace(
    root: Path,
    *,
    n_clips: int = 1,
    staff: Mapping[str, tuple[Role, ...]] = STAFF,
    subject: str = "S1",
    session: str = "G1",
    recording: str = "r1.mp4",
    region: str = "brow",
    score: float = 1.0,
    picture: bytes = b"picture of ",
    sound: bytes = b"sound of ",
    protocol: Path = PLAIN,
) -> Workspace:
    """A workspace with `n_clips` clips of 60 frames that wait for screening.

    Args:
        root: where to.
        n_clips: clips, every 100 frames of the recording.
        staff: roles by coder's code.
        subject, session, recording, region, score: what a coder must never learn.
        picture, sound: the media's bytes, followed by the clip's number.
        protocol: its rules.
    """
    shutil.copytree(_empty(protocol), root)
    workspace = Workspace.open(root, now=noon)
    with workspace.write() as records:
        records.add_subject(subject, SIGNED, simulated=True)
        records.add_session(session, [subject], simulated=True)
        for code, roles in staff.items():
            records.add_coder(code, roles, simulated=True)
    if n_clips:
        add_clips(workspace, n_clips, subject, session, recording, region, score, picture, sound)
    return workspace


@cache
def _empty(protocol: Path = PLAIN) -> Path:
    """An empty workspace to copy: making the tables takes longer than most tests."""
    folder = Path(tempfile.mkdtemp(prefix="mmed-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Workspace.create(folder / "empty", seed=7, protocol=str(protocol), now=noon)
    return folder / "empty"


def add_clips(
    workspace: Workspace,
    n_clips: int,
    subject: str = "S1",
    session: str = "G1",
    recording: str = "r1.mp4",
    region: str = "brow",
    score: float = 1.0,
    picture: bytes = b"picture of ",
    sound: bytes = b"sound of ",
    media: Mapping[AssetKind, tuple[str, bytes]] | None = None,
) -> tuple[ClipId, ...]:
    """Register a recording with candidates, clips and media, as ingest does.

    `media`: name and bytes of each file of every clip, in place of the make-believe `picture` and `sound`.
    """
    with workspace.read() as records:
        who, game = records.subject(subject), records.session(session)
    sha256 = hashlib.sha256(recording.encode()).hexdigest()
    recorded = Recording(
        id=RecordingId(derived_uuid(workspace.secret, "recording", sha256)),
        sha256=sha256,
        path=f"/recordings/{recording}",
        session=game.id,
        subject=who.id,
        width=640,
        height=480,
        clock=a_clock(100 * n_clips),
        has_sound=True,
        sample_rate_hz=16_000,
        simulated=True,
    )
    candidates, clips, assets = [], [], []
    for number in range(n_clips):
        first, last = Frame(100 * number), Frame(100 * number + CLIP_FRAMES - 1)
        candidate = Candidate(
            id=CandidateId(derived_uuid(workspace.secret, "candidate", recorded.id, str(number))),
            recording=recorded.id,
            span=Span(onset=Frame(first + 20), apex=Frame(first + 25), offset=Frame(first + 30)),
            score=score,
            region=region,
            tags=frozenset({Tag.BLINK}),
        )
        clip = Clip(
            id=ClipId(derived_uuid(workspace.secret, "clip", recorded.id, str(number))),
            recording=recorded.id,
            candidate=candidate.id,
            subject=who.id,
            first=first,
            last=last,
            clock=a_clock(CLIP_FRAMES),
            crop=Box(left=10, top=20, right=110, bottom=140),
        )
        candidates.append(candidate)
        clips.append(clip)
        files = media or {
            AssetKind.CODING_PICTURE: ("picture.mp4", picture + str(number).encode()),
            AssetKind.CODING_SOUND: ("sound.wav", sound + str(number).encode()),
        }
        for kind, (name, contents) in files.items():
            path = workspace.media / clip.id / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(contents)
            assets.append(
                Asset(
                    clip=clip.id,
                    kind=kind,
                    path=f"{clip.id}/{name}",
                    sha256=hashlib.sha256(contents).hexdigest(),
                    n_bytes=len(contents),
                    first=first,
                    last=last,
                )
            )
    with workspace.write(actor="ingest") as records:
        records.add_recording(recorded, candidates, clips, assets)
    return tuple(clip.id for clip in clips)


def an_event(book: Codebook, *, onset: int = 20, emotion: int = 0) -> CodedEvent:
    """A micro-expression of eleven frames, with the codebook's n-th emotion."""
    micro = next(entry.code for entry in book.event_types if entry.is_micro)
    return CodedEvent(
        span=Span(onset=Frame(onset), apex=Frame(onset + 5), offset=Frame(onset + 10)),
        event_type=micro,
        emotion=book.emotions[emotion].code,
        basis=book.bases[0].code,
        confidence=book.confidences[-1].code,
    )


def an_answer(stage: Stage, book: Codebook, *, onset: int = 20, emotion: int = 0) -> Answer:
    """An answer that moves a clip on: accepted, an event, the same event, accepted."""
    events = (an_event(book, onset=onset, emotion=emotion),)
    answers: dict[Stage, Answer] = {
        Stage.SCREENING: Screening(verdict=ScreeningVerdict.ACCEPT),
        Stage.CODING: Coding(events=events),
        Stage.ADJUDICATION: Adjudication(events=events, reason="the clearer reading"),
        Stage.VERIFICATION: Verification(verdict=VerificationVerdict.ACCEPT),
    }
    return answers[stage]

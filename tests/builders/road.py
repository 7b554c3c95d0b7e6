"""A simulated workspace whose clips are all settled or rejected, with release media: what a release is made of.

Five subjects with one recording each: the third kept back the voice, the fourth the face, the fifth both; the second's
recording has no sound. Of each subject's clips the first was adjudicated after a correction, the second holds two
events, in the third nobody saw anything, the fourth was screened out; in the others both coders agree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import numpy as np

from builders.workspace import CLIP_FRAMES, PLAIN, RATE_HZ, a_clock, an_event, noon
from mmed_curate.agreement.settle import course
from mmed_curate.domain.identity import ClipId, JudgementId, RecordingId, TicketId, derived_uuid
from mmed_curate.domain.judgements import (
    Adjudication,
    Answer,
    CodedEvent,
    Coding,
    Judgement,
    Screening,
    ScreeningVerdict,
    Verification,
    VerificationVerdict,
)
from mmed_curate.domain.protocol import Modality, Role, Stage
from mmed_curate.domain.records import Asset, AssetKind, Box, Clip, Coder, Consent, Recording, Term
from mmed_curate.domain.time import Frame
from mmed_curate.media.sound import Sound, write_wav
from mmed_curate.media.write import RecordingWriter
from mmed_curate.store.workspace import Workspace
from mmed_curate.store.write import Writer

FULL = frozenset(Term)
CONSENTS = (
    FULL,
    FULL,
    FULL - {Term.PUBLISH_VOICE},
    FULL - {Term.PUBLISH_FACE, Term.PUBLISH_FEATURES},
    FULL - {Term.PUBLISH_FACE, Term.PUBLISH_FEATURES, Term.PUBLISH_VOICE},
)
SILENT = 1
"""The subject whose recording has no sound."""
STAFF = {"ann": Role.SCREENER, "bob": Role.CODER, "cem": Role.CODER, "dee": Role.ADJUDICATOR, "eve": Role.EXPERT}
CANARY = "Canary-Jones"
"""Stands in every free text and code that must stay inside."""
PART = Box(left=0, top=0, right=32, bottom=48)
"""What a clip shows of the picture, if not all."""
WINDOW = (5, 54)
"""First and last frame of every release cut, in the clip's frames."""
SOUND_RATE_HZ = 16_000
FACE_GREY, FACE_PLACE = 201, 12.345
"""What shows the face in features.npz: a brightness, and where it lies in px."""


def a_settled_workspace(
    root: Path,
    *,
    consents: Sequence[frozenset[Term]] = CONSENTS,
    clips: int = 5,
    simulated: bool = True,
    simulated_coder: str = "",
    backwards: bool = False,
    together: bool = False,
    crop: Box | None = PART,
    seed: int = 7,
) -> Workspace:
    """Make the workspace. Its secret comes from a seed; its clock stands still at noon of 2026-03-01 (UTC).

    Args:
        root: where to.
        consents: terms of each subject in turn.
        clips: clips of each subject.
        simulated: how subjects, session, coders and recordings are marked.
        simulated_coder: who is simulated all the same.
        backwards: do everything that has no order in another order.
        together: all in one session; else each subject alone in one.
        crop: the part of the picture that clips show.
        seed: what its secret comes from.
    """
    turn = slice(None, None, -1 if backwards else 1)
    workspace = Workspace.create(root, protocol=str(PLAIN), seed=seed, now=noon)
    with workspace.write() as records:
        for number, terms in list(enumerate(consents))[turn]:
            consent = Consent(terms=terms, form_version="1", signed_on=date(2026, 1, 2))
            records.add_subject(f"{CANARY}-{number}", consent, simulated=simulated, age_band="20-29", sex="f")
        names = [f"{CANARY}-{n}" for n in range(len(consents))]
        for number, players in enumerate([names] if together else [[name] for name in names]):
            records.add_session(f"{CANARY}-game-{number}", players, simulated=simulated)
        for code, role in list(STAFF.items())[turn]:
            records.add_coder(f"{CANARY}-{code}", [role], simulated=simulated or code == simulated_coder)
    files = _release_files(workspace.media / "release")
    with workspace.write(actor="ingest") as records:
        made = [
            _record(workspace, records, number, clips, files, 0 if together else number, crop=crop, simulated=simulated)
            for number in list(range(len(consents)))[turn]
        ]
    with workspace.write(actor="coders") as records:
        for of_subject in made:
            for place, (clip, emotion) in list(enumerate(of_subject))[turn]:
                _judge(workspace, records, clip, place, emotion=emotion)
    return workspace


@dataclass(slots=True)
class _Desk:
    """Appends answers as the desk does, all in one transaction."""

    workspace: Workspace
    records: Writer
    clip: Clip
    last: Judgement | None = None

    def answer(self, coder: str, stage: Stage, answer: Answer) -> None:
        who = self.records.coder(f"{CANARY}-{coder}")
        ticket = self.records.open_ticket(clip=self.clip.id, coder=who.id, stage=stage, round=1)
        self._append(ticket.id, who, answer, supersedes=None)

    def correct(self, coder: str, answer: Answer) -> None:
        who = self.records.coder(f"{CANARY}-{coder}")
        assert self.last is not None
        (ticket,) = self.records.tickets(coder=who.id, clip=self.clip.id)
        self._append(ticket.id, who, answer, supersedes=self.last.id)

    def _append(self, ticket: TicketId, who: Coder, answer: Answer, *, supersedes: JudgementId | None) -> None:
        self.last = self.records.append_judgement(
            ticket=ticket,
            clip=self.clip.id,
            coder=who.id,
            answer=answer,
            round=1,
            modality=Modality.BOTH,
            codebook_version=self.workspace.codebook.version,
            supersedes=supersedes,
            simulated=who.simulated,
        )
        said = self.records.judgements(self.clip.id)
        now = course(said, self.workspace.protocol, self.clip.clock, self.workspace.codebook)
        self.records.set_stage(self.clip.id, now.stage, round=now.round, open_seats=now.open_seats)


def _judge(workspace: Workspace, records: Writer, clip: Clip, place: int, *, emotion: int) -> None:
    book, desk = workspace.codebook, _Desk(workspace, records, clip)
    if place == 3:
        desk.answer("ann", Stage.SCREENING, Screening(verdict=ScreeningVerdict.REJECT, reason=CANARY))
        return
    desk.answer("ann", Stage.SCREENING, Screening(verdict=ScreeningVerdict.ACCEPT))
    one = an_event(book, emotion=emotion)
    events: tuple[CodedEvent, ...] = (one,)
    if place == 1:
        events = (one, an_event(book, onset=35, emotion=(emotion + 1) % 3))
    if place == 2:
        events = ()
    if place == 0:  # says one thing, corrects it, and still differs from the other coder
        desk.answer("bob", Stage.CODING, Coding(events=(), note=CANARY))
        desk.correct("bob", Coding(events=events, note=CANARY))
        desk.answer("cem", Stage.CODING, Coding(events=(an_event(book, emotion=(emotion + 1) % 3),), note=CANARY))
        desk.answer("dee", Stage.ADJUDICATION, Adjudication(events=events, reason=CANARY))
    else:
        desk.answer("bob", Stage.CODING, Coding(events=events, note=CANARY))
        desk.answer("cem", Stage.CODING, Coding(events=events, note=CANARY))
    desk.answer("eve", Stage.VERIFICATION, Verification(verdict=VerificationVerdict.ACCEPT))


def _record(
    workspace: Workspace,
    records: Writer,
    number: int,
    n_clips: int,
    files: dict[AssetKind, Path],
    session_number: int,
    *,
    crop: Box | None,
    simulated: bool,
    take: int = 0,
) -> list[tuple[Clip, int]]:
    subject, session = records.subject(f"{CANARY}-{number}"), records.session(f"{CANARY}-game-{session_number}")
    sha256 = hashlib.sha256(f"{CANARY} {number}{f' {take}' if take else ''}".encode()).hexdigest()
    recording = Recording(
        id=RecordingId(derived_uuid(workspace.secret, "recording", sha256)),
        sha256=sha256,
        path=f"/recordings/{CANARY}-{number}{f'-{take}' if take else ''}.mp4",
        session=session.id,
        subject=subject.id,
        width=64,
        height=48,
        clock=a_clock(100 * n_clips),
        has_sound=number != SILENT,
        sample_rate_hz=None if number == SILENT else SOUND_RATE_HZ,
        simulated=simulated,
    )
    clips = [
        Clip(
            id=ClipId(derived_uuid(workspace.secret, "clip", recording.id, str(place))),
            recording=recording.id,
            candidate=None,
            subject=subject.id,
            first=Frame(100 * place),
            last=Frame(100 * place + CLIP_FRAMES - 1),
            clock=a_clock(CLIP_FRAMES),
            crop=crop,
        )
        for place in range(n_clips)
    ]
    assets = [
        _asset(workspace, clip, kind, path, event)
        for place, clip in enumerate(clips)
        for event in range({1: 2, 2: 0, 3: 0}.get(place, 1))
        for kind, path in files.items()
        if kind is not AssetKind.CODING_PICTURE
        and (recording.has_sound or kind in {AssetKind.RELEASE_PICTURE, AssetKind.FEATURES})
    ]
    assets += [_asset(workspace, clip, AssetKind.CODING_PICTURE, files[AssetKind.CODING_PICTURE], 0) for clip in clips]
    records.add_recording(recording, (), clips, assets)
    return [(clip, (number + place) % 3) for place, clip in enumerate(clips)]


def _asset(workspace: Workspace, clip: Clip, kind: AssetKind, path: Path, event: int) -> Asset:
    data = path.read_bytes()
    return Asset(
        clip=clip.id,
        kind=kind,
        path=path.relative_to(workspace.media).as_posix(),
        sha256=hashlib.sha256(data).hexdigest(),
        n_bytes=len(data),
        first=Frame(clip.first + WINDOW[0]),
        last=Frame(clip.first + WINDOW[1]),
        event=event,
    )


def _release_files(folder: Path) -> dict[AssetKind, Path]:
    """One set of files that every clip shares: what is in them does not matter here, that they arrive does."""
    folder.mkdir(parents=True)
    n_frames = WINDOW[1] - WINDOW[0] + 1
    times = np.arange(n_frames * SOUND_RATE_HZ // RATE_HZ) / SOUND_RATE_HZ
    tone = (0.25 * np.sin(2 * np.pi * 220 * times)).astype(np.float32)[:, None]
    picture = folder / "picture.mp4"
    with RecordingWriter(
        picture, width=64, height=48, time_base=Fraction(1, RATE_HZ), sample_rate_hz=SOUND_RATE_HZ
    ) as writer:
        for frame in range(n_frames):
            writer.picture(np.full((48, 64, 3), 5 * frame, dtype=np.uint8), frame)
        writer.sound(tone)
    write_wav(folder / "sound.wav", Sound(samples=tone, rate_hz=SOUND_RATE_HZ, start=Fraction(0)))
    noise = np.random.default_rng(0)
    np.savez(
        folder / "features.npz",
        format=np.array("mmed-features"),
        version=np.array(2),
        times_s=np.arange(n_frames) / RATE_HZ,
        faces=np.full((n_frames, 128, 128), FACE_GREY, dtype=np.uint8),
        landmarks=np.full((n_frames, 468, 2), FACE_PLACE, dtype=np.float32),
        alignment=np.full((n_frames, 2, 3), FACE_PLACE, dtype=np.float32),
        eye_distance_px=np.full(n_frames, FACE_PLACE, dtype=np.float32),
        seen=np.ones(n_frames, dtype=bool),
        flow=noise.normal(size=(3, 48, 48)).astype(np.float32),
        motion=np.abs(noise.normal(size=n_frames)).astype(np.float32),
    )
    np.savez(
        folder / "sound-features.npz",
        log_mel=noise.normal(size=(64, 160)).astype(np.float32),
        hop_s=np.array(0.010),
        window_s=np.array(0.025),
        rate_hz=np.array(SOUND_RATE_HZ),
        onset_s=np.array(0.5),
        apex_s=np.array(0.6),
        offset_s=np.array(0.8),
    )
    (folder / "coding.mp4").write_bytes(b"what the coders saw")
    return _files_in(folder)


def _files_in(folder: Path) -> dict[AssetKind, Path]:
    return {
        AssetKind.RELEASE_PICTURE: folder / "picture.mp4",
        AssetKind.RELEASE_SOUND: folder / "sound.wav",
        AssetKind.FEATURES: folder / "features.npz",
        AssetKind.SOUND_FEATURES: folder / "sound-features.npz",
        AssetKind.CODING_PICTURE: folder / "coding.mp4",
    }


def a_later_recording(workspace: Workspace, number: int, *, clips: int = 1) -> list[Clip]:
    """One more recording of a subject, in the subject's session; its clips are judged as those of the first one were.

    Args:
        workspace: made by `a_settled_workspace`.
        number: of the subject, from 0.
        clips: how many.
    """
    with workspace.write(actor="ingest") as records:
        files = _files_in(workspace.media / "release")
        made = _record(workspace, records, number, clips, files, number, crop=PART, simulated=True, take=1)
    with workspace.write(actor="coders") as records:
        for place, (clip, emotion) in enumerate(made):
            _judge(workspace, records, clip, place, emotion=emotion)
    return [clip for clip, _ in made]


def begin_another_clip(workspace: Workspace, code: str) -> None:
    """One more clip of a subject, screened and not yet coded."""
    with workspace.write() as records:
        subject = records.subject(code)
        recording = next(one for one in records.recordings() if one.subject == subject.id)
        clip = records.clips(recording.id)[0]
        other = replace(
            recording, id=type(recording.id)(recording.id[::-1]), sha256=recording.sha256[::-1], path="/other.mp4"
        )
        begun = replace(clip, id=type(clip.id)(clip.id[::-1]), recording=other.id)
        records.add_recording(other, (), [begun], ())
        coder = next(one for one in records.coders() if one.code.endswith("ann"))
        ticket = records.open_ticket(clip=begun.id, coder=coder.id, stage=Stage.SCREENING, round=1)
        records.append_judgement(
            ticket=ticket.id,
            clip=begun.id,
            coder=coder.id,
            answer=Screening(verdict=ScreeningVerdict.ACCEPT),
            round=1,
            modality=Modality.BOTH,
            codebook_version=workspace.codebook.version,
            simulated=True,
        )

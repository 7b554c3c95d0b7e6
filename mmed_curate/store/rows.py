"""Rows to records and back."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from enum import Enum
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, pairwise
from sys import intern

from mmed_curate.domain.files import canonical_json
from mmed_curate.domain.identity import (
    CandidateId,
    ClipId,
    CoderId,
    JudgementId,
    RecordingId,
    SessionId,
    SubjectId,
)
from mmed_curate.domain.judgements import STAGE_OF_ANSWER, Answer, Judgement
from mmed_curate.domain.protocol import ClipOrigin, Modality, Purpose, Role, Stage
from mmed_curate.domain.records import (
    Asset,
    AssetKind,
    Box,
    Candidate,
    Clip,
    Coder,
    Companion,
    CompanionKind,
    Consent,
    FaceOwner,
    LogEntry,
    Recording,
    Session,
    Skew,
    SoundFlag,
    Subject,
    Tag,
    Term,
)
from mmed_curate.domain.serial import from_json, to_json
from mmed_curate.domain.time import Frame, FrameClock, Span, Synchrony
from mmed_curate.store.tables import (
    AssetRow,
    CandidateRow,
    ClipRow,
    CoderRow,
    CompanionRow,
    ConsentRow,
    FaceOwnerRow,
    JudgementRow,
    LogRow,
    RecordingRow,
    SessionRow,
    SubjectRow,
)

_ANSWER_AT: dict[Stage, type[Answer]] = {stage: kind for kind, stage in STAGE_OF_ANSWER.items()}


def packed_clock(clock: FrameClock) -> bytes:
    """A clock in few bytes: the first PTS, the steps between, the end and the time base, as zlib-compressed JSON."""
    steps = [later - earlier for earlier, later in pairwise(clock.pts)]
    value = {"first": clock.pts[0], "steps": steps, "end": clock.end_pts, "time_base": str(clock.time_base)}
    return zlib.compress(canonical_json(value).encode())


@lru_cache(maxsize=1024)
def unpacked_clock(packed: bytes) -> FrameClock:
    """The clock that `packed_clock` packed; clips that are as long at one rate share theirs."""
    value = json.loads(zlib.decompress(packed))
    return FrameClock(
        pts=tuple(accumulate(value["steps"], initial=value["first"])),
        end_pts=value["end"],
        time_base=Fraction(value["time_base"]),
    )


def sorted_words(words: Iterable[Enum]) -> str:
    """JSON list of the values of some enum members, sorted."""
    return canonical_json(sorted(word.value for word in words))


def subject_of(row: SubjectRow, consent: ConsentRow) -> Subject:
    """The subject with the consent given."""
    return Subject(
        id=SubjectId(row.id),
        code=row.code,
        consent=consent_of(consent),
        simulated=row.simulated,
        age_band=row.age_band,
        sex=row.sex,
        ethnicity=row.ethnicity,
        language=row.language,
        glasses=row.glasses,
        beard=row.beard,
    )


def consent_of(row: ConsentRow) -> Consent:
    """The consent in a row."""
    return Consent(
        terms=frozenset(Term(word) for word in json.loads(row.terms)),
        form_version=row.form_version,
        signed_on=row.signed_on,
        expires_on=row.expires_on,
    )


def session_of(row: SessionRow, subjects: Iterable[str]) -> Session:
    """The session with those who took part."""
    return Session(
        id=SessionId(row.id),
        code=row.code,
        subjects=tuple(SubjectId(subject) for subject in subjects),
        game=row.game,
        played_on=row.played_on,
        simulated=row.simulated,
    )


def coder_of(row: CoderRow) -> Coder:
    """The coder in a row."""
    roles = frozenset(Role(word) for word in json.loads(row.roles))
    return Coder(id=CoderId(row.id), code=row.code, roles=roles, simulated=row.simulated)


def recording_of(row: RecordingRow) -> Recording:
    """The recording in a row."""
    return Recording(
        id=RecordingId(row.id),
        sha256=row.sha256,
        path=row.path,
        session=SessionId(row.session),
        subject=SubjectId(row.subject),
        width=row.width,
        height=row.height,
        clock=unpacked_clock(row.clock),
        has_sound=row.has_sound,
        sample_rate_hz=row.sample_rate_hz,
        simulated=row.simulated,
        skew=None if row.skew is None else from_json(Skew, json.loads(row.skew)),
        picture_stream=row.picture_stream,
        sound_stream=row.sound_stream,
    )


def recording_row(record: Recording) -> RecordingRow:
    """The row of a recording."""
    return RecordingRow(
        id=record.id,
        sha256=record.sha256,
        path=record.path,
        session=record.session,
        subject=record.subject,
        width=record.width,
        height=record.height,
        clock=packed_clock(record.clock),
        has_sound=record.has_sound,
        sample_rate_hz=record.sample_rate_hz,
        simulated=record.simulated,
        skew=None if record.skew is None else canonical_json(to_json(record.skew)),
        picture_stream=record.picture_stream,
        sound_stream=record.sound_stream,
    )


def companion_of(row: CompanionRow) -> Companion:
    """The companion file in a row."""
    return Companion(
        recording=RecordingId(row.recording),
        path=row.path,
        sha256=row.sha256,
        kind=CompanionKind(row.kind),
        subject=None if row.subject is None else SubjectId(row.subject),
        stream=row.stream,
        channel=row.channel,
        synchrony=from_json(Synchrony, json.loads(row.synchrony)),
        confidence=row.confidence,
    )


def companion_row(record: Companion, position: int) -> CompanionRow:
    """The row of a companion file."""
    return CompanionRow(
        recording=record.recording,
        position=position,
        path=record.path,
        sha256=record.sha256,
        kind=record.kind.value,
        subject=record.subject,
        stream=record.stream,
        channel=record.channel,
        synchrony=canonical_json(to_json(record.synchrony)),
        confidence=record.confidence,
    )


def face_owner_of(row: FaceOwnerRow) -> FaceOwner:
    """Whose a track is."""
    return FaceOwner(recording=RecordingId(row.recording), track=row.track, subject=SubjectId(row.subject))


def face_owner_row(record: FaceOwner) -> FaceOwnerRow:
    """The row of a track's owner."""
    return FaceOwnerRow(recording=record.recording, track=record.track, subject=record.subject)


def candidate_of(row: CandidateRow) -> Candidate:
    """The candidate in a row."""
    return Candidate(
        id=CandidateId(row.id),
        recording=RecordingId(row.recording),
        span=Span(onset=Frame(row.onset), apex=Frame(row.apex), offset=Frame(row.offset)),
        score=row.score,
        region=row.region,
        tags=frozenset(Tag(word) for word in json.loads(row.tags)),
        track=row.track,
    )


def candidate_row(record: Candidate) -> CandidateRow:
    """The row of a candidate."""
    return CandidateRow(
        id=record.id,
        recording=record.recording,
        onset=record.span.onset,
        apex=record.span.apex,
        offset=record.span.offset,
        score=record.score,
        region=record.region,
        tags=sorted_words(record.tags),
        track=record.track,
    )


def clip_of(row: ClipRow) -> Clip:
    """The clip in a row."""
    return Clip(
        id=ClipId(intern(row.id)),
        recording=RecordingId(intern(row.recording)),
        candidate=None if row.candidate is None else CandidateId(row.candidate),
        subject=SubjectId(intern(row.subject)),
        first=Frame(row.first),
        last=Frame(row.last),
        clock=unpacked_clock(row.clock),
        crop=None if row.crop is None else from_json(Box, json.loads(row.crop)),
        sound_flags=None
        if row.sound_flags is None
        else frozenset(SoundFlag(word) for word in json.loads(row.sound_flags)),
        also_visible=tuple(None if who is None else SubjectId(who) for who in json.loads(row.also_visible)),
        origin=ClipOrigin(row.origin),
        replaces=None if row.replaces is None else ClipId(row.replaces),
    )


def clip_row(record: Clip) -> ClipRow:
    """The row of a clip."""
    return ClipRow(
        id=record.id,
        recording=record.recording,
        candidate=record.candidate,
        subject=record.subject,
        first=record.first,
        last=record.last,
        clock=packed_clock(record.clock),
        crop=None if record.crop is None else canonical_json(to_json(record.crop)),
        sound_flags=None if record.sound_flags is None else sorted_words(record.sound_flags),
        also_visible=canonical_json(list(record.also_visible)),
        origin=record.origin.value,
        replaces=record.replaces,
    )


def asset_of(row: AssetRow) -> Asset:
    """The asset in a row."""
    return Asset(
        clip=ClipId(intern(row.clip)),
        kind=AssetKind(row.kind),
        path=row.path,
        sha256=row.sha256,
        n_bytes=row.n_bytes,
        first=Frame(row.first),
        last=Frame(row.last),
        event=row.event,
    )


def asset_row(record: Asset) -> AssetRow:
    """The row of an asset."""
    return AssetRow(
        clip=record.clip,
        kind=record.kind.value,
        event=record.event,
        path=record.path,
        sha256=record.sha256,
        n_bytes=record.n_bytes,
        first=record.first,
        last=record.last,
    )


@lru_cache(maxsize=4096)  # most of those who screen and verify say the same
def _answer_of(stage: str, text: str) -> Answer:
    return from_json(_ANSWER_AT[Stage(stage)], json.loads(text))


def judgement_of(row: JudgementRow) -> Judgement:
    """The judgement in a row."""
    return Judgement(
        id=JudgementId(row.id),
        clip=ClipId(intern(row.clip)),
        coder=CoderId(intern(row.coder)),
        answer=_answer_of(row.stage, row.answer),
        round=row.round,
        modality=Modality(row.modality),
        codebook_version=intern(row.codebook_version),
        order=row.sequence,
        supersedes=None if row.supersedes is None else JudgementId(row.supersedes),
        simulated=row.simulated,
        purpose=Purpose(row.purpose),
        turn=row.turn,
    )


def log_entry_of(row: LogRow) -> LogEntry:
    """The log entry in a row."""
    return LogEntry(
        sequence=row.sequence,
        at=row.at,
        actor=row.actor,
        kind=row.kind,
        payload=row.payload,
        previous=row.previous,
        digest=row.digest,
    )

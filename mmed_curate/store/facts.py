"""What the event log says of rows that it shows whole: who and what was registered, and which of it is simulated."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm import load_only

from mmed_curate.domain.files import canonical_json
from mmed_curate.domain.findings import Finding
from mmed_curate.domain.records import LogEntry
from mmed_curate.store.chain import broken
from mmed_curate.store.tables import (
    CandidateRow,
    ClipRow,
    CoderRow,
    CompanionRow,
    FaceOwnerRow,
    RecordingRow,
    SessionRow,
    SessionSubjectRow,
    SubjectRow,
)

SUBJECT_ADDED = "subject.added"
SESSION_ADDED = "session.added"
CODER_ADDED = "coder.added"
RECORDING_ADDED = "recording.added"
CLIP = "clip"
"""Key of the rows of clips among the facts: no entry is about one alone."""
CLIPS_ADDED = "clips.added"
"""Clips that were added to a recording after it was registered."""

_NAMES: Mapping[str, str] = {
    SUBJECT_ADDED: "subject",
    SESSION_ADDED: "session",
    CODER_ADDED: "coder",
    RECORDING_ADDED: "recording",
}
"""By kind of entry: the key of its payload that holds the row's id."""

Facts = Mapping[str, Mapping[str, Mapping[str, object]]]
"""By kind of entry and id of the row: what its entry must say."""


_NOTHING_BESIDE: Mapping[str, object] = {"companions": [], "faces": {}}
"""What an entry says that was written before there were companions and owners of faces."""


def cut_digest(clips: Iterable[Mapping[str, object]]) -> str:
    """SHA-256 over what an entry vouches for of its clips: whose each is, its frames, its origin, what it replaces."""
    told = sorted((dict(clip) for clip in clips), key=lambda clip: str(clip["clip"]))
    return hashlib.sha256(canonical_json(told).encode()).hexdigest()


def clip_facts(row: ClipRow) -> dict[str, object]:
    """What is vouched for of one clip."""
    named = ("recording", "candidate", "subject", "first", "last", "origin", "replaces", "also_visible")
    return {"clip": row.id, **{name: getattr(row, name) for name in named}}


_HELD_ELSEWHERE = frozenset({"cut", "read", "proposed", "made"})
"""Digests of an entry on a recording, which are held against clips, candidates and files themselves."""
_SINCE_0003 = frozenset({"session", "subject"})
"""What entries on recordings did not say before."""


def facts_of(session: OrmSession) -> Facts:
    """What the rows say today, as the entries that registered them would."""
    took_part: dict[str, list[str]] = defaultdict(list)
    for row in session.scalars(select(SessionSubjectRow).order_by(SessionSubjectRow.position)):
        took_part[row.session].append(row.subject)
    clips: dict[str, list[str]] = defaultdict(list)
    for id, recording in session.execute(select(ClipRow.id, ClipRow.recording)):
        clips[recording].append(id)
    companions: dict[str, list[str]] = defaultdict(list)
    for beside in session.scalars(select(CompanionRow).order_by(CompanionRow.position)):
        companions[beside.recording].append(beside.sha256)
    faces: dict[str, dict[str, str]] = defaultdict(dict)
    for owner in session.scalars(select(FaceOwnerRow).order_by(FaceOwnerRow.track)):
        faces[owner.recording][str(owner.track)] = owner.subject
    candidates = Counter(session.scalars(select(CandidateRow.recording)))
    # without their large clocks
    recordings = select(
        RecordingRow.id, RecordingRow.sha256, RecordingRow.simulated, RecordingRow.session, RecordingRow.subject
    )
    columns = (
        *(ClipRow.recording, ClipRow.candidate, ClipRow.subject, ClipRow.first, ClipRow.last),
        *(ClipRow.origin, ClipRow.replaces, ClipRow.also_visible),
    )
    cuts = session.scalars(select(ClipRow).options(load_only(*columns)))  # without their clocks
    return {
        CLIP: {row.id: clip_facts(row) for row in cuts},
        SUBJECT_ADDED: {
            row.id: {"subject": row.id, "code": row.code, "simulated": row.simulated}
            for row in session.scalars(select(SubjectRow))
        },
        SESSION_ADDED: {
            row.id: {"session": row.id, "code": row.code, "subjects": took_part[row.id], "simulated": row.simulated}
            for row in session.scalars(select(SessionRow))
        },
        CODER_ADDED: {
            row.id: {"coder": row.id, "code": row.code, "roles": json.loads(row.roles), "simulated": row.simulated}
            for row in session.scalars(select(CoderRow))
        },
        RECORDING_ADDED: {
            id: {
                "recording": id,
                "sha256": sha256,
                "candidates": candidates[id],
                "clips": sorted(clips[id]),
                "simulated": simulated,
                "companions": companions[id],
                "faces": faces[id],
                "session": of,
                "subject": subject,
            }
            for id, sha256, simulated, of, subject in session.execute(recordings)
        },
    }


def facts_findings(entries: Iterable[LogEntry], facts: Facts) -> tuple[Finding, ...]:
    """Rows that are not as they were registered, in the order of the log; then those that never were.

    Args:
        entries: the log, whose chain holds.
        facts: what the rows say today.
    """
    findings: list[Finding] = []
    newest = 0
    registered: dict[str, set[str]] = {kind: set() for kind in _NAMES}
    entries = tuple(entries)
    later = _added_later(entries)
    for entry in entries:
        newest = entry.sequence
        findings.extend(_cut_findings(entry, facts[CLIP]))
        if entry.kind not in _NAMES:
            continue
        said = json.loads(entry.payload)
        if entry.kind == RECORDING_ADDED:
            said = {**_NOTHING_BESIDE, **said}
            said = {key: value for key, value in said.items() if key not in _HELD_ELSEWHERE}
            said["clips"] = sorted([*said["clips"], *later[said["recording"]]])
        said.pop("seal", None)  # held against what is known of a subject
        name, id = _NAMES[entry.kind], said[_NAMES[entry.kind]]
        registered[entry.kind].add(id)
        called = f"the {name} {said.get('code', id)} of log entry {entry.sequence}"
        today = facts[entry.kind].get(id)
        if today is None:
            findings.append(broken(entry.sequence, f"{called} is missing"))
            continue
        older = _SINCE_0003 - set(said) if entry.kind == RECORDING_ADDED else frozenset()
        differ = sorted(key for key in {*said, *today} - older if said.get(key) != today.get(key))
        if differ:
            findings.append(broken(entry.sequence, f"{called} was altered ({', '.join(differ)})"))
    for kind, name in _NAMES.items():
        for id in sorted(set(facts[kind]) - registered[kind]):
            code = facts[kind][id].get("code", id)
            findings.append(broken(newest, f"the {name} {code} is in the database, but no log entry registered it"))
    return tuple(findings)


def _cut_findings(entry: LogEntry, clips: Mapping[str, Mapping[str, object]]) -> tuple[Finding, ...]:
    """Whether the clips that an entry speaks of are cut as it says; one of an older program says nothing of it."""
    if entry.kind not in {RECORDING_ADDED, CLIPS_ADDED}:
        return ()
    said = json.loads(entry.payload)
    there = [clips[id] for id in said["clips"] if id in clips]
    if "cut" not in said or len(there) < len(said["clips"]) or cut_digest(there) == said["cut"]:
        return ()
    named = "whose it is, who else is in it, its frames, its origin or what it replaces"
    what = f"a clip of log entry {entry.sequence} was altered ({named})"
    return (broken(entry.sequence, what),)


def _added_later(entries: Iterable[LogEntry]) -> Mapping[str, list[str]]:
    """By recording: clips that were added after it was registered."""
    later: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        if entry.kind == CLIPS_ADDED:
            said = json.loads(entry.payload)
            later[said["recording"]].extend(said["clips"])
    return later

"""What the event log vouches for of what was made: recordings as they were read, candidates, clips and their files."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from mmed_curate.domain.files import canonical_json
from mmed_curate.domain.findings import Finding
from mmed_curate.domain.records import LogEntry
from mmed_curate.store.chain import broken
from mmed_curate.store.facts import CLIPS_ADDED, RECORDING_ADDED
from mmed_curate.store.happened import SUBJECT_ERASED
from mmed_curate.store.tables import AssetRow, CandidateRow, ClipRow, FaceOwnerRow, RecordingRow

ASSETS_PUT = "assets.put"
"""All files of a clip were noted anew."""

_READ = ("width", "height", "has_sound", "sample_rate_hz", "skew", "picture_stream", "sound_stream")
_PROPOSED = ("id", "onset", "apex", "offset", "score", "region", "tags")
_FILE = ("kind", "event", "path", "sha256", "n_bytes", "first", "last")


def read_digest(row: RecordingRow) -> str:
    """SHA-256 over what was read of a recording: its size, its clock, its sound and how far the two lie apart."""
    return _digest([_hash(row.clock), *(_plain(getattr(row, name)) for name in _READ)])


def proposed_digests(rows: Iterable[CandidateRow]) -> dict[str, str]:
    """By track: SHA-256 over the candidates on it; by track, because they are erased so."""
    tracks: dict[str, list[list[object]]] = defaultdict(list)
    for row in rows:
        tracks[str(row.track)].append([*(getattr(row, name) for name in _PROPOSED[:4]), float(row.score)])
        tracks[str(row.track)][-1] += [row.region, row.tags]
    return {track: _digest(sorted(told, key=str)) for track, told in sorted(tracks.items())}


def made_digest(clip: ClipRow, files: Iterable[AssetRow]) -> str:
    """SHA-256 over how a clip is shown: its clock, its crop, what was noted of its sound, and all of its files."""
    told = sorted([getattr(one, name) for name in _FILE] for one in files)
    return _made([_hash(clip.clock), clip.crop, clip.sound_flags], told)


def made_findings(session: OrmSession, entries: Iterable[LogEntry]) -> tuple[Finding, ...]:
    """What is not as the newest entry that speaks of it says; entries of older programs say less.

    Args:
        session: one view of the database.
        entries: the log, whose chain holds.
    """
    read: dict[str, tuple[int, str]] = {}
    proposed: dict[str, tuple[int, Mapping[str, str]]] = {}
    made: dict[str, tuple[int, str | list[str] | None]] = {}
    erased: set[str] = set()
    left: set[str] = set()
    for entry in entries:
        if entry.kind == SUBJECT_ERASED:
            said = json.loads(entry.payload)
            erased.update(said["clips"], said.get("seen", ()))
            left.add(said["subject"])
        elif entry.kind in {RECORDING_ADDED, CLIPS_ADDED}:
            said = json.loads(entry.payload)
            if "read" in said:
                read[said["recording"]] = entry.sequence, said["read"]
                proposed[said["recording"]] = entry.sequence, said["proposed"]
            made.update({clip: (entry.sequence, digest) for clip, digest in said.get("made", {}).items()})
        elif entry.kind == ASSETS_PUT:
            said = json.loads(entry.payload)
            made[said["clip"]] = entry.sequence, said.get("made", said["files"])
    told = {clip: what for clip, what in made.items() if clip not in erased}
    return (
        *_read_findings(session, read),
        *_proposed_findings(session, proposed, left),
        *_made_findings(session, told),
    )


def _read_findings(session: OrmSession, read: Mapping[str, tuple[int, str]]) -> Iterable[Finding]:
    for row in session.scalars(select(RecordingRow)):
        if row.id in read and read_digest(row) != read[row.id][1]:
            sequence = read[row.id][0]
            named = "its size, its clock, its sound or their skew"
            yield broken(sequence, f"the recording {row.id} of log entry {sequence} was altered ({named})")


def _proposed_findings(
    session: OrmSession, proposed: Mapping[str, tuple[int, Mapping[str, str]]], left: Collection[str]
) -> Iterable[Finding]:
    owners: dict[str, dict[str, str]] = defaultdict(dict)
    for face in session.scalars(select(FaceOwnerRow)):
        owners[face.recording][str(face.track)] = face.subject
    whose = {row[0]: row[1] for row in session.execute(select(RecordingRow.id, RecordingRow.subject))}
    there: dict[str, list[CandidateRow]] = defaultdict(list)
    for row in session.scalars(select(CandidateRow)):
        there[row.recording].append(row)
    for recording, (sequence, said) in proposed.items():
        now = proposed_digests(there[recording])
        faces = owners.get(recording)
        for track in sorted({*said, *now}):
            owner = faces.get(track) if faces else whose.get(recording)
            if owner not in left and said.get(track) != now.get(track):
                yield broken(sequence, f"a candidate of log entry {sequence} was altered (its frames, score or region)")
                break


def _made_findings(session: OrmSession, made: Mapping[str, tuple[int, str | list[str] | None]]) -> Iterable[Finding]:
    files = select(AssetRow.clip, *(getattr(AssetRow, name) for name in _FILE)).order_by(AssetRow.clip)
    found = {clip: sorted([*one[1:]] for one in some) for clip, some in groupby(session.execute(files), lambda r: r[0])}
    shown = select(ClipRow.id, ClipRow.clock, ClipRow.crop, ClipRow.sound_flags)
    for clip, clock, crop, flags in session.execute(shown):
        if clip not in made:
            continue
        sequence, said = made[clip]
        told = found.get(clip, [])
        if isinstance(said, list):  # of an older program: the hashes alone
            altered = sorted(one[_FILE.index("sha256")] for one in told) != said
        else:
            altered = _made([_hash(clock), crop, flags], told) != said
        if altered:
            yield broken(sequence, f"the files or the crop of clip {clip} are not those of log entry {sequence}")


def _made(shown: list[object], told: list[list[object]]) -> str:
    return _digest([shown, [[_plain(value) for value in one] for one in told]])


def _plain(value: object) -> object:
    """As the database gives it back."""
    return int(value) if isinstance(value, bool) else value


def _hash(contents: bytes) -> str:
    return hashlib.sha256(contents).hexdigest()


def _digest(value: object) -> str:
    return _hash(canonical_json(value).encode())

"""The curator's receipt of a withdrawal: what went, what remains and why, and what copies elsewhere must drop.

It names the subject by the lab's code, for the curator's own files; it is no part of a release.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmed_curate.domain.files import sha256_of
from mmed_curate.domain.identity import SubjectId
from mmed_curate.store import Workspace
from mmed_curate.store.left import SUBJECT_WITHDRAWN, Erasure
from mmed_curate.store.migrate import backup_holds

REMAINS = (
    "in the log: that the subject was registered, recorded and withdrew, who judged which of their clips and when, and "
    "salted hashes of it, whose salts are gone: without it the chain could not be checked",
    "in the database: the lab's code, what was signed and when, which session was played, where its recordings "
    "lay, where clips began and ended",
    "hashes of the recordings and of files that were made of them, which say nothing to who does not hold the files",
)
"""What an erasure leaves, in words."""
OUT_OF_REACH = (
    "copies of the workspace, of its disk (snapshots, backups of the machine) and of releases elsewhere",
    "blocks that a disk or filesystem has freed and not yet overwritten",
)
"""What no program here can reach, in words."""
_WHAT: Mapping[str, str] = {
    "judgements": "judgements emptied",
    "movements": "movements handed in before the emotion, emptied",
    "gold": "gold readings emptied",
    "drafts": "drafts deleted",
    "reasons": "coders' reasons for giving a ticket back deleted",
    "exclusions": "reasons why somebody does not judge the subject emptied",
    "game events": "game events emptied",
    "self-reports": "self-reports emptied",
    "cues": "cues of transcripts emptied",
    "references": "references of the face at rest emptied",
    "candidates": "the machine's proposals emptied",
    "entries of files": "entries of media files deleted",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file that the curator must drop."""

    path: str
    sha256: str
    there: bool
    """It lies where it is said to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropRelease:
    """A release or a draft that must be dropped."""

    version: str
    """That of a draft ends in -draft."""
    id: str
    path: str | None
    """None: not in the workspace."""
    sure: bool
    """It holds something of the subject; else it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """All that is said of a withdrawal."""

    subject: str
    """The lab's code."""
    simulated: bool
    withdrawn_at: str
    n_clips: int
    """The subject's own."""
    n_others: int
    """Of others, with the subject seen or heard."""
    erasure: Erasure | None
    """None: nothing was erased."""
    shared: tuple[str, ...]
    """Recordings that show or hear others too, and whose observations, notes and sheets went whole; by path."""
    originals: tuple[KeptFile, ...]
    """Recordings and what lies beside them: theirs to delete who own them."""
    backups: tuple[KeptFile, ...]
    releases: tuple[DropRelease, ...]
    log_entries: int
    log_digest: str
    """Hash of the log's newest entry."""


def receipt_of(workspace: Workspace, code: str, releases: Sequence[DropRelease]) -> Receipt:
    """Say all of a withdrawal that was noted.

    Args:
        workspace: whose subject.
        code: the lab's code of the subject.
        releases: which must be dropped.

    Raises:
        BadInput: there is no such subject.
        ValueError: the subject did not withdraw.
    """
    with workspace.read() as records:
        subject = records.subject(code)
        erasure = records.erasure(subject.id)
        people = records.people()
        whose = records.subjects_of_clips()
        involved = set(records.recordings_with(subject.id))
        recordings = [one for one in records.recordings() if one.id in involved]
        beside = {(one.path, one.sha256) for one in records.companions() if one.recording in involved}
        sessions = {one.id: one for one in records.sessions()}
        entries = records.log()
    left = [
        one for one in entries if one.kind == SUBJECT_WITHDRAWN and json.loads(one.payload)["subject"] == subject.id
    ]
    if not left:
        raise ValueError(f"{code} did not withdraw")
    own = sum(one == subject.id for one in whose.values())
    return Receipt(
        subject=code,
        simulated=subject.simulated,
        withdrawn_at=left[0].at,
        n_clips=own,
        n_others=sum(subject.id in seen for seen in people.values()) - own,
        erasure=erasure,
        shared=tuple(sorted(one.path for one in recordings if set(sessions[one.session].subjects) != {subject.id})),
        originals=tuple(
            KeptFile(path=path, sha256=sha256, there=Path(path).is_file())
            for path, sha256 in sorted({(one.path, one.sha256) for one in recordings} | beside)
        ),
        backups=_backups(workspace, subject.id),
        releases=tuple(releases),
        log_entries=len(entries),
        log_digest=entries[-1].digest,
    )


def receipt_document(receipt: Receipt) -> dict[str, object]:
    """The receipt as JSON values, in the shape of schema/json/withdrawal-receipt.schema.json."""
    erasure = receipt.erasure
    return {
        "format": "mmed-withdrawal-receipt",
        "version": "1.0",
        "subject": receipt.subject,
        "simulated": receipt.simulated,
        "withdrawn_at": receipt.withdrawn_at,
        "clips": {"own": receipt.n_clips, "of_others": receipt.n_others},
        "erased": None
        if erasure is None
        else {
            "at": erasure.at,
            "finished_at": erasure.finished or None,
            "counts": {name: erasure.counts.get(name, 0) for name in _WHAT},
            "files": [
                {"path": file.path, "sha256": file.sha256, "bytes": file.n_bytes} for file in erasure.files or ()
            ],
            "whole": list(receipt.shared),
            "remains": list(REMAINS),
        },
        "to_drop": {
            "recordings": [_kept(one) for one in receipt.originals],
            "backups": [_kept(one) for one in receipt.backups],
            "releases": [
                {"version": one.version, "id": one.id, "path": one.path, "holds": "yes" if one.sure else "perhaps"}
                for one in receipt.releases
            ],
            "out_of_reach": list(OUT_OF_REACH),
        },
        "log": {"entries": receipt.log_entries, "newest": receipt.log_digest},
    }


def receipt_text(receipt: Receipt) -> str:
    """The receipt for people."""
    simulated = "SIMULATED " if receipt.simulated else ""
    lines = [
        f"{simulated}receipt of a withdrawal: subject {receipt.subject}, {receipt.withdrawn_at}",
        "For the curator's own files: it names the subject by the lab's code. Keep it out of every release.",
        "",
        f"Clips out of every queue and every later release: {receipt.n_clips} of the subject, "
        f"{receipt.n_others} of others in which they may be seen or heard.",
        "",
    ]
    erasure = receipt.erasure
    if erasure is None:
        lines += ["Nothing was erased: `mmed withdraw CODE --erase` does that.", ""]
    else:
        when = erasure.finished or "NOT FINISHED: run the same command again"
        files = erasure.files or ()
        lines += [f"Erased ({when}):"]
        lines += [f"  {number:6d} {_WHAT[name]}" for name, number in erasure.counts.items() if number]
        lines += [f"  {len(files):6d} files, {sum(file.n_bytes for file in files) / 1e6:,.1f} MB"]
        lines += [f"         {file.sha256}  {file.path}" for file in files]
        if receipt.shared:
            lines += ["Erased whole, because others may be seen or heard there too and cannot be separated:"]
            lines += ["  observations, notes, contact sheets and quality reports of these recordings, and the media of"]
            lines += ["  all their clips, those of others too; what was said of the others stays"]
            lines += [f"    {path}" for path in receipt.shared]
        lines += ["", "What remains, and why:", *(f"  - {one}" for one in REMAINS), ""]
    lines += ["To be dropped by you:"]
    lines += _told("recordings, which are not ours", receipt.originals)
    lines += _told("backups in the workspace", receipt.backups)
    lines += [f"  releases and drafts: {'none' if not receipt.releases else ''}".rstrip()]
    for one in receipt.releases:
        where = one.path or "not in this workspace"
        lines += [f"    {one.version}  {one.id}  {where}{'' if one.sure else ' (may hold something)'}"]
    lines += [*(f"  {one}" for one in OUT_OF_REACH), ""]
    lines += [f"The log has {receipt.log_entries} entries; newest {receipt.log_digest}"]
    return "\n".join(lines) + "\n"


def _told(what: str, files: Sequence[KeptFile]) -> list[str]:
    gone = "" if files else " none"
    return [
        f"  {what}:{gone}",
        *(f"    {one.sha256}  {one.path}{'' if one.there else ' (not there)'}" for one in files),
    ]


def _kept(file: KeptFile) -> dict[str, object]:
    return {"path": file.path, "sha256": file.sha256, "there": file.there}


def _backups(workspace: Workspace, subject: SubjectId) -> tuple[KeptFile, ...]:
    folder = workspace.root / "backups"
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    return tuple(
        KeptFile(path=path.relative_to(workspace.root).as_posix(), sha256=sha256_of(path), there=True)
        for path in files
        if backup_holds(path, subject)
    )

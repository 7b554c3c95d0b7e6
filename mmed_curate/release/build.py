"""A sealed, versioned folder out of a workspace that passed the gate: everything aside first, the name last.

What did not pass can be shared as a draft, which says so in its name, manifest, texts and to whoever loads it.

One state of a workspace and one version of the toolkit give the same bytes, whoever builds them, where and when: days
come from the event log, names from the workspace's secret, rows are sorted, files are copied as they were made.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from stat import S_IMODE

from mmed_curate import __version__
from mmed_curate.dataset.consistency import PARQUET
from mmed_curate.dataset.facts import Counts, ReleaseFacts
from mmed_curate.dataset.manifest import MANIFEST, Manifest, Mark, files_under, release_id, seal
from mmed_curate.dataset.rederivation import derive_again
from mmed_curate.dataset.selection import media_bytes
from mmed_curate.dataset.versions import DRAFT, Version
from mmed_curate.domain.collecting import no_search_for_circles
from mmed_curate.domain.files import folder_written_aside, sha256_of
from mmed_curate.domain.findings import BadInput, Finding, Refused
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.gate.decide import DraftOnly
from mmed_curate.gate.evidence import Evidence
from mmed_curate.release.copying import copying, stamp_of
from mmed_curate.release.documents import write_documents, write_tables
from mmed_curate.release.evidence import evidence_of
from mmed_curate.release.history import history_of, write_history
from mmed_curate.release.leave import Leave
from mmed_curate.release.meanwhile import Seen, refuse_what_came_meanwhile
from mmed_curate.release.noted import Trust
from mmed_curate.release.page import PageMedia, is_of_page, write_page
from mmed_curate.release.recipe import Licence, ReleaseRecipe
from mmed_curate.release.schemas import check_document
from mmed_curate.release.snapshot import Snapshot, read_snapshot
from mmed_curate.release.tables import MEDIA, Tables, tables_of
from mmed_curate.release.texts import notice
from mmed_curate.store.workspace import Workspace

BENCHMARK = "benchmark"
_OF_FILES, _OF_FOLDERS = 0o644, 0o755
"""Modes: everybody may read, the owner may write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A release that was made."""

    path: Path
    id: str
    """SHA-256 of the manifest; publish it beside the release."""
    facts: ReleaseFacts
    n_files: int
    n_bytes: int
    since: str | None
    """The version before; None: it is the first."""
    because: tuple[str, ...]
    """Why it has to have at least the number that was proposed, the gravest reason first."""
    proposed: str
    """The least number that it may have; of a draft without what it ends in."""
    benchmarked: bool
    """Whether it holds a benchmark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a release is called and what it says of itself."""

    version: str | None
    """Semantic; of a draft without the `-draft` that it gets; None: what follows from the version before."""
    recipe: ReleaseRecipe
    licence: Licence | None = None
    """None: the recipe's."""
    to: Path | None = None
    """Folder to make; None: releases/NAME-VERSION in the workspace."""
    draft: bool = False
    """It is to be shared as a draft, whatever the gate says."""
    rehash: bool = False
    """Hash every byte that is copied, also of files that were not written to since their hash was noted."""
    since: Path | None = None
    """Folder of the version before; None: looked for in releases/."""
    benchmark: Callable[[Path], object] | None = field(default=None)
    """Run on the folder before it is sealed for good; writes below `benchmark/` in it and nowhere else."""
    page: PageMedia = PageMedia.MEDIA
    """What index.html shows; made last, so that the benchmark is in it."""

    @property
    def called(self) -> str:
        """The version that it gets; `next` while it has no number."""
        return f"{self.version or 'next'}{DRAFT if self.draft else ''}"


def create_release(workspace: Workspace, leave: Leave, wishes: Wishes, *, progress: Progress = silent) -> Release:
    """Make a release.

    Args:
        workspace: what is released.
        leave: the gate's; of a draft where a draft is wished for.
        wishes: name, version, licence, where to.
        progress: called with files copied and how many there are.

    Raises:
        BadInput: the version is none, or too low for what changed since the one before; the folder exists already.
        Refused: the workspace is no longer what passed the gate, a file is missing or changed, what was built does
            not say what its own judgements give, or somebody withdrew, a consent changed or a judgement came in
            meanwhile.
    """
    check_target(workspace, wishes)
    snapshot = read_snapshot(workspace, finished_only=isinstance(leave.word, DraftOnly))
    evidence = _check_leave(snapshot, leave, wishes)
    tables = tables_of(snapshot, on=leave.on, archival=wishes.recipe.archival)
    history = history_of(workspace, snapshot, tables, version=wishes.version, draft=wishes.draft, since=wishes.since)
    wishes = replace(wishes, version=history.version)
    target = check_target(workspace, wishes)
    facts = _facts(snapshot, tables, wishes, leave)
    seen = Seen.in_(snapshot)
    since, proposed = None if history.before is None else history.before.version, history.proposed
    with folder_written_aside(target) as folder:
        with (
            no_search_for_circles(),
            copying(
                tables.files,
                snapshot.media,
                folder,
                snapshot.noted_at,
                progress,
                rehash=wishes.rehash,
                day=facts.released_on,
            ) as (hashes, sizes),
        ):
            facts = replace(facts, media_bytes=media_bytes(folder, hashes, known=sizes))
            write_tables(folder, tables)
            licence = wishes.licence or wishes.recipe.licence
            benchmarked = wishes.benchmark is not None
            write_documents(
                folder, snapshot, tables, facts, leave, evidence, wishes.recipe, licence, benchmarked=benchmarked
            )
            because = write_history(folder, history, tables, facts, hashes)
            # from here on the folder alone speaks; what it was made of is as large as its tables
            del snapshot, evidence, tables, history
            manifest = _seal(folder, hashes, draft=facts.draft)
            _check_says_what_it_holds(folder, leave, sizes)
        if wishes.benchmark is not None:
            wishes.benchmark(folder)
            manifest = _seal_again(folder, manifest)
        if wishes.page is not PageMedia.NONE:
            write_page(folder, folder, media=wishes.page is PageMedia.MEDIA)
            manifest = _seal_again(folder, manifest)
        n_bytes = _settle_files(folder, facts.released_on)
    made = Release(
        path=target,
        id=release_id(target),
        facts=facts,
        n_files=len(manifest.files) + 1,
        n_bytes=n_bytes,
        since=since,
        because=because,
        proposed=proposed,
        benchmarked=wishes.benchmark is not None,
    )
    with workspace.write(actor="release") as log, _taken_away_if_refused(target):
        refuse_what_came_meanwhile(log, seen)
        kind = "release.drafted" if facts.draft else "release.created"
        log.log_act(kind, {"release": facts.version, "id": made.id, "simulated": facts.simulated})
    return made


@contextmanager
def _taken_away_if_refused(made: Path) -> Iterator[None]:
    try:
        yield
    except Refused:
        shutil.rmtree(made)
        raise


def check_target(workspace: Workspace, wishes: Wishes) -> Path:
    """The folder that a release would be made in; where it has neither number nor folder yet, only `releases/`.

    Raises:
        BadInput: the version is none, or the folder exists already.
    """
    if wishes.version is not None:
        Version.of(wishes.version)
        if wishes.version.endswith(DRAFT):
            raise BadInput.of(
                "release.draft_version",
                f"{wishes.version} is the version of a draft",
                f"write {wishes.version.removesuffix(DRAFT)} --draft to share one",
            )
    releases = workspace.root / "releases"
    if wishes.to is None and wishes.version is None:
        return releases
    target = wishes.to or releases / f"{wishes.recipe.name}-{wishes.called}"
    if target.exists() or target.is_symlink():
        raise BadInput.of(
            "release.exists",
            f"{target} exists already, and a release is never changed",
            "choose the next version, or another folder",
        )
    return target


@no_search_for_circles()
def _check_leave(snapshot: Snapshot, leave: Leave, wishes: Wishes) -> Evidence:
    if wishes.draft is not isinstance(leave.word, DraftOnly):
        raise Refused(
            Finding(
                code="release.another_leave",
                what="the gate gave no leave for a draft" if wishes.draft else "the gate gave leave for a draft only",
                remedy="ask it for what is to be made",
            )
        )
    evidence = evidence_of(snapshot, on=leave.on, policy_digest=leave.policy.digest(), trust=Trust.SIZE)
    if leave.policy.digest() != leave.word.policy_digest or not leave.word.opens(
        judgements_digest=leave.report.judgements_digest, evidence_digest=evidence.digest()
    ):
        raise Refused(
            Finding(
                code="release.not_what_passed",
                what="the workspace, the report or the policy is no longer what passed the gate",
                remedy="run `mmed gate` again",
            )
        )
    return evidence


def _as_of(snapshot: Snapshot) -> date:
    """The day that the release is of: the last act that bears on it, and no consent signed after it."""
    signed = [snapshot.subjects[clip.subject].consent.signed_on for clip in snapshot.judged]
    return max([date.fromisoformat(snapshot.last_act[:10]), *signed])


def _facts(snapshot: Snapshot, tables: Tables, wishes: Wishes, leave: Leave) -> ReleaseFacts:
    simulated = any(
        one.simulated for rows in (tables.clips, tables.judged_clips, tables.judgements) for one in rows
    ) or any(snapshot.coders[said.coder].simulated for clip in snapshot.judged for said in snapshot.judgements[clip.id])
    draft = isinstance(leave.word, DraftOnly)
    return ReleaseFacts(
        notice=notice(simulated, draft=draft),
        name=wishes.recipe.name,
        version=wishes.called,
        simulated=simulated,
        draft=draft,
        released_on=_as_of(snapshot),
        toolkit=__version__,
        protocol=snapshot.protocol.name,
        codebook=snapshot.codebook.name,
        codebook_version=snapshot.codebook.version,
        judgements_digest=leave.report.judgements_digest,
        counts=Counts(
            clips=len(tables.clips),
            judged_clips=len(tables.judged_clips),
            judgements=len(tables.judgements),
            subjects=len({row.subject for row in tables.clips}),
            sessions=len({row.session for row in tables.clips}),
            coders=len({row.coder for row in tables.judgements}),
        ),
    )


def _seal(folder: Path, hashes: Mapping[str, str], *, draft: bool) -> Manifest:
    manifest = seal(folder, derived=_is_derived, known=hashes, draft=draft)
    check_document("manifest", manifest_document(manifest), where=MANIFEST)
    return manifest


def _seal_again(folder: Path, before: Manifest) -> Manifest:
    """Seal what was added; nothing else may have been touched."""
    known = {file.path: file.sha256 for file in before.files}
    there = {path for path in files_under(folder) if path != MANIFEST}
    strange = {path for path in there - set(known) if not _may_be_added(path)} | (set(known) - there)
    # media are not read once more: whoever verifies reads them
    looked_at = [path for path in known.keys() & there if not path.startswith(f"{MEDIA}/")]
    strange |= {path for path in looked_at if sha256_of(folder / path) != known[path]}
    if strange:
        raise BadInput.of(
            "release.benchmark_strayed",
            f"the benchmark touched {', '.join(sorted(strange)[:3])}, which is not below {BENCHMARK}/",
            "let it write nowhere else",
        )
    return _seal(folder, known, draft=before.draft)


def _may_be_added(path: str) -> bool:
    return path.startswith(f"{BENCHMARK}/") or is_of_page(path)


def _is_derived(path: str) -> bool:
    return path == PARQUET or _may_be_added(path)


def manifest_document(manifest: Manifest) -> dict[str, object]:
    """The manifest as JSON values, in the shape of schema/json/manifest.schema.json."""
    return {
        "format": "mmed-manifest",
        "version": 2 if manifest.draft else 1,
        "draft": manifest.draft,
        **{
            mark.value: [{"path": file.path, "sha256": file.sha256} for file in manifest.files if file.mark is mark]
            for mark in Mark
        },
    }


def _check_says_what_it_holds(folder: Path, leave: Leave, coming: Mapping[str, int]) -> None:
    wrong = [one for one in derive_again(folder, measured=leave.measured, coming=coming) if not one.same]
    if wrong:
        raise Refused(
            Finding(
                code="release.not_derivable",
                what="the release does not say what its own judgements give",
                remedy="report this to us",
            ),
            tuple(
                Finding(
                    code="release.not_derivable_here",
                    what=f"{one.what}: stated {one.stated}, found {one.found}",
                    remedy="report this to us",
                )
                for one in wrong
            ),
        )


def _settle_files(folder: Path, day: date) -> int:
    """Let modes and times of the files depend on nothing but the content; returns how many bytes they hold."""
    stamp = stamp_of(day)
    n_bytes = 0
    pending = [folder]
    while pending:
        at = pending.pop()
        with os.scandir(at) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(Path(entry.path))
                    continue
                status = entry.stat(follow_symlinks=False)
                n_bytes += status.st_size
                if (S_IMODE(status.st_mode), status.st_mtime) != (_OF_FILES, stamp):  # copied ones have both already
                    Path(entry.path).chmod(_OF_FILES)
                    os.utime(entry.path, (stamp, stamp))
        at.chmod(_OF_FOLDERS)
        os.utime(at, (stamp, stamp))
    return n_bytes

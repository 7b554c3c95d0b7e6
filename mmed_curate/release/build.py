"""A sealed, versioned folder out of a workspace that passed the gate: everything aside first, the name last.

What did not pass can be shared as a draft, which says so in its name, manifest, texts and to whoever loads it.

One state of a workspace and one version of the toolkit give the same bytes, whoever builds them, where and when: days
come from the event log, names from the workspace's secret, rows are sorted, files are copied as they were made.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from mmed_curate import __version__
from mmed_curate.agreement.document import report_document
from mmed_curate.dataset.attempts import attempts_document
from mmed_curate.dataset.consistency import PARQUET
from mmed_curate.dataset.facts import RELEASE, Counts, ReleaseFacts, facts_document, facts_text
from mmed_curate.dataset.loading import (
    AGREEMENT,
    ATTEMPTS,
    CLIPS,
    CODEBOOK,
    GATE,
    JUDGED_CLIPS,
    JUDGEMENTS,
    POLICY,
    PROTOCOL,
)
from mmed_curate.dataset.manifest import MANIFEST, Manifest, Mark, files_under, release_id, seal
from mmed_curate.dataset.rederivation import derive_again
from mmed_curate.dataset.rows import ClipRow, JudgedClipRow, JudgementRow, csv_text
from mmed_curate.domain.files import folder_written_aside, readable_json, sha256_of
from mmed_curate.domain.findings import BadInput, Finding, Refused
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.domain.yamlfile import Declared
from mmed_curate.gate.decide import DraftOnly, Passed, decide
from mmed_curate.gate.document import word_document
from mmed_curate.media.remux import without_sound
from mmed_curate.release.cutdown import without_face
from mmed_curate.release.evidence import evidence_of
from mmed_curate.release.leave import Leave
from mmed_curate.release.parquet import write_parquet
from mmed_curate.release.recipe import Licence, ReleaseRecipe
from mmed_curate.release.schemas import check_document, check_rows
from mmed_curate.release.snapshot import Snapshot, read_snapshot
from mmed_curate.release.tables import CopiedFile, Tables, tables_of
from mmed_curate.release.texts import Told, citation, data_card, notice, readme
from mmed_curate.store.workspace import Workspace

_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?")
"""Semantic version without build metadata (semver.org 2.0.0)."""

BENCHMARK = "benchmark"
DRAFT = "-draft"
"""What ends the version of a draft: a pre-release by semver, so that every release comes after it."""
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A release that was made."""

    path: Path
    id: str
    """SHA-256 of the manifest; publish it beside the release."""
    facts: ReleaseFacts
    n_files: int
    n_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a release is called and what it says of itself."""

    version: str
    """Semantic; of a draft without the `-draft` that it gets."""
    recipe: ReleaseRecipe
    licence: Licence | None = None
    """None: the recipe's."""
    to: Path | None = None
    """Folder to make; None: releases/NAME-VERSION in the workspace."""
    draft: bool = False
    """It is to be shared as a draft, whatever the gate says."""
    benchmark: Callable[[Path], object] | None = field(default=None)
    """Run on the folder before it is sealed for good; writes below `benchmark/` in it and nowhere else."""

    @property
    def called(self) -> str:
        """The version that it gets."""
        return f"{self.version}{DRAFT}" if self.draft else self.version


def create_release(workspace: Workspace, leave: Leave, wishes: Wishes, *, progress: Progress = silent) -> Release:
    """Make a release.

    Args:
        workspace: what is released.
        leave: the gate's; of a draft where a draft is wished for.
        wishes: name, version, licence, where to.
        progress: called with files copied and how many there are.

    Raises:
        BadInput: the version is none, or the folder exists already.
        Refused: the workspace is no longer what passed the gate, a file is missing or changed, or what was built does
            not say what its own judgements give.
    """
    target = target_of(workspace, wishes)
    snapshot = read_snapshot(workspace, finished_only=isinstance(leave.word, DraftOnly))
    _check_leave(snapshot, leave, wishes)
    tables = tables_of(snapshot, on=leave.on)
    facts = _facts(snapshot, tables, wishes, leave)
    with folder_written_aside(target) as folder:
        hashes = _copy_all(tables.files, snapshot.media, folder, progress)
        _write_tables(folder, tables)
        _write_documents(folder, snapshot, tables, facts, leave, wishes)
        manifest = _seal(folder, hashes, draft=facts.draft)
        if wishes.benchmark is not None:
            wishes.benchmark(folder)
            manifest = _seal_again(folder, manifest)
        _check_says_what_it_holds(folder)
        _settle_files(folder, facts.released_on)
        n_bytes = sum((folder / path).stat().st_size for path in files_under(folder))
    made = Release(path=target, id=release_id(target), facts=facts, n_files=len(manifest.files) + 1, n_bytes=n_bytes)
    with workspace.write(actor="release") as log:
        kind = "release.drafted" if facts.draft else "release.created"
        log.log_act(kind, {"release": facts.version, "id": made.id, "simulated": facts.simulated})
    return made


def target_of(workspace: Workspace, wishes: Wishes) -> Path:
    """The folder that a release would be made in.

    Raises:
        BadInput: the version is none, or the folder exists already.
    """
    if not _VERSION.fullmatch(wishes.version):
        raise BadInput.of(
            "release.version",
            f"{wishes.version!r} is not a semantic version",
            "write it as MAJOR.MINOR.PATCH, such as 1.0.0",
            version=wishes.version,
        )
    if wishes.version.endswith(DRAFT):
        raise BadInput.of(
            "release.draft_version",
            f"{wishes.version} is the version of a draft",
            f"write {wishes.version.removesuffix(DRAFT)} --draft to share one",
        )
    target = wishes.to or workspace.root / "releases" / f"{wishes.recipe.name}-{wishes.called}"
    if target.exists() or target.is_symlink():
        raise BadInput.of(
            "release.exists",
            f"{target} exists already, and a release is never changed",
            "choose the next version, or another folder",
        )
    return target


def _check_leave(snapshot: Snapshot, leave: Leave, wishes: Wishes) -> None:
    if wishes.draft is not isinstance(leave.word, DraftOnly):
        raise Refused(
            Finding(
                code="release.another_leave",
                what="the gate gave no leave for a draft" if wishes.draft else "the gate gave leave for a draft only",
                remedy="ask it for what is to be made",
            )
        )
    evidence = evidence_of(snapshot, on=leave.on, policy_digest=leave.policy.digest(), rehash=False)
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


def _copy_all(files: tuple[CopiedFile, ...], media: Path, folder: Path, progress: Progress) -> dict[str, str]:
    hashes = {}
    for done, file in enumerate(files, start=1):
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            found = _copy(media / file.asset.path, target)
        except FileNotFoundError as error:
            raise _changed(file, "is gone") from error
        if found != file.asset.sha256:
            raise _changed(file, "has changed since it was cut")
        if file.strip_sound:
            target.unlink()
            without_sound(media / file.asset.path, target)
            found = sha256_of(target)
        if file.strip_face:
            without_face(media / file.asset.path, target)
            found = sha256_of(target)
        hashes[file.path] = found
        progress(done, len(files))
    return hashes


def _copy(source: Path, target: Path) -> str:
    digest = hashlib.sha256()
    with source.open("rb") as given, target.open("wb") as written:
        while piece := given.read(_CHUNK):
            digest.update(piece)
            written.write(piece)
    return digest.hexdigest()


def _changed(file: CopiedFile, what: str) -> Refused:
    return Refused(
        Finding(
            code="release.changed_file",
            what=f"the {file.asset.kind.value} of clip {file.asset.clip} {what}",
            remedy="run `mmed recut`",
        )
    )


def _write_tables(folder: Path, tables: Tables) -> None:
    check_rows((*tables.clips, *tables.judged_clips, *tables.judgements))
    _write(folder / CLIPS, csv_text(ClipRow, tables.clips))
    _write(folder / JUDGED_CLIPS, csv_text(JudgedClipRow, tables.judged_clips))
    _write(folder / JUDGEMENTS, csv_text(JudgementRow, tables.judgements))
    write_parquet(folder / PARQUET, tables.clips)


def _write_documents(
    folder: Path, snapshot: Snapshot, tables: Tables, facts: ReleaseFacts, leave: Leave, wishes: Wishes
) -> None:
    word = _word_as_of(snapshot, facts.released_on, leave)
    held = {clip.id: snapshot.pseudonyms.clip(clip.id) for clip in snapshot.judged}
    documents: Mapping[str, tuple[str, dict[str, Any]]] = {
        AGREEMENT: ("agreement", report_document(leave.report)),
        ATTEMPTS: ("attempts", attempts_document(snapshot.attempts, held)),
        GATE: ("gate", word_document(word)),
        RELEASE: ("release", facts_document(facts)),
    }
    for name, (schema, document) in documents.items():
        check_document(schema, document, where=name)
        _write(folder / name, facts_text(facts) if name == RELEASE else readable_json(document))
    licence = wishes.licence or wishes.recipe.licence
    in_it = {row.subject for row in tables.clips}
    told = Told(
        facts=facts,
        recipe=wishes.recipe,
        licence=licence,
        codebook=snapshot.codebook,
        tables=tables,
        attempts=snapshot.attempts,
        report=leave.report,
        verdicts=word.verdicts,
        subjects=[one for one in snapshot.subjects.values() if snapshot.pseudonyms.subject(one.id) in in_it],
    )
    for name, text in {
        CODEBOOK: _yaml(snapshot.codebook),
        PROTOCOL: _yaml(snapshot.protocol),
        POLICY: _yaml(leave.policy),
        "README.md": readme(told),
        "DATACARD.md": data_card(told),
        "LICENSE.txt": licence.text,
        "CITATION.cff": citation(told),
    }.items():
        _write(folder / name, text)


def _word_as_of(snapshot: Snapshot, day: date, leave: Leave) -> Passed | DraftOnly:
    """The gate's word for the day that the release is of: what it said today would put today's date into the bytes."""
    evidence = evidence_of(snapshot, on=day, policy_digest=leave.policy.digest(), rehash=False)
    decision = decide(leave.report, evidence, leave.policy)
    word = decision.draft if isinstance(leave.word, DraftOnly) else decision.passed
    if word is None:
        raise Refused(
            Finding(
                code="release.not_open_then",
                what=f"the gate is open on {leave.on.isoformat()}, but was closed on {day.isoformat()}, the day of the "
                "last judgement or consent",
                remedy="look at the dates of the consents named here",
            ),
            tuple(Finding(code=f"gate.{one.name}", what=one.what, remedy=one.remedy) for one in decision.failed),
        )
    return word


def _seal(folder: Path, hashes: dict[str, str], *, draft: bool) -> Manifest:
    manifest = seal(folder, derived=_is_derived, known=hashes, draft=draft)
    check_document("manifest", manifest_document(manifest), where=MANIFEST)
    return manifest


def _seal_again(folder: Path, before: Manifest) -> Manifest:
    known = {file.path: file.sha256 for file in before.files}
    there = {path for path in files_under(folder) if path != MANIFEST}
    strange = sorted(
        {path for path in there - set(known) if not path.startswith(f"{BENCHMARK}/")} | (set(known) - there)
    )
    if strange:
        raise BadInput.of(
            "release.benchmark_strayed",
            f"the benchmark touched {', '.join(strange[:3])}, which is not below {BENCHMARK}/",
            "let it write nowhere else",
        )
    return _seal(folder, known, draft=before.draft)


def _is_derived(path: str) -> bool:
    return path == PARQUET or path.startswith(f"{BENCHMARK}/")


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


def _check_says_what_it_holds(folder: Path) -> None:
    wrong = [one for one in derive_again(folder) if not one.same]
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


def _settle_files(folder: Path, day: date) -> None:
    """Let modes and times of the files depend on nothing but the content."""
    stamp = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
    for path in (*folder.rglob("*"), folder):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (stamp, stamp))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _yaml(declared: Declared) -> str:
    return yaml.safe_dump(declared.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=100)

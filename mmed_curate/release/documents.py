"""The tables and documents of a release, each held against its schema before it is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

from mmed_curate.agreement.document import report_document
from mmed_curate.dataset.attempts import attempts_document
from mmed_curate.dataset.consistency import PARQUET
from mmed_curate.dataset.facts import RELEASE, ReleaseFacts, facts_document, facts_text
from mmed_curate.dataset.groups import subjects_text
from mmed_curate.dataset.layout import (
    AGREEMENT,
    ATTEMPTS,
    CLIPS,
    CODEBOOK,
    GATE,
    JUDGED_CLIPS,
    JUDGEMENTS,
    POLICY,
    PROTOCOL,
    SUBJECTS,
    TRANSCRIPTS,
)
from mmed_curate.dataset.rows import ClipRow, JudgedClipRow, JudgementRow, Row, write_rows
from mmed_curate.dataset.splits import SPLITS, Shares, splits_document, splits_of
from mmed_curate.dataset.transcript import transcripts_text
from mmed_curate.domain.files import readable_json
from mmed_curate.domain.findings import Finding, Refused
from mmed_curate.domain.yamlfile import Declared
from mmed_curate.gate.decide import DraftOnly, Passed, decide
from mmed_curate.gate.document import word_document
from mmed_curate.gate.evidence import Evidence
from mmed_curate.release.citation import CITATION, DATACITE, citation, datacite_document
from mmed_curate.release.croissant import CROISSANT, croissant_document
from mmed_curate.release.datacard import data_card
from mmed_curate.release.evidence import on_another_day
from mmed_curate.release.groups import subject_rows
from mmed_curate.release.leave import Leave
from mmed_curate.release.parquet import write_parquet
from mmed_curate.release.recipe import Licence, ReleaseRecipe
from mmed_curate.release.schemas import check_document, check_rows
from mmed_curate.release.snapshot import Snapshot
from mmed_curate.release.tables import Tables
from mmed_curate.release.texts import Told, readme


def write_tables(folder: Path, tables: Tables) -> None:
    """Write clips.csv, judged-clips.csv, judgements.csv, transcripts.csv where anything is in it, and clips.parquet.

    Raises:
        BadInput: a row does not fit its schema.
    """
    check_rows(chain(tables.clips, tables.judged_clips, tables.judgements, tables.transcripts))
    _write_rows(folder / CLIPS, ClipRow, tables.clips)
    _write_rows(folder / JUDGED_CLIPS, JudgedClipRow, tables.judged_clips)
    _write_rows(folder / JUDGEMENTS, JudgementRow, tables.judgements)
    if tables.transcripts:
        _write(folder / TRANSCRIPTS, transcripts_text(tables.transcripts))
    write_parquet(folder / PARQUET, tables.clips)


def write_documents(
    folder: Path,
    snapshot: Snapshot,
    tables: Tables,
    facts: ReleaseFacts,
    leave: Leave,
    evidence: Evidence,
    recipe: ReleaseRecipe,
    licence: Licence,
    *,
    benchmarked: bool,
) -> None:
    """Write everything else that is told of the tables, which lie in the folder already.

    Args:
        folder, snapshot, tables, facts, recipe, licence: of the release.
        leave: the gate's.
        evidence: on which it was given.
        benchmarked: whether a benchmark will be run on it.

    Raises:
        Refused: the gate was closed on the day that the release is of.
        BadInput: a document does not fit its schema.
    """
    word = _word_as_of(snapshot, evidence, facts.released_on, leave)
    splits = splits_of(tables.clips, Shares(validation=recipe.splits.validation, test=recipe.splits.test))
    held = {clip.id: snapshot.pseudonyms.clip(clip.id) for clip in snapshot.judged}
    documents: Mapping[str, tuple[str, dict[str, Any]]] = {
        AGREEMENT: ("agreement", report_document(leave.report)),
        ATTEMPTS: ("attempts", attempts_document(snapshot.attempts, held)),
        GATE: ("gate", word_document(word)),
        RELEASE: ("release", facts_document(facts)),
        SPLITS: ("splits", splits_document(splits)),
    }
    for name, (schema, document) in documents.items():
        check_document(schema, document, where=name)
        _write(folder / name, facts_text(facts) if name == RELEASE else readable_json(document))
    in_it = {row.subject for row in tables.clips}
    named = {snapshot.pseudonyms.subject(one.id): one for one in snapshot.subjects.values()}
    people = subject_rows({name: one for name, one in named.items() if name in in_it}, recipe.groups)
    check_rows(people)
    _write(folder / SUBJECTS, subjects_text(people))
    told = Told(
        facts=facts,
        recipe=recipe,
        licence=licence,
        codebook=snapshot.codebook,
        tables=tables,
        attempts=snapshot.attempts,
        report=leave.report,
        verdicts=word.verdicts,
        subjects=[one for name, one in named.items() if name in in_it],
        people=people,
        benchmarked=benchmarked,
    )
    for name, text in {
        CODEBOOK: _yaml(snapshot.codebook),
        PROTOCOL: _yaml(snapshot.protocol),
        POLICY: _yaml(leave.policy),
        "README.md": readme(told),
        "DATACARD.md": data_card(told),
        "LICENSE.txt": licence.text,
        CITATION: citation(told),
    }.items():
        _write(folder / name, text)
    datacite = datacite_document(told)
    check_document("datacite", datacite, where=DATACITE)
    _write(folder / DATACITE, readable_json(datacite))
    _write(folder / CROISSANT, readable_json(croissant_document(told, folder)))


def _word_as_of(snapshot: Snapshot, evidence: Evidence, day: date, leave: Leave) -> Passed | DraftOnly:
    """The gate's word for the day that the release is of: what it said today would put today's date into the bytes."""
    decision = decide(leave.report, on_another_day(snapshot, evidence, day), leave.policy)
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


def _write_rows(path: Path, kind: type[Row], rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        write_rows(stream, kind, rows)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _yaml(declared: Declared) -> str:
    return yaml.safe_dump(declared.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=100)

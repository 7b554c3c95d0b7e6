"""What leaves us fits its schema; a field dropped, added or retyped is refused."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest

from mmed_curate.cli.dataset import report_document as verify_document
from mmed_curate.dataset import load, verify
from mmed_curate.dataset.between import between, between_document
from mmed_curate.dataset.changes import changes_document, changes_in
from mmed_curate.dataset.groups import SubjectRow
from mmed_curate.dataset.manifest import read_manifest
from mmed_curate.dataset.rows import ClipRow, JudgedClipRow, JudgementRow
from mmed_curate.dataset.tombstones import read_tombstones, tombstones_document
from mmed_curate.dataset.transcript import TranscriptRow
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.packaged import packaged_path
from mmed_curate.release.build import Release, manifest_document
from mmed_curate.release.schemas import check_document, check_rows, row_document

SAID = TranscriptRow(
    clip="c-0123456789ab", cue=1, onset_s=-0.5, offset_s=1.0, owner="S-0123456789", text="who, me?", simulated=True
)


@pytest.fixture(scope="module")
def documents(made: Release) -> dict[str, dict[str, Any]]:
    """One document for each schema, out of a release."""
    dataset = load(made.path)
    return {
        "release": json.loads((made.path / "release.json").read_text(encoding="utf-8")),
        "agreement": dataset.agreement,
        "gate": dataset.gate,
        "manifest": manifest_document(read_manifest(made.path)),
        "clips-row": row_document(dataset.clip_rows[0]),
        "judgements-row": row_document(dataset.judgement_rows[1]),
        "judged-clips-row": row_document(dataset.judged_clip_rows[0]),
        "subjects-row": row_document(dataset.subject_rows[0]),
        "transcripts-row": row_document(SAID),
        "changes": changes_document(changes_in(made.path)),
        "tombstones": tombstones_document(read_tombstones(made.path)),
        "release-diff": between_document(between(made.path, made.path)),
        "verify-report": verify_document(verify(made.path)),
    }


SCHEMAS = [
    "release",
    "agreement",
    "gate",
    "manifest",
    "clips-row",
    "judgements-row",
    "judged-clips-row",
    "subjects-row",
    "transcripts-row",
    "changes",
    "tombstones",
    "release-diff",
    "verify-report",
]


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_is_released_fits(documents: dict[str, dict[str, Any]], name: str) -> None:
    check_document(name, documents[name], where=name)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_dropped_field_is_refused(documents: dict[str, dict[str, Any]], name: str) -> None:
    for field in documents[name]:
        without = {key: value for key, value in documents[name].items() if key != field}
        with pytest.raises(BadInput, match=f"'{field}' is a required property"):
            check_document(name, without, where=name)


@pytest.mark.parametrize("name", SCHEMAS)
def test_an_added_field_is_refused(documents: dict[str, dict[str, Any]], name: str) -> None:
    with pytest.raises(BadInput, match="'surprise' was unexpected"):
        check_document(name, {**documents[name], "surprise": 1}, where=name)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_retyped_field_is_refused(documents: dict[str, dict[str, Any]], name: str) -> None:
    for field in documents[name]:
        with pytest.raises(BadInput, match=rf"{name}, {field}, does not fit"):
            check_document(name, {**documents[name], field: {"of": "another type"}}, where=name)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("clips-row", ClipRow),
        ("judgements-row", JudgementRow),
        ("judged-clips-row", JudgedClipRow),
        ("subjects-row", SubjectRow),
        ("transcripts-row", TranscriptRow),
    ],
)
def test_schema_and_record_name_the_same_columns_in_the_same_order(name: str, kind: Any) -> None:
    schema = json.loads(packaged_path("schema", "json", f"{name}.schema.json").read_text(encoding="utf-8"))
    assert list(schema["properties"]) == [field.name for field in fields(kind)]


def test_every_row_of_a_release_fits(made: Release) -> None:
    dataset = load(made.path)
    check_rows((*dataset.clip_rows, *dataset.judgement_rows, *dataset.judged_clip_rows, *dataset.subject_rows))

"""Nothing leaves that does not fit its shape in `schema/json/`: every JSON file, and every row of every table."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields
from functools import cache

from jsonschema import Draft202012Validator

from mmed_curate.dataset.groups import SubjectRow
from mmed_curate.dataset.rows import ClipRow, JudgedClipRow, JudgementRow
from mmed_curate.dataset.transcript import TranscriptRow
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.packaged import packaged_path

_MOST_KEPT = 100_000
"""Cells that are remembered to fit: the names of many clips must not fill the memory."""
_SCHEMA_OF: dict[type, str] = {
    ClipRow: "clips-row",
    JudgementRow: "judgements-row",
    JudgedClipRow: "judged-clips-row",
    TranscriptRow: "transcripts-row",
    SubjectRow: "subjects-row",
}
AnyRow = ClipRow | JudgementRow | JudgedClipRow | TranscriptRow | SubjectRow


def check_document(schema: str, document: object, *, where: str) -> None:
    """Hold a JSON document against a schema.

    Args:
        schema: name of the schema, such as `release`.
        document: JSON values.
        where: what it is, for the sentence.

    Raises:
        BadInput: it does not fit; says where.
    """
    _check(_validator(schema), schema, document, where)


def _check(validator: Draft202012Validator, schema: str, document: object, where: str) -> None:
    error = next(iter(validator.iter_errors(document)), None)
    if error is not None:
        place = ".".join(str(part) for part in error.absolute_path) or "the whole"
        raise BadInput.of(
            "release.shape",
            f"{where}, {place}, does not fit {schema}.schema.json ({error.message})",
            "report this to us: what we write must fit what we promise",
        )


def check_rows(rows: Iterable[AnyRow]) -> None:
    """Hold the rows of a table against their schema.

    Raises:
        BadInput: one does not fit; says which and where.
    """
    # what a cell may hold hangs on its column alone, so one that fitted before fits again; 1, 1.0 and True differ
    fits: set[tuple[type, str, type, object]] = set()
    for row in rows:
        document = row_document(row)
        values = ((one.name, getattr(row, one.name)) for one in fields(row))
        cells = {(type(row), name, type(value), value) for name, value in values}
        new = {name: document[name] for _, name, _, _ in cells - fits}
        schema = _SCHEMA_OF[type(row)]
        validator = _validator(schema) if len(new) == len(document) else _some_columns(schema)
        _check(validator, schema, new, _where(document))
        if len(fits) < _MOST_KEPT:
            fits |= cells


def _where(document: dict[str, object]) -> str:
    return f"row {next(iter(document.values()))}"


def row_document(row: AnyRow) -> dict[str, object]:
    """A row as the JSON document that its schema describes."""
    values = {field.name: getattr(row, field.name) for field in fields(row)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(_document(schema))


@cache
def _some_columns(schema: str) -> Draft202012Validator:
    """The same for rows of which only some cells are looked at."""
    return Draft202012Validator({name: part for name, part in _document(schema).items() if name != "required"})


def _document(schema: str) -> dict[str, object]:
    path = packaged_path("schema", "json", f"{schema}.schema.json")
    document: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return document

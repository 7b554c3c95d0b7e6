"""Nothing leaves that does not fit its shape in `schema/json/`: every JSON file, and every row of every table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import Field, fields
from functools import cache
from itertools import groupby, islice
from operator import attrgetter
from typing import Any

from jsonschema import Draft202012Validator

from mmed_curate.dataset.cells import AT_ONCE
from mmed_curate.dataset.groups import SubjectRow
from mmed_curate.dataset.rows import ClipRow, JudgedClipRow, JudgementRow
from mmed_curate.dataset.transcript import TranscriptRow
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.packaged import packaged_path
from mmed_curate.release.fitting import Fits, fits_of

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
    if not _fits(schema)(document):
        _check(schema, document, where)


def _check(schema: str, document: object, where: str) -> None:
    error = next(iter(_validator(schema).iter_errors(document)), None)
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
    for kind, of_kind in groupby(rows, type):
        while some := list(islice(of_kind, AT_ONCE)):
            if not all(_column_fits(one.name, some, fits) for one, fits in _columns(kind)):
                for row in some:
                    document = row_document(row)
                    _check(_SCHEMA_OF[kind], document, _where(document))


def _column_fits(name: str, rows: Sequence[object], fits: Fits) -> bool:
    values = list(map(attrgetter(name), rows))
    # what comes again is looked at once; 1, 1.0 and True differ
    different = {(type(value), value) for value in values}
    return all(fits(list(value) if isinstance(value, tuple) else value) for _, value in different)


@cache
def _columns(kind: type) -> tuple[tuple[Field[object], Fits], ...]:
    """Each column of a kind of row with what its cells must fit; that the schema names the same ones, a test says."""
    described = _document(_SCHEMA_OF[kind])["properties"]
    return tuple((one, fits_of(described[one.name])) for one in fields(kind))


def _where(document: dict[str, object]) -> str:
    return f"row {next(iter(document.values()))}"


def row_document(row: AnyRow) -> dict[str, object]:
    """A row as the JSON document that its schema describes."""
    values = {field.name: getattr(row, field.name) for field in fields(row)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


@cache
def _fits(schema: str) -> Fits:
    return fits_of(_document(schema))


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(_document(schema))


def _document(schema: str) -> dict[str, Any]:
    path = packaged_path("schema", "json", f"{schema}.schema.json")
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document

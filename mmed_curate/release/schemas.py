"""Nothing leaves that does not fit its shape in `schema/json/`: every JSON file, and every row of every table."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields
from functools import cache

from jsonschema import Draft202012Validator

from mmed_curate.dataset.rows import ClipRow, JudgedClipRow, JudgementRow
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.packaged import packaged_path

_SCHEMA_OF: dict[type, str] = {ClipRow: "clips-row", JudgementRow: "judgements-row", JudgedClipRow: "judged-clips-row"}


def check_document(schema: str, document: object, *, where: str) -> None:
    """Hold a JSON document against a schema.

    Args:
        schema: name of the schema, such as `release`.
        document: JSON values.
        where: what it is, for the sentence.

    Raises:
        BadInput: it does not fit; says where.
    """
    error = next(iter(_validator(schema).iter_errors(document)), None)
    if error is not None:
        place = ".".join(str(part) for part in error.absolute_path) or "the whole"
        raise BadInput.of(
            "release.shape",
            f"{where}, {place}, does not fit {schema}.schema.json ({error.message})",
            "report this to us: what we write must fit what we promise",
        )


def check_rows(rows: Iterable[ClipRow | JudgementRow | JudgedClipRow]) -> None:
    """Hold the rows of a table against their schema.

    Raises:
        BadInput: one does not fit; says which and where.
    """
    for row in rows:
        document = row_document(row)
        name = next(iter(document.values()))
        check_document(_SCHEMA_OF[type(row)], document, where=f"row {name}")


def row_document(row: ClipRow | JudgementRow | JudgedClipRow) -> dict[str, object]:
    """A row as the JSON document that its schema describes."""
    values = {field.name: getattr(row, field.name) for field in fields(row)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


@cache
def _validator(schema: str) -> Draft202012Validator:
    path = packaged_path("schema", "json", f"{schema}.schema.json")
    return Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))

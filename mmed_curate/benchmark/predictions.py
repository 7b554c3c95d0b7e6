"""The table of predictions that leaves the benchmark and that `mmed score` reads: subject, truth, predicted."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmed_curate.benchmark.scores import Counts, confusion_of
from mmed_curate.domain.files import write_text
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.tablefile import opened_table

COLUMNS = ("subject", "truth", "predicted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """One prediction per clip, or per clip and seed."""

    subjects: tuple[str, ...]
    truth: tuple[str, ...]
    predicted: tuple[str, ...]
    clips: tuple[str, ...] | None = None
    """Names of the clips, where known."""
    seeds: tuple[int, ...] | None = None
    """Seed of the network that answered, where known."""
    probabilities: Mapping[str, tuple[float, ...]] | None = None
    """By class, as the network answered, before any temperature; where known."""

    def labels(self) -> tuple[str, ...]:
        """Every class that occurs, as truth or as prediction, sorted."""
        return tuple(sorted({*self.truth, *self.predicted}))

    def confusion(self, labels: Sequence[str], *, seed: int | None = None) -> Counts:
        """Pooled counts, (C, C); of one seed, or of all."""
        chosen = [index for index in range(len(self.truth)) if seed is None or (self.seeds or ())[index] == seed]
        return confusion_of(
            [self.truth[index] for index in chosen], [self.predicted[index] for index in chosen], labels
        )

    def by_subject(self, labels: Sequence[str]) -> tuple[tuple[str, ...], Counts]:
        """Subjects, sorted, and the counts of each, (S, C, C)."""
        subjects = tuple(sorted(set(self.subjects)))
        rows = list(zip(self.subjects, self.truth, self.predicted, strict=True))
        counts = [
            confusion_of(
                [truth for owner, truth, _ in rows if owner == subject],
                [predicted for owner, _, predicted in rows if owner == subject],
                labels,
            )
            for subject in subjects
        ]
        return subjects, np.stack(counts)  # (S, C, C)


def write_predictions(path: Path, predictions: Predictions, *, simulated: bool = False) -> None:
    """Write the table as CSV, sorted by subject, clip and seed; whole or not at all.

    Probabilities are columns `p_<class>`, so that whoever has the table can hold log-scores and calibration against it.

    Args:
        path: where to.
        predictions: what to write; clip and seed are columns where they are known.
        simulated: adds a column that says so in every row.
    """
    columns: list[tuple[str, Sequence[str | int]]] = [
        ("subject", predictions.subjects),
        ("truth", predictions.truth),
        ("predicted", predictions.predicted),
    ]
    if predictions.clips is not None:
        columns.append(("clip", predictions.clips))
    if predictions.seeds is not None:
        columns.append(("seed", predictions.seeds))
    for code, shares in (predictions.probabilities or {}).items():
        columns.append((f"p_{code}", tuple(f"{share:.9g}" for share in shares)))
    if simulated:
        columns.append(("simulated", ("true",) * len(predictions.truth)))
    names = predictions.clips or predictions.subjects
    seeds = predictions.seeds or (0,) * len(names)
    order = sorted(range(len(names)), key=lambda index: (predictions.subjects[index], names[index], seeds[index]))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([name for name, _ in columns])
    writer.writerows([values[index] for _, values in columns] for index in order)
    write_text(path, text.getvalue())


def read_predictions(path: Path, *, classes: Sequence[str] | None = None) -> Predictions:
    """Read a table with the columns subject, truth, predicted; further columns are ignored, but `clip` is kept.

    Args:
        path: UTF-8 CSV with a header.
        classes: the only labels allowed; None: whatever occurs.

    Raises:
        BadInput: not a table, a column is missing, a cell is empty, or a label is none of `classes`; the message
            names line and column.
    """
    try:
        with opened_table(path) as stream:
            text = stream.read()
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else getattr(error, "strerror", None)
        raise BadInput.of(
            "predictions.unreadable", f"{path} cannot be read ({reason or error})", "give the path of a UTF-8 CSV table"
        ) from error
    if "\0" in text:
        raise BadInput.of("predictions.unreadable", f"{path} is not text", "give the path of a UTF-8 CSV table")
    lines = csv.reader(io.StringIO(text))
    try:
        header = [cell.strip() for cell in next(lines, [])]
        missing = [name for name in COLUMNS if name not in header]
        if missing:
            raise BadInput.of(
                "predictions.columns",
                f"{path}, line 1 has no column {', '.join(missing)} (found: {', '.join(header) or 'nothing'})",
                f"begin the table with the line {','.join(COLUMNS)}",
            )
        place = {name: header.index(name) for name in (*COLUMNS, "clip") if name in header}
        rows: list[dict[str, str]] = []
        for cells in lines:
            if not any(cell.strip() for cell in cells):
                continue  # a blank line at the end of a table is no mistake
            row = {name: cells[at].strip() if at < len(cells) else "" for name, at in place.items()}
            _check(path, lines.line_num, row, classes)
            rows.append(row)
    except csv.Error as error:
        raise BadInput.of(
            "predictions.unreadable", f"{path}, line {lines.line_num} is not CSV ({error})", "mend that line"
        ) from error
    if not rows:
        raise BadInput.of("predictions.empty", f"{path} holds no predictions", "write one line per clip")
    return Predictions(
        subjects=tuple(row["subject"] for row in rows),
        truth=tuple(row["truth"] for row in rows),
        predicted=tuple(row["predicted"] for row in rows),
        clips=tuple(row["clip"] for row in rows) if "clip" in place else None,
    )


def _check(path: Path, line: int, row: dict[str, str], classes: Sequence[str] | None) -> None:
    for column in COLUMNS:
        if not row[column]:
            raise BadInput.of(
                "predictions.empty_cell", f"{path}, line {line}, column {column} is empty", "fill it in", line=line
            )
    for column in COLUMNS[1:]:
        if classes is not None and row[column] not in classes:
            raise BadInput.of(
                "predictions.unknown_label",
                f"{path}, line {line}, column {column}: {row[column]!r} is none of the classes {', '.join(classes)}",
                "correct the label there, or name every class with --classes",
                line=line,
            )

"""A plain long table, one row per judgement: what `mmed agreement TABLE.csv` measures without a workspace."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmed_curate.agreement.ratings import Level, Ratings, tally
from mmed_curate.agreement.sets import Codes
from mmed_curate.agreement.times import TimedEvent
from mmed_curate.agreement.unitizing import Continuum
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.tablefile import opened_table

_AND, _NONE = "+", "-"
"""Between the codes of a set; the empty set."""
_MISSING = frozenset({"nan", "NaN", "NAN", "NA", "N/A", "n/a", "<NA>", "NaT", "null", "NULL"})
"""How programs write a judgement that is not there: as a value of its own it would make coders agree on nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LongTable:
    """The rows of a table whose columns were found."""

    path: Path
    rows: tuple[Mapping[str, str], ...]
    """Cells by column."""
    lines: tuple[int, ...]
    """Line of each row in the file, the header being line 1."""
    unit: str
    coder: str
    cluster: str | None
    """None: each unit is its own cluster."""

    def fail(self, row: int, what: str, remedy: str) -> BadInput:
        """The error that names a row."""
        return BadInput.of("table.row", f"{self.path}, line {self.lines[row]}: {what}", remedy, line=self.lines[row])


def read_long_table(
    path: Path, *, unit: str, coder: str, cluster: str | None, others: Sequence[str], several: bool = False
) -> LongTable:
    """Read a UTF-8 CSV file with a header.

    Args:
        path: the file.
        unit, coder, cluster: names of the columns that say what was judged, by whom, and of which subject.
        others: further columns that must be there.
        several: a coder may have several rows for a unit.

    Raises:
        BadInput: not such a file, a column is missing, a unit or coder or cluster is empty, a coder judged a unit
            twice, or a unit belongs to two clusters; the message names file, line and column.
    """
    try:
        with opened_table(path) as stream:
            reader = csv.DictReader(stream, strict=True)
            columns = tuple(reader.fieldnames or ())
            rows: list[Mapping[str, str]] = []
            lines: list[int] = []
            for row in reader:
                if None in row or None in row.values():
                    raise BadInput.of(
                        "table.cells",
                        f"{path}, line {reader.line_num}: there are more or fewer than {len(columns)} cells",
                        "put cells that hold a comma in quotes",
                    )
                rows.append(row)
                lines.append(reader.line_num)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BadInput.of(
            "table.unreadable", f"{path} cannot be read as a table ({reason})", "give the path of a UTF-8 CSV file"
        ) from error
    named = [unit, coder, *([cluster] if cluster else []), *others]
    for name in named:
        if name not in columns:
            raise BadInput.of(
                "table.column",
                f"{path} has no column {name}",
                f"name one of its columns: {', '.join(columns) or 'it has none'}",
            )
    found = LongTable(path=path, rows=tuple(rows), lines=tuple(lines), unit=unit, coder=coder, cluster=cluster)
    _check(found, several=several)
    return found


def ratings_of(table: LongTable, value: str, *, level: Level, order: Sequence[str] | None) -> Ratings:
    """The values of one column; empty cells are missing judgements.

    Raises:
        BadInput: nothing was judged, a value does not fit the level, or says that it is none; the message names the
            line.
    """
    given = [row for row in range(len(table.rows)) if table.rows[row][value].strip()]
    if not given:
        raise BadInput.of("table.no_values", f"{table.path} holds no value in the column {value}", "fill it in")
    values = [table.rows[row][value].strip() for row in given]
    for row, text in zip(given, values, strict=True):
        if order is None or text not in order:
            _refuse_missing(table, row, text)
        if order is not None and text not in order:
            raise table.fail(row, f"the value {text} is not in --order", "name every value there, from least to most")
        if (level in {Level.INTERVAL, Level.RATIO} or (level is Level.ORDINAL and order is None)) and not _is_number(
            text
        ):
            cure = "give --order" if level is Level.ORDINAL else "use --level nominal, or give numbers"
            raise table.fail(row, f"the value {text} is no number, as the {level.value} level needs", cure)
    return tally(
        [table.rows[row][table.unit].strip() for row in given],
        values,
        None if table.cluster is None else [table.rows[row][table.cluster].strip() for row in given],
        level=level,
        order=order,
        coders=[table.rows[row][table.coder].strip() for row in given],
    )


def sets_of(table: LongTable, value: str) -> tuple[list[str], list[Codes], list[str] | None]:
    """The sets of one column, written 1+4+12, the empty set as -; empty cells are missing judgements.

    Returns:
        Of each judgement its unit, its set, and its cluster, where there are clusters.

    Raises:
        BadInput: nothing was judged, or a set names a code twice or an empty one, or says that it is none; the message
            names the line.
    """
    given = [row for row in range(len(table.rows)) if table.rows[row][value].strip()]
    if not given:
        raise BadInput.of("table.no_values", f"{table.path} holds no value in the column {value}", "fill it in")
    sets: list[Codes] = []
    for row in given:
        text = table.rows[row][value].strip()
        _refuse_missing(table, row, text)
        codes = [] if text == _NONE else [code.strip() for code in text.split(_AND)]
        if len(set(codes)) < len(codes) or not all(codes):
            raise table.fail(row, f"the set {text} names a code twice, or an empty one", "write it like 1+4+12, or -")
        sets.append(frozenset(codes))
    units = [table.rows[row][table.unit].strip() for row in given]
    clusters = None if table.cluster is None else [table.rows[row][table.cluster].strip() for row in given]
    return units, sets, clusters


def _refuse_missing(table: LongTable, row: int, text: str) -> None:
    if text in _MISSING:
        raise table.fail(
            row,
            f"the value {text} is what programs write where there is none",
            "leave the cell empty where nothing was judged, or call the value otherwise",
        )


def timed_events_of(
    table: LongTable, *, onset: str, apex: str, offset: str, rate_hz: float | None
) -> tuple[TimedEvent, ...]:
    """The times of three columns; rows where all three are empty are missing judgements.

    Args:
        table: the rows.
        onset, apex, offset: names of the columns.
        rate_hz: frames per second where the columns count frames, a span holding both its end frames; None: they are
            seconds.

    Raises:
        BadInput: a cell is no number, or the marks are not in order; the message names the line.
    """
    events = []
    for row, cells in enumerate(table.rows):
        texts = [cells[name].strip() for name in (onset, apex, offset)]
        if not any(texts):
            continue
        wrong = next((text for text in texts if not _is_number(text)), None)
        if wrong is not None:
            raise table.fail(row, f"the time {wrong or '(empty)'} is no number", "give onset, apex and offset")
        first, peak, last = (float(text) for text in texts)
        if not 0 <= first <= peak <= last:
            raise table.fail(
                row, f"need 0 <= onset <= apex <= offset, got {first:g}, {peak:g}, {last:g}", "put them in order"
            )
        scale_ms = 1000.0 / rate_hz if rate_hz is not None else 1000.0
        held = 1.0 if rate_hz is not None else 0.0  # a frame lasts until the next one; a time in seconds is a point
        unit = cells[table.unit].strip()
        events.append(
            TimedEvent(
                unit=unit,
                cluster=unit if table.cluster is None else cells[table.cluster].strip(),
                marks_ms=(first * scale_ms, peak * scale_ms, last * scale_ms),
                duration_ms=(last - first + held) * scale_ms,
            )
        )
    if not events:
        raise BadInput.of("table.no_values", f"{table.path} holds no times", "fill them in")
    return tuple(events)


def continua_of(
    table: LongTable, *, onset: str, offset: str, length: str, kind: str | None, rate_hz: float | None
) -> tuple[Continuum, ...]:
    """The events of a table with one row for each event that a coder marked, in whole ms.

    A row without times says that its coder watched the unit, and marked nothing more.

    Args:
        table: the rows; a coder may have several for one unit.
        onset, offset: names of the columns.
        length: name of the column that says how long the unit is, from 0 on.
        kind: name of the column that says what an event is; None: they are all of one kind.
        rate_hz: frames per second where the columns count frames, an event holding both its end frames; None: they are
            seconds, and an event ends at its offset.

    Raises:
        BadInput: a cell is no number, a unit has two lengths, or events of one kind overlap or leave their unit; the
            message names the line.
    """
    scale_ms = 1000.0 / rate_hz if rate_hz is not None else 1000.0
    held = 1.0 if rate_hz is not None else 0.0
    lengths: dict[str, float] = {}
    clusters: dict[str, str] = {}
    marked: dict[str, dict[str, list[tuple[int, int, str]]]] = {}
    for row, cells in enumerate(table.rows):
        unit, coder = cells[table.unit].strip(), cells[table.coder].strip()
        texts = [cells[name].strip() for name in (onset, offset)]
        wrong = next((text for text in (cells[length].strip(), *filter(None, texts)) if not _is_number(text)), None)
        if wrong is not None or any(texts) != all(texts):
            raise table.fail(row, f"the time {wrong or '(empty)'} is no number", "give onset, offset and length")
        long = float(cells[length])
        if lengths.setdefault(unit, long) != long or long <= 0:
            raise table.fail(row, f"unit {unit} is {long:g} long here, and {lengths[unit]:g}", "give it one length")
        clusters[unit] = unit if table.cluster is None else cells[table.cluster].strip()
        own = marked.setdefault(unit, {}).setdefault(coder, [])
        if all(texts):
            first, last = float(texts[0]), float(texts[1]) + held
            what = "" if kind is None else cells[kind].strip()
            own.append((round(first * scale_ms), round(last * scale_ms), what))
            try:
                Continuum(cluster="", length=round(long * scale_ms), marked=(tuple(own),))
            except BadInput as error:
                raise table.fail(
                    row,
                    f"an event from {texts[0]} to {texts[1]} overlaps another of this coder, is empty, or leaves its "
                    f"unit, which is {cells[length].strip()} long",
                    "give events of one kind that follow each other inside their unit",
                ) from error
    return tuple(
        Continuum(
            cluster=clusters[unit],
            length=round(lengths[unit] * scale_ms),
            marked=tuple(tuple(own) for own in coders.values()),
        )
        for unit, coders in marked.items()
    )


def _check(table: LongTable, *, several: bool) -> None:
    judged: dict[tuple[str, str], int] = {}
    cluster_of: dict[str, tuple[str, int]] = {}
    for row, cells in enumerate(table.rows):
        for name in (table.unit, table.coder, *([table.cluster] if table.cluster else [])):
            if not cells[name].strip():
                raise table.fail(row, f"the column {name} is empty", "fill it in or remove the row")
        unit, coder = cells[table.unit].strip(), cells[table.coder].strip()
        before = judged.setdefault((unit, coder), row)
        if before != row and not several:
            raise table.fail(
                row,
                f"coder {coder} judged unit {unit} already in line {table.lines[before]}",
                "keep the judgement that counts",
            )
        if table.cluster is not None:
            cluster = cells[table.cluster].strip()
            known, line = cluster_of.setdefault(unit, (cluster, table.lines[row]))
            if known != cluster:
                raise table.fail(
                    row,
                    f"unit {unit} belongs to {table.cluster} {cluster} here and to {known} in line {line}",
                    "give each unit one",
                )


def _is_number(text: str) -> bool:
    try:
        value = float(text)
    except ValueError:
        return False
    return value == value and abs(value) != float("inf")

"""What becomes of a label table: a span table for our other commands, and a document for programs."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO

from mmed_curate.domain.findings import Finding
from mmed_curate.interchange.labels_event import LabelledEvent, LabelTable

MARK_COLUMNS = ("onset", "apex", "offset")
EVENT_COLUMNS = (
    "name",
    "recording",
    "subject",
    "rate_hz",
    "emotion",
    "class",
    "action_units",
    "objective_class",
    "type",
    "dataset",
    "row",
)
"""Of events.csv, behind the marks that the table has."""


def is_span(event: LabelledEvent, table: LabelTable) -> bool:
    """True where an event has all marks that its table has columns for, in order: where it can be cut or scored."""
    if event.onset is None or event.offset is None or event.onset > event.offset:
        return False
    # proposals without an apex may begin before their recording does: they are scored all the same
    return not table.layout.has_apex or (event.apex is not None and event.is_ordered and event.onset >= 0)


def events_csv(table: LabelTable, events: Sequence[LabelledEvent]) -> str:
    """Events as a span table: frames from 0, both ends inside; a missing mark is an empty cell.

    Where the dataset counts a recording's frames from 1, one is taken off each mark; where nobody knows, they stay.
    Names are made from subject and file so that each is there once. Text that a spreadsheet would take for a formula
    gets an apostrophe in front.

    Args:
        table: whose columns decide which marks are written.
        events: of this table.
    """
    marks = [name for name in MARK_COLUMNS if table.layout.has_marks and (name != "apex" or table.layout.has_apex)]
    names = event_names(table.events)
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*marks, *EVENT_COLUMNS])
    for event in events:
        origin = event.first_frame or 0
        placed = [getattr(event, name) for name in marks]
        writer.writerow(
            [
                *("" if mark is None else mark - origin for mark in placed),
                names[event.row],
                *map(_plain, (event.name, event.subject)),
                "" if event.rate_hz is None else f"{float(event.rate_hz):.10g}",
                _plain(event.emotion or ""),
                event.emotion_class or "",
                _plain(str(event.action_units)),
                event.objective_class or "",
                event.event_type or "",
                _plain(event.dataset),
                event.row,
            ]
        )
    return text.getvalue()


def event_names(events: Iterable[LabelledEvent]) -> Mapping[int, str]:
    """A name for each event by its row, fit for a file: subject and file, and the row where two share these."""
    made = {}
    for event in events:
        own = event.name.strip()
        joined = own if own.startswith(event.subject.strip()) else f"{event.subject}_{own}"
        safe = "".join(sign if sign.isalnum() or sign in "._-" else "-" for sign in joined).strip("._-")[:80]
        made[event.row] = safe or "event"
    many = Counter(name.casefold() for name in made.values())
    return {row: name if many[name.casefold()] == 1 else f"{name}_row{row}" for row, name in made.items()}


def counts(table: LabelTable) -> dict[str, dict[str, int]]:
    """How many events there are of each type, emotion and class of three; `""`: of none."""
    return {
        "event_types": _tally(event.event_type for event in table.events),
        "emotions": _tally(event.emotion for event in table.events),
        "classes": _tally(event.emotion_class for event in table.events),
    }


def labels_document(table: LabelTable) -> dict[str, object]:
    """What `mmed import labels --json` prints of a table: all of it, in the table's own numbers."""
    return {
        "format": "mmed-labels",
        "version": "1.0",
        "layout": table.layout.name,
        "title": table.layout.title,
        "sheet": table.sheet,
        "first_frame": table.layout.first_frame,
        "class_source": table.layout.class_source,
        "n_events": len(table.events),
        "n_subjects": n_subjects(table),
        "n_spans": sum(is_span(event, table) for event in table.events),
        "counts": counts(table),
        "events": [event_document(event) for event in table.events],
        "findings": [finding_document(finding) for finding in table.findings],
    }


def n_subjects(table: LabelTable) -> int:
    """Subjects, told apart by dataset and code; events without one are not counted."""
    return len({(event.dataset, event.subject) for event in table.events if event.subject})


def event_document(event: LabelledEvent) -> dict[str, object]:
    """One event, in the dataset's own frame numbers."""
    return {
        "row": event.row,
        "dataset": event.dataset,
        "subject": event.subject,
        "name": event.name,
        "onset": event.onset,
        "apex": event.apex,
        "offset": event.offset,
        "rate_hz": None if event.rate_hz is None else float(event.rate_hz),
        "emotion": event.emotion,
        "class": event.emotion_class,
        "action_units": [
            [
                {
                    "number": mark.number,
                    "side": mark.side.name.lower(),
                    "intensity": mark.intensity.value if mark.intensity else None,
                    "is_doubted": mark.is_doubted,
                }
                for mark in term.readings
            ]
            for term in event.action_units.terms
        ],
        "action_units_text": event.action_units_text,
        "objective_class": event.objective_class,
        "type": event.event_type,
        "unread": {holds.value: text for holds, text in event.unread.items()},
        "extra": dict(event.extra),
    }


def finding_document(finding: Finding) -> dict[str, object]:
    """One finding; `row` is null where it is about the whole table."""
    row = finding.parameters.get("row")
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "row": row if isinstance(row, int) else None,
        "what": finding.what,
        "remedy": finding.remedy,
    }


def _tally(values: Iterable[str | None]) -> dict[str, int]:
    return dict(sorted(Counter(value or "" for value in values).items(), key=lambda item: (-item[1], item[0])))


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text

"""The annotation formats that can be read and written, by the name that the command line gives them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mmed_curate.domain.findings import BadInput, Finding
from mmed_curate.domain.serial import from_json, to_json
from mmed_curate.domain.time import FrameClock
from mmed_curate.interchange.boris import KIND as BORIS_KIND
from mmed_curate.interchange.borisfile import write_boris
from mmed_curate.interchange.boristable import read_boris
from mmed_curate.interchange.elan import read_elan
from mmed_curate.interchange.elanfile import write_elan
from mmed_curate.interchange.praat import read_textgrid, write_textgrid
from mmed_curate.interchange.spancsv import read_span_csv, write_span_csv
from mmed_curate.interchange.timelines import Reading, Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineFormat:
    """One format of annotations in time."""

    title: str
    """What a user calls such a file."""
    read: Callable[[Path, FrameClock | None], Reading] | None
    """Only tables use the recording's clock: to know the time of a frame. None: another format reads it."""
    write: Callable[[Path, Sequence[Timeline]], tuple[Finding, ...]]


def _without_clock(read: Callable[[Path], Reading]) -> Callable[[Path, FrameClock | None], Reading]:
    def reading(path: Path, clock: FrameClock | None) -> Reading:
        return read(path)

    return reading


TIMELINE_FORMATS: dict[str, TimelineFormat] = {
    "elan": TimelineFormat(title="an ELAN document (.eaf)", read=_without_clock(read_elan), write=write_elan),
    "boris": TimelineFormat(title=BORIS_KIND, read=_without_clock(read_boris), write=write_boris),
    "praat": TimelineFormat(
        title="a Praat TextGrid, long or short text", read=_without_clock(read_textgrid), write=write_textgrid
    ),
    "praat-short": TimelineFormat(
        title="a Praat TextGrid, short text",
        read=None,
        write=partial(write_textgrid, short=True),
    ),
    "csv": TimelineFormat(title="a table with a row for each annotation", read=read_span_csv, write=write_span_csv),
}


def reading_document(source: str, reading: Reading) -> dict[str, object]:
    """What was read, as the JSON document `mmed-timeline`: nothing of it is left out."""
    return {
        "format": "mmed-timeline",
        "version": "1.0",
        "source": source,
        "timelines": [to_json(timeline) for timeline in reading.timelines],
        "findings": [
            {
                "code": one.code,
                "what": one.what,
                "remedy": one.remedy,
                "severity": one.severity.value,
                "parameters": dict(one.parameters),
            }
            for one in reading.findings
        ],
    }


def timelines_from(document: object) -> tuple[Timeline, ...]:
    """The timelines of an `mmed-timeline` document.

    Raises:
        BadInput: it is none, or of a version that is newer than this program.
    """
    if not isinstance(document, dict) or document.get("format") != "mmed-timeline":
        raise BadInput.of(
            "interchange.document", "this is no mmed-timeline document", "give what import --json printed"
        )
    if document.get("version") != "1.0":
        raise BadInput.of(
            "interchange.document",
            f"this mmed-timeline document is of version {document.get('version')}, known is 1.0",
            "use a newer mmed-curate",
        )
    listed = document.get("timelines")
    if not isinstance(listed, list):
        raise BadInput.of("interchange.document", "the document has no timelines", "give what import --json printed")
    return tuple(from_json(Timeline, one) for one in listed)

"""Every table that a command is given is a file with a name for each column, or is refused with one sentence."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mmed_curate.agreement.table import read_long_table
from mmed_curate.benchmark.predictions import read_predictions
from mmed_curate.dataset.rows import ClipRow, read_rows
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.spantable import read_spans
from mmed_curate.ingest.companions import read_companions
from mmed_curate.ingest.faces import read_face_table
from mmed_curate.ingest.recipe import load_recipe
from mmed_curate.ingest.sources import read_sources
from mmed_curate.interchange.spancsv import read_span_csv
from mmed_curate.release.recipe import read_licence
from mmed_curate.simulation.truth import read_truth
from mmed_curate.spotting.tables import read_scored
from mmed_curate.store.subjecttable import read_subjects


def judged(path: Path) -> object:
    return read_long_table(path, unit="clip", coder="coder", cluster=None, others=())


TABLES: dict[str, tuple[Callable[[Path], object], str]] = {
    "spans": (read_spans, "onset,apex,offset"),
    "annotations": (read_span_csv, "start,end,label"),
    "proposals": (read_scored, "onset,offset"),
    "faces": (read_face_table, "recording,track,subject"),
    "companions": (read_companions, "recording,companion,kind"),
    "recordings": (read_sources, "recording,subject,session"),
    "subjects": (read_subjects, "code,consent,form_version,signed_on"),
    "judgements": (judged, "clip,coder"),
    "predictions": (read_predictions, "subject,truth,predicted"),
    "truth": (read_truth, "recording,sha256"),
}
TEXTS: dict[str, Callable[[Path], object]] = {
    **{name: read for name, (read, _) in TABLES.items()},
    "release": lambda path: read_rows(path, ClipRow),
    "recipe": lambda path: load_recipe(str(path)),
    "licence": read_licence,
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_pipe_is_refused_rather_than_waited_for(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "t.yaml")
    with pytest.raises(BadInput, match=r"t\.yaml.*it is a pipe, not a file"):
        TEXTS[name](tmp_path / "t.yaml")


@pytest.mark.parametrize("name", TEXTS)
def test_a_device_is_refused_rather_than_read_without_end(name: str, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").symlink_to("/dev/zero")
    with pytest.raises(BadInput, match=r"t\.yaml.*it is a device, not a file"):
        TEXTS[name](tmp_path / "t.yaml")


@pytest.mark.parametrize("name", TABLES)
def test_a_column_that_is_there_twice_is_named(name: str, tmp_path: Path) -> None:
    read, header = TABLES[name]
    first = header.partition(",")[0]
    (tmp_path / "t.csv").write_text(f"\N{ZERO WIDTH NO-BREAK SPACE}{header}, {first} ,,\n", encoding="utf-8")
    if name == "truth":  # of the program's own making: no byte order mark
        (tmp_path / "t.csv").write_text(f"{header}, {first} ,,\n", encoding="utf-8")
    with pytest.raises(BadInput, match=f"t.csv names the column {first} 2 times"):
        read(tmp_path / "t.csv")


def test_columns_without_a_name_may_be_many(tmp_path: Path) -> None:
    """As spreadsheets leave them behind, to the right of the table."""
    (tmp_path / "t.csv").write_text("onset,apex,offset,,\n1,2,3,,\n", encoding="utf-8")
    assert len(read_spans(tmp_path / "t.csv").rows) == 1

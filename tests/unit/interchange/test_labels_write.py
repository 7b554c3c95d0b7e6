"""Label tables written back, and the command that reads them."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import jsonschema
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmed_curate.cli.main import main
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.spantable import read_spans
from mmed_curate.interchange.facs import read_facs
from mmed_curate.interchange.labels import read_labels
from mmed_curate.interchange.labels_event import LabelledEvent, LabelTable
from mmed_curate.interchange.labels_layout import Holds, load_layout
from mmed_curate.interchange.labels_tables import event_names, events_csv, is_span
from mmed_curate.interchange.labels_write import write_labels

DFME = "Subject,Filename,OnsetFrame,ApexFrame,OffsetFrame,Emotion,EmotionId,Fps,AU"
CASME2 = "Subject,Filename,,OnsetFrame,ApexFrame,OffsetFrame,,Action Units,Estimated Emotion,Objective Classes"
ROWS = """\
01,EP99_01,,46,59,86,,4+R10,disgust,4
01,EP99_02f,,261,/,321,,12,happiness,1
02,EP99_01,,50,40,90,,,others,7
"""
REAL = (
    "labels-casme2/CASME2-coding-20190701.xlsx",
    "labels-samm/SAMM_Micro_FACS_Codes_v2.xlsx",
    "labels-casme3/casme3_table.xlsx",
    "labels-dfme/testB_full_with_AU.xlsx",
    "labels-megc2019/combined_3class_gt.csv",
    "labels-strs/pred.csv",
)

words = st.text(alphabet="abcZ019 _-+=/'é,;\"", min_size=1, max_size=8).filter(str.strip)
marks = st.integers(-5, 10**6)


@st.composite
def dfme_events(draw: st.DrawFn) -> LabelledEvent:
    """An event that DFME's layout can hold, also with wrong marks."""
    onset, apex, offset = (draw(st.none() | marks) for _ in range(3))
    cell = draw(st.none() | st.sampled_from(["4+7", "L12 or R12", "?", "12+soft"]))
    return LabelledEvent(
        row=0,
        dataset="dfme",
        subject=draw(words),
        name=draw(words),
        onset=onset,
        apex=apex,
        offset=offset,
        first_frame=0,
        rate_hz=draw(st.none() | st.sampled_from([Fraction(200), Fraction(59, 2)])),
        emotion=draw(st.none() | st.just("awe")),
        action_units=read_facs(cell or ""),
        action_units_text=cell,
        event_type="micro",
        unread={Holds.ONSET: "/"} if onset is None and draw(st.booleans()) else {},
        extra={"EmotionId": draw(words)} if draw(st.booleans()) else {},
    )


@pytest.fixture
def casme2(tmp_path: Path) -> Path:
    """Three events: a good one, one without an apex, one whose apex comes first."""
    path = tmp_path / "casme2.csv"
    path.write_text(f"{CASME2}\n{ROWS}", encoding="utf-8")
    return path


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(dfme_events(), min_size=1, max_size=5), ending=st.sampled_from([".xlsx", ".csv"]))
def test_what_is_written_reads_the_same(tmp_path: Path, events: list[LabelledEvent], ending: str) -> None:
    rows = tuple(replace(event, row=row) for row, event in enumerate(events, start=2))
    table = LabelTable(layout=load_layout("dfme"), events=rows)
    path = tmp_path / f"table{ending}"
    assert write_labels(table, path) == ()
    assert read_labels(path).events == rows


@pytest.mark.parametrize("ending", [".xlsx", ".csv"])
@pytest.mark.parametrize("file", REAL)
def test_real_tables_come_back_the_same(material: Path, tmp_path: Path, file: str, ending: str) -> None:
    table = read_labels(material / file)
    lost = write_labels(table, tmp_path / f"copy{ending}")
    back = read_labels(tmp_path / f"copy{ending}")
    assert (back.events, back.header, back.preamble) == (table.events, table.header, table.preamble)
    assert {finding.code for finding in lost} <= {"labels.only_values"}


def test_a_gap_between_rows_stays_a_gap(casme2: Path, tmp_path: Path) -> None:
    casme2.write_text(f"{CASME2}\n\n\n{ROWS}", encoding="utf-8")
    write_labels(read_labels(casme2), tmp_path / "copy.xlsx")
    assert [event.row for event in read_labels(tmp_path / "copy.xlsx").events] == [4, 5, 6]


def test_what_a_layout_cannot_hold_is_said(casme2: Path, tmp_path: Path) -> None:
    table = read_labels(casme2)
    first, *rest = table.events
    changed = replace(first, rate_hz=Fraction(100), event_type="macro", extra={"mood": "tired"})
    lost = write_labels(replace(table, events=(changed, *rest)), tmp_path / "copy.csv")
    assert [str(finding) for finding in lost] == [
        "row 2: the layout casme2 does not hold rate_hz, event_type, extra of this event: keep it elsewhere too"
    ]


def test_a_text_that_begins_like_a_formula_stays_text(casme2: Path, tmp_path: Path) -> None:
    table = read_labels(casme2)
    table = replace(table, events=(replace(table.events[0], name="=1+1"),))
    write_labels(table, tmp_path / "copy.xlsx")
    cell = openpyxl.load_workbook(tmp_path / "copy.xlsx").worksheets[0]["B2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")
    assert "\n45,58,85,01_-1-1,'=1+1,01," in events_csv(table, table.events)


def test_other_endings_and_signs_are_refused(casme2: Path, tmp_path: Path) -> None:
    table = read_labels(casme2)
    with pytest.raises(BadInput, match=r"neither .xlsx nor .csv"):
        write_labels(table, tmp_path / "copy.ods")
    with pytest.raises(BadInput, match="row 2"):
        write_labels(replace(table, events=(replace(table.events[0], name="a\x01b"),)), tmp_path / "copy.xlsx")
    assert not list(tmp_path.glob("copy*"))


def test_names_are_there_once_and_fit_a_file(casme2: Path) -> None:
    table = read_labels(casme2)
    twice = (table.events[0], replace(table.events[0], row=9), replace(table.events[0], row=10, name="../x y"))
    assert list(event_names(twice).values()) == ["01_EP99_01_row2", "01_EP99_01_row9", "01_..-x-y"]


def test_the_span_table_counts_from_zero_and_holds_only_spans(casme2: Path, tmp_path: Path) -> None:
    table = read_labels(casme2)
    spans = [event for event in table.events if is_span(event, table)]
    (tmp_path / "events.csv").write_text(events_csv(table, spans), encoding="utf-8")
    (row,) = read_spans(tmp_path / "events.csv").rows
    assert row.frames is not None and (row.frames.onset, row.frames.apex, row.frames.offset) == (45, 58, 85)
    assert (row.name, row.subject, row.recording) == ("01_EP99_01", "01", "EP99_01")


def call(*words: object) -> int:
    """Run mmed and give its exit code."""
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    return int(stop.value.code or 0)


def test_the_command_counts_and_names_each_error(
    casme2: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("import", "labels", casme2, "-o", tmp_path / "events.csv") == 2
    said = capsys.readouterr()
    assert "3 events of 2 subjects" in said.out and "1 span, frames from 0" in said.out
    assert "row 3: ApexFrame is '/'" in said.err and "row 4: the apex (40) comes before the onset (50)" in said.err
    beside = (tmp_path / "events.not-spans.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[:3] for line in beside[1:]] == [["260", "", "320"], ["49", "39", "89"]]


def test_the_span_table_is_taken_by_the_scorer(
    casme2: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call("import", "labels", casme2, "-o", tmp_path / "events.csv")
    capsys.readouterr()
    assert call("spot", "evaluate", tmp_path / "events.csv", tmp_path / "events.csv", "--json") == 0
    assert json.loads(capsys.readouterr().out)["true_positives"] == 1


def test_published_proposals_score_as_published(
    material: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("gt", "pred"):
        call("import", "labels", material / "labels-strs" / f"{name}.csv", "-o", tmp_path / f"{name}.csv")
    capsys.readouterr()
    assert call("spot", "evaluate", tmp_path / "pred.csv", tmp_path / "gt.csv", "--json") == 0
    scores = json.loads(capsys.readouterr().out)
    assert (scores["true_positives"], round(scores["f1"], 4)) == (159, 0.6516)  # computed by hand from the pairs


def test_json_is_what_the_schema_says(
    casme2: Path, tmp_path: Path, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("import", "labels", casme2, "--copy", tmp_path / "copy.xlsx", "--json") == 2
    document = json.loads(capsys.readouterr().out)
    schema = json.loads((repository / "schema" / "json" / "labels.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(document)
    for key in document:
        assert not validator.is_valid({name: value for name, value in document.items() if name != key})
    assert not validator.is_valid({**document, "more": 1})
    assert document["events"][1]["unread"] == {"apex": "/"} and document["n_spans"] == 1


def test_the_table_is_never_written_over(casme2: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = casme2.read_bytes()
    assert call("import", "labels", casme2, "-o", casme2) == 2
    assert call("import", "labels", casme2, "--copy", casme2) == 2
    assert call("import", "labels", tmp_path / "none.csv") == 2
    said = capsys.readouterr().err
    assert casme2.read_bytes() == before and "Traceback" not in said and "there is no such file" in said

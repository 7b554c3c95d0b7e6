"""Label tables of published datasets. Rows are made up, in the published layouts; the real ones where they lie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import openpyxl
import pytest

from mmed_curate.domain.codebook import load_codebook
from mmed_curate.domain.findings import BadInput
from mmed_curate.interchange.labels import read_labels
from mmed_curate.interchange.labels_event import LabelTable
from mmed_curate.interchange.labels_layout import Holds, layout_names, load_layout

CASME2 = ("Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None, "Action Units",
          "Estimated Emotion", "Objective Classes")  # fmt: skip
SAMM = ("Subject", "Filename", "Inducement Code", "Onset Frame", "Apex Frame", "Offset Frame", "Duration", "Micro",
        "Action Units", "Estimated Emotion", "Objective Classes", "Notes")  # fmt: skip
CASME3 = ("Subject", "Filename", "Onset", "Apex", "Offset", "AU", "Objective class", "emotion")
DFME = ("Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Emotion", "EmotionId", "Fps", "AU")
A_ROW = ("01", "EP99_01", None, 46, 59, 86, None, "4+R10", "disgust", 4)

Writer = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Writer:
    """Writes rows into a spreadsheet."""

    def write(*rows: Sequence[object], name: str = "labels.xlsx", merge: str | None = None) -> Path:
        book = openpyxl.Workbook()
        sheet = book.worksheets[0]
        for row in rows:
            sheet.append(list(row))
        if merge:
            sheet.merge_cells(merge)
        book.save(tmp_path / name)
        return tmp_path / name

    return write


def codes(table: LabelTable) -> list[tuple[str, object]]:
    """Findings as (code, row)."""
    return [(finding.code.removeprefix("labels."), finding.parameters.get("row")) for finding in table.findings]


def a_row(**changed: object) -> list[object]:
    """A row of CASME II in which some columns are different."""
    return [changed.get((name or "").replace(" ", "_"), cell) for name, cell in zip(CASME2, A_ROW, strict=True)]


def test_a_row_of_casme2(written: Writer) -> None:
    table = read_labels(written(CASME2, A_ROW))
    (event,) = table.events
    assert table.layout.name == "casme2" and not table.findings
    assert (event.row, event.subject, event.name) == (2, "01", "EP99_01")
    assert (event.onset, event.apex, event.offset, event.first_frame, event.n_frames) == (46, 59, 86, 1, 41)
    assert (event.rate_hz, event.emotion, event.emotion_class) == (200, "disgust", "negative")
    assert (str(event.action_units), event.objective_class, event.event_type) == ("4+R10", 4, "micro")


def test_a_mark_that_is_no_number_is_missing_and_its_row_stays(written: Writer) -> None:
    table = read_labels(written(CASME2, A_ROW, a_row(ApexFrame="/")))
    assert len(table.events) == 2
    assert table.events[1].apex is None and table.events[1].unread == {Holds.APEX: "/"}
    assert "row 3: ApexFrame is '/'" in str(table.findings[0])


@pytest.mark.parametrize("cell", [1.5, True, "1e3", "46.0", 10**10, datetime(2019, 3, 4), "#REF!"])  # noqa: DTZ001
def test_whatever_else_stands_there_is_no_frame(written: Writer, cell: object) -> None:
    table = read_labels(written(CASME2, a_row(OnsetFrame=cell)))
    assert table.events[0].onset is None and Holds.ONSET in table.events[0].unread
    assert codes(table) == [("mark_unreadable", 2)]


def test_marks_out_of_order_stay_as_they_are(written: Writer) -> None:
    table = read_labels(
        written(CASME2, a_row(ApexFrame=40), a_row(OffsetFrame=50), a_row(OnsetFrame=90, ApexFrame="/"))
    )
    assert [(event.onset, event.apex, event.offset) for event in table.events] == [
        (46, 40, 86),
        (46, 59, 50),
        (90, None, 86),
    ]
    assert not any(event.is_ordered for event in table.events)
    assert [found for found in codes(table) if found[0] == "mark_order"] == [("mark_order", row) for row in (2, 3, 4)]


def test_a_mark_before_the_first_frame_is_named(written: Writer) -> None:
    assert codes(read_labels(written(CASME2, a_row(OnsetFrame=0)))) == [("mark_outside", 2)]


def test_a_subject_that_lost_its_zero_is_noticed(written: Writer) -> None:
    table = read_labels(written(CASME2, a_row(Subject=1)))
    assert table.events[0].subject == "1"
    assert "spreadsheets take zeros off numbers" in str(table.findings[0])


def test_emotions_keep_their_spelling(written: Writer) -> None:
    table = read_labels(
        written(CASME2, a_row(Estimated_Emotion="Disgust"), a_row(Estimated_Emotion="awe", Filename="b"))
    )
    assert [(event.emotion, event.emotion_class) for event in table.events] == [("Disgust", "negative"), ("awe", None)]
    assert codes(table) == [("emotion_spelling", 2), ("emotion_unknown", 3)]


def test_formulas_in_place_of_action_units_are_noticed(written: Writer) -> None:
    table = read_labels(written(CASME2, a_row(Action_Units="=4+7")))
    assert codes(table) == [("formula", 2)] and table.events[0].action_units_text is None
    dated = read_labels(written(CASME2, a_row(Action_Units=datetime(2019, 4, 7))))  # noqa: DTZ001
    assert codes(dated) == [("facs_date", 2)]


def test_events_that_are_there_twice_and_long_ones(written: Writer) -> None:
    table = read_labels(written(CASME2, A_ROW, A_ROW, a_row(Filename="b", ApexFrame=200, OffsetFrame=300),
                                a_row(Filename="c", OffsetFrame=1000)))  # fmt: skip
    # 255 frames of 200 Hz are 1.275 s with 0.77 s of rise; 955 frames are 4.775 s
    assert codes(table) == [("long", None), ("twice", 3), ("too_long", 5)]


def test_samm_below_its_preamble(written: Writer) -> None:
    preamble = [("SAMM Dataset - Master FACS Codes",), *[(None,)] * 12]
    row = (
        "006",
        "006_9_9",
        1,
        100,
        120,
        150,
        "=SUM(F15-D15)+1",
        "Micro - 1/2",
        "(R6 or R12)+R15",
        "Other",
        7,
        "Blinks",
    )
    table = read_labels(written(*preamble, SAMM, row))
    (event,) = table.events
    assert (table.layout.name, event.row, event.subject, event.emotion_class) == ("samm", 15, "006", None)
    assert event.extra == {"Inducement Code": "1", "Notes": "Blinks"}
    assert codes(table) == [("preamble", None), ("first_frame", None), ("formula_column", None)]
    assert table.preamble[0][0] == "SAMM Dataset - Master FACS Codes" and len(table.preamble) == 13


def test_samm_long_videos_tell_micro_from_macro(written: Writer) -> None:
    header = ("Subject", "Filename", "Inducement Code", "Onset", "Apex", "Offset", "Duration", "Type", "Action Units",
              "Notes")  # fmt: skip
    kinds = ("Micro - 1/2", "Macro", "Nano")
    rows = [("006", f"006_1_{n}", 1, 10, 20, 30, 21, kind, 4, None) for n, kind in enumerate(kinds)]
    table = read_labels(written(header, *rows))
    assert [event.event_type for event in table.events] == ["micro", "macro", None]
    assert table.layout.name == "samm-long" and ("event_type", 4) in codes(table)


def test_casme3_holds_its_numbers_as_text(written: Writer) -> None:
    table = read_labels(written(CASME3, ("spNO.1", "a", "355", "359", "360", "R12", "VII", "happy"),
                                ("spNO.1", "b", "12", "15", "0", "4", "VIII", "Others")))  # fmt: skip
    first, second = table.events
    assert (first.onset, first.objective_class, first.emotion_class, first.rate_hz) == (355, 7, "positive", 30)
    assert (second.offset, second.unread) == (0, {Holds.OBJECTIVE_CLASS: "VIII"})
    assert {code for code, _ in codes(table)} == {"mark_order", "objective_class", "emotion_spelling"}


@pytest.mark.parametrize("cell", ["III", 0, 8, "3?"])
def test_an_objective_class_of_another_scale_is_kept_as_text(written: Writer, cell: object) -> None:
    table = read_labels(written(CASME2, a_row(Objective_Classes=cell)))
    assert table.events[0].objective_class is None and table.events[0].unread == {Holds.OBJECTIVE_CLASS: str(cell)}
    assert codes(table) == [("objective_class", 2)]


def test_dfme_has_a_rate_per_row(written: Writer) -> None:
    rows = [
        ("sub0001", f"sub0001_0{n}", 20, 51, 90, "contempt", 1, rate, "6+AD39") for n, rate in enumerate((500, 300, 0))
    ]
    table = read_labels(written(DFME, *rows))
    assert [event.rate_hz for event in table.events] == [500, 300, None]
    assert codes(table) == [("rate", 4)]


def test_megc2019_has_no_header(tmp_path: Path) -> None:
    path = tmp_path / "three.csv"
    path.write_text(
        "casme2,sub01,EP99_01,1\nsamm,006,006_9_9,0\nsmic,s1,s1_sur_01,2\nsmic,s1,s1_x,7\n", encoding="utf-8"
    )
    table = read_labels(path)
    assert [event.emotion_class for event in table.events] == ["positive", "negative", "surprise", None]
    assert [event.dataset for event in table.events] == ["casme2", "samm", "smic", "smic"]
    assert codes(table) == [("class_unknown", 4)] and not table.layout.has_marks


def test_columns_nobody_knows_are_kept(written: Writer) -> None:
    table = read_labels(written((*CASME2, "Remark"), (*A_ROW, "blink", "and more")))
    assert table.events[0].extra == {"Remark": "blink", "(column L)": "and more"}


def test_merged_cells_are_said(written: Writer) -> None:
    table = read_labels(written(CASME2, A_ROW, a_row(Filename="b"), merge="A2:A3"))
    assert codes(table) == [("merged", None), ("missing", 3)] and table.events[1].subject == ""


def test_the_layout_can_be_insisted_on(written: Writer, tmp_path: Path) -> None:
    path = written(CASME2, A_ROW)
    assert read_labels(path, layout="casme2").events == read_labels(path).events
    with pytest.raises(BadInput, match="not in the layout dfme: it lacks Emotion, Fps, AU"):
        read_labels(path, layout="dfme")
    own = tmp_path / "own.yaml"
    own.write_text(
        "format: mmed-label-layout\nversion: '1.0'\nname: own\ntitle: Ours\nsource: ours\ndataset: ours\n"
        "first_frame: 0\nrate_hz: '30000/1001'\n"
        "columns: [{name: Who, holds: subject}, {name: What, holds: name}, {name: From, holds: onset}]\n",
        encoding="utf-8",
    )
    table = read_labels(written(("who", "what", "FROM"), ("x", "y", 3)), layout=str(own))
    assert (table.events[0].onset, table.events[0].rate_hz) == (3, Fraction(30000, 1001))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no rows"),
        (b"a,b,c\n1,2,3\n", "in none of the layouts"),
        (b"PK\x03\x04 and then nothing", "not a whole spreadsheet"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "old .xls"),
        (b"\xff\xfe\x00", "neither a spreadsheet nor"),
        (b'Subject,"open\n', "neither a spreadsheet nor"),
        (b"Subject,Filename,OnsetFrame,ApexFrame,OffsetFrame,Emotion,EmotionId,Fps,AU\n", "no events"),
        (b"Subject,Filename,Filename,OnsetFrame,ApexFrame,OffsetFrame,Emotion,Fps,AU\nx", "more than once"),
    ],
)
def test_what_is_no_label_table_is_refused_in_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "labels.xlsx"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=said):
        read_labels(path)


def test_a_sheet_of_a_million_rows_is_refused(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0]["XFD1048576"] = "far"
    book.save(tmp_path / "far.xlsx")
    with pytest.raises(BadInput, match="1048576 rows"):
        read_labels(tmp_path / "far.xlsx")


def test_two_sheets_in_one_layout_are_a_question(written: Writer) -> None:
    path = written(CASME2, A_ROW)
    book = openpyxl.load_workbook(path)
    book.copy_worksheet(book.worksheets[0])
    book.save(path)
    with pytest.raises(BadInput, match="2 sheets in the layout casme2"):
        read_labels(path)


@pytest.mark.parametrize("name", layout_names())
def test_layouts_use_words_of_the_codebook(name: str) -> None:
    layout, book = load_layout(name), load_codebook("mmed")
    classes = {one for one in (*layout.emotions.values(), *layout.class_labels.values()) if one is not None}
    types = {*layout.event_types.values(), *([layout.every_event_is] if layout.every_event_is else [])}
    assert classes <= set(book.class_codes) and types <= {entry.code for entry in book.event_types}
    assert (layout.class_source is not None) == bool(classes)


KNOWN = {  # file: rows, subjects, emotions, classes of three; as counted by hand from the published tables
    "labels-casme2/CASME2-coding-20190701.xlsx": (
        "casme2", 255, 26, "others 99 disgust 63 happiness 32 surprise 28 repression 27 sadness 4 fear 2", None,
        {"mark_unreadable": 1},
    ),
    "labels-samm/SAMM_Micro_FACS_Codes_v2.xlsx": (
        "samm", 159, 29,
        "Anger 57 Other 26 Happiness 26 Surprise 15 Contempt 12 Disgust 9 Fear 8 Sadness 6",
        "negative 92 positive 26 surprise 15", {"mark_order": 2, "preamble": 1},
    ),
    "labels-casme3/casme3_table.xlsx": (
        "casme3", 860, 94, "disgust 250 surprise 187 others 158 Others 3 fear 86 anger 64 sad 57 happy 55", None,
        {"mark_order": 2, "emotion_spelling": 3},
    ),
    "labels-dfme/testB_full_with_AU.xlsx": (
        "dfme", 299, 41, "disgust 58 surprise 48 happiness 42 anger 41 fear 38 contempt 37 sadness 35", None, {},
    ),
    "labels-megc2019/combined_3class_gt.csv": (
        "megc2019", 442, 68, "", "negative 250 positive 109 surprise 83", {},
    ),
    "labels-strs/gt.csv": (
        "strs", 244, 26, "others 99 disgust 61 happiness 32 repression 27 surprise 25", None, {},
    ),
}  # fmt: skip


def tally(words: str) -> dict[str, int]:
    """`disgust 3 fear 1` as counts."""
    parts = words.split()
    return dict(zip(parts[::2], map(int, parts[1::2]), strict=True))


@pytest.mark.parametrize("file", KNOWN)
def test_real_tables_have_their_known_counts(material: Path, file: str) -> None:
    layout, rows, subjects, emotions, classes, errors = KNOWN[file]
    table = read_labels(material / file)
    assert (table.layout.name, len(table.events)) == (layout, rows)
    assert len({(event.dataset, event.subject) for event in table.events}) == subjects
    assert Counter(event.emotion for event in table.events if event.emotion) == tally(emotions)
    if classes is not None:
        assert Counter(event.emotion_class for event in table.events if event.emotion_class) == tally(classes)
    found = Counter(code for code, _ in codes(table))
    assert {code: found[code] for code in errors} == errors


@pytest.mark.parametrize(
    ("file", "shorter", "percent", "within"),
    [
        ("labels-casme2/CASME2-coding-20190701.xlsx", 174, 68, 249),
        ("labels-samm/SAMM_Micro_FACS_Codes_v2.xlsx", 87, 55, 159),
    ],
)
def test_real_events_are_as_short_as_is_known(
    material: Path, file: str, shorter: int, percent: int, within: int
) -> None:
    """KNOWN_ANSWERS: 68 % of CASME II and 55 % of SAMM last less than 0.4 s, both end frames counted (79 frames at 200
    a second); 97.6 % and 100 % last 500 ms at most, or 250 ms at most from onset to apex."""
    events = read_labels(material / file).events
    assert {event.rate_hz for event in events} == {200}
    lasting = [Fraction(event.n_frames or 0) / (event.rate_hz or 1) for event in events]
    assert sum(length_s < Fraction(4, 10) for length_s in lasting) == shorter
    assert round(100 * shorter / len(events)) == percent
    assert within == sum(
        length_s <= Fraction(1, 2)
        or (event.apex is not None and event.apex - (event.onset or 0) <= Fraction(1, 4) * (event.rate_hz or 1))
        for event, length_s in zip(events, lasting, strict=True)
    )


def test_real_rows_that_are_wrong_are_named(material: Path) -> None:
    casme2 = read_labels(material / "labels-casme2" / "CASME2-coding-20190701.xlsx")
    frames = sorted(event.n_frames or 0 for event in casme2.events)
    assert (frames[0], frames[127], frames[-1]) == (24, 61, 141)
    assert Counter(event.objective_class for event in casme2.events) == dict(
        zip(range(1, 8), (30, 18, 93, 15, 18, 2, 79), strict=True)
    )
    assert ("mark_unreadable", 31) in codes(casme2)
    samm = read_labels(material / "labels-samm" / "SAMM_Micro_FACS_Codes_v2.xlsx")
    assert [row for code, row in codes(samm) if code == "mark_order"] == [140, 147]
    assert samm.events[0].row == 15
    casme3 = read_labels(material / "labels-casme3" / "casme3_table.xlsx")
    lengths = [event.n_frames or 0 for event in casme3.events]
    assert (min(lengths), max(lengths)) == (-2326, 3456)
    dfme = read_labels(material / "labels-dfme" / "testB_full_with_AU.xlsx")
    assert Counter(event.rate_hz for event in dfme.events) == {200: 159, 500: 83, 300: 57}
    megc = read_labels(material / "labels-megc2019" / "combined_3class_gt.csv")
    assert Counter(event.dataset for event in megc.events) == {"smic": 164, "casme2": 145, "samm": 133}

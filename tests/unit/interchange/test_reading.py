"""Files as ELAN, BORIS and Praat write them, and what is said of each oddity in them. All of them are made up here."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from mmed_curate.domain.findings import BadInput
from mmed_curate.interchange.boristable import read_boris
from mmed_curate.interchange.elan import read_elan
from mmed_curate.interchange.formats import TIMELINE_FORMATS
from mmed_curate.interchange.praat import read_textgrid
from mmed_curate.interchange.spancsv import read_span_csv
from mmed_curate.interchange.spans import ApexFrom, span_lines
from mmed_curate.interchange.timelines import Reading, Relation, TierKind

ELAN = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="K. Coder" DATE="2026-01-02T03:04:05+01:00" FORMAT="3.0" VERSION="3.0"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">
    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
        <MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/Users/k/match%201.mp4" MIME_TYPE="video/mp4"
            RELATIVE_MEDIA_URL="./match%201.mp4" TIME_ORIGIN="1500"/>
        <PROPERTY NAME="URN">urn:nl-mpi-tools-elan-eaf:made-up</PROPERTY>
        <PROPERTY NAME="lastUsedAnnotationId">9</PROPERTY>
        <PROPERTY NAME="our-own">x</PROPERTY>
    </HEADER>
    <TIME_ORDER>
        <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="100"/>
        <TIME_SLOT TIME_SLOT_ID="ts2"/>
        <TIME_SLOT TIME_SLOT_ID="ts3" TIME_VALUE="340"/>
        <TIME_SLOT TIME_SLOT_ID="ts4" TIME_VALUE="200"/>
    </TIME_ORDER>
    <TIER ANNOTATOR="K7" LINGUISTIC_TYPE_REF="free" PARTICIPANT="P01" TIER_ID="event">
        <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts3">
            <ANNOTATION_VALUE>micro &amp; "brief" &lt;微&gt;</ANNOTATION_VALUE>
        </ALIGNABLE_ANNOTATION></ANNOTATION>
        <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts3" TIME_SLOT_REF2="ts1">
            <ANNOTATION_VALUE>turned</ANNOTATION_VALUE>
        </ALIGNABLE_ANNOTATION></ANNOTATION>
        <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a3" TIME_SLOT_REF1="ts4" TIME_SLOT_REF2="ts99">
            <ANNOTATION_VALUE>lost</ANNOTATION_VALUE>
        </ALIGNABLE_ANNOTATION></ANNOTATION>
    </TIER>
    <TIER LINGUISTIC_TYPE_REF="parts" PARENT_REF="event" TIER_ID="phase">
        <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a4" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
            <ANNOTATION_VALUE>rise</ANNOTATION_VALUE>
        </ALIGNABLE_ANNOTATION></ANNOTATION>
        <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a5" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts3">
            <ANNOTATION_VALUE>fall</ANNOTATION_VALUE>
        </ALIGNABLE_ANNOTATION></ANNOTATION>
    </TIER>
    <TIER LINGUISTIC_TYPE_REF="label" PARENT_REF="event" TIER_ID="emotion">
        <ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a6" ANNOTATION_REF="a1" CVE_REF="cveid0">
            <ANNOTATION_VALUE>surprise</ANNOTATION_VALUE>
        </REF_ANNOTATION></ANNOTATION>
        <ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a7" ANNOTATION_REF="a77">
            <ANNOTATION_VALUE/>
        </REF_ANNOTATION></ANNOTATION>
    </TIER>
    <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="free" TIME_ALIGNABLE="true"/>
    <LINGUISTIC_TYPE CONSTRAINTS="Time_Subdivision" GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="parts"
        TIME_ALIGNABLE="true"/>
    <LINGUISTIC_TYPE CONSTRAINTS="Symbolic_Association" CONTROLLED_VOCABULARY_REF="emotions"
        GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="label" TIME_ALIGNABLE="false"/>
    <CONSTRAINT DESCRIPTION="1-1 association with a parent annotation" STEREOTYPE="Symbolic_Association"/>
    <CONTROLLED_VOCABULARY CV_ID="emotions">
        <DESCRIPTION LANG_REF="und"/>
        <CV_ENTRY_ML CVE_ID="cveid0"><CVE_VALUE DESCRIPTION="startled" LANG_REF="und">surprise</CVE_VALUE></CV_ENTRY_ML>
    </CONTROLLED_VOCABULARY>
</ANNOTATION_DOCUMENT>
"""

BORIS: dict[str, Any] = {
    "time_format": "hh:mm:ss",
    "project_date": "2026-01-02T03:04:05",
    "project_name": "match",
    "project_description": "",
    "project_format_version": "7.0",
    "subjects_conf": {"0": {"key": "1", "name": "Zoë", "description": ""}},
    "behaviors_conf": {
        "0": {
            "type": "State event",
            "key": "e",
            "code": "event",
            "description": "",
            "color": "",
            "category": "face",
            "modifiers": {
                "0": {"name": "type", "description": "", "type": 0, "ask at stop": False, "values": ["micro", "macro"]},
                "1": {"name": "side", "description": "", "type": 1, "ask at stop": False, "values": ["L", "R"]},
            },
            "excluded": "",
            "coding map": "",
        },
        "1": {"type": "Point event", "key": "a", "code": "apex", "category": "", "modifiers": "", "excluded": ""},
    },
    "observations": {
        "match 1": {
            "file": {"1": ["C:\\clips\\match.mp4", "D:\\clips\\match-2.mp4"], "2": ["/clips/desk.wav"], "3": []},
            "type": "MEDIA",
            "date": "2026-01-02T03:04:05.678",
            "description": "",
            "time offset": 12.5,
            "events": [
                [1.2, "Zoë", "event", "micro|L,R", "brief", 240],
                [1.3, "Zoë", "apex", "", "", 260],
                [1.455, "Zoë", "event", "micro|L,R", "gone", 291],
                [2.0, "", "event", "None|None", "", "NA"],
                [9.0, "", "wink", "", "", 1800],
                ["soon", "", "apex", "", ""],
            ],
            "independent_variables": {},
            "media_info": {
                "length": {"C:\\clips\\match.mp4": 8.0, "D:\\clips\\match-2.mp4": 0.5},
                "fps": {"C:\\clips\\match.mp4": 200.0},
                "offset": {"1": 0.0, "2": 0.25},
            },
        }
    },
    "behavioral_categories": ["face"],
    "independent_variables": {},
    "coding_map": {},
    "converters": {},
}

PRAAT = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2.3
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "Mary ""M"" [1]"
        xmin = 0
        xmax = 2.3
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.7
            text = ""
        intervals [2]:
            xmin = 0.7
            xmax = 1.6
            text = "she said ""oh 3 ! <x>""
and ə"
        intervals [3]:
            xmin = 1.5
            xmax = 2.3
            text = "again"
    item [2]:
        class = "TextTier"
        name = "bell"
        xmin = 0
        xmax = 2.3
        points: size = 1
        points [1]:
            number = 2.5
            mark = "ding"
"""
SHORT = (
    '"ooTextFile"\n"TextGrid"\n0\n2.3 ! seconds\n<exists>\n1\n"TextTier"\n"bell"\n0\n2.3\n1\n1.25e-1\n"ding ""2"""\n'
)


def codes(reading: Reading) -> list[str]:
    """The findings, in order, by their last word."""
    return sorted(one.code.removeprefix("interchange.") for one in reading.findings)


@pytest.fixture
def elan(tmp_path: Path) -> Reading:
    (tmp_path / "match.eaf").write_text(ELAN, encoding="utf-8")
    return read_elan(tmp_path / "match.eaf")


def boris_of(folder: Path, project: object) -> Reading:
    (folder / "match.boris").write_text(json.dumps(project), encoding="utf-8")
    return read_boris(folder / "match.boris")


def test_elan_tiers_people_media_and_vocabularies(elan: Reading) -> None:
    timeline = elan.timelines[0]
    event, phase, emotion = timeline.tiers
    assert (event.subject, event.coder, timeline.coder) == ("P01", "K7", "K. Coder")
    assert event.annotations[0].value == 'micro & "brief" <微>'
    assert (timeline.media[0].file_name, timeline.media[0].offset_s) == ("match 1.mp4", Fraction(3, 2))
    assert [one.end for one in phase.annotations] == [None, Fraction(34, 100)]  # nobody set where the rise ends
    assert (emotion.relation, emotion.parent) == (Relation.SYMBOLIC_ASSOCIATION, "event")
    assert (emotion.annotations[0].start, emotion.annotations[0].parent) == (Fraction(1, 10), 0)
    assert [entry.value for entry in emotion.vocabularies[0].entries] == ["surprise"]


def test_elan_oddities_are_said_with_their_place(elan: Reading) -> None:
    assert codes(elan) == [
        "empty_label",
        "media_offset",
        "no_parent_annotation",
        "not_kept",
        "order",
        "unknown_slot",
        "unset_times",
    ]
    said = {one.code: one.what for one in elan.findings}
    assert said["interchange.order"] == "tier event, 0.340 s: it ends before it starts, at 0.100 s"
    assert said["interchange.unknown_slot"] == "tier event, annotation a3: there is no time slot ts99"


def test_elan_rows_are_on_the_medium_s_own_clock(elan: Reading) -> None:
    lines, findings = span_lines(elan.timelines, tiers=["event"])
    assert [(line.seconds[0], line.seconds[2], line.coder) for line in lines] == [
        (Fraction(16, 10), Fraction(184, 100), "K7")
    ]
    assert sorted(one.code for one in findings) == [
        "interchange.no_apex",
        "interchange.no_span",
        "interchange.unknown_times",
    ]


def test_elan_overlaps_and_doubled_tiers(tmp_path: Path) -> None:
    text = ELAN.replace('TIER_ID="phase"', 'TIER_ID="event"').replace('TIME_VALUE="200"', 'TIME_VALUE="300"')
    (tmp_path / "a.eaf").write_text(text.replace("ts99", "ts3"), encoding="utf-8")
    assert {"doubled_tier", "overlap"} <= set(codes(read_elan(tmp_path / "a.eaf")))


def test_elan_parts_whose_order_is_said_otherwise(tmp_path: Path) -> None:
    text = ELAN.replace('CONSTRAINTS="Symbolic_Association"', 'CONSTRAINTS="Symbolic_Subdivision"')
    text = text.replace('ANNOTATION_REF="a77"', 'ANNOTATION_REF="a1" PREVIOUS_ANNOTATION="a9"')
    (tmp_path / "a.eaf").write_text(text, encoding="utf-8")
    said = {one.code: one.what for one in read_elan(tmp_path / "a.eaf").findings}
    assert said["interchange.order_of_parts"] == "tier emotion, annotation a7: it follows a9, and stands behind a6"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        (ELAN[:900], "no whole XML document"),
        ("<TextGrid/>", "no ANNOTATION_DOCUMENT"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><ANNOTATION_DOCUMENT>&b;</ANNOTATION_DOCUMENT>', "declares entities"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><ANNOTATION_DOCUMENT/>', "declares entities"),
    ],
)
def test_what_is_no_elan_document_is_refused(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "a.eaf").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        read_elan(tmp_path / "a.eaf")


def test_boris_states_points_modifiers_and_subjects(tmp_path: Path) -> None:
    reading = boris_of(tmp_path, BORIS)
    timeline = reading.timelines[0]
    event, apex, wink = timeline.tiers
    assert (event.kind, apex.kind, wink.kind) == (TierKind.INTERVAL, TierKind.POINT, TierKind.POINT)
    first = event.annotations[0]
    assert (first.start, first.end, first.value) == (Fraction(6, 5), Fraction(291, 200), "micro|L,R")
    assert (first.subject, first.comment) == ("Zoë", "brief")
    assert [(one.name, one.several) for one in event.vocabularies] == [("type", False), ("side", True)]
    assert timeline.end_s == Fraction(17, 2) and timeline.offset_s == Fraction(25, 2)
    assert [(one.file_name, one.offset_s) for one in timeline.media] == [
        ("match.mp4", 0),
        ("match-2.mp4", -8),  # it follows the first, which lasts 8 s
        ("desk.wav", Fraction(-1, 4)),
    ]


def test_boris_oddities_are_said_with_their_place(tmp_path: Path) -> None:
    reading = boris_of(tmp_path, BORIS)
    assert codes(reading) == [
        "event",
        "media_in_turn",
        "not_kept",
        "outside",
        "state_without_stop",
        "stop_comment",
        "time_offset",
        "unknown_behaviour",
    ]
    said = {one.code: one.what for one in reading.findings}
    assert said["interchange.state_without_stop"] == (
        "observation match 1, event 4: event starts at 2.000 s and never stops"
    )
    assert "observation match 1, event 6" in said["interchange.event"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"observations": ', "no JSON document"),
        ("[" * 100_000, "nested too deep"),
        ('{"observations": {}, "observations": {}}', "there twice"),
        ('{"a": NaN}', "NaN is no number"),
        ("[]", "no observations"),
        ('{"observations": {"a": 1}}', "observation a is no object"),
        ('{"observations": {"a": {"events": 3}}}', "are no list"),
    ],
)
def test_what_is_no_boris_project_is_refused(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "a.boris").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        read_boris(tmp_path / "a.boris")


def test_tabular_events_of_today(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "Observation id,Observation date,Description,Observation duration,Observation type,Source,Time offset (s),"
        "Subject,Behavior,Behavioral category,Modifier #1,Modifier #2,Behavior type,Time,Media file name,Image index,"
        "Image file path,Comment\n"
        "m1,2026-01-02,,8.0,Media file(s),player #1:match.mp4,0.0,Zoë,event,face,micro,L,START,1.200,match.mp4,240,,a\n"
        "m1,2026-01-02,,8.0,Media file(s),player #1:match.mp4,0.0,Zoë,apex,,,,POINT,1.300,match.mp4,260,,\n"
        "m1,2026-01-02,,8.0,Media file(s),player #1:match.mp4,0.0,Zoë,event,face,micro,L,STOP,1.455,match.mp4,291,,\n"
        "m2,2026-01-02,,8.0,Media file(s),player #1:m2.mp4,0.0,No focal subject,event,face,,R,STOP,2,m2.mp4,,,\n"
        "m2,2026-01-02,,8.0,Media file(s),player #1:m2.mp4,0.0,No focal subject,event,face,,,START,00:01,m2.mp4,,,\n"
        "m2,2026-01-02,,8.0,Media file(s),player #1:m2.mp4,0.0,No focal subject,apex,,,R,POINT,2.5,m2.mp4,,,\n",
        encoding="utf-8",
    )
    reading = read_boris(tmp_path / "a.csv")
    first, second = reading.timelines
    event, apex = first.tiers
    assert (event.annotations[0].start, event.annotations[0].end, event.annotations[0].value) == (
        Fraction(6, 5),
        Fraction(291, 200),
        "micro|L",
    )
    assert apex.kind is TierKind.POINT and first.media[0].name == "match.mp4" and second.name == "m2"
    assert second.tiers[0].annotations == ()
    assert apex.annotations[0].value == ""
    assert second.tiers[1].annotations[0].value == "|R"  # of the second set; nothing was chosen from the first
    assert [one.what for one in reading.findings] == [
        "row 6: it has no time in seconds, or no behaviour",
        "row 5: event stops at 2.000 s and was never started",
    ]


def test_aggregated_events_and_older_tables_with_facts_on_top(tmp_path: Path) -> None:
    (tmp_path / "new.tsv").write_text(
        "Observation id\tSubject\tBehavior\tModifiers\tBehavior type\tStart (s)\tStop (s)\tDuration (s)"
        "\tComment start\n"
        "m1\tZoë\tevent\tmicro\tSTATE\t1.2\t1.455\t0.255\tbrief\n"
        "m1\tZoë\tapex\t\tPOINT\t1.3\t1.3\tNA\t\n"
        "m1\tZoë\tevent\tmicro\tSTATE\t3\tNA\tNA\t\n",
        encoding="utf-8",
    )
    reading = read_boris(tmp_path / "new.tsv")
    assert [(one.start, one.end) for one in reading.timelines[0].tiers[0].annotations] == [
        (Fraction(6, 5), Fraction(291, 200)),
        (3, None),
    ]
    assert codes(reading) == ["state_without_stop"]
    (tmp_path / "old.tsv").write_text(
        "Observation id\tmatch\t\t\r\n\t\t\t\r\nPlayer #1\tmatch.mp4\t\t\r\nTime offset (s)\t0.0\t\t\r\n\t\t\t\r\n"
        "Time\tSubject\tBehavior\tStatus\r\n3.300\tP\ts\tSTART\r\n7.750\tP\ts\tSTOP\r\n",
        encoding="utf-8",
    )
    timeline = read_boris(tmp_path / "old.tsv").timelines[0]
    assert (timeline.name, timeline.media[0].name) == ("match", "match.mp4")
    assert timeline.tiers[0].annotations[0].end == Fraction(31, 4)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_praat_long_text_in_each_encoding(encoding: str, tmp_path: Path) -> None:
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    (tmp_path / "a.TextGrid").write_bytes(mark + PRAAT.encode(encoding))
    reading = read_textgrid(tmp_path / "a.TextGrid")
    mary, bell = reading.timelines[0].tiers
    assert mary.name == 'Mary "M" [1]'
    assert mary.annotations[0].value == 'she said "oh 3 ! <x>"\nand ə'
    assert (mary.annotations[0].start, mary.annotations[0].end) == (Fraction(7, 10), Fraction(8, 5))
    assert bell.kind is TierKind.POINT
    assert codes(reading) == ["outside", "overlap"]


def test_praat_short_text_with_a_comment(tmp_path: Path) -> None:
    (tmp_path / "a.TextGrid").write_text(SHORT.replace("\n", "\r\n"), encoding="utf-8")
    bell = read_textgrid(tmp_path / "a.TextGrid").timelines[0].tiers[0]
    assert [(one.start, one.value) for one in bell.annotations] == [(Fraction(1, 8), 'ding "2"')]


def test_an_old_praat_text_in_latin_1_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.TextGrid").write_bytes(SHORT.replace("ding", "dé").encode("latin-1"))
    reading = read_textgrid(tmp_path / "a.TextGrid")
    assert reading.timelines[0].tiers[0].annotations[0].value == 'dé "2"'
    assert codes(reading) == ["encoding"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (PRAAT[: PRAAT.index("again")].encode(), r"line \d+: .* should stand here|breaks off"),
        (PRAAT.replace("size = 3", "size = 3.5").encode(), "the number of what is in tier .* is 3.5"),
        (PRAAT.replace("size = 3", "size = 999999999").encode(), "should stand here"),
        (PRAAT.replace("0.7", "1e999999999").encode(), "is no time of a recording"),
        (PRAAT.replace("IntervalTier", "PitchTier").encode(), "neither IntervalTier nor TextTier"),
        (b"ooBinaryFile\x08TextGrid\0\0", "is a binary TextGrid"),
        (b"\0" * 5000, "is no TextGrid"),
        (SHORT.replace("ding", "di\0ng").encode(), "is no TextGrid"),
        (b"\xff\xfe\x00", "is no TextGrid"),
    ],
)
def test_what_is_no_textgrid_is_refused(data: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "a.TextGrid").write_bytes(data)
    with pytest.raises(BadInput, match=said):
        read_textgrid(tmp_path / "a.TextGrid")


def test_a_table_of_someone_else(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "Tier;Start;End;Label\nmouth;0,5;1;x\nmouth;1.5;2;y\n;3;2;z\n\n", encoding="utf-8-sig"
    )
    reading = read_span_csv(tmp_path / "a.csv")
    assert [(tier.name, [one.value for one in tier.annotations]) for tier in reading.timelines[0].tiers] == [
        ("mouth", ["y"]),
        ("event", ["z"]),
    ]
    assert [one.what for one in reading.findings] == [
        "row 2: '0,5' is no time in seconds",
        "tier event, 3.000 s: it ends before it starts, at 2.000 s",
    ]


def test_apexes_are_those_marked_in_the_interval_by_the_same_coder(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "tier,kind,start,end,value,coder\n"
        "event,interval,1,2,micro,A\nevent,interval,1,2,micro,B\nevent,interval,5,6,macro,A\n"
        "apex,point,1.25,1.25,,A\napex,point,1.5,1.5,,B\napex,point,9,9,,A\n",
        encoding="utf-8",
    )
    lines, findings = span_lines(read_span_csv(tmp_path / "a.csv").timelines)
    assert [(line.tier, line.seconds[1], line.apex_from) for line in lines] == [
        ("event", Fraction(5, 4), ApexFrom.MARK),
        ("event", Fraction(3, 2), ApexFrom.MARK),
        ("event", Fraction(11, 2), ApexFrom.MIDDLE),
        ("apex", 9, ApexFrom.POINT),
    ]
    assert [one.code for one in findings] == ["interchange.stray_apex", "interchange.no_apex"]


def test_tiers_that_share_time_keep_apexes_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "tier,onset_s,apex_s,offset_s\nbrow,1,1.5,3\nmouth,1,2.5,3\nmouth,4,4.5,5\n", encoding="utf-8"
    )
    timelines = read_span_csv(tmp_path / "a.csv").timelines
    assert [tier.name for tier in timelines[0].tiers] == ["brow", "mouth", "brow.apex", "mouth.apex"]
    lines, findings = span_lines(timelines)
    assert [line.seconds[1] for line in lines] == [Fraction(3, 2), Fraction(5, 2), Fraction(9, 2)]
    assert findings == ()


@pytest.mark.parametrize("name", ["elan/sample_2.8.eaf", "boris/test.boris", "textgrid/mary.TextGrid"])
def test_real_documents_come_through_whole(name: str, material: Path, tmp_path: Path) -> None:
    """Counted in the files by other means: ANNOTATION elements; points and pairs of BORIS rows; labels in quotes."""
    chosen = TIMELINE_FORMATS[{"elan": "elan", "boris": "boris", "textgrid": "praat"}[name.partition("/")[0]]]
    assert chosen.read is not None
    before = chosen.read(material / name, None).timelines
    assert (
        sum(timeline.n_annotations for timeline in before)
        == {"eaf": 8778, "boris": 92, "TextGrid": 22}[name.partition(".")[2].rpartition(".")[2]]
    )
    chosen.write(tmp_path / name.rpartition("/")[2], before)
    after = chosen.read(tmp_path / name.rpartition("/")[2], None).timelines
    assert [timeline.tiers for timeline in after] == [timeline.tiers for timeline in before]

"""What is written is read back: times as far as the format tells them apart, labels with every sign."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from builders.timelines import a_clock, a_timeline, an_interval, coded_events, tiers_apart
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mmed_curate.domain.codebook import load_codebook
from mmed_curate.domain.findings import Severity
from mmed_curate.domain.judgements import CodedEvent
from mmed_curate.domain.time import FrameClock
from mmed_curate.interchange.answers import events_of, timeline_of
from mmed_curate.interchange.borisfile import write_boris
from mmed_curate.interchange.boristable import read_boris
from mmed_curate.interchange.elan import read_elan
from mmed_curate.interchange.elanfile import write_elan
from mmed_curate.interchange.formats import TIMELINE_FORMATS, reading_document, timelines_from
from mmed_curate.interchange.praat import read_textgrid, write_textgrid
from mmed_curate.interchange.spancsv import read_span_csv, write_span_csv
from mmed_curate.interchange.timelines import Annotation, Reading, Relation, Tier, TierKind, Timeline

CODEBOOK = load_codebook("mmed")
SOME = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
ENDINGS = {"elan": "eaf", "boris": "boris", "praat": "TextGrid", "praat-short": "TextGrid", "csv": "csv"}


def through(name: str, timeline: Timeline) -> Timeline:
    """A timeline after it was written and read in a format."""
    read = (TIMELINE_FORMATS["praat"] if name == "praat-short" else TIMELINE_FORMATS[name]).read
    assert read is not None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"file.{ENDINGS[name]}"
        TIMELINE_FORMATS[name].write(path, [timeline])
        return read(path, None).timelines[0]


@SOME
@given(tiers_apart(per_second=1000, people=True))
def test_elan_keeps_whole_milliseconds_labels_and_people(tiers: tuple[Tier, ...]) -> None:
    before = a_timeline(*tiers)
    after = through("elan", before)
    assert after.tiers == before.tiers
    assert after.media == before.media


@SOME
@given(tiers_apart(per_second=10**6, people=True, comments=True))
def test_boris_keeps_microseconds_subjects_and_comments(tiers: tuple[Tier, ...]) -> None:
    assume(not any(set(one.value.split("|")) == {"None"} for tier in tiers for one in tier.annotations))  # said below
    before = a_timeline(*tiers, name="match 1")
    after = through("boris", before)
    assert after.tiers == tuple(replace(tier, subject="") for tier in tiers)  # a subject belongs to an event
    assert (after.name, [one.name for one in after.media]) == ("match 1", [one.name for one in before.media])


@SOME
@given(tiers_apart(per_second=10**6), st.booleans())
def test_praat_keeps_times_and_labels(tiers: tuple[Tier, ...], short: bool) -> None:
    before = a_timeline(*tiers)
    after = through("praat-short" if short else "praat", before)
    assert (after.tiers, after.start_s, after.end_s) == (tiers, 0, 30)


@SOME
@given(tiers_apart(per_second=3 * 10**6, people=True, comments=True))
def test_a_table_keeps_every_row(tiers: tuple[Tier, ...]) -> None:
    tiers = tuple(tier for tier in tiers if tier.name.strip() == tier.name and tier.name != "apex")
    after = through("csv", a_timeline(*tiers))

    def rows(of: tuple[Tier, ...]) -> list[tuple[object, ...]]:
        return [
            (tier.name, tier.kind, float(one.start or 0), float(one.end or 0), one.value, one.subject, one.comment)
            for tier in of
            for one in tier.annotations
        ]

    assert rows(after.tiers) == rows(tiers)


@SOME
@given(tiers_apart(per_second=7 * 10**6, people=True, comments=True))
def test_json_keeps_everything_exactly(tiers: tuple[Tier, ...]) -> None:
    before = a_timeline(*tiers, name="one")
    assert timelines_from(reading_document("x.eaf", Reading(timelines=(before,)))) == (before,)


@pytest.mark.parametrize("name", list(ENDINGS))
@settings(SOME, max_examples=40)
@given(events=coded_events(CODEBOOK, 399))
def test_an_answer_comes_back_on_the_same_frames_at_200_fps(name: str, events: tuple[CodedEvent, ...]) -> None:
    clock = a_clock()
    found, findings = events_of(through(name, timeline_of(events, clock)), CODEBOOK, clock)
    assert found == events
    assert not findings


@pytest.mark.parametrize("name", ["elan", "praat"])
@settings(SOME, max_examples=40)
@given(events=coded_events(CODEBOOK, 89), steps=st.lists(st.integers(5, 50), min_size=90, max_size=90))
def test_an_answer_comes_back_at_a_rate_that_varies(
    name: str, events: tuple[CodedEvent, ...], steps: list[int]
) -> None:
    """Frames of 4.7 to 47 ms whose beginnings are no whole milliseconds."""
    ticks = [sum(steps[:index]) for index in range(len(steps) + 1)]
    clock = FrameClock(pts=tuple(ticks[:-1]), end_pts=ticks[-1], time_base=Fraction(1001, 1_060_000))
    found, findings = events_of(through(name, timeline_of(events, clock)), CODEBOOK, clock)
    assert found == events
    assert not findings


def test_elan_keeps_where_its_media_begin_and_rounds_to_the_nearest_millisecond(tmp_path: Path) -> None:
    tier = Tier(name="event", annotations=(an_interval("1.0006", "2.0004"),))
    timeline = a_timeline(tier)
    media = (replace(timeline.media[0], offset_s=Fraction("-1.25")), replace(timeline.media[0], name="desk.wav"))
    write_elan(tmp_path / "a.eaf", [replace(timeline, media=media)])
    after = read_elan(tmp_path / "a.eaf").timelines[0]
    assert after.media == media
    assert after.tiers[0].annotations == (an_interval("1.001", "2"),)


def test_elan_keeps_which_label_hangs_on_which(tmp_path: Path) -> None:
    parent = Tier(name="event", annotations=(an_interval("1", "2"), an_interval("3", "4.5")))
    symbolic = Relation.SYMBOLIC_SUBDIVISION
    child = Tier(
        name="units",
        parent="event",
        relation=symbolic,
        annotations=(
            Annotation(start=Fraction(3), end=Fraction("4.5"), value="12", parent=1),
            Annotation(start=Fraction(3), end=Fraction("4.5"), value="4", parent=1),
        ),
    )
    before = a_timeline(parent, child)
    assert write_elan(tmp_path / "a.eaf", [before]) == ()
    text = (tmp_path / "a.eaf").read_text(encoding="utf-8")
    assert 'ANNOTATION_REF="a2" PREVIOUS_ANNOTATION="a3"' in text
    assert read_elan(tmp_path / "a.eaf").timelines[0].tiers == before.tiers


def test_a_tier_without_its_parent_stands_alone(tmp_path: Path) -> None:
    label = Annotation(start=Fraction(1), end=Fraction(2), value="fear", parent=0)
    child = Tier(name="emotion", parent="event", relation=Relation.SYMBOLIC_ASSOCIATION, annotations=(label,))
    findings = write_elan(tmp_path / "a.eaf", [a_timeline(child)])
    assert [one.code for one in findings] == ["interchange.orphan_tier"]
    assert read_elan(tmp_path / "a.eaf").timelines[0].tiers == (
        Tier(name="emotion", annotations=(replace(label, parent=None),)),
    )


def test_elan_says_what_it_rounds_splits_and_cannot_hold(tmp_path: Path) -> None:
    tier = Tier(
        name="event",
        annotations=(
            an_interval("1.0004", "2", "a", "P1"),
            replace(an_interval("1.5", "2.5", "b", "P1"), comment="unsure"),
            an_interval("5", "4", "turned", "P1"),
            an_interval("-1", "4", "early", "P1"),
            Annotation(start=Fraction(7), end=None, value="endless", subject="P1"),
            an_interval("8", "8.0001", "short", "P2"),
        ),
    )
    findings = write_elan(tmp_path / "a.eaf", [a_timeline(tier)])
    codes = sorted(one.code.removeprefix("interchange.") for one in findings)
    assert codes == ["left_out", "left_out", "left_out", "lost", "rounded", "short", "split_tier", "split_tier"]
    names = [(one.name, [a.value for a in one.annotations]) for one in read_elan(tmp_path / "a.eaf").timelines[0].tiers]
    assert names == [("event@P1", ["a"]), ("event@P1/2", ["b"]), ("event@P2", ["short"])]


def test_boris_tells_overlapping_events_of_one_kind_apart(tmp_path: Path) -> None:
    alike = Tier(name="s", annotations=(an_interval("1", "5", "m"), an_interval("2", "3", "m")))
    other = Tier(name="t", annotations=(an_interval("1", "5", "m"), an_interval("2", "3", "n")))
    findings = write_boris(tmp_path / "a.boris", [a_timeline(alike, other)])
    assert [one.code for one in findings] == ["interchange.split_tier"]
    tiers = read_boris(tmp_path / "a.boris").timelines[0].tiers
    assert [(tier.name, len(tier.annotations)) for tier in tiers] == [("s", 1), ("s/2", 1), ("t", 2)]
    assert tiers[2] == other


def test_the_word_that_boris_writes_for_no_modifier_is_said(tmp_path: Path) -> None:
    tier = Tier(name="s", annotations=(an_interval("1", "5", "None"),))
    assert [one.code for one in write_boris(tmp_path / "a.boris", [a_timeline(tier)])] == ["interchange.ambiguous"]


def test_boris_keeps_a_state_that_never_stops(tmp_path: Path) -> None:
    endless = Annotation(start=Fraction(2), end=None, value="")
    tier = Tier(name="s", annotations=(endless, an_interval("5", "6", "")))
    write_boris(tmp_path / "a.boris", [a_timeline(tier)])
    reading = read_boris(tmp_path / "a.boris")
    assert sorted(
        (one.start, one.end) for tier in reading.timelines[0].tiers for one in tier.annotations if one.start
    ) == [(2, None), (5, 6)]
    assert "interchange.state_without_stop" in {one.code for one in reading.findings}


def test_praat_says_what_it_loses(tmp_path: Path) -> None:
    tier = Tier(name="a", annotations=(an_interval("1", "2", "", "P1"), an_interval("3", "3", "now", "P1")))
    findings = write_textgrid(tmp_path / "a.TextGrid", [a_timeline(tier)])
    said = [str(one) for one in findings]
    assert sum("empty label" in one for one in said) == 1
    assert sum("without duration" in one for one in said) == 1
    assert any("whose behaviour" in one for one in said) and any("links to media" in one for one in said)
    assert read_textgrid(tmp_path / "a.TextGrid").timelines[0].tiers == (Tier(name="a"),)


def test_tiers_of_one_name_stay_two_in_praat(tmp_path: Path) -> None:
    tiers = (Tier(name="a", annotations=(an_interval("1", "2"),)), Tier(name="a", annotations=(an_interval("3", "4"),)))
    write_textgrid(tmp_path / "a.TextGrid", [a_timeline(*tiers)])
    reading = read_textgrid(tmp_path / "a.TextGrid")
    assert reading.timelines[0].tiers == tiers
    assert [one.code for one in reading.findings] == ["interchange.doubled_tier"]


@pytest.mark.parametrize("name", list(ENDINGS))
def test_a_control_code_is_said_and_shown(name: str, tmp_path: Path) -> None:
    tier = Tier(name="a", annotations=(an_interval("1", "2", "bell\a\ud800"),))
    findings = TIMELINE_FORMATS[name].write(tmp_path / "file", [a_timeline(tier)])
    assert any(one.code == "interchange.unprintable" and one.severity is Severity.WARNING for one in findings)
    assert through(name, a_timeline(tier)).tiers[0].annotations[0].value == "bell\ufffd\ufffd"


@pytest.mark.parametrize("text", ["=1+1", "'=1", "-2", "@x", "''=x", "'", "+12"])
def test_no_cell_begins_a_formula(text: str, tmp_path: Path) -> None:
    tier = Tier(name="a", annotations=(an_interval("1", "2", text),))
    write_span_csv(tmp_path / "a.csv", [a_timeline(tier)])
    assert f",{text}," not in (tmp_path / "a.csv").read_text(encoding="utf-8") or text == "'"
    assert read_span_csv(tmp_path / "a.csv").timelines[0].tiers[0].annotations[0].value == text


def test_equal_timelines_give_equal_files(tmp_path: Path) -> None:
    timeline = a_timeline(Tier(name="p", kind=TierKind.POINT, annotations=(an_interval("1", "1"),)))
    for name, chosen in TIMELINE_FORMATS.items():
        chosen.write(tmp_path / f"1{name}", [timeline])
        chosen.write(tmp_path / f"2{name}", [timeline])
        first, second = ((tmp_path / f"{n}{name}").read_text(encoding="utf-8") for n in (1, 2))
        assert first == second.replace(f'"2{name}"', f'"1{name}"')

"""Plain long tables: what is read, and every mistake said with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmed_curate.agreement.alpha import alpha
from mmed_curate.agreement.ratings import Level
from mmed_curate.agreement.table import LongTable, ratings_of, read_long_table, timed_events_of
from mmed_curate.agreement.times import durations_of, pairs_of, time_agreement
from mmed_curate.domain.findings import BadInput


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str, **columns: object) -> LongTable:
        path = tmp_path / "votes.csv"
        path.write_text(text, encoding="utf-8")
        chosen = {"unit": "clip", "coder": "who", "cluster": None, "others": ("emotion",), **columns}
        return read_long_table(path, **chosen)  # type: ignore[arg-type]

    return write


def test_an_empty_cell_is_a_missing_judgement(written):
    table = written("clip,who,emotion\n1,a,joy\n1,b,joy\n2,a,fear\n2,b,\n3,a,fear\n3,b,fear\n")
    ratings = ratings_of(table, "emotion", level=Level.NOMINAL, order=None)
    assert ratings.pairable.n_units == 2
    assert alpha(ratings, Level.NOMINAL).point() == 1.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("clip,who,mood\n1,a,joy\n", "no column emotion: name one of its columns: clip, who, mood"),
        ("", "no column clip: name one of its columns: it has none"),
        ("clip,who,emotion\n1,a,joy\n2,a,joy\n1,a,fear\n", "line 4: coder a judged unit 1 already in line 2"),
        ("clip,who,emotion\n1,,joy\n", "line 2: the column who is empty"),
        ("clip,who,emotion\n1,a\n", "line 2: there are more or fewer than 3 cells"),
        ("clip,who,emotion\n1,a,joy,extra\n", "line 2: there are more or fewer than 3 cells"),
    ],
)
def test_mistakes_are_said_with_their_line(written, text, said):
    with pytest.raises(BadInput, match=r"votes\.csv") as caught:
        written(text)
    assert said in str(caught.value)


def test_a_unit_in_two_clusters_and_values_off_the_scale_are_refused(written):
    with pytest.raises(BadInput, match="line 3: unit 1 belongs to subject T here and to S in line 2"):
        written("clip,who,emotion,subject\n1,a,joy,S\n1,b,joy,T\n", cluster="subject")
    table = written("clip,who,emotion\n1,a,3\n1,b,much\n")
    with pytest.raises(BadInput, match="line 3: the value much is no number"):
        ratings_of(table, "emotion", level=Level.INTERVAL, order=None)
    with pytest.raises(BadInput, match="line 3: the value much is not in --order"):
        ratings_of(table, "emotion", level=Level.ORDINAL, order=["1", "3"])
    with pytest.raises(BadInput, match="holds no value"):
        ratings_of(written("clip,who,emotion\n1,a,\n"), "emotion", level=Level.NOMINAL, order=None)


def test_what_is_no_table_is_refused(tmp_path):
    for path in (tmp_path / "missing.csv", tmp_path):
        with pytest.raises(BadInput, match="cannot be read as a table"):
            read_long_table(path, unit="u", coder="c", cluster=None, others=())
    (tmp_path / "image.csv").write_bytes(b"\xff\xd8\xff\xe0 not text")
    with pytest.raises(BadInput, match="cannot be read as a table"):
        read_long_table(tmp_path / "image.csv", unit="u", coder="c", cluster=None, others=())


TIMES = "clip,who,on,ap,off\n1,a,10,12,19\n1,b,11,12,24\n2,a,0,1,2\n2,b,0,1,2\n3,a,5,6,9\n3,b,,,\n"


def test_frames_become_ms_and_a_span_holds_both_its_ends(written, settings):
    table = written(TIMES, others=("on", "ap", "off"))
    events = timed_events_of(table, onset="on", apex="ap", offset="off", rate_hz=100.0)
    assert [event.duration_ms for event in events] == pytest.approx([100, 140, 30, 30, 50])
    pairs = pairs_of(events, tolerance_ms=20.0)
    assert len(pairs) == 2  # clip 3 was timed once
    assert pairs.apart_ms[0] == pytest.approx((10, 0, 50))
    assert pairs.within is not None and pairs.within[0].tolist() == [True, True, False]
    assert pairs.iou[0] == pytest.approx(9 / 15)  # frames 11..19 of 10..24
    times = time_agreement(durations_of(events), pairs, settings.model_copy(update={"min_units": 1}))
    assert [mark.median_ms for mark in times.marks] == pytest.approx([5, 0, 25])
    assert [mark.within_tolerance.value for mark in times.marks] == [1.0, 1.0, 0.5]


def test_seconds_are_points_in_time(written):
    table = written("clip,who,on,ap,off\n1,a,0.5,0.6,0.9\n", others=("on", "ap", "off"))
    (event,) = timed_events_of(table, onset="on", apex="ap", offset="off", rate_hz=None)
    assert event.marks_ms == pytest.approx((500, 600, 900)) and event.duration_ms == pytest.approx(400)


def test_times_out_of_order_or_missing_are_refused(written):
    for row, said in (("1,a,5,4,9", "need 0 <= onset"), ("1,a,5,,9", "the time \\(empty\\) is no number")):
        table = written(f"clip,who,on,ap,off\n{row}\n", others=("on", "ap", "off"))
        with pytest.raises(BadInput, match=f"line 2: {said}"):
            timed_events_of(table, onset="on", apex="ap", offset="off", rate_hz=None)

"""Three coders, one of whom reads the first emotion as the second: what there is to talk about in retraining."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mmed_curate.agreement.differing import NOT_GIVEN, compared
from mmed_curate.agreement.discussion import ALL, Focus, discussion, focus_of
from mmed_curate.agreement.judged import JudgedClip
from mmed_curate.agreement.report import agreement_report
from mmed_curate.domain.identity import ClipId, SubjectId
from mmed_curate.domain.judgements import ActionUnitMark, Intensity
from mmed_curate.domain.measures import Coefficient


@pytest.fixture
def three(protocol):
    return protocol.model_copy(update={"coding": protocol.coding.model_copy(update={"judges": 3})})


@pytest.fixture
def clips(new_log, clock, an_event, codebook):
    """Twelve clips of six subjects. a and b always say the same: the first emotion, the first action unit.

    c calls every third clip's event the second emotion, marks its onset 6 frames (60 ms) late, and does not score
    the unit; c misses the event of clip 11 altogether.
    """
    unit = (ActionUnitMark(code=codebook.action_units[0].code),)

    def one(number):
        log = new_log(f"clip{number:02d}")
        theirs = an_event(26, 30, 40, emotion=1) if number % 3 == 0 else an_event(units=unit)
        log.screened().coded("a", an_event(units=unit)).coded("b", an_event(units=unit))
        log.coded("c", *(() if number == 11 else (theirs,)))
        return JudgedClip(
            clip=ClipId(log.clip), subject=SubjectId(f"S{number % 6}"), clock=clock, judgements=tuple(log.judgements)
        )

    return [one(number) for number in range(12)]


def test_what_is_confused_is_counted_in_pairs_of_coders(clips, three, codebook):
    """11 events of three coders and 1 of two: 34 pairs, of which c stands against a and b in 4 clips."""
    found = compared(clips, three, codebook)
    first, second = (codebook.emotions[place].code for place in (0, 1))
    (emotion,) = discussion(found, Focus(layers=("emotion",)), most=5).confused
    assert {emotion.one, emotion.other} == {first, second}
    assert (emotion.n_pairs, emotion.of_pairs) == (8, 34)
    assert emotion.share == pytest.approx(8 / 34)
    assert emotion.clips == ("clip00", "clip03", "clip06", "clip09")
    assert found.agreed["emotion", first] == 34 - 8


def test_an_action_unit_stands_against_not_given(clips, three, codebook):
    unit = codebook.action_units[0].code
    (scored,) = discussion(compared(clips, three, codebook), focus_of(f"{unit}.alpha", codebook), most=5).confused
    assert {scored.one, scored.other} == {unit, NOT_GIVEN}
    assert (scored.n_pairs, scored.of_pairs) == (8, 34)


def test_intensities_differ_of_all_units_and_of_the_unit(clips, three, codebook, new_log, clock, an_event):
    unit = codebook.action_units[0].code
    strong, weak = (ActionUnitMark(code=unit, intensity=one) for one in (Intensity.D, Intensity.B))
    log = new_log("strength").screened().coded("a", an_event(units=(strong,))).coded("b", an_event(units=(weak,)))
    log.coded("c", an_event(units=(strong,)))
    clip = JudgedClip(clip=ClipId("strength"), subject=SubjectId("S"), clock=clock, judgements=tuple(log.judgements))
    found = compared([clip], three, codebook)
    for focus in (focus_of("intensity.alpha", codebook), focus_of(f"{unit}.intensity-alpha", codebook)):
        (confused,) = discussion(found, focus, most=9).confused
        assert (confused.one, confused.other, confused.n_pairs, confused.of_pairs) == ("B", "D", 2, 3)
    assert discussion(found, ALL, most=9).confused == ()


def test_what_a_coder_cannot_see_is_no_pair(clips, three, codebook, new_log, clock, an_event):
    unit = codebook.action_units[0]
    log = new_log("hidden").screened().coded("a", an_event(units=(ActionUnitMark(code=unit.code),)))
    log.coded("b", an_event()).coded("c", replace(an_event(), not_visible=(unit.region,)))
    clip = JudgedClip(clip=ClipId("hidden"), subject=SubjectId("S"), clock=clock, judgements=tuple(log.judgements))
    found = compared([clip], three, codebook)
    assert [(one.one, one.other) for one in found.of(("action-units",))] == [("a", "b")]


def test_who_differs_from_whom_and_about_what(clips, three, codebook):
    said = discussion(compared(clips, three, codebook), Focus(layers=("emotion",)), most=5)
    first, second = (codebook.emotions[place].code for place in (0, 1))
    assert [(one.one, one.n_differ, one.of_pairs) for one in said.coders] == [("c", 8, 22), ("a", 4, 23), ("b", 4, 23)]
    assert said.coders[0].about == (("emotion", second, first, 8),)
    assert [(one.one, one.other) for one in said.pairs] == [("a", "c"), ("b", "c")]
    assert said.pairs[0].about == (("emotion", first, second, 4),)


def test_clips_come_with_what_differs_the_most_first(clips, three, codebook):
    """In every third clip two pairs differ in emotion, unit and onset; in clip 11 two pairs in whether it is there."""
    said = discussion(compared(clips, three, codebook), ALL, most=99)
    assert [(one.clip, one.n_differ) for one in said.clips] == [
        *((clip, 6) for clip in ("clip00", "clip03", "clip06", "clip09")),
        ("clip11", 2),
    ]
    assert dict(said.clips[0].about) == {"emotion": 2, "action-units": 2, "onset": 2}
    assert dict(said.clips[-1].about) == {"existence": 2}


def test_marks_are_no_confusion_but_their_clips_are_named(clips, three, codebook):
    said = discussion(compared(clips, three, codebook), focus_of("onset.within-tolerance", codebook), most=9)
    assert said.confused == ()
    assert [one.clip for one in said.clips] == ["clip00", "clip03", "clip06", "clip09"]
    apart = compared(clips, three, codebook).apart_ms["onset"]
    assert sorted(apart) == [(0.0, True)] * 26 + [(60.0, False)] * 8


@pytest.mark.parametrize(
    ("measure", "layers", "code"),
    [
        ("emotion.alpha", ("emotion",), None),
        ("emotion-class=negative.alpha", ("emotion-class",), "negative"),
        ("au4.alpha", ("action-units",), "au4"),
        ("au4.intensity-alpha", ("intensity:au4",), None),
        ("duration.alpha", ("onset", "offset"), None),
        ("existence.percent", ("existence",), None),
        ("foils.invented", ("existence",), None),
        ("pass-1-picture:emotion=fear.ac1", ("pass-1-picture:emotion",), "fear"),
    ],
)
def test_a_number_says_what_it_is_about(measure, layers, code, codebook):
    assert focus_of(measure, codebook) == Focus(layers=layers, code=code)


def test_of_two_coders_the_pairs_that_agree_are_the_reports_percent(
    protocol, codebook, settings, new_log, clock, an_event
):
    """Twenty events; b differs in every fourth: 15 of 20 pairs agree."""

    def one(number):
        log = new_log(f"clip{number:02d}").screened().coded("a", an_event(emotion=number % 2))
        log.coded("b", an_event(emotion=2 if number % 4 == 0 else number % 2))
        return JudgedClip(
            clip=ClipId(log.clip), subject=SubjectId(f"S{number % 6}"), clock=clock, judgements=tuple(log.judgements)
        )

    clips = [one(number) for number in range(20)]
    percent = agreement_report(clips, protocol, codebook, settings).measures["emotion.percent"]
    found = compared(clips, protocol, codebook)
    assert isinstance(percent, Coefficient)
    assert 1 - len(list(found.of(("emotion",)))) / found.n_compared(("emotion",)) == percent.value == 0.75


def test_the_order_of_clips_changes_nothing(clips, three, codebook):
    backwards = discussion(compared(clips[::-1], three, codebook), most=9)
    assert backwards == discussion(compared(clips, three, codebook), most=9)


def test_where_nobody_differs_there_is_nothing_to_discuss(three, codebook):
    nothing = discussion(compared([], three, codebook), most=9)
    assert (nothing.confused, nothing.coders, nothing.pairs, nothing.clips) == ((), (), (), ())

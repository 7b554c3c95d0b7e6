"""Three coders, of whom one reads the first emotion as the second: who differs from whom, about what, and where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mmed_curate.agreement.among import among_coders
from mmed_curate.agreement.judged import JudgedClip
from mmed_curate.domain.identity import ClipId, SubjectId
from mmed_curate.domain.measures import Coefficient, Undetermined


@pytest.fixture
def three(protocol):
    return protocol.model_copy(update={"coding": protocol.coding.model_copy(update={"judges": 3})})


@pytest.fixture
def clips(new_log, clock, an_event):
    """Thirty-six clips of six subjects, three emotions in turn; c calls the first the second in every second of its
    clips, marks onsets 3 frames late, and misses every ninth event. Every clip is settled as a and b say."""

    def one(number):
        emotion = number % 3
        other = 1 if number % 6 == 0 else emotion
        late = () if number % 9 == 8 else (an_event(23, 30, 43, emotion=other),)
        log = new_log(f"clip{number:02d}")
        log.screened().coded("a", an_event(emotion=emotion)).coded("b", an_event(emotion=emotion)).coded("c", *late)
        log.verified("x")
        return JudgedClip(
            clip=ClipId(log.clip), subject=SubjectId(f"S{number // 6}"), clock=clock, judgements=tuple(log.judgements)
        )

    return [one(number) for number in range(36)]


def test_who_differs_from_whom_about_what(clips, three, codebook, settings):
    found = among_coders(clips, three, codebook, settings)
    first, second = (codebook.emotions[place].code for place in (0, 1))
    pairs = {(one.one, one.other): one for one in found.pairs}
    assert set(pairs) == {("a", "b"), ("a", "c"), ("b", "c")}
    same, differ = pairs["a", "b"], pairs["a", "c"]
    assert (same.kappa.value, same.onset_ms, same.seen_by_one, same.seen_by_other) == (1.0, 0.0, 0, 0)
    assert (differ.n_clips, differ.n_events, differ.seen_by_one, differ.seen_by_other) == (36, 32, 4, 0)
    assert differ.onset_ms == pytest.approx(30.0)
    # a: 12, 12, 8 of the 32 that both marked; c: 6, 18, 8; they agree on 26
    by_chance = (12 * 6 + 12 * 18 + 8 * 8) / 32**2
    assert differ.kappa.value == pytest.approx((26 / 32 - by_chance) / (1 - by_chance))
    assert differ.confusion[first, second] == 6
    worst = found.differences[0]
    assert (worst.one, worst.other, worst.says, worst.where_other_says) == ("a", "c", first, second)
    assert worst.clips == tuple(f"clip{number:02d}" for number in range(0, 36, 6))


def test_each_coder_beside_the_others_and_the_consensus(clips, three, codebook, settings):
    found = among_coders(clips, three, codebook, settings)
    a, _, c = found.coders
    assert (a.coder, c.coder, c.n_clips) == ("a", "c", 36)
    assert a.with_others.value == pytest.approx((36 + 26) / (36 + 32))
    assert c.with_others.value == pytest.approx(26 / 32)
    assert c.alpha_without.value == 1.0 > found.alpha.value > a.alpha_without.value
    assert a.against_consensus.emotion_agreement == 1.0
    assert c.against_consensus.n_gold == 36 and c.against_consensus.n_marked == 32
    first, second = (codebook.emotions[place].code for place in (0, 1))
    assert c.confusion[first, second] == 6
    assert isinstance(c.with_others, Coefficient) and c.with_others.interval.upper <= 1


def test_the_order_of_clips_changes_nothing_and_nothing_is_no_error(clips, three, codebook, settings):
    assert among_coders(clips, three, codebook, settings) == among_coders(clips[::-1], three, codebook, settings)
    nothing = among_coders([], three, codebook, settings)
    assert nothing.pairs == nothing.coders == () and isinstance(nothing.alpha, Undetermined)


def test_a_clip_still_being_coded_does_not_count(clips, three, codebook, settings):
    half = replace(clips[0], judgements=clips[0].judgements[:3])
    found = among_coders([half], three, codebook, settings)
    assert found.coders == ()

"""What is planned keeps its bounds, keeps apart, and depends on nothing but settings and subject."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from builders.world import a_world
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from mmed_curate.domain.codebook import load_codebook
from mmed_curate.domain.findings import BadInput
from mmed_curate.simulation.plan import plan_recording
from mmed_curate.simulation.settings import SessionSettings, load_settings
from mmed_curate.simulation.truth import Kind, Planted

CODEBOOK = load_codebook("mmed")


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), subject=st.integers(0, 50))
def test_everything_planted_keeps_apart_and_away_from_the_ends(seed: int, subject: int) -> None:
    world = load_settings("mmed").model_copy(update={"seed": seed})
    rate = world.picture.rate_hz

    planted = plan_recording(world, CODEBOOK, subject)

    for earlier, later in pairwise(planted):
        assert later.span.onset - earlier.span.offset > world.distractors.gap_s * rate
    events = [one for one in planted if one.kind is Kind.EVENT]
    for earlier, later in pairwise(events):
        assert later.span.onset - earlier.span.offset >= world.events.gap_s * rate
    assert planted[0].span.onset >= world.edge_s * rate
    assert planted[-1].span.offset < world.n_frames - world.edge_s * rate
    assert all(3 <= one.span.n_frames <= 0.5 * rate for one in events)
    assert all(one.span.n_frames > 0.7 * rate for one in planted if one.kind is Kind.MACRO)
    assert {one.kind for one in planted} == set(Kind)


def test_a_plan_does_not_depend_on_those_made_before() -> None:
    world = load_settings("mmed")

    alone = plan_recording(world, CODEBOOK, 5)
    for subject in (7, 0, 3):
        plan_recording(world, CODEBOOK, subject)

    assert plan_recording(world, CODEBOOK, 5) == alone
    assert plan_recording(world, CODEBOOK, 6) != alone
    assert plan_recording(world.model_copy(update={"seed": 2}), CODEBOOK, 5) != alone


def test_each_subject_gets_emotions_by_their_shares() -> None:
    # 15 events, shares 5 5 2 1 1 1: exactly these counts
    world = a_world(minutes=3.0, events__per_minute=5.0)

    emotions = [one.emotion for one in _events(world, subjects=1)]

    assert sorted(emotions.count(row.code) for row in world.emotions) == [1, 1, 1, 2, 5, 5]


def test_fully_informative_means_the_own_movement_and_cue() -> None:
    world = a_world(minutes=3.0, events__per_minute=5.0, picture_informative=1.0, sound_informative=1.0)
    own = {row.code: (row.movement, row.cue) for row in world.emotions}

    assert all((one.movement, one.voice_cue) == own[one.emotion] for one in _events(world, subjects=5))


@pytest.mark.parametrize("shown", ["movement", "voice_cue"])
def test_without_an_effect_what_is_shown_says_nothing_of_the_class(shown: str) -> None:
    none = a_world(minutes=10.0, events__per_minute=10.0, picture_informative=0.0, sound_informative=0.0)
    some = a_world(minutes=10.0, events__per_minute=10.0, picture_informative=0.3, sound_informative=0.3)

    # 1,000 events each; under independence p is even on 0..1
    assert _p_of_independence(_events(none, subjects=10), shown) > 0.001
    assert _p_of_independence(_events(some, subjects=10), shown) < 1e-6


def test_more_than_fits_is_said_before_anything_is_rendered() -> None:
    with pytest.raises(BadInput, match="do not fit"):
        plan_recording(a_world(events__per_minute=100.0), CODEBOOK, 0)
    with pytest.raises(BadInput, match="distractors do not fit"):
        plan_recording(a_world(distractors__blinks__per_minute=400.0), CODEBOOK, 0)


def test_an_envelope_begins_at_the_onset_peaks_at_the_apex_and_ends_with_the_offset() -> None:
    for one in plan_recording(load_settings("mmed"), CODEBOOK, 0):
        course = [one.envelope(frame) for frame in range(one.span.onset - 1, one.span.offset + 2)]
        assert course[0] == course[-1] == 0
        assert min(course[1:-1]) > 0
        assert int(np.argmax(course)) == one.span.apex - one.span.onset + 1 and max(course) == pytest.approx(1)


def _events(world: SessionSettings, *, subjects: int) -> list[Planted]:
    planted = [one for subject in range(subjects) for one in plan_recording(world, CODEBOOK, subject)]
    return [one for one in planted if one.kind is Kind.EVENT]


def _p_of_independence(events: list[Planted], shown: str) -> float:
    classes = sorted({one.emotion_class for one in events})
    things = sorted({getattr(one, shown) for one in events})
    counts = np.zeros((len(classes), len(things)))
    for one in events:
        counts[classes.index(one.emotion_class), things.index(getattr(one, shown))] += 1
    return float(chi2_contingency(counts).pvalue)

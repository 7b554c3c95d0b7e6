"""What a model can know, against a calculation by hand and against a reader who knows the table."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from builders.world import a_world

from mmed_curate.domain.codebook import load_codebook
from mmed_curate.simulation.ceiling import ceiling
from mmed_curate.simulation.plan import plan_recording
from mmed_curate.simulation.truth import Kind

CODEBOOK = load_codebook("mmed")


def test_without_an_effect_nothing_beats_the_most_frequent_class() -> None:
    # shares 5 surprise, 5 happiness, 2 + 1 + 1 + 1 negative: each class is a third
    best = ceiling(a_world(picture_informative=0.0, sound_informative=0.0), CODEBOOK)

    assert [best.chance, best.picture, best.sound, best.both] == pytest.approx([1 / 3] * 4)


def test_the_face_alone_takes_fear_for_surprise() -> None:
    # both raise the brows: of 15 events the 2 of fear are named wrongly; the voice tells all classes apart
    best = ceiling(a_world(picture_informative=1.0, sound_informative=1.0), CODEBOOK)

    assert best.picture == pytest.approx(13 / 15)
    assert best.sound == best.both == pytest.approx(1.0)


def test_a_sound_that_is_right_half_of_the_time() -> None:
    # breath: 1/2 · 1 + 1/2 · 5/15 of surprise = 2/3 against 1/2 · 5/15 = 1/6 of either other class: name surprise.
    # The same holds for pitch and for tremor or pause together, so 2/3 of each class, and of all.
    best = ceiling(a_world(picture_informative=0.0, sound_informative=0.5), CODEBOOK)

    assert best.sound == pytest.approx(2 / 3)
    assert best.picture == pytest.approx(1 / 3)
    assert best.both == pytest.approx(2 / 3)


def test_a_reader_who_knows_the_table_reaches_the_ceiling_and_not_more() -> None:
    world = a_world(minutes=10.0, events__per_minute=10.0, distractors__blinks__per_minute=0.0)
    best = ceiling(world, CODEBOOK)
    events = [
        one for subject in range(60) for one in plan_recording(world, CODEBOOK, subject) if one.kind is Kind.EVENT
    ]
    seen: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for one in events:
        seen[one.movement, one.voice_cue][one.emotion_class] += 1

    named = sum(counts.most_common(1)[0][1] for counts in seen.values())

    # 6,000 events: standard deviation .004; fitted on the same events, so a little above is luck, not knowledge
    assert named / len(events) == pytest.approx(best.both, abs=0.015)
    assert best.chance < best.picture < best.both and best.sound < best.both

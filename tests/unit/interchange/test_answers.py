"""A coder's answer as tiers: what is offered, how it is read, and what is said where it cannot be."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from builders.timelines import a_clock, an_interval

from mmed_curate.domain.codebook import load_codebook
from mmed_curate.domain.judgements import ActionUnitMark, CodedEvent, Intensity, Side
from mmed_curate.domain.protocol import AnswerField
from mmed_curate.domain.time import Frame, Span
from mmed_curate.interchange.answers import answer_timeline, events_of, facs_notation, note_of, timeline_of
from mmed_curate.interchange.borisfile import write_boris
from mmed_curate.interchange.boristable import read_boris
from mmed_curate.interchange.elan import read_elan
from mmed_curate.interchange.elanfile import write_elan
from mmed_curate.interchange.frames import frame_from, frame_until
from mmed_curate.interchange.timelines import Annotation, Tier, TierKind, Timeline

CODEBOOK = load_codebook("mmed")
CLOCK = a_clock()
"""400 frames of 5 ms."""


def an_answer(**changed: str | None) -> Timeline:
    """An event on frames 20..60 with its apex on 40, labels by tier; None leaves a tier out."""
    said: dict[str, str | None] = {"event": "micro", "emotion": "surprise", "basis": "appearance", **changed}
    tiers = [
        Tier(name=name.replace("_at_", "."), annotations=(an_interval("0.1", "0.305", value),))
        for name, value in said.items()
        if value is not None and name != "apex"
    ]
    mark = Annotation(start=Fraction(1, 5), end=Fraction(1, 5), value="")
    if said.get("apex", "") is not None:
        tiers.append(Tier(name="apex", kind=TierKind.POINT, annotations=(mark,)))
    return Timeline(tiers=tuple(tiers))


def test_a_coder_is_offered_the_tiers_of_what_is_asked_with_the_codebook_s_choices(tmp_path: Path) -> None:
    empty = answer_timeline(CODEBOOK, CLOCK, [AnswerField.SPAN, AnswerField.EVENT_TYPE, AnswerField.EMOTION])
    assert [tier.name for tier in empty.tiers] == ["event", "apex", "emotion"]
    assert write_elan(tmp_path / "a.eaf", [empty]) == ()
    tiers = read_elan(tmp_path / "a.eaf").timelines[0].tiers
    assert [entry.value for entry in tiers[2].vocabularies[0].entries] == [one.code for one in CODEBOOK.emotions]
    assert tiers[2].parent == "event"
    assert tiers[1].kind is TierKind.POINT


def test_boris_offers_unit_side_and_intensity_one_after_the_other(tmp_path: Path) -> None:
    empty = answer_timeline(CODEBOOK, CLOCK, list(AnswerField))
    write_boris(tmp_path / "a.boris", [empty])
    units = read_boris(tmp_path / "a.boris").timelines[0].tier("action_units")
    assert units is not None
    assert [(one.name, len(one.entries)) for one in units.vocabularies] == [
        ("unit", len(CODEBOOK.action_units)),
        ("side", 2),
        ("intensity", 5),
    ]


def test_an_event_is_read_with_its_frames() -> None:
    (event,), findings = events_of(an_answer(), CODEBOOK, CLOCK)
    assert event.span == Span(onset=Frame(20), apex=Frame(40), offset=Frame(60))
    assert (event.event_type, event.emotion, event.basis) == ("micro", "surprise", "appearance")
    assert findings == ()


@pytest.mark.parametrize(
    ("written", "side", "intensity"),
    [
        ("L12C", Side.LEFT, Intensity.C),
        ("12L+C", Side.LEFT, Intensity.C),
        ("12L", Side.LEFT, None),
        ("R12", Side.RIGHT, None),
        ("AU12 C", Side.BOTH, Intensity.C),
        ("12|L|C", Side.LEFT, Intensity.C),
        ("12|None|C", Side.BOTH, Intensity.C),
    ],
)
def test_action_units_as_coders_write_them(written: str, side: Side, intensity: Intensity | None) -> None:
    (event,), _ = events_of(an_answer(action_units=written), CODEBOOK, CLOCK)
    assert event.action_units == (ActionUnitMark(code="au12", side=side, intensity=intensity),)


def test_several_action_units_in_one_label_or_in_several() -> None:
    once = an_answer(action_units="12L+C+R4B+43")
    (event,), _ = events_of(once, CODEBOOK, CLOCK)
    assert [facs_notation(mark) for mark in event.action_units] == ["L12C", "R4B", "43"]
    apart = tuple(an_interval("0.1", "0.305", text) for text in ("12|L|C", "4|R|B", "43"))
    tiers = tuple(replace(tier, annotations=apart) if tier.name == "action_units" else tier for tier in once.tiers)
    assert events_of(Timeline(tiers=tiers), CODEBOOK, CLOCK)[0] == (event,)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"event": "mikro"}, "'mikro' is no event of the codebook"),
        ({"emotion": None}, "has no emotion"),
        ({"basis": None}, "has no basis"),
        ({"apex": None}, "has no apex"),
        ({"action_units": "smile"}, "'smile' is no action unit"),
        ({"action_units": "99"}, "99 is not in the codebook"),
        ({"action_units": "U12"}, "neither side nor both"),
        ({"action_units": "12 or 14"}, "leaves open which action unit"),
        ({"action_units": "12+12"}, "scored twice on one side"),
        ({"vocal_cue": "laugh"}, "does not say whose it is"),
        ({"vocal_cue": "giggle:subject"}, "'giggle' is no vocal cue"),
        ({"confidence": "very"}, "'very' is no confidence"),
        ({"not_visible": "ears"}, "'ears' is no part of the face"),
    ],
)
def test_an_answer_that_is_not_whole_is_left_out_and_says_why(changed: dict[str, str | None], said: str) -> None:
    events, findings = events_of(an_answer(**changed), CODEBOOK, CLOCK)
    assert events == ()
    assert any(said in one.what for one in findings)


def test_what_belongs_to_no_event_is_said() -> None:
    tiers = (*an_answer(event=None).tiers, Tier(name="mood", annotations=(an_interval("0", "1"),)))
    events, findings = events_of(Timeline(tiers=tiers), CODEBOOK, CLOCK)
    assert events == ()
    assert {one.code for one in findings} == {"interchange.no_event", "interchange.unknown_tier"}


def test_overlapping_events_need_tiers_of_their_own() -> None:
    event = CodedEvent(
        span=Span(onset=Frame(0), apex=Frame(5), offset=Frame(50)),
        event_type="micro",
        emotion="fear",
        basis="appearance",
    )
    later = replace(event, span=Span(onset=Frame(45), apex=Frame(60), offset=Frame(99)))
    timeline = timeline_of([later, event], CLOCK, note="unsure\nof the second")
    assert [tier.name for tier in timeline.tiers if tier.name.endswith("event")] == ["event", "2.event"]
    assert events_of(timeline, CODEBOOK, CLOCK) == ((event, later), ())
    assert note_of(timeline) == "unsure\nof the second"
    together = (Tier(name="event", annotations=tuple(a for t in timeline.tiers[:1] for a in t.annotations) * 2),)
    assert "interchange.events_overlap" in {one.code for one in events_of(Timeline(tiers=together), CODEBOOK, CLOCK)[1]}


def test_an_event_outside_the_clip_is_said() -> None:
    far = Tier(name="event", annotations=(an_interval("1.9", "2.5", "micro"),))
    assert [one.code for one in events_of(Timeline(tiers=(far,)), CODEBOOK, CLOCK)[1]] == ["interchange.outside"]


def test_times_rounded_to_a_millisecond_mean_the_frame_that_was_meant() -> None:
    clock = a_clock(rate_hz=60)  # frame 1 begins at 16.667 ms, frame 2 at 33.333 ms
    assert [frame_from(Fraction(ms, 1000), clock) for ms in (15, 16, 17, 32, 33, 34)] == [0, 1, 1, 1, 2, 2]
    assert [frame_until(Fraction(ms, 1000), clock) for ms in (16, 17, 18, 33, 34, 35)] == [0, 0, 1, 1, 1, 2]

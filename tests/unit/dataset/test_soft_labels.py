"""What share of its coders chose what: by hand, on an old release, and whatever coders say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
from builders.timelines import coded_events
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from mmed_curate.agreement.settle import Course, course
from mmed_curate.dataset import NO_CLASS, NO_EVENT, load
from mmed_curate.dataset.asked import Field
from mmed_curate.dataset.ballots import Ballot, ballots_of
from mmed_curate.dataset.softlabels import entropies, soft_labels
from mmed_curate.domain.codebook import load_codebook
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId, CoderId, JudgementId
from mmed_curate.domain.judgements import (
    ActionUnitMark,
    Adjudication,
    Answer,
    CodedEvent,
    Coding,
    Judgement,
    Screening,
    ScreeningVerdict,
    SettlingRule,
    Verification,
    VerificationVerdict,
)
from mmed_curate.domain.protocol import ClipTerms, Protocol, Stage, load_protocol
from mmed_curate.domain.time import Frame, FrameClock, Span

CODEBOOK = load_codebook("mmed")
CLOCK = FrameClock(pts=tuple(range(100)), end_pts=100, time_base=Fraction(1, 100))
"""100 frames of 10 ms."""


def a_protocol(coders: int) -> Protocol:
    packaged = load_protocol("mmed")
    return packaged.model_copy(update={"coding": packaged.coding.model_copy(update={"judges": coders})})


def an_event(emotion: str = "happiness", onset: int = 20, units: Sequence[str] = (), **also: object) -> CodedEvent:
    return CodedEvent(
        span=Span(onset=Frame(onset), apex=Frame(onset + 10), offset=Frame(onset + 20)),
        event_type=next(entry.code for entry in CODEBOOK.event_types if entry.is_micro),
        emotion=emotion,
        basis=CODEBOOK.bases[0].code,
        action_units=tuple(ActionUnitMark(code=code) for code in units),
        **also,  # type: ignore[arg-type]
    )


def settled(
    *said: Sequence[CodedEvent], again: Sequence[Sequence[CodedEvent]] = (), word: Sequence[CodedEvent] | None = None
) -> Course:
    """A clip that coders a, b, c… coded, that an adjudicator settled where they differ (as a said), accepted.

    Args:
        said: the events of each coder.
        again: those of a second coding, by coders m, n, o…
        word: the adjudicator's.
    """
    log: list[Judgement] = []
    protocol, terms = a_protocol(len(said)), ClipTerms(recodings=1 if again else 0)

    def add(coder: str, answer: Answer, round: int) -> Course:
        log.append(
            Judgement(
                id=JudgementId(f"j{len(log)}"),
                clip=ClipId("clip"),
                coder=CoderId(coder),
                answer=answer,
                round=round,
                codebook_version=CODEBOOK.version,
                order=len(log),
            )
        )
        return course(log, protocol, CLOCK, CODEBOOK, terms)

    now = add("screener", Screening(verdict=ScreeningVerdict.ACCEPT), 1)
    for coding, names in ((said, "abcdef"), (again, "mnopqr")):
        if coding:
            for name, events in zip(names, coding, strict=False):
                now = add(name, Coding(events=tuple(events)), now.round)
            if now.stage is Stage.ADJUDICATION:
                events = tuple(coding[0] if word is None else word)
                now = add("adjudicator", Adjudication(events=events, reason="looked again"), now.round)
            now = add("expert", Verification(verdict=VerificationVerdict.ACCEPT), now.round)
    assert now.stage is Stage.SETTLED
    return now


def ballot(found: Course, place: int = 0) -> Ballot:
    return ballots_of(found, a_protocol(2), CODEBOOK)[place]


def shares(one: Ballot, field: Field, *, given_event: bool = False) -> dict[str, float]:
    """The shares above 0."""
    row = soft_labels({"clip": one}, field, CODEBOOK, given_event=given_event).loc["clip"]
    return {str(name): float(share) for name, share in row.items() if share != 0}


def test_two_coders_of_two_minds_are_half_and_half() -> None:
    one = ballot(settled([an_event("happiness")], [an_event("surprise")]))
    assert one.votes(Field.EMOTION) == {"a": "happiness", "b": "surprise"}
    assert shares(one, Field.EMOTION) == {"happiness": 0.5, "surprise": 0.5}
    assert shares(one, Field.EMOTION_CLASS) == {"positive": 0.5, "surprise": 0.5}
    # half and half is one bit
    assert entropies({"clip": one}, Field.EMOTION, given_event=False).to_list() == [1.0]


def test_who_marked_no_such_event_has_said_so() -> None:
    """Two of three coders marked it; the third saw nothing."""
    one = ballot(settled([an_event("happiness")], [an_event("happiness")], []))
    assert one.votes(Field.EMOTION) == {"a": "happiness", "b": "happiness", "c": None}
    assert shares(one, Field.EMOTION) == pytest.approx({"happiness": 2 / 3, NO_EVENT: 1 / 3})
    assert shares(one, Field.EMOTION, given_event=True) == {"happiness": 1.0}
    # -(2/3 log2 2/3 + 1/3 log2 1/3) = 0.9183 bits; of those who marked it, all chose the same
    assert entropies({"clip": one}, Field.EMOTION, given_event=False).iloc[0] == pytest.approx(0.9183, abs=1e-4)
    assert entropies({"clip": one}, Field.EMOTION, given_event=True).iloc[0] == 0


def test_an_event_elsewhere_in_the_clip_is_no_vote_on_this_one() -> None:
    both = settled(
        [an_event("happiness"), an_event("fear", onset=60)], [an_event("happiness"), an_event("disgust", onset=60)]
    )
    assert ballot(both, 0).votes(Field.EMOTION) == {"a": "happiness", "b": "happiness"}
    assert ballot(both, 1).votes(Field.EMOTION) == {"a": "fear", "b": "disgust"}


def test_an_event_that_only_the_adjudicator_saw_has_nobodys_vote() -> None:
    one = ballot(settled([], [an_event("happiness", onset=70)], word=[an_event("fear", onset=10)]))
    assert one.votes(Field.EMOTION) == {"a": None, "b": None}
    assert shares(one, Field.EMOTION) == {NO_EVENT: 1.0}
    assert soft_labels({"clip": one}, Field.EMOTION, CODEBOOK, given_event=True).isna().all(axis=None)


def test_an_emotion_in_no_class_has_a_share_of_its_own() -> None:
    classless = next(entry.code for entry in CODEBOOK.emotions if entry.emotion_class is None)
    one = ballot(settled([an_event("happiness")], [an_event(classless)]))
    assert shares(one, Field.EMOTION_CLASS) == {"positive": 0.5, NO_CLASS: 0.5}


def test_of_two_codings_the_last_one_counts() -> None:
    one = ballot(settled([an_event("fear")], [an_event("fear")], again=([an_event("anger")], [an_event("anger")])))
    assert one.votes(Field.EMOTION) == {"m": "anger", "n": "anger"}


def test_action_units_have_a_share_each_and_a_hidden_part_of_the_face_none() -> None:
    """a scored the brows and the mouth; b could not see the mouth, and scored nothing."""
    mouth = next(entry.region for entry in CODEBOOK.action_units if entry.code == "au12")
    one = ballot(settled([an_event(units=["au1", "au12"])], [an_event(not_visible=(mouth,))]))
    assert one.votes(Field.ACTION_UNITS) == {"a": ("au1", "au12"), "b": ()}
    assert shares(one, Field.ACTION_UNITS) == {"au1": 0.5, "au12": 1.0}


def test_who_marked_no_event_scored_no_unit() -> None:
    one = ballot(settled([an_event(units=["au12"])], []))
    assert shares(one, Field.ACTION_UNITS) == {"au12": 0.5, NO_EVENT: 0.5}
    assert shares(one, Field.ACTION_UNITS, given_event=True) == {"au12": 1.0}


def test_a_unit_that_nobody_could_see_is_unknown() -> None:
    mouth = next(entry.region for entry in CODEBOOK.action_units if entry.code == "au12")
    one = ballot(settled([an_event(not_visible=(mouth,))], [an_event(not_visible=(mouth,))]))
    assert pd.isna(soft_labels({"clip": one}, Field.ACTION_UNITS, CODEBOOK, given_event=False).loc["clip", "au12"])


@examples(max_examples=40)
@given(st.data())
def test_whatever_coders_say_a_row_sums_to_one(data: st.DataObject) -> None:
    said = [data.draw(coded_events(CODEBOOK, 99)) for _ in range(data.draw(st.integers(2, 4)))]
    word = data.draw(coded_events(CODEBOOK, 99))
    ballots = ballots_of(settled(*said, word=word), a_protocol(len(said)), CODEBOOK)
    named = {str(place): one for place, one in ballots.items()}
    for field in (Field.EMOTION, Field.EMOTION_CLASS):
        frame = soft_labels(named, field, CODEBOOK, given_event=False)
        assert frame.sum(axis=1).to_list() == pytest.approx([1.0] * len(named))
    units = soft_labels(named, Field.ACTION_UNITS, CODEBOOK, given_event=False)
    assert ((units >= 0) & (units <= 1) | units.isna()).all(axis=None)


@examples(max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(-2, 2), st.sampled_from(["happiness", "fear"]), st.booleans()), min_size=3, max_size=5
    )
)
def test_the_votes_for_what_a_majority_settled_are_the_judgements_it_rests_on(
    said: list[tuple[int, str, bool]],
) -> None:
    found = settled(*[[an_event(emotion, onset=20 + jitter)] if saw else [] for jitter, emotion, saw in said])
    assert found.consensus is not None
    coder_of = {one.id: str(one.coder) for one in found.coded}
    for place, one in ballots_of(found, a_protocol(len(said)), CODEBOOK).items():
        event = found.consensus.events[place]
        if event.how["emotion"].rule is not SettlingRule.MAJORITY:
            continue
        votes = one.votes(Field.EMOTION)
        chose = {coder for coder, code in votes.items() if code == event.emotion}
        assert chose == {coder_of[judgement] for judgement in event.how["emotion"].judgements}
        assert shares(one, Field.EMOTION)[event.emotion] > 0.5


def test_a_release_gives_them_by_clip_in_the_order_of_its_table(repository: Path) -> None:
    """Of each subject of the kept release the first clip was adjudicated between two emotions."""
    data = load(repository / "tests" / "releases" / "v3-report2")
    soft = data.soft_labels("emotion")
    assert list(soft.index) == list(data.clips.index)
    assert list(soft.columns) == [*[entry.code for entry in data.codebook.emotions], NO_EVENT]
    assert set(soft.dtypes) == {pd.Series(dtype="float64").dtype}
    adjudicated = data.clips.settled_by.map(lambda how: "emotion:adjudicated" in how)
    assert adjudicated.sum() == 3
    assert (soft.max(axis=1) == adjudicated.map({True: 0.5, False: 1.0})).all()
    assert (data.entropy("emotion") == adjudicated.map({True: 1.0, False: 0.0})).all()


def test_one_clip_says_what_the_table_says(repository: Path) -> None:
    data = load(repository / "tests" / "releases" / "v1")
    clip = data.clip(data.clips.index[0])
    alone = clip.votes("emotion")
    assert set(alone) == {row.coder for row in clip.judgements if row.stage == "coding"}
    data.soft_labels("emotion")  # from now on all clips are counted
    assert clip.votes("emotion") == alone


def test_a_label_that_there_is_none_of_is_said(repository: Path) -> None:
    data = load(repository / "tests" / "releases" / "v1")
    with pytest.raises(BadInput, match="no labels called 'mood': take one of emotion, emotion_class"):
        data.soft_labels("mood")
    with pytest.raises(BadInput, match="have no entropy"):
        data.entropy("action_units")


def test_a_table_whose_clips_no_judgement_gives_is_said(repository: Path) -> None:
    data = load(repository / "tests" / "releases" / "v1")
    data.clip_rows = (replace(data.clip_rows[0], clip=f"{data.clip_rows[0].judged_clip}-e9"),)
    with pytest.raises(BadInput, match=r"lists in clips\.csv what its judgements do not give"):
        data.soft_labels("emotion")

"""A cue is parted between words where their times are known, and nowhere else."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import RecordingId
from mmed_curate.domain.transcript import Cue, TimedWords


def a_cue(*words: tuple[float, float, str], text: str = "") -> Cue:
    """From 1 s to 3 s, with the words given, or with a text whose words have no times."""
    return Cue(
        recording=RecordingId("r"),
        onset_s=1.0,
        offset_s=3.0,
        text=text or " ".join(word for _, _, word in words),
        words=tuple(TimedWords(onset_s=onset, offset_s=offset, text=word) for onset, offset, word in words),
    )


def test_words_with_times_are_told_apart_and_one_that_reaches_across_is_whole() -> None:
    cue = a_cue((1.0, 1.5, "I"), (1.5, 2.5, "thought"), (2.5, 3.0, "so"))
    heard = cue.between(2.0, 2.4)
    assert heard is not None
    assert (heard.onset_s, heard.offset_s, heard.text) == (1.5, 2.5, "thought")
    assert cue.between(0.0, 9.0) == cue
    assert cue.between(3.0, 9.0) is None  # the end is outside


def test_words_without_times_stay_together() -> None:
    cue = a_cue(text="I thought so")
    assert cue.between(2.9, 3.5) == cue
    assert cue.between(0.0, 1.0) is None


@given(
    lengths=st.lists(st.integers(1, 20), min_size=1, max_size=6),
    first=st.integers(-10, 120),
    long=st.integers(1, 60),
)
def test_what_is_heard_is_what_overlaps_and_cutting_again_changes_nothing(
    lengths: list[int], first: int, long: int
) -> None:
    edges = [sum(lengths[:place]) for place in range(len(lengths) + 1)]
    words = [(start, end, f"w{place}") for place, (start, end) in enumerate(pairwise(edges))]
    cue = Cue(
        recording=RecordingId("r"),
        onset_s=0.0,
        offset_s=float(edges[-1]),
        text=" ".join(word for _, _, word in words),
        words=tuple(TimedWords(onset_s=start, offset_s=end, text=word) for start, end, word in words),
    )
    heard = cue.between(first, first + long)
    overlap = [word for start, end, word in words if start < first + long and end > first]
    assert ([] if heard is None else heard.text.split()) == overlap
    if heard is not None:
        assert heard.between(first, first + long) == heard


BAD = {
    "backwards": (lambda: a_cue((2.0, 1.0, "I")), "no stretch of time"),
    "no words": (lambda: a_cue(text=" "), "no line of words"),
    "two lines": (lambda: a_cue(text="I\nthought"), "no line of words"),
    "a sign that is none": (lambda: a_cue(text="I\x07"), "cannot be printed"),
    "other words": (lambda: a_cue((1.0, 2.0, "I"), text="I thought"), "not the words of the cue"),
    "out of order": (lambda: a_cue((2.0, 3.0, "I"), (1.0, 2.0, "did")), "not in the order"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_cue_that_cannot_be_is_refused(case: str) -> None:
    make, sentence = BAD[case]
    with pytest.raises(BadInput, match=sentence):
        make()

"""Nobody who is asked about is learned from: by subject, by session, and in the inner split."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmed_curate.benchmark.folds import Folds, LeftOut
from mmed_curate.domain.findings import BadInput

SUBJECTS = ("ann", "ann", "bob", "bob", "cid", "cid", "dan")
SESSIONS = ("mon", "tue", "mon", "mon", "tue", "wed", "wed")


def test_leaving_a_subject_out_leaves_all_their_clips_out() -> None:
    folds = Folds.by(LeftOut.SUBJECT, SUBJECTS, SESSIONS)

    assert folds.names == ("ann", "bob", "cid", "dan")
    assert folds.asked[1].tolist() == [False, False, True, True, False, False, False]
    assert folds.learned[1].tolist() == [True, True, False, False, True, True, True]
    assert folds.answering.tolist() == [0, 0, 1, 1, 2, 2, 3]


def test_leaving_a_session_out_leaves_its_players_other_clips_out_too() -> None:
    folds = Folds.by(LeftOut.SESSION, SUBJECTS, SESSIONS)

    assert folds.names == ("mon", "tue", "wed")
    assert folds.asked[0].tolist() == [True, False, True, True, False, False, False]
    # ann played on Monday, so her Tuesday is not learned from; cid and dan did not
    assert folds.learned[0].tolist() == [False, False, False, False, True, True, True]


def test_the_inner_split_keeps_subjects_whole_and_inside() -> None:
    folds = Folds.by(LeftOut.SUBJECT, SUBJECTS, SESSIONS, inner=(1, 2))

    assert folds.inner is not None
    assert [sorted({SUBJECTS[at] for at in np.flatnonzero(row)}) for row in folds.inner] == [
        ["cid"],  # of bob, cid, dan the second
        ["cid"],
        ["bob"],
        ["bob"],
    ]


def test_where_one_subject_is_left_there_is_no_inner_split() -> None:
    assert Folds.by(LeftOut.SUBJECT, ("ann", "bob"), ("mon", "mon"), inner=(0, 5)).inner is None


def test_one_session_alone_makes_no_folds() -> None:
    with pytest.raises(BadInput, match="1 fold leaves nothing to learn from"):
        Folds.by(LeftOut.SESSION, ("ann", "bob"), ("mon", "mon"))


@given(
    owners=st.lists(st.integers(0, 5), min_size=2, max_size=30),
    played=st.lists(st.integers(0, 4), min_size=30, max_size=30),
    kind=st.sampled_from(LeftOut),
    part=st.integers(0, 9),
    parts=st.integers(2, 5),
)
def test_no_fold_ever_learns_from_whom_it_asks(
    owners: list[int], played: list[int], kind: LeftOut, part: int, parts: int
) -> None:
    subjects, sessions = [f"s{one}" for one in owners], [f"g{one}" for one in played[: len(owners)]]
    groups = subjects if kind is LeftOut.SUBJECT else sessions
    if len(set(groups)) < 2:
        return
    folds = Folds.by(kind, subjects, sessions, inner=(part, parts))

    owner, session = np.array(subjects), np.array(sessions)
    for fold, (asked, learned) in enumerate(zip(folds.asked, folds.learned, strict=True)):
        assert not set(owner[asked]) & set(owner[learned])
        if kind is LeftOut.SESSION:
            assert not set(session[asked]) & set(session[learned])
        if folds.inner is not None:
            second = learned & ~folds.inner[fold]
            assert second.any()
            assert not set(owner[second]) & set(owner[folds.inner[fold]])

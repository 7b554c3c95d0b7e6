"""Rows for groups that are large enough, and nothing of those that are not."""

from __future__ import annotations

import numpy as np
import pytest

from mmed_curate.benchmark.groups import GroupTable, group_scores
from mmed_curate.domain.findings import BadInput

SUBJECTS = tuple(f"S{index:02}" for index in range(12))
RIGHT = np.array([[[3, 0], [0, 3]]])
WRONG = np.array([[[0, 3], [0, 3]]])


def table(counts: np.ndarray, **attributes: dict[str, str]) -> GroupTable:
    return group_scores(
        counts,
        SUBJECTS,
        attributes,
        ("first", "second"),
        min_subjects=5,
        seed=1,
        resamples=200,
        level=0.95,
    )


def test_each_large_group_has_its_own_counts() -> None:
    """Six without glasses are answered rightly; of six with glasses the first class never is."""
    counts = np.concatenate([RIGHT] * 6 + [WRONG] * 6)
    found = table(counts, glasses={name: "no" if index < 6 else "yes" for index, name in enumerate(SUBJECTS)})

    without, with_them = found.rows
    assert (without.attribute, without.value, without.n_subjects) == ("glasses", "no", 6)
    assert without.scores.uar == 1 and with_them.scores.uar == 0.5
    assert with_them.scores.confusion == ((0, 18), (0, 18))
    assert without.intervals[2] is not None and without.intervals[2].n_subjects == 6
    assert found.notes == () and found.as_json()["rows"][1]["scores"]["uar"] == 0.5


def test_a_small_group_has_no_row_and_is_not_named() -> None:
    counts = np.concatenate([RIGHT] * 12)
    found = table(counts, age={name: "66-70" if index < 4 else "21-25" for index, name in enumerate(SUBJECTS)})

    assert [row.value for row in found.rows] == ["21-25"]
    assert "1 group by age of fewer than 5 subjects has no row" in str(found.notes[0])
    assert "66-70" not in str(found.as_json())


def test_who_has_told_nothing_is_in_no_group() -> None:
    found = table(np.concatenate([RIGHT] * 12), sex=dict.fromkeys(SUBJECTS[:9], "female"))
    assert [row.n_subjects for row in found.rows] == [9]
    assert "of 3 of 12 subjects no sex is known" in str(found.notes[0])


def test_a_class_that_a_group_lacks_leaves_its_uar_undetermined() -> None:
    counts = np.concatenate([np.array([[[2, 1], [0, 0]]])] * 12)
    (row,) = table(counts, sex=dict.fromkeys(SUBJECTS, "male")).rows
    assert row.scores.uar is None and row.intervals[2] is None and row.scores.accuracy == pytest.approx(2 / 3)


def test_one_matrix_per_subject() -> None:
    with pytest.raises(BadInput, match="one matrix per subject"):
        table(RIGHT)

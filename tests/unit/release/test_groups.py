"""Nobody is told apart by what a release tells of its subjects: five share every combination, or it is not told."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmed_curate.dataset.groups import SubjectRow, read_subjects_table, subjects_text
from mmed_curate.domain.identity import SubjectId
from mmed_curate.domain.records import Consent, Subject, Term
from mmed_curate.release.groups import subject_rows
from mmed_curate.release.recipe import Groups, load_release_recipe

GROUPS = load_release_recipe("mmed").groups
assert GROUPS is not None
SIGNED = Consent(terms=frozenset(Term), form_version="1", signed_on=date(2026, 1, 2))


def people(*sharing: tuple[int, str | None, str | None, bool | None]) -> dict[str, Subject]:
    """Subjects by pseudonym: so many of each sex, age band and glasses."""
    named: dict[str, Subject] = {}
    for number, sex, age_band, glasses in sharing:
        for _ in range(number):
            id = SubjectId(f"id-{len(named)}")
            one = Subject(
                id=id, code=id, consent=SIGNED, sex=sex, age_band=age_band, glasses=glasses, ethnicity="told to nobody"
            )
            named[f"S-{len(named):010x}"] = one
    return named


def told(rows: tuple[SubjectRow, ...]) -> Counter[tuple[str | None, str | None, str | None]]:
    return Counter((row.sex, row.age_band, row.glasses) for row in rows)


def test_what_five_share_in_every_combination_is_told() -> None:
    rows = subject_rows(people((6, "f", "20-29", True), (5, "m", "20-29", False)), GROUPS)
    assert told(rows) == {("f", "20-29", "yes"): 6, ("m", "20-29", "no"): 5}
    assert [row.subject for row in rows] == sorted(row.subject for row in rows)
    assert {row.ethnicity for row in rows} == {None}


def test_a_later_attribute_that_would_tell_somebody_apart_is_told_of_nobody() -> None:
    """Ten of each sex and ten with glasses: but of the women only four have them."""
    rows = subject_rows(
        people((4, "f", None, True), (6, "f", None, False), (6, "m", None, True), (4, "m", None, False)), GROUPS
    )
    assert told(rows) == {("f", None, None): 10, ("m", None, None): 10}


def test_the_value_of_too_few_is_left_out_where_that_hides_them_among_five() -> None:
    shared = [(6, "f", "20-29", None), (5, "f", "30-39", None)]
    hidden = subject_rows(people(*shared, (3, "f", "60-69", None), (2, "f", None, None)), GROUPS)
    assert told(hidden) == {("f", "20-29", None): 6, ("f", "30-39", None): 5, ("f", None, None): 5}
    alone = subject_rows(people(*shared, (1, "f", "60-69", None)), GROUPS)
    assert told(alone) == {("f", None, None): 12}  # the one whose band is empty would stand alone


def test_of_few_subjects_nothing_is_told() -> None:
    assert told(subject_rows(people((4, "f", "20-29", True)), GROUPS)) == {(None, None, None): 4}
    assert told(subject_rows(people((9, "f", "20-29", True)), None)) == {(None, None, None): 9}


@given(
    drawn=st.lists(
        st.tuples(
            st.integers(1, 8),
            st.sampled_from(["f", "m", "x", None]),
            st.sampled_from(["20-29", "30-39", None]),
            st.sampled_from([True, False, None]),
        ),
        min_size=1,
        max_size=8,
    ),
    at_least=st.integers(2, 6),
    order=st.permutations(["sex", "age_band", "glasses"]),
)
def test_every_row_is_that_of_enough_others_and_nothing_is_made_up(
    drawn: list[tuple[int, str | None, str | None, bool | None]], at_least: int, order: list[str]
) -> None:
    named = people(*drawn)
    groups = Groups.model_validate({"at_least": at_least, "attributes": tuple(order)}, strict=False)
    rows = subject_rows(named, groups)
    assert [row.subject for row in rows] == sorted(named)
    if len(named) >= at_least:
        assert min(told(rows).values()) >= at_least
    else:
        assert told(rows) == {(None, None, None): len(named)}
    for row in rows:
        known = named[row.subject]
        truth = {"sex": known.sex, "age_band": known.age_band}
        truth["glasses"] = None if known.glasses is None else "yes" if known.glasses else "no"
        assert all(getattr(row, name) in {None, value} for name, value in truth.items())


@pytest.mark.parametrize("value", ["=1+1", "+x", "-x", "@x", "'=x", "a,b", '"'])
def test_no_cell_is_a_formula_and_all_read_back(value: str, tmp_path: Path) -> None:
    rows = tuple(SubjectRow(subject=f"S-{number:010x}", sex=value) for number in range(2))
    path = tmp_path / "subjects.csv"
    path.write_text(subjects_text(rows), encoding="utf-8")
    assert read_subjects_table(path) == rows
    with path.open(encoding="utf-8", newline="") as stream:
        cells = [cell for row in csv.reader(stream) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]

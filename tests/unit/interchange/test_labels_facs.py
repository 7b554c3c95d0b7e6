"""Action units as label tables write them: every form of the published tables, and anything else kept as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmed_curate.domain.judgements import Intensity
from mmed_curate.interchange.facs import FacsKind, FacsMark, FacsSide, FacsTerm, FacsText, read_facs

marks = st.builds(
    FacsMark,
    number=st.integers(1, 999),
    side=st.sampled_from(FacsSide),
    intensity=st.none() | st.sampled_from(Intensity),
    kind=st.sampled_from(FacsKind),
    is_doubted=st.booleans(),
)
terms = st.builds(FacsTerm, readings=st.lists(marks, min_size=1, max_size=4).map(tuple), is_reference=st.booleans())


@pytest.mark.parametrize(
    ("cell", "one_way"),
    [
        ("4+7", "4+7"),
        ("R4B+L12C", "R4B+L12C"),
        ("AU 4 or AU7", "(AU4 or AU7)"),
        ("(R6 or R12) + R15", "(R6 or R12)+R15"),
        ("R14A or 17A or 24A", "(R14A or 17A or 24A)"),
        ("10A/B", "(10A or 10B)"),
        ("A/L12", "(A12 or L12)"),
        ("4/7", "(4 or 7)"),
        ("7B+ ref(43)", "7B+ref(43)"),
        ("6+AD39", "6+AD39"),
        ("12+15 ", "12+15"),
        ("au l12", "LAU12"),
        ("12?", "12?"),
        ("", ""),
    ],
)
def test_a_cell_is_read_whole(cell: str, one_way: str) -> None:
    found = read_facs(cell)
    assert (str(found), found.unread) == (one_way, ())


def test_a_letter_before_is_a_side_and_behind_an_intensity() -> None:
    asymmetric, trace = (term.readings[0] for term in read_facs("A12+12A").terms)
    assert (asymmetric.side, asymmetric.intensity) == (FacsSide.ASYMMETRIC, None)
    assert (trace.side, trace.intensity) == (FacsSide.BOTH, Intensity.A)


@pytest.mark.parametrize("cell", ["U", "?", "soft focus", "0", "=1", "(4+7", "4 7", "x" * 5000])
def test_what_is_no_action_unit_is_kept_as_text(cell: str) -> None:
    assert read_facs(cell) == FacsText(unread=(cell,))


def test_a_part_that_is_none_leaves_the_others_alone() -> None:
    found = read_facs("R14+17+soft focus")
    assert [str(term) for term in found.terms] == ["R14", "17"]
    assert found.unread == ("soft focus",)
    assert read_facs("4+").unread == ("",)


def test_a_number_that_facs_does_not_have_is_named() -> None:
    assert read_facs("3+4 or 47").unknown_numbers == (3, 47)


@given(st.lists(terms, max_size=5))
def test_writing_and_reading_give_the_same(made: list[FacsTerm]) -> None:
    text = FacsText(terms=tuple(made))
    assert read_facs(str(text)) == text


@given(st.text(alphabet="AULRTBMDC0123456789+/()? orefx=", max_size=60) | st.text(max_size=40))
def test_any_text_is_read_and_one_way_to_write_it_is_stable(cell: str) -> None:
    found = read_facs(cell)
    assert read_facs(str(found)) == found
    assert bool(found.terms or found.unread) == bool(cell.strip())

"""Numbers of versions: their order by semver, and which may follow which."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmed_curate.dataset.versions import Bump, Version, newer
from mmed_curate.domain.findings import BadInput

IN_ORDER = [
    # the example of semver.org 2.0.0, item 11.4
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1",
    "1.2.0",
    "1.10.0",
    "2.0.0",
]

numbers = st.integers(min_value=0, max_value=20)
versions = st.builds(
    lambda core, before: Version(core=core, before=tuple(before)),
    st.tuples(numbers, numbers, numbers),
    st.lists(st.sampled_from(["rc", "1", "11", "draft"]), max_size=2),
)


def test_versions_come_in_the_order_of_semver() -> None:
    assert sorted(map(Version.of, reversed(IN_ORDER))) == [Version.of(text) for text in IN_ORDER]


@pytest.mark.parametrize("text", ["1", "1.0", "01.0.0", "1.0.0-", "1.0.0-a..b", "v1.0.0", "1.0.0+build", "1.0.0\n"])
def test_what_is_no_version_is_refused_and_comes_after_nothing(text: str) -> None:
    with pytest.raises(BadInput, match="not a semantic version"):
        Version.of(text)
    assert not newer(text, "0.0.0") and not newer("9.0.0", text)


@given(versions)
def test_a_version_reads_as_it_is_written(version: Version) -> None:
    assert Version.of(str(version)) == version


@given(versions, st.sampled_from(Bump))
def test_the_least_that_may_follow_may_and_what_came_before_may_not(version: Version, bump: Bump) -> None:
    least = version.at_least(bump)
    assert least.may_follow(version, bump)
    assert not version.may_follow(version, bump)
    assert not version.may_follow(least, bump)


@pytest.mark.parametrize(
    ("after", "bump", "least"),
    [
        ("1.2.3", Bump.PATCH, "1.2.4"),
        ("1.2.3", Bump.MINOR, "1.3.0"),
        ("1.2.3", Bump.MAJOR, "2.0.0"),
        ("0.1.0", Bump.MAJOR, "1.0.0"),  # the rule is the same below 1.0.0
        ("2.0.0-rc.1", Bump.MAJOR, "2.0.0"),  # a pre-release promised nothing
    ],
)
def test_what_follows(after: str, bump: Bump, least: str) -> None:
    assert str(Version.of(after).at_least(bump)) == least


def test_a_pre_release_of_a_number_that_is_high_enough_may_follow() -> None:
    before = Version.of("1.0.0")
    assert Version.of("2.0.0-rc.1").may_follow(before, Bump.MAJOR)
    assert not Version.of("1.9.0").may_follow(before, Bump.MAJOR)

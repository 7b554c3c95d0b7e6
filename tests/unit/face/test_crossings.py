"""A track never changes hands: two real faces, put together so that the truth is known."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
from builders.faces import (
    Followed,
    Head,
    covered,
    crossing,
    cut_head,
    follow,
    passing,
    relieved,
    replaced,
    swapped,
    with_a_picture,
)

from mmed_curate.face.track import FaceTracker


@pytest.fixture(scope="module")
def one(repository: Path) -> Head:
    """Half a second of a man who smiles, in grey levels."""
    return cut_head(repository / "demo" / "recordings" / "single_face.mp4", "one", last=15)


@pytest.fixture(scope="module")
def other(repository: Path) -> Head:
    """Half a second of a woman who frowns, in grey levels: colour must not tell them apart."""
    return cut_head(repository / "demo" / "recordings" / "WolfgangLanger_Pexels.mp4", "other", last=15)


def nobody_is_taken_for_another(seen: Followed, *, tracks: int, coverage: float) -> None:
    assert seen.switches == 0
    assert seen.strange == 0
    assert all(len(numbers) <= tracks for numbers in seen.tracks.values()), seen.tracks
    assert all(share >= coverage for share in seen.coverage.values()), seen.coverage


def test_two_who_cross_keep_their_numbers(one: Head, other: Head) -> None:
    seen = follow(crossing(one, other), FaceTracker())
    nobody_is_taken_for_another(seen, tracks=2, coverage=0.75)
    assert len(seen.tracks["other"]) == 1  # who is in front is never in doubt


def test_one_who_passes_before_another(one: Head, other: Head) -> None:
    nobody_is_taken_for_another(follow(passing(one, other), FaceTracker()), tracks=2, coverage=0.75)


def test_places_swapped_by_a_cut_give_new_numbers(one: Head, other: Head) -> None:
    seen = follow(swapped(one, other), FaceTracker())
    nobody_is_taken_for_another(seen, tracks=2, coverage=0.7)
    assert len({number for numbers in seen.tracks.values() for number in numbers}) == 4


def test_another_face_at_the_same_place_after_a_cut(one: Head, other: Head) -> None:
    seen = follow(replaced(one, other), FaceTracker())
    nobody_is_taken_for_another(seen, tracks=1, coverage=0.95)


def test_a_face_comes_out_from_behind_a_hand_with_its_number(one: Head) -> None:
    seen = follow(covered(one), FaceTracker())
    nobody_is_taken_for_another(seen, tracks=1, coverage=0.9)


def test_one_leaves_and_another_comes_in(one: Head, other: Head) -> None:
    seen = follow(relieved(one, other), FaceTracker())
    nobody_is_taken_for_another(seen, tracks=1, coverage=0.85)
    assert seen.tracks["one"] != seen.tracks["other"]


def test_a_picture_on_the_wall_has_a_number_of_its_own(one: Head, other: Head) -> None:
    seen = follow(with_a_picture(other, one), FaceTracker())
    nobody_is_taken_for_another(seen, tracks=1, coverage=0.9)
    assert set(seen.tracks) == {"one", "other"}


def test_the_same_pictures_give_the_same_numbers(one: Head, other: Head) -> None:
    def numbers() -> list[tuple[int, ...]]:
        tracker = FaceTracker()
        pictures = islice(crossing(one, other, rate_hz=5.0), 12)
        return [tuple(face.track for face in tracker.step(picture, time_s)) for time_s, picture, _ in pictures]

    assert numbers() == numbers()


@pytest.mark.parametrize(("first", "second"), [("obama-weekly/obama.mp4", "liveportrait/d9.mp4")])
def test_other_people(material: Path, first: str, second: str) -> None:
    one, other = (cut_head(material / path, name, last=15) for path, name in ((first, "one"), (second, "other")))
    for scene in (passing, replaced):
        nobody_is_taken_for_another(follow(scene(one, other, rate_hz=15.0), FaceTracker()), tracks=2, coverage=0.6)

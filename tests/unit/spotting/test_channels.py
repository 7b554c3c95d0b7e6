"""What a face's places say together."""

from __future__ import annotations

import numpy as np

from mmed_curate.face.align import REGIONS
from mmed_curate.spotting.channels import channel_motion, channels_of, region_of

PLACES = ("lid-right", "lid-right", "lid-left", "lid-left", "chin")


def test_regions_then_lower_lids_then_both_sides() -> None:
    assert channels_of(PLACES) == (
        *("lid-right", "lid-left", "chin"),
        *("lid-right lower", "lid-left lower"),
        *("lid", "lid lower"),
    )
    assert [region_of(name) for name in channels_of(PLACES)][3:] == ["lid-right", "lid-left", "lid", "lid"]
    packaged = channels_of(tuple(region for region, places in REGIONS.items() for _ in places))
    assert len(packaged) == len(set(packaged)) == 9 + 2 + 5  # regions, lower lids; brow, lid, lower, nose, mouth


def test_sides_are_added_as_mirror_images() -> None:
    # both lower lids go up by 1 and towards the nose by 0.4 px (the subject's right is on the left of the picture)
    values = np.zeros((1, 5, 2))
    values[0, 1], values[0, 3] = (0.4, -1.0), (-0.4, -1.0)
    moved = dict(zip(channels_of(PLACES), channel_motion(values, PLACES)[0], strict=True))
    np.testing.assert_allclose(moved["lid lower"], (0.4, -1.0))
    np.testing.assert_allclose(moved["lid"], (0.2, -0.5))  # the mean of upper and lower
    np.testing.assert_allclose(moved["chin"], 0)
    # what goes the same way in the picture, as in a turn of the head, cancels across
    values[0, 1], values[0, 3] = (0.4, 0.0), (0.4, 0.0)
    moved = dict(zip(channels_of(PLACES), channel_motion(values, PLACES)[0], strict=True))
    np.testing.assert_allclose(moved["lid lower"], 0, atol=1e-12)

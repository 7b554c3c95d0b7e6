"""How many clips a difference needs: the published numbers, a simulation that holds them, and clusters by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mmed_curate.benchmark.power import clips_for, clips_needed
from mmed_curate.domain.findings import BadInput

ABSTRACT = 0.0336
"""The gain that the MMED abstract reports, in accuracy."""


@pytest.mark.parametrize(("discordance", "clips"), [(0.08, 554), (0.16, 1111)])
def test_what_the_gain_of_the_abstract_needs(discordance: float, clips: int) -> None:
    # at .08: (1.95996 * .282843 + .841621 * sqrt(.08 - .00112896))^2 / .00112896 = 553.8
    assert clips_for(ABSTRACT, discordance, alpha=0.05, power=0.8) == clips
    assert clips_for(-ABSTRACT, discordance, alpha=0.05, power=0.8) == clips


def test_mcnemar_at_that_many_clips_has_that_power() -> None:
    """4,000 simulated studies of 554 clips: the share that McNemar's test finds has a standard error of .0063."""
    random = np.random.default_rng(3)
    n = clips_for(ABSTRACT, 0.08, alpha=0.05, power=0.8)
    better, worse = (0.08 + ABSTRACT) / 2, (0.08 - ABSTRACT) / 2
    won, lost, _ = random.multinomial(n, [better, worse, 1 - 0.08], size=4000).T
    found = (won - lost) ** 2 > 1.959964**2 * (won + lost)  # without correction for continuity
    assert found.mean() == pytest.approx(0.8, abs=0.02)


def test_clusters_by_hand() -> None:
    """Two subjects of two clips: the first model is better in both clips of one, and in none of the other's."""
    needed = clips_needed([[True] * 4], [[False, False, True, True]], ("a", "a", "b", "b"), alpha=0.05, power=0.8)

    # nothing differs within subjects: ICC 1, and with 2 clips each the design effect is 1 + (2 - 1) * 1
    assert (needed.difference, needed.discordance) == (0.5, 0.5)
    assert needed.icc == pytest.approx(1) and needed.design_effect == pytest.approx(2)
    # (1.95996 * .707107 + .841621 * .5)^2 / .25 = 13.06
    assert needed.n_needed == 14 and needed.n_needed_clustered == 28
    assert needed.sentence == (
        "A difference of +50.00 points in accuracy, with 50.0 % of the answers right in one model alone, needs 14 "
        "independent clips to be found in 80 % of studies (McNemar, two-sided 0.05), or 28 with as many clips per "
        "subject as here; there are 4."
    )


def test_the_likeness_that_was_planted_is_found() -> None:
    """100 subjects of 10 clips whose differences share half of their variance."""
    random = np.random.default_rng(4)
    subjects = [f"S{index // 10}" for index in range(1000)]
    of_subject = np.repeat(random.random(100) < 0.5, 10)
    own = random.random(1000) < 0.5
    first = np.where(random.random(1000) < np.sqrt(0.5), of_subject, own)  # two clips share it with probability 1/2
    needed = clips_needed([first], [np.zeros(1000)], subjects, alpha=0.05, power=0.8)
    assert needed.icc == pytest.approx(0.5, abs=0.08)


def test_clips_that_are_no_more_alike_need_no_more() -> None:
    needed = clips_needed([[True, False] * 2], [[False] * 4], ("a", "a", "b", "b"), alpha=0.05, power=0.8)
    assert needed.icc is not None and needed.icc < 0
    assert needed.design_effect == 1 and needed.n_needed == needed.n_needed_clustered


def test_seeds_are_pooled_and_a_model_without_any_stands_beside_each() -> None:
    needed = clips_needed([[True, True], [True, False]], [[True, False]], ("a", "b"), alpha=0.05, power=0.8)
    assert (needed.difference, needed.discordance) == (0.25, 0.25)
    assert needed.icc is None and needed.n_needed_clustered is None  # one clip each tells nothing of likeness


def test_no_difference_needs_no_number() -> None:
    needed = clips_needed([[True, False]], [[False, True]], ("a", "b"), alpha=0.05, power=0.8)
    assert needed.n_needed is None and needed.as_json()["n_needed"] is None
    assert needed.sentence.startswith("No number of clips can be planned for: a difference of +0.00 points")
    assert "both models have as many clips right" in str(needed.notes[0])


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(BadInput, match="cannot be"):
        clips_for(0.1, 0.05, alpha=0.05, power=0.8)
    with pytest.raises(BadInput, match="are none"):
        clips_for(0.1, 0.2, alpha=0.05, power=1)
    with pytest.raises(BadInput, match="one subject per clip"):
        clips_needed([[True]], [[True, False]], ("a", "b"), alpha=0.05, power=0.8)

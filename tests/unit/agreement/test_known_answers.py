"""Published and cross-checked numbers: irrCAC's tables, and the votes of CREMA-D."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from mmed_curate.agreement.alpha import alpha, package_alpha
from mmed_curate.agreement.bootstrap import interval
from mmed_curate.agreement.coefficients import Chance, ac2, cohen, corrected
from mmed_curate.agreement.ratings import Level, Ratings, from_counts, tally
from mmed_curate.agreement.settings import AgreementSettings


def rows_of(path: Path) -> list[list[str]]:
    if not path.is_file():
        pytest.skip(f"{path.name} is not among the shared material")
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))[1:]


def four_raters(material: Path, level: Level) -> Ratings:
    rows = rows_of(material / "irrcac" / "cac.raw4raters.csv")
    long = [(row[0], coder, value) for row in rows for coder, value in enumerate(row[1:]) if value]
    return tally(
        [unit for unit, _, _ in long],
        [value for _, _, value in long],
        level=level,
        coders=[coder for _, coder, _ in long],
    )


@pytest.mark.parametrize(
    ("level", "expected"),
    [(Level.NOMINAL, 0.74342), (Level.ORDINAL, 0.8154), (Level.INTERVAL, 0.8491), (Level.RATIO, 0.7974)],
)
def test_alpha_of_four_raters_at_every_level(material: Path, level: Level, expected: float) -> None:
    # nominal: README of irrCAC; the others computed by hand and by the krippendorff package
    assert alpha(four_raters(material, level), level).point() == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(
    ("chance", "expected"),
    [(Chance.NONE, 0.81818), (Chance.AC1, 0.77544), (Chance.FLEISS, 0.76117), (Chance.BRENNAN_PREDIGER, 0.77273)],
)
def test_other_coefficients_of_four_raters(material: Path, chance: Chance, expected: float) -> None:
    assert corrected(four_raters(material, Level.NOMINAL), chance).point() == pytest.approx(expected, abs=5e-6)


def test_what_one_rater_alone_judged_moves_kappa_and_not_alpha(material: Path) -> None:
    """One of the twelve units has one rater. irrCAC counts it in chance, as Gwet (2014, chapter 2) does, so that its
    .76117 rests on it; alpha looks at pairs alone, and is the same without it."""
    ratings = four_raters(material, Level.NOMINAL)
    paired = ratings.pairable
    assert (ratings.n_units, paired.n_units) == (12, 11)
    assert alpha(paired, Level.NOMINAL).point() == alpha(ratings, Level.NOMINAL).point()
    assert corrected(paired, Chance.NONE).point() == corrected(ratings, Chance.NONE).point()
    with_it, without = (corrected(one, Chance.FLEISS).point() for one in (ratings, paired))
    assert with_it == pytest.approx(0.76117, abs=5e-6)
    assert abs(without - with_it) > 0.001


def test_kappa_of_four_raters_with_gaps_is_that_of_conger(material: Path) -> None:
    assert cohen(four_raters(material, Level.NOMINAL)).point() == pytest.approx(0.76282, abs=5e-6)


def test_ac2_of_four_raters_with_ordinal_weights(material: Path) -> None:
    """0.899: asserted by the tests of irrCAC for Python (test_gwet_raw4raters_ordinal_weights), pa .968, pe .685."""
    assert ac2(four_raters(material, Level.ORDINAL)).point() == pytest.approx(0.899, abs=5e-4)


def test_six_raters_given_as_counts(material: Path) -> None:
    rows = rows_of(material / "irrcac" / "distrib.6raters.csv")
    ratings = from_counts([[int(cell) for cell in row[1:]] for row in rows])
    found = {chance.value: corrected(ratings, chance).point() for chance in Chance}
    assert found == pytest.approx({"percent": 0.55111, "ac1": 0.44480, "fleiss": 0.41393, "bp": 0.43889}, abs=5e-6)
    assert alpha(ratings, Level.NOMINAL).point() == pytest.approx(0.42044, abs=5e-6)


def test_two_abstractors_given_as_a_contingency_table(material: Path) -> None:
    rows = rows_of(material / "irrcac" / "cont3x3abstractors.csv")
    pairs = [(a, b) for a, row in enumerate(rows) for b, n in enumerate(row[1:]) for _ in range(int(n))]
    ratings = tally(
        [unit for unit in range(len(pairs)) for _ in "ab"], [one for pair in pairs for one in pair], coders="ab" * 100
    )
    assert cohen(ratings).point() == pytest.approx(0.79641, abs=5e-6)
    assert alpha(ratings, Level.NOMINAL).point() == pytest.approx(0.79726, abs=5e-6)
    assert corrected(ratings, Chance.AC1).point() == pytest.approx(0.84933, abs=5e-6)
    assert corrected(ratings, Chance.FLEISS).point() == pytest.approx(0.79624, abs=5e-6)  # Scott's pi for two
    assert corrected(ratings, Chance.BRENNAN_PREDIGER).point() == pytest.approx(0.835, abs=5e-4)
    assert corrected(ratings, Chance.NONE).point() == pytest.approx(0.89, abs=5e-6)


@pytest.fixture(scope="session")
def crema(material: Path) -> dict[str, Ratings]:
    """Votes per clip for one of six emotions, from the voice, the face, or both; clustered by actor."""
    rows = rows_of(material / "cremad-votes" / "tabulatedVotes.csv")
    counts = np.array([[int(cell) for cell in row[1:7]] for row in rows])
    passes = np.array([int(row[0]) // 100_000 for row in rows])
    actors = np.array([row[7].split("_")[0] for row in rows])
    parts = {"voice": passes == 1, "face": passes == 2, "both": passes == 3, "pooled": passes > 0}
    return {name: from_counts(counts[rows], clusters=actors[rows].tolist()) for name, rows in parts.items()}


def test_the_votes_of_crema_d(crema: dict[str, Ratings]) -> None:
    assert [len(crema[name].unit) for name in ("voice", "face", "both")] == [68_568, 71_654, 71_778]
    found = {name: alpha(ratings, Level.NOMINAL).point() for name, ratings in crema.items()}
    assert found == pytest.approx({"voice": 0.2811, "face": 0.4582, "both": 0.4967, "pooled": 0.4255}, abs=5e-5)
    assert package_alpha(crema["both"], Level.NOMINAL) == pytest.approx(found["both"], abs=1e-12)


def test_intervals_that_draw_actors_are_wider_than_those_that_draw_clips(
    crema: dict[str, Ratings], settings: AgreementSettings
) -> None:
    by_actor = crema["both"]
    by_clip = Ratings(
        unit=by_actor.unit,
        value=by_actor.value,
        scale=by_actor.scale,
        labels=by_actor.labels,
        cluster=np.arange(by_actor.n_units),
    )
    actors = interval(alpha(by_actor, Level.NOMINAL), settings)
    clips = interval(alpha(by_clip, Level.NOMINAL), settings)
    assert actors.upper - actors.lower > 1.5 * (clips.upper - clips.lower)
    assert actors.upper < 0.667  # no gate at Krippendorff's bound would open on these votes

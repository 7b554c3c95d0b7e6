"""How often the gate is wrong, at a small size: SIMULATED coders of known kappa against the real rules.

The targets are those of benchmarks/operating.py, which runs many more batches under many more conditions.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from mmed_curate.agreement.alpha import alpha
from mmed_curate.agreement.layers import one_against_rest
from mmed_curate.agreement.ratings import Level
from mmed_curate.agreement.settings import load_settings
from mmed_curate.gate.policy import Held, Policy, load_policy

BATCHES = 60
"""Of each target: 15 for each of four sets of values."""


def a_script(path: Path) -> ModuleType:
    """One of the scripts in benchmarks/ as a module; only a checkout has them."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if not path.exists() or spec is None or spec.loader is None:
        pytest.skip("benchmarks are not beside the tests")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def held(repository: Path) -> ModuleType:
    """benchmarks/gate_held.py."""
    return a_script(repository / "benchmarks" / "gate_held.py")


@pytest.fixture(scope="module")
def simulated(held: ModuleType) -> ModuleType:
    """benchmarks/coded_batches.py, which the former imports."""
    return sys.modules["coded_batches"]


def shares(held: ModuleType, simulated: ModuleType, policy: Policy) -> dict[str, tuple[float, float]]:
    """Of each target: how often the layer does what it asks, and how often it must. Two coders, subjects alike."""
    gate = held.Gate(policy=policy)
    found = {}
    for target in held.TARGETS:
        cells = [
            held.run_cell(
                gate,
                simulated.Conditions(
                    kappa=target.kappa,
                    clips=target.clips,
                    subjects=target.subjects,
                    coders=2,
                    marginals=marginals,
                    missing=0.0,
                    apart=False,
                ),
                BATCHES // 4,
                0,
            )
            for marginals in simulated.MARGINALS
        ]
        did, of = held.did(target, cells)
        found[target.words()] = (did / of, target.share)
    return found


def missed(found: dict[str, tuple[float, float]]) -> set[str]:
    return {words for words, (share, least) in found.items() if share < least}


def with_layer(policy: Policy, **changes: Any) -> Policy:
    """The policy with another rule on alpha of emotion."""
    rules = [rule.model_copy(update=changes) if rule.measure == "emotion.alpha" else rule for rule in policy.measures]
    return policy.model_copy(update={"measures": tuple(rules)})


def test_the_layer_refuses_and_passes_as_often_as_asked(held, simulated):
    found = shares(held, simulated, load_policy("mmed"))
    assert len(found) == 6
    assert missed(found) == set()


def test_the_point_estimate_would_let_too_much_through(held, simulated):
    """With 150 clips, alpha of coders whose kappa is .6 is .667 or more by luck, more often than in 1 of 20 batches."""
    found = shares(held, simulated, with_layer(load_policy("mmed"), held=Held.VALUE))
    assert missed(found) == {"refuses at kappa <= 0.60, 150 clips of 15 subjects"}


def test_a_bound_of_one_half_would_let_too_much_through(held, simulated):
    found = shares(held, simulated, with_layer(load_policy("mmed"), at_least=0.5))
    assert {words for words in missed(found) if "0.60" in words} == missed(found) != set()


def test_a_bound_of_080_would_refuse_what_is_to_pass(held, simulated):
    found = shares(held, simulated, with_layer(load_policy("mmed"), at_least=0.8))
    assert "passes at kappa >= 0.80, 400 clips of 20 subjects" in missed(found)


@pytest.mark.parametrize("apart", [False, True])
def test_the_kappa_of_simulated_coders_is_what_was_asked_for(held, simulated, apart):
    """Of the layer, of every value against the rest and of every action unit, whatever the mix: all are .7."""
    points_only = load_settings("mmed").model_copy(update={"min_clusters": 1_000_000})
    for marginals in ("3 as 6:3:1", "7 as in CASME II"):
        many = simulated.coded(
            np.random.default_rng(1),
            simulated.Conditions(
                kappa=0.7, clips=100_000, subjects=20_000, coders=3, marginals=marginals, missing=0.1, apart=apart
            ),
        )
        found = [alpha(many.ratings(), Level.NOMINAL).point()]
        for ratings in (many.ratings(), *many.scored().values()):
            found += [one.alpha.value for one in one_against_rest(ratings, points_only)]
        assert len(found) == 1 + len(many.emotions) + 2 * len(simulated.ACTION_UNITS)
        assert found == pytest.approx([0.7] * len(found), abs=0.03)  # of a value in 1 of 128 clips it is .01 unsure


def test_what_is_drawn_depends_on_conditions_and_seed_alone(held, simulated):
    among = simulated.Conditions(
        kappa=0.75, clips=150, subjects=15, coders=2, marginals="3 even", missing=0.1, apart=True
    )
    gate = held.Gate(policy=load_policy("mmed"))
    once = held.run_cell(gate, among, 12, 12)
    assert once == held.run_cell(gate, among, 12, 12)
    assert 0 < once.through["layer"] < 12
    assert once.through["units"] <= once.through["emotions"] <= once.through["layer"]


def test_each_door_can_be_shut_by_itself(held, simulated):
    """Coders who never differ pass all rules; with a class told apart by nobody the layer alone still holds."""
    among = simulated.Conditions(
        kappa=1.0, clips=400, subjects=20, coders=2, marginals="7 as in CASME II", missing=0.0, apart=False
    )
    gate = held.Gate(policy=load_policy("mmed"))
    batch = simulated.coded(np.random.default_rng(2), among)
    assert gate.doors(batch, 2) == (True, True, True)
    surprise = batch.emotion.copy()
    column, other = batch.emotions.index("surprise"), batch.emotions.index("other")
    moved = np.flatnonzero(surprise[:, column])
    surprise[moved, column], surprise[moved, other] = 1, 1  # one coder says surprise, the other says other
    confused = replace(batch, emotion=surprise)
    assert gate.doors(confused, 2) == (True, False, False)
    units = batch.action_units.copy()
    scored = np.flatnonzero(units[0, :, 1])
    units[0, scored] = 1
    assert gate.doors(replace(batch, action_units=units), 2) == (True, True, False)
    assert gate.doors(batch, 1) == (True, False, False)  # one person who coded


def test_intervals_of_shares(held):
    # Wilson 1927 for 8 of 10 at 95 %: 0.4902 to 0.9433 (Agresti & Coull 1998 use the same formula)
    assert held.wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=2e-4)

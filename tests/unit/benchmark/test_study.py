"""The stored study of the benchmark: what is planted is known in closed form, and the test that asks is exact."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmed_curate.benchmark.features import FLOW_SHAPE

SCRIPTS = Path(__file__).resolve().parents[3] / "benchmarks"


def a_script(name: str) -> ModuleType:
    """One of the scripts in benchmarks/ as a module; only a checkout has them."""
    path = SCRIPTS / f"{name}.py"
    if not path.is_file():
        pytest.skip("benchmarks are not beside the tests", allow_module_level=True)
    specification = importlib.util.spec_from_file_location(name, path)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    specification.loader.exec_module(module)
    return module


features = a_script("simulated_features")
study = a_script("study")


def a_world(gain: float = 0.1, shown: float = 0.625):
    return features.World.worth(gain, shown=shown, movement_px=1.0, loudness=3.0)


class TestWorld:
    """What a perfect classifier scores."""

    def test_is_known_by_hand(self) -> None:
        # 5 of 8 pictures show the class, and a third of the other 3: 6 of 8. Two fifths of the sounds tell it, and
        # of the other three fifths the picture gets 3 of 4: 0.4 + 0.6 * 0.75
        world = a_world()
        assert world.picture == pytest.approx(0.75)
        assert world.told == pytest.approx(0.4)
        assert world.together == pytest.approx(0.85)

    @given(gain=st.floats(0, 0.2), shown=st.floats(0, 0.7))
    def test_sound_is_worth_what_was_asked(self, gain: float, shown: float) -> None:
        world = a_world(gain, shown)
        assert world.together - world.picture == pytest.approx(gain)

    def test_no_room_for_the_gain_is_refused(self) -> None:
        with pytest.raises(ValueError, match="shares are from 0 to 1"):
            a_world(gain=0.3, shown=0.9)


class TestSimulated:
    """Clips of a world."""

    def test_the_perfect_classifier_scores_what_the_world_says(self) -> None:
        clips = [features.simulated(a_world(), seed) for seed in range(5)]
        picture, together = np.mean([one.perfect for one in clips], axis=0)
        # 2,000 clips: standard errors of 0.0097 and 0.0080; four of them are allowed
        assert picture == pytest.approx(0.75, abs=4 * 0.0097)
        assert together == pytest.approx(0.85, abs=4 * 0.0080)

    def test_what_is_planted_can_be_read_from_the_arrays(self) -> None:
        """A template per class, made of the same clips, reads pictures and sounds nearly without error."""
        clips = features.simulated(a_world(), 1)
        flow = clips.data.flow.reshape(400, -1)
        templates = np.stack([flow[clips.shown == kind].mean(axis=0) for kind in range(3)])
        templates -= templates.mean(axis=0)
        assert ((flow @ templates.T).argmax(axis=1) == clips.shown).mean() > 0.95
        # a class lifts its bands for 0.3 s: the loudest such moment of each, among clips that were told something
        told = clips.told >= 0
        lifts = np.stack([clips.data.log_mel[:, bands].mean(axis=1) for bands in features.BANDS], axis=1)  # (N, 3, T)
        moving = np.lib.stride_tricks.sliding_window_view(lifts, 30, axis=2).mean(axis=3).max(axis=2)
        assert (moving[told].argmax(axis=1) == clips.told[told]).mean() > 0.9

    def test_same_seed_same_clips(self) -> None:
        one, again, other = (features.simulated(a_world(), seed).data for seed in (1, 1, 2))
        assert (one.flow == again.flow).all() and (one.log_mel == again.log_mel).all()
        assert not (one.flow == other.flow).all()
        assert one.flow.shape == (400, *FLOW_SHAPE) and len(set(one.subjects)) == 20
        assert all(name.startswith("SIMULATED") for name in one.names)

    def test_sound_worth_nothing_says_nothing(self) -> None:
        assert (features.simulated(a_world(gain=0), 1).told == -1).all()

    def test_permuted_sound_is_the_same_sound_elsewhere(self) -> None:
        data = features.simulated(a_world(), 1).data
        permuted = features.permuted_sound(data, 1)
        assert (permuted.flow == data.flow).all() and (permuted.labels == data.labels).all()
        assert sorted(permuted.log_mel[:, 0, 0].tolist()) == sorted(data.log_mel[:, 0, 0].tolist())
        assert (permuted.log_mel != data.log_mel).any(axis=(1, 2)).mean() > 0.9


class TestQuestion:
    """Whether sound was found to help."""

    def test_differences_by_hand(self) -> None:
        truth, subjects = np.array([0, 1]), np.array(["S1", "S2"])
        own, permuted = np.array([[0.8, 0.2], [0.4, 0.6]]), np.array([[0.6, 0.4], [0.6, 0.4]])
        found = {name: each.sum() for name, each in study.differences(own, permuted, truth, subjects).items()}
        assert found["probability"] == pytest.approx(0.2)  # 0.7 against 0.5
        assert found["uar"] == pytest.approx(0.5)  # both right against one
        assert found["log_score"] == pytest.approx((np.log(0.8 / 0.6) + np.log(0.6 / 0.4)) / 2)

    def test_being_surer_of_the_same_answers_gains_nothing_once_calibrated(self) -> None:
        random = np.random.default_rng(0)
        logits, truth = random.normal(size=(400, 3)), random.integers(3, size=400)
        logits[np.arange(400), truth] += 1
        subjects = np.repeat(np.arange(20).astype(str), 20)
        answers, surer = (np.exp(scale * logits) for scale in (1, np.exp(2.5 / 59) ** 12))  # 12 steps of the grid
        answers, surer = answers / answers.sum(axis=1)[:, None], surer / surer.sum(axis=1)[:, None]
        found = study.differences(surer, answers, truth, subjects)
        assert found["probability"].sum() > 0.01
        assert np.abs(found["calibrated_log_score"]).max() < 1e-12

    def test_the_exact_interval_is_the_published_one(self) -> None:
        # no event in 10 trials: the upper end is 1 - 0.025 ** (1 / 10) (Clopper & Pearson 1934)
        assert study.interval(0, 10) == pytest.approx((0, 1 - 0.025**0.1))

    def test_the_plan_asks_what_was_promised_and_is_balanced(self) -> None:
        plan = study.read_yaml(study.PLAN, study.Plan)
        gains = list(plan.gains())
        assert gains[:250].count(0.1) >= 50 and gains[:250].count(0.0) >= 200
        assert all(gains[start : start + 5].count(0.1) == 1 for start in range(0, 250, 5))

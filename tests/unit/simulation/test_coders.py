"""Simulated coders work through the desk until every clip is at an end, the same way every time."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from builders.simulated import EMOTIONS, a_simulated_lab

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.judgements import Answer, Coding
from mmed_curate.domain.protocol import Role, Stage
from mmed_curate.domain.time import Frame, Span
from mmed_curate.simulation.coders import Oracle, simulate_coders
from mmed_curate.simulation.crew import load_coders
from mmed_curate.simulation.truth import read_truth
from mmed_curate.store import Workspace

CODERS = load_coders()
N_SUBJECTS, N_EVENTS = 2, 7


def coded(workspace: Workspace) -> dict[tuple[str, str], Answer]:
    with workspace.read() as view:
        coders = {coder.id: coder.code for coder in view.coders()}
        return {(one.clip, coders[one.coder]): one.answer for one in view.judgements() if one.stage is Stage.CODING}


def agreement(workspace: Workspace) -> float:
    """Share of clips on whose emotion both coders agree."""
    by_clip: dict[str, list[list[str]]] = {}
    for (clip, _), answer in coded(workspace).items():
        assert isinstance(answer, Coding)
        by_clip.setdefault(clip, []).append([event.emotion for event in answer.events])
    assert all(len(pair) == 2 for pair in by_clip.values())
    return sum(one == other for one, other in by_clip.values()) / len(by_clip)


def test_the_oracle_knows_what_each_clip_shows_in_its_own_frames(tmp_path: Path) -> None:
    workspace, truth = a_simulated_lab(tmp_path)

    oracle = Oracle.of(workspace, read_truth(truth), CODERS, truth)

    (event,) = oracle.events[ClipId("clip-1-4")]
    assert event.span == Span(onset=Frame(40), apex=Frame(46), offset=Frame(52))
    assert event.emotion == EMOTIONS[1] and event.cue is not None
    assert (event.cue.onset, event.cue.offset) == (40, 54)
    assert oracle.events[ClipId("clip-1-7")] == ()  # a blink is nothing


def test_reliable_coders_bring_every_clip_to_an_end_and_run_again_do_nothing(tmp_path: Path) -> None:
    workspace, truth = a_simulated_lab(tmp_path)
    told: list[int] = []

    done = simulate_coders(
        workspace, truth, CODERS, profile="reliable", seed=1, progress=lambda so_far, total: told.append(so_far)
    )
    again = simulate_coders(workspace, truth, CODERS, profile="reliable", seed=1)

    assert set(done.stages) <= {Stage.SETTLED, Stage.REJECTED} and sum(done.stages.values()) == 16
    assert done.stages[Stage.SETTLED] >= 12  # 14 clips with an event, of which 3 % are turned away
    assert done.judgements[Stage.SCREENING] == 16 and told == list(range(1, done.n_judgements + 1))
    assert again.n_judgements == 0 and again.stages == done.stages
    with workspace.read() as view:
        assert all(one.simulated for one in view.judgements())
        assert all(coder.simulated and coder.code.startswith("sim-") for coder in view.coders())
        assert view.audit().findings == ()


def test_unreliable_coders_agree_less(tmp_path: Path) -> None:
    shares = {}
    for profile in ("reliable", "unreliable"):
        workspace, truth = a_simulated_lab(tmp_path / profile)
        simulate_coders(workspace, truth, CODERS, profile=profile, seed=1)
        shares[profile] = agreement(workspace)

    # .95² · .98² + … ≈ .88 of about 14 clips, and .6² · .85² + … ≈ .3
    assert shares["reliable"] > 0.7 > 0.55 > shares["unreliable"]


def test_the_same_seed_gives_the_same_judgements_and_another_others(tmp_path: Path) -> None:
    given = []
    for folder, seed in (("one", 1), ("again", 1), ("other", 3)):
        workspace, truth = a_simulated_lab(tmp_path / folder)
        simulate_coders(workspace, truth, CODERS, profile="unreliable", seed=seed)
        given.append(coded(workspace))

    assert given[0] == given[1] != given[2]


def test_a_coder_works_alike_when_others_have_worked_before(tmp_path: Path) -> None:
    alone, truth = a_simulated_lab(tmp_path / "alone")
    simulate_coders(alone, truth, CODERS, profile="reliable", seed=1)
    later, truth = a_simulated_lab(tmp_path / "later")
    with later.write() as act:  # one more coder shares the work, so that everybody's tickets differ
        act.add_coder("sim-coder-0", {Role.CODER}, simulated=True)
    crew = CODERS.profile("reliable")
    more = crew.model_copy(update={"crew": (crew.crew[1].model_copy(update={"code": "sim-coder-0"}), *crew.crew[::-1])})
    simulate_coders(
        later, truth, CODERS.model_copy(update={"profiles": {"reliable": more}}), profile="reliable", seed=1
    )

    before, after = coded(alone), coded(later)
    common = set(before) & set(after)
    assert len(common) >= 5 and set(before) != set(after)
    assert all(before[seat] == after[seat] for seat in common)


def test_real_recordings_are_for_people(tmp_path: Path) -> None:
    workspace, truth = a_simulated_lab(tmp_path, simulated=False)

    with pytest.raises(BadInput, match="is not simulated"):
        simulate_coders(workspace, truth, CODERS, profile="reliable", seed=1)

    with workspace.read() as view:
        assert Counter(view.stages().values()) == {Stage.SCREENING: 16} and view.coders() == ()


def test_a_truth_of_other_recordings_is_refused(tmp_path: Path) -> None:
    workspace, truth = a_simulated_lab(tmp_path)
    truth.write_text(truth.read_text().replace("0" * 60, "f" * 60))

    with pytest.raises(BadInput, match="knows nothing of the recording"):
        simulate_coders(workspace, truth, CODERS, profile="reliable", seed=1)


def test_nobody_is_impersonated(tmp_path: Path) -> None:
    workspace, truth = a_simulated_lab(tmp_path)
    with workspace.write() as act:
        act.add_coder("sim-coder-1", {Role.CODER})

    with pytest.raises(BadInput, match="registered here as a person"):
        simulate_coders(workspace, truth, CODERS, profile="reliable", seed=1)

"""Can it be told who it is? Voices that differ, voices that do not, and rooms that everybody in a session shares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from mmed_curate.benchmark.probes import IdentityProbe, identity_probe, pooled_log_mel
from mmed_curate.domain.findings import BadInput


def probed(
    features: np.ndarray,
    identities: Sequence[str],
    *,
    apart: tuple[str, Sequence[str]] | None = None,
    shuffles: int = 39,
) -> IdentityProbe:
    return identity_probe(
        features,
        identities,
        of="session" if apart else "subject",
        folds=4,
        penalty=1.0,
        shuffles=shuffles,
        seed=1,
        level=0.95,
        apart=apart,
    )


def clips(
    *, voice: float = 0, room: float = 0, sessions: int = 3, subjects: int = 4, each: int = 6, seed: int = 0
) -> tuple[np.ndarray, list[str], list[str]]:
    """Features (N, 16), subjects and sessions; each subject plays in one session."""
    random = np.random.default_rng(seed)
    rows, who, where = [], [], []
    for session in range(sessions):
        its_room = room * random.normal(size=16)
        for subject in range(subjects):
            its_voice = voice * random.normal(size=16)
            for _ in range(each):
                rows.append(its_room + its_voice + random.normal(size=16))
                who.append(f"S{session}-{subject}")
                where.append(f"G{session}")
    return np.array(rows), who, where


def test_voices_that_differ_are_told() -> None:
    features, who, _ = clips(voice=3)
    found = probed(features, who)

    assert found.accuracy is not None and found.shuffled is not None
    assert found.accuracy > 0.7 > found.shuffled[1]
    assert found.majority == pytest.approx(1 / 12) and found.p_value == 1 / 40
    assert found.sentence.startswith("The subject can be told by a linear probe: ")


def test_noise_tells_nobody() -> None:
    """Twelve times: a p value up to .05 is luck of one in twenty, so three or more would be one in fifty."""
    found = [probed(*clips(each=4, sessions=1, seed=seed)[:2], shuffles=19) for seed in range(12)]

    p_values = [one.p_value for one in found if one.p_value is not None]
    assert len(p_values) == 12 and sum(p <= 0.05 for p in p_values) <= 2
    assert np.mean(p_values) == pytest.approx(0.5, abs=0.25)  # a standard error of .083
    assert any("could not be told" in one.sentence for one in found)


def test_a_session_told_by_its_players_is_not_told_by_its_room() -> None:
    """Voices alone tell the session, as long as the same players are on both sides of a fold."""
    features, who, where = clips(voice=3, subjects=6)

    dealt_freely = probed(features, where)
    players_apart = probed(features, where, apart=("subject", who))
    assert dealt_freely.accuracy is not None and dealt_freely.accuracy > 0.7
    assert players_apart.accuracy is not None and players_apart.shuffled is not None
    assert players_apart.accuracy <= players_apart.shuffled[1]


def test_a_room_is_told_whoever_plays_in_it() -> None:
    features, who, where = clips(room=3)
    found = probed(features, where, apart=("subject", who))
    assert found.accuracy is not None and found.accuracy > 0.8
    assert found.p_value is not None and found.p_value <= 0.05
    assert "no subject on both sides" in found.sentence and found.as_json()["apart"] == "subject"


def test_clips_without_sound_and_rare_identities_are_left_out_and_counted() -> None:
    features, who, _ = clips(voice=3, each=6)
    features[0] = np.nan
    who[6:9] = ["rare"] * 3  # three clips, for four folds; their owner keeps three, which are too few as well
    found = probed(features, who)
    assert found.n_left_out == 1 + 3 + 3 and found.n_identities == 11


def test_too_few_identities_are_undetermined() -> None:
    features, who, where = clips(sessions=1, subjects=2)
    found = probed(features, where)
    assert found.accuracy is None and found.as_json()["shuffled"] is None
    assert "fewer than two subjects have 4 clips" in str(found.notes[0])
    assert "undetermined" in found.sentence
    # two sessions of one player each: who plays cannot be kept apart
    assert probed(features, who, apart=("subject", who)).accuracy is None


def test_pooled_bands_by_hand() -> None:
    log_mel = np.array([[[1.0, 3.0, 99.0]], [[1.0, 2.0, 3.0]]])  # two clips, one band, three frames
    pooled = pooled_log_mel(log_mel, [[True, True, False], [False, False, False]])
    assert pooled[0].tolist() == [2, 1]  # mean and spread of 1 and 3
    assert np.isnan(pooled[1]).all()


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(BadInput, match="one identity and group per clip"):
        probed(np.zeros((3, 2)), ["a", "b"])

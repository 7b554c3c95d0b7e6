"""Settings name only what exists, and say so otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmed_curate.domain.codebook import load_codebook
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.packaged import packaged_path
from mmed_curate.simulation.crew import load_coders
from mmed_curate.simulation.settings import load_settings


def _edited(tmp_path: Path, old: str, new: str, name: str = "mmed") -> str:
    text = packaged_path("pipelines", "simulation", f"{name}.yaml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "own.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("code: sadness", "code: sadnes", "emotion sadnes"),
        ("[au9]", "[au99]", "action unit au99"),
        ("code: sadness", "code: other", "has no class"),
        ("movement: nose-wrinkle", "movement: nose-wrinkel", "nose-wrinkel, which is not in movements"),
        ("place: nose-wing", "place: nose", "place nose, which is not in places"),
        ("cue: breath", "cue: sigh", "cue sigh, which is not in cues"),
        ("picture_informative: 0.9", "picture_informative: 1.9", "picture_informative"),
        ("crf: 20", "crt: 20", "did you mean crf"),
        ("{least: 0.2, most: 0.5}", "{least: 0.6, most: 0.5}", "above most"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        load_settings(_edited(tmp_path, old, new))


def test_unknown_settings_name_those_that_exist() -> None:
    with pytest.raises(BadInput, match="choose one of"):
        load_settings("mmed2")


def test_coders_fit_the_codebook_and_are_named_simulated(tmp_path: Path) -> None:
    load_coders().check(load_codebook("mmed"))
    with pytest.raises(BadInput, match="event type mikro"):
        load_coders(_edited(tmp_path, "event: micro}", "event: mikro}", "coders")).check(load_codebook("mmed"))
    with pytest.raises(BadInput, match=r"does not fit the pattern .sim-"):
        load_coders(_edited(tmp_path, "code: sim-coder-1", "code: coder-1", "coders"))
    with pytest.raises(BadInput, match="ability novize"):
        load_coders(_edited(tmp_path, "ability: novice", "ability: novize", "coders"))
    with pytest.raises(BadInput, match="reliable, unreliable"):
        load_coders().profile("perfect")

"""`mmed benchmark RELEASE --model my_module:MyNet`: beside ours in every file, or one sentence before anything runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from builders.release import a_release

from mmed_curate.cli.main import main
from mmed_curate.domain.packaged import packaged_path

OWN = "builders.ownmodels"


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as exit_:
        main([str(word) for word in words])
    captured = capsys.readouterr()
    return int(exit_.value.code or 0), captured.out, captured.err


@pytest.fixture
def quickest(tmp_path: Path) -> Path:
    """Settings in which visual-only enters alone, for ten epochs."""
    text = packaged_path("pipelines", "benchmark", "quick-look.yaml").read_text(encoding="utf-8")
    for was, now in (
        ("epochs: 16", "epochs: 10"),
        ("entrants: [amf-net, visual-only, audio-only]", "entrants: [visual-only]"),
        ("sound_permuted: true", "sound_permuted: false"),
    ):
        assert was in text
        text = text.replace(was, now)
    path = tmp_path / "quickest.yaml"
    path.write_text(text)
    return path


def test_it_stands_beside_ours_and_one_that_breaks_later_ends_with_two(
    tmp_path: Path, quickest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release, to = a_release(tmp_path / "mmed-0.1.0"), tmp_path / "out"
    words = ("benchmark", release, "--settings", quickest, "--workers", 1, "-o", to)

    code, out, err = run(capsys, *words, "--model", f"{OWN}:Fine", "--model", f"{OWN}:BreaksLater")

    assert code == 2
    assert f"{OWN}:Fine" in out and f"left out: {OWN}:BreaksLater gave logits that are no finite numbers" in err
    assert (to / f"predictions-{OWN}-Fine.csv").is_file()
    models = [one["name"] for one in json.loads((to / "benchmark.json").read_text())["models"]]
    assert models == ["visual-only", f"{OWN}:Fine", "majority-class"]

    code, out, _ = run(capsys, "benchmark", "compare", f"{to}:{OWN}:Fine", f"{to}:visual-only")
    assert code == 0 and f"First: {OWN}:Fine of {to}" in out


@pytest.mark.parametrize(
    ("model", "said"),
    [(f"{OWN}:WrongShape", "logits of shape"), ("no_such_module:Net", "cannot be imported"), ("resnet", "no network")],
)
def test_a_slip_is_one_sentence_and_nothing_is_written(
    tmp_path: Path, quickest: Path, capsys: pytest.CaptureFixture[str], model: str, said: str
) -> None:
    release = a_release(tmp_path / "mmed-0.1.0")

    code, out, err = run(
        capsys, "benchmark", release, "--settings", quickest, "--workers", 1, "-o", tmp_path / "out", "--model", model
    )

    assert code == 2 and out == ""
    assert said in err and "Traceback" not in err
    assert not (tmp_path / "out").exists()

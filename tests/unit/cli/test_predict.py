"""`mmed benchmark train` and `mmed predict`: a model folder, a table, and what it is not for, said each time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from builders.release import a_release

from mmed_curate.cli.main import main
from mmed_curate.domain.packaged import packaged_path


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as exit_:
        main([str(word) for word in words])
    captured = capsys.readouterr()
    return int(exit_.value.code or 0), captured.out, captured.err


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """The packaged ones with one seed and one epoch."""
    text = packaged_path("pipelines", "benchmark", "quick-look.yaml").read_text(encoding="utf-8")
    path = tmp_path / "short.yaml"
    path.write_text(text.replace("epochs: 16", "epochs: 1").replace("inner_parts: null", "inner_parts: 2"))
    return path


def test_trained_asked_and_told_what_it_is_not_for(
    tmp_path: Path, settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release, model = a_release(tmp_path / "mmed-0.1.0"), tmp_path / "model"

    code, out, _ = run(capsys, "benchmark", "train", release, "-o", model, "--settings", settings)
    assert code == 0
    assert out.startswith("SIMULATED") and "calibrated, temperature" in out and "README.md" in out

    code, out, err = run(capsys, "predict", model, release, "-o", tmp_path / "out.csv")
    assert code == 0
    assert "c-000000000000" in out and "no lie detection, hiring, surveillance or clinical use" in out
    assert "no lie detection" in err and "12 of 12 clips are of the release that the model learned from" in err

    written = (tmp_path / "out.csv").read_bytes()
    code, out, err = run(capsys, "predict", model, release, "-o", tmp_path / "out.csv")
    assert code == 2 and out == "" and "out.csv exists already" in err
    assert (tmp_path / "out.csv").read_bytes() == written

    code, out, _ = run(capsys, "predict", model, release, "--json")
    assert code == 0 and len(json.loads(out)["clips"]) == 12

    code, out, _ = run(capsys, "score", tmp_path / "out.csv")
    assert code == 0 and "12 predictions" in out

    code, out, err = run(capsys, "predict", release, release)
    assert code == 2 and out == "" and "is no model" in err and "Traceback" not in err

    code, out, err = run(capsys, "benchmark", "train", release, "-o", release / "model")
    assert code == 2 and "lies inside the release" in err

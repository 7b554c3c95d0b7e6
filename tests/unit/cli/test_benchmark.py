"""`mmed benchmark RELEASE`: a table per model, files beside, and one sentence for what cannot be done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from builders.release import a_release, reseal

from mmed_curate.cli.main import main


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return a_release(tmp_path / "mmed-0.1.0")


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as exit_:
        main(list(words))
    captured = capsys.readouterr()
    return int(exit_.value.code or 0), captured.out, captured.err


QUICK = ("--epochs", "1", "--seed", "3", "--workers", "1")


def test_a_comparison_for_people_and_files_for_others(
    release: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(release.parent)

    code, out, _ = run(capsys, "benchmark", str(release), *QUICK)

    assert code == 0
    assert out.startswith("SIMULATED")
    assert all(name in out for name in ("amf-net", "visual-only", "audio-only", "majority-class"))
    assert (release.parent / "benchmark-mmed-0.1.0" / "benchmark.json").is_file()


def test_json_alone_on_stdout_and_options_may_come_first(
    release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "benchmark", *QUICK, "--json", "-o", str(tmp_path / "out"), str(release))

    document = json.loads(out)
    assert code == 0
    assert document["settings"]["seeds"] == [3] and document["settings"]["epochs"] == 1
    assert document == json.loads((tmp_path / "out" / "benchmark.json").read_text())
    assert "training folds" in err


def test_a_draft_is_named_in_a_sentence_and_no_line_of_code(
    release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = json.loads((release / "release.json").read_text(encoding="utf-8"))
    (release / "release.json").write_text(json.dumps({**facts, "draft": True}), encoding="utf-8")
    reseal(release)

    code, _, err = run(capsys, "benchmark", str(release), *QUICK, "-o", str(tmp_path / "out"))

    assert code == 0
    assert "mmed benchmark: " in err and "is a draft and no release" in err
    assert "DraftWarning" not in err and ".py" not in err


def test_score_reads_what_benchmark_wrote(release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "benchmark", str(release), *QUICK, "--json", "-o", str(tmp_path / "out"))
    model = json.loads(out)["models"][0]

    code, out, _ = run(
        capsys,
        "score",
        str(tmp_path / "out" / "predictions-amf-net.csv"),
        "--classes",
        ",".join(model["scores"]["classes"]),
        "--json",
    )

    again = json.loads(out)
    assert code == 0
    assert {key: again[key] for key in model["scores"]} == model["scores"]


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("none",), "none"),
        (("RELEASE", "--settings", "nosuch"), "choose one of"),
        (("RELEASE", "-o", "RELEASE/benchmark"), "inside the release"),
        (("RELEASE", "-o", "OTHER"), "exists already"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], part: str
) -> None:
    (tmp_path / "other").mkdir()
    named = [word.replace("RELEASE", str(release)).replace("OTHER", str(tmp_path / "other")) for word in words]

    code, out, err = run(capsys, "benchmark", *named)

    assert code == 2 and out == ""
    assert part in err and "Traceback" not in err


def test_help_of_the_group_and_of_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "benchmark", "--help")[0] == 0
    assert "--epochs" in run(capsys, "benchmark", "run", "--help")[1]

"""`mmed benchmark RELEASE`: a table per model, files beside, and one sentence for what cannot be done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from builders.release import a_release, reseal

from mmed_curate.benchmark.run import run_benchmark
from mmed_curate.benchmark.settings import load_settings
from mmed_curate.cli import console
from mmed_curate.cli.main import main


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return a_release(tmp_path / "mmed-0.1.0")


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as exit_:
        main(list(words))
    captured = capsys.readouterr()
    return int(exit_.value.code or 0), captured.out, captured.err


QUICK = ("--settings", "quick-look", "--epochs", "1", "--seed", "3", "--workers", "1")


def test_a_comparison_for_people_and_files_for_others(
    release: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(release.parent)

    code, out, _ = run(capsys, "benchmark", str(release), *QUICK)

    assert code == 0
    assert out.startswith("SIMULATED")
    assert "Settings quick-look: a quick look, not the benchmark." in out
    assert out.index("Does sound help?") < out.index("against the same network on permuted sound") < out.index("Models")
    assert all(name in out for name in ("amf-net", "visual-only", "audio-only", "majority-class"))
    assert (release.parent / "benchmark-mmed-0.1.0" / "benchmark.json").is_file()
    assert not (release.parent / "benchmark-mmed-0.1.0.partial").exists()


def test_the_whole_benchmark_tells_its_controls_in_words_within_a_hundred_columns(
    release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console.out, "width", 100)
    words = ("--epochs", "1", "--seed", "1", "--workers", "1", "-o", str(tmp_path / "out"))

    code, out, err = run(capsys, "benchmark", str(release), *words)

    assert code == 0
    assert "Settings" not in out  # these are the benchmark's own
    for part in (
        "sound shifted",
        "the gain must vanish",
        "Calibration: Mean",
        "Balance: with",
        "Human ceiling: undetermined",
    ):
        assert part in " ".join(out.replace("│", " ").split())
    assert "From the sound: whether the subject can be told" in out
    assert "leaving out one of 1 sessions" in err
    tables = [line for line in out.splitlines() if line[:1] in "┏┃┡│└"]
    assert tables and max(map(len, tables)) <= 100


def test_an_earlier_run_is_taken_up_and_that_is_said(
    release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(done: int, total: int | None) -> None:
        if done == 1:
            raise KeyboardInterrupt

    to = tmp_path / "out"
    settings = load_settings("quick-look").model_copy(update={"epochs": 1, "seeds": (3,)})
    with pytest.raises(KeyboardInterrupt):
        run_benchmark(release, settings, to=to, workers=1, kept=tmp_path / "out.partial", progress=interrupted)

    code, _, err = run(capsys, "benchmark", str(release), *QUICK, "-o", str(to))

    assert code == 0 and to.is_dir()
    assert "taking up an earlier run: 1 training in" in " ".join(err.split())


def test_json_alone_on_stdout_and_options_may_come_first(
    release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "benchmark", *QUICK, "--json", "-o", str(tmp_path / "out"), str(release))

    document = json.loads(out)
    assert code == 0
    assert document["settings"]["seeds"] == [3] and document["settings"]["epochs"] == 1
    assert document == json.loads((tmp_path / "out" / "benchmark.json").read_text())
    assert "trainings" in err


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

"""`mmed simulate` from the command line: JSON alone on stdout, one sentence for what cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from builders.world import a_world

from mmed_curate.cli.main import main
from mmed_curate.store import Workspace


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """Settings of a world of one subject and three seconds."""
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(a_world(picture__preset="ultrafast").model_dump(mode="json")), encoding="utf-8")
    return path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as exit_:
        main(["simulate", *words])
    captured = capsys.readouterr()
    return int(exit_.value.code or 0), captured.out, captured.err


def test_sessions_as_json(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = tmp_path / "world"

    code, out, _ = run(capsys, "sessions", "-o", str(world), "--settings", str(tiny), "--seed", "4", "--json")

    said = json.loads(out)
    assert code == 0 and said["simulated"] is True and said["planted"]["event"] == 1
    assert (world / said["recordings"][0]["recording"]).is_file() and Path(said["truth"]).is_file()
    assert said["ceiling"]["chance"] < said["ceiling"]["picture"] <= said["ceiling"]["both"]


def test_sessions_for_people_from_a_face_of_ones_own(
    tiny: Path, tmp_path: Path, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    face = repository / "demo" / "recordings" / "single_face.mp4"

    code, out, _ = run(capsys, "sessions", "-o", str(tmp_path / "world"), "--settings", str(tiny), "--face", str(face))

    assert code == 0
    assert "sim-s01" in out and "truth.csv" in out and "from both" in out
    assert "single_face.mp4" in (tmp_path / "world" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--settings", "nothing"), "choose one of"),
        (("--minutes", "0.05", "--subjects", "1"), "do not fit"),
        (("--face", "nobody.png", "--minutes", "1"), "nobody.png"),
    ],
)
def test_what_cannot_be_simulated_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    code, out, err = run(capsys, "sessions", "-o", str(tmp_path / "world"), "--workers", "1", *words)

    assert code == 2 and out == "" and said in err and "Traceback" not in err
    assert not (tmp_path / "world").exists()


def test_coders_in_an_empty_workspace_have_nothing_to_do(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(capsys, "sessions", "-o", str(tmp_path / "world"), "--settings", str(tiny), "--json")
    truth = str(tmp_path / "world" / "truth.csv")
    monkeypatch.setenv("MMED_WORKSPACE", str(Workspace.create(tmp_path / "lab", seed=1).root))

    code, out, _ = run(capsys, "coders", "--truth", truth, "--json")

    said = json.loads(out)
    assert code == 0 and said["simulated"] is True and set(said["judgements"].values()) == {0}
    assert run(capsys, "coders", "--truth", truth)[0] == 0
    assert run(capsys, "coders", "--truth", truth, "--profile", "perfect")[0] == 2
    assert run(capsys, "coders", "--truth", str(tmp_path / "none.csv"))[0] == 2


def test_coders_need_a_workspace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MMED_WORKSPACE", raising=False)
    monkeypatch.chdir(tmp_path)

    code, _, err = run(capsys, "coders", "--truth", "truth.csv")

    assert code == 2 and "mmed init" in err

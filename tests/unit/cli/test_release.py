"""`mmed release create`: 0 made, 1 the gate is shut, 2 what was asked makes no sense; then nothing is left behind."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml
from builders.release import lenient_policy
from builders.road import CANARY, a_settled_workspace

from mmed_curate.cli.main import main
from mmed_curate.store.workspace import Workspace


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_settled_workspace(tmp_path_factory.mktemp("road") / "ws").root


@pytest.fixture
def workspace(pristine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    workspace = Workspace.open(Path(shutil.copytree(pristine, tmp_path / "ws")))
    monkeypatch.setenv("MMED_WORKSPACE", str(workspace.root))
    return workspace


@pytest.fixture
def lenient(tmp_path: Path) -> str:
    path = tmp_path / "lenient.yaml"
    path.write_text(yaml.safe_dump(lenient_policy().model_dump(mode="json")), encoding="utf-8")
    return str(path)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    captured = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, captured.out, captured.err


def test_an_open_gate_makes_a_release_that_verifies(
    workspace: Workspace, lenient: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "release", "create", "0.1.0", "--policy", lenient, "--no-benchmark")
    assert code == 0
    assert out.startswith("SIMULATED mmed 0.1.0: 20 events of 5 subjects")
    assert "LICENSE.txt is a template" in err
    code, out, _ = run(capsys, "verify", str(workspace.root / "releases" / "mmed-0.1.0"))
    assert code == 0


def test_a_shut_gate_makes_none_and_says_why(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "release", "create", "0.1.0", "--no-benchmark", "--json")
    assert code == 1
    answer = json.loads(out)
    assert answer["released"] is False
    failed = {rule["name"]: rule for rule in answer["failed"]}
    assert failed["simulated"]["number"] == 15  # the settled clips with an event
    assert failed["emotion-alpha"]["remedy"]
    assert not (workspace.root / "releases").exists()
    code, out, _ = run(capsys, "release", "create", "0.1.0", "--no-benchmark")
    assert code == 1
    assert "The gate is closed" in out


def test_json_says_where_the_release_is(
    workspace: Workspace, lenient: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = tmp_path / "out dir" / "release é"
    words = ("release", "create", "1.0.0-rc.1", "--policy", lenient, "--no-benchmark", "--to", str(to), "--json")
    code, out, _ = run(capsys, *words)
    answer = json.loads(out)
    assert (code, answer["released"], answer["path"], answer["simulated"]) == (0, True, str(to), True)
    assert (to / "release.json").is_file()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("one",), "not a semantic version"),
        (("0.1.0", "--licence", "nowhere.txt"), "nowhere.txt cannot be read"),
        (("0.1.0", "--policy", "nobody"), "holds no pipelines/gate/nobody.yaml"),
        (("0.1.0", "--recipe", "nobody"), "holds no pipelines/release/nobody.yaml"),
    ],
)
def test_what_makes_no_sense_ends_with_2(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str
) -> None:
    code, out, err = run(capsys, "release", "create", *words, "--no-benchmark")
    assert (code, out) == (2, "")
    assert says in err


def test_a_version_is_made_once(workspace: Workspace, lenient: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("release", "create", "0.1.0", "--policy", lenient, "--no-benchmark")
    run(capsys, *words)
    code, _, err = run(capsys, *words)
    assert code == 2
    assert "exists already" in err


def test_without_a_number_the_one_that_follows_is_taken_and_said(
    workspace: Workspace, lenient: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--policy", lenient, "--no-benchmark")
    _, out, _ = run(capsys, "release", "create", *words)
    assert "1.0.0, because it is the first version" in out
    code, _, err = run(capsys, "release", "create", *words)
    assert code == 2 and "nothing changed since 1.0.0: give a number" in err
    _, out, _ = run(capsys, "release", "create", "1.0.1", *words)
    assert "1.0.1, after 1.0.0, because labels and clips are as they were" in out
    code, _, err = run(capsys, "release", "create", "1.0.0-rc.1", *words)
    assert code == 2 and "too low a number after 1.0.1" in err and "give 1.0.2 or higher" in err
    _, out, _ = run(capsys, "release", "create", "2.0.0", *words)
    assert "2.0.0, after 1.0.1, because labels and clips are as they were; 1.0.2 would have done" in out
    releases = workspace.root / "releases"
    code, out, _ = run(capsys, "release", "diff", str(releases / "mmed-1.0.0"), str(releases / "mmed-2.0.0"))
    assert code == 0 and "Nothing differs" in out
    code, _, err = run(capsys, "release", "diff", str(releases), str(releases / "mmed-2.0.0"))
    assert code == 2 and "is not a release" in err


def test_without_torch_the_cure_is_named(
    workspace: Workspace, lenient: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch" else found(name))
    code, _, err = run(capsys, "release", "create", "0.1.0", "--policy", lenient)
    assert code == 2
    assert "pip install 'mmed-curate[benchmark]', or pass --no-benchmark" in err
    assert CANARY not in err

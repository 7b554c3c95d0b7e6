"""`mmed release page`: 0 made, 2 what was asked makes no sense; and `mmed release create --page`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from builders.pageread import clips_told
from builders.release import a_release, lenient_policy
from builders.road import a_settled_workspace

from mmed_curate.cli.main import main


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    captured = capsys.readouterr()
    return int(ended.value.code or 0), captured.out, captured.err


def test_a_page_is_made_beside_a_release(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    root = a_release(tmp_path / "r")
    code, out, _ = run(capsys, "release", "page", str(root), "--to", str(tmp_path / "page"), "--json")
    assert (code, json.loads(out)) == (0, {"page": str(tmp_path / "page" / "index.html")})
    assert len(clips_told(tmp_path / "page")) == 12


def test_what_is_no_release_is_said_in_a_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    code, _, said = run(capsys, "release", "page", str(tmp_path / "empty"), "-o", str(tmp_path / "page"))
    assert code == 2
    assert "is not a release" in " ".join(said.split())
    assert not (tmp_path / "page").exists()


@pytest.mark.parametrize(("shows", "there"), [("no-media", True), ("none", False)])
def test_a_release_is_made_with_the_page_that_was_asked_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shows: str, there: bool
) -> None:
    workspace = a_settled_workspace(tmp_path / "ws")
    monkeypatch.setenv("MMED_WORKSPACE", str(workspace.root))
    (tmp_path / "lenient.yaml").write_text(yaml.safe_dump(lenient_policy().model_dump(mode="json")))
    asked = ("--policy", str(tmp_path / "lenient.yaml"), "--no-benchmark", "--page", shows, "--to", str(tmp_path / "r"))
    code, _, _ = run(capsys, "release", "create", "0.1.0", *asked)
    assert code == 0
    assert (tmp_path / "r" / "index.html").is_file() is there
    assert not there or {clip["picture"] for clip in clips_told(tmp_path / "r").values()} == {None}

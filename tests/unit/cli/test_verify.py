"""`mmed verify`: 0 whole, 1 something differs, 2 no release; `--json` alone on stdout."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from builders.release import a_release, reseal

from mmed_curate.cli.main import main
from mmed_curate.dataset.signature import make_key, sign


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    captured = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, captured.out, captured.err


def test_a_whole_release_ends_with_0_and_says_simulated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    release = a_release(tmp_path / "r [v1]", n_subjects=2, clips_per_subject=1)
    code, out, _ = run(capsys, "verify", str(release))
    assert code == 0
    assert out.startswith("SIMULATED test 0.1.0")
    assert "every file is as it was sealed" in out


def test_a_difference_ends_with_1_and_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    release = a_release(tmp_path / "r", n_subjects=2, clips_per_subject=1)
    (release / "README.md").write_text("other")
    code, out, _ = run(capsys, "verify", str(release))
    assert code == 1
    assert "changed: README.md" in out


def test_json_is_alone_on_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    release = a_release(tmp_path / "r", n_subjects=2, clips_per_subject=1)
    (release / "more.txt").write_text("")
    code, out, _ = run(capsys, "verify", str(release), "--json")
    report = json.loads(out)
    assert (code, report["ok"], report["extra"]) == (1, False, ["more.txt"])


def test_no_release_ends_with_2_and_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "verify", str(tmp_path))
    assert (code, out) == (2, "")
    assert "not a whole release" in err


def test_the_last_line_says_what_to_do_about_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    release = a_release(tmp_path / "r", n_subjects=2, clips_per_subject=1)
    words = ["verify", str(release), "--public-key", str(make_key(tmp_path / "lab.pem"))]
    assert last_line(run(capsys, *words)) == "1 difference: ask whoever released it for manifest-sha256.txt.sig"
    sign(release, tmp_path / "lab.pem")
    (release / "more.txt").write_text("")
    assert last_line(run(capsys, *words)) == "1 difference: remove what is extra"
    (release / "more.txt").unlink()
    other = str(make_key(tmp_path / "other.pem"))
    assert "by which key it is signed" in last_line(run(capsys, "verify", str(release), "--public-key", other))
    (release / "README.md").unlink()
    assert last_line(run(capsys, *words)) == "1 difference: download again what is changed or missing"
    (release / "README.md").symlink_to("LICENSE.txt")
    assert last_line(run(capsys, *words)) == "1 difference: remove the links, and download again what lay there"


def test_of_numbers_that_are_not_derived_the_releaser_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release = a_release(tmp_path / "r", n_subjects=2, clips_per_subject=1)
    facts = json.loads((release / "release.json").read_text(encoding="utf-8"))
    facts["counts"]["clips"] += 1
    (release / "release.json").write_text(json.dumps(facts), encoding="utf-8")
    reseal(release)
    assert "ask whoever released it why" in last_line(run(capsys, "verify", str(release)))


def last_line(ended: tuple[int, str, str]) -> str:
    code, out, _ = ended
    assert code == 1
    return " ".join(out[out.rindex("difference") - 2 :].split())  # a narrow terminal breaks it

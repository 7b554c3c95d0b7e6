"""`mmed download`: 0 and the folder, or 2 and a sentence; `--json` alone on stdout; a partial copy is told as such."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from builders.release import a_release
from builders.webserver import a_web

from mmed_curate.cli.main import main
from mmed_curate.dataset.manifest import read_manifest
from mmed_curate.release.schemas import check_document


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    captured = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, captured.out, captured.err


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return a_release(tmp_path / "server" / "r", n_subjects=3, clips_per_subject=1)


def test_a_release_comes_and_is_told(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with a_web(source.parent) as web:
        code, out, err = run(capsys, "download", f"{web.url}/r", "-o", str(tmp_path / "copy [1]"))
    assert code == 0
    assert out.startswith(f"SIMULATED test 0.1.0: {len(read_manifest(source).files)} files")
    assert str(tmp_path / "copy [1]") in out
    assert f"Next: mmed verify '{tmp_path / 'copy [1]'}'" in out  # a shell would take the name apart
    assert "ETA" in err


def test_json_is_alone_on_stdout_and_fits_its_schema(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("download", str(source), "-o", str(tmp_path / "copy"), "--only", "features", "--json")
    code, out, _ = run(capsys, *words, "--subjects", "S-00000000,S-00000001")
    document = json.loads(out)
    assert code == 0
    check_document("download-report", document, where="the report")
    assert document["selected"] == "--only metadata --only features --subjects S-00000000,S-00000001"


def test_verify_says_that_a_copy_is_partial_as_selected(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = str(tmp_path / "copy")
    run(capsys, "download", str(source), "-o", copy, "--only", "metadata")
    code, out, _ = run(capsys, "verify", copy)
    assert code == 0
    assert "partial, as selected: --only metadata; 6 files were left out" in out
    assert "every file of the selection is as it was sealed" in out
    code, out, _ = run(capsys, "verify", copy, "--json")
    document = json.loads(out)
    check_document("verify-report", document, where="the report")
    assert document["partial"]["left_out"] == 6
    (tmp_path / "copy" / "README.md").unlink()
    code, out, _ = run(capsys, "verify", copy)
    assert (code, "missing: README.md" in out) == (1, True)


def test_bad_input_is_one_sentence_and_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "download", str(tmp_path / "nowhere"), "-o", str(tmp_path / "copy"))
    assert (code, out) == (2, "")
    assert "there is no folder" in err.splitlines()[-1]


def test_a_token_over_an_unencrypted_line_is_remarked_and_not_shown(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_web(source.parent, token="s3cret") as web:
        monkeypatch.setenv("http_proxy", web.url)  # so that example.org is asked of a server on this machine
        copy = str(tmp_path / "copy")
        code, out, err = run(capsys, "download", "http://example.org/r", "-o", copy, "--token", "s3cret")
    assert code == 0
    assert "--token goes to example.org unencrypted" in err
    assert "s3cret" not in out + err

"""A server of its own process, and `mmed download` with a token: asked for, refused, accepted, broken off, gone on."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from builders.served import TERMS_SHA256, releases_with_terms

from mmed_curate.cli.main import main
from mmed_curate.dataset.manifest import seal

_PATIENCE_S = 60


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    captured = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, captured.out, captured.err


@contextmanager
def a_server(releases: Path) -> Iterator[str]:
    """`mmed serve RELEASES` on a port that is free; gives its address."""
    with subprocess.Popen(
        [sys.executable, "-m", "mmed_curate.cli.main", "serve", str(releases), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+", said)
            assert found is not None, said
            yield found[0]
        finally:
            process.send_signal(signal.SIGTERM)


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    root = releases_with_terms(tmp_path / "releases", "1.0.0")
    clip = next((root / "test-1.0.0" / "media").iterdir())
    (clip / "archive.bin").write_bytes(os.urandom(40_000_000))  # long enough to be killed in
    (root / "test-1.0.0" / "manifest-sha256.txt").unlink()
    seal(root / "test-1.0.0", derived=lambda path: False)
    return root


def test_from_a_token_to_a_whole_copy(
    releases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    monkeypatch.delenv("MMED_TOKEN", raising=False)
    here = tmp_path / "here"
    here.mkdir()
    code, secret, told = run(
        capsys, "serve", "token", "add", "Ada Lovelace", "--expires", "90d", "--releases", str(releases)
    )
    assert code == 0
    assert "t-" in told
    secret = secret.strip()
    with a_server(releases) as url:
        copy = str(here / "copy")
        code, _, said = run(capsys, "download", url, "-o", copy)
        assert (code, "give your token with --token" in said) == (2, True)
        code, _, said = run(capsys, "download", url, "-o", copy, "--token", secret)
        assert code == 2
        assert f"read {url}/terms/{TERMS_SHA256}" in said
        assert f"--accept-terms {TERMS_SHA256}" in said
        assert secret not in said
        code, _, said = run(capsys, "download", url, "-o", copy, "--token", secret, "--accept-terms", "0" * 64)
        assert (code, "read them again" in said) == (2, True)

        killed = subprocess.Popen(
            [sys.executable, "-m", "mmed_curate.cli.main", "download", url, "-o", copy, "--accept-terms", TERMS_SHA256],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "MMED_TOKEN": secret},
            stderr=subprocess.DEVNULL,
        )
        pieces = here / "copy.part" / "pieces"
        deadline_s = time.monotonic() + _PATIENCE_S
        while not any(size > 1_000_000 for size in sizes(pieces)):
            assert killed.poll() is None, "it was to be killed in the middle"
            assert time.monotonic() < deadline_s
        killed.kill()
        killed.wait()
        assert not (here / "copy").exists()

        monkeypatch.setenv("MMED_TOKEN", secret)
        code, out, _ = run(capsys, "download", f"{url}@1.0.0", "-o", copy, "--json")
        assert code == 0
        source = releases / "test-1.0.0"
        paths = [path.relative_to(source) for path in source.rglob("*") if path.is_file()]
        whole = sum((source / path).stat().st_size for path in paths)
        assert json.loads(out)["bytes_fetched"] < whole - 900_000, "it went on with what it had"
        assert all((here / "copy" / path).read_bytes() == (source / path).read_bytes() for path in paths)

        code, out, _ = run(capsys, "serve", "token", "list", "--json", "--releases", str(releases))
        (kept,) = json.loads(out)
        assert [one["terms"] for one in kept["accepted"]] == [TERMS_SHA256]
        code, _, _ = run(capsys, "serve", "token", "revoke", kept["id"], "--releases", str(releases))
        assert code == 0
        code, _, said = run(capsys, "download", url, "-o", copy)
        assert (code, "does not let this token in" in said) == (2, True)

        # as bytes, for a client would make such a path plain before it asks
        for path in (b"/test-1.0.0/../../secret", b"/..%2f..%2fetc/passwd", b"//etc/passwd"):
            answer = httpx.Client().send(httpx.Request("GET", httpx.URL(url).copy_with(raw_path=path)))
            assert answer.status_code == 401

    log = [json.loads(line) for line in (tmp_path / "releases.access" / "access.jsonl").read_text().splitlines()]
    parts = [line for line in log if line["path"].endswith("archive.bin") and line["name"] == "Ada Lovelace"]
    assert [line["status"] for line in parts] == [200, 206]
    assert secret not in json.dumps(log)


def sizes(folder: Path) -> list[int]:
    found = []
    for path in folder.glob("*") if folder.is_dir() else ():
        try:
            found.append(path.stat().st_size)
        except FileNotFoundError:
            continue
    return found


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["serve", "{empty}"], "holds no release"),
        (["serve", "{nowhere}"], "there is no folder"),
        (["serve", "{releases}", "--host", "203.0.113.9"], "nothing can listen at 203.0.113.9"),
        (["serve", "{releases}", "--certificate", "{releases}/test-1.0.0/clips.csv"], "is no certificate"),
        (["serve", "{releases}", "--key", "{releases}/test-1.0.0/clips.csv"], "a key is given without its certificate"),
        (["serve", "{releases}", "--recipe", "none-such"], "none-such"),
        (["serve", "token", "add", "Ada", "--expires", "soon", "--releases", "{releases}"], "'soon' is no day"),
        (["serve", "token", "add", "Ada", "--expires", "2001-01-01", "--releases", "{releases}"], "is over"),
        (["serve", "token", "add", "Ada", "--expires", "1d", "--release", "x", "--releases", "{releases}"], "has no x"),
        (["serve", "token", "revoke", "t-1", "--releases", "{releases}"], "there is no token t-1"),
    ],
)
def test_what_cannot_be_served_is_one_sentence(
    words: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    releases_with_terms(tmp_path / "releases", "1.0.0")
    (tmp_path / "empty").mkdir()
    places = {name: str(tmp_path / name) for name in ("releases", "empty", "nowhere")}
    code, out, said = run(capsys, *(word.format(**places) for word in words))
    assert (code, out) == (2, "")
    assert sentence in said
    assert "Traceback" not in said


def test_who_asked_is_listed_and_cannot_write_to_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from mmed_curate.serving.access import Access

    releases = releases_with_terms(tmp_path / "releases", "1.0.0")
    words = {"name": "\x1b[2JAda", "email": "a@b", "affiliation": "Here", "purpose": "Study"}
    Access.beside(releases).ask(words, "192.0.2.1")
    code, out, _ = run(capsys, "serve", "asked", "--releases", str(releases))
    assert code == 0
    assert "\x1b[2J" not in out
    assert "Ada" in out

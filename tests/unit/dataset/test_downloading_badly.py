"""What goes wrong with a download is one sentence, leaves no half of a release, and a further run ends right."""

from __future__ import annotations

import json
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.release import a_release
from builders.webserver import Web, a_web

from mmed_curate.dataset import verify
from mmed_curate.dataset.addresses import read_address
from mmed_curate.dataset.downloading import download
from mmed_curate.dataset.fetching import Patience
from mmed_curate.dataset.manifest import seal
from mmed_curate.domain.findings import BadInput

QUICK = Patience(timeout_s=1.0, tries=3, first_wait_s=0.01, longest_wait_s=0.05)


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("on the server")
    a_release(root / "r", n_subjects=2, clips_per_subject=2)
    return root


@pytest.fixture
def web(releases: Path) -> Iterator[Web]:
    with a_web(releases) as served:
        yield served


def refused(url: str, to: Path, match: str, **more: object) -> str:
    """What is said; nothing has taken the release's name."""
    with pytest.raises(BadInput, match=match) as caught:
        download(url, to=to, patience=QUICK, **more)  # type: ignore[arg-type]
    assert not to.exists()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_changed_file_is_named_and_the_rest_is_kept(web: Web, tmp_path: Path) -> None:
    web.instead["r/clips.csv"] = b"clip,subject\nforged,S-1\n"
    refused(f"{web.url}/r", tmp_path / "copy", r"r/clips.csv is not the file that was sealed: .*do not use that file")
    web.instead.clear()
    web.asked.clear()
    assert verify(download(f"{web.url}/r", to=tmp_path / "copy", patience=QUICK)).ok
    assert not [path for path in web.paths() if "media" in path], "what was right is not fetched again"


def test_files_that_are_not_there_are_counted_and_named(web: Web, releases: Path, tmp_path: Path) -> None:
    for path in sorted((releases / "r").glob("media/*/features.npz")):
        web.statuses[path.relative_to(releases).as_posix()] = [404]
    refused(
        f"{web.url}/r",
        tmp_path / "copy",
        "4 files could not be had: .*features.npz is not there, although .*; and 1 more",
    )
    assert verify(download(f"{web.url}/r", to=tmp_path / "copy", patience=QUICK)).ok


@pytest.mark.parametrize("states", [10, 10_000_000], ids=["less", "more"])
def test_a_server_that_lies_about_length(states: int, web: Web, releases: Path, tmp_path: Path) -> None:
    web.states_length["r/clips.csv"] = states
    if states == 10:  # then nobody can have more of it
        refused(f"{web.url}/r", tmp_path / "copy", "r/clips.csv is not the file that was sealed")
        web.states_length.clear()
    assert verify(download(f"{web.url}/r", to=tmp_path / "copy", patience=QUICK)).ok


def test_a_server_that_packs_although_nobody_asked(releases: Path, tmp_path: Path) -> None:
    with a_web(releases, packs=True, drops_at=[3000]) as web:
        assert verify(download(f"{web.url}/r", to=tmp_path / "copy", patience=QUICK)).ok
    assert web.drops == 1
    assert all(headers["accept-encoding"] == "identity" for _, headers in web.asked)


def test_a_server_that_is_busy_is_asked_again(web: Web, tmp_path: Path) -> None:
    web.statuses = {"r/clips.csv": [503, 429], "r/manifest-sha256.txt": [502]}
    assert verify(download(f"{web.url}/r", to=tmp_path / "copy", patience=QUICK)).ok
    assert web.paths().count("r/clips.csv") == 3


def test_a_server_that_stays_busy_is_given_up(web: Web, tmp_path: Path) -> None:
    web.statuses = {"r/clips.csv": [503] * 100}
    refused(f"{web.url}/r", tmp_path / "copy", r"does not answer \(status 503\): .*what came is kept")


def test_a_server_that_falls_silent_is_given_up(web: Web, tmp_path: Path) -> None:
    web.silent.add("r/clips.csv")
    patience = Patience(timeout_s=0.2, tries=2, first_wait_s=0.01, longest_wait_s=0.05)
    with pytest.raises(BadInput, match=r"does not answer \(timed out\)"):
        download(f"{web.url}/r", to=tmp_path / "copy", patience=patience)


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    refused("http://127.0.0.1:9/r", tmp_path / "copy", "127.0.0.1:9/r does not answer .*check the address")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("page", [True, False], ids=["a page for everything", "404"])
def test_a_wrong_address(page: bool, releases: Path, tmp_path: Path) -> None:
    with a_web(releases, page_for_missing=page) as web:
        refused(f"{web.url}/elsewhere", tmp_path / "copy", "has no manifest-sha256.txt and no catalogue.json, so it is")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ftp://example.org/r", "ftp:// is not understood"),
        ("http://", "names no server"),
        ("http://example.org:99999/r", "cannot be read"),
        ("", "no address is given"),
    ],
)
def test_an_address_that_is_none(text: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        read_address(text)


def test_a_version_is_split_off_and_a_user_is_not() -> None:
    assert read_address("https://example.org/data@1.2.0").version == "1.2.0"
    assert read_address("https://me:secret@example.org/data").version is None
    assert "secret" not in read_address("https://me:secret@example.org/data?key=secret").shown
    assert read_address("https://example.org/a b/é").base == "https://example.org/a%20b/%C3%A9"
    with pytest.raises(BadInput, match=r"1.0.0 and 2.0.0 are both asked for"):
        read_address("https://example.org/data@1.0.0", "2.0.0")
    with pytest.raises(BadInput, match=r"no version 'newest': give one such as 1\.0\.0, or latest"):
        read_address("https://example.org/data", "newest")


@pytest.mark.parametrize("server", ["http://127.0.0.1:8000", "https://example.org", "http://localhost", "http://a:80/"])
def test_a_version_may_stand_after_a_server_without_a_path(server: str) -> None:
    assert read_address(f"{server}@1.0.0").version == "1.0.0"
    newest = read_address(f"{server}@latest")
    assert (newest.base, newest.version) == (server.rstrip("/"), None)
    for bad in ("abc", "v1.0.0"):
        with pytest.raises(BadInput, match=f"no version '{bad}'"):
            read_address(f"{server}@{bad}")


def test_what_is_no_version_is_said_and_users_stay_users(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no version 'v1'"):
        read_address("https://example.org/data@v1")
    with pytest.raises(BadInput, match="no version 'v1'"):
        read_address(f"{tmp_path}@v1")
    assert read_address(f"{tmp_path}@latest") == read_address(str(tmp_path))
    assert read_address("https://example.org/data", "latest").version is None
    assert read_address("https://example.org/at%40home").base == "https://example.org/at%40home"
    for user in ("me", "me:secret", "jane.doe"):
        assert read_address(f"https://{user}@lab.example.org").host == "lab.example.org"
        assert read_address(f"https://{user}@10.0.0.1").host == "10.0.0.1"


def test_a_release_of_a_newer_format_is_named_before_anything_is_fetched(releases: Path, tmp_path: Path) -> None:
    newer = tmp_path / "newer"
    shutil.copytree(releases / "r", newer)
    facts = json.loads((newer / "release.json").read_text())
    (newer / "release.json").write_text(json.dumps({**facts, "version": 99}))
    seal(newer, derived=lambda path: False)
    with a_web(tmp_path) as web:
        refused(
            f"{web.url}/newer", tmp_path / "copy", r"127.0.0.1:\d+/newer is of release format 99, and this mmed reads"
        )
    assert not (tmp_path / "copy.part").exists()


def test_a_release_json_that_is_sealed_and_garbled_is_named_where_it_lies(releases: Path, tmp_path: Path) -> None:
    garbled = Path(shutil.copytree(releases / "r", tmp_path / "garbled"))
    (garbled / "release.json").write_text("{")
    seal(garbled, derived=lambda path: False)
    with a_web(tmp_path) as web:
        said = refused(f"{web.url}/garbled", tmp_path / "copy", r"127.0.0.1:\d+/garbled/release.json cannot be read")
    assert tempfile.gettempdir() + "/tmp" not in said and "mmed verify" not in said


def test_a_release_that_calls_itself_a_path_is_refused(
    releases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    forged = tmp_path / "forged"
    shutil.copytree(releases / "r", forged)
    facts = json.loads((forged / "release.json").read_text())
    (forged / "release.json").write_text(json.dumps({**facts, "name": "../../etc"}))
    seal(forged, derived=lambda path: False)
    with a_web(tmp_path) as web, pytest.raises(BadInput, match="no name and version of a release: do not use it"):
        download(f"{web.url}/forged", patience=QUICK)


@pytest.mark.parametrize("path", ["../outside.txt", "/etc/passwd", "media/../../x", "a\\b"])
def test_a_manifest_that_leads_outside_is_refused(path: str, web: Web, releases: Path, tmp_path: Path) -> None:
    manifest = (releases / "r" / "manifest-sha256.txt").read_text()
    web.instead["r/manifest-sha256.txt"] = f"{manifest}{'0' * 64}  {path}\n".encode()
    refused(f"{web.url}/r", tmp_path / "copy", "not a plain path inside the release")
    assert list(tmp_path.iterdir()) == []


def test_redirects_are_followed_and_the_token_stays_at_home(releases: Path, tmp_path: Path) -> None:
    with (
        a_web(releases) as elsewhere,
        a_web(releases, token="the-token", moved={"r/media/": f"{elsewhere.url}/r/media/"}) as web,
    ):
        made = download(f"{web.url}/r", to=tmp_path / "copy", token="the-token", patience=QUICK)
    assert verify(made).ok
    assert elsewhere.asked
    assert all("authorization" not in headers for _, headers in elsewhere.asked)


def test_a_circle_of_redirects_is_given_up(releases: Path, tmp_path: Path) -> None:
    with a_web(releases) as web:
        web.moved = {"r/": f"{web.url}/r/"}
        refused(f"{web.url}/r", tmp_path / "copy", "leads in a circle")


def test_a_server_that_asks_who_you_are(releases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETRC", str(tmp_path / "no netrc"))
    monkeypatch.delenv("MMED_TOKEN", raising=False)
    with a_web(releases, token="s3cret-token") as web:
        refused(f"{web.url}/r", tmp_path / "copy", "people who are known only: give your token with --token or in MMED")
        refused(f"{web.url}/r", tmp_path / "copy", rf"ask for one at {re.escape(web.url)}/(\s|$)")
        said = refused(f"{web.url}/r", tmp_path / "copy", "does not let this token in", token="another-secret")
        assert "another-secret" not in said
        monkeypatch.setenv("MMED_TOKEN", "s3cret-token")
        assert verify(download(f"{web.url}/r", to=tmp_path / "copy", patience=QUICK)).ok


def test_a_netrc_file_gives_a_password_to_its_own_host_only(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hidden\nmachine example.org login me password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.delenv("MMED_TOKEN", raising=False)
    download(f"{web.url}/r", to=tmp_path / "copy", patience=QUICK)
    assert {headers["authorization"] for _, headers in web.asked} == {"Basic bWU6aGlkZGVu"}  # me:hidden in Base64


def test_a_token_with_a_line_end_is_refused(web: Web, tmp_path: Path) -> None:
    refused(f"{web.url}/r", tmp_path / "copy", "holds signs that none has", token="a\r\nX-Evil: 1")


def test_a_folder_that_holds_something_else_is_left_alone(web: Web, releases: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "thesis.tex").write_text("years of work")
    with pytest.raises(BadInput, match=r"taken holds something that has no whole release.json, not test 0.1.0"):
        download(f"{web.url}/r", to=taken, patience=QUICK)
    assert [path.name for path in taken.iterdir()] == ["thesis.tex"]
    other = a_release(tmp_path / "other", n_subjects=2, clips_per_subject=1)
    with pytest.raises(BadInput, match=r"holds test 0.1.0 with another manifest, .*choose another folder with -o"):
        download(f"{web.url}/r", to=other, patience=QUICK)
    with pytest.raises(BadInput, match="copied onto itself"):
        download(str(releases / "r"), to=releases / "r")


def test_a_link_in_the_copy_is_not_written_through(web: Web, tmp_path: Path) -> None:
    made = download(f"{web.url}/r", to=tmp_path / "copy", patience=QUICK)
    outside = tmp_path / "outside"
    outside.write_text("mine")
    (made / "README.md").unlink()
    (made / "README.md").symlink_to(outside)
    with pytest.raises(BadInput, match=r"README.md is a link"):
        download(f"{web.url}/r", to=made, patience=QUICK)
    assert outside.read_text() == "mine"


def test_a_full_disk_is_said_and_what_came_is_gone_on_with(web: Web, releases: Path, tmp_path: Path) -> None:
    program = (
        "import resource, sys\n"
        "from mmed_curate.cli.main import main\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, {resource.RLIM_INFINITY}))\n"
        "main(sys.argv[1:])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "download", f"{web.url}/r", "-o", str(tmp_path / "copy")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "no room left to write" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "copy").exists()
    assert verify(download(f"{web.url}/r", to=tmp_path / "copy", patience=QUICK)).ok


def test_a_folder_that_may_not_be_written(web: Web, tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("")
    with pytest.raises(BadInput, match=r"a file.*cannot be written"):
        download(f"{web.url}/r", to=tmp_path / "a file" / "copy", patience=QUICK)
    with pytest.raises(BadInput, match=r"/proc/.*: choose a folder of yours"):
        download(f"{web.url}/r", to=Path("/proc/copy"), patience=QUICK)

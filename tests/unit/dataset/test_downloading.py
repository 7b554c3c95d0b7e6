"""A release comes whole or goes on, whatever the server does; what is here already is not fetched again."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.release import a_release, reseal
from builders.webserver import Web, a_web

from mmed_curate.dataset import gathering, load, verify
from mmed_curate.dataset.catalogue import CATALOGUE, catalogue_document, gather_catalogue
from mmed_curate.dataset.downloading import download, fetch_release, selection_of
from mmed_curate.dataset.fetching import Patience
from mmed_curate.dataset.gathering import Standing
from mmed_curate.dataset.manifest import read_manifest, release_id
from mmed_curate.dataset.selection import Part, part_of
from mmed_curate.domain.findings import BadInput
from mmed_curate.release.schemas import check_document

QUICK = Patience(timeout_s=2.0, tries=3, first_wait_s=0.01, longest_wait_s=0.05)
"""A server of this machine is not waited for long."""


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one release, of which a test may change nothing."""
    root = tmp_path_factory.mktemp("on the server")
    a_release(root / "test-0.1.0", n_subjects=3, clips_per_subject=3, media=True)
    return root


@pytest.fixture
def web(releases: Path) -> Iterator[Web]:
    with a_web(releases) as served:
        yield served


def bytes_of(release: Path) -> int:
    """What has to come over the network: files of the same bytes come once."""
    return sum(len(one) for one in set(contents(release).values()))


def contents(release: Path) -> dict[str, bytes]:
    return {path.relative_to(release).as_posix(): path.read_bytes() for path in release.rglob("*") if path.is_file()}


def test_what_comes_is_the_release_byte_for_byte(web: Web, releases: Path, tmp_path: Path) -> None:
    made = download(f"{web.url}/test-0.1.0", to=tmp_path / "copy", patience=QUICK)
    assert made == tmp_path / "copy"
    assert contents(made) == contents(releases / "test-0.1.0")
    assert verify(made).ok
    assert not (tmp_path / "copy.part").exists()


def test_a_signature_comes_along_and_a_page_in_its_place_does_not(releases: Path, tmp_path: Path) -> None:
    signature = b"<" + bytes(range(63))  # 64 bytes, as Ed25519 has them
    with a_web(releases, page_for_missing=True) as web:
        made = download(f"{web.url}/test-0.1.0", to=tmp_path / "a", patience=QUICK)
        assert not (made / "manifest-sha256.txt.sig").exists()
        web.instead["test-0.1.0/manifest-sha256.txt.sig"] = signature
        made = download(f"{web.url}/test-0.1.0", to=tmp_path / "a", patience=QUICK)
    assert (made / "manifest-sha256.txt.sig").read_bytes() == signature


def test_without_a_name_the_folder_is_called_after_name_and_version(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert download(f"{web.url}/test-0.1.0/manifest-sha256.txt", patience=QUICK) == tmp_path / "test-0.1.0"


def test_a_folder_is_as_good_as_a_server(releases: Path, tmp_path: Path) -> None:
    made = download(str(releases / "test-0.1.0"), to=tmp_path / "copy")
    assert contents(made) == contents(releases / "test-0.1.0")


def test_several_files_come_at_once_but_never_more_than_asked(web: Web, tmp_path: Path) -> None:
    web.answers_when = 3  # the files of clips come in threes or not at all
    download(f"{web.url}/test-0.1.0", to=tmp_path / "copy", at_once=3, patience=QUICK)
    assert web.most_at_once == 3


def test_three_drops_cost_no_more_than_two_percent(web: Web, releases: Path, tmp_path: Path) -> None:
    total = bytes_of(releases / "test-0.1.0")
    web.drops_at = [total // 4, total // 2, 3 * total // 4]
    made = download(f"{web.url}/test-0.1.0", to=tmp_path / "copy", patience=QUICK)
    assert web.drops == 3
    assert web.sent <= 1.02 * total
    assert contents(made) == contents(releases / "test-0.1.0")


@pytest.mark.parametrize("lacks", ["ranges", "etags", "dates", "both"])
def test_a_server_that_knows_less_still_gets_it_done(lacks: str, releases: Path, tmp_path: Path) -> None:
    total = bytes_of(releases / "test-0.1.0")
    manners: dict[str, bool] = {"etags": False, "dates": False} if lacks == "both" else {lacks: False}
    with a_web(releases, drops_at=[total // 3, total // 2], **manners) as web:
        made = download(f"{web.url}/test-0.1.0", to=tmp_path / "copy", patience=QUICK)
    assert web.drops == 2
    assert verify(made).ok


@pytest.mark.parametrize("heeds", [True, False], ids=["by If-Range", "by the ETag of what comes"])
def test_a_piece_goes_on_only_where_the_server_still_has_the_same(heeds: bool, tmp_path: Path) -> None:
    source = a_release(tmp_path / "source", n_subjects=1, clips_per_subject=1)
    (source / "DATACARD.md").write_text("a long text " * 100_000)
    reseal(source)
    with a_web(tmp_path, drops_at=[600_000], heeds_if_range=heeds) as web:
        web.instead["source/DATACARD.md"] = b"an old text " * 100_000
        web.when_it_drops = web.instead.clear
        made = download(f"{web.url}/source", to=tmp_path / "here" / "copy", at_once=1, patience=QUICK)
    conditions = [headers["if-range"] for path, headers in web.asked if "if-range" in headers]
    assert len(conditions) == 1
    assert conditions[0].startswith('"'), "a strong ETag"
    assert contents(made) == contents(source)


def test_what_an_earlier_run_left_is_kept(web: Web, releases: Path, tmp_path: Path) -> None:
    total = bytes_of(releases / "test-0.1.0")
    web.dies_at = total // 2
    with pytest.raises(BadInput, match=r"does not answer .* run the same command again: what came is kept"):
        download(f"{web.url}/test-0.1.0", to=tmp_path / "copy", patience=QUICK)
    assert not (tmp_path / "copy").exists()
    web.dies_at = None
    before = web.sent
    made = fetch_release(f"{web.url}/test-0.1.0", to=tmp_path / "copy", patience=QUICK)
    assert made.n_kept > 0
    assert web.sent - before < 0.6 * total
    assert verify(made.path).ok


def test_a_copy_is_repaired_by_what_is_wrong_alone(web: Web, releases: Path, tmp_path: Path) -> None:
    made = download(f"{web.url}/test-0.1.0", to=tmp_path / "copy", patience=QUICK)
    (made / "clips.csv").write_text("other")
    (made / "README.md").unlink()
    web.asked.clear()
    assert download(f"{web.url}/test-0.1.0", to=made, patience=QUICK) == made
    assert {path for path in web.paths() if "clips" in path or "README" in path} == {
        "test-0.1.0/clips.csv",
        "test-0.1.0/README.md",
    }
    assert not [path for path in web.paths() if "media" in path]
    assert contents(made) == contents(releases / "test-0.1.0")


@pytest.mark.parametrize("wrong", ["changed", "missing"])
def test_a_broken_manifest_is_repaired_too(wrong: str, web: Web, releases: Path, tmp_path: Path) -> None:
    made = download(f"{web.url}/test-0.1.0", to=tmp_path / "copy", patience=QUICK)
    if wrong == "changed":
        (made / "manifest-sha256.txt").write_text("# format")
    else:
        (made / "manifest-sha256.txt").unlink()
    download(f"{web.url}/test-0.1.0", to=made, patience=QUICK)
    assert contents(made) == contents(releases / "test-0.1.0")


def test_another_version_beside_it_gives_what_did_not_change(web: Web, releases: Path, tmp_path: Path) -> None:
    before = tmp_path / "test-0.0.9"
    shutil.copytree(releases / "test-0.1.0", before)
    (before / "README.md").write_text("the version before\n")
    reseal(before)
    damaged = next(before.glob("media/*/features.npz"))
    damaged.write_bytes(b"damaged since")
    made = fetch_release(f"{web.url}/test-0.1.0", to=tmp_path / "test-0.1.0", patience=QUICK)
    asked = [path for path in web.paths() if path.startswith("test-0.1.0/media") or path.endswith("README.md")]
    assert sorted(asked) == sorted(["test-0.1.0/README.md", f"test-0.1.0/{damaged.relative_to(before).as_posix()}"])
    assert made.n_taken_over > 0
    assert verify(made.path).ok
    (before / "clips.csv").write_text("changed by hand")
    assert verify(made.path).ok, "what was taken over is a file of its own"


def test_a_folder_elsewhere_is_used_where_it_is_named(web: Web, releases: Path, tmp_path: Path) -> None:
    made = fetch_release(f"{web.url}/test-0.1.0", to=tmp_path / "deep" / "copy", reuse=[releases], patience=QUICK)
    assert made.n_taken_over > 0
    assert made.fetched_bytes == 0


def test_progress_ends_at_the_whole(web: Web, tmp_path: Path) -> None:
    told: list[Standing] = []
    made = fetch_release(f"{web.url}/test-0.1.0", to=tmp_path / "copy", patience=QUICK, progress=told.append)
    last = told[-1]
    assert (last.files_done, last.files) == (made.n_files, made.n_files)
    assert last.bytes_done == last.bytes_total == made.n_bytes
    assert last.bytes_fetched <= web.sent


PARTS = ["metadata", "features", "preview", "archival"]


@pytest.mark.parametrize("only", [*PARTS, None])
def test_beside_a_catalogue_the_total_is_right_from_the_first_byte(
    web: Web, releases: Path, tmp_path: Path, only: str | None
) -> None:
    web.instead[CATALOGUE] = json.dumps(catalogue_document(gather_catalogue(releases))).encode()
    told: list[Standing] = []
    made = fetch_release(
        f"{web.url}@0.1.0",
        to=tmp_path / "copy",
        selection=selection_of(None if only is None else [only]),
        patience=QUICK,
        progress=told.append,
    )
    assert made.n_bytes > 0
    assert {one.bytes_total for one in told} == {made.n_bytes}


@pytest.mark.parametrize("only", [["features"], ["preview"], ["features", "preview", "archival"]])
def test_without_one_it_is_right_once_the_metadata_are_here(
    web: Web, releases: Path, tmp_path: Path, only: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "_TOLD_EVERY_S", 0.0)
    told: list[Standing] = []
    made = fetch_release(
        f"{web.url}/test-0.1.0",
        to=tmp_path / "copy",
        selection=selection_of(only),
        patience=QUICK,
        at_once=1,
        progress=told.append,
    )
    manifest = read_manifest(releases / "test-0.1.0")
    n_metadata = sum(part_of(file.path) is Part.METADATA for file in manifest.files)
    later = {one.bytes_total for one in told if one.files_done >= n_metadata}
    assert n_metadata < made.n_files
    assert later == {made.n_bytes}


def test_of_one_subjects_clips_it_is_reckoned_by_what_the_others_have(web: Web, tmp_path: Path) -> None:
    told: list[Standing] = []
    made = fetch_release(
        f"{web.url}/test-0.1.0",
        to=tmp_path / "copy",
        selection=selection_of(["preview"], subjects=["S-00000000"]),
        patience=QUICK,
        progress=told.append,
    )
    assert told[-1].bytes_total == made.n_bytes


def test_two_runs_into_one_folder_exclude_each_other(web: Web, tmp_path: Path) -> None:
    held = threading.Event()
    refused: list[str] = []

    def meanwhile(standing: Standing) -> None:
        if not held.is_set():
            held.set()
            with pytest.raises(BadInput, match="another download fills") as caught:
                download(f"{web.url}/test-0.1.0", to=tmp_path / "copy", patience=QUICK)
            refused.append(str(caught.value))

    made = download(f"{web.url}/test-0.1.0", to=tmp_path / "copy", patience=QUICK, progress=meanwhile)
    assert len(refused) == 1
    assert verify(made).ok


def test_paths_of_any_sign_are_asked_for_and_written(tmp_path: Path) -> None:
    source = a_release(tmp_path / "données 数据 100% #1?", n_subjects=2, clips_per_subject=1)
    (source / "notes é 数 %20 #?&+.txt").write_text("x")
    reseal(source)
    with a_web(tmp_path) as web:
        url = f"{web.url}/données 数据 100%25 %231%3F"  # as a person types it, its own signs as percent and number
        made = download(url, to=tmp_path / "ici là" / "copie é 数", patience=QUICK)
    assert any("#" in path and "数" in path for path in web.paths())
    assert contents(made) == contents(source)


# in part


def test_features_of_one_subject_come_alone_and_the_copy_says_so(web: Web, tmp_path: Path) -> None:
    made = download(
        f"{web.url}/test-0.1.0", to=tmp_path / "copy", only=["features"], subjects=["S-00000001"], patience=QUICK
    )
    data = load(made)
    for clip in data:
        if clip.subject == "S-00000001":
            assert clip.features()["flow"].shape == (3, 48, 48)
        else:
            with pytest.raises(BadInput, match=r"partial copy \(.*--subjects S-00000001\).* --only features"):
                clip.features()
        with pytest.raises(BadInput, match="partial copy"):
            clip.video()
    assert len(data.clips) == 9, "the tables are whole"
    report = verify(made)
    assert report.ok
    assert (str(report.partial), report.n_left_out) == (
        "--only metadata --only features --subjects S-00000001",
        9 * 4 - 3 * 2,
    )


def test_a_partial_copy_is_held_to_the_manifest(web: Web, tmp_path: Path) -> None:
    made = download(f"{web.url}/test-0.1.0", to=tmp_path / "copy", only=["features"], patience=QUICK)
    chosen = sorted(made.glob("media/*/features.npz"))
    chosen[0].write_bytes(b"other")
    chosen[1].unlink()
    (made / "more.txt").write_text("")
    report = verify(made)
    names = [path.relative_to(made).as_posix() for path in chosen]
    assert (report.changed, report.missing, report.extra) == ((names[0],), (names[1],), ("more.txt",))


def test_classes_choose_by_the_clip_table(web: Web, releases: Path, tmp_path: Path) -> None:
    wanted = load(releases / "test-0.1.0").clip_rows[0].emotion_class
    assert wanted is not None
    made = download(f"{web.url}/test-0.1.0", to=tmp_path / "copy", classes=[wanted], patience=QUICK)
    there = {path.parent.name for path in made.glob("media/*/*")}
    assert there == {row.clip for row in load(made).clip_rows if row.emotion_class == wanted}


def test_a_partial_copy_grows_and_becomes_whole(web: Web, releases: Path, tmp_path: Path) -> None:
    url, to = f"{web.url}/test-0.1.0", tmp_path / "copy"
    download(url, to=to, only=["metadata"], patience=QUICK)
    assert not (to / "media").exists()
    download(url, to=to, only=["features"], patience=QUICK)
    download(url, to=to, only=["metadata"], patience=QUICK)
    assert len(list(to.glob("media/*/features.npz"))) == 9, "what was asked for before stays asked for"
    assert str(verify(to).partial) == "--only metadata; --only metadata --only features"
    download(url, to=to, only=["preview", "archival"], patience=QUICK)
    assert contents(to) == contents(releases / "test-0.1.0"), "no download.json is left in a whole copy"


def test_without_a_choice_a_partial_copy_is_completed(web: Web, releases: Path, tmp_path: Path) -> None:
    download(f"{web.url}/test-0.1.0", to=tmp_path / "copy", only=["metadata"], patience=QUICK)
    download(f"{web.url}/test-0.1.0", to=tmp_path / "copy", patience=QUICK)
    assert contents(tmp_path / "copy") == contents(releases / "test-0.1.0")


def test_a_record_of_another_release_is_refused(web: Web, tmp_path: Path) -> None:
    made = download(f"{web.url}/test-0.1.0", to=tmp_path / "copy", only=["metadata"], patience=QUICK)
    record = json.loads((made / "download.json").read_text())
    check_document("download", record, where="download.json")
    assert record["id"] == release_id(made)
    (made / "download.json").write_text(json.dumps({**record, "id": "0" * 64}))
    with pytest.raises(BadInput, match="tells of another release"):
        verify(made)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"only": ["video"]}, "no part 'video': choose from: metadata, features, preview, archival"),
        ({"subjects": ["S-99"]}, "has no subject S-99: choose from: S-00000000"),
        ({"classes": ["joy"]}, "has no class joy: choose from: "),
        ({"subjects": "S-1"}, r"give a list: \['S-1'\]"),
        ({"at_once": 0}, "ask for 1 or more"),
    ],
)
def test_what_is_not_there_cannot_be_chosen(
    asked: dict[str, list[str]], sentence: str, web: Web, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=sentence):
        download(f"{web.url}/test-0.1.0", to=tmp_path / "copy", patience=QUICK, **asked)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_everything_is_the_selection_that_leaves_nothing_out() -> None:
    assert selection_of(["metadata", "features", "preview", "archival"]).is_whole
    assert selection_of().is_whole
    assert not selection_of(["metadata"]).is_whole

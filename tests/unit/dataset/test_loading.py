"""A release as a researcher meets it: tables with known types, media on demand, folds, and clear refusals."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from builders.release import N_FRAMES, RATE_HZ, SOUND_RATE_HZ, a_release, reseal

from mmed_curate.dataset import Withheld, load
from mmed_curate.dataset.arrays import not_whole
from mmed_curate.dataset.facts import read_facts
from mmed_curate.dataset.manifest import release_id
from mmed_curate.dataset.rows import ClipRow, JudgementRow, read_rows
from mmed_curate.dataset.selection import Part, PartialCopy, Selection, not_selected, write_partial
from mmed_curate.dataset.splits import Shares, splits_document, splits_of
from mmed_curate.domain.findings import BadInput


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_release(tmp_path_factory.mktemp("data") / "release mit Größe", voiceless_subjects=[1], silent_subjects=[2])


@pytest.fixture
def copy(release: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(release, tmp_path / "copy"))


def test_the_clip_table_has_documented_types(release: Path) -> None:
    clips = load(release).clips
    assert len(clips) == 12
    assert clips.index.name == "clip"
    types = {name: str(kind) for name, kind in clips.dtypes.items()}
    assert {types[name] for name in ("onset", "apex", "offset", "n_frames", "n_coders", "judged_shift")} == {"int64"}
    assert {types[name] for name in ("onset_s", "apex_s", "offset_s", "rate_hz")} == {"float64"}
    assert types["simulated"] == "bool"
    assert types["emotion"] == types["sound_features"] == "string"
    row = clips.iloc[0]
    assert row.onset_s == pytest.approx(6 / RATE_HZ, abs=1e-6)  # the builder's onset is frame 6
    assert row.offset_s == pytest.approx(16 / RATE_HZ, abs=1e-6)  # the end of frame 15


@pytest.mark.parametrize(("table", "row"), [("clips", ClipRow), ("judgements", JudgementRow)])
def test_every_column_has_the_dtype_that_its_page_says(release: Path, repository: Path, table: str, row: type) -> None:
    script = "import sys; sys.path.insert(0, 'docs'); import reference, mmed_curate.dataset.rows as rows; "
    script += f"print(reference.columns_page(('', rows.{row.__name__})))"
    page = subprocess.run([sys.executable, "-c", script], cwd=repository, capture_output=True, text=True, check=True)
    told = dict(re.findall(r"^\| `(\w+)` \| [^|]* \| `(\w+)` \|", page.stdout, re.MULTILINE))
    assert told == {str(name): str(kind) for name, kind in getattr(load(release), table).dtypes.items()}


def test_what_is_withheld_reads_as_missing(release: Path) -> None:
    clips = load(release).clips
    assert clips.sound_features.isna().sum() == 8  # 4 clips without consent to voice, 4 without sound


def test_every_coders_judgement_is_there(release: Path) -> None:
    dataset = load(release)
    assert list(dataset.judgements.stage[:4]) == ["screening", "coding", "coding", "verification"]
    said = next(iter(dataset)).judgements
    assert [row.coder for row in said] == ["C-00000003", "C-00000000", "C-00000001", "C-00000002"]
    assert str(dataset.judgements.dtypes["onset"]) == "Int64"


def test_features_come_as_arrays(release: Path) -> None:
    clip = next(iter(load(release)))
    assert clip.flow().shape == clip.features()["flow"].shape == (3, 48, 48)
    assert clip.log_mel().shape == clip.sound_features()["log_mel"].shape
    assert clip.log_mel().shape[0] == 64


def test_pictures_and_sound_are_decoded_when_asked_for(tmp_path: Path) -> None:
    clip = next(iter(load(a_release(tmp_path / "r", n_subjects=2, clips_per_subject=1, media=True))))
    picture = clip.video()
    assert picture.frames.shape == (N_FRAMES, 48, 64, 3)
    assert picture.frames.dtype == np.uint8
    np.testing.assert_allclose(picture.times_s, np.arange(N_FRAMES) / RATE_HZ)
    assert picture.frames[20].mean() == pytest.approx(100, abs=6)  # frame n is grey of 5 n
    with pytest.raises(BadInput, match="holds no copy without loss of clip c-000000000000"):
        clip.video(archival=True)
    samples, rate_hz = clip.audio()
    assert rate_hz == SOUND_RATE_HZ
    assert samples.shape == (N_FRAMES * SOUND_RATE_HZ // RATE_HZ, 1)
    assert samples.dtype == np.float32


def test_what_consent_withholds_names_clip_and_term(release: Path) -> None:
    dataset = load(release)
    voiceless = next(clip for clip in dataset if clip.subject == "S-00000001")
    with pytest.raises(Withheld, match=rf"{voiceless.name} .* publish-voice"):
        voiceless.sound_features()
    with pytest.raises(Withheld, match=r"publish-face"):
        voiceless.video()


def test_picture_features_of_a_face_that_is_kept_back_are_withheld(tmp_path: Path) -> None:
    clips = load(a_release(tmp_path / "r", faceless_subjects=[0]))
    with pytest.raises(Withheld, match=r"features of clip .* publish-face"):
        next(iter(clips)).features()


def test_no_sound_is_not_the_same_as_withheld(release: Path) -> None:
    silent = next(clip for clip in load(release) if clip.subject == "S-00000002")
    with pytest.raises(BadInput, match="recording was made without") as caught:
        silent.sound_features()
    assert not isinstance(caught.value, Withheld)


def test_an_unknown_clip_is_said(release: Path) -> None:
    with pytest.raises(BadInput, match="holds no clip 'nobody'"):
        load(release).clip("nobody")


def test_a_simulated_release_says_so(release: Path) -> None:
    dataset = load(release)
    assert dataset.release.simulated
    assert repr(dataset).startswith("<SIMULATED ")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda folder: shutil.rmtree(folder), "there is no folder"),
        (lambda folder: (folder / "release.json").unlink(), "is not a release"),
        (lambda folder: (folder / "release.json").write_text("[]"), "is not a release"),
        (lambda folder: (folder / "release.json").write_text("{"), "mmed verify"),
        (lambda folder: (folder / "manifest-sha256.txt").unlink(), "not a whole release"),
        (lambda folder: (folder / "clips.csv").unlink(), "mmed verify"),
        (lambda folder: (folder / "clips.csv").write_text("clip\n"), "mmed verify"),
        (lambda folder: (folder / "manifest-sha256.txt").write_text("abc\n"), "not a manifest"),
    ],
)
def test_a_folder_that_is_no_whole_release_is_refused_in_a_sentence(copy: Path, make: object, says: str) -> None:
    make(copy)  # type: ignore[operator]
    with pytest.raises(BadInput, match=says):
        load(copy)


def test_a_release_of_a_newer_format_is_refused_by_version(copy: Path) -> None:
    document = json.loads((copy / "release.json").read_text(encoding="utf-8"))
    (copy / "release.json").write_text(json.dumps({**document, "version": 99}), encoding="utf-8")
    with pytest.raises(BadInput, match=r"release format 99, and this mmed reads up to 4.*newer mmed-curate"):
        load(copy)


def test_a_newer_manifest_is_refused_by_version(copy: Path) -> None:
    manifest = copy / "manifest-sha256.txt"
    manifest.write_text(manifest.read_text().replace("# version: 1", "# version: 7"))
    with pytest.raises(BadInput, match="manifest version 7"):
        load(copy)


@pytest.mark.parametrize("line", ["../outside.txt", "/etc/passwd", "a//b", "a/../b", "a\\b", "./a"])
def test_a_manifest_that_leads_out_of_the_release_is_refused(copy: Path, line: str) -> None:
    manifest = copy / "manifest-sha256.txt"
    manifest.write_text(manifest.read_text() + f"{'0' * 64}  {line}\n")
    with pytest.raises(BadInput, match="not a plain path inside the release"):
        load(copy)


def test_a_table_cell_that_leads_out_of_the_release_is_refused(copy: Path, tmp_path: Path) -> None:
    clips = copy / "clips.csv"
    clips.write_text(re.sub(r"media/[^,]*/features.npz", "../features.npz", clips.read_text()))
    reseal(copy)
    np.savez(tmp_path / "features.npz", flow=np.zeros(1))
    with pytest.raises(BadInput, match="not a plain path"):
        next(iter(load(copy))).features()


def test_a_link_is_never_followed(copy: Path, tmp_path: Path) -> None:
    clip = next(iter(load(copy)))
    features = copy / str(clip.row.features)
    features.rename(tmp_path / "elsewhere.npz")
    features.symlink_to(tmp_path / "elsewhere.npz")
    with pytest.raises(BadInput, match="is a link"):
        clip.features()


def test_a_missing_or_broken_feature_file_points_to_verify(copy: Path) -> None:
    first, second, third, *_ = load(copy)
    (copy / str(first.row.features)).unlink()
    (copy / str(second.row.features)).write_bytes((copy / str(second.row.features)).read_bytes()[:1000])
    np.savez(copy / str(third.row.features), flow=np.array([{"a": "pickle"}], dtype=object))
    for clip in (first, second, third):
        with pytest.raises(BadInput, match="mmed verify"):
            clip.features()


def test_arrays_of_a_newer_version_are_refused_and_older_ones_read(copy: Path) -> None:
    first, second, *_ = (str(clip.row.features) for clip in load(copy))
    np.savez(copy / first, version=np.array(99))
    np.savez(copy / second, flow=np.ones(1))  # the first version had files without one
    reseal(copy)
    newer, older, *_ = load(copy)
    with pytest.raises(BadInput, match=r"features\.npz is of version 99, and this mmed reads up to 2"):
        newer.features()
    assert older.features()["flow"] == [1]


def test_another_file_than_was_sealed_is_not_read(copy: Path) -> None:
    clip = next(iter(load(copy)))
    assert clip.features()["flow"].any()
    np.savez(copy / str(clip.row.features), flow=np.zeros((3, 48, 48), dtype=np.float32))
    with pytest.raises(BadInput, match=r"features\.npz than was sealed.*mmed verify"):
        clip.features()


def test_a_garbled_cell_is_named_with_its_line_and_column(copy: Path) -> None:
    clips = copy / "clips.csv"
    lines = clips.read_text().splitlines()
    lines[3] = lines[3].replace(",true,6,", ",true,six,")
    clips.write_text("\n".join(lines) + "\n")
    reseal(copy)
    with pytest.raises(BadInput, match=r"line 4, column onset, holds 'six'"):
        load(copy)


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A script in a Python of its own."""
    return subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)


def test_importing_the_dataset_loads_nothing_heavy(tmp_path: Path) -> None:
    script = """
import sys
import mmed_curate.dataset as dataset
alien = {"torch", "datasets", "PyQt6", "sqlalchemy", "cv2", "matplotlib"}
heavy = {"numpy", "pandas", "av", "pyarrow", "pydantic", "yaml", "httpx", "jsonschema"} | alien
print(*sorted(heavy & set(sys.modules)))
clips = dataset.load(sys.argv[1])
print(*sorted({"pandas", "av", "httpx"} & set(sys.modules) | alien & set(sys.modules)))
next(iter(clips)).video()
next(iter(clips)).audio()
next(iter(clips)).flow()
clips.clips
clips.soft_labels()
list(clips.loso())
dataset.verify(sys.argv[1])
print(*sorted(alien & set(sys.modules)))
print(callable(dataset.load), callable(dataset.verify), dir(dataset) == sorted(dataset.__all__))
"""
    release = a_release(tmp_path / "r", n_subjects=2, clips_per_subject=1, media=True)
    assert run(script, str(release)).stdout.splitlines() == ["", "", "", "True True True"]


@pytest.mark.parametrize(
    ("package", "call", "says"),
    [
        ("torch", "to_torch", "to_torch() needs torch: pip install 'mmed-curate[benchmark]'"),
        ("datasets", "to_hf", "to_hf() needs the package datasets: pip install 'mmed-curate[hf]'"),
    ],
)
def test_a_package_that_is_missing_is_said_with_its_cure(release: Path, package: str, call: str, says: str) -> None:
    script = """
import sys
sys.modules[sys.argv[2]] = None  # as where it is not installed
import mmed_curate.dataset as dataset
from mmed_curate.domain.findings import BadInput
try:
    getattr(dataset.load(sys.argv[1]), sys.argv[3])()
except BadInput as error:
    print(error)
"""
    assert run(script, str(release), package, call).stdout.splitlines() == [says]


def test_every_name_of_the_room_is_there() -> None:
    import mmed_curate.dataset

    assert all(getattr(mmed_curate.dataset, name) is not None for name in mmed_curate.dataset.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = mmed_curate.dataset.nothing


def test_what_the_readme_of_an_old_release_calls_them_still_works(tmp_path: Path) -> None:
    clip = next(iter(load(a_release(tmp_path / "r", n_subjects=2, clips_per_subject=1, media=True))))
    np.testing.assert_array_equal(clip.picture().frames, clip.video().frames)
    np.testing.assert_array_equal(clip.sound().samples, clip.audio().samples)


def test_the_fixed_split_divides_all_clips_by_subject(tmp_path: Path) -> None:
    folder = a_release(tmp_path / "r", n_subjects=5, clips_per_subject=2)
    rows = load(folder).clip_rows
    splits = splits_of(rows, Shares(validation=0.2, test=0.2))
    (folder / "splits.json").write_text(json.dumps(splits_document(splits)), encoding="utf-8")
    reseal(folder)
    data = load(folder)
    split = data.fixed_split()
    assert [len(side) for side in (split.train, split.validation, split.test)] == [6, 2, 2]
    sides = [set(data.clips.subject[list(side)]) for side in (split.train, split.validation, split.test)]
    assert set.union(*sides) == set(data.subjects)
    assert sum(map(len, sides)) == 5
    assert data.splits.loso == {fold.held_out: fold.test for fold in data.loso()}


def test_splits_that_were_changed_are_not_read(tmp_path: Path) -> None:
    folder = a_release(tmp_path / "r")
    (folder / "splits.json").write_text("{}", encoding="utf-8")
    reseal(folder)
    (folder / "splits.json").write_text("{ }", encoding="utf-8")
    with pytest.raises(BadInput, match=r"holds another splits\.json than was sealed"):
        load(folder).fixed_split()


def test_an_older_release_has_folds_and_no_fixed_split(release: Path) -> None:
    data = load(release)  # the builder writes none
    assert [len(test) for test in data.splits.loso.values()] == [4, 4, 4]
    with pytest.raises(BadInput, match=r"has no fixed split.*fold it by subject with loso"):
        data.fixed_split()


def test_commands_that_sentences_name_can_be_pasted(tmp_path: Path) -> None:
    """Also of a folder with a space in its name."""
    release = a_release(tmp_path / "my copy", n_subjects=2, clips_per_subject=1)
    for name in ("clips.csv", "release.json"):
        before = (release / name).read_bytes()
        (release / name).write_bytes(b"neither")
        with pytest.raises(BadInput) as said:
            read_rows(release / name, ClipRow) if name == "clips.csv" else read_facts(release)
        assert f"run `mmed verify '{release}'`" in str(said.value)
        (release / name).write_bytes(before)
    assert f"run `mmed verify '{release}'`" in str(not_whole(release, "lacks something"))
    partial = PartialCopy(
        release="test 0.1.0",
        id=release_id(release),
        source=str(tmp_path / "the shelf"),
        selections=(Selection(parts=frozenset({Part.METADATA})),),
    )
    write_partial(release, partial)
    asked = f"run `mmed download '{tmp_path / 'the shelf'}' -o '{release}' --only features` to add it"
    assert asked in str(not_selected(release, "media/c-1/features.npz"))

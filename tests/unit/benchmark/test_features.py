"""What the benchmark reads of a release, and what it says of data that cannot be used."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders.planted import planted
from builders.release import a_release, reseal

from mmed_curate.benchmark.features import levelled_flow, levelled_sound, read_release, window_round
from mmed_curate.domain.findings import BadInput


def test_a_release_becomes_arrays_in_order_of_clip_names(tmp_path: Path) -> None:
    read = read_release(a_release(tmp_path / "r", silent_subjects=[2]), sound_frames=128, only_micro=True)
    clips = read.clips

    assert clips.flow.shape == (12, 3, 48, 48) and clips.log_mel.shape == (12, 64, 128)
    assert list(clips.names) == sorted(clips.names)
    assert clips.has_sound.tolist() == [True] * 8 + [False] * 4
    assert len(clips.classes) == 3 and set(clips.labels.tolist()) == {0, 1, 2}
    assert read.facts.simulated and read.excluded == () and read.notes == ()


def test_the_window_lies_round_the_apex(tmp_path: Path) -> None:
    # the builder's apex is frame 10 of 30 Hz, 0.333 s; log-mel frame n is centred on 10 n + 12.5 ms, so 32 is nearest;
    # its sound has 80 frames, so the first 32 of 128 lie before it and the last 16 behind
    read = read_release(a_release(tmp_path / "r"), sound_frames=128, only_micro=True)
    assert read.clips.sound_mask[0].tolist() == [False] * 32 + [True] * 80 + [False] * 16

    window, mask = window_round(np.arange(80, dtype=np.float32)[None, :], 32, 16)
    assert window[0].tolist() == list(range(24, 40)) and mask.all()


def test_a_window_beyond_the_sound_is_masked() -> None:
    window, mask = window_round(np.ones((64, 10), dtype=np.float32), 2, 16)

    assert mask.tolist() == [False] * 6 + [True] * 10  # frames -6..9
    assert window[:, mask].all() and not window[:, ~mask].any()


def test_clips_are_levelled_by_themselves() -> None:
    noise = np.random.default_rng(1).normal(size=(64, 100)).astype(np.float32)

    levelled = levelled_sound(3 * noise + 7)
    assert levelled.mean(axis=1) == pytest.approx(np.zeros(64), abs=1e-5)
    assert levelled.std() == pytest.approx(1, abs=1e-3)
    assert not levelled_sound(np.full((64, 100), -80, dtype=np.float32)).any()  # digital silence stays silence
    assert not levelled_flow(np.zeros((3, 48, 48), dtype=np.float32)).any()


def test_clips_without_features_are_counted_out(tmp_path: Path) -> None:
    read = read_release(
        a_release(tmp_path / "r", n_subjects=3, faceless_subjects=[1]), sound_frames=128, only_micro=True
    )

    assert read.excluded == (("picture features withheld", 4),)
    assert set(read.clips.subjects) == {"S-00000000", "S-00000002"}


def test_events_in_no_class_or_not_micro_are_counted_out(tmp_path: Path) -> None:
    folder = a_release(tmp_path / "r")
    table = (folder / "clips.csv").read_text().splitlines()
    header = table[0].split(",")
    first, second = table[1].split(","), table[2].split(",")
    first[header.index("emotion_class")] = ""
    second[header.index("event_type")] = "macro"
    (folder / "clips.csv").write_text("\n".join([table[0], ",".join(first), ",".join(second), *table[3:]]) + "\n")
    reseal(folder)

    read = read_release(folder, sound_frames=128, only_micro=True)
    assert read.excluded == (("in no class", 1), ("not a micro-expression", 1))
    assert len(read.clips.names) == 10
    assert "1 in no class, 1 not a micro-expression" in str(read.notes[0])
    assert len(read_release(folder, sound_frames=128, only_micro=False).clips.names) == 11


@pytest.mark.parametrize(
    ("file", "name", "part"),
    [
        ("features.npz", "flow", "flow is not all finite"),
        ("sound-features.npz", "log_mel", "log-mel is not all finite"),
    ],
)
def test_a_clip_with_nan_is_named(tmp_path: Path, file: str, name: str, part: str) -> None:
    folder = a_release(tmp_path / "r")
    path = folder / "media" / "c-000001000002" / file
    arrays = dict(np.load(path))
    arrays[name][..., 3] = np.nan
    np.savez(path, **arrays)
    reseal(folder)

    with pytest.raises(BadInput, match=f"clip c-000001000002: {part}"):
        read_release(folder, sound_frames=128, only_micro=True)


def test_a_release_of_one_subject_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="of one subject"):
        read_release(a_release(tmp_path / "r", n_subjects=1), sound_frames=128, only_micro=True)


@pytest.mark.parametrize(
    ("same_class", "part"), [(True, "nothing to tell apart"), (False, "no clip to benchmark: of 12, 12 in no class")]
)
def test_a_release_of_one_class_or_none_is_refused(tmp_path: Path, same_class: bool, part: str) -> None:
    folder = a_release(tmp_path / "r")
    table = [line.split(",") for line in (folder / "clips.csv").read_text().splitlines()]
    column = table[0].index("emotion_class")
    for row in table[1:]:
        row[column] = table[1][column] if same_class else ""
    (folder / "clips.csv").write_text("\n".join(",".join(row) for row in table) + "\n")
    reseal(folder)

    with pytest.raises(BadInput, match=part):
        read_release(folder, sound_frames=128, only_micro=True)


def test_arrays_that_do_not_fit_are_refused() -> None:
    data = planted(in_flow=0, in_sound=0, n_subjects=2, clips_per_subject=3)

    with pytest.raises(BadInput, match="flow is"):
        replace(data, flow=data.flow[:, :2])
    with pytest.raises(BadInput, match="repeat or do not increase"):
        replace(data, names=data.names[::-1])
    with pytest.raises(BadInput, match="outside the classes"):
        replace(data, labels=data.labels + 1)
    with pytest.raises(BadInput, match=f"clip {data.names[4]}: features are not all finite"):
        replace(data, flow=np.where(np.arange(6)[:, None, None, None] == 4, np.float32(np.inf), data.flow))

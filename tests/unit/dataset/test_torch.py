"""A release in torch: items, batches, workers, and what is left out."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from builders.release import a_release

torch = pytest.importorskip("torch", reason="to_torch() needs the extra `benchmark`")

from mmed_curate.dataset import Dataset, load  # noqa: E402
from mmed_curate.domain.findings import BadInput  # noqa: E402


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Three subjects with four clips each; the second kept the face back, the third's recording has no sound."""
    return load(a_release(tmp_path_factory.mktemp("torch") / "release", faceless_subjects=[1], silent_subjects=[2]))


def test_an_item_is_what_the_clip_says(data: Dataset) -> None:
    clips = data.to_torch()
    clip, item = data.clip(clips.clips[0]), clips[0]
    assert (item["clip"], item["subject"]) == (clip.name, clip.subject)
    np.testing.assert_array_equal(item["flow"].numpy(), clip.flow())
    np.testing.assert_array_equal(item["log_mel"].numpy(), clip.log_mel())
    assert clips.classes == data.codebook.class_codes
    assert clips.classes[item["label"]] == clip.emotion_class
    assert item["label"].dtype == torch.int64


def test_clips_without_what_is_asked_for_are_left_out_and_named(data: Dataset) -> None:
    clips = data.to_torch(arrays=("flow", "log_mel"))
    assert {data.clip(name).subject for name in clips.clips} == {"S-00000000"}
    assert len(clips) == 4
    assert sorted(clips.left_out.values()) == [
        *["its picture features are withheld"] * 4,
        *["its sound features are withheld, or it has no sound"] * 4,
    ]
    assert len(data.to_torch(arrays=("log_mel",))) == 8
    assert len(data.to_torch(arrays=(), label=None)) == 12


def test_the_order_is_that_of_the_names_or_the_one_given(data: Dataset) -> None:
    assert list(data.to_torch(arrays=()).clips) == sorted(data.clips.index)
    backwards = sorted(data.clips.index, reverse=True)
    assert list(data.to_torch(arrays=(), clips=backwards).clips) == backwards


def test_a_batch_pads_what_runs_over_time(data: Dataset) -> None:
    clips = data.to_torch(arrays=("flow", "log_mel", "motion"))
    first, second = clips[0], clips[1]
    second["log_mel"] = second["log_mel"][:, :50]
    batch = clips.collate([first, second])
    assert batch["flow"].shape == (2, 3, 48, 48)
    assert batch["log_mel"].shape == (2, 64, 80)
    assert batch["log_mel_length"].tolist() == [80, 50]
    assert not batch["log_mel"][1, :, 50:].any()
    assert torch.equal(batch["log_mel"][1, :, :50], second["log_mel"])
    assert batch["motion"].shape == (2, 24)
    assert batch["clip"] == [first["clip"], second["clip"]]
    assert batch["label"].shape == (2,)


@pytest.mark.parametrize("how", ["fork", "spawn"])
def test_workers_give_the_same_batches(data: Dataset, how: str) -> None:
    clips = data.to_torch(arrays=("log_mel",))

    def batches(**workers: object) -> list[dict[str, object]]:
        return list(torch.utils.data.DataLoader(clips, batch_size=3, collate_fn=clips.collate, **workers))

    alone, shared = batches(), batches(num_workers=2, multiprocessing_context=how)
    assert [one["clip"] for one in alone] == [one["clip"] for one in shared]
    assert all(torch.equal(a["log_mel"], b["log_mel"]) for a, b in zip(alone, shared, strict=True))  # type: ignore[arg-type]


def test_soft_labels_are_shares_of_those_who_marked_the_event(repository: Path) -> None:
    """In the kept release two coders of each subject's first clip named two emotions; elsewhere they agree."""
    data = load(repository / "tests" / "releases" / "v3-report2")
    clips = data.to_torch(arrays=(), label="emotion", soft=True)
    labels = torch.stack([item["label"] for item in clips])
    assert labels.dtype == torch.float32
    assert torch.equal(labels.sum(dim=1), torch.ones(9))
    assert sorted(labels.max(dim=1).values.tolist()) == [0.5] * 3 + [1.0] * 6
    units = data.to_torch(arrays=(), label="action_units")
    assert units[0]["label"].shape == (len(data.codebook.action_units),)
    scored = {units.classes[place] for place in units[0]["label"].nonzero().flatten()}
    assert scored == {text.partition(":")[0] for text in data.clip(units.clips[0]).row.action_units}


def test_an_array_that_an_older_toolkit_did_not_measure_is_said(repository: Path) -> None:
    clips = load(repository / "tests" / "releases" / "v1").to_torch(arrays=("faces",))
    with pytest.raises(BadInput, match="has no faces: this release was made before it was measured"):
        clips[0]


def test_an_array_or_label_of_no_name_is_said(data: Dataset) -> None:
    with pytest.raises(BadInput, match="clips have no array 'pixels': take from flow, motion"):
        data.to_torch(arrays=("pixels",))
    with pytest.raises(BadInput, match="no labels called 'mood'"):
        data.to_torch(label="mood")


def test_a_dataset_survives_being_sent_to_another_process(data: Dataset) -> None:
    again = pickle.loads(pickle.dumps(data))  # noqa: S301 (our own, just written)
    assert again.clips.equals(data.clips)

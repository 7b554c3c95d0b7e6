"""The weights are the ones that were vendored, or nothing runs."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from mmed_curate.domain.files import sha256_of
from mmed_curate.domain.findings import BadInput
from mmed_curate.face.network import SHA256_OF_WEIGHTS, WEIGHTS, Network


def test_every_weight_file_is_listed_with_its_hash_and_origin() -> None:
    assert {path.name: sha256_of(path) for path in WEIGHTS.glob("*.tflite")} == SHA256_OF_WEIGHTS
    origin = (WEIGHTS / "ORIGIN.md").read_text(encoding="utf-8")
    assert all(digest in origin and name in origin for name, digest in SHA256_OF_WEIGHTS.items())
    assert "Apache License" in (WEIGHTS / "LICENSE").read_text(encoding="utf-8")


def test_changed_weights_are_refused(tmp_path: Path) -> None:
    copy = tmp_path / "face_landmark.tflite"
    shutil.copyfile(WEIGHTS / copy.name, copy)
    with copy.open("r+b") as stream:
        stream.seek(1000)
        stream.write(b"!")
    with pytest.raises(BadInput, match="not the file that we ship"):
        Network(copy.name, tmp_path)


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no face weights at"):
        Network("face_landmark.tflite", tmp_path)


def test_a_last_layer_worked_out_by_us_says_the_same() -> None:
    usual, ours = Network("face_landmark.tflite"), Network("face_landmark.tflite", tail=("p_re_lu_20", "conv2d_21"))
    face = np.random.default_rng(0).integers(0, 256, (192, 192, 3)).astype(np.uint8)
    for here, there in zip(usual.run_on(face), ours.run_on(face), strict=True):
        np.testing.assert_allclose(here.ravel(), there.ravel(), atol=1e-3)  # px of the network's input
    assert ours._tail is not None  # these layers exist in the OpenCV that is installed

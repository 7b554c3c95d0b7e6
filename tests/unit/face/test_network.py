"""The weights are the ones that were vendored, or nothing runs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
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


def test_a_picture_of_bytes_is_scaled_and_red_comes_first() -> None:
    network = Network("face_landmark.tflite")
    bgr = np.random.default_rng(0).integers(0, 256, (192, 192, 3)).astype(np.uint8)
    presence, points = network.run_on(bgr)
    assert presence.size == 1 and points.size == 3 * 468
    by_hand = network.run((bgr[:, :, ::-1] / 255).astype(np.float32))
    np.testing.assert_allclose(points, by_hand[1], atol=1e-3)  # px of the network's input


def test_what_a_network_gave_stays_when_it_runs_again() -> None:
    network = Network("face_landmark.tflite")
    grey = np.full((192, 192, 3), 128, dtype=np.uint8)
    first = network.run_on(grey)
    kept = first[1].copy()
    network.run_on(255 - grey // 2)
    np.testing.assert_array_equal(first[1], kept)


def test_two_threads_with_a_network_each_find_the_same() -> None:
    faces = np.random.default_rng(1).integers(0, 256, (8, 192, 192, 3)).astype(np.uint8)

    def points(_: int) -> list[bytes]:
        network = Network("face_landmark.tflite")
        return [network.run_on(face)[1].tobytes() for face in faces]

    alone = points(0)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(points, range(2))) == [alone, alone]


_TWO_NETWORKS = """
import os
from mmed_curate.face.network import Network, _without_greeting
for name in ("face_landmark.tflite", "face_detection_short_range.tflite"):
    Network(name)
if os.fork() == 0:
    Network("face_landmark.tflite")
    os._exit(0)
os.wait()
with _without_greeting():
    os.write(2, b"INFO: of no use\\nthis matters\\n")
"""


def test_nothing_of_the_runtime_reaches_the_terminal() -> None:
    said = subprocess.run([sys.executable, "-c", _TWO_NETWORKS], capture_output=True, check=True)
    assert (said.stdout, said.stderr) == (b"", b"this matters\n")


def test_the_command_line_starts_without_the_runtime() -> None:
    code = "import sys, mmed_curate.cli.main, mmed_curate.face.track; print('ai_edge_litert' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert said.stdout == b"False\n"

"""A release in Hugging Face's `datasets`, offline: our own conversion, and its readers on our tables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from builders.release import a_release

pytest.importorskip("datasets", reason="to_hf() needs the extra `hf`")

SCRIPT = """
import json, socket, sys
def refuse(*a, **k): raise AssertionError("the network was asked")
socket.socket.connect = socket.create_connection = refuse
import datasets, mmed_curate.dataset as mmed
release, kept = sys.argv[1:]
data = mmed.load(release)
made = data.to_hf(arrays=("flow", "log_mel"), soft=True)
made.save_to_disk(kept)
again = datasets.load_from_disk(kept)
numpy = again.with_format("numpy")
clip = data.clip(again[0]["clip"])
csv = datasets.load_dataset("csv", data_files=release + "/clips.csv", split="train")
print(json.dumps({
    "rows": again.num_rows,
    "clips": again["clip"][:] == list(data.clips.index),
    "emotion": [again.features["emotion"].int2str(code) for code in again["emotion"]] == list(data.clips.emotion),
    "classes": again.features["emotion_class"].names == list(data.codebook.class_codes),
    "shares": [sum(row) for row in again["emotion_shares"]],
    "flow": bool((numpy[0]["flow"] == clip.flow()).all()) and str(numpy[0]["flow"].dtype),
    "log_mel": list(numpy[0]["log_mel"].shape),
    "withheld": [row["log_mel"] is None for row in again],
    "path": again[0]["features"],
    "onset": again["onset"][:] == list(data.clips.onset),
    "said": again.info.description,
    "csv": csv["clip"][:] == list(data.clips.index) and csv.num_rows,
}))
"""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three subjects; the third kept the voice back."""
    return a_release(tmp_path_factory.mktemp("hf") / "a release", clips_per_subject=2, voiceless_subjects=[2])


def offline(tmp_path: Path) -> dict[str, str]:
    """An environment in which nothing of the user's is read or written."""
    return {**os.environ, "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}


def test_it_comes_back_from_the_disk_as_it_was(release: Path, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(release), str(tmp_path / "kept")],
        env=offline(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout.splitlines()[-1])
    assert found.pop("said").startswith("SIMULATED")
    assert found.pop("path").startswith(str(release))
    assert found == {
        "rows": 6,
        "clips": True,
        "emotion": True,
        "classes": True,
        "shares": [1.0] * 6,
        "flow": "float32",
        "log_mel": [64, 80],
        "withheld": [False] * 4 + [True] * 2,
        "onset": True,
        "csv": 6,
    }


def test_its_own_reader_reads_the_tables_of_an_old_release(repository: Path, tmp_path: Path) -> None:
    """clips.csv and clips.parquet, with `load_dataset` alone and nothing of ours."""
    kept = repository / "tests" / "releases" / "v3-report2"
    script = (
        "import datasets, sys\n"
        "for kind in ('csv', 'parquet'):\n"
        "    rows = datasets.load_dataset(kind, data_files=f'{sys.argv[1]}/clips.{kind}', split='train')\n"
        "    print(rows.num_rows, sorted(set(rows['subject']))[0][:2], sum(rows['onset']))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, str(kept)], env=offline(tmp_path), capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    csv, parquet = ran.stdout.splitlines()[-2:]
    assert csv == parquet
    assert csv.startswith("9 S-")

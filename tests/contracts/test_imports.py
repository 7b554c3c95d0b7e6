"""Who may import whom: the rules hold, and each of them can refuse."""

from __future__ import annotations

import ast
import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PLANTED = {
    "an arrow up": ("floors", "domain/planted.py", "import mmed_curate.store"),
    "a neighbour on the same floor": ("floors", "media/planted.py", "import mmed_curate.face"),
    "the benchmark knows the simulation": ("floors", "benchmark/planted.py", "import mmed_curate.simulation"),
    "a room that is on no floor": ("floors", "helpers/__init__.py", ""),
    "SQL in the command line": ("sql-in-store", "cli/planted.py", "import sqlalchemy.orm"),
    "SQL of the standard library": ("sql-in-store", "dataset/planted.py", "import sqlite3"),
    "OpenCV in the spotter": ("cv2-in-face-and-signals", "spotting/planted.py", "import cv2"),
    "LiteRT in the spotter": ("litert-in-face", "spotting/planted.py", "import ai_edge_litert"),
    "torch in the face room": ("torch-in-benchmark", "face/planted.py", "import torch"),
    "torch in the scores": ("torch-in-benchmark", "benchmark/scores.py", "import torch"),
    "torch elsewhere in the dataset": ("torch-in-benchmark", "dataset/planted.py", "import torch"),
    "plots on the researcher's side": ("researchers-side", "dataset/planted.py", "import matplotlib.pyplot"),
    "plots reached through another room": (
        "researchers-side",
        "dataset/planted.py",
        "import mmed_curate.report.planted",
    ),
    "vision at the desk": ("desk-is-light", "annotation/planted.py", "import cv2"),
    "vision at the desk, through a room": ("desk-is-light", "annotation/planted.py", "import mmed_curate.face.planted"),
    "the benchmark looks behind the release": (
        "benchmark-reads-releases-only",
        "benchmark/planted.py",
        "import mmed_curate.store",
    ),
    "vision in the benchmark, through a room": (
        "benchmark-reads-releases-only",
        "benchmark/planted.py",
        "import mmed_curate.face.planted",
    ),
    "the planter asks the finder": ("planter-and-finder", "simulation/planted.py", "import mmed_curate.signals"),
    "the planter asks the finder, through a room": (
        "planter-and-finder",
        "simulation/planted.py",
        "import mmed_curate.ingest.planted",
    ),
    "a window": ("no-window", "annotation/planted.py", "from PyQt6 import QtCore"),
    "the window's own package": ("no-window", "cli/planted.py", "import annotator_gui"),
    "a circle inside a room": ("no-circles", "media/planted.py", "import mmed_curate.media.planted_too"),
    "the window looks behind the desk": (
        "window-at-the-desk",
        "../annotator_gui/planted.py",
        "from mmed_curate.store import Workspace",
    ),
    "vision in the window, through a room": (
        "window-is-light",
        "../annotator_gui/planted.py",
        "import mmed_curate.face.planted",
    ),
    "a sitting that draws": ("sitting-knows-no-qt", "../annotator_gui/session.py", "from PyQt6 import QtCore"),
}
"""By what is wrong: the contract that must refuse it, the file, and its import."""

SUPPORT = {
    "report/planted.py": "import matplotlib",
    "face/planted.py": "import cv2",
    "ingest/planted.py": "import mmed_curate.spotting",
    "media/planted_too.py": "import mmed_curate.media.planted",
}
"""Files that a planted import leads to; by themselves they are allowed."""

EXEMPT = {
    "sql-in-store": {"store"},
    "cv2-in-face-and-signals": {"face", "signals"},
    "torch-in-benchmark": {"benchmark"},
}
"""Rooms that a rule about a library leaves out, from the design."""


def lint(root: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the packages that lie under `root`."""
    program = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    chosen = [word for name in contracts for word in ("--contract", name)]
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache", "--no-logo", *chosen],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )


def contracts_of(repository: Path) -> dict[str, configparser.SectionProxy]:
    """The sections of `.importlinter` that are contracts, by their name."""
    rules = configparser.ConfigParser()
    rules.read(repository / ".importlinter")
    return {name.rpartition(":")[2]: rules[name] for name in rules.sections() if ":contract:" in name}


@pytest.fixture
def house(repository: Path, tmp_path: Path) -> Path:
    """A copy of the package and its rules, to plant in."""
    for package in ("mmed_curate", "annotator_gui"):
        shutil.copytree(
            repository / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "weights")
        )
    shutil.copy(repository / ".importlinter", tmp_path)
    return tmp_path


def test_the_house_keeps_its_rules(repository: Path) -> None:
    done = lint(repository)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("wrong", PLANTED)
def test_a_planted_violation_is_refused(wrong: str, house: Path) -> None:
    contract, where, line = PLANTED[wrong]
    led_to = {path: text for path, text in SUPPORT.items() if path.removesuffix(".py").replace("/", ".") in line}
    for path, text in {**led_to, where: line}.items():
        (house / "mmed_curate" / path).parent.mkdir(exist_ok=True)
        (house / "mmed_curate" / path).write_text(f'"""Planted."""\n\n{text}\n', encoding="utf-8")
    done = lint(house, contract)
    assert done.returncode == 1
    assert "BROKEN" in done.stdout


def test_a_copy_without_a_plant_is_accepted(house: Path) -> None:
    done = lint(house)
    assert done.returncode == 0, done.stdout + done.stderr


def test_dataset_torch_alone_may_know_torch(house: Path) -> None:
    (house / "mmed_curate" / "dataset" / "torch.py").write_text('"""Planted."""\n\nimport torch\n', encoding="utf-8")
    done = lint(house, "torch-in-benchmark")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_rule_has_a_plant(repository: Path) -> None:
    assert set(contracts_of(repository)) == {contract for contract, _, _ in PLANTED.values()}


def test_a_new_room_is_under_the_rules_about_libraries(repository: Path, package: Path) -> None:
    rooms = {path.parent.name for path in package.glob("*/__init__.py")}
    contracts = contracts_of(repository)
    for name, exempt in EXEMPT.items():
        named = {line.split(".")[1] for line in contracts[name]["source_modules"].split()}
        assert rooms - exempt <= named, f"{name} leaves out {sorted(rooms - exempt - named)}"


def test_what_says_that_it_knows_no_qt_is_held_to_it(repository: Path) -> None:
    captions = {
        path.stem: ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        for path in (repository / "annotator_gui").glob("[!_]*.py")
    }
    said = {f"annotator_gui.{name}" for name, caption in captions.items() if "no qt" in caption.lower()}
    assert said == set(contracts_of(repository)["sitting-knows-no-qt"]["source_modules"].split())

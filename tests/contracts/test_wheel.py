"""The data that travels: the wheel built from the sdist, the editable install and the repository hold the same."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

DATA = ("schema", "pipelines", "demo")
LEFT_BEHIND = shutil.ignore_patterns(
    ".git", ".venv", "demo-out", "dist", "_build", "__pycache__", ".*_cache", ".hypothesis"
)


def digests(root: Path) -> dict[str, str]:
    """SHA-256 of every data file under a root that holds schema, pipelines and demo, by relative path."""
    files = (path for name in DATA for path in sorted((root / name).rglob("*")))
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.is_file() and "__pycache__" not in path.parts and path.name != ".keep"
    }


@pytest.fixture(scope="module")
def checkout(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository, so that building leaves nothing behind in it."""
    if importlib.util.find_spec("hatchling") is None or importlib.util.find_spec("build") is None:
        pytest.skip("building without the internet needs build and hatchling in this environment: make setup")
    copy = tmp_path_factory.mktemp("checkout") / "mmed-curate"
    shutil.copytree(repository, copy, ignore=LEFT_BEHIND)
    return copy


@pytest.fixture(scope="module")
def wheel(checkout: Path) -> zipfile.ZipFile:
    """The wheel built from the sdist."""
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", "dist", "."],
        cwd=checkout,
        check=True,
        capture_output=True,
    )
    return zipfile.ZipFile(next((checkout / "dist").glob("*.whl")))


@pytest.fixture(scope="module")
def unpacked(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an install of the wheel puts on disk."""
    folder = tmp_path_factory.mktemp("site-packages")
    wheel.extractall(folder)
    return folder


def test_the_wheel_holds_the_repositorys_data(unpacked: Path, repository: Path) -> None:
    assert digests(unpacked / "mmed_curate" / "_data") == digests(repository)


def test_an_installed_wheel_finds_its_own_data(unpacked: Path) -> None:
    program = "from mmed_curate.domain.packaged import packaged_root; print(packaged_root())"
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        cwd=unpacked,
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert Path(done.stdout.strip()) == unpacked / "mmed_curate" / "_data"


def test_weights_and_licences_travel(wheel: zipfile.ZipFile, repository: Path) -> None:
    names = set(wheel.namelist())
    weights = {path.relative_to(repository).as_posix() for path in (repository / "mmed_curate/face/weights").iterdir()}
    assert weights <= names
    licences = {path.name for path in (repository / "LICENSES").iterdir()}
    assert licences == {Path(name).name for name in names if "/licenses/LICENSES/" in name}


def test_what_the_page_of_a_release_is_made_of_travels(wheel: zipfile.ZipFile, repository: Path) -> None:
    parts = {path.relative_to(repository).as_posix() for path in (repository / "mmed_curate/release/_page").iterdir()}
    assert len(parts) > 5
    assert parts <= set(wheel.namelist())


def test_every_module_travels(wheel: zipfile.ZipFile, repository: Path) -> None:
    modules = {
        path.relative_to(repository).as_posix()
        for package in ("mmed_curate", "annotator_gui")
        for path in (repository / package).rglob("*.py")
    }
    assert modules == {name for name in wheel.namelist() if name.endswith(".py") and "/_data/" not in name}


def test_an_editable_install_copies_no_data(checkout: Path, tmp_path: Path) -> None:
    program = f"from hatchling.build import build_editable; print(build_editable({str(tmp_path)!r}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=checkout, check=True, capture_output=True, text=True)
    with zipfile.ZipFile(tmp_path / done.stdout.strip().splitlines()[-1]) as link:
        assert not [name for name in link.namelist() if "_data" in name]
        (path,) = [name for name in link.namelist() if name.endswith(".pth")]
        assert set(link.read(path).decode().split()) == {str(checkout)}, "a line for each package, all of this checkout"

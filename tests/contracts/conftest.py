"""What the contract tests look at: the package's own sources, and the files that git tracks."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def package(repository: Path) -> Path:
    """The folder of the package under test."""
    return repository / "mmed_curate"


@pytest.fixture(scope="session")
def sources(package: Path) -> dict[Path, ast.Module]:
    """Every module of the package, parsed, by its path in the repository."""
    found = sorted(package.rglob("*.py"))
    return {path.relative_to(package.parent): ast.parse(path.read_text(encoding="utf-8")) for path in found}


@pytest.fixture(scope="session")
def tracked(repository: Path) -> tuple[Path, ...]:
    """Every file that git tracks and that is there."""
    if not (repository / ".git").exists():
        pytest.skip("this is not a git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=repository, capture_output=True, check=True).stdout
    paths = (repository / name for name in listed.decode().split("\0") if name)
    return tuple(path for path in paths if path.is_file())

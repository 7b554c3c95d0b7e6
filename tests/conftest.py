"""Shared fixtures: real material where it lies beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# a busy machine is no failure: tests never ask how long something took
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# what loaders remember must not reach from one run of the tests into another, nor into anybody's home
os.environ["MMED_REMEMBER_TOMBSTONES"] = "0"

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout under test."""
    return REPOSITORY


@pytest.fixture(scope="session")
def material() -> Path:
    """The folder of real media, label tables and votes beside the checkout; absent in most places."""
    folder = REPOSITORY.parent / "shared" / "material"
    if not folder.is_dir():
        pytest.skip("the shared material is not beside this checkout")
    return folder

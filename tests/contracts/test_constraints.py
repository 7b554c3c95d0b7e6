"""Every package that `.[dev]` brings is pinned, exactly, and from nowhere in particular."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ACCELERATORS = ("nvidia-", "triton", "cuda-")
"""What a CUDA build of torch brings where no CPU build is offered; the constraints leave these to torch's own pins."""


@pytest.fixture(scope="module")
def pins(repository: Path) -> dict[str, Requirement]:
    """The lines of constraints.txt, by package."""
    lines = (repository / "constraints.txt").read_text(encoding="utf-8").splitlines()
    requirements = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def brought_by(name: str, extras: frozenset[str], seen: dict[str, set[str]]) -> None:
    """Add to `seen` every package that installing `name[extras]` here brings, with the extras asked of it."""
    known = seen.setdefault(canonicalize_name(name), set())
    asked = (extras | {""}) - known
    if not asked:
        return
    known |= asked
    for line in importlib.metadata.requires(name) or []:
        requirement = Requirement(line)
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in asked):
            brought_by(requirement.name, frozenset(requirement.extras), seen)


def test_every_pin_is_exact(pins: dict[str, Requirement]) -> None:
    assert not [str(pin) for pin in pins.values() if not re.fullmatch(r"==[\w.]+", str(pin.specifier)) or pin.url]


def test_everything_installed_for_development_is_pinned(pins: dict[str, Requirement]) -> None:
    brought: dict[str, set[str]] = {}
    try:
        brought_by("mmed-curate", frozenset({"dev"}), brought)
    except importlib.metadata.PackageNotFoundError as missing:
        pytest.skip(f"only an environment made by make setup holds every package; {missing}")
    unpinned = {name for name in brought if name not in pins and not name.startswith(ACCELERATORS)}
    assert unpinned == {"mmed-curate"}

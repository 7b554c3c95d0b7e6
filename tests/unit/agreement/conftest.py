"""Builders: a clip of 100 frames at 100 Hz, coders named by letters, a log that numbers itself."""

from __future__ import annotations

from fractions import Fraction

import pytest

from mmed_curate.domain.codebook import Codebook, load_codebook
from mmed_curate.domain.protocol import Protocol, load_protocol
from mmed_curate.domain.time import FrameClock


@pytest.fixture(scope="session")
def codebook() -> Codebook:
    return load_codebook("mmed")


@pytest.fixture(scope="session")
def protocol() -> Protocol:
    return load_protocol("mmed")


@pytest.fixture(scope="session")
def clock() -> FrameClock:
    """100 frames of exactly 10 ms."""
    return FrameClock(pts=tuple(range(100)), end_pts=100, time_base=Fraction(1, 100))

"""Random numbers that depend on what they are for, never on the order in which they are asked for."""

from __future__ import annotations

import hashlib

import numpy as np


def generator(seed: int, *purpose: str | int) -> np.random.Generator:
    """A generator of its own for one purpose, such as `generator(seed, "voice", subject)`.

    Args:
        seed: of the whole simulation.
        purpose: what the numbers are for, in a fixed order; other words give unrelated numbers.
    """
    text = "\x1f".join(str(part) for part in (seed, *purpose))
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))

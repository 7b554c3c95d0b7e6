"""How loud a clip's sound is from place to place, few enough numbers to draw it as a wave."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmed_curate.domain.findings import BadInput

N_PEAKS = 240
"""Places; about as many as a drawing is pixels wide on a small screen."""


def peaks(samples: NDArray[np.floating[Any]]) -> list[int]:
    """The greatest excursion within each of equal stretches, in percent of the loudest.

    Args:
        samples: (N, channels), any scale.

    Returns:
        min(N, N_PEAKS) whole numbers in 0..100; zeros of silence.
    """
    if not len(samples):
        return []
    loud = np.abs(np.asarray(samples, dtype=np.float64)).max(axis=1)  # (N,)
    edges = np.linspace(0, len(loud), min(len(loud), N_PEAKS) + 1).astype(np.int64)
    found = np.maximum.reduceat(loud, edges[:-1])
    most = float(found.max())
    return [0] * len(found) if most == 0 else [int(value) for value in np.rint(100 * found / most)]


def peaks_of(path: Path) -> list[int]:
    """The peaks of a release's sound.wav, PCM s16le as `mmed recut` writes it.

    Raises:
        BadInput: the file is none such.
    """
    try:
        with wave.open(str(path), "rb") as stream:
            if stream.getsampwidth() != 2:
                raise wave.Error(f"{8 * stream.getsampwidth()} bits per sample, not 16")
            data, channels = stream.readframes(stream.getnframes()), stream.getnchannels()
    except (wave.Error, EOFError) as error:
        raise BadInput.of("release.sound", f"{path} cannot be drawn ({error})", "run `mmed recut`") from error
    whole = len(data) // (2 * channels) * channels
    return peaks(np.frombuffer(data, dtype="<i2", count=whole).reshape(-1, channels))

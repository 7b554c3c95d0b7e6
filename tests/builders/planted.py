"""Clips whose class shows in the flow, in the sound, in both or in neither: what a model can know is known."""

from __future__ import annotations

import numpy as np

from mmed_curate.benchmark.features import BenchmarkData, levelled_flow, levelled_sound
from mmed_curate.benchmark.settings import BenchmarkSettings, load_settings

N_FRAMES = 128
CENTRES = ((12, 14), (36, 16), (24, 24))
"""Where on the 48 × 48 face each class moves: brow, mouth corner, nose."""
BANDS = (slice(5, 15), slice(30, 50), slice(0, 64))
"""Which bands each class lifts (the last one lowers all)."""


def planted(
    *,
    in_flow: float,
    in_sound: float,
    n_subjects: int = 4,
    clips_per_subject: int = 12,
    silent_subjects: tuple[int, ...] = (),
    seed: int = 0,
) -> BenchmarkData:
    """Three classes in turn within each subject; amplitudes in px and in standard deviations of the noise."""
    random = np.random.default_rng(seed)
    flows, sounds, masks, labels, subjects, names = [], [], [], [], [], []
    y, x = np.mgrid[:48, :48]
    for subject in range(n_subjects):
        for take in range(clips_per_subject):
            kind = take % 3
            flow = 0.04 * random.normal(size=(3, 48, 48)) + 0.1 * random.normal(size=(3, 1, 1))  # px, and a head motion
            row, column = CENTRES[kind] + random.normal(size=2)
            bump = np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * 4.0**2))
            flow[1] += in_flow * bump * (1 if kind == 1 else -1)
            flow[2] += 0.1 * in_flow * bump
            sound = random.normal(size=(64, N_FRAMES)) + 2 * random.normal(size=(64, 1))  # noise, and a room
            start = 40 + random.integers(0, 20)
            sound[BANDS[kind], start : start + 30] += in_sound * (-1 if kind == 2 else 1)
            flows.append(levelled_flow(flow.astype(np.float32)))
            sounds.append(levelled_sound(sound.astype(np.float32)))
            masks.append(np.full(N_FRAMES, subject not in silent_subjects))
            labels.append(kind)
            subjects.append(f"S{subject}")
            names.append(f"clip-{random.integers(1 << 40):010x}")
    return BenchmarkData.of(
        flow=np.stack(flows),
        log_mel=np.stack(sounds),
        sound_mask=np.stack(masks),
        labels=labels,
        subjects=subjects,
        names=names,
        classes=("first", "second", "third"),
    )


def quick(*, epochs: int) -> BenchmarkSettings:
    """The packaged settings with one seed and fewer epochs."""
    return load_settings("mmed").model_copy(update={"epochs": epochs, "seeds": (1,)})

"""Who speaks when: against people's own marks on a real conversation, and against pauses that were made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from mmed_curate.media.sound import read_sound, sound_span
from mmed_curate.signals.sound import sound_features
from mmed_curate.signals.windows import HOP_S, WINDOW_S

FloatArray = npt.NDArray[np.float32]
RATE_HZ = 16_000


def mono(path: Path) -> FloatArray:
    span = sound_span(path)
    assert span is not None
    return read_sound(path, *span, rate_hz=RATE_HZ, mono=True).samples[:, 0]


def marked(rttm: Path, count: int) -> npt.NDArray[np.bool_]:
    """Windows whose middle lies in somebody's turn."""
    middles_s = np.arange(count) * HOP_S + WINDOW_S / 2
    speaks = np.zeros(count, dtype=bool)
    for line in rttm.read_text().splitlines():
        begin_s, length_s = (float(field) for field in line.split()[3:5])
        speaks |= (middles_s >= begin_s) & (middles_s < begin_s + length_s)
    return speaks


@pytest.mark.parametrize(
    # (noise below the speech in dB, least precision, least recall): measured 0.994/0.993, 1.000/0.935, 1.000/0.906
    ("ratio_db", "precision", "recall"),
    [(None, 0.98, 0.98), (10, 0.98, 0.92), (5, 0.98, 0.89)],
)
def test_turns_of_a_conversation(material: Path, ratio_db: float | None, precision: float, recall: float) -> None:
    sound = mono(material / "pyannote-sample" / "sample.wav")
    if ratio_db is not None:
        level = np.sqrt((sound[7 * RATE_HZ :] ** 2).mean()) * 10 ** (-ratio_db / 20)
        sound = (sound + np.random.default_rng(1).normal(0, level, len(sound))).astype(np.float32)
    found = sound_features(sound, RATE_HZ).voice_activity
    truth = marked(material / "pyannote-sample" / "sample.rttm", len(found))
    hits = (found & truth).sum()
    assert hits / found.sum() >= precision
    assert hits / truth.sum() >= recall


def test_one_phrase_between_its_marks(material: Path) -> None:
    found = sound_features(mono(material / "textgrid" / "mary.wav"), RATE_HZ).voice_activity
    inside = np.flatnonzero(found) * HOP_S
    # mary.TextGrid: the first phone begins at 0.315 s, the last ends at 1.518 s
    assert inside[0] == pytest.approx(0.315, abs=0.08)
    assert inside[-1] == pytest.approx(1.518, abs=0.08)


def test_speech_without_a_pause_is_speech(material: Path) -> None:
    """A clip of a second in which somebody speaks all the time has no quiet to compare with."""
    speech = mono(material / "pyannote-sample" / "sample.wav")[11 * RATE_HZ : 12 * RATE_HZ]
    assert sound_features(speech, RATE_HZ).voice_activity.mean() > 0.8


@pytest.mark.parametrize("level", [0.0, 1e-4, 0.01, 0.1])
def test_nobody_speaks_in_steady_noise(level: float) -> None:
    noise = np.random.default_rng(2).normal(0, 1, 4 * RATE_HZ).astype(np.float32) * np.float32(level)
    assert not sound_features(noise, RATE_HZ).voice_activity.any()


def test_a_key_that_is_struck_is_no_speech() -> None:
    draws = np.random.default_rng(4)
    sound = draws.normal(0, 1e-3, 3 * RATE_HZ).astype(np.float32)
    sound[RATE_HZ : RATE_HZ + 160] += draws.normal(0, 0.3, 160).astype(np.float32)  # 10 ms
    assert not sound_features(sound, RATE_HZ).voice_activity.any()

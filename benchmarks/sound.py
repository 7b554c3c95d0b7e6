"""What sound features cost: CPU milliseconds per second of sound at 16 kHz, each and all together, and beside peers.

The target is at most 0.5 % of real time for all of them: exit 1 above it. Peers are measured where they are installed
(webrtcvad, Parselmouth, librosa, silero-vad). The sound is SIMULATED babble, or a file's: `python benchmarks/sound.py
[RECORDING] [--json]`. One thread; the best of some runs, because other load only ever adds.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt

from mmed_curate.media.sound import read_sound, sound_span
from mmed_curate.signals.activity import voice_activity
from mmed_curate.signals.pitch import pitch
from mmed_curate.signals.sound import band_centres_hz, intensity_db, log_mel, sound_features
from mmed_curate.simulation.settings import load_settings
from mmed_curate.simulation.voice import babble, draw_voice

RATE_HZ = 16_000
MOST_SHARE = 0.005
"""Of real time, for everything (issue: sound features)."""

Samples = npt.NDArray[np.float32]
Work = Callable[[Samples], object]


def recorded(path: Path) -> Samples:
    """(N,) mono at 16 kHz: all of a file's sound."""
    span = sound_span(path)
    if span is None:
        raise SystemExit(f"{path} holds no sound")
    return read_sound(path, *span, rate_hz=RATE_HZ, mono=True).samples[:, 0]


def simulated(seconds: float) -> Samples:
    """(N,) SIMULATED babble at 16 kHz."""
    rng = np.random.default_rng(1)
    settings = load_settings("mmed").sound
    sound = babble(draw_voice(settings, rng), round(seconds * settings.rate_hz), (), settings, rng)[:, 0]
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return np.interp(at, np.arange(len(sound)) / settings.rate_hz, sound).astype(np.float32)


def ours(samples: Samples) -> dict[str, Work]:
    """Each measure and all of them; activity alone is given the others."""
    bands, level, voice = log_mel(samples, RATE_HZ), intensity_db(samples, RATE_HZ), pitch(samples, RATE_HZ)
    centres = band_centres_hz()
    return {
        "log-mel": lambda sound: log_mel(sound, RATE_HZ),
        "intensity": lambda sound: intensity_db(sound, RATE_HZ),
        "pitch (F0)": lambda sound: pitch(sound, RATE_HZ),
        "voice activity": lambda _: voice_activity(bands, centres, level, voice.f0_hz),
        "all": lambda sound: sound_features(sound, RATE_HZ),
    }


def peers() -> dict[str, Work]:
    """What is installed here of others' work, each as its guide uses it."""
    found: dict[str, Work] = {}
    if importlib.util.find_spec("webrtcvad"):
        import webrtcvad

        def by_webrtc(sound: Samples) -> None:
            detector = webrtcvad.Vad(2)
            whole = (np.clip(sound, -1, 1) * 32767).astype("<i2")
            for start in range(0, len(whole) - 160, 160):
                detector.is_speech(whole[start : start + 160].tobytes(), RATE_HZ)

        found["webrtcvad: voice activity"] = by_webrtc
    if importlib.util.find_spec("parselmouth"):
        import parselmouth

        found["Parselmouth: pitch"] = lambda sound: parselmouth.Sound(sound.astype(np.float64), RATE_HZ).to_pitch_ac(
            time_step=0.01, pitch_floor=60.0, pitch_ceiling=500.0
        )
    if importlib.util.find_spec("librosa"):
        import librosa

        found["librosa: log-mel"] = lambda sound: librosa.feature.melspectrogram(
            y=sound, sr=RATE_HZ, n_fft=1024, win_length=400, hop_length=160, n_mels=64, fmin=60, fmax=8000
        )
        found["librosa: pitch (YIN)"] = lambda sound: librosa.yin(
            sound, fmin=60, fmax=500, sr=RATE_HZ, frame_length=1024, hop_length=160
        )
    if importlib.util.find_spec("silero_vad"):
        import silero_vad

        model = silero_vad.load_silero_vad(onnx=importlib.util.find_spec("onnxruntime") is not None)
        found["Silero VAD: voice activity"] = lambda sound: silero_vad.get_speech_timestamps(sound, model)
    return found


def cost_ms(work: Work, samples: Samples, repeats: int) -> float:
    """CPU milliseconds per second of sound, the best of some runs."""
    work(samples[:RATE_HZ])  # tables are made once
    best = float("inf")
    for _ in range(repeats):
        begin = time.process_time()
        work(samples)
        best = min(best, time.process_time() - begin)
    return 1000 * best / (len(samples) / RATE_HZ)


def main() -> int:
    """Print the table; 1 where all together cost more than 0.5 % of real time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recording", type=Path, nargs="?", help="measure on its sound; without it, on SIMULATED babble")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of the simulated babble")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    samples = simulated(chosen.seconds) if chosen.recording is None else recorded(chosen.recording)
    costs_ms = {name: cost_ms(work, samples, chosen.repeats) for name, work in ours(samples).items()}
    others_ms = {name: cost_ms(work, samples, chosen.repeats) for name, work in peers().items()}
    within = costs_ms["all"] / 1000 <= MOST_SHARE
    if chosen.json:
        document = {
            "format": "mmed-bench-sound",
            "version": "1.0",
            "sound": "SIMULATED" if chosen.recording is None else chosen.recording.name,
            "seconds": len(samples) / RATE_HZ,
            "cpu_ms_per_s": costs_ms,
            "peers_cpu_ms_per_s": others_ms,
            "most_share": MOST_SHARE,
            "within": within,
        }
        print(json.dumps(document, indent=2))
        return 0 if within else 1
    whose = "SIMULATED babble" if chosen.recording is None else chosen.recording.name
    print(f"{whose}, {len(samples) / RATE_HZ:.0f} s at {RATE_HZ} Hz, best of {chosen.repeats}")
    print(f"{'':32}{'CPU ms per s':>14}{'of real time':>14}")
    for name, cost in (costs_ms | others_ms).items():
        print(f"{name:32}{cost:14.2f}{cost / 1000:14.2%}")
    print(f"target: all within {MOST_SHARE:.1%}: {'met' if within else 'MISSED'}")
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())

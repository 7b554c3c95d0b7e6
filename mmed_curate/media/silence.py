"""How much of a recording's sound is silence: a microphone that was off is told from a player who says little."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from mmed_curate.media.sound import sound_samples
from mmed_curate.media.write import as_int16

with warnings.catch_warnings():
    # pydub warns that no ffmpeg is on the PATH, and of audioop's end; it decodes nothing here, and audioop-lts follows
    warnings.simplefilter("ignore")
    from pydub import AudioSegment
    from pydub.silence import detect_silence

SILENT_DBFS = -50.0
"""Quieter than this is silence (ours: a headset's own noise lies near -60 dBFS, soft speech near -40)."""
SHORTEST_MS = 50
"""Shorter quiet stretches are the pauses inside speech."""


def silent_share(path: Path) -> float:
    """Share of the sound that lies in quiet stretches, in 0..1.

    Reads a second at a time, so memory does not grow with the recording.

    Raises:
        BadInput: there is no sound stream, or it cannot be decoded.
    """
    quiet_ms, all_ms = 0, 0
    for block in sound_samples(path):
        samples = np.ascontiguousarray(as_int16(block.samples))  # (N, C)
        segment = AudioSegment(samples.tobytes(), sample_width=2, frame_rate=block.rate_hz, channels=samples.shape[1])
        all_ms += len(segment)
        quiet_ms += sum(
            stop - start
            for start, stop in detect_silence(
                segment, min_silence_len=SHORTEST_MS, silence_thresh=SILENT_DBFS, seek_step=SHORTEST_MS
            )
        )
    return quiet_ms / all_ms if all_ms else 1.0

"""Whose voice a player's microphone holds: its own player's, another's, or both at once. Arrays only.

Sound of all microphones on one clock, mono at 16 kHz. Each 200 ms is judged by itself: a voice is what has a pitch; two
microphones that hold the same waveform hear the same voice, and it belongs to the one that hears it louder and first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.records import SoundFlag
from mmed_curate.domain.yamlfile import Declared

Floats = npt.NDArray[np.float32]

RATE_HZ = 16000
"""Rate of all sound here."""
_BLOCK_S, _HOP_S = 0.2, 0.1
"""Length of sound that is judged at once, and from one to the next: about a syllable."""
_LOWEST_F0_HZ, _HIGHEST_F0_HZ = 60.0, 400.0
"""Pitch of speaking voices."""
_PRE_EMPHASIS = 0.95
"""Of the first difference that lifts what tells two voices apart (Rabiner & Schafer, Digital Processing of Speech)."""

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, lt=1)]


class CrosstalkBounds(Declared):
    """When a second voice is flagged: `crosstalk` of `pipelines/sync/*.yaml`."""

    voice_dbfs: Annotated[float, Field(lt=0)]
    """Anything quieter is no voice."""
    voicing: Share
    """A voice repeats itself after one period at least so well."""
    same: Share
    """Two microphones whose normalised cross-correlation reaches this hear the same voice."""
    reach_ms: Positive
    """How much later one microphone may hear it than the other."""
    weaker_db: Positive
    """The microphone that hears it so much weaker is not its speaker's."""
    later_ms: Positive
    """Where both hear it about as loud, nor is the one that hears it so much later."""
    never_db: Positive
    """A voice so much weaker than the other microphone's is never a second speaker."""
    least_s: Positive
    """Shorter overlap or crosstalk is not flagged."""
    crosstalk_share: Share
    """CROSSTALK: more than this part of the voice that the subject's microphone hears is another player's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceTimes:
    """What the subject's microphone holds, in seconds."""

    own_s: float
    """The subject speaks alone."""
    overlap_s: float
    """The subject and somebody else speak at once."""
    crosstalk_s: float
    """Only somebody else is heard."""


def voice_times(own: Floats, others: Sequence[Floats], *, bounds: CrosstalkBounds) -> VoiceTimes:
    """How long the subject's microphone holds whose voice.

    Args:
        own: (N,) the subject's microphone, 16 kHz.
        others: (N,) each: the other players' microphones on the same clock.
        bounds: when to flag.

    Raises:
        BadInput: the arrays are not mono, or not equally long.
    """
    for other in others:
        if own.ndim != 1 or other.shape != own.shape:
            raise BadInput.of(
                "crosstalk.shapes",
                f"need mono sound of equal length, got {own.shape} and {other.shape}",
                "read all microphones over the same stretch",
            )
    width, hop = round(_BLOCK_S * RATE_HZ), round(_HOP_S * RATE_HZ)
    seconds = {"own": 0.0, "overlap": 0.0, "crosstalk": 0.0}
    for start in range(0, max(1, len(own) - width + 1), hop):
        here = slice(start, start + width)
        said = _judged(own[here], [other[here] for other in others], bounds)
        if said is not None:
            seconds[said] += _HOP_S
    return VoiceTimes(own_s=seconds["own"], overlap_s=seconds["overlap"], crosstalk_s=seconds["crosstalk"])


def sound_flags(own: Floats, others: Sequence[Floats], *, bounds: CrosstalkBounds) -> frozenset[SoundFlag]:
    """What else a clip's sound holds beside the subject's voice.

    OVERLAP: two or more microphones hold their own player's voice at once. CROSSTALK: what the subject's microphone
    hears is mostly another player's voice: the same waveform as at the other's microphone, and weaker or later.

    Args:
        own: (N,) the subject's microphone, 16 kHz.
        others: (N,) each: the other players' microphones on the same clock.
        bounds: when to flag.

    Raises:
        BadInput: the arrays are not mono, or not equally long.
    """
    held = voice_times(own, others, bounds=bounds)
    flags: set[SoundFlag] = set()
    if held.overlap_s >= bounds.least_s:
        flags.add(SoundFlag.OVERLAP)
    heard_s = held.own_s + held.overlap_s + held.crosstalk_s
    if held.crosstalk_s >= bounds.least_s and held.crosstalk_s > bounds.crosstalk_share * heard_s:
        flags.add(SoundFlag.CROSSTALK)
    return frozenset(flags)


def _judged(own: Floats, others: Sequence[Floats], bounds: CrosstalkBounds) -> str | None:
    """`own`, `overlap` or `crosstalk`; None: the subject's microphone holds no voice."""
    if not _holds_voice(own, bounds):
        return None
    overlap = False
    for other in others:
        if _level_db(other) < bounds.voice_dbfs:
            continue
        weaker_db = _level_db(other) - _level_db(own)
        likeness, later_ms = _same_voice(own, other, bounds.reach_ms)
        if likeness >= bounds.same:
            if weaker_db >= bounds.weaker_db or (weaker_db > -bounds.weaker_db and later_ms >= bounds.later_ms):
                return "crosstalk"
        elif weaker_db >= bounds.never_db and _holds_voice(other, bounds):
            return "crosstalk"
        elif weaker_db > -bounds.never_db and _holds_voice(other, bounds):
            overlap = True
    return "overlap" if overlap else "own"


def _holds_voice(block: Floats, bounds: CrosstalkBounds) -> bool:
    """Whether a block is loud enough and has a pitch: the autocorrelation's highest peak within the range of voices."""
    if _level_db(block) < bounds.voice_dbfs:
        return False
    values = block.astype(np.float64) - float(block.mean())
    n = len(values)
    size = 1 << int(np.ceil(np.log2(2 * n)))
    power = np.abs(np.fft.rfft(values, size)) ** 2
    power[: int(50 * size / RATE_HZ)] = 0  # rumble repeats itself, too
    repeats = np.fft.irfft(power, size)
    first, last = int(RATE_HZ / _HIGHEST_F0_HZ), min(n - 1, int(RATE_HZ / _LOWEST_F0_HZ))
    fair = n / (n - np.arange(first, last))  # a longer lag has fewer samples to agree in
    return bool(repeats[0] > 0) and float((repeats[first:last] * fair).max() / repeats[0]) >= bounds.voicing


def _same_voice(own: Floats, other: Floats, reach_ms: float) -> tuple[float, float]:
    """Greatest normalised cross-correlation within the reach, and by how many ms the subject's hears it later."""
    ours, theirs = (np.diff(block.astype(np.float64)) + (1 - _PRE_EMPHASIS) * block[:-1] for block in (own, other))
    size = 1 << int(np.ceil(np.log2(2 * len(ours))))
    crossed = np.fft.irfft(np.fft.rfft(ours, size) * np.conj(np.fft.rfft(theirs, size)), size)
    reach = round(reach_ms / 1000 * RATE_HZ)
    near = np.abs(np.concatenate([crossed[-reach:], crossed[: reach + 1]]))
    at = int(np.argmax(near))
    scale = float(np.sqrt(np.square(ours).sum() * np.square(theirs).sum()))
    return (float(near[at]) / scale if scale > 0 else 0.0), (at - reach) / RATE_HZ * 1000


def _level_db(block: Floats) -> float:
    return 10 * float(np.log10(np.square(block, dtype=np.float64).mean() + 1e-12)) if len(block) else -120.0

"""How much of a recording is silence, on real sound whose silence was measured by another program."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmed_curate.domain.findings import BadInput
from mmed_curate.media.silence import silent_share


@pytest.mark.parametrize(
    ("name", "share"),
    [
        # share of 50 ms windows below -50 dBFS, as the material's manifest states it
        ("sync-autoeditor/example.mp4", 0.65),
        ("pyfeat/single_face.mp4", 0.98),
        ("oneshot-speech/speech.mp4", 0.20),
        ("whisper-jfk/jfk.flac", 0.00),
        ("pyfeat/WolfgangLanger_Pexels.mp4", 1.00),  # a sound stream of zeros
    ],
)
def test_silence_of_real_recordings(material: Path, name: str, share: float) -> None:
    assert silent_share(material / name) == pytest.approx(share, abs=0.01)


def test_no_sound_at_all_is_said(repository: Path) -> None:
    with pytest.raises(BadInput, match=r"please\.mkv holds no sound"):
        silent_share(repository / "demo" / "recordings" / "please.mkv")

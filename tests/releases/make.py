"""Writes one small SIMULATED release with the toolkit whose checkout it runs in; see README.md beside this file.

Run from the root of that checkout: `PYTHONPATH=.:tests python path/to/make.py FOLDER`.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from datetime import date
from fractions import Fraction
from pathlib import Path

import numpy as np

from builders import road
from builders.release import lenient_policy, lenient_settings
from mmed_curate.domain.records import AssetKind, Term
from mmed_curate.media.sound import Sound, write_wav
from mmed_curate.media.write import RecordingWriter
from mmed_curate.release.build import Wishes, create_release
from mmed_curate.release.leave import ask_gate
from mmed_curate.release.recipe import load_release_recipe

RATE_HZ, SOUND_RATE_HZ = 30, 8_000


def tiny_files(folder: Path) -> dict[AssetKind, Path]:
    """What every clip of the builder shares, in a few kB: pictures of one grey, a low tone, flow in one third."""
    folder.mkdir(parents=True)
    n_frames = road.WINDOW[1] - road.WINDOW[0] + 1
    times = np.arange(n_frames * SOUND_RATE_HZ // RATE_HZ) / SOUND_RATE_HZ
    tone = (0.25 * np.sin(2 * np.pi * 220 * times)).astype(np.float32)[:, None]
    picture = folder / "picture.mp4"
    with RecordingWriter(
        picture, width=64, height=48, time_base=Fraction(1, RATE_HZ), sample_rate_hz=SOUND_RATE_HZ
    ) as writer:
        for frame in range(n_frames):
            writer.picture(np.full((48, 64, 3), 5 * frame, dtype=np.uint8), frame)
        writer.sound(tone)
    write_wav(folder / "sound.wav", Sound(samples=tone, rate_hz=SOUND_RATE_HZ, start=Fraction(0)))
    flow = np.zeros((3, 48, 48), dtype=np.float32)
    flow[:, 16:32] = 1
    np.savez_compressed(folder / "features.npz", flow=flow)
    np.savez_compressed(
        folder / "sound-features.npz",
        log_mel=np.tile(np.arange(64, dtype=np.float32)[:, None], (1, 160)),
        hop_s=np.array(0.010),
        window_s=np.array(0.025),
        rate_hz=np.array(SOUND_RATE_HZ),
        onset_s=np.array(0.5),
        apex_s=np.array(0.6),
        offset_s=np.array(0.8),
    )
    (folder / "coding.mp4").write_bytes(b"what the coders saw")
    return {
        AssetKind.RELEASE_PICTURE: picture,
        AssetKind.RELEASE_SOUND: folder / "sound.wav",
        AssetKind.FEATURES: folder / "features.npz",
        AssetKind.SOUND_FEATURES: folder / "sound-features.npz",
        AssetKind.CODING_PICTURE: folder / "coding.mp4",
    }


def main(to: Path) -> None:
    """Three subjects with three clips each: the first consented to all, the second not to voice, the third to none."""
    road._release_files = tiny_files
    everything = frozenset(Term)
    consents = (
        everything,
        everything - {Term.PUBLISH_VOICE},
        everything - {Term.PUBLISH_FACE, Term.PUBLISH_VOICE},
    )
    road.SILENT = -1  # all recordings have sound
    with tempfile.TemporaryDirectory() as folder:
        workspace = road.a_settled_workspace(Path(folder) / "ws", consents=consents, clips=3)
        _, leave = ask_gate(workspace, policy=lenient_policy(), settings=lenient_settings(), on=date(2026, 6, 1))
        assert leave is not None
        wishes = Wishes(version="0.1.0", recipe=load_release_recipe("mmed"))
        shutil.copytree(create_release(workspace, leave, wishes).path, to)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

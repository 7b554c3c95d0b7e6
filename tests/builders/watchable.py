"""A small workspace whose clips can be watched and heard: each frame shows its number, the sound is a tone and a click.

What lies beside them (landmarks, motion, log-mel, pitch) is made up, in the layout of docs/arrays.md.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np

from builders.video import a_recording, steady
from builders.workspace import CLIP_FRAMES, RATE_HZ, STAFF, a_workspace, add_clips
from mmed_curate.domain.protocol import Role
from mmed_curate.domain.records import AssetKind
from mmed_curate.media.sound import Sound, write_wav
from mmed_curate.store import Workspace

WIDTH, HEIGHT = 256, 144
SOUND_RATE_HZ = 16_000
N_PLACES = 16
MOVEMENT_FIRST = Path(__file__).parent / "protocols" / "window.yaml"
"""Coders hand in the movement first, and may see the motion curve once their marks are set."""


@cache
def watchable_media() -> Mapping[AssetKind, tuple[str, bytes]]:
    """Picture, sound and arrays of a clip of 60 frames at 30 Hz."""
    seconds = CLIP_FRAMES / RATE_HZ
    times_s = np.arange(int(seconds * SOUND_RATE_HZ)) / SOUND_RATE_HZ
    tone = 0.3 * np.sin(2 * np.pi * 220 * times_s)
    tone[SOUND_RATE_HZ] = 0.9
    with tempfile.TemporaryDirectory() as folder:
        picture, sound = Path(folder) / "picture.mp4", Path(folder) / "sound.wav"
        a_recording(
            picture,
            pts=steady(CLIP_FRAMES, 512),
            time_base=Fraction(1, 512 * RATE_HZ),
            rate_hz=None,
            width=WIDTH,
            height=HEIGHT,
        )
        write_wav(sound, Sound(samples=tone[:, None].astype(np.float32), rate_hz=SOUND_RATE_HZ, start=Fraction(0)))
        return {
            AssetKind.CODING_PICTURE: ("picture.mp4", picture.read_bytes()),
            AssetKind.CODING_SOUND: ("sound.wav", sound.read_bytes()),
            AssetKind.CODING_FEATURES: ("face.npz", _face()),
            AssetKind.CODING_SOUND_FEATURES: ("sound.npz", _voice(seconds)),
        }


def a_watchable_workspace(
    root: Path, *, n_clips: int = 1, staff: Mapping[str, tuple[Role, ...]] = STAFF, protocol: Path = MOVEMENT_FIRST
) -> Workspace:
    """Clips that wait for screening, and just enough people for their whole way."""
    workspace = a_workspace(root, n_clips=0, staff=staff, protocol=protocol)
    add_clips(workspace, n_clips, media=watchable_media())
    return workspace


def _face() -> bytes:
    frames = np.arange(CLIP_FRAMES)
    rise = np.exp(-(((frames - 25) / 5.0) ** 2))
    motion = np.zeros((CLIP_FRAMES, N_PLACES, 2), dtype=np.float32)
    motion[:, :3, 1] = -1.5 * rise[:, None]
    points = np.stack(np.meshgrid(np.linspace(90, 160, 26), np.linspace(30, 120, 18)), axis=-1).reshape(468, 2)
    places = ["brow"] * 4 + ["lid"] * 4 + ["nose-wing"] * 2 + ["mouth-corner"] * 4 + ["chin"] * 2
    return _packed(
        format="mmed-features",
        version=2,
        times_s=frames / RATE_HZ,
        faces=np.zeros((CLIP_FRAMES, 128, 128), dtype=np.uint8),
        alignment=np.broadcast_to(np.array([[1, 0, 0], [0, 1, 0]], dtype=np.float32), (CLIP_FRAMES, 2, 3)),
        landmarks=np.broadcast_to(points.astype(np.float32), (CLIP_FRAMES, 468, 2)),
        seen=np.ones(CLIP_FRAMES, dtype=bool),
        eye_distance_px=np.full(CLIP_FRAMES, 44, dtype=np.float32),
        places=np.array(places),
        place_motion=motion,
    )


def _voice(seconds: float) -> bytes:
    n_windows = int((seconds - 0.025) / 0.01) + 1
    return _packed(
        format="mmed-sound-features",
        version=2,
        log_mel=np.tile(np.linspace(-10, -2, 64, dtype=np.float32)[:, None], (1, n_windows)),
        band_hz=np.linspace(60, 7600, 64, dtype=np.float32),
        intensity_db=np.full(n_windows, -13, dtype=np.float32),
        f0_hz=np.full(n_windows, 220, dtype=np.float32),
        voice_activity=np.ones(n_windows, dtype=bool),
        start_s=0.0,
        hop_s=0.01,
        window_s=0.025,
    )


def _packed(**arrays: object) -> bytes:
    held = io.BytesIO()
    np.savez(held, **arrays)  # type: ignore[arg-type]
    return held.getvalue()

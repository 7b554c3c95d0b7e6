"""Clips to be asked about: of a release, or array files in folders, as what a saved model is given. Needs no torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mmed_curate.benchmark.features import SOUND_NEEDED, Floats, flow_input, sound_input
from mmed_curate.dataset import load
from mmed_curate.dataset.arrays import read_arrays
from mmed_curate.dataset.facts import RELEASE
from mmed_curate.domain.counted import counted
from mmed_curate.domain.findings import BadInput

FEATURES, SOUND_FEATURES = "features.npz", "sound-features.npz"


class ClipSource(NamedTuple):
    """The release that a clip is of."""

    dataset: str
    """Name."""
    release_id: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClips:
    """N clips in order of their names."""

    names: tuple[str, ...]
    flow: Floats
    """(N, 3, 48, 48)."""
    log_mel: Floats
    """(N, 64, T)."""
    sound_mask: npt.NDArray[np.bool_]
    """(N, T) False where nothing was recorded."""
    hop_s: tuple[float | None, ...]
    """Time from one frame of log-mel to the next; None: no sound."""
    sources: tuple[ClipSource | None, ...]
    """None: array files, which do not say who is shown."""
    truth: tuple[str | None, ...]
    """Settled class; None: in none, or not known."""
    other_events: int
    """Events of a release that its codebook calls no micro-expression."""
    simulated: bool
    """Whether any of them is known to be."""
    left_out: int
    """Clips of a release whose picture features are withheld."""

    @property
    def has_sound(self) -> npt.NDArray[np.bool_]:
        """(N,)."""
        sounds: npt.NDArray[np.bool_] = np.any(self.sound_mask, axis=1)
        return sounds


class _Clip(NamedTuple):
    name: str
    features: Mapping[str, npt.NDArray[Any]]
    sound: Mapping[str, npt.NDArray[Any]] | None
    source: ClipSource | None
    truth: str | None
    is_micro: bool | None


def read_clips(paths: Sequence[Path], *, sound_frames: int) -> NewClips:
    """Read clips to be asked about.

    Args:
        paths: of each a release; a folder of clips, each a folder with features.npz and, where it has sound,
            sound-features.npz; one such folder; or a features.npz, beside which sound-features.npz is looked for.
        sound_frames: length of the window of log-mels round the apex.

    Raises:
        BadInput: there are no clips, two have one name, or arrays are missing, of another shape or not finite.
    """
    clips: list[_Clip] = []
    left_out, simulated = 0, False
    for path in paths:
        if (path / RELEASE).is_file():
            found, n_withheld, made = _of_release(path)
            left_out, simulated = left_out + n_withheld, simulated or made
            clips += found
        else:
            clips += _of_files(path)
    if not clips:
        raise BadInput.of(
            "predict.no_clips",
            f"{counted(left_out, 'clip')} of it, and the picture features of none are published",
            "name a release whose features are published",
        )
    twice = [name for name, count in Counter(clip.name for clip in clips).items() if count > 1]
    if twice:
        raise BadInput.of(
            "predict.twice", f"{counted(len(twice), 'clip')} named twice, {twice[0]} among them", "name each clip once"
        )
    clips.sort(key=lambda clip: clip.name)
    sounds = [sound_input(clip.sound, clip.name, sound_frames) for clip in clips]
    return NewClips(
        names=tuple(clip.name for clip in clips),
        flow=np.stack([flow_input(clip.features, clip.name) for clip in clips]),
        log_mel=np.stack([one.log_mel for one in sounds]),
        sound_mask=np.stack([one.mask for one in sounds]),
        hop_s=tuple(None if clip.sound is None else float(clip.sound["hop_s"]) for clip in clips),
        sources=tuple(clip.source for clip in clips),
        truth=tuple(clip.truth for clip in clips),
        other_events=sum(clip.is_micro is False for clip in clips),
        simulated=simulated,
        left_out=left_out,
    )


def _of_release(path: Path) -> tuple[list[_Clip], int, bool]:
    dataset = load(path)
    micro = {entry.code for entry in dataset.codebook.event_types if entry.is_micro}
    rows = [row for row in dataset.clip_rows if row.features is not None]
    release_id = dataset.id
    clips = [
        _Clip(
            name=row.clip,
            features=dataset.clip(row.clip).features(),
            sound=None if row.sound_features is None else _needed(dataset.clip(row.clip).sound_features()),
            source=ClipSource(dataset=dataset.release.name, release_id=release_id, subject=row.subject),
            truth=row.emotion_class,
            is_micro=row.event_type in micro,
        )
        for row in rows
    ]
    return clips, len(dataset) - len(rows), dataset.release.simulated


def _needed(arrays: Mapping[str, npt.NDArray[Any]]) -> Mapping[str, npt.NDArray[Any]]:
    return {name: arrays[name] for name in SOUND_NEEDED if name in arrays}


def _of_files(path: Path) -> list[_Clip]:
    if path.is_file():
        files = [path]
    elif (path / FEATURES).is_file():
        files = [path / FEATURES]
    else:
        files = sorted(path.glob(f"*/{FEATURES}")) if path.is_dir() else []
    if not files:
        raise BadInput.of(
            "predict.no_clips",
            f"{path} is neither a release nor holds a {FEATURES}" if path.exists() else f"there is no {path}",
            f"name a release, a folder of clips with a {FEATURES} each, or such a file",
        )
    return [_of_file(file) for file in files]


def _of_file(file: Path) -> _Clip:
    folder = file.resolve().parent
    sound = folder / SOUND_FEATURES
    try:
        return _Clip(
            name=folder.name,
            features=read_arrays(folder, file.resolve()),
            sound=_needed(read_arrays(folder, sound)) if sound.is_file() else None,
            source=None,
            truth=None,
            is_micro=None,
        )
    except BadInput as error:
        if error.finding.code != "dataset.not_whole":
            raise
        raise BadInput.of(
            "predict.unreadable", error.finding.what, "measure the clip again (mmed recut), or copy the file again"
        ) from error

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
from mmed_curate.benchmark.wording import Spoken, encoded
from mmed_curate.dataset import load
from mmed_curate.dataset.arrays import read_arrays
from mmed_curate.dataset.facts import RELEASE
from mmed_curate.domain.counted import counted
from mmed_curate.domain.findings import BadInput, Finding

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
    words: Floats
    """(N, L, D) vectors of the words spoken; L and D are 0 where the model does not read."""
    word_mask: npt.NDArray[np.bool_]
    """(N, L) False where there are no more words."""
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
    unread: Finding | None
    """Why transcripts that there are could not be read; None: they were, or need not be."""

    @property
    def has_sound(self) -> npt.NDArray[np.bool_]:
        """(N,)."""
        sounds: npt.NDArray[np.bool_] = np.any(self.sound_mask, axis=1)
        return sounds


class _Clip(NamedTuple):
    name: str
    features: Mapping[str, npt.NDArray[Any]]
    sound: Mapping[str, npt.NDArray[Any]] | None
    said: Sequence[Spoken]
    source: ClipSource | None
    truth: str | None
    is_micro: bool | None


def read_clips(paths: Sequence[Path], *, sound_frames: int, word_tokens: int | None = None) -> NewClips:
    """Read clips to be asked about.

    Args:
        paths: of each a release; a folder of clips, each a folder with features.npz and, where it has sound,
            sound-features.npz; one such folder; or a features.npz, beside which sound-features.npz is looked for.
        sound_frames: length of the window of log-mels round the apex.
        word_tokens: words of a clip's transcript that the model reads; None: it does not read.

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
    words, word_mask, unread = _words(clips, word_tokens)
    return NewClips(
        names=tuple(clip.name for clip in clips),
        flow=np.stack([flow_input(clip.features, clip.name) for clip in clips]),
        log_mel=np.stack([one.log_mel for one in sounds]),
        sound_mask=np.stack([one.mask for one in sounds]),
        words=words,
        word_mask=word_mask,
        hop_s=tuple(None if clip.sound is None else float(clip.sound["hop_s"]) for clip in clips),
        sources=tuple(clip.source for clip in clips),
        truth=tuple(clip.truth for clip in clips),
        other_events=sum(clip.is_micro is False for clip in clips),
        simulated=simulated,
        left_out=left_out,
        unread=unread,
    )


def _words(clips: Sequence[_Clip], n_tokens: int | None) -> tuple[Floats, npt.NDArray[np.bool_], Finding | None]:
    if n_tokens is None:
        return np.zeros((len(clips), 0, 0), dtype=np.float32), np.zeros((len(clips), 0), dtype=np.bool_), None
    unread = None
    try:
        found = [encoded(clip.said, n_tokens=n_tokens) for clip in clips]
    except BadInput as error:  # what can be said without the words is said
        unread = error.finding
        found = [encoded((), n_tokens=n_tokens) for _ in clips]
    return np.stack([tokens for tokens, _ in found]), np.stack([mask for _, mask in found]), unread


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
            said=dataset.clip(row.clip).transcript if dataset.transcript_rows else (),
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
            said=(),
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

"""A release, or arrays of your own, as what the benchmark trains on. Needs no torch.

Values are put in order clip by clip and never with the help of other clips: what a fold leaves out must not leak into
what it learns from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mmed_curate.benchmark.coderclasses import CoderClasses, read_coder_classes
from mmed_curate.benchmark.wording import encoded
from mmed_curate.dataset import Dataset, load
from mmed_curate.dataset.facts import ReleaseFacts
from mmed_curate.dataset.groups import ATTRIBUTES
from mmed_curate.dataset.rows import ClipRow
from mmed_curate.domain.findings import BadInput, Finding, Severity

Floats = npt.NDArray[np.float32]

FLOW_SHAPE = (3, 48, 48)
"""u, v and strain of the onset→apex flow."""
N_BANDS = 64
"""Log-mel bands."""
SOUND_NEEDED = ("log_mel", "hop_s", "window_s", "apex_s")
"""Arrays of sound-features.npz without which there is no input."""
QUIET_FLOW = np.array([0.1, 0.1, 0.02], dtype=np.float32)[:, None, None]
"""Flow of this size (px, px, px per px) counts as half noise: Farneback's background error is 0.04 px."""
QUIET_SOUND = 0.1
"""Log-mels that vary less than this say nothing: digital silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkData:
    """Clips in order of their names, so that seeded draws fall alike whatever order they came in."""

    flow: Floats
    """(N, 3, 48, 48), about size 1."""
    log_mel: Floats
    """(N, 64, T), about size 1; whatever stands where `sound_mask` is False is not looked at."""
    sound_mask: npt.NDArray[np.bool_]
    """(N, T); False where nothing was recorded. A row of False: the clip has no sound."""
    labels: npt.NDArray[np.int64]
    """(N,) index into `classes`."""
    subjects: tuple[str, ...]
    names: tuple[str, ...]
    """Clip names, increasing."""
    classes: tuple[str, ...]
    sessions: tuple[str, ...]
    """The game session of each clip."""
    voice: npt.NDArray[np.bool_] | None = None
    """(N, T) True where somebody speaks; None: not measured in every clip with sound."""
    prosody: Floats | None = None
    """(N, 2, T) pitch in Hz, NaN where there is no voice, and intensity in dB; None: as above."""
    words: Floats | None = None
    """(N, L, D) vectors of the words spoken; None: the release has no transcripts."""
    word_mask: npt.NDArray[np.bool_] | None = None
    """(N, L) False where there are no more words."""

    def __post_init__(self) -> None:
        n, frames = len(self.names), self.sound_mask.shape[-1]
        shapes = {
            "flow": (self.flow.shape, (n, *FLOW_SHAPE)),
            "log_mel": (self.log_mel.shape, (n, N_BANDS, frames)),
            "sound_mask": (self.sound_mask.shape, (n, frames)),
            "labels": (self.labels.shape, (n,)),
            "subjects": ((len(self.subjects),), (n,)),
            "sessions": ((len(self.sessions),), (n,)),
        }
        if self.voice is not None:
            shapes["voice"] = (self.voice.shape, (n, frames))
        if self.prosody is not None:
            shapes["prosody"] = (self.prosody.shape, (n, 2, frames))
        if self.words is not None:
            shapes["word_mask"] = (() if self.word_mask is None else self.word_mask.shape, self.words.shape[:2])
        for name, (got, expected) in shapes.items():
            if got != expected:
                raise BadInput.of(
                    "benchmark.shape", f"{name} is {got}, expected {expected}", "give one entry per clip of that shape"
                )
        if any(earlier >= later for earlier, later in zip(self.names, self.names[1:], strict=False)):
            raise BadInput.of("benchmark.order", "clip names repeat or do not increase", "use BenchmarkData.of")
        if not n or not np.all((self.labels >= 0) & (self.labels < len(self.classes))):
            raise BadInput.of(
                "benchmark.no_classes",
                "no clip has an emotion class" if not n else "a label is outside the classes",
                "benchmark a release whose emotions have classes in its codebook",
            )
        present = len(set(self.labels.tolist()))
        if present < 2:
            raise BadInput.of(
                "benchmark.one_class",
                f"all {n} clips are of class {self.classes[int(self.labels[0])]}, so there is nothing to tell apart",
                "benchmark a release with at least two classes",
            )
        if len(set(self.subjects)) < 2:
            raise BadInput.of(
                "benchmark.one_subject",
                f"all {n} clips are of one subject, and leaving one subject out would leave none to learn from",
                "benchmark a release with at least two subjects",
            )
        for name, flow, log_mel, mask in zip(self.names, self.flow, self.log_mel, self.sound_mask, strict=True):
            if not np.isfinite(flow).all() or not np.isfinite(log_mel[:, mask]).all():
                raise _broken(name, "features are not all finite numbers (NaN or infinite)")

    @classmethod
    def of(
        cls,
        *,
        flow: Floats,
        log_mel: Floats,
        sound_mask: npt.NDArray[np.bool_],
        labels: Sequence[int] | npt.NDArray[np.int64],
        subjects: Sequence[str],
        names: Sequence[str],
        classes: Sequence[str],
        sessions: Sequence[str] | None = None,
        voice: npt.NDArray[np.bool_] | None = None,
        prosody: Floats | None = None,
        words: Floats | None = None,
        word_mask: npt.NDArray[np.bool_] | None = None,
    ) -> BenchmarkData:
        """Sort clips of any order by name; without `sessions` every subject is a session.

        Raises:
            BadInput: shapes do not fit, features are not finite (names the clip), or there are fewer than two subjects
                or classes.
        """
        order = np.argsort(np.array(names))
        played = subjects if sessions is None else sessions
        return cls(
            flow=flow[order],
            log_mel=log_mel[order],
            sound_mask=sound_mask[order],
            labels=np.asarray(labels, dtype=np.int64)[order],
            subjects=tuple(subjects[index] for index in order),
            names=tuple(names[index] for index in order),
            classes=tuple(classes),
            sessions=tuple(played[index] for index in order),
            voice=None if voice is None else voice[order],
            prosody=None if prosody is None else prosody[order],
            words=None if words is None else words[order],
            word_mask=None if word_mask is None else word_mask[order],
        )

    @property
    def has_sound(self) -> npt.NDArray[np.bool_]:
        """(N,)."""
        sounds: npt.NDArray[np.bool_] = np.any(self.sound_mask, axis=1)
        return sounds


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseData:
    """What a release gives the benchmark."""

    clips: BenchmarkData
    coders: CoderClasses
    """What each coder chose of those clips."""
    attributes: Mapping[str, Mapping[str, str]]
    """What is told of subjects: value by pseudonym, by attribute."""
    facts: ReleaseFacts
    excluded: tuple[tuple[str, int], ...]
    """How many clips were left out, by reason."""
    notes: tuple[Finding, ...]


def read_release(path: Path, *, sound_frames: int, only_micro: bool, word_tokens: int | None = None) -> ReleaseData:
    """Read what the benchmark needs of a release; clips without a class or features are counted as excluded.

    Args:
        path: the release's folder.
        sound_frames: length of the window of log-mels round the apex.
        only_micro: leave out events that the codebook does not call a micro-expression.
        word_tokens: how many words of a clip's transcript are taken, where the release has any; None: none.

    Raises:
        BadInput: the folder is no release, or holds nothing that can be benchmarked.
    """
    dataset = load(path)
    micro = {entry.code for entry in dataset.codebook.event_types if entry.is_micro}
    excluded: Counter[str] = Counter()
    rows = []
    for row in dataset.clip_rows:
        if row.emotion_class is None:
            excluded["in no class"] += 1
        elif only_micro and row.event_type not in micro:
            excluded["not a micro-expression"] += 1
        elif row.features is None:
            excluded["picture features withheld"] += 1
        else:
            rows.append(row)
    if not rows:
        raise BadInput.of(
            "benchmark.no_classes",
            f"{path} holds no clip to benchmark: of {len(dataset)}, {_reasons(excluded) or 'none'}",
            "benchmark a release with clips whose emotions have classes and whose features are published",
        )
    found = {row.emotion_class for row in rows}
    classes = tuple(code for code in dataset.codebook.class_codes if code in found)
    sounds = [sound_input(_sound_arrays(dataset, row), row.clip, sound_frames) for row in rows]
    words, unread = _words_of(dataset, [row.clip for row in rows], word_tokens)
    clips = BenchmarkData.of(
        flow=np.stack([flow_input(dataset.clip(row.clip).features(), row.clip) for row in rows]),
        log_mel=np.stack([one.log_mel for one in sounds]),
        sound_mask=np.stack([one.mask for one in sounds]),
        voice=_stacked([one.voice for one in sounds]),
        prosody=_stacked([one.prosody for one in sounds]),
        words=None if words is None else words[0],
        word_mask=None if words is None else words[1],
        sessions=[row.session for row in rows],
        labels=[classes.index(str(row.emotion_class)) for row in rows],
        subjects=[row.subject for row in rows],
        names=[row.clip for row in rows],
        classes=classes,
    )
    return ReleaseData(
        clips=clips,
        coders=read_coder_classes(dataset, clips.names, classes),
        attributes={
            name: {row.subject: value for row in dataset.subject_rows if (value := getattr(row, name)) is not None}
            for name in ATTRIBUTES
        },
        facts=dataset.release,
        excluded=tuple(sorted(excluded.items())),
        notes=(*_notes(excluded, dataset, classes), *unread),
    )


def levelled_flow(flow: Floats) -> Floats:
    """(3, 48, 48) px → the same, about size 1: each channel by its own root mean square, near nothing stays small."""
    size = np.sqrt(np.mean(np.square(flow), axis=(1, 2), keepdims=True))  # (3, 1, 1)
    levelled: Floats = (flow / (size + QUIET_FLOW)).astype(np.float32)
    return levelled


def levelled_sound(log_mel: Floats) -> Floats:
    """(64, n) → the same without each band's mean (voice, room and microphone), about size 1."""
    centred = log_mel - log_mel.mean(axis=1, keepdims=True)
    levelled: Floats = (centred / max(float(centred.std()), QUIET_SOUND)).astype(np.float32)
    return levelled


def window_round(log_mel: Floats, centre: int, n_frames: int) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Frames centre - n_frames/2 up to centre + n_frames/2, zeros where there are none.

    Returns:
        (64, n_frames) values and (n_frames,) mask.
    """
    first = centre - n_frames // 2
    inside = np.arange(first, first + n_frames)
    mask = (inside >= 0) & (inside < log_mel.shape[1])  # (T,)
    window = np.zeros((log_mel.shape[0], n_frames), dtype=np.float32)
    window[:, mask] = log_mel[:, inside[mask]]
    return window, mask


def flow_input(arrays: Mapping[str, npt.NDArray[Any]], clip: str) -> Floats:
    """(3, 48, 48) levelled flow, from the arrays of a clip's features.npz.

    Raises:
        BadInput: there is no such flow, or it is not finite; names the clip.
    """
    flow = arrays.get("flow")
    if flow is None or flow.shape != FLOW_SHAPE or flow.dtype.kind not in "fiu":
        raise _broken(clip, f"features hold no flow of shape {FLOW_SHAPE}")
    if not np.isfinite(flow).all():
        raise _broken(clip, "flow is not all finite numbers (NaN or infinite)")
    return levelled_flow(flow)


class SoundInput(NamedTuple):
    """The sound of one clip on the benchmark's frames; None: its arrays are older than the measure."""

    log_mel: Floats  # (64, T)
    mask: npt.NDArray[np.bool_]  # (T,)
    voice: npt.NDArray[np.bool_] | None  # (T,)
    prosody: Floats | None  # (2, T)


def sound_input(arrays: Mapping[str, npt.NDArray[Any]] | None, clip: str, n_frames: int) -> SoundInput:
    """The sound of one clip, from the arrays of its sound-features.npz.

    Args:
        arrays: by name; None: the clip has no sound.
        clip: its name, for complaints.
        n_frames: length of the window round the apex.

    Raises:
        BadInput: arrays are missing, of another shape, or not finite; names the clip.
    """
    nothing = SoundInput(
        log_mel=np.zeros((N_BANDS, n_frames), dtype=np.float32),
        mask=np.zeros(n_frames, dtype=np.bool_),
        voice=np.zeros(n_frames, dtype=np.bool_),
        prosody=np.full((2, n_frames), np.nan, dtype=np.float32),
    )
    if arrays is None:
        return nothing
    missing = [name for name in SOUND_NEEDED if name not in arrays]
    if missing:
        raise _broken(clip, f"sound features lack {', '.join(missing)}")
    log_mel = arrays["log_mel"]
    if log_mel.ndim != 2 or log_mel.shape[0] != N_BANDS or log_mel.dtype.kind not in "fiu":
        raise _broken(clip, f"log-mel is {log_mel.shape}, expected ({N_BANDS}, n)")
    if not np.isfinite(log_mel).all():
        raise _broken(clip, "log-mel is not all finite numbers (NaN or infinite)")
    try:
        hop_s, window_s, apex_s = (float(arrays[name]) for name in ("hop_s", "window_s", "apex_s"))
    except (TypeError, ValueError) as error:
        raise _broken(clip, f"hop_s, window_s or apex_s is no number ({error})") from error
    if not np.isfinite([hop_s, window_s, apex_s]).all() or not hop_s > 0:
        raise _broken(clip, f"hop_s {hop_s:g}, window_s {window_s:g} and apex_s {apex_s:g} cannot be")
    if not log_mel.shape[1]:
        return nothing
    # frame n is centred on n hops and half a window
    centre = round((apex_s - window_s / 2) / hop_s)
    window, mask = window_round(log_mel, centre, n_frames)
    if not mask.any():
        return nothing
    window[:, mask] = levelled_sound(window[:, mask])
    voice = prosody = None
    if "voice_activity" in arrays:
        voice = window_round(arrays["voice_activity"][None].astype(np.float32), centre, n_frames)[0][0] > 0
    if "f0_hz" in arrays and "intensity_db" in arrays:
        measured = np.stack([arrays["f0_hz"], arrays["intensity_db"]]).astype(np.float32)  # (2, n)
        prosody = np.where(mask, window_round(measured, centre, n_frames)[0], np.float32(np.nan))
    return SoundInput(log_mel=window, mask=mask, voice=voice, prosody=prosody)


def _sound_arrays(dataset: Dataset, row: ClipRow) -> Mapping[str, npt.NDArray[Any]] | None:
    return None if row.sound_features is None else dataset.clip(row.clip).sound_features()


def _words_of(
    dataset: Dataset, clips: Sequence[str], n_tokens: int | None
) -> tuple[tuple[Floats, npt.NDArray[np.bool_]] | None, list[Finding]]:
    """Tokens (N, L, D) and mask (N, L), or None with the reason that a person must know."""
    if n_tokens is None or not dataset.transcript_rows:
        return None, []
    try:
        found = [encoded(dataset.clip(clip).transcript, n_tokens=n_tokens) for clip in clips]
    except BadInput as error:  # what can be computed without the words is computed
        return None, [
            Finding(
                code="benchmark.transcripts_unread",
                what=f"transcripts were left out: {error.finding.what}",
                remedy=error.finding.remedy,
                severity=Severity.WARNING,
            )
        ]
    return (np.stack([tokens for tokens, _ in found]), np.stack([mask for _, mask in found])), []


def _stacked(parts: Sequence[npt.NDArray[Any] | None]) -> npt.NDArray[Any] | None:
    known = [part for part in parts if part is not None]
    return np.stack(known) if len(known) == len(parts) else None


def _notes(excluded: Counter[str], dataset: Dataset, classes: tuple[str, ...]) -> list[Finding]:
    notes = []
    if excluded:
        notes.append(
            Finding(
                code="benchmark.excluded",
                what=f"left out: {_reasons(excluded)}",
                remedy="nothing: they are not of this task, or may not be published",
                severity=Severity.NOTE,
            )
        )
    absent = [code for code in dataset.codebook.class_codes if code not in classes]
    if absent:
        notes.append(
            Finding(
                code="benchmark.class_absent",
                what=f"no clip is of class {', '.join(absent)}, so scores are over {len(classes)} classes",
                remedy="do not set them beside scores over all classes",
                severity=Severity.WARNING,
            )
        )
    return notes


def _reasons(excluded: Counter[str]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in sorted(excluded.items()))


def _broken(clip: str, what: str) -> BadInput:
    return BadInput.of(
        "benchmark.features",
        f"clip {clip}: {what}",
        "measure the clip again (mmed recut) and release anew",
        clip=clip,
    )

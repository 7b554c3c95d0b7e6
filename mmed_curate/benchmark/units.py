"""One training of all folds, as the piece of work that processes share, that is kept on disk, and that is resumed.

What a unit answers depends on the clips, the settings and itself, and on nothing else: not on how many processes there
are, nor on what was done before. So what an interrupted run has finished is taken over by the next.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from concurrent.futures import Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from mmed_curate.benchmark.amfnet import AMFNet, Clips, Design
from mmed_curate.benchmark.controls import Control, dealt_out_anew, disturbed
from mmed_curate.benchmark.entrants import ANY_ERROR, Entrant, printing_aside
from mmed_curate.benchmark.features import BenchmarkData
from mmed_curate.benchmark.few_shot import few_shot
from mmed_curate.benchmark.folds import Folds, LeftOut
from mmed_curate.benchmark.ownnetworks import broke_in, source_digest
from mmed_curate.benchmark.settings import BenchmarkSettings
from mmed_curate.benchmark.training import (
    Lesson,
    Trained,
    TrainedApart,
    one_quiet_thread,
    train_alone,
    train_together,
)
from mmed_curate.domain.files import written_aside
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.domain.workers import worker_pool

Logits = npt.NDArray[np.float32]

_AFTERWARDS = (
    *("version", "name", "title", "seeds", "entrants", "by_session", "hand_crafted", "probes", "sound_permuted"),
    *("controls", "inner_parts", "strength", "word_tokens", "group_subjects", "intervals", "permutations"),
)
"""Settings that say which units there are, what the clips hold, which is part of the name anyway, or what is made of
the answers: no answer depends on them otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One entrant, trained with one seed in every fold."""

    entrant: Entrant
    seed: int
    left_out: LeftOut = LeftOut.SUBJECT
    sound_permuted: bool = False
    """Sounds are dealt out anew among the clips before anything is trained."""
    inner: tuple[int, int] | None = None
    """(part, parts) of the inner split."""
    controls: bool = False
    """Ask again under every control."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitAnswers:
    """What a unit's networks answered of clips whose subject they never met."""

    logits: Logits
    """(N, C)."""
    inner: Logits | None = None
    """(K, N, C) of each fold's second network for its inner split; NaN elsewhere. None: there was none."""
    controls: Mapping[Control, tuple[Logits, npt.NDArray[np.bool_]]]
    """Logits (N, C) under each control, and (N,) whose clip it changed."""
    attention: npt.NDArray[np.float32] | None = None
    """(N, T') where the summary listened; None: the network has no such thing."""


def tensors_of(data: BenchmarkData, *, dtype: torch.dtype = torch.float32) -> Clips:
    """All clips as tensors, on CUDA where it is there."""
    n = len(data.names)
    words = np.zeros((n, 0, 0), dtype=np.float32) if data.words is None else data.words
    word_mask = np.zeros((n, words.shape[1]), dtype=np.bool_) if data.word_mask is None else data.word_mask
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

    def one(values: npt.NDArray[np.float32]) -> torch.Tensor:
        return torch.from_numpy(values).to(device=device, dtype=dtype)

    return Clips(
        flow=one(data.flow),
        log_mel=one(data.log_mel),
        sound_mask=torch.from_numpy(data.sound_mask).to(device),
        words=one(words),
        word_mask=torch.from_numpy(word_mask).to(device),
    )


def lesson_of(data: BenchmarkData, learned: npt.NDArray[np.bool_], entrant: Entrant) -> Lesson:
    """What K networks learn, (K, N); one that cannot see learns from clips with sound alone."""
    if not entrant.sees:
        learned = learned & data.has_sound
    clips = tensors_of(data)
    return Lesson(
        clips=clips,
        labels=torch.from_numpy(data.labels).to(clips.flow.device),
        learned=torch.from_numpy(learned).to(clips.flow.device),
        n_classes=len(data.classes),
    )


def trained(lesson: Lesson, entrant: Entrant, settings: BenchmarkSettings, seed: int) -> Trained | TrainedApart:
    """Together where the network is ours; one after the other where it is somebody's own."""
    return (train_alone if entrant.is_own else train_together)(lesson, entrant, settings, seed)


def folds_of(data: BenchmarkData, unit: Unit, settings: BenchmarkSettings) -> Folds:
    """What a unit's networks learn from and are asked about."""
    folds = Folds.by(unit.left_out, data.subjects, data.sessions, inner=unit.inner)
    if settings.few_shot is None:
        return folds
    return few_shot(folds, data.labels, data.classes, settings.few_shot)


def answered(data: BenchmarkData, unit: Unit, settings: BenchmarkSettings) -> UnitAnswers:
    """Train every fold of a unit and ask about every clip."""
    with one_quiet_thread():
        if unit.sound_permuted:
            data = dealt_out_anew(data, unit.seed)
        folds = folds_of(data, unit, settings)
        n_folds, answering = len(folds.names), torch.from_numpy(folds.answering)  # (N,)
        learned = folds.learned if folds.inner is None else np.vstack([folds.learned, folds.learned & ~folds.inner])
        lesson = lesson_of(data, learned, unit.entrant)
        networks = trained(lesson, unit.entrant, settings, unit.seed)

        def of_their_folds(everything: torch.Tensor) -> Logits:
            said: Logits = everything[answering, torch.arange(len(answering))].numpy()  # folds come before inner ones
            return said

        everything = networks.answers(lesson.clips).cpu()  # (K or 2 K, N, C)
        inner = None
        if folds.inner is not None:
            inner = np.where(folds.inner[:, :, None], everything[n_folds:].numpy(), np.float32(np.nan))
        return UnitAnswers(
            logits=of_their_folds(everything),
            inner=inner,
            attention=_listened(networks, lesson.clips, folds) if unit.controls else None,
            controls={
                control: (of_their_folds(networks.answers(tensors_of(changed[0])).cpu()), changed[1])
                for control in (Control if unit.controls else ())
                if (changed := disturbed(data, control, unit.seed)) is not None
            },
        )


def _listened(networks: Trained | TrainedApart, clips: Clips, folds: Folds) -> npt.NDArray[np.float32] | None:
    """(N, T') attention of the network of each clip's fold; None: the network has none."""
    if not isinstance(networks, Trained):
        return None
    network = networks.network
    if not isinstance(network, AMFNet) or network.design is not Design.AMF_NET:
        return None
    found = None
    for fold, asked in enumerate(folds.asked):
        network.load_state_dict(networks.one(fold))
        with torch.no_grad():
            weights = (
                network.attention(clips.of(torch.from_numpy(asked).to(clips.flow.device))).cpu().numpy()
            )  # (n, T')
        found = np.zeros((len(asked), weights.shape[1]), dtype=np.float32) if found is None else found
        found[asked] = weights
    return found


def answer_all(
    data: BenchmarkData,
    settings: BenchmarkSettings,
    units: Sequence[Unit],
    *,
    workers: int | None = None,
    progress: Progress = silent,
    kept: Path | None = None,
    broken: MutableMapping[Entrant, BadInput] | None = None,
) -> Mapping[Unit, UnitAnswers]:
    """Answers of every unit.

    Args:
        data: the clips.
        settings: how to train.
        units: what to train.
        workers: processes; None: one per core, at most 8; 1: none beside this one.
        progress: told how many units are done.
        kept: folder that finished units are written to and taken from; None: nothing is kept.
        broken: filled with the networks of one's own that broke while they learned, and why; their units are left out
            of the answers, and those of others are not lost. None: the first to break ends the work.

    Raises:
        BadInput: a worker process died, or a network of one's own broke and there is no `broken`.
    """
    places = {} if kept is None else {unit: kept / f"{_key(data, settings, unit)}.npz" for unit in units}
    done = {unit: found for unit, place in places.items() if (found := _read(place)) is not None}
    left = [unit for unit in units if unit not in done]
    progress(len(done), len(units))
    for count, (unit, answers) in enumerate(_worked(data, settings, left, _n_workers(workers, len(left))), start=1):
        if isinstance(answers, BadInput):
            if broken is None or not unit.entrant.is_own:
                raise answers
            broken.setdefault(unit.entrant, answers)
        else:
            if unit in places:
                _write(places[unit], answers)
            done[unit] = answers
        progress(len(units) - len(left) + count, len(units))
    return {unit: done[unit] for unit in units if unit in done and unit.entrant not in (broken or {})}


def _worked(
    data: BenchmarkData, settings: BenchmarkSettings, units: Sequence[Unit], workers: int
) -> Iterator[tuple[Unit, UnitAnswers | BadInput]]:
    if workers == 1:
        for unit in units:
            yield unit, _answered_or_not(data, unit, settings)
        return
    with worker_pool(workers) as pool:
        pending: dict[Future[UnitAnswers | BadInput], Unit] = {
            pool.submit(_answered_or_not, data, unit, settings): unit for unit in units
        }
        try:
            for finished in as_completed(pending):
                yield pending[finished], finished.result()
        except BrokenProcessPool as error:
            raise BadInput.of(
                "benchmark.worker_died",
                "a worker process of the benchmark died, most likely for want of memory",
                "run it again with one worker (--workers 1)",
            ) from error


def _answered_or_not(data: BenchmarkData, unit: Unit, settings: BenchmarkSettings) -> UnitAnswers | BadInput:
    if not unit.entrant.is_own:
        try:
            return answered(data, unit, settings)
        except BadInput as error:
            return error
    try:
        with printing_aside():  # here, for train, eval and gradients of its own print as well
            return answered(data, unit, settings)
    except BadInput as error:
        return error
    except ANY_ERROR as error:
        return broke_in(unit.entrant, "while it learned", error)


def _n_workers(workers: int | None, n_units: int) -> int:
    wanted = min(os.cpu_count() or 1, 8) if workers is None else workers
    return max(1, min(wanted, n_units))


def _key(data: BenchmarkData, settings: BenchmarkSettings, unit: Unit) -> str:
    """What a unit's answers depend on, as a name."""
    told = settings.model_dump(mode="json", exclude=set(_AFTERWARDS))
    said = [told, unit.entrant.name, unit.seed, unit.left_out.value, unit.sound_permuted, unit.inner, unit.controls]
    if unit.entrant.is_own:
        said.append(source_digest(unit.entrant))
    digest = hashlib.sha256(json.dumps([said, torch.__version__, data.names, data.subjects, data.sessions]).encode())
    for part in (data.flow, data.log_mel, data.sound_mask, data.labels, data.voice, data.words, data.word_mask):
        digest.update(b"-" if part is None else np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()[:32]


def _write(path: Path, answers: UnitAnswers) -> None:
    arrays: dict[str, npt.NDArray[Any]] = {"logits": answers.logits}
    if answers.inner is not None:
        arrays["inner"] = answers.inner
    if answers.attention is not None:
        arrays["attention"] = answers.attention
    for control, (logits, changed) in answers.controls.items():
        arrays[f"{control.value}/logits"], arrays[f"{control.value}/changed"] = logits, changed
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_aside(path) as aside, aside.open("wb") as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]


def _read(path: Path) -> UnitAnswers | None:
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as arrays:
        return UnitAnswers(
            logits=arrays["logits"],
            inner=arrays.get("inner"),
            attention=arrays.get("attention"),
            controls={
                control: (arrays[f"{control.value}/logits"], arrays[f"{control.value}/changed"])
                for control in Control
                if f"{control.value}/logits" in arrays
            },
        )

"""AMF-Net trained on every clip of a release, to be used on others: one network per seed, and one temperature.

The networks are pooled before they are calibrated (Rahaman and Thiery, "Uncertainty quantification and deep ensembles",
NeurIPS 2021): subjects are dealt into parts, each part is answered by inner networks that have not met it, one per
seed, their probabilities are averaged, and the temperature is fitted on that average.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mmed_curate import __version__
from mmed_curate.benchmark.answersread import REPORT, USUAL, read_report, report_in
from mmed_curate.benchmark.calibrated import within_reach
from mmed_curate.benchmark.calibration import fit_temperature, probabilities
from mmed_curate.benchmark.features import BenchmarkData, read_release
from mmed_curate.benchmark.modelcard import model_card
from mmed_curate.benchmark.plan import AMF_NET
from mmed_curate.benchmark.savedmodel import (
    CARD,
    FORMAT,
    NOT_FOR,
    NOT_YET_WRITTEN,
    VERSION,
    Description,
    FittedTemperature,
    LearnedFrom,
    ModelInput,
    OutOfFold,
    fresh_network,
    input_of,
    subject_digest,
    write_model,
)
from mmed_curate.benchmark.settings import BenchmarkSettings
from mmed_curate.benchmark.training import one_quiet_thread
from mmed_curate.benchmark.units import lesson_of, trained
from mmed_curate.dataset import Dataset, load
from mmed_curate.dataset.tombstones import tombstone_of
from mmed_curate.domain.counted import counted
from mmed_curate.domain.files import folder_written_aside, opened_text, write_text
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.progress import Progress, silent

_LICENCE = "LICENSE.txt"


def train_on_all(
    release: Path,
    settings: BenchmarkSettings,
    *,
    to: Path,
    benchmark: Path | None = None,
    progress: Progress = silent,
) -> Description:
    """Train AMF-Net on all clips of a release and write it, with its card, into a new folder.

    Args:
        release: the release's folder.
        settings: how; seeds, epochs and the parts of the inner split are theirs.
        to: folder to make; must not exist yet.
        benchmark: folder or benchmark.json of a benchmark of the same release, for the card; None: the one inside the
            release, where there is one.
        progress: told how many seeds are done.

    Raises:
        BadInput: the folder is no release, holds nothing to learn from, or clips of it were withdrawn since; the
            benchmark is of another release; or `to` exists.
    """
    with folder_written_aside(to) as folder:
        dataset = load(release)
        if dataset.withdrawn:
            raise BadInput.of(
                "model.withdrawn",
                f"{counted(len(dataset.withdrawn), 'clip')} of {release} were withdrawn since, and must not be learned "
                "from",
                "train on the newer version of the release",
            )
        read = read_release(
            release,
            sound_frames=settings.sound_frames,
            only_micro=settings.only_micro,
            word_tokens=settings.word_tokens,
        )
        word_size = 0 if read.clips.words is None else read.clips.words.shape[2]
        out_of_fold = _out_of_fold(dataset, settings, benchmark)
        weights, temperature = _learned(read.clips, settings, progress)
        description = Description(
            format=FORMAT,
            version=VERSION,
            notice=_notice(dataset),
            not_for=NOT_FOR,
            toolkit=__version__,
            model="amf-net",
            classes=read.clips.classes,
            word_size=word_size,
            seeds=settings.seeds,
            n_parameters=fresh_network(len(read.clips.classes), word_size).n_parameters(),
            settings=settings,
            input=_input(dataset, read.clips, settings),
            learned_from=_learned_from(dataset, read.clips, settings),
            temperature=temperature,
            out_of_fold=out_of_fold,
            weights_sha256=NOT_YET_WRITTEN,
        )
        description = write_model(folder, description, weights)
        write_text(folder / CARD, model_card(description))
    return description


def pooled(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """(R, N, C) logits of R networks → (N, C) log of their mean probabilities."""
    found: npt.NDArray[np.float64] = np.log(probabilities(within_reach(logits)).mean(axis=0))
    return found


def _learned(
    data: BenchmarkData, settings: BenchmarkSettings, progress: Progress
) -> tuple[dict[int, dict[str, Any]], FittedTemperature | None]:
    """Weights by seed, and the temperature; None: the settings have no inner split."""
    n_parts = 0 if settings.inner_parts is None else min(settings.inner_parts, len(set(data.subjects)))
    rank = {subject: place for place, subject in enumerate(sorted(set(data.subjects)))}
    part = np.array([rank[subject] % max(n_parts, 1) for subject in data.subjects])  # (N,)
    inner = part[None, :] == np.arange(n_parts)[:, None]  # (P, N)
    learned = np.vstack([np.ones((1, len(part)), dtype=np.bool_), ~inner])  # (1 + P, N)
    weights, answers = {}, []
    progress(0, len(settings.seeds))
    with one_quiet_thread():
        for done, seed in enumerate(settings.seeds, start=1):
            lesson = lesson_of(data, learned, AMF_NET)
            networks = trained(lesson, AMF_NET, settings, seed)
            weights[seed] = {name: weight[0] for name, weight in networks.weights.items()}
            if n_parts:
                said = networks.answers(lesson.clips)[1:].cpu().numpy()  # (P, N, C)
                answers.append(said[part, np.arange(len(part))])  # (N, C)
            progress(done, len(settings.seeds))
    if not n_parts:
        return weights, None
    found = fit_temperature(pooled(np.stack(answers)), data.labels)
    return weights, FittedTemperature(
        value=found.value, nll_before=found.nll_before, nll_after=found.nll_after, parts=n_parts
    )


def _learned_from(dataset: Dataset, data: BenchmarkData, settings: BenchmarkSettings) -> LearnedFrom:
    facts = dataset.release
    judged = {row.judged_clip for row in dataset.clip_rows if row.clip in set(data.names)}
    return LearnedFrom(
        name=facts.name,
        version=facts.version,
        id=dataset.id,
        simulated=facts.simulated,
        draft=dataset.is_draft,
        licence=_licence(dataset),
        n_clips=len(data.names),
        n_with_sound=int(data.has_sound.sum()),
        class_counts=tuple(np.bincount(data.labels, minlength=len(data.classes)).tolist()),
        only_micro=settings.only_micro,
        subjects=tuple(sorted(subject_digest(facts.name, subject) for subject in set(data.subjects))),
        judged_clips=tuple(sorted(tombstone_of(clip) for clip in judged)),
    )


def _input(dataset: Dataset, data: BenchmarkData, settings: BenchmarkSettings) -> ModelInput:
    sounding = [name for name, sounds in zip(data.names, data.has_sound, strict=True) if sounds]
    hop_s = float(dataset.clip(sounding[0]).sound_features()["hop_s"]) if sounding else None
    word_tokens = None if data.words is None else settings.word_tokens
    return input_of(sound_frames=settings.sound_frames, hop_s=hop_s, word_tokens=word_tokens)


def _notice(dataset: Dataset) -> str:
    facts = dataset.release
    mark = "SIMULATED: " if facts.simulated else "DRAFT: " if dataset.is_draft else ""
    return f"{mark}AMF-Net, our reading of the abstract, trained on {facts.name} {facts.version}. {NOT_FOR}"


def _licence(dataset: Dataset) -> str | None:
    path = dataset.root / _LICENCE
    if not path.is_file():
        return None
    with opened_text(path) as stream:
        return stream.readline().strip() or None


def _out_of_fold(dataset: Dataset, settings: BenchmarkSettings, given: Path | None) -> OutOfFold | None:
    inside = dataset.root / "benchmark" / REPORT
    if given is None and not inside.is_file():
        return None
    path = inside if given is None else report_in(given) if given.is_dir() else given
    report = read_report(path)
    facts = dataset.release
    try:
        of = (report["release"]["name"], report["release"]["version"])
        if of != (facts.name, facts.version):
            raise BadInput.of(
                "model.other_benchmark",
                f"{path} is of {' '.join(of)}, and the release is {facts.name} {facts.version}",
                "give a benchmark of this release, or none",
            )
        model = next((one for one in report["models"] if one["name"] == USUAL), None)
        if model is None:
            return None
        scores = model["scores"]
        return OutOfFold(
            settings=report["settings"]["name"],
            same_settings=report["settings"] == settings.model_dump(mode="json"),
            n_clips=report["n_clips"],
            seeds=tuple(row["seed"] for row in model["per_seed"]),
            accuracy=scores["accuracy"],
            uf1=scores["uf1"],
            uar=scores["uar"],
        )
    except (LookupError, TypeError, ValueError) as error:
        raise BadInput.of(
            "model.benchmark", f"{path} cannot be used ({type(error).__name__}: {error})", "benchmark the release again"
        ) from error

"""What a saved model says of new clips: calibrated probabilities, and what must be said beside them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from mmed_curate.benchmark.amfnet import Clips
from mmed_curate.benchmark.calibration import probabilities
from mmed_curate.benchmark.newclips import NewClips
from mmed_curate.benchmark.savedmodel import Description, SavedModel, subject_digest
from mmed_curate.benchmark.trainall import pooled
from mmed_curate.benchmark.training import BATCH_OF_ANSWERS, one_quiet_thread
from mmed_curate.dataset.tombstones import Tombstones
from mmed_curate.domain.counted import counted
from mmed_curate.domain.files import write_text
from mmed_curate.domain.findings import Finding, Severity

FORMAT, VERSION = "mmed-predict", 1
HOP_TOLERANCE = 1e-6
"""Hops that differ by less, in seconds, are the same one, rounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """What a model says of N clips."""

    model: Description
    clips: NewClips
    probabilities: npt.NDArray[np.float64]
    """(N, C), of the pooled networks, divided by the temperature."""
    met: tuple[bool | None, ...]
    """(N,) whether the model learned from the clip's subject; None: it is not known who that is."""
    warnings: tuple[Finding, ...]

    @property
    def predicted(self) -> tuple[str, ...]:
        """(N,) the likeliest class of each."""
        return tuple(self.model.classes[place] for place in self.probabilities.argmax(axis=1))

    @property
    def simulated(self) -> bool:
        """Whether model or clips are."""
        return self.clips.simulated or self.model.learned_from.simulated

    @property
    def notice(self) -> str:
        """What stands before the predictions, in every form."""
        return f"SIMULATED. {self.model.not_for}" if self.simulated else self.model.not_for

    def as_json(self) -> dict[str, Any]:
        """As JSON values, in the shape of `schema/json/predict.schema.json`."""
        source = self.model.learned_from
        return {
            "format": FORMAT,
            "version": VERSION,
            "notice": self.notice,
            "simulated": self.simulated,
            "model": {
                "name": self.model.model,
                "learned_from": {"name": source.name, "version": source.version, "id": source.id},
                "weights_sha256": self.model.weights_sha256,
                "temperature": None if self.model.temperature is None else self.model.temperature.value,
            },
            "classes": list(self.model.classes),
            "warnings": [str(one) for one in self.warnings],
            "clips": [
                {
                    "clip": name,
                    "subject": None if source is None else source.subject,
                    "has_sound": bool(sounds),
                    "subject_learned_from": met,
                    "truth": truth,
                    "predicted": predicted,
                    "probabilities": {
                        code: float(value) for code, value in zip(self.model.classes, values, strict=True)
                    },
                }
                for name, source, sounds, met, truth, predicted, values in zip(
                    self.clips.names,
                    self.clips.sources,
                    self.clips.has_sound,
                    self.met,
                    self.clips.truth,
                    self.predicted,
                    self.probabilities,
                    strict=True,
                )
            ],
        }


def predict(model: SavedModel, clips: NewClips, *, tombstones: tuple[Tombstones, ...] = ()) -> Predicted:
    """Ask a model about clips.

    Args:
        model: the model.
        clips: read with the model's `sound_frames` and `word_tokens`.
        tombstones: lists of withdrawn clips that came with them.
    """
    told = model.description
    n_clips = len(clips.names)
    tensors = Clips(
        flow=torch.from_numpy(clips.flow),
        log_mel=torch.from_numpy(clips.log_mel),
        sound_mask=torch.from_numpy(clips.sound_mask),
        words=torch.from_numpy(clips.words),
        word_mask=torch.from_numpy(clips.word_mask),
    )
    with one_quiet_thread(), torch.no_grad():
        batches = [tensors.of(index) for index in torch.split(torch.arange(n_clips), BATCH_OF_ANSWERS)]
        logits = torch.stack(
            [torch.cat([network(batch).answer for batch in batches]) for network in model.networks]
        ).numpy()  # (R, N, C)
    met = tuple(_met(told, clips, place) for place in range(n_clips))
    return Predicted(
        model=told,
        clips=clips,
        probabilities=probabilities(pooled(logits), 1.0 if told.temperature is None else told.temperature.value),
        met=met,
        warnings=tuple(_warnings(told, clips, met, tombstones)),
    )


def write_predicted(path: Path, found: Predicted) -> None:
    """Write one line per clip as CSV, whole or not at all; every line carries the notice.

    Where every clip's class is known to be one of the model's, the columns are those that `mmed score` reads.
    """
    known = all(truth in found.model.classes for truth in found.clips.truth)
    header = ["clip", "subject", *(["truth"] if known else []), "predicted"]
    header += [*(f"p_{code}" for code in found.model.classes), "has_sound", "subject_learned_from", "notice"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for one in found.as_json()["clips"]:
        writer.writerow(
            [
                one["clip"],
                one["subject"] or "",
                *([one["truth"]] if known else []),
                one["predicted"],
                *(f"{value:.6f}" for value in one["probabilities"].values()),
                str(one["has_sound"]).lower(),
                "" if one["subject_learned_from"] is None else str(one["subject_learned_from"]).lower(),
                found.notice,
            ]
        )
    write_text(path, text.getvalue())


def _met(told: Description, clips: NewClips, place: int) -> bool | None:
    source = clips.sources[place]
    if source is None:
        return None
    return subject_digest(source.dataset, source.subject) in told.learned_from.subjects


def _warnings(
    told: Description, clips: NewClips, met: tuple[bool | None, ...], tombstones: tuple[Tombstones, ...]
) -> list[Finding]:
    found = []

    def warn(code: str, what: str, remedy: str) -> None:
        found.append(Finding(code=f"predict.{code}", what=what, remedy=remedy, severity=Severity.WARNING))

    source, n_clips = told.learned_from, len(clips.names)
    withdrawn = {grave for one in tombstones if one.name == source.name for grave in one.hashes}
    if n_withdrawn := len(withdrawn.intersection(source.judged_clips)):
        warn(
            "withdrawn",
            f"the model learned from {counted(n_withdrawn, 'clip')} withdrawn since",
            f"train it again on a newer version of {source.name}, and delete this one",
        )
    if source.simulated and not clips.simulated:
        warn(
            "simulated",
            "the model learned from SIMULATED clips alone, and knows nothing of real faces",
            "use it to try the road, and for nothing else",
        )
    if same := sum(one is not None and one.release_id == source.id for one in clips.sources):
        warn(
            "same_release",
            f"{same} of {counted(n_clips, 'clip')} are of the release that the model learned from",
            "take the benchmark's scores, which leave each subject out; these would flatter",
        )
    elif n_met := sum(one is True for one in met):
        warn(
            "subject_met",
            f"{n_met} of {counted(n_clips, 'clip')} are of subjects that the model learned from",
            "leave them out where you say how well it does",
        )
    if told.temperature is None:
        warn("not_calibrated", "the probabilities are not calibrated", "train with settings that have inner_parts")
    n_silent = int((~clips.has_sound).sum())
    if n_silent and source.n_with_sound:
        warn(
            "no_sound",
            f"{n_silent} of {counted(n_clips, 'clip')} have no sound, so these answers rest on the picture alone",
            f"give the {'sound-features.npz' if None in clips.sources else 'clips with sound'} too, where there is any",
        )
    if not source.n_with_sound and n_silent < n_clips:
        warn(
            "sound_never_heard",
            "the model learned without any sound, and these clips have some, so what it makes of it means nothing",
            "train on a release with sound",
        )
    n_wordless = int((~clips.word_mask.any(axis=1)).sum())
    if clips.unread is not None:
        warn("transcripts_unread", f"transcripts were left out: {clips.unread.what}", clips.unread.remedy)
    elif told.input.word_tokens is not None and n_wordless:
        warn(
            "no_words",
            f"of {n_wordless} of {counted(n_clips, 'clip')} there are no words, and the model learned to read them",
            "ask about a release with transcripts, where anything is said",
        )
    hop = told.input.hop_s
    n_other = sum(one is not None and hop is not None and abs(one - hop) > HOP_TOLERANCE for one in clips.hop_s)
    if n_other:
        warn(
            "other_hop",
            f"the sound of {n_other} of {counted(n_clips, 'clip')} has another hop than {hop:g} s, on which the model "
            "learned",
            "measure the sound again with this hop",
        )
    if source.only_micro and clips.other_events:
        warn(
            "other_events",
            f"{clips.other_events} of {counted(n_clips, 'clip')} are no micro-expressions, and the model learned from "
            "nothing else",
            "leave them out",
        )
    if clips.left_out:
        warn(
            "left_out",
            f"{counted(clips.left_out, 'clip')} of the release were left out: their picture features are withheld",
            "nothing: they may not be published",
        )
    return found

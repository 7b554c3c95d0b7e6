"""A trained AMF-Net as a folder: weights as safetensors, what it is as JSON, and a card for people. Never a pickle.

`model.safetensors` holds one network per seed, its parameters named `<seed>/<parameter>`; `model.json` says how clips
become input, which classes come out, what it learned from, and the temperature that its probabilities are divided by.
Each names the other by SHA-256, so that neither is read where one of them was changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import torch
from pydantic import AfterValidator, Field, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from mmed_curate.benchmark.amfnet import N_BANDS, AMFNet, Design
from mmed_curate.benchmark.features import FLOW_SHAPE, QUIET_FLOW, QUIET_SOUND
from mmed_curate.benchmark.settings import BenchmarkSettings
from mmed_curate.domain.files import canonical_json, opened_text, readable_json, sha256_of, write_text
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.yamlfile import Declared

FORMAT: Literal["mmed-model"] = "mmed-model"
VERSION: Literal[1] = 1
WEIGHTS, DESCRIPTION, CARD = "model.safetensors", "model.json", "README.md"

NOT_FOR = (
    "Not for judging people: no lie detection, hiring, surveillance or clinical use. A class is a guess at what "
    "experts would call a movement of a face, and no knowledge of what somebody feels or means."
)
"""Said wherever a model or its predictions go."""

Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
NOT_YET_WRITTEN: Digest = "0" * 64
"""Stands for the hash of weights that `write_model` is still to write."""


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("two classes have one name")
    return names


class ModelInput(Declared):
    """How the array files of a clip become what the network is given."""

    flow_shape: tuple[int, int, int]
    """Of `flow` in features.npz."""
    quiet_flow: tuple[float, float, float]
    """Added to each channel's root mean square, by which the channel is divided."""
    n_bands: Annotated[int, Field(ge=1)]
    """Of `log_mel` in sound-features.npz."""
    sound_frames: Annotated[int, Field(ge=8, multiple_of=8)]
    """Frames round the apex."""
    quiet_sound: Annotated[float, Field(gt=0)]
    """Least standard deviation that a window, less each band's mean, is divided by."""
    hop_s: Annotated[float, Field(gt=0)] | None
    """Time from one frame of log-mel to the next; None: no clip that it learned from has sound."""
    word_tokens: Annotated[int, Field(ge=1)] | None
    """Words of a clip's transcript that it reads, as `wording.encoded` makes them; None: it does not read."""


class LearnedFrom(Declared):
    """What the networks learned from: every clip that the benchmark takes, of one release."""

    name: str
    version: str
    id: Digest
    """SHA-256 of the release's manifest."""
    simulated: bool
    draft: bool
    licence: str | None
    """First line of the release's licence; None: it has none."""
    n_clips: Annotated[int, Field(ge=1)]
    n_with_sound: Count
    class_counts: tuple[Count, ...]
    """Clips of each class."""
    only_micro: bool
    """Whether other events than micro-expressions were left out."""
    subjects: tuple[Digest, ...]
    """`subject_digest` of each."""
    judged_clips: tuple[Digest, ...]
    """`dataset.tombstones.tombstone_of` of each: lists of withdrawn clips tell whether one of them was learned from."""


class FittedTemperature(Declared):
    """What the pooled log-probabilities are divided by, fitted on subjects that inner networks had not met."""

    value: Annotated[float, Field(gt=0)]
    nll_before: Annotated[float, Field(ge=0)]
    """In nats, on the clips that it was fitted on."""
    nll_after: Annotated[float, Field(ge=0)]
    parts: Annotated[int, Field(ge=2)]
    """Of the subjects; each was left out of one inner network per seed."""


class OutOfFold(Declared):
    """How AMF-Net fared leave-one-subject-out on the same release, by a benchmark's report."""

    settings: str
    """Name of the benchmark's settings."""
    same_settings: bool
    """Whether they are those that this model was trained with."""
    n_clips: Annotated[int, Field(ge=1)]
    seeds: tuple[Count, ...]
    accuracy: Share
    uf1: Share | None
    uar: Share | None


class Description(Declared):
    """model.json: schema/json/model.schema.json."""

    format: Literal["mmed-model"]
    version: Literal[1]
    notice: str
    not_for: str
    toolkit: str
    model: Literal["amf-net"]
    classes: Annotated[tuple[str, ...], Field(min_length=2), AfterValidator(_each_once)]
    word_size: Count
    """Length of a word's vector; 0: it does not read."""
    seeds: Annotated[tuple[Count, ...], Field(min_length=1)]
    """One network each; their probabilities are averaged."""
    n_parameters: Annotated[int, Field(ge=1)]
    """Of one network."""
    settings: BenchmarkSettings
    input: ModelInput
    learned_from: LearnedFrom
    temperature: FittedTemperature | None
    """None: the settings have no inner split, so that probabilities are not calibrated."""
    out_of_fold: OutOfFold | None
    """None: no benchmark was given."""
    weights_sha256: Digest
    """Of model.safetensors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedModel:
    """A model as it was read."""

    description: Description
    networks: tuple[AMFNet, ...]
    """One per seed, in order of seeds."""


def subject_digest(dataset: str, subject: str) -> str:
    """SHA-256 that stands for a subject of a dataset, 64 hex digits: who holds the dataset can tell whom it means."""
    return hashlib.sha256(f"mmed-subject:{dataset}:{subject}".encode()).hexdigest()


def input_of(*, sound_frames: int, hop_s: float | None, word_tokens: int | None) -> ModelInput:
    """How this mmed makes a clip's arrays into input."""
    rows, height, width = FLOW_SHAPE
    first, second, third = (float(one) for one in QUIET_FLOW.ravel())
    return ModelInput(
        flow_shape=(rows, height, width),
        quiet_flow=(first, second, third),
        n_bands=N_BANDS,
        sound_frames=sound_frames,
        quiet_sound=QUIET_SOUND,
        hop_s=hop_s,
        word_tokens=word_tokens,
    )


def write_model(folder: Path, description: Description, networks: Mapping[int, Mapping[str, Tensor]]) -> Description:
    """Write weights and model.json into a folder, each with the hash of the other.

    Args:
        folder: where to.
        description: what they are; its hash of the weights is filled in.
        networks: parameters by name, by seed.

    Returns:
        The description as it was written.
    """
    tensors = {
        f"{seed}/{name}": one.detach().to("cpu", torch.float32).contiguous()
        for seed, parameters in networks.items()
        for name, one in parameters.items()
    }
    seal = _seal_of(description.model_dump(mode="json"))
    # one entry alone: safetensors writes several in any order, and the same weights are to give the same bytes
    save_file(tensors, folder / WEIGHTS, metadata={FORMAT: seal})
    written = description.model_copy(update={"weights_sha256": sha256_of(folder / WEIGHTS)})
    write_text(folder / DESCRIPTION, readable_json(written.model_dump(mode="json")))
    return written


def read_model(folder: Path) -> SavedModel:
    """Read a model that `mmed benchmark train` wrote.

    Raises:
        BadInput: the folder is none, is of another version, or its parts do not belong together.
    """
    description, seal = _read_description(folder / DESCRIPTION)
    told = description.input
    if told != input_of(sound_frames=told.sound_frames, hop_s=told.hop_s, word_tokens=told.word_tokens):
        raise BadInput.of(
            "model.input",
            f"the model {folder} takes clips prepared in another way than this mmed prepares them",
            f"install mmed-curate {description.toolkit}, which wrote it, or train it again",
        )
    path = folder / WEIGHTS
    try:
        if sha256_of(path) != description.weights_sha256:
            raise _not_whole(folder, f"{WEIGHTS} is another than {DESCRIPTION} names")
        tensors = load_file(path)
        with safe_open(path, framework="pt") as weights:
            sealed = (weights.metadata() or {}).get(FORMAT)
    except (OSError, SafetensorError) as error:
        raise _not_whole(folder, f"{WEIGHTS} cannot be read ({error})") from error
    networks = tuple(_network(folder, description, seed, tensors) for seed in description.seeds)
    if sealed != seal:
        raise _not_whole(folder, f"{DESCRIPTION} is another than {WEIGHTS} was written with")
    return SavedModel(description=description, networks=networks)


def fresh_network(n_classes: int, word_size: int) -> AMFNet:
    """AMF-Net as saved models hold it, with first weights."""
    return AMFNet(n_classes, Design.AMF_NET, word_size=word_size)


def _seal_of(document: Mapping[str, object]) -> str:
    """SHA-256 of what model.json says, but for the hash of the weights, which hold this one."""
    told = {key: value for key, value in document.items() if key != "weights_sha256"}
    return hashlib.sha256(canonical_json(told).encode()).hexdigest()


def _read_description(path: Path) -> tuple[Description, str]:
    """What model.json says, and its seal."""
    try:
        with opened_text(path) as stream:
            text = stream.read()
        document = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput.of(
            "model.none",
            f"{path.parent} is no model: its {path.name} cannot be read ({error})",
            "name a folder that `mmed benchmark train` wrote",
        ) from error
    told = document if isinstance(document, dict) else {}
    if told.get("format") != FORMAT:
        raise BadInput.of(
            "model.none",
            f"{path} is no description of a model (format {told.get('format')})",
            "name a folder that `mmed benchmark train` wrote",
        )
    if told.get("version") != VERSION:
        raise BadInput.of(
            "model.version",
            f"{path} is of version {told.get('version')}, and this mmed reads version {VERSION}",
            "install the mmed-curate that wrote it, or train it again",
        )
    try:
        return Description.model_validate_json(text, strict=True), _seal_of(document)
    except ValidationError as error:
        first = error.errors()[0]
        keys = ".".join(map(str, first["loc"])) or "(top)"
        raise _not_whole(path.parent, f"{DESCRIPTION}, key {keys}: {first['msg']}") from error


def _network(folder: Path, description: Description, seed: int, tensors: dict[str, Tensor]) -> AMFNet:
    network = fresh_network(len(description.classes), description.word_size)
    own = {name.removeprefix(f"{seed}/"): one for name, one in tensors.items() if name.startswith(f"{seed}/")}
    expected = {name: tuple(one.shape) for name, one in network.named_parameters()}
    if {name: tuple(one.shape) for name, one in own.items()} != expected:
        raise _not_whole(folder, f"the weights of seed {seed} are not those of an AMF-Net of these classes")
    if not all(torch.isfinite(one).all() for one in own.values()):
        raise _not_whole(folder, f"the weights of seed {seed} are not all finite numbers")
    network.load_state_dict(own)
    ready: nn.Module = network.eval()
    assert isinstance(ready, AMFNet)
    return ready


def _not_whole(folder: Path, why: str) -> BadInput:
    return BadInput.of("model.not_whole", f"{folder} is not whole: {why}", "copy it again, or train it again")

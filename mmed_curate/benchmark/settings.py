"""What a benchmark run is told: read from `pipelines/benchmark/`, with no number of its own. Needs no torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mmed_curate.domain.packaged import named_or_path
from mmed_curate.domain.yamlfile import Declared, read_yaml

Share = Annotated[float, Field(ge=0, lt=1)]
Size = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Augmentation(Declared):
    """How a training clip is varied without changing its class."""

    time_roll_frames: Annotated[int, Field(ge=0)]
    """The sound is rolled by up to this many 10 ms frames either way."""
    mask_bands: Annotated[int, Field(ge=0, le=64)]
    """One run of up to this many mel bands is silenced."""
    mask_frames: Annotated[int, Field(ge=0)]
    """One run of up to this many frames is silenced."""
    sound_noise: Size
    """Standard deviation of what is added to each log-mel."""
    flow_noise: Size
    """Standard deviation of what is added to each flow value."""
    flip_flow: bool
    """Half of the flows are mirrored left to right."""


class ModalityDropout(Declared):
    """How often a modality is hidden in training, so that each can answer alone."""

    sound: Annotated[float, Field(ge=0, le=0.5)]
    picture: Annotated[float, Field(ge=0, le=0.5)]


class Intervals(Declared):
    """How intervals over subjects are drawn."""

    resamples: Annotated[int, Field(ge=100)]
    seed: Annotated[int, Field(ge=0)]


class HandCrafted(Declared):
    """The linear baseline on hand-crafted measures."""

    penalty: Positive
    """Strength of the L2 penalty on standardised features."""


class Probes(Declared):
    """Whether subject and session can be told from the sound, by linear models."""

    folds: Annotated[int, Field(ge=2)]
    penalty: Positive
    """Strength of the L2 penalty on standardised features."""
    shuffles: Annotated[int, Field(ge=19)]
    """How often identities are shuffled; p cannot be below 1 / (shuffles + 1)."""


class BenchmarkSettings(Declared):
    """One way to run the benchmark."""

    format: Literal["mmed-benchmark-settings"]
    version: Literal[1, 2]
    """1: what version 2 adds is not done."""
    name: str
    title: str
    only_micro: bool
    """Leave out events that the codebook does not call a micro-expression."""
    sound_frames: Annotated[int, Field(ge=8, multiple_of=8)]
    """Frames of log-mel round the apex; a multiple of the audio convolution's stride."""
    seeds: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)]
    """One run of all folds per seed; counts are pooled over them."""
    epochs: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=1)]
    learning_rate: Positive
    weight_decay: Size
    warmup_share: Share
    max_gradient_norm: Positive
    dropout: Share
    auxiliary_weight: Size
    logit_adjustment: Size
    """Strength of the training fold's priors in the loss; 0: plain cross-entropy."""
    augmentation: Augmentation
    modality_dropout: ModalityDropout
    intervals: Intervals
    entrants: Annotated[tuple[str, ...], Field(min_length=1)] = ("amf-net", "visual-only", "audio-only")
    """Networks by name: of `amfnet.Design`, or `ststnet-style`."""
    by_session: tuple[str, ...] = ()
    """Networks that are also trained leaving out one session and everybody who played in it."""
    hand_crafted: HandCrafted | None = None
    """Linear models on hand-crafted measures beside the networks; None: none."""
    probes: Probes | None = None
    """None: no probe."""
    sound_permuted: bool = False
    """Whether AMF-Net is trained once more on sound dealt out anew among the clips, to answer whether sound helps."""
    controls: bool = False
    """Whether AMF-Net is asked again with its sound or picture taken away, moved or exchanged."""
    inner_parts: Annotated[int, Field(ge=2)] | None = None
    """Parts of the subjects of a fold; a second network per fold leaves one out, by seed, and its answers there choose
    temperature and strength. None: nothing is chosen."""
    word_tokens: Annotated[int, Field(ge=1)] | None = None
    """How many words of a clip's transcript AMF-Net reads, where a release has any; None: none."""
    group_subjects: Annotated[int, Field(ge=2)] | None = None
    """Subjects that a group (sex, age band, …) must have to get a row of its own; None: no rows."""
    permutations: Annotated[int, Field(ge=99)] = 9999
    """Draws of the paired test between two models (Phipson & Smyth 2010: p cannot be below 1 / (draws + 1))."""


def load_settings(name_or_path: str) -> BenchmarkSettings:
    """Read packaged settings by name, or any by their path.

    Raises:
        BadInput: there are none of that name, or the file has a mistake; names line and key.
    """
    path = named_or_path(name_or_path, "pipelines", "benchmark")
    return read_yaml(path, BenchmarkSettings)

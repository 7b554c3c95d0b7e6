"""What a benchmark run is told: read from `pipelines/benchmark/`, with no number of its own. Needs no torch."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mmed_curate.domain.packaged import named_or_path
from mmed_curate.domain.yamlfile import Clash, Declared, read_yaml

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
    warp_frames: Annotated[int, Field(ge=0)] = 0
    """A moment of the sound comes up to this many frames sooner or later, its ends stay; 0: never."""
    mixup: Size = 0.0
    """Alpha of the Beta distribution of how much of a clip is another clip of its batch; 0: clips are not mixed."""


class LossKind(Enum):
    """What the networks learn to make small."""

    LOGIT_ADJUSTED = "logit-adjusted"
    """Menon et al., "Long-tail learning via logit adjustment", ICLR 2021."""
    CROSS_ENTROPY = "cross-entropy"
    """Plain: common classes count for more, because there are more of them."""
    CLASS_BALANCED = "class-balanced"
    """Cui et al., "Class-balanced loss based on effective number of samples", CVPR 2019."""
    LDAM = "ldam"
    """Cao et al., "Learning imbalanced datasets with label-distribution-aware margin loss", NeurIPS 2019."""
    FOCAL = "focal"
    """Lin et al., "Focal loss for dense object detection", ICCV 2017."""


class LogitAdjusted(Declared):
    """Numbers of the logit-adjusted loss."""

    strength: Size
    """Of the priors of what a fold learns from, tau; 1: fully balanced, 0: plain cross-entropy."""


class ClassBalanced(Declared):
    """Numbers of the class-balanced loss."""

    beta: Share
    """0: no weights; towards 1: weights by inverse frequency."""


class Ldam(Declared):
    """Numbers of the label-distribution-aware margin loss."""

    largest_margin: Size
    """Of the rarest class, in units of the logits; others by the fourth root of their counts."""
    scale: Positive
    """Of the logits, after the margins."""
    deferred: Share
    """Share of training after which classes are weighted too."""
    beta: Share
    """Of those weights, as in the class-balanced loss."""


class Focal(Declared):
    """Numbers of the focal loss."""

    focus: Size
    """Gamma: how much less a clip counts that is answered well already; 0: plain cross-entropy."""


class LossSettings(Declared):
    """Which loss trains, and the numbers of each, so that another is chosen by one word."""

    kind: LossKind
    logit_adjusted: LogitAdjusted
    class_balanced: ClassBalanced
    ldam: Ldam
    focal: Focal


class StrengthRule(Declared):
    """How a fold chooses, on its inner split, how balanced its answers are."""

    grid: Annotated[tuple[Annotated[float, Field(ge=0, le=1)], ...], Field(min_length=2)]
    """Strengths to choose from, increasing from 0 (as plain cross-entropy) to at most 1 (fully balanced)."""
    most_accuracy_lost: Share
    """The strength with the best UAR is chosen among those that lose at most this share of accuracy against 0."""

    @model_validator(mode="after")
    def _begins_at_zero_and_increases(self) -> Self:
        if self.grid[0] != 0 or any(not low < high for low, high in zip(self.grid, self.grid[1:], strict=False)):
            raise Clash("grid", what="strengths do not increase from 0", remedy="write 0 first, then larger ones")
        return self


class FewShot(Declared):
    """A trial of how few clips of a class are enough."""

    clips: Annotated[int, Field(ge=1)]
    """Of each such class, among what each fold learns from."""
    classes: tuple[str, ...]
    """Names; none: the smallest class among what each fold learns from."""
    seed: Annotated[int, Field(ge=0)]
    """Of the draw."""


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
    logit_adjustment: Size | None = None
    """The short way to write a logit-adjusted `loss`: its strength. None: `loss` says."""
    loss: LossSettings | None = None
    """None: logit-adjusted, by `logit_adjustment`."""
    strength: StrengthRule | None = None
    """None: answers are as balanced as training makes them."""
    few_shot: FewShot | None = None
    """None: every clip is learned from."""
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

    @model_validator(mode="after")
    def _each_seed_once(self) -> Self:
        if len(set(self.seeds)) < len(self.seeds):
            raise Clash("seeds", what="a seed is named twice", remedy="name each once: a training counts once")
        return self

    @model_validator(mode="after")
    def _one_loss(self) -> Self:
        if (self.loss is None) == (self.logit_adjustment is None):
            raise Clash(
                "logit_adjustment" if self.loss else "loss",
                what="the loss is told twice" if self.loss else "no loss is told",
                remedy="keep the block loss, or the key logit_adjustment alone",
            )
        return self

    @property
    def adjustment(self) -> float | None:
        """Strength of the logit adjustment in training; None: another loss trains."""
        if self.loss is None:
            return self.logit_adjustment
        if self.loss.kind is LossKind.LOGIT_ADJUSTED:
            return self.loss.logit_adjusted.strength
        return 0.0 if self.loss.kind is LossKind.CROSS_ENTROPY else None


def load_settings(name_or_path: str) -> BenchmarkSettings:
    """Read packaged settings by name, or any by their path.

    Raises:
        BadInput: there are none of that name, or the file has a mistake; names line and key.
    """
    path = named_or_path(name_or_path, "pipelines", "benchmark")
    return read_yaml(path, BenchmarkSettings)

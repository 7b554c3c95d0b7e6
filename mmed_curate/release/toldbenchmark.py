"""What the page shows of a release's benchmark, read from its report; what version 1 of the report lacks is None."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldScore:
    """One score of one model with its interval; None: undetermined."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldDifference:
    """A difference of UAR, in shares, with its interval; None: undetermined."""

    value: float | None
    low: float | None
    high: float | None
    p_two_sided: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldModel:
    """One model of the benchmark."""

    name: str
    n_parameters: int | None
    scores: Mapping[str, ToldScore]
    """By `accuracy`, `uf1`, `uar`."""
    confusion: tuple[tuple[int, ...], ...]
    """(C, C) truth by prediction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldControl:
    """AMF-Net with its senses disturbed."""

    name: str
    means: str
    n_changed: int
    uar: float | None
    gain: ToldDifference
    """Over the same network without any sound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldSound:
    """Whether sound helps."""

    sentence: str
    power: str
    """How many clips a difference like this needs."""
    against_permuted: ToldDifference
    against_visual: ToldDifference | None
    while_nobody_speaks: ToldDifference | None
    n_without_voice: int | None
    controls: tuple[ToldControl, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldBin:
    """Answers of about the same confidence."""

    confidence: float
    accuracy: float
    low: float | None
    high: float | None
    n_answers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldCalibration:
    """AMF-Net's probabilities before and after temperature."""

    before: tuple[ToldBin, ...]
    after: tuple[ToldBin, ...]
    ece_before: float
    sentence: str
    """Of those after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldCeiling:
    """How well one coder predicts the others."""

    n_coders: int
    n_answers: int
    accuracy: float
    uar: ToldScore
    bits: float | None
    """Cross-entropy against the others' shares; None: undetermined."""
    model_bits: float | None
    """AMF-Net's against all coders' shares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldGroup:
    """AMF-Net on the clips of one group of subjects."""

    attribute: str
    value: str
    n_subjects: int
    uar: ToldScore


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldHard:
    """A clip wrong more often than not."""

    clip: str
    truth: str
    answers: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldBenchmark:
    """The benchmark's report."""

    notice: str
    protocol: str
    settings: str
    """Their name."""
    classes: tuple[str, ...]
    n_clips: int
    n_seeds: int
    models: tuple[ToldModel, ...]
    against: Mapping[str, ToldDifference]
    """AMF-Net's UAR less that of the model of this name."""
    by_session: Mapping[str, ToldScore]
    """UAR leaving out sessions, by model."""
    sound: ToldSound | None
    balanced: tuple[float, ToldScore] | None
    """Accuracy and UAR of AMF-Net with the balance that inner splits chose."""
    calibration: ToldCalibration | None
    ceiling: ToldCeiling | None
    groups: tuple[ToldGroup, ...]
    probes: tuple[str, ...]
    """Sentences."""
    hardest: tuple[ToldHard, ...]
    notes: tuple[str, ...]


def told_benchmark(document: Mapping[str, Any]) -> ToldBenchmark:
    """Read a report of version 1 or 2.

    Raises:
        LookupError, TypeError, ValueError, AttributeError: it is garbled.
    """
    sound, calibration, balance = (document.get(name) for name in ("sound", "calibration", "balance"))
    return ToldBenchmark(
        notice=str(document["notice"]),
        protocol=str(document["protocol"]),
        settings=str(document["settings"].get("name", "")),
        classes=tuple(str(one) for one in document["classes"]),
        n_clips=int(document["n_clips"]),
        n_seeds=len(document["settings"]["seeds"]),
        models=tuple(_model(one) for one in document["models"]),
        against={str(one["model"]): _difference(one["difference"]["uar"]) for one in document.get("against", ())},
        by_session={
            str(one["name"]): _score(one["scores"]["uar"], (one.get("intervals") or {}).get("uar"))
            for one in document.get("by_session", ())
        },
        sound=None if sound is None else _sound(sound),
        balanced=None
        if balance is None
        else (float(balance["scores"]["accuracy"]), _score(balance["scores"]["uar"], balance["intervals"]["uar"])),
        calibration=None if calibration is None else _calibration(calibration),
        ceiling=_ceiling(document.get("soft_labels")),
        groups=tuple(
            ToldGroup(
                attribute=str(one["attribute"]),
                value=str(one["value"]),
                n_subjects=int(one["n_subjects"]),
                uar=_score(one["scores"]["uar"], one["intervals"]["uar"]),
            )
            for one in (document.get("groups") or {"rows": ()})["rows"]
        ),
        probes=tuple(str(one["sentence"]) for one in document.get("probes", ())),
        hardest=tuple(
            ToldHard(
                clip=str(one["clip"]),
                truth=str(one["truth"]),
                answers=tuple((str(said["class"]), int(said["n"])) for said in one["answers"]),
            )
            for one in document.get("hardest", ())
        ),
        notes=tuple(str(one) for one in document.get("notes", ())),
    )


def _model(document: Mapping[str, Any]) -> ToldModel:
    found, intervals = document["scores"], document.get("intervals") or {}
    return ToldModel(
        name=str(document["name"]),
        n_parameters=document.get("n_parameters"),
        scores={name: _score(found[name], intervals.get(name)) for name in ("accuracy", "uf1", "uar")},
        confusion=tuple(tuple(int(count) for count in row) for row in found["confusion"]),
    )


def _sound(document: Mapping[str, Any]) -> ToldSound:
    visual, speechless = document["against_visual"], document["while_nobody_speaks"]
    return ToldSound(
        sentence=str(document["sentence"]),
        power=str(document["power"]["sentence"]),
        against_permuted=_difference(document["against_permuted"]["uar"]),
        against_visual=None if visual is None else _difference(visual["uar"]),
        while_nobody_speaks=None if speechless is None else _difference(speechless["uar"]),
        n_without_voice=document["n_without_voice"],
        controls=tuple(
            ToldControl(
                name=str(one["control"]),
                means=str(one["means"]),
                n_changed=int(one["n_changed"]),
                uar=one["scores"]["uar"],
                gain=_difference(one["gain"]["uar"]),
            )
            for one in document["controls"]
        ),
    )


def _calibration(document: Mapping[str, Any]) -> ToldCalibration:
    return ToldCalibration(
        before=_bins(document["before"]),
        after=_bins(document["after"]),
        ece_before=float(document["before"]["ece"]),
        sentence=str(document["after"]["sentence"]),
    )


def _bins(document: Mapping[str, Any]) -> tuple[ToldBin, ...]:
    return tuple(
        ToldBin(
            confidence=float(one["confidence"]),
            accuracy=float(one["accuracy"]),
            low=(one["interval"] or {}).get("low"),
            high=(one["interval"] or {}).get("high"),
            n_answers=int(one["n_answers"]),
        )
        for one in document["bins"]
        if one["confidence"] is not None
    )


def _ceiling(document: Mapping[str, Any] | None) -> ToldCeiling | None:
    found = None if document is None else document["human_ceiling"]
    if document is None or found is None or found["scores"] is None:
        return None
    return ToldCeiling(
        n_coders=int(found["n_coders"]),
        n_answers=int(found["n_answers"]),
        accuracy=float(found["scores"]["accuracy"]),
        uar=_score(found["scores"]["uar"], found["intervals"]["uar"]),
        bits=None if found["soft"] is None else float(found["soft"]["cross_entropy_bits"]),
        model_bits=None if document["amf-net"] is None else float(document["amf-net"]["cross_entropy_bits"]),
    )


def _score(value: float | None, interval: Mapping[str, Any] | None) -> ToldScore:
    return ToldScore(value=value, low=(interval or {}).get("low"), high=(interval or {}).get("high"))


def _difference(document: Mapping[str, Any]) -> ToldDifference:
    interval = document["interval"] or {}
    return ToldDifference(
        value=document["value"],
        low=interval.get("low"),
        high=interval.get("high"),
        p_two_sided=document["p_two_sided"],
    )

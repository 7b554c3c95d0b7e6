"""What the page draws on beside the tables: title and authors, data card, licence, agreement, gate, benchmark.

All of it is read from the release's own files, each held against the manifest; what an older release does not hold is
None, and the page says nothing of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from mmed_curate.agreement.document import measure_of
from mmed_curate.dataset.released import Dataset
from mmed_curate.dataset.sealed import as_sealed
from mmed_curate.domain.measures import Measure
from mmed_curate.release.toldbenchmark import ToldBenchmark, told_benchmark

BENCHMARK = "benchmark/benchmark.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldClass:
    """One code told apart from the rest."""

    code: str
    positives: int
    alpha: Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldLayer:
    """One thing that coders choose."""

    name: str
    unit: str
    alpha: Measure
    percent: Measure
    classes: tuple[ToldClass, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldMark:
    """Onset, apex or offset."""

    name: str
    median_ms: float | None
    p95_ms: float | None
    within: Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAgreement:
    """The agreement report, as far as the page shows it."""

    n_coded: int
    n_coders: int
    n_subjects: int
    confidence: float
    resamples: int
    tentative_from: float
    firm_from: float
    settings: Mapping[str, Any]
    layers: tuple[ToldLayer, ...]
    marks: tuple[ToldMark, ...]
    duration_alpha: Measure
    action_units: tuple[ToldClass, ...]
    vocal_cues: tuple[ToldClass, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRule:
    """One rule of the gate and what came of it."""

    name: str
    number: float | None
    relation: str
    bound: float
    outcome: str
    holds: bool
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTold:
    """All of it."""

    title: str
    """Without the words SIMULATED and DRAFT, which the page sets before it."""
    authors: tuple[str, ...]
    year: int
    doi: str | None
    readme: str | None
    """Markdown, as the next two."""
    data_card: str | None
    changes: str | None
    licence: str | None
    agreement: ToldAgreement
    gate_passed: bool
    policy: str
    rules: tuple[ToldRule, ...]
    benchmark: ToldBenchmark | None


def told_of(dataset: Dataset) -> PageTold:
    """Read it from a release.

    Raises:
        BadInput: a file is not as it was sealed.
        LookupError, TypeError, ValueError, AttributeError: a document is garbled.
    """
    cited = yaml.safe_load(_sealed(dataset, "CITATION.cff") or "{}")
    title = str(cited.get("title", dataset.release.name))
    if title.startswith(("SIMULATED", "DRAFT")):
        title = title.split(": ", 1)[-1]
    gate = dataset.gate
    benchmark = _sealed(dataset, BENCHMARK)
    return PageTold(
        title=title,
        authors=tuple(_author(one) for one in cited.get("authors", [])),
        year=dataset.release.released_on.year,
        doi=cited.get("doi"),
        readme=_sealed(dataset, "README.md"),
        data_card=_sealed(dataset, "DATACARD.md"),
        changes=_sealed(dataset, "CHANGELOG.md"),
        licence=_sealed(dataset, "LICENSE.txt"),
        agreement=_agreement(dataset.agreement),
        gate_passed=gate["passed"] is True,
        policy=str(gate["policy"]),
        rules=tuple(_rule(one) for one in gate["rules"]),
        benchmark=None if benchmark is None else told_benchmark(json.loads(benchmark)),
    )


def _sealed(dataset: Dataset, name: str) -> str | None:
    """The text of a file as it was sealed; None: the release has none of that name."""
    sha256 = next((file.sha256 for file in dataset.manifest.files if file.path == name), None)
    if sha256 is None:
        return None
    return as_sealed(dataset.root, name, sha256).read_text(encoding="utf-8")


def _author(document: Mapping[str, Any]) -> str:
    return str(
        document.get("name") or " ".join(document[part] for part in ("given-names", "family-names") if part in document)
    )


def _agreement(document: Mapping[str, Any]) -> ToldAgreement:
    settings = document["settings"]
    return ToldAgreement(
        n_coded=int(document["n_coded"]),
        n_coders=int(document["n_coders"]),
        n_subjects=int(document["n_subjects"]),
        confidence=float(settings["confidence"]),
        resamples=int(settings["resamples"]),
        tentative_from=float(settings["tentative_from"]),
        firm_from=float(settings["firm_from"]),
        settings=settings,
        layers=tuple(
            ToldLayer(
                name=one["name"],
                unit=one["unit"],
                alpha=measure_of(one["alpha"]),
                percent=measure_of(one["percent"]),
                classes=_classes(one["classes"]),
            )
            for one in document["layers"]
        ),
        marks=tuple(
            ToldMark(
                name=one["mark"],
                median_ms=one["median_ms"],
                p95_ms=one["p95_ms"],
                within=measure_of(one["within_tolerance"]),
            )
            for one in document["times"]["marks"]
        ),
        duration_alpha=measure_of(document["times"]["duration_alpha"]),
        action_units=_classes(document["action_units"]),
        vocal_cues=_classes(document["vocal_cues"]),
    )


def _classes(documents: list[Mapping[str, Any]]) -> tuple[ToldClass, ...]:
    return tuple(
        ToldClass(code=one["code"], positives=int(one["positives"]), alpha=measure_of(one["alpha"]))
        for one in documents
    )


def _rule(document: Mapping[str, Any]) -> ToldRule:
    number = document["number"]
    holds = document["holds"] is True
    return ToldRule(
        name=str(document["name"]),
        number=None if number is None else float(number),
        relation=str(document["relation"]),
        bound=float(document["bound"]),
        outcome=str(document.get("outcome", "holds" if holds else "fails")),
        holds=holds,
        what=str(document["what"]),
    )

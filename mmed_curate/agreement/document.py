"""An agreement report as the JSON document that leaves us (schema/json/agreement.schema.json), and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmed_curate.agreement.layers import ClassAgreement, LayerAgreement, OrderedAgreement, SetAgreement
from mmed_curate.agreement.report import VERSION, AgreementReport
from mmed_curate.agreement.rules import rules_of
from mmed_curate.agreement.settings import AgreementSettings
from mmed_curate.agreement.times import TimeAgreement
from mmed_curate.domain.measures import Coefficient, Interval, Measure, Undetermined

__all__ = ["FORMAT", "VERSION"]

FORMAT = "mmed-agreement"


def report_document(report: AgreementReport) -> dict[str, Any]:
    """The whole report, in the shape of its version; holds no name of a coder, subject or clip."""
    document = {
        "format": FORMAT,
        "version": report.version,
        "simulated": report.simulated,
        "judgements_digest": report.judgements_digest,
        "protocol": report.protocol,
        "codebook": report.codebook,
        "settings": settings_document(report.settings),
        "n_clips": report.n_clips,
        "n_coded": report.n_coded,
        "n_subjects": report.n_subjects,
        "n_coders": report.n_coders,
        "n_events": report.n_events,
        "layers": [layer_document(layer) for layer in report.layers],
        "times": times_document(report.times),
        "action_units": _classes(report.action_units),
        "vocal_cues": _classes(report.vocal_cues),
    }
    if report.existence is not None:
        document |= {
            "existence": {
                "alpha_u": measure_document(report.existence.alpha_u),
                "screeners_alpha_u": measure_document(report.existence.screeners_alpha_u),
                "n_foils": report.existence.n_foils,
                "invented": measure_document(report.existence.invented),
            },
            "sets": [set_document(one) for one in report.sets],
            "ordered": [ordered_document(one) for one in report.ordered],
            "passes": [
                {
                    "name": one.name,
                    "turn": one.turn,
                    "modality": one.modality.value,
                    "n_clips": one.n_clips,
                    "layers": [layer_document(layer) for layer in one.layers],
                }
                for one in report.passes
            ],
        }
    if rules_of(report.version).has_unit_intensities:
        document["n_left_out"] = report.n_left_out
        document["unit_intensities"] = [
            {"code": one.code, "n_events": one.n_events, "alpha": measure_document(one.alpha)}
            for one in report.unit_intensities
        ]
    return document


def settings_document(settings: AgreementSettings) -> dict[str, Any]:
    """How intervals were made and what was too little to measure."""
    return settings.values()


def layer_document(layer: LayerAgreement) -> dict[str, Any]:
    """One layer; Cohen's kappa where it was measured."""
    kappa = {} if layer.cohen is None else {"cohen": measure_document(layer.cohen)}
    return {
        "name": layer.name,
        "unit": layer.unit,
        "alpha": measure_document(layer.alpha),
        "ac1": measure_document(layer.ac1),
        "fleiss": measure_document(layer.fleiss),
        "percent": measure_document(layer.percent),
        **kappa,
        "classes": _classes(layer.classes),
    }


def set_document(found: SetAgreement) -> dict[str, Any]:
    """Sets of codes; says which of its numbers knows chance."""
    return {
        "name": found.name,
        "unit": found.unit,
        "masi": measure_document(found.masi),
        "index": measure_document(found.index),
        "index_corrected_for_chance": False,
    }


def ordered_document(found: OrderedAgreement) -> dict[str, Any]:
    """One scale."""
    return {
        "name": found.name,
        "unit": found.unit,
        "values": list(found.values),
        "alpha": measure_document(found.alpha),
        "ac2": measure_document(found.ac2),
        "percent": measure_document(found.percent),
    }


def times_document(times: TimeAgreement) -> dict[str, Any]:
    """Times in ms."""
    return {
        "marks": [
            {
                "mark": mark.mark,
                "n_pairs": mark.n_pairs,
                "median_ms": mark.median_ms,
                "p95_ms": mark.p95_ms,
                "within_tolerance": measure_document(mark.within_tolerance),
            }
            for mark in times.marks
        ],
        "median_iou": times.median_iou,
        "duration_alpha": measure_document(times.duration_alpha),
    }


def measure_document(measure: Measure) -> dict[str, Any]:
    """A number with its interval; nulls and a reason where undetermined."""
    if isinstance(measure, Undetermined):
        return {
            "value": None,
            "lower": None,
            "upper": None,
            "confidence": None,
            "n_units": None,
            "n_judgements": None,
            "n_clusters": None,
            "undetermined": measure.reason,
            "no_interval": measure.reason,
        }
    spread = measure.interval if isinstance(measure.interval, Interval) else None
    return {
        "value": measure.value,
        "lower": spread.lower if spread else None,
        "upper": spread.upper if spread else None,
        "confidence": spread.confidence if spread else None,
        "n_units": measure.n_units,
        "n_judgements": measure.n_judgements,
        "n_clusters": measure.n_clusters,
        "undetermined": None,
        "no_interval": measure.interval.reason if isinstance(measure.interval, Undetermined) else None,
    }


_NO_WIDTH = 1e-9
"""An interval narrower than that has none but for rounding: no resample differs from what was seen."""


def alpha_in_words(measure: Measure, settings: AgreementSettings) -> str:
    """What an alpha allows, judged by the lower end of its interval, in Krippendorff's words (2004, p. 241)."""
    if isinstance(measure, Undetermined):
        return f"undetermined: {measure.reason}"
    if isinstance(measure.interval, Undetermined):
        return f"no interval: {measure.interval.reason}"
    if measure.interval.upper - measure.interval.lower < _NO_WIDTH:
        alike = "perfect" if measure.value > 1 - _NO_WIDTH else "the same for every subject"
        return f"{alike} on what there is, so the interval cannot tell"
    if measure.interval.lower >= settings.firm_from:
        return "reliable"
    if measure.interval.lower >= settings.tentative_from:
        return "good for tentative conclusions"
    if measure.value >= settings.tentative_from:
        return f"uncertain: the interval reaches below {settings.tentative_from:g}"
    return "not reliable"


def class_document(one: ClassAgreement) -> dict[str, Any]:
    """One value against the rest, with what was measured of it."""
    news = {"ac1": one.ac1, "percent": one.percent}
    return {
        "code": one.code,
        "positives": one.positives,
        "alpha": measure_document(one.alpha),
        **{name: measure_document(value) for name, value in news.items() if value is not None},
    }


def _classes(classes: Sequence[ClassAgreement]) -> list[dict[str, Any]]:
    return [class_document(one) for one in classes]


def measure_of(document: Mapping[str, Any]) -> Measure:
    """The number that `measure_document` wrote.

    Raises:
        KeyError, TypeError, ValueError: the document is none.
    """
    if document["value"] is None:
        return Undetermined(reason=str(document["undetermined"]))
    interval: Interval | Undetermined = Undetermined(reason=str(document["no_interval"]))
    if document["lower"] is not None:
        interval = Interval(
            lower=float(document["lower"]),
            upper=float(document["upper"]),
            confidence=float(document["confidence"]),
        )
    return Coefficient(
        value=float(document["value"]),
        interval=interval,
        n_units=int(document["n_units"]),
        n_judgements=int(document["n_judgements"]),
        n_clusters=int(document["n_clusters"]),
    )

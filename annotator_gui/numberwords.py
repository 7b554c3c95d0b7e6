"""Measured numbers in the curator's words. Knows no Qt."""

from __future__ import annotations

from annotator_gui.language import Words
from mmed_curate.domain.measures import Interval, Measure, Undetermined


def measure_words(measure: Measure, words: Words) -> str:
    """A number with its interval and what it rests on, or why there is none."""
    if isinstance(measure, Undetermined):
        return words("undetermined: {reason}", reason=measure.reason)
    rests = words("on {units} judged twice, of {subjects} subjects", units=measure.n_units, subjects=measure.n_clusters)
    if isinstance(measure.interval, Interval):
        interval = measure.interval
        return f"{measure.value:.2f}  [{interval.lower:.2f}, {interval.upper:.2f}]   {rests}"
    return words(
        "{value}, interval undetermined: {reason}", value=f"{measure.value:.2f}", reason=measure.interval.reason
    )


def short_words(measure: Measure) -> str:
    """A number with its interval, as short as it can be said; a dash where it is undetermined."""
    if isinstance(measure, Undetermined):
        return "–"
    if isinstance(measure.interval, Interval):
        return f"{measure.value:.2f}  [{measure.interval.lower:.2f}, {measure.interval.upper:.2f}]"
    return f"{measure.value:.2f}"


def layer_words(layer: str, words: Words) -> str:
    """What a layer is called; one of a single pass keeps its own name."""
    known = {
        "emotion": words("Emotion"),
        "emotion-class": words("Class of the emotion"),
        "event-type": words("Event type"),
        "existence": words("An event is there"),
        "screening": words("Verdict of screeners"),
        "action-units": words("Action units"),
        "vocal-cues": words("Vocal cues"),
    }
    return known.get(layer, layer)

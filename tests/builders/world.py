"""A small simulated world: the packaged settings, shrunk until a test can afford them."""

from __future__ import annotations

from typing import Any

from mmed_curate.simulation.settings import SessionSettings, load_settings


def a_world(**changes: Any) -> SessionSettings:
    """One subject, three seconds, one event and one blink, 320×240; a change such as `picture__noise=0` reaches in."""
    document = load_settings("mmed").model_dump(mode="python")
    small: dict[str, Any] = {
        "subjects": 1,
        "minutes": 0.05,
        "edge_s": 0.3,
        "picture__width": 320,
        "picture__height": 240,
        "picture__eye_distance_px": 60.0,
        "events__per_minute": 20.0,
        "distractors__gap_s": 0.2,
        "distractors__blinks__per_minute": 20.0,
        "distractors__head_motions__per_minute": 0.0,
        "distractors__macros__per_minute": 0.0,
    }
    for path, value in {**small, **changes}.items():
        *way, last = path.split("__")
        part = document
        for name in way:
            part = part[name]
        part[last] = value
    return SessionSettings.model_validate(document, strict=False)

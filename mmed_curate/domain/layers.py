"""What agreement is measured of, and how its numbers are called: the report names them so, and a policy asks for them.

A number is called `LAYER.KIND`, of one value against the rest `LAYER=CODE.KIND`, of one pass of several
`pass-1-sound:LAYER.KIND`, and of a code that is given or not `CODE.KIND`. Which codes there are the codebook says.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from enum import StrEnum

from mmed_curate.domain.protocol import Modality


class Layer(StrEnum):
    """What coders say of an event or a clip, and of which each code can be told apart from the rest."""

    EMOTION = "emotion"
    EMOTION_CLASS = "emotion-class"
    EVENT_TYPE = "event-type"
    EXISTENCE = "existence"
    SCREENING = "screening"
    ACTION_UNITS = "action-units"
    VOCAL_CUES = "vocal-cues"


GIVEN_OR_NOT = frozenset({Layer.ACTION_UNITS, Layer.VOCAL_CUES})
"""Layers of which an event holds several codes, or none."""

_CHOSEN = ("alpha", "ac1", "fleiss", "percent", "cohen")
_OF_A_CODE = ("alpha", "ac1", "percent")
_KINDS: Mapping[str, tuple[str, ...]] = {
    **{layer.value: _CHOSEN for layer in Layer if layer not in GIVEN_OR_NOT},
    **{layer.value: ("masi", "index") for layer in sorted(GIVEN_OR_NOT)},
    **dict.fromkeys(("intensity", "confidence"), ("alpha", "ac2", "percent")),
    **dict.fromkeys(("onset", "apex", "offset"), ("within-tolerance",)),
    "duration": ("alpha",),
    "foils": ("invented",),
}
"""By what stands before the dot, the numbers that a report holds of it; those of codes stand apart."""

WHOLE = frozenset(
    {f"{of}.{kind}" for of, kinds in _KINDS.items() for kind in kinds} | {"existence.alpha-u", "screening.alpha-u"}
)
"""The names of numbers that rest on no code and no pass: every report of today holds them all."""
_IN_PASSES = "|".join(sorted(layer for layer in Layer if layer not in {*GIVEN_OR_NOT, Layer.SCREENING}))
_CODE = r"[a-z0-9][a-z0-9-]*"
_PASS = rf"pass-[1-9][0-9]*-(?:{'|'.join(one.value for one in Modality)}):"
_WITH_CODES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_PASS}(?:{_IN_PASSES})\.(?:{'|'.join(_CHOSEN)})",
        rf"(?:{_PASS})?(?:{_IN_PASSES})={_CODE}\.(?:{'|'.join(_OF_A_CODE)})",
        rf"{Layer.SCREENING}={_CODE}\.(?:{'|'.join(_OF_A_CODE)})",
        rf"(?!(?:{'|'.join(sorted(_KINDS))})\.){_CODE}\.(?:{'|'.join((*_OF_A_CODE, 'intensity-alpha'))})",
    )
)
_SHARES = frozenset({"percent", "within-tolerance", "index", "invented"})


def can_be_measured(name: str) -> bool:
    """Whether a report may hold a number of that name; that its codes are in the codebook is not asked."""
    return name in WHOLE or any(pattern.fullmatch(name) for pattern in _WITH_CODES)


def is_share(name: str) -> bool:
    """Whether a number of that name is a share, from 0 to 1; else it is corrected for chance, from -1 to 1."""
    return name.rpartition(".")[2] in _SHARES


def nearest_name(name: str) -> str:
    """The name without codes that is spelled most like it, such as `emotion.alpha` for `emotoin.alpa`."""
    by_likeness = difflib.get_close_matches(name, sorted(WHOLE), n=1, cutoff=0.0)
    return by_likeness[0]

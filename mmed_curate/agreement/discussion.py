"""What to talk about in retraining: which answers are confused, which coders differ, which clips to look at together.

For the curator only: it names coders. What it counts, `differing` says.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from mmed_curate.agreement.differing import NOT_GIVEN, SETS, Compared, Discrepancy
from mmed_curate.agreement.times import MARKS
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.identity import ClipId, CoderId

Key = TypeVar("Key", bound=str | tuple[str, ...])

_OF_DURATION = ("onset", "offset")
_WITHOUT_LAYER = {"duration": _OF_DURATION, "foils": ("existence",)}
"""Numbers that are no layer's, and what coders say differently where they are low."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Focus:
    """What a number is about."""

    layers: tuple[str, ...] | None = None
    """See `Compared.of`; None: all of it."""
    code: str | None = None
    """One answer, told apart from all others; None: any."""


ALL = Focus()


@dataclass(frozen=True, slots=True, kw_only=True)
class Confused:
    """Two answers that stand against each other."""

    layer: str
    one: str
    other: str
    """Of a code given or not, `differing.NOT_GIVEN` is one of the two."""
    n_pairs: int
    """Pairs of coders of whom one said this and the other that."""
    of_pairs: int
    """Pairs that were compared: in the layer; of a code given or not, those of whom at least one gave it."""
    clips: tuple[ClipId, ...]
    """The most such pairs first."""

    @property
    def share(self) -> float:
        """Of the pairs that were compared."""
        return self.n_pairs / self.of_pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class CodersDiffer:
    """A coder and another one, or all others."""

    one: CoderId
    other: CoderId | None
    """None: all others."""
    n_differ: int
    of_pairs: int
    """Pairs with them that were compared."""
    about: tuple[tuple[str, str, str, int], ...]
    """Layer, what the first says, what the other says there, and how often: the most frequent first; no marks."""
    clips: tuple[ClipId, ...]
    """The most differences first."""

    @property
    def share(self) -> float:
        """Of the pairs that were compared."""
        return self.n_differ / self.of_pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipToDiscuss:
    """One clip to look at together."""

    clip: ClipId
    n_differ: int
    """Discrepancies between any two of its coders."""
    about: tuple[tuple[str, int], ...]
    """Layers, and how many of these; the most first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discussion:
    """What to discuss, the most telling first; empty where nobody differs."""

    confused: tuple[Confused, ...]
    coders: tuple[CodersDiffer, ...]
    """Each coder against all others: the largest share first."""
    pairs: tuple[CodersDiffer, ...]
    """The same of two coders."""
    clips: tuple[ClipToDiscuss, ...]


def focus_of(measure: str, codebook: Codebook) -> Focus:
    """What a measured number is about.

    Args:
        measure: its name in the report, such as `emotion.alpha`, `emotion-class=negative.alpha`, `au4.alpha`,
            `onset.within-tolerance` or `pass-1-picture:emotion.alpha`.
        codebook: tells action units and cues from layers.
    """
    named = measure.rpartition(".")[0] or measure
    layer, _, code = named.partition("=")
    if layer in {entry.code for entry in codebook.action_units}:
        if measure.endswith(".intensity-alpha"):
            return Focus(layers=(f"intensity:{layer}",))
        return Focus(layers=("action-units",), code=layer)
    if layer in {entry.code for entry in codebook.vocal_cues}:
        return Focus(layers=("vocal-cues",), code=layer)
    return Focus(layers=_WITHOUT_LAYER.get(layer, (layer,)), code=code or None)


def discussion(compared: Compared, focus: Focus = ALL, *, most: int) -> Discussion:
    """Say what to talk about.

    Args:
        compared: what every two coders said.
        focus: about this only, such as what a rule that failed is about.
        most: items of each list, at most.
    """
    found = tuple(compared.of(focus.layers, code=focus.code))
    layers = focus.layers if focus.layers is not None else tuple({one.layer for one in found})
    return Discussion(
        confused=_confused(compared, found)[:most],
        coders=_coders(compared, found, layers)[:most],
        pairs=_pairs(compared, found, layers)[:most],
        clips=clips_of(found)[:most],
    )


def clips_of(found: Iterable[Discrepancy]) -> tuple[ClipToDiscuss, ...]:
    """The clips of some discrepancies: the most of them first."""
    about: dict[ClipId, Counter[str]] = defaultdict(Counter)
    for one in found:
        about[one.clip][one.layer] += 1
    clips = [
        ClipToDiscuss(clip=clip, n_differ=layers.total(), about=tuple(_most_first(layers)))
        for clip, layers in about.items()
    ]
    return tuple(sorted(clips, key=lambda one: (-one.n_differ, one.clip)))


def _confused(compared: Compared, found: Sequence[Discrepancy]) -> tuple[Confused, ...]:
    in_layer: Counter[str] = Counter()
    for (layer, *_), n in compared.n_pairs.items():
        in_layer[layer] += n
    places: dict[tuple[str, str, str], Counter[ClipId]] = defaultdict(Counter)
    for one in found:
        if one.layer not in MARKS:  # two frame numbers are no confusion
            places[one.layer, *one.codes][one.clip] += 1
    confused = []
    for (layer, one_says, other_says), clips in places.items():
        n_pairs = clips.total()
        of_pairs = in_layer[layer]
        if layer in SETS:
            code = one_says if other_says == NOT_GIVEN else other_says
            of_pairs = n_pairs + compared.agreed.get((layer, code), 0)
        confused.append(
            Confused(
                layer=layer,
                one=one_says,
                other=other_says,
                n_pairs=n_pairs,
                of_pairs=of_pairs,
                clips=tuple(clip for clip, _ in _most_first(clips)),
            )
        )
    return tuple(sorted(confused, key=lambda one: (-one.n_pairs, one.layer, one.one, one.other)))


def _coders(compared: Compared, found: Sequence[Discrepancy], layers: Sequence[str]) -> tuple[CodersDiffer, ...]:
    whose: dict[CoderId, list[Discrepancy]] = defaultdict(list)
    for one in found:
        whose[one.one].append(one)
        whose[one.other].append(one)
    return _ranked(
        _differ(coder, None, own, compared.n_compared(layers, (coder,))) for coder, own in sorted(whose.items())
    )


def _pairs(compared: Compared, found: Sequence[Discrepancy], layers: Sequence[str]) -> tuple[CodersDiffer, ...]:
    whose: dict[tuple[CoderId, CoderId], list[Discrepancy]] = defaultdict(list)
    for one in found:
        whose[one.one, one.other].append(one)
    return _ranked(
        _differ(one, other, own, compared.n_compared(layers, (one, other)))
        for (one, other), own in sorted(whose.items())
    )


def _ranked(differ: Iterable[CodersDiffer]) -> tuple[CodersDiffer, ...]:
    return tuple(sorted(differ, key=lambda one: (-one.share, one.one, one.other or "")))


def _differ(one: CoderId, other: CoderId | None, own: Sequence[Discrepancy], of_pairs: int) -> CodersDiffer:
    about: Counter[tuple[str, str, str]] = Counter()
    for each in own:
        if each.layer not in MARKS:
            says = (each.says, each.other_says) if each.one == one else (each.other_says, each.says)
            about[each.layer, *says] += 1
    return CodersDiffer(
        one=one,
        other=other,
        n_differ=len(own),
        of_pairs=of_pairs,
        about=tuple((*what, n) for what, n in _most_first(about)),
        clips=tuple(clip.clip for clip in clips_of(own)),
    )


def _most_first(counted: Mapping[Key, int]) -> list[tuple[Key, int]]:
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))

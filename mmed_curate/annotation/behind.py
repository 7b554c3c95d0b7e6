"""Which clips are behind which number of a round: one pass over all pairs of coders, then one look-up for each number.

A key says what a number is about, such as `emotion`, `emotion=fear`, `au4`, `emotion: fear / sadness`, `coder bob`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from mmed_curate.agreement.differing import NOT_GIVEN, SETS, Compared, Discrepancy
from mmed_curate.agreement.discussion import ClipToDiscuss, Focus, clips_of
from mmed_curate.domain.identity import ClipId, CoderId


def key_of(focus: Focus) -> str:
    """Of what a number is about."""
    name = " and ".join(focus.layers or ("everything",))
    return name if focus.code is None else f"{name}={focus.code}"


def confusion_key(layer: str, one: str, other: str) -> str:
    """Of two answers that stand against each other, whoever gave which."""
    first, second = sorted((one, other))
    return f"{layer}: {first} / {second}"


def coder_key(one: CoderId, other: CoderId | None = None) -> str:
    """Of a coder beside all others, or of two."""
    return f"coder {one}" if other is None else f"coders {' / '.join(sorted((one, other)))}"


def week_key(week: str) -> str:
    """Of what was coded in a week."""
    return f"week {week}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Behind:
    """The clips behind everything."""

    by_key: Mapping[str, Mapping[ClipId, int]]
    """How many pairs of coders differ in each clip."""
    clips: Mapping[ClipId, ClipToDiscuss]
    """What each clip is disagreed on."""

    def of(self, key: str) -> tuple[ClipId, ...]:
        """The clips of a key, the most differences first; empty: nobody differs there."""
        counted = self.by_key.get(key, {})
        return tuple(sorted(counted, key=lambda clip: (-counted[clip], clip)))


def clips_behind(compared: Compared, week_of: Mapping[ClipId, str], joint: Collection[Focus]) -> Behind:
    """Sort every discrepancy under every key that it counts for.

    Args:
        compared: all pairs.
        week_of: in which week the coding of each clip closed.
        joint: what some numbers are about where that is several layers at once.
    """
    found: dict[str, Counter[ClipId]] = defaultdict(Counter)
    together = [(focus.layers, key_of(focus)) for focus in joint if focus.layers is not None and len(focus.layers) > 1]
    whole = list(compared.of())
    for one in compared.discrepancies:
        for key in _keys(one):
            found[key][one.clip] += 1
        for layers, key in together:
            if one.layer in layers:
                found[key][one.clip] += 1
    for one in whole:
        if one.clip in week_of and one.layer == "emotion":  # the trend is that of the emotion
            found[week_key(week_of[one.clip])][one.clip] += 1
        for key in (coder_key(one.one), coder_key(one.other), coder_key(one.one, one.other)):
            found[key][one.clip] += 1
    return Behind(by_key=found, clips={one.clip: one for one in clips_of(whole)})


def _keys(one: Discrepancy) -> Iterable[str]:
    yield one.layer
    if one.apart_ms is not None:
        return
    yield confusion_key(one.layer, one.says, one.other_says)
    for code in {one.says, one.other_says} - {NOT_GIVEN} if one.layer in SETS else (one.says, one.other_says):
        yield f"{one.layer}={code}"

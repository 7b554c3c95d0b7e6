"""What the page of agreement shows, as plain records; `agreementpage` writes them. For the curator: coders are named.

A *key* stands for the clips behind a number; the page turns it into an anchor. An empty key: no clip is behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mmed_curate.domain.measures import Interval, Measure, Undetermined
from mmed_curate.report.svgplots import Bound, Histogram, Point


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLayer:
    """One thing that coders choose."""

    title: str
    alpha: Measure
    ac1: Measure | None
    """Gwet's, of a scale AC2; None: not measured."""
    kappa: Measure | None
    """Cohen's, of more than two coders Conger's; None: not measured."""
    percent: Measure
    words: str
    """What alpha allows."""
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownClass:
    """One value told apart from all others."""

    code: str
    label: str
    positives: int
    alpha: Measure
    ac1: Measure | None
    percent: Measure | None
    words: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownClasses:
    """The values of one layer."""

    title: str
    classes: tuple[ShownClass, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownOther:
    """A number of another kind than a layer's alpha: of sets, scales, units, foils, durations."""

    title: str
    measure: str
    """Its name in the report, such as `action-units.masi`."""
    value: Measure
    as_share: bool
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMark:
    """Onset, apex or offset."""

    mark: str
    n_pairs: int
    median_ms: float | None
    p95_ms: float | None
    within: Measure
    tolerance: str
    """In words, such as `2 frames or 50 ms, whichever is more`."""
    histogram: Histogram
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMatrix:
    """What one coder said where another said that: both orders of a pair counted in both cells."""

    title: str
    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    """(L, L) pairs of coders, symmetric."""
    keys: Mapping[tuple[int, int], str]
    """Of cells off the diagonal that hold something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCoder:
    """One coder beside all others."""

    coder: str
    n_clips: int
    with_others: Measure
    alpha_without: Measure
    as_settled: float | None
    """Share of their events with the emotion that was settled."""
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPair:
    """Two coders."""

    one: str
    other: str
    n_clips: int
    n_events: int
    seen_by_one: int
    seen_by_other: int
    kappa: Measure
    onset_ms: float | None
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownWeek:
    """What was coded in one week."""

    week: str
    n_clips: int
    alpha: Measure
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDrift:
    """One coder in one stretch of time, against gold or against themselves."""

    coder: str
    kind: str
    window: str
    n_clips: int
    figures: tuple[str, ...]
    """Event F1, emotion, index of action units, onset; a dash where undetermined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRule:
    """One rule of the gate."""

    name: str
    number: str
    """A dash: no number."""
    bound: str
    holds: bool
    rare: bool
    """Too rare to be told, and let out marked as such."""
    what: str
    remedy: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTopic:
    """One thing to talk about."""

    head: str
    rest: str
    """With the head a sentence; the head leads to the clips."""
    key: str
    clip: str = ""
    """The clip that it is; empty: it is about more than one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTopics:
    """What to discuss, of one kind."""

    title: str
    topics: tuple[ShownTopic, ...]
    folded: bool
    """Shown only to who opens it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEvent:
    """What one coder said of one event of a clip."""

    event: int
    """From 1."""
    coder: str
    cells: tuple[str, ...]
    """As `ShownClips.columns` has them; empty: they did not mark it."""
    differs: frozenset[int]
    """Columns in which they differ from another coder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownClip:
    """One clip with what everybody said of it."""

    clip: str
    stands: str
    """Where it stands."""
    differs: str
    """On what, in words."""
    events: tuple[ShownEvent, ...]
    notes: tuple[str, ...]
    media: str
    """Relative address of its coding media; empty: not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownList:
    """The clips behind one number: those with most differences first."""

    key: str
    title: str
    clips: tuple[tuple[str, str], ...]
    """Id of each, and in words what differs."""
    n_more: int
    """Further ones, that are not listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAttempt:
    """One time that the gate was held on a whole sample."""

    number: int
    day: str
    policy: str
    n_clips: int
    """That were measured."""
    failed: bool
    came: str
    """How it came out, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementShown:
    """The whole page."""

    title: str
    simulated: bool
    headline: tuple[str, ...]
    """Sentences."""
    layers: tuple[ShownLayer, ...]
    bounds: tuple[Bound, ...]
    """Lines in plots of alpha."""
    others: tuple[ShownOther, ...]
    classes: tuple[ShownClasses, ...]
    marks: tuple[ShownMark, ...]
    matrices: tuple[ShownMatrix, ...]
    coders: tuple[ShownCoder, ...]
    pairs: tuple[ShownPair, ...]
    weeks: tuple[ShownWeek, ...]
    drift: tuple[ShownDrift, ...]
    policy: str
    """Title of the gate's policy; empty: no decision is shown."""
    passed: bool | None
    """None: only the rules on agreement were held."""
    rules: tuple[ShownRule, ...]
    attempts: tuple[ShownAttempt, ...]
    """At the gate, by number."""
    next_needs: str
    """What the next one needs, without a full stop; empty: the last one did not fail."""
    topics: tuple[ShownTopics, ...]
    numbers: Mapping[str, Measure]
    """Every number of the report by name."""
    keys: Mapping[str, str]
    """Of each of these that has clips behind it."""
    lists: tuple[ShownList, ...]
    columns: tuple[str, ...]
    """What is said of an event in a clip."""
    clips: tuple[ShownClip, ...]
    """Every clip that a list names, once."""
    how: tuple[tuple[str, str], ...]
    """How it was measured: name and value."""
    more: str
    """Where all clips of a number are found, as a sentence."""


def point_of(label: str, measure: Measure) -> Point:
    """A measured number for a plot."""
    if isinstance(measure, Undetermined):
        return Point(label=label, value=None, note=measure.reason)
    if isinstance(measure.interval, Interval):
        return Point(label=label, value=measure.value, lower=measure.interval.lower, upper=measure.interval.upper)
    return Point(label=label, value=measure.value, note=measure.interval.reason)

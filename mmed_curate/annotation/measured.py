"""What was measured of a round, for the curator's eyes: numbers, rules, distances, and what is confused most."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from mmed_curate.agreement.differing import Compared, compared
from mmed_curate.agreement.discussion import ALL, Confused, Focus, discussion, focus_of
from mmed_curate.agreement.judged import JudgedClip
from mmed_curate.agreement.report import AgreementReport
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.findings import Finding, MmedError
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.measures import Measure
from mmed_curate.domain.protocol import Protocol, Stage, Tolerance
from mmed_curate.gate.attempted import how_it_came_out
from mmed_curate.gate.attempts import Attempt
from mmed_curate.gate.measured import agreement_verdicts, sample_verdicts
from mmed_curate.gate.policy import Policy, load_policy
from mmed_curate.gate.verdicts import Outcome, Relation, RuleVerdict
from mmed_curate.report.svgplots import Histogram

_SIGN = {Relation.AT_LEAST: "≥", Relation.AT_MOST: "≤"}
_BARS = 20
"""Of a histogram, at most."""
_SHOWN = 0.99
"""Share of distances that the bars hold; what lies beyond is one bar of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerLine:
    """One thing that coders choose."""

    name: str
    """As the report names it."""
    alpha: Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassLine:
    """One value against the rest."""

    layer: str
    code: str
    positives: int
    """Units in which at least one coder chose it."""
    alpha: Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkLine:
    """Onset, apex or offset."""

    mark: str
    n_pairs: int
    """Of coders who marked the same event."""
    median_ms: float | None
    p95_ms: float | None
    within: Measure
    """Share of pairs within tolerance."""
    histogram: Histogram


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """One rule of a release policy."""

    name: str
    number: float | None
    """None: undetermined."""
    sign: str
    bound: float
    holds: bool
    rare: bool
    """Too rare to be told, and let out marked as such."""
    what: str
    remedy: str
    focus: Focus | None
    """What it is about; None: nothing that coders say differently."""
    clips: tuple[ClipId, ...]
    """Where the rule itself names some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptLine:
    """One time that the gate was held on a whole sample."""

    number: int
    day: str
    """As 2026-03-01."""
    policy: str
    """Its name."""
    failed: bool
    came: str
    """How it came out, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRound:
    """All of it."""

    layers: tuple[LayerLine, ...]
    classes: tuple[ClassLine, ...]
    """Of emotions, their classes, action units and vocal cues; each layer together."""
    marks: tuple[MarkLine, ...]
    confused: tuple[Confused, ...]
    """The most frequent first."""
    policy: str
    """Title of the policy whose rules are held; empty: it cannot be read."""
    policy_fault: Finding | None
    """Why it cannot be read."""
    rules: tuple[RuleLine, ...]
    """Those on agreement and on how much was judged."""
    bounds: tuple[float, float]
    """Alpha from which on data allow tentative conclusions, and are reliable (Krippendorff 2004)."""


def measured_round(
    report: AgreementReport,
    clips: Sequence[JudgedClip],
    protocol: Protocol,
    codebook: Codebook,
    *,
    policy: str,
    most: int,
) -> MeasuredRound:
    """Put together what a report says and what every two coders said differently.

    Args:
        report: of these clips.
        clips: coders and clips under their own ids.
        protocol: tolerances and `match_iou`.
        codebook: the vocabulary.
        policy: name or path of the release policy whose rules are held against the report.
        most: confused answers that are named, at most.

    Raises:
        BadInput: a clip's judgements are an impossible history.
    """
    pairs = compared(clips, protocol, codebook)
    fault, title = None, ""
    rules: tuple[RuleLine, ...] = ()
    try:
        held = load_policy(policy)
        title = held.title
        rules = rule_lines((*agreement_verdicts(report, held), *sample_verdicts(report, held)), held, codebook)
    except MmedError as error:
        fault = error.finding
    return MeasuredRound(
        layers=tuple(LayerLine(name=one.name, alpha=one.alpha) for one in report.layers),
        classes=tuple(
            ClassLine(layer=layer, code=code, positives=one.positives, alpha=one.alpha)
            for layer, classes in report.classes.items()
            if layer in _TOLD
            for code, one in classes.items()
        ),
        marks=mark_lines(report, pairs, protocol, clips),
        confused=discussion(pairs, ALL, most=most).confused,
        policy=title,
        policy_fault=fault,
        rules=rules,
        bounds=(report.settings.tentative_from, report.settings.firm_from),
    )


_TOLD = frozenset({"emotion-class", "emotion", "action-units", "vocal-cues"})
"""Layers whose values are told one by one."""


def rule_lines(verdicts: Sequence[RuleVerdict], policy: Policy, codebook: Codebook) -> tuple[RuleLine, ...]:
    """Rules with what each is about.

    Args:
        verdicts: how they came out.
        policy: whose they are.
        codebook: tells action units and cues from layers.
    """
    about: dict[str, Focus] = {rule.name: focus_of(rule.measure, codebook) for rule in policy.measures}
    layer_of = {rule.name: rule.layer for rule in policy.classes}
    return tuple(
        RuleLine(
            name=one.name,
            number=one.number,
            sign=_SIGN[one.relation],
            bound=one.bound,
            holds=one.holds,
            rare=one.outcome is Outcome.UNDETERMINED,
            what=one.what,
            remedy=one.remedy,
            focus=about.get(one.name) or _of_class(one.name, layer_of),
            clips=one.clips,
        )
        for one in verdicts
    )


def attempt_lines(attempts: Iterable[Attempt]) -> tuple[AttemptLine, ...]:
    """Attempts at the gate, as they are told."""
    return tuple(
        AttemptLine(
            number=one.number,
            day=one.day.isoformat(),
            policy=one.policy,
            failed=bool(one.failed),
            came=how_it_came_out(one),
        )
        for one in attempts
    )


def _of_class(name: str, layer_of: Mapping[str, str]) -> Focus | None:
    rule, _, code = name.partition("=")
    return Focus(layers=(layer_of[rule],), code=code) if code and rule in layer_of else None


def mark_lines(
    report: AgreementReport, pairs: Compared, protocol: Protocol, clips: Sequence[JudgedClip]
) -> tuple[MarkLine, ...]:
    """Onset, apex and offset with their distances."""
    frame_ms = median(_frame_ms(one) for one in clips) if clips else 1.0
    return tuple(
        MarkLine(
            mark=one.mark,
            n_pairs=one.n_pairs,
            median_ms=one.median_ms,
            p95_ms=one.p95_ms,
            within=one.within_tolerance,
            histogram=histogram_of(
                pairs.apart_ms[one.mark], _tolerance_ms(protocol.tolerance.of(one.mark), frame_ms), frame_ms
            ),
        )
        for one in report.times.marks
    )


def histogram_of(apart_ms: Sequence[tuple[float, bool]], tolerance_ms: float, frame_ms: float) -> Histogram:
    """Sort distances into at most twenty bars of whole frames that reach over the tolerance and nearly all of them.

    Args:
        apart_ms: never negative; and whether each is within tolerance.
        tolerance_ms: what still counts as the same.
        frame_ms: how long a frame lasts: distances are whole frames, so the bars are.
    """
    ordered = sorted(apart_ms)
    reach = max(1.2 * tolerance_ms, ordered[math.ceil(_SHOWN * len(ordered)) - 1][0] if ordered else 0.0, frame_ms)
    step = frame_ms * math.ceil(reach / (_BARS - 1) / frame_ms - 1e-9)
    counts = [[0, 0] for _ in range(round(reach / step) + 1)]
    more = 0
    for apart, within in ordered:
        place = math.floor(apart / step + 0.5)
        if place < len(counts):
            counts[place][0 if within else 1] += 1
        else:
            more += 1
    return Histogram(
        step_ms=step, counts=tuple((inside, out) for inside, out in counts), n_more=more, tolerance_ms=tolerance_ms
    )


def _frame_ms(judged: JudgedClip) -> float:
    clock = judged.clock
    return float((clock.end_pts - clock.pts[0]) * clock.time_base * 1000) / clock.n_frames


def _tolerance_ms(tolerance: Tolerance, frame_ms: float) -> float:
    """The larger bound, on a clip of middling rate."""
    return max(tolerance.ms, tolerance.frames * frame_ms)


LAYER_TITLES: Mapping[str, str] = {
    "emotion": "emotion",
    "emotion-class": "class of the emotion",
    "event-type": "event type",
    "existence": "whether there is an event",
    Stage.SCREENING.value: "verdict of screeners",
    "action-units": "action units",
    "vocal-cues": "vocal cues",
    "intensity": "intensity of action units",
    "confidence": "how sure the coder is",
    "onset": "onset",
    "apex": "apex",
    "offset": "offset",
    "duration": "duration",
}
"""What a layer is called in a sentence."""


def layer_title(layer: str) -> str:
    """What a layer is called in a sentence, of which pass it may be."""
    turn, _, name = layer.rpartition(":")
    title = LAYER_TITLES.get(name, name)
    return f"{title} ({turn.replace('-', ' ')})" if turn else title

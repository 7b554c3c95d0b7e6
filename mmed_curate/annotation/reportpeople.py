"""The people of the whole report: coders, pairs, weeks, drift, what to discuss, and the rules of the gate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from mmed_curate.agreement.among import AmongCoders
from mmed_curate.agreement.coders import WHOLE, Held, WindowScore, by_week, over_time
from mmed_curate.agreement.judged import JudgedClip
from mmed_curate.agreement.report import emotion_alpha
from mmed_curate.annotation.behind import coder_key, week_key
from mmed_curate.annotation.checks import checks
from mmed_curate.annotation.links import Links
from mmed_curate.annotation.measured import RuleLine, layer_title
from mmed_curate.annotation.roundread import RoundRead
from mmed_curate.annotation.topics import Topics, topics_of, topics_of_rules
from mmed_curate.domain.measures import Undetermined
from mmed_curate.report.agreementshown import (
    ShownCoder,
    ShownDrift,
    ShownPair,
    ShownRule,
    ShownTopic,
    ShownTopics,
    ShownWeek,
)
from mmed_curate.report.tables import NOTHING

_TOPICS, _TOPICS_OF_RULE = 6, 3
"""Sentences of each kind, at most."""


def coders_shown(here: RoundRead, links: Links, among: AmongCoders) -> tuple[ShownCoder, ...]:
    """Each coder beside all others."""
    return tuple(
        ShownCoder(
            coder=here.code(one.coder),
            n_clips=one.n_clips,
            with_others=one.with_others,
            alpha_without=one.alpha_without,
            as_settled=one.against_consensus.emotion_agreement,
            key=links.key(coder_key(one.coder), f"{here.code(one.coder)} and any other coder"),
        )
        for one in sorted(among.coders, key=lambda one: here.code(one.coder))
    )


def pairs_shown(here: RoundRead, links: Links, among: AmongCoders) -> tuple[ShownPair, ...]:
    """Each two coders who coded a clip together."""
    return tuple(
        ShownPair(
            one=here.code(one.one),
            other=here.code(one.other),
            n_clips=one.n_clips,
            n_events=one.n_events,
            seen_by_one=one.seen_by_one,
            seen_by_other=one.seen_by_other,
            kappa=one.kappa,
            onset_ms=one.onset_ms,
            key=links.key(coder_key(one.one, one.other), f"{here.code(one.one)} and {here.code(one.other)}"),
        )
        for one in among.pairs
    )


def weeks_shown(here: RoundRead, links: Links) -> tuple[ShownWeek, ...]:
    """The emotion, week by week."""
    by_week: dict[str, list[JudgedClip]] = defaultdict(list)
    for judged in here.clips:
        if judged.clip in here.week:
            by_week[here.week[judged.clip]].append(judged)
    return tuple(
        ShownWeek(
            week=week,
            n_clips=len(ones),
            alpha=emotion_alpha(
                ((one.subject, here.pairs.courses[one.clip].coded) for one in ones),
                here.protocol,
                here.book,
                here.report.settings,
            ),
            key=links.key(week_key(week), f"Emotion in {week}"),
        )
        for week, ones in sorted(by_week.items())
    )


def drift_shown(here: RoundRead) -> tuple[ShownDrift, ...]:
    """Each coder against gold and against themselves, over everything and week by week."""
    scores = over_time(
        checks(here.workspace),
        windows=by_week,
        match_iou=here.protocol.match_iou,
        codebook=here.book,
        min_units=here.report.settings.min_units,
    )
    return tuple(
        ShownDrift(
            coder=here.code(one.coder),
            kind=one.kind.value,
            window="always" if one.window == WHOLE else one.window,
            n_clips=one.n_clips,
            figures=_figures(one),
        )
        for one in sorted(scores, key=lambda one: here.code(one.coder))
    )


def rule_shown(links: Links, one: RuleLine) -> ShownRule:
    """One rule of the gate, with the clips that it names, or on which coders differ in what it is about."""
    key = "" if one.focus is None else links.of(one.focus, " and ".join(map(layer_title, one.focus.layers or ())))
    if one.clips and links.list_of(f"rule {one.name}", f"Rule {one.name}", one.clips):
        key = f"rule {one.name}"
    return ShownRule(
        name=one.name,
        number=NOTHING if one.number is None else figure(one.number),
        bound=f"{one.sign} {figure(one.bound)}",
        holds=one.holds,
        rare=one.rare,
        what=one.what,
        remedy=one.remedy,
        key=key,
    )


def topics_shown(here: RoundRead, links: Links, rules: Sequence[RuleLine]) -> tuple[ShownTopics, ...]:
    """What to discuss: of everything, then, folded, of each rule that fails."""
    whole = topics_of(here.pairs, here.codes, most=_TOPICS)
    of_rules = topics_of_rules(here.pairs, rules, here.codes, most=_TOPICS_OF_RULE)
    return tuple(
        ShownTopics(title=one.title, topics=_linked(links, one), folded=place >= len(whole))
        for place, one in enumerate((*whole, *of_rules))
    )


def _linked(links: Links, topics: Topics) -> tuple[ShownTopic, ...]:
    linked = []
    for topic in topics.topics:
        key = ""
        if topic.clip is not None:
            links.want(topic.clip)
        else:
            key = links.key(topic.key, topic.head[:1].upper() + topic.head[1:])
        linked.append(ShownTopic(head=topic.head, rest=topic.rest, key=key, clip=topic.clip or ""))
    return tuple(linked)


def figure(value: float) -> str:
    """A count without, a coefficient with three digits behind the point."""
    return f"{value:.0f}" if value == int(value) and abs(value) != 1 else f"{value:.3f}".rstrip("0").rstrip(".")


def _figures(score: WindowScore) -> tuple[str, ...]:
    shapes = ("{:.2f}", "{:.2f}", "{:.2f}", "{:.0f} ms")
    held = (score.events_f1, score.emotion_agreement, score.action_unit_index, score.onset_ms)
    return tuple(_cell(one, shape) for one, shape in zip(held, shapes, strict=True))


def _cell(held: Held, shape: str) -> str:
    return NOTHING if isinstance(held.value, Undetermined) else shape.format(held.value)

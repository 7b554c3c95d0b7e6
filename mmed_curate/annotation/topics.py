"""What to discuss in retraining, in sentences: for the terminal and the page. They name coders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mmed_curate.agreement.differing import NOT_GIVEN, SETS, Compared
from mmed_curate.agreement.discussion import ALL, ClipToDiscuss, CodersDiffer, Confused, Discussion, Focus, discussion
from mmed_curate.annotation.behind import coder_key, confusion_key
from mmed_curate.annotation.measured import RuleLine, layer_title
from mmed_curate.domain.identity import ClipId, CoderId


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One thing to talk about."""

    words: str
    """A sentence without a full stop."""
    key: str
    """What its clips are behind (see `behind`); empty: the clip that it is."""
    clip: ClipId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """Of one kind."""

    title: str
    topics: tuple[Topic, ...]


def topics_of(compared: Compared, codes: Mapping[CoderId, str], *, most: int) -> tuple[Topics, ...]:
    """What is confused most, who differs most, which clips to look at together; empty where nobody differs.

    Args:
        compared: what every two coders said.
        codes: of the coders.
        most: sentences of each kind, at most.
    """
    found = discussion(compared, ALL, most=most)
    several = len({who for one in found.pairs for who in (one.one, one.other)}) > 2  # else all are the same pair
    kinds = (
        ("Most often confused", _confused(found.confused)),
        ("Coders beside all others", _coders(found.coders, codes) if several else ()),
        ("Pairs of coders", _coders(found.pairs, codes)),
        ("Clips to look at together", tuple(_clip(one) for one in found.clips)),
    )
    return tuple(Topics(title=title, topics=topics) for title, topics in kinds if topics)


def topics_of_rules(
    compared: Compared, rules: Sequence[RuleLine], codes: Mapping[CoderId, str], *, most: int
) -> tuple[Topics, ...]:
    """The same for each rule that fails and is about something that coders say differently.

    Args:
        compared: what every two coders said.
        rules: of the gate.
        codes: of the coders.
        most: sentences of each kind, at most.
    """
    found = []
    for rule in rules:
        if rule.holds or rule.focus is None:
            continue
        topics = _of_rule(discussion(compared, rule.focus, most=most), rule.focus, codes)
        if topics:
            found.append(Topics(title=f"For the rule {rule.name}", topics=topics))
    return tuple(found)


def _of_rule(found: Discussion, focus: Focus, codes: Mapping[CoderId, str]) -> tuple[Topic, ...]:
    return (
        *_confused(found.confused),
        *_coders(found.pairs, codes),
        *(_clip(one) for one in found.clips),
    )


def _confused(found: Sequence[Confused]) -> tuple[Topic, ...]:
    return tuple(Topic(words=confused_words(one), key=confusion_key(one.layer, one.one, one.other)) for one in found)


def confused_words(one: Confused) -> str:
    """Such as `emotion: fear and surprise, by 12 of 86 pairs of coders (14 %)`."""
    share = f"{one.n_pairs} of {one.of_pairs} pairs of coders ({one.share:.0%})".replace("%", " %")
    if one.layer.rpartition(":")[2] in SETS:
        code = one.one if one.other == NOT_GIVEN else one.other
        return f"{layer_title(one.layer)}: {code}, given by one alone of {share}"
    if one.layer.rpartition(":")[2] == "existence":
        return f"{layer_title(one.layer)}: marked by one alone of {share}"
    return f"{layer_title(one.layer)}: {one.one} and {one.other}, by {share}"


def _coders(found: Sequence[CodersDiffer], codes: Mapping[CoderId, str]) -> tuple[Topic, ...]:
    return tuple(Topic(words=_differ_words(one, codes), key=coder_key(one.one, one.other)) for one in found)


def _differ_words(one: CodersDiffer, codes: Mapping[CoderId, str]) -> str:
    who = codes.get(one.one, one.one)
    whom = "others" if one.other is None else codes.get(one.other, one.other)
    share = f"{one.n_differ} of {one.of_pairs} comparisons ({one.share:.0%})".replace("%", " %")
    said = f"{who} and {whom} differ in {share}"
    if not one.about:
        return said
    layer, says, other_says, n = one.about[0]
    return f"{said}, most often in {layer_title(layer)}: {who} {says}, {whom} {other_says} ({n})"


def _clip(one: ClipToDiscuss) -> Topic:
    return Topic(words=f"{one.clip}: {clip_words(one)}", key="", clip=one.clip)


def clip_words(one: ClipToDiscuss) -> str:
    """Such as `7 differences: 4 emotion, 3 onset`."""
    said = ", ".join(f"{n} {layer_title(layer)}" for layer, n in one.about)
    return f"{one.n_differ} difference{'' if one.n_differ == 1 else 's'}: {said}"

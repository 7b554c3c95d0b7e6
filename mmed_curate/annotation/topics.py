"""What to discuss in retraining, in sentences: for the terminal and the page. They name coders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mmed_curate.agreement.differing import NOT_GIVEN, SETS, Compared
from mmed_curate.agreement.discussion import ALL, ClipToDiscuss, CodersDiffer, Confused, Discussion, discussion
from mmed_curate.agreement.gathering import NO_CLASS
from mmed_curate.annotation.behind import coder_key, confusion_key
from mmed_curate.annotation.measured import RuleLine, layer_title
from mmed_curate.domain.identity import ClipId, CoderId


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One thing to talk about."""

    head: str
    """What it is about, in a few words."""
    rest: str
    """What is to be said of it: with the head a sentence without a full stop."""
    key: str
    """What its clips are behind (see `behind`); empty: the clip that it is."""
    clip: ClipId | None = None

    @property
    def words(self) -> str:
        """The sentence."""
        return f"{self.head}{self.rest}"


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
        topics = _of_rule(discussion(compared, rule.focus, most=most), codes)
        if topics:
            found.append(Topics(title=f"For the rule {rule.name}", topics=topics))
    return tuple(found)


def sentences_of_rules(
    compared: Compared, rules: Sequence[RuleLine], codes: Mapping[CoderId, str], *, most: int
) -> tuple[str, ...]:
    """The same in one sentence for each rule, where there is little room.

    Args:
        compared, rules, codes: see `topics_of_rules`.
        most: answers, pairs of coders and clips that a sentence names, at most.
    """
    said = []
    for rule in rules:
        if rule.holds or rule.focus is None:
            continue
        found = discussion(compared, rule.focus, most=most)
        answers = [f"{confused_words(one)[0].rpartition(': ')[2]} ({_percent(one.share)})" for one in found.confused]
        pairs = [
            f"{_name(one.one, codes)} and {_name(one.other, codes)} ({_percent(one.share)})" for one in found.pairs
        ]
        clips = [f"clips {', '.join(one.clip for one in found.clips)}"] if found.clips else []
        if clips:
            parts = [part for part in (", ".join(answers), ", ".join(pairs), *clips) if part]
            said.append(f"{rule.name}: {'; '.join(parts)}")
    return tuple(said)


def _name(coder: CoderId | None, codes: Mapping[CoderId, str]) -> str:
    return "others" if coder is None else codes.get(coder, coder)


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")


def _of_rule(found: Discussion, codes: Mapping[CoderId, str]) -> tuple[Topic, ...]:
    return (*_confused(found.confused), *_coders(found.pairs, codes), *(_clip(one) for one in found.clips))


def _confused(found: Sequence[Confused]) -> tuple[Topic, ...]:
    return tuple(
        Topic(head=head, rest=rest, key=confusion_key(one.layer, one.one, one.other))
        for one in found
        for head, rest in [confused_words(one)]
    )


def confused_words(one: Confused) -> tuple[str, str]:
    """Such as `emotion: fear and surprise`, and `, by 12 of 86 pairs of coders (14 %)`."""
    share = f"{one.n_pairs} of {one.of_pairs} pairs of coders ({_percent(one.share)})"
    title, layer = layer_title(one.layer), one.layer.rpartition(":")[2]
    if layer in SETS:
        return f"{title}: {one.one if one.other == NOT_GIVEN else one.other}", f", given by one alone of {share}"
    if layer == "existence":
        return title, f": marked by one alone of {share}"
    return f"{title}: {_said(one.one)} and {_said(one.other)}", f", by {share}"


def _coders(found: Sequence[CodersDiffer], codes: Mapping[CoderId, str]) -> tuple[Topic, ...]:
    return tuple(_pair(one, codes) for one in found)


def _pair(one: CodersDiffer, codes: Mapping[CoderId, str]) -> Topic:
    who, whom = _name(one.one, codes), _name(one.other, codes)
    rest = f" differ in {one.n_differ} of {one.of_pairs} comparisons ({_percent(one.share)})"
    if one.about:
        layer, says, other_says, n = one.about[0]
        rest += f", most often in {layer_title(layer)}: {who} {_said(says)}, {whom} {_said(other_says)} ({n})"
    return Topic(head=f"{who} and {whom}", rest=rest, key=coder_key(one.one, one.other))


def _said(code: str) -> str:
    return {NOT_GIVEN: "none", NO_CLASS: "no class"}.get(code, code)


def _clip(one: ClipToDiscuss) -> Topic:
    return Topic(head=one.clip, rest=f": {clip_words(one)}", key="", clip=one.clip)


def clip_words(one: ClipToDiscuss) -> str:
    """Such as `7 differences: 4 emotion, 3 onset`."""
    said = ", ".join(f"{n} {layer_title(layer)}" for layer, n in one.about)
    many = f"{one.n_differ} difference{'' if one.n_differ == 1 else 's'}"
    return f"{many} in {layer_title(one.about[0][0])}" if len(one.about) == 1 else f"{many}: {said}"

"""Whether a decision of the gate is an attempt: what was measured was whole, and came out with numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mmed_curate.domain.counted import figure
from mmed_curate.gate.attempts import Attempt, Counting, FailedRule
from mmed_curate.gate.evidence import Evidence, MeasuredAgreement
from mmed_curate.gate.verdicts import About, RuleVerdict, at_least, no_difference

OPEN_CLIPS = "open-clips"
"""The rule that asks whether the sample is complete."""
FRESH_SAMPLE = "fresh-sample"
"""The rule that asks whether anything counts after an attempt that failed."""
AGREED = "coders agree well enough"
"""How an attempt came out on which no rule failed."""
_NAMED_AT_MOST = 5
"""Rules that a sentence names."""
_WAITS = "waits for fresh-sample: nothing counts yet that could be measured"


def fresh_verdicts(report: MeasuredAgreement, evidence: Evidence) -> tuple[RuleVerdict, ...]:
    """Whether agreement was measured on a sample that counts, and on nothing else.

    None of a release that was made before attempts were kept.
    """
    counting = evidence.counting
    if counting is None:
        return ()
    return (
        at_least(About.SAMPLE, FRESH_SAMPLE, len(counting.clips), 1, in_words(counting), _remedy(counting.since)),
        no_difference(
            "same-sample",
            abs(report.n_coded - len(counting.clips)),
            "differences between the clips that were measured and those whose coding counts",
            "measure agreement again",
        ),
    )


def in_words(counting: Counting) -> str:
    """Whose coding counts, as a sentence without a full stop."""
    since = counting.since
    if since is None:
        return "coded clips; no attempt failed before, so all of them count"
    return f"of {counting.n_coded} coded clips; {_after(since)}"


def _after(failed: Attempt) -> str:
    return (
        f"attempt {failed.number} failed on {_named(rule.name for rule in failed.failed)}, so only those clips count "
        "that were coded since, or once more since, drawn by lot or all of them"
    )


def how_it_came_out(attempt: Attempt) -> str:
    """An attempt's rules that failed, with number and bound; or that none did. Without a full stop."""
    if not attempt.failed:
        return AGREED
    return "; ".join(f"{one.name}: {figure(one.number)}, needed ≥ {figure(one.at_least)}" for one in attempt.failed)


def next_needs(attempts: Sequence[Attempt]) -> str:
    """What the next attempt needs, as a sentence without a full stop; empty: no more than the last.

    Args:
        attempts: all of them, by number.
    """
    if not attempts or not attempts[-1].failed:
        return ""
    return f"{_after(attempts[-1])}: {_remedy(attempts[-1])}"


def _remedy(since: Attempt | None) -> str:
    if since is None:
        return "have clips coded"
    return "retrain; then have new clips coded, or send clips back: mmed recode --sample N, or --all"


def wait_for_the_sample(verdicts: Sequence[RuleVerdict], counting: Counting | None) -> tuple[RuleVerdict, ...]:
    """Where nothing counts yet after a failed attempt, every rule on agreement and on the sample waits for that.

    Args:
        verdicts: of the decision.
        counting: whose coding counts; None: attempts are not asked about.
    """
    if counting is None or counting.since is None or counting.clips:
        return tuple(verdicts)
    waiting = (About.AGREEMENT, About.SAMPLE)
    return tuple(
        replace(one, remedy=_WAITS) if one.about in waiting and not one.holds and one.name != FRESH_SAMPLE else one
        for one in verdicts
    )


def what_to_do(failed: Sequence[RuleVerdict]) -> tuple[tuple[RuleVerdict, ...], tuple[RuleVerdict, ...]]:
    """The rules that something can be done for, what others wait for first; and those that wait.

    Args:
        failed: the rules that do not hold.
    """
    waiting = tuple(one for one in failed if one.remedy == _WAITS)
    first = tuple(one for one in failed if one.name == FRESH_SAMPLE)
    return (*first, *(one for one in failed if one not in waiting and one not in first)), waiting


def held_classes(verdicts: Iterable[RuleVerdict]) -> frozenset[str]:
    """Names of the rules on one class that came out with a number and held."""
    return frozenset(one.name for one in verdicts if one.code and one.holds and one.number is not None)


def _named(words: Iterable[str]) -> str:
    given = list(words)
    more = len(given) - _NAMED_AT_MOST
    return ", ".join(given[:_NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")


def no_attempt_because(verdicts: Iterable[RuleVerdict]) -> str:
    """Why the gate held so is no attempt, as a sentence without a full stop; empty: it is one.

    Args:
        verdicts: of the decision.
    """
    failed = [one for one in verdicts if not one.holds]
    if any(one.name == OPEN_CLIPS for one in failed):
        return "no attempt: clips are still being judged"
    if few := [one.name for one in failed if one.about is About.SAMPLE]:
        return f"no attempt: the sample is too small ({_named(few)})"
    if none := [one.name for one in failed if one.about is About.AGREEMENT and one.number is None]:
        return f"no attempt: there is no number for {_named(none)}"
    return ""


def failed_rules(verdicts: Iterable[RuleVerdict]) -> tuple[FailedRule, ...]:
    """The rules on agreement that did not hold, in the policy's order."""
    return tuple(
        FailedRule(name=one.name, number=one.number, at_least=one.bound, code=one.code)
        for one in verdicts
        if one.about is About.AGREEMENT and not one.holds and one.number is not None
    )

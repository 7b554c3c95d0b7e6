"""Whether a decision of the gate is an attempt: what was measured was whole, and came out with numbers."""

from __future__ import annotations

from collections.abc import Iterable

from mmed_curate.gate.attempts import Attempt, Counting, FailedRule
from mmed_curate.gate.evidence import Evidence, MeasuredAgreement
from mmed_curate.gate.verdicts import About, RuleVerdict, at_least, no_difference

OPEN_CLIPS = "open-clips"
"""The rule that asks whether the sample is complete."""
FRESH_SAMPLE = "fresh-sample"
"""The rule that asks whether anything counts after an attempt that failed."""
_NAMED_AT_MOST = 5
"""Rules and classes that a sentence names."""


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
    failed = f"attempt {since.number} failed on {_named(rule.name for rule in since.failed)}"
    if counting.whole_classes:
        return f"coded clips; {failed}, every clip of that was coded once more since, and all of them count"
    return (
        f"of {counting.n_coded} coded clips; {failed}, so only those count that were coded since, or once more since, "
        "drawn by lot or all of them"
    )


def _remedy(since: Attempt | None) -> str:
    if since is None:
        return "have clips coded"
    anew = "have new clips coded, or send clips back: mmed recode --sample N, or --all"
    if not since.failed_classes:
        return f"retrain; then {anew}"
    acts = _named(f"mmed recode --class {code}" for code in sorted(since.failed_classes))
    return f"retrain; then have every clip of what failed coded once more ({acts}); or {anew}"


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

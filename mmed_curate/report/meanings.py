"""What each kind of number means, and what it does not: the same words wherever it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """Of one kind of number."""

    name: str
    """As it stands above a column."""
    means: str
    """One sentence."""
    means_not: str
    """One sentence."""


MEANINGS: Mapping[str, Meaning] = MappingProxyType(
    {
        "alpha": Meaning(
            name="Krippendorff's alpha",
            means="1 where coders always agree and 0 where they agree as chance would have it.",
            means_not="It does not say that coders are right: people who share a mistake agree perfectly. And where "
            "one value is nearly always chosen it is low, or undetermined, whatever they do.",
        ),
        "ac1": Meaning(
            name="Gwet's AC1",
            means="Like alpha, with chance taken so that one frequent value does not push it down.",
            means_not="It is no second chance for a low alpha: where one value is very frequent it is high almost by "
            "itself.",
        ),
        "ac2": Meaning(
            name="Gwet's AC2",
            means="AC1 for values on a scale, with credit for values that lie near each other.",
            means_not="It does not say that coders chose the very same value.",
        ),
        "cohen": Meaning(
            name="Cohen's kappa",
            means="Like alpha, with chance taken from how often each coder uses each value; of more than two coders it "
            "is Conger's.",
            means_not="It forgives coders who use the values unevenly; for comparison with papers that report it.",
        ),
        "fleiss": Meaning(
            name="Fleiss's kappa",
            means="Like alpha, with chance taken from all units, also those that one person alone judged, and without "
            "alpha's correction for few units.",
            means_not="It is no worse agreement where it lies below alpha: units judged once move it, and say nothing "
            "of agreement. For comparison with papers that report it.",
        ),
        "percent": Meaning(
            name="Percent agreement",
            means="The share of pairs of coders who say the same.",
            means_not="It is not corrected for chance: people who always call out the same value reach 100 %.",
        ),
        "masi": Meaning(
            name="Alpha over sets (MASI)",
            means="1 where coders always give the same set of codes and 0 where they agree as chance would have it; "
            "sets that overlap count as partly the same.",
            means_not="It does not say which code is the trouble: look at each one by itself.",
        ),
        "index": Meaning(
            name="Reliability index of FACS",
            means="The share of codes given that all coders gave.",
            means_not="It is not corrected for chance: giving the same two codes everywhere reaches 1.",
        ),
        "within-tolerance": Meaning(
            name="Within tolerance",
            means="The share of pairs of coders whose marks of one event lie no further apart than the protocol "
            "allows.",
            means_not="It speaks only of events that both marked, and not of whether the moment is the right one.",
        ),
        "alpha-u": Meaning(
            name="Alpha of units",
            means="1 where coders always mark the same stretches of time and 0 where they do so as chance would "
            "have it, before any events are matched.",
            means_not="It does not weigh events alike: a long one that was missed costs more than a short one.",
        ),
        "invented": Meaning(
            name="Events in foils",
            means="The share of codings in which an event was marked in a clip that screeners had seen nothing in.",
            means_not="It is no error rate: what is found in a foil may be real.",
        ),
        "intensity-alpha": Meaning(
            name="Ordinal alpha of one action unit's intensity",
            means="1 where coders always give the unit the same intensity and 0 where they do so as chance would have "
            "it; a step apart costs less than two.",
            means_not="It speaks only of events in which two or more gave it an intensity, and not of whether it is "
            "there.",
        ),
        "duration": Meaning(
            name="Alpha of durations",
            means="1 where coders always give an event the same length and 0 where lengths agree as chance would "
            "have it.",
            means_not="It does not say that the event was marked in the same place.",
        ),
    }
)
"""By the last word of a number's name, such as `alpha` of `emotion.alpha`; and of `duration.alpha`."""


def meaning_of(measure: str) -> Meaning:
    """Of a number by its name in the report.

    Raises:
        KeyError: it is of no kind that is known here.
    """
    head, _, kind = measure.rpartition(".")
    return MEANINGS["duration" if head == "duration" else kind]

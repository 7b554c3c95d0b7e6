"""Soft labels: of each settled event, which share of its coders chose what, and how far they were from one mind.

A share is of the coders whose coding counted. Who marked no such event has said that there was none, and stands under
`(no event)`, so that a row sums to 1; given the event, only those count who marked it. pandas loads on first use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import log2, nan
from typing import TYPE_CHECKING

from mmed_curate.dataset.asked import NO_CLASS, NO_EVENT, Field
from mmed_curate.dataset.ballots import Ballot, vote_of
from mmed_curate.dataset.targets import classes_of
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.findings import BadInput

if TYPE_CHECKING:
    import pandas as pd


def soft_labels(ballots: Mapping[str, Ballot], field: Field, codebook: Codebook, *, given_event: bool) -> pd.DataFrame:
    """Shares of the coders, one row per clip, one column per code, in the order of the codebook.

    Args:
        ballots: by clip name.
        field: of which shares are taken.
        codebook: names the columns.
        given_event: count only those coders who marked the event.

    Returns:
        float64, indexed by clip. Of emotions, classes and event types a row sums to 1; of action units each column is a
        share of its own, of the coders who could see that part of the face. NaN: there is nobody to take a share of.
    """
    import pandas as pd

    names = columns_of(field, codebook)
    shares = _shares_of_units if field is Field.ACTION_UNITS else _shares
    frame = pd.DataFrame(
        [shares(ballot, field, names, given_event=given_event) for ballot in ballots.values()],
        index=pd.Index(list(ballots), name="clip", dtype="string"),
        columns=[*names, NO_EVENT],
        dtype="float64",
    )
    return frame.drop(columns=NO_EVENT) if given_event else frame


def entropies(ballots: Mapping[str, Ballot], field: Field, *, given_event: bool) -> pd.Series[float]:
    """Shannon's entropy of what the coders of each clip chose, in bits (Shannon 1948): 0 where they are of one mind.

    Args:
        ballots: by clip name.
        field: of which shares are taken.
        given_event: count only those coders who marked the event.

    Returns:
        float64, indexed by clip. NaN: nobody counted.

    Raises:
        BadInput: action units, of which an event has any number, so that they have no one distribution.
    """
    import pandas as pd

    if field is Field.ACTION_UNITS:
        raise BadInput.of(
            "dataset.no_entropy",
            "action units of an event are not one choice among many, so their shares have no entropy",
            "take that of emotion, emotion_class or event_type",
        )
    bits = [_entropy(_counts(ballot, field, given_event=given_event)) for ballot in ballots.values()]
    return pd.Series(
        bits, index=pd.Index(list(ballots), name="clip", dtype="string"), dtype="float64", name="entropy_bits"
    )


def columns_of(field: Field, codebook: Codebook) -> list[str]:
    """What can be chosen in a field, in the codebook's order; NO_CLASS comes last, where an emotion may be in none."""
    classless = field is Field.EMOTION_CLASS and any(entry.emotion_class is None for entry in codebook.emotions)
    return [*classes_of(field, codebook), *([NO_CLASS] if classless else [])]


def _counts(ballot: Ballot, field: Field, *, given_event: bool) -> Counter[str]:
    votes = [
        NO_EVENT if event is None else str(vote_of(event, field, ballot.codebook)) for event in ballot.events.values()
    ]
    return Counter(vote for vote in votes if not (given_event and vote == NO_EVENT))


def _shares(ballot: Ballot, field: Field, names: list[str], *, given_event: bool) -> list[float]:
    counts = _counts(ballot, field, given_event=given_event)
    total = counts.total()
    return [counts[name] / total if total else nan for name in (*names, NO_EVENT)]


def _shares_of_units(ballot: Ballot, field: Field, names: list[str], *, given_event: bool) -> list[float]:
    """Who marked no event has scored no unit; who could not see a part of the face says nothing of its units."""
    seen = [event for event in ballot.events.values() if event is not None]
    n_coders, n_asked = len(ballot.events), len(seen) if given_event else len(ballot.events)
    region_of = {entry.code: entry.region for entry in ballot.codebook.action_units}
    scored: Counter[str] = Counter()
    blind: Counter[str] = Counter()
    for event in seen:
        scored.update(
            code for code in vote_of(event, field, ballot.codebook) if region_of[code] not in event.not_visible
        )
        blind.update(event.not_visible)
    could_see = [n_asked - blind[region_of[name]] for name in names]
    return [
        *(scored[name] / n if n else nan for name, n in zip(names, could_see, strict=True)),
        (n_coders - len(seen)) / n_coders if n_coders else nan,
    ]


def _entropy(counts: Counter[str]) -> float:
    total = counts.total()
    return sum(-count / total * log2(count / total) for count in counts.values()) if total else nan

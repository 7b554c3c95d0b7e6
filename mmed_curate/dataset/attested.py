"""What a release cannot prove of itself, and must be taken on the releaser's word."""

from __future__ import annotations

from collections.abc import Mapping

from mmed_curate.dataset.attempts import attempts_in, made_by
from mmed_curate.dataset.changes import CHANGES
from mmed_curate.dataset.layout import POLICY, PROTOCOL
from mmed_curate.dataset.released import Dataset
from mmed_curate.dataset.remeasured import report_version, why_attested
from mmed_curate.domain.findings import MmedError
from mmed_curate.domain.protocol import Protocol
from mmed_curate.domain.yamlfile import read_yaml
from mmed_curate.gate.policy import Policy

ATTESTED_RULES: Mapping[str, str] = {
    "open-clips": "that no clip of the lab was left open",
    "flagged-clips": "that no flag of an expert was left open",
    "consent": "that every subject's consent covers what is released",
    "files": "that the files are the ones that the lab cut and measured",
    "simulated": "that what is not marked as simulated is not",
}
"""Rules of the gate that rest on what is not in a release."""

_ALWAYS = (
    *ATTESTED_RULES.values(),
    "that the judgements are those of the people behind the pseudonyms, given blind and in this order",
    "that the media and features show what the judgements are about",
)
_OF_HISTORY = (
    "that the versions before were what changes.json says, and that whatever was withdrawn is among the tombstones"
)
"""Where a release tells of the versions before it."""
_OF_ATTEMPTS = (
    "that the gate was held on a whole sample at no other time than attempts.json tells of, in this order and on the "
    "days it names",
    "that coding was not stopped when numbers that somebody had looked at came out well",
)
"""Where a release tells of attempts."""


def attested_in(dataset: Dataset | None) -> tuple[str, ...]:
    """Each thing that is attested, as a sentence without a full stop.

    Args:
        dataset: a release whose files are as they were sealed; None: its tables cannot be read.
    """
    if dataset is None:
        return _ALWAYS
    try:
        told = (dataset.root / CHANGES).is_file()
        return (*_ALWAYS, *((_OF_HISTORY,) if told else ()), *_of_attempts(dataset))
    except (MmedError, LookupError, TypeError, ValueError, AttributeError):
        return _ALWAYS  # what is wrong with it, `derive_again` says


def _of_attempts(dataset: Dataset) -> tuple[str, ...]:
    attempts = attempts_in(dataset)
    if attempts is None:
        return ()
    root = dataset.root
    protocol, policy = read_yaml(root / PROTOCOL, Protocol), read_yaml(root / POLICY, Policy)
    version = report_version(dataset)
    why = {
        one.number: why_attested(dataset, one, protocol=protocol, policy=policy, version=version)
        for one in attempts
        if not made_by(dataset, one)
    }
    return (
        *_OF_ATTEMPTS,
        *(f"what attempt {number} at the gate came out with: {said}" for number, said in why.items() if said),
    )

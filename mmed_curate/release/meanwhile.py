"""What came into a workspace while a release of it was made, so that it is not what the release was made from."""

from __future__ import annotations

import json
from dataclasses import dataclass

from mmed_curate.domain.findings import Finding, Refused
from mmed_curate.domain.identity import SubjectId
from mmed_curate.release.snapshot import Snapshot
from mmed_curate.store.happened import SUBJECT_ERASED
from mmed_curate.store.left import SUBJECT_WITHDRAWN
from mmed_curate.store.read import Reader
from mmed_curate.store.seals import CONSENT_GIVEN, JUDGEMENT_SUBMITTED

_OF_PEOPLE = {
    SUBJECT_WITHDRAWN: "somebody withdrew",
    SUBJECT_ERASED: "somebody was erased",
    CONSENT_GIVEN: "a consent changed",
}
_OF_CODERS = {JUDGEMENT_SUBMITTED: "a judgement came in"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What of a workspace a release was made from, as far as it can be overtaken."""

    n_entries: int
    """Entries of the log at that time."""
    subjects: frozenset[SubjectId]
    """Everybody who was registered then."""
    finished_only: bool
    """It is a draft of what was finished."""

    @classmethod
    def in_(cls, snapshot: Snapshot) -> Seen:
        """Of a snapshot, which need not be kept for it."""
        subjects = frozenset(snapshot.subjects)
        return cls(n_entries=snapshot.n_entries, subjects=subjects, finished_only=snapshot.finished_only)


def refuse_what_came_meanwhile(records: Reader, seen: Seen) -> None:
    """Refuse a release of a workspace that has moved on.

    A draft, which holds only what is finished, is not held up by judgements of what is not.

    Args:
        records: of now, in the transaction that notes the release.
        seen: what it was made from.

    Raises:
        Refused: somebody withdrew, a consent changed, or, unless it is a draft, a judgement came in.
    """
    told = _OF_PEOPLE if seen.finished_only else {**_OF_PEOPLE, **_OF_CODERS}
    came = {
        entry.kind
        for entry in records.log(after=seen.n_entries)
        # who is new is in nothing that was made
        if entry.kind != CONSENT_GIVEN or json.loads(entry.payload)["subject"] in seen.subjects
    }
    said = [words for kind, words in told.items() if kind in came]
    if said:
        raise Refused(
            Finding(
                code="release.meanwhile",
                what=f"while the release was made, {' and '.join(said)}, so it was taken away again",
                remedy="run `mmed gate`, and make it anew",
            )
        )

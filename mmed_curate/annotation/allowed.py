"""Who may judge what: people they know, and stages to which they are admitted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from mmed_curate.domain.conduct import Exclusion
from mmed_curate.domain.identity import ClipId, CoderId, SubjectId
from mmed_curate.domain.protocol import JUDGED, ROLE_FOR, Protocol, Stage
from mmed_curate.domain.records import Coder
from mmed_curate.store import Reader


def acquainted(
    exclusions: Sequence[Exclusion], people: Mapping[ClipId, frozenset[SubjectId]]
) -> Mapping[ClipId, frozenset[CoderId]]:
    """By clip: who knows somebody in it.

    Args:
        exclusions: who may not judge whom.
        people: by clip: who may be seen or heard in it.
    """
    by_subject: dict[SubjectId, set[CoderId]] = defaultdict(set)
    for one in exclusions:
        by_subject[one.subject].add(one.coder)
    if not by_subject:
        return {}
    return {clip: frozenset().union(*(by_subject.get(one, ()) for one in seen)) for clip, seen in people.items()}


def admitted_stages(records: Reader, protocol: Protocol, coders: Sequence[Coder]) -> Mapping[CoderId, frozenset[Stage]]:
    """The stages at which each may judge: those of their roles, and coding only where they are admitted to it."""
    admissions = records.admissions()

    def may(coder: Coder, stage: Stage) -> bool:
        if ROLE_FOR[stage] not in coder.roles:
            return False
        said = admissions.get((coder.id, stage))
        if said is not None:
            return said.admitted
        return stage is not Stage.CODING or protocol.qualification is None

    return {coder.id: frozenset(stage for stage in JUDGED if may(coder, stage)) for coder in coders}

"""What the gate must know of each clip besides numbers: its stage, who judged it, consent, files, simulation."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from mmed_curate.domain.files import canonical_json
from mmed_curate.domain.identity import ClipId, CoderId, SubjectId
from mmed_curate.domain.measures import Measure, MeasuredClass
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.records import Term
from mmed_curate.gate.attempts import Counting


class MeasuredAgreement(Protocol):
    """What the gate reads of an agreement report."""

    @property
    def judgements_digest(self) -> str:
        """Hash of the judgements that were measured."""

    @property
    def measured_by(self) -> Mapping[str, int | float | str]:
        """How it was measured: the values of its settings, by name."""

    @property
    def measures(self) -> Mapping[str, Measure]:
        """Measured numbers by name, such as `emotion.alpha`."""

    @property
    def classes(self) -> Mapping[str, Mapping[str, MeasuredClass]]:
        """By layer, such as `emotion-class` or `action-units`: each code that occurs, told apart from the rest."""

    @property
    def n_coders(self) -> int:
        """People whose coding was measured."""

    @property
    def n_coded(self) -> int:
        """Clips whose coding was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipFacts:
    """What is known of one clip on the day of the decision."""

    clip: ClipId
    subject: SubjectId
    subject_code: str
    """The lab's own code; said in remedies, which stay inside the lab."""
    stage: Stage
    n_events: int
    """Events that a release would hold; 0 unless settled, and 0 where the subject never agreed to a release."""
    coded_by: frozenset[CoderId]
    """Everyone who ever coded it, also where the coding was superseded."""
    adjudicated_by: frozenset[CoderId]
    """Everyone who ever adjudicated it."""
    verified_by: CoderId | None
    """Who accepted it in verification; None: nobody has."""
    terms: frozenset[Term]
    """Consent terms of its subject that are in force on the day."""
    faults: tuple[str, ...]
    """Files that the release would copy and that are missing or changed, each said in a few words."""
    simulated: bool
    """The recording, the subject or any judgement is simulated."""
    waits: bool = False
    """Screeners want it cut again, and nothing is there in its place yet."""
    agreed: bool = True
    """Its subject agreed to a release at all; else the clip is left out of it."""

    n_flags: int = 0
    """Flags on it that nobody closed."""

    @property
    def is_released(self) -> bool:
        """Whether a release made now would hold something of this clip."""
        return self.stage is Stage.SETTLED and self.n_events > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Every clip of the workspace, as it stands."""

    on: date
    """The day for which consent was looked up."""
    judgements_digest: str
    """Hash of all judgements of all clips (`agreement.judgements_digest`)."""
    clips: tuple[ClipFacts, ...]
    counting: Counting | None = None
    """Whose coding counts after failed attempts; None: of a release made before attempts were kept."""

    def digest(self) -> str:
        """SHA-256 over everything in it, whatever order the clips came in."""
        clips = [
            {
                "agreed": facts.agreed,
                "adjudicated_by": sorted(facts.adjudicated_by),
                "clip": facts.clip,
                "coded_by": sorted(facts.coded_by),
                "faults": list(facts.faults),
                "n_events": facts.n_events,
                "n_flags": facts.n_flags,
                "simulated": facts.simulated,
                "stage": facts.stage.value,
                "subject": facts.subject,
                "subject_code": facts.subject_code,
                "terms": sorted(term.value for term in facts.terms),
                "verified_by": facts.verified_by,
                "waits": facts.waits,
            }
            for facts in sorted(self.clips, key=lambda facts: facts.clip)
        ]
        whole: dict[str, object] = {
            "clips": clips,
            "counting": None if self.counting is None else self.counting.document(),
            "judgements_digest": self.judgements_digest,
            "on": self.on.isoformat(),
        }
        return hashlib.sha256(canonical_json(whole).encode()).hexdigest()

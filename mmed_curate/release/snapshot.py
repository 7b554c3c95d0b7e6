"""Everything of a workspace that bears on a release, read in one transaction."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from pathlib import Path

from mmed_curate.agreement.judged import JudgedClip
from mmed_curate.agreement.settle import Course, course
from mmed_curate.dataset.answers import among, judgement_of, judgement_row, rows_digest
from mmed_curate.dataset.judged import settled_events
from mmed_curate.dataset.rows import JudgementRow
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.collecting import no_search_for_circles
from mmed_curate.domain.conduct import Recoding
from mmed_curate.domain.identity import ClipId, CoderId, RecordingId, SessionId, SubjectId
from mmed_curate.domain.judgements import ConsensusEvent, Judgement
from mmed_curate.domain.protocol import NEXT, ClipTerms, Protocol, Purpose
from mmed_curate.domain.records import Asset, AssetKind, Clip, Coder, Recording, Session, Subject, Term
from mmed_curate.domain.transcript import Cue
from mmed_curate.gate.attempts import (
    ATTEMPT_MADE,
    Attempt,
    Counting,
    ToldCoding,
    attempts_before,
    attempts_of,
    what_counts,
)
from mmed_curate.release.pseudonyms import Pseudonyms
from mmed_curate.store.made import ASSETS_PUT
from mmed_curate.store.workspace import Workspace

RELEASED_TERMS = frozenset({Term.RESEARCH, Term.REDISTRIBUTE})
"""Without these, nothing of a subject goes out, and nothing of a subject counts in a released number."""

_NOT_CONTENT = frozenset({"aid", "effort", "flag", "gate", "release", "ticket"})
"""Kinds of log entries after which the same release would still be made."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The records of one moment, by id."""

    protocol: Protocol
    codebook: Codebook
    media: Path
    """The workspace's media folder."""
    pseudonyms: Pseudonyms
    subjects: Mapping[SubjectId, Subject]
    sessions: Mapping[SessionId, Session]
    coders: Mapping[CoderId, Coder]
    recordings: Mapping[RecordingId, Recording]
    clips: Mapping[ClipId, Clip]
    gone: frozenset[ClipId]
    """Clips in which somebody may be seen or heard who withdrew; of those erased, nothing is here at all."""
    terms: Mapping[ClipId, ClipTerms]
    """What lot fell to each clip."""
    judgements: Mapping[ClipId, tuple[Judgement, ...]]
    """In log order; superseded ones too."""
    assets: Mapping[tuple[ClipId, int, AssetKind], Asset]
    """By clip, event of the clip, and kind."""
    cues: Mapping[RecordingId, tuple[Cue, ...]]
    """What was said in each recording that has a transcript, by onset."""
    noted_at: Mapping[ClipId, str]
    """When the log took down the hashes of a clip's files: UTC, RFC 3339."""
    flags: Mapping[ClipId, int]
    """How many flags are open on each clip that has any."""
    finished_only: bool
    """What is still being judged is left out of what is said of judged clips, as a draft leaves it out."""
    recodings: tuple[Recoding, ...]
    """Every act that sent clips back to coding, oldest first."""
    attempts: tuple[Attempt, ...]
    """Every attempt at the gate, by number."""
    last_act: str
    """When the last thing that bears on a release was entered in the log: UTC, RFC 3339."""
    n_entries: int
    """Number of the log's newest entry: what came later is not in here."""

    @cached_property
    def courses(self) -> Mapping[ClipId, Course]:
        """Where each clip stands, from its judgements."""
        return {
            clip.id: course(
                self.judgements.get(clip.id, ()), self.protocol, clip.clock, self.codebook, self.terms[clip.id]
            )
            for clip in self.clips.values()
        }

    def events(self, clip: ClipId) -> tuple[tuple[int, ConsensusEvent], ...]:
        """A settled clip's events that are events by the codebook, each with its place among all; else none."""
        return tuple(settled_events(self.courses[clip], self.codebook).items())

    def may_go_out(self, clip: Clip) -> bool:
        """Whether its subject agreed to research and redistribution at all, and nobody in it withdrew.

        The gate looks at the dates.
        """
        return clip.id not in self.gone and self.subjects[clip.subject].consent.terms >= RELEASED_TERMS

    @cached_property
    def replaced(self) -> frozenset[ClipId]:
        """Clips in whose place others were cut."""
        return frozenset(clip.replaces for clip in self.clips.values() if clip.replaces is not None)

    def is_simulated(self, clip: Clip) -> bool:
        """Whether the clip's subject, session, recording, or any judge or judgement of it is simulated."""
        recording = self.recordings[clip.recording]
        said = self.judgements.get(clip.id, ())
        return (
            self.subjects[clip.subject].simulated
            or self.sessions[recording.session].simulated
            or recording.simulated
            or any(one.simulated or self.coders[one.coder].simulated for one in said)
        )

    @cached_property
    def judged(self) -> tuple[Clip, ...]:
        """Clips that were judged and whose subject agreed to research and redistribution, by their release names."""
        found = [
            clip
            for clip in self.clips.values()
            if self.judgements.get(clip.id)
            and self.may_go_out(clip)
            and not (self.finished_only and NEXT[self.courses[clip.id].stage])
        ]
        return tuple(sorted(found, key=lambda clip: self.pseudonyms.clip(clip.id)))

    @cached_property
    def codings(self) -> Mapping[ClipId, tuple[ToldCoding, ...]]:
        """Every closed coding of each clip that may go out and was judged, under the clip's own id."""
        sent_back: dict[ClipId, list[Recoding]] = defaultdict(list)
        for act in self.recodings:
            for clip in act.clips:
                sent_back[clip].append(act)
        return {clip.id: tuple(self._told(clip.id, sent_back[clip.id])) for clip in self.judged}

    def _told(self, clip: ClipId, sent_back: Sequence[Recoding]) -> Iterator[ToldCoding]:
        for act, coding in zip((None, *sent_back), self.courses[clip].codings, strict=False):
            yield ToldCoding(
                round=coding.round,
                after=sum(attempt.order < coding.closed_at for attempt in self.attempts),
                by=None if act is None else act.kind,
            )

    @cached_property
    def judgements_digest(self) -> str:
        """Hash of all that a release would tell of what was said."""
        return rows_digest(row for clip in self.judged for row in self.judgement_rows(clip))

    def counting(self, policy_digest: str | None) -> Counting:
        """Whose coding counts.

        Args:
            policy_digest: of the policy that it is held against; None: of none, it is only looked at.
        """
        before = attempts_before(
            self.attempts,
            judgements_digest=self.judgements_digest,
            policy_digest=policy_digest,
            sent_back=max((act.order for act in self.recodings), default=0),
        )
        return what_counts(before, self.codings)

    def judgement_rows(self, clip: Clip) -> tuple[JudgementRow, ...]:
        """What everyone said of one of the judged clips, in log order, under pseudonyms and without free text."""
        return self._said[clip.id]

    @cached_property
    def _said(self) -> Mapping[ClipId, tuple[JudgementRow, ...]]:
        return {clip.id: self._rows(clip) for clip in self.judged}

    def _rows(self, clip: Clip) -> tuple[JudgementRow, ...]:
        said = self.judgements[clip.id]
        corrected = {one.supersedes for one in said if one.supersedes is not None}
        names = self.pseudonyms
        return tuple(
            judgement_row(
                among(judgement, names.coder),
                name=names.judgement(judgement.id),
                clip=names.clip(clip.id),
                subject=names.subject(clip.subject),
                coder=names.coder(judgement.coder),
                order=order,
                supersedes=None if judgement.supersedes is None else names.judgement(judgement.supersedes),
                superseded=judgement.id in corrected,
            )
            for order, judgement in enumerate(said, start=1)
        )

    def judged_clips(self, policy_digest: str | None = None) -> tuple[JudgedClip, ...]:
        """What agreement is measured on: see `evidence.judged_clips`.

        Args:
            policy_digest: see `counting`.
        """
        counting = self.counting(policy_digest).clips
        return tuple(
            JudgedClip(
                clip=ClipId(self.pseudonyms.clip(clip.id)),
                subject=SubjectId(self.pseudonyms.subject(clip.subject)),
                clock=clip.clock,
                judgements=tuple(judgement_of(row) for row in self.judgement_rows(clip)),
                terms=self.terms[clip.id],
                counts=clip.id in counting or not self.codings[clip.id],
                simulated=self.is_simulated(clip),
            )
            for clip in self.judged
        )


def read_snapshot(workspace: Workspace, *, finished_only: bool = False) -> Snapshot:
    """Read a workspace as it stands now.

    Args:
        workspace: what is read.
        finished_only: see `Snapshot.finished_only`.
    """
    with no_search_for_circles(), workspace.read() as records:
        away, erased = records.withdrawn(), records.erased()
        return Snapshot(
            protocol=workspace.protocol,
            codebook=workspace.codebook,
            media=workspace.media,
            pseudonyms=Pseudonyms(workspace.secret),
            subjects={one.id: _without_consent(one) if one.id in away else one for one in records.subjects()},
            sessions={session.id: session for session in records.sessions()},
            coders={coder.id: coder for coder in records.coders()},
            recordings={recording.id: recording for recording in records.recordings()},
            clips={clip.id: clip for clip in records.clips() if clip.id not in erased},
            gone=records.gone(),
            terms=records.terms(),
            judgements=records.judgements_by_clip((Purpose.ORDINARY,)),  # the others measure coders, and settle nothing
            assets={(asset.clip, asset.event, asset.kind): asset for asset in records.assets()},
            cues={recording: tuple(ones) for recording, ones in groupby(records.cues(), key=lambda cue: cue.recording)},
            noted_at={ClipId(json.loads(one.payload)["clip"]): one.at for one in records.log(ASSETS_PUT)},
            flags=Counter(flag.clip for flag in records.open_flags()),
            finished_only=finished_only,
            recodings=records.recodings(),
            attempts=attempts_of(records.log(ATTEMPT_MADE)),
            last_act=max(
                at for kind, at in records.newest_of_kinds().items() if kind.partition(".")[0] not in _NOT_CONTENT
            ),
            n_entries=records.n_entries(),
        )


def _without_consent(subject: Subject) -> Subject:
    """Somebody who withdrew is as somebody who never agreed to anything."""
    return replace(subject, consent=replace(subject.consent, terms=frozenset()))

"""What the whole report of a round rests on: every judged clip under the lab's own names, and where its media lie."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from mmed_curate.agreement.differing import Compared, compared
from mmed_curate.agreement.judged import JudgedClip
from mmed_curate.agreement.report import AgreementReport
from mmed_curate.annotation.overview import judged_here, week_of
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.identity import ClipId, CoderId
from mmed_curate.domain.protocol import Protocol, Stage
from mmed_curate.domain.records import AssetKind
from mmed_curate.gate.attempts import ATTEMPT_MADE, Attempt, attempts_of
from mmed_curate.store import Workspace


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RoundRead:
    """All of it. Not for coders."""

    workspace: Workspace
    report: AgreementReport
    """Measured on these clips."""
    clips: tuple[JudgedClip, ...]
    """Coders, clips and subjects under their own ids."""
    pairs: Compared
    """What every two coders said."""
    codes: Mapping[CoderId, str]
    stages: Mapping[ClipId, Stage]
    media: Mapping[ClipId, str]
    """Coding media of each clip, relative to the workspace's media folder."""
    week: Mapping[ClipId, str]
    """In which the coding of each clip closed."""
    attempts: tuple[Attempt, ...]
    """At the gate, by number."""

    @property
    def protocol(self) -> Protocol:
        """The workspace's."""
        return self.workspace.protocol

    @property
    def book(self) -> Codebook:
        """The vocabulary."""
        return self.workspace.codebook

    def code(self, coder: CoderId) -> str:
        """Of a coder."""
        return self.codes.get(coder, coder)


def read_round(
    workspace: Workspace,
    report: AgreementReport,
    *,
    only: Collection[ClipId] | None = None,
    uncounted: Collection[ClipId] = (),
) -> RoundRead:
    """Read it.

    Args:
        workspace: whose round.
        report: measured on these clips.
        only: clips that were measured; None: all that nobody in them left.
        uncounted: of these, clips whose coding did not count (see `JudgedClip.counts`).

    Raises:
        BadInput: the database cannot be read, or a clip's judgements are an impossible history.
    """
    clips = tuple(
        replace(one, counts=one.clip not in uncounted)
        for one in judged_here(workspace)
        if only is None or one.clip in only
    )
    pairs = compared(clips, workspace.protocol, workspace.codebook)
    closed = {clip: now.coded[-1].order for clip, now in pairs.courses.items()}
    with workspace.read() as records:
        times = records.log_times(closed.values())
        pictures = records.assets(kind=AssetKind.CODING_PICTURE)
        return RoundRead(
            workspace=workspace,
            report=report,
            clips=clips,
            pairs=pairs,
            codes={one.id: one.code for one in records.coders()},
            stages={clip: place.stage for clip, place in records.places().items()},
            media={asset.clip: asset.path for asset in pictures if asset.event == 0},
            week={clip: week_of(times[order]) for clip, order in closed.items()},
            attempts=attempts_of(records.log(ATTEMPT_MADE)),
        )
